/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov-disp8 has displacements of four bytes, in every form: not what its words say.
 * row: gated-mov-disp8
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem store_egprs_disp8
.macro store_egprs_disp8
	EGPR_LIST(SEQ_STORE)
.endm
#include "../../../asm/strategy/gated-mov-disp8.S"
