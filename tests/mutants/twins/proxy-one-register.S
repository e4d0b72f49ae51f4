/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov moves one register sixteen times in form proxy.
 * row: gated-mov
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
.purgem seq_stand_in
.macro seq_stand_in out, reg
	.set \out, APX_RAX
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
