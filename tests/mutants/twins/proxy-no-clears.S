/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dual has no clears in form proxy: what is timed is too short.
 * row: dual
 * caught by: proxy
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_PROXY
.purgem clear_egprs
.macro clear_egprs
.endm
#endif
#include "../../../asm/strategy/dual.S"
