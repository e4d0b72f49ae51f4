/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov loads the stand-in of r20 from the slot of r21, in form proxy.
 * row: gated-mov
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#define LOAD_WRONG(n) .if n == 20; word_load n, (SW_REGS+(n+1-EGPR_FIRST)*8); .else; SEQ_LOAD(n) .endif;

#ifdef EGPR_FORM_PROXY
.purgem load_egprs
.macro load_egprs
	EGPR_LIST(LOAD_WRONG)
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
