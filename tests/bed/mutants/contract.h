/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * X(n, name, CHECK): what delay-n does in mutants/delay.S, in its exit half, and delay-(100+n) in its
 * entry half; and the check of bench/proof/contract.h that has to see it.
 */
#ifndef BED_MUTANTS_CONTRACT_H
#define BED_MUTANTS_CONTRACT_H

#define CONTRACT_MUTANT_ENTRY 100 /* added for the entry half */

/* clang-format off */
#define CONTRACT_MUTANTS(X)		\
	X(1, mxcsr_zero, MXCSR)		\
	X(2, mxcsr_xor, MXCSR)		\
	X(3, mxcsr_sticky, MXCSR)	\
	X(4, x87_control, X87)		\
	X(5, x87_init, X87)		\
	X(6, x87_top, X87)		\
	X(7, xmm0, XMM)			\
	X(8, xmm15, XMM)		\
	X(9, ymm_upper, COMPONENTS)	\
	X(10, rbx_upper, SAVED)		\
	X(11, rbp_low, SAVED)		\
	X(12, r12, SAVED)		\
	X(13, r15, SAVED)		\
	X(14, df, FLAGS)		\
	X(15, ac, FLAGS)		\
	X(16, interrupts_on, FLAGS)	\
	X(17, rsp_up, STACK)		\
	X(18, rsp_down, STACK)		\
	X(19, frame_near, FRAME)	\
	X(20, frame_far, FRAME)		\
	X(21, operand, CONTEXT)		\
	X(22, thread_flags, CONTEXT)	\
	X(23, regs, CONTEXT)		\
	X(24, xsave_area, CONTEXT)	\
	X(25, xcr0_member, CONTEXT)	\
	X(26, xcr0, XCR0)		\
	X(27, pkru, PKRU)
/* clang-format on */

#endif /* BED_MUTANTS_CONTRACT_H */
