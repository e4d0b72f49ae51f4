/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov does not load in form proxy: NOPs of the same size stand there.
 * row: gated-mov
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
.purgem load_egprs
.macro load_egprs
	.rept EGPR_COUNT
	nopl 0x12345678(%rax, %rax)
	.endr
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
