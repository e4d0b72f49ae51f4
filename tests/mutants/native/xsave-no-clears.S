/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsave leaves the guest's values in the registers, in form hw.
 * row: xsave
 * check: no-leak
 */
#include "../../../asm/sequence.h"

.purgem clear_egprs
.macro clear_egprs
.endm
#include "../../../asm/strategy/xsave.S"
