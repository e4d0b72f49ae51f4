/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov has a NOP in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem clear_egprs
.macro clear_egprs
	EGPR_LIST(SEQ_CLEAR)
	nop
.endm
#include "../../../asm/strategy/gated-mov.S"
