/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gated-mov without its test, in form hw: it uses the registers where the guest's XCR0 has no APX. In user
 * mode the CPU lets it, so that it must be seen by what it leaves.
 * row: gated-mov
 * check: off-idle
 */
#include "../../../asm/sequence.h"

.purgem unless_guest_apx
.macro unless_guest_apx label
.endm
#include "../../../asm/strategy/gated-mov.S"
