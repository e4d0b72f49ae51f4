/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-push2 does not give the stack pointer back, in any form.
 * row: gated-push2
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem pop_egprs
.macro pop_egprs
	mov %rsp, %r11
	lea SW_REGS(%rdi), %rsp
	EGPR_PAIR_LIST(SEQ_POP2)
.endm
#include "../../../asm/strategy/gated-push2.S"
