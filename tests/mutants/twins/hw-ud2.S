/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dual has a UD2 in form hw, where nobody takes it.
 * row: dual
 * caught by: trap proxy table
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_HW
.purgem clear_egprs
.macro clear_egprs
	ud2
	EGPR_LIST(SEQ_CLEAR)
.endm
#endif
#include "../../../asm/strategy/dual.S"
