/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov switches for guests without APX and for no others, in form hw.
 * row: gated-mov
 * caught by: trap proxy table
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_HW
.purgem unless_guest_apx
.macro unless_guest_apx label
	testl $SW_GUEST_APX, SW_FLAGS(%rdi)
	jnz \label
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
