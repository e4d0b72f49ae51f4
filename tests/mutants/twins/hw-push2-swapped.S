/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-push2 pushes r20 and r21 the other way round, in form hw.
 * row: gated-push2
 * caught by: trap proxy table
 */
#include "../../../asm/sequence.h"

#define PUSH_SWAPPED(a, b) .if a == 20; word_push2 b, a; .else; SEQ_PUSH2(a, b) .endif;

#ifdef EGPR_FORM_HW
.purgem push_egprs
.macro push_egprs
	mov %rsp, %r11
	lea SW_REGS_END(%rdi), %rsp
	EGPR_PAIR_LIST_DESC(PUSH_SWAPPED)
	mov %r11, %rsp
.endm
#endif
#include "../../../asm/strategy/gated-push2.S"
