/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov stores r18 before r17 in form proxy.
 * row: gated-mov
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#define STORE_SWAPPED(n) .if n == 17; SEQ_STORE(18) .elseif n == 18; SEQ_STORE(17) .else; SEQ_STORE(n) .endif;

#ifdef EGPR_FORM_PROXY
.purgem store_egprs
.macro store_egprs
	EGPR_LIST(STORE_SWAPPED)
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
