/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov switches for guests without APX and for no others, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem unless_guest_apx
.macro unless_guest_apx label
	testl $SW_GUEST_APX, SW_FLAGS(%rdi)
	jnz \label
.endm
#include "../../../asm/strategy/gated-mov.S"
