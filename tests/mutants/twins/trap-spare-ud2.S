/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov-lfence has a UD2 before LFENCE in form trap.
 * row: gated-mov-lfence
 * caught by: trap
 */
#include "../../../asm/sequence.h"

#ifdef EGPR_FORM_TRAP
#define lfence ud2; lfence
#endif
#include "../../../asm/strategy/gated-mov-lfence.S"
