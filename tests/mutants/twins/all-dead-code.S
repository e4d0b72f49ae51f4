/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov has an instruction that is never executed, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem clear_egprs
.macro clear_egprs
	EGPR_LIST(SEQ_CLEAR)
	jmp .Lover\@
	SEQ_CLEAR(16)
.Lover\@:
.endm
#include "../../../asm/strategy/gated-mov.S"
