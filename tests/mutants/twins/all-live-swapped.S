/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live-access reads r22 for r23 and r23 for r22, in every form.
 * row: live-access
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem live_choose_2
.macro live_choose_2 a b
	cmp $\b, %ecx
	jae .Lupper\@
.if \a == 22
	word_read \b
.else
	word_read \a
.endif
	jmp .Llive_read
.Lupper\@:
.if \a == 22
	word_read \a
.else
	word_read \b
.endif
	jmp .Llive_read
.endm
#include "../../../asm/strategy/live-access.S"
