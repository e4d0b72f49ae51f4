/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: the read of a live register. See mutants.h. */
#include "mutants.h"

/* clang-format off */
	.text
/* The sound read, which can stand in a file once. */
reader:
	read_live
	SEQ_RET

#define LIVE(sym, ...)				\
	GATED_HALF(sym, exit, __VA_ARGS__);	\
	BARE_HALF(sym, entry, nop)

LIVE(live_counts, call reader; addl $SW_BH_ONE, SW_BH_COUNT(%rdi))

LIVE(live_neighbour, incl SW_ACCESS(%rdi); call reader; decl SW_ACCESS(%rdi))

LIVE(live_writes, call reader; two 0x01, 1, 20, 20)

LIVE(live_spills, call reader; move 16, APX_RDX)
/* clang-format on */

SEQ_NOEXEC_STACK
