/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov leaves the guest's values in the registers, in every form.
 * row: gated-mov
 * caught by: table
 */
#include "../../../asm/sequence.h"

.purgem clear_egprs
.macro clear_egprs
.endm
#include "../../../asm/strategy/gated-mov.S"
