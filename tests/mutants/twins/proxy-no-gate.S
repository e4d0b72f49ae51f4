/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov does not test the flag in form proxy.
 * row: gated-mov
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
.purgem unless_guest_apx
.macro unless_guest_apx label
.endm
#endif
#include "../../../asm/strategy/gated-mov.S"
