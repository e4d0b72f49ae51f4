/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One half between two looks at the state that is its caller's: what asm/contract-call.S is given
 * and what it leaves. User space fills in marks and compares; the module only runs the half.
 */
#ifndef EGPR_CONTRACT_H
#define EGPR_CONTRACT_H

#include <linux/types.h>

#include <egpr/regs.h>
#include <egpr/switch.h>

#define EGPR_CONTRACT_SAVED 6 /* rbx, rbp, r12..r15 */
#define EGPR_CONTRACT_FRAME 8 /* words of the caller's frame above the return address */

/* Registers that a half may lose: rax, rcx, rdx, rsi, rdi, r8..r11, in this order. */
#define EGPR_CONTRACT_SCRATCH 9

/* The FXSAVE image (SDM vol. 1, table 10-2). */
#define EGPR_FX_BYTES	  512
#define EGPR_FX_CW	  0
#define EGPR_FX_SW	  2
#define EGPR_FX_TW	  4
#define EGPR_FX_FOP	  6
#define EGPR_FX_MXCSR	  24
#define EGPR_FX_ST	  32
#define EGPR_FX_ST_BYTES  10
#define EGPR_FX_ST_STEP	  16
#define EGPR_FX_STS	  8
#define EGPR_FX_XMM	  160
#define EGPR_FX_XMM_BYTES 256
#define EGPR_FX_XMM_END	  (EGPR_FX_XMM + EGPR_FX_XMM_BYTES)

/* What marks may be in control words: rounding and nothing else, so no exception is unmasked. */
#define EGPR_CW_DEFAULT	    0x037fu
#define EGPR_CW_ROUNDING    0x0c00u
#define EGPR_MXCSR_ROUNDING 0x6000u

/**
 * struct egpr_contract_state - what stands before a half and behind it
 * @fx_caller: of the code that called
 * @fx_in: x87, SSE and MXCSR to load, an FXSAVE image
 * @fx_out: what the half left
 * @saved_in: rbx, rbp, r12..r15
 * @saved_out: likewise
 * @frame_in: the words above the half's return address
 * @frame_out: likewise
 * @scratch_in: what a half may lose; rsi and rdi are given the half and its argument instead
 * @scratch_out: what the half left there
 * @egpr_in: the guest's r16..r31 before an exit half, in forms hw and trap
 * @egpr_out: what the half left in r16..r31, if @egprs
 * @egprs: load @egpr_in into the registers before the half, and store them behind it: on a CPU that has
 *	them, or plays them
 * @rsp_in: the stack pointer before the call
 * @rsp_out: and behind it
 * @flags_in: RFLAGS before the call
 * @flags_out: and behind it
 * @mask: components from 2 on that @x_in and @x_out have; below 2^32
 * @x_in: XSAVE area in the standard format, to load
 * @x_out: what the half left
 * @initial: zeros, an area from which every component comes out in its initial configuration
 */
struct egpr_contract_state {
	__u8 fx_caller[EGPR_FX_BYTES] __attribute__((aligned(64)));
	__u8 fx_in[EGPR_FX_BYTES];
	__u8 fx_out[EGPR_FX_BYTES];
	__u64 saved_in[EGPR_CONTRACT_SAVED];
	__u64 saved_out[EGPR_CONTRACT_SAVED];
	__u64 frame_in[EGPR_CONTRACT_FRAME];
	__u64 frame_out[EGPR_CONTRACT_FRAME];
	__u64 scratch_in[EGPR_CONTRACT_SCRATCH];
	__u64 scratch_out[EGPR_CONTRACT_SCRATCH];
	__u64 egpr_in[EGPR_COUNT];
	__u64 egpr_out[EGPR_COUNT];
	__u64 egprs;
	__u64 rsp_in;
	__u64 rsp_out;
	__u64 flags_in;
	__u64 flags_out;
	__u64 mask;
	__u8 x_in[EGPR_XSAVE_AREA_BYTES] __attribute__((aligned(64)));
	__u8 x_out[EGPR_XSAVE_AREA_BYTES];
	__u8 initial[EGPR_XSAVE_COMPACT_OFFSET] __attribute__((aligned(64)));
};

/**
 * struct egpr_contract_image - one half, its context included
 * @state: see there
 * @before: the context as the half found it
 * @after: and as it left it
 * @xcr0_in: XCR0 before the half; 0 where it cannot be changed or read
 * @xcr0_out: and behind it
 * @pkru_in: PKRU before the half, and bit 32 if there is a PKRU
 * @pkru_out: and behind it
 */
struct egpr_contract_image {
	struct egpr_contract_state state;
	struct egpr_switch before;
	struct egpr_switch after;
	__u64 xcr0_in;
	__u64 xcr0_out;
	__u64 pkru_in;
	__u64 pkru_out;
};

#define EGPR_PKRU_THERE (1ULL << 32)

/**
 * egpr_contract_call - run one half with marks in all that is its caller's
 * @c: the marks in, what is left of them out
 * @fn: the half
 * @sw: its argument
 *
 * Source: asm/contract-call.S. In the kernel interrupts are off and the FPU is the kernel's own.
 */
void egpr_contract_call(struct egpr_contract_state *c, egpr_switch_fn fn, struct egpr_switch *sw);

#ifndef __KERNEL__
/* Of it, where it begins to load r16..r31, and behind its stores of them. */
extern const char egpr_contract_loads[], egpr_contract_stored[];
#endif

#endif /* EGPR_CONTRACT_H */
