/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-push2 pushes r20 and r21 the other way round, in every form.
 * row: gated-push2
 * caught by: table
 */
#include "../../../asm/sequence.h"

#define PUSH_SWAPPED(a, b) .if a == 20; word_push2 b, a; .else; SEQ_PUSH2(a, b) .endif;

.purgem push_egprs
.macro push_egprs
	mov %rsp, %r11
	lea SW_REGS_END(%rdi), %rsp
	EGPR_PAIR_LIST_DESC(PUSH_SWAPPED)
	mov %r11, %rsp
.endm
#include "../../../asm/strategy/gated-push2.S"
