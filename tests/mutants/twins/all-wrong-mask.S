/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsave asks for components of which nobody spoke, in every form.
 * row: xsave
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem load_rfbm
.macro load_rfbm
	mov SW_RFBM(%rdi), %eax
.endm
#include "../../../asm/strategy/xsave.S"
