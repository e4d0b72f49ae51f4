/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-mov does not load r31 at entry, in form hw.
 * row: uncond-mov
 * check: guest-survives
 */
#include "../../../asm/sequence.h"

#define LOAD_BUT_ONE(n) .if n != 31; SEQ_LOAD(n) .endif;

.purgem load_egprs
.macro load_egprs
	EGPR_LIST(LOAD_BUT_ONE)
.endm
#include "../../../asm/strategy/uncond-mov.S"
