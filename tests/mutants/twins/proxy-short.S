/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dual clears without the prefix that makes REX as long as REX2, in form proxy.
 * row: dual
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
.purgem word_clear
.macro word_clear reg
	seq_stand_in .Lp, \reg
	.byte 0x40 | ((.Lp >> 3) << 2) | (.Lp >> 3), 0x31, APX_MODRM(3, .Lp, .Lp)
.endm
#endif
#include "../../../asm/strategy/dual.S"
