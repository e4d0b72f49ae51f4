/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov stores r16 twice, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem store_egprs
.macro store_egprs
	SEQ_STORE(16)
	EGPR_LIST(SEQ_STORE)
.endm
#include "../../../asm/strategy/gated-mov.S"
