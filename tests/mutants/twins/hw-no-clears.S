/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov leaves the guest's values in the registers, in form hw.
 * row: gated-mov
 * caught by: trap proxy table
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_HW
.purgem clear_egprs
.macro clear_egprs
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
