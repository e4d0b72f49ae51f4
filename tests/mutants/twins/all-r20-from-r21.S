/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov stores r21 to the slot of r20, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

#define SLOT(n) (SW_REGS+(n-EGPR_FIRST)*8)
#define STORE_WRONG(n) .if n == 20; word_store 21, SLOT(n); .else; SEQ_STORE(n) .endif;

.purgem store_egprs
.macro store_egprs
	EGPR_LIST(STORE_WRONG)
.endm
#include "../../../asm/strategy/gated-mov.S"
