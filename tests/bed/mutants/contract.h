/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * X(n, name, CHECK): what delay-n does in mutants/delay.S, in its exit half, and delay-(64+n) in its
 * entry half; and the check of bench/proof/contract.h that has to see it. The delays that plans
 * have, which are shorter, do nothing.
 */
#ifndef BED_MUTANTS_CONTRACT_H
#define BED_MUTANTS_CONTRACT_H

#define CONTRACT_MUTANT_ENTRY 64 /* added for the entry half */

/* clang-format off */
#define CONTRACT_MUTANTS(X)		\
	X(129, mxcsr_zero, MXCSR) \
	X(130, mxcsr_xor, MXCSR) \
	X(131, mxcsr_sticky, MXCSR) \
	X(132, x87_control, X87) \
	X(133, x87_init, X87) \
	X(134, x87_top, X87) \
	X(135, xmm0, XMM) \
	X(136, xmm15, XMM) \
	X(137, ymm_upper, COMPONENTS) \
	X(138, rbx_upper, SAVED) \
	X(139, rbp_low, SAVED) \
	X(140, r12, SAVED) \
	X(141, r15, SAVED) \
	X(142, df, FLAGS) \
	X(143, ac, FLAGS) \
	X(144, interrupts_on, FLAGS) \
	X(145, rsp_up, STACK) \
	X(146, rsp_down, STACK) \
	X(147, frame_near, FRAME) \
	X(148, frame_far, FRAME) \
	X(149, operand, CONTEXT) \
	X(150, thread_flags, CONTEXT) \
	X(151, regs, CONTEXT) \
	X(152, xsave_area, CONTEXT) \
	X(153, xcr0_member, CONTEXT) \
	X(154, xcr0, XCR0) \
	X(155, pkru, PKRU) \
	X(156, left_in_rcx, SCRATCH) \
	X(157, left_in_r11, SCRATCH)
/* clang-format on */

#endif /* BED_MUTANTS_CONTRACT_H */
