/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-mov has no UD2 before XSETBV in form trap.
 * row: uncond-mov
 * caught by: trap
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_TRAP
.purgem seq_trap
.macro seq_trap
.endm
#endif
#include "../../../asm/strategy/uncond-mov.S"
