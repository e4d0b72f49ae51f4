/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XSAVE and XRSTOR of one component, by whether it is in use and whether IA32_XFD disarms it: what group xfd
 * measures, and the module's part of it, for XSAVES and IA32_XFD are ring 0's.
 */
#ifndef EGPR_XSTATE_H
#define EGPR_XSTATE_H

#include <linux/types.h>
#include <egpr/strategy.h>

/* X(SYM, id, needs, text) */
/* clang-format off */
#define EGPR_XSTATE_VARIANTS(X)								\
	X(XSAVE, "xsave", EGPR_NEEDS_XSAVE, "XSAVE of the component")			\
	X(XSAVEOPT, "xsaveopt", EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT, "XSAVEOPT of it")	\
	X(XSAVEC, "xsavec", EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEC, "XSAVEC of it")	\
	X(XSAVES, "xsaves", EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVES | EGPR_NEEDS_CPL0, "XSAVES of it")	\
	X(XRSTOR, "xrstor", EGPR_NEEDS_XSAVE, "XRSTOR of it, XSTATE_BV as XSAVE leaves it")
/* clang-format on */

#define EGPR_XSTATE_ENUM(SYM, id, needs, text) EGPR_XSTATE_##SYM,
enum egpr_xstate_variant {
	EGPR_XSTATE_VARIANTS(EGPR_XSTATE_ENUM) EGPR_NR_XSTATE_VARIANTS
};

#define EGPR_XSTATE_INUSE    (1u << 0) /* XINUSE is 1 */
#define EGPR_XSTATE_DISARMED (1u << 1) /* its bit of IA32_XFD is 1 */

#define EGPR_XSTATE_MAX_ROUNDS 4096

/**
 * struct egpr_xstate - rounds of one instruction in ring 0, interrupts off
 * @abi: EGPR_ABI_VERSION
 * @component: AVX, ZMM_Hi256, Hi16_ZMM or TILEDATA: what the kernel does not use meanwhile
 * @variant: enum egpr_xstate_variant
 * @flags: EGPR_XSTATE_*: what the hardware holds, and says, while the rounds run
 * @rounds: 1..EGPR_XSTATE_MAX_ROUNDS
 * @refusal: out, enum egpr_refusal
 * @ticks: out: TSC ticks of all rounds, an LFENCE before each
 * @bv: out: XSTATE_BV as the last round left it; for XRSTOR as XSAVE stores it behind the last
 * @xcomp: out: XCOMP_BV beside it
 * @reserved: 0
 *
 * XRSTOR of a component that is disarmed loads what XSAVE leaves then: XSTATE_BV is 0, so that it does not
 * raise #NM, which in ring 0 is an oops.
 */
struct egpr_xstate {
	__u32 abi;
	__u32 component;
	__u32 variant;
	__u32 flags;
	__u32 rounds;
	__u32 refusal;
	__u64 ticks;
	__u64 bv;
	__u64 xcomp;
	__u64 reserved[2];
};

#endif /* EGPR_XSTATE_H */
