/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xcr0-turns: XSETBV that turns APX off, and one that turns it on again. Between them the guest leaves without
 * APX once, at the second one; its r16..r31 must be there afterwards.
 */
#include "../runtime/payload.h"

#define XCR0_APX (1 << EGPR_XFEATURE)

.macro payload_operands
	own_xcr0
.endm
.macro payload_exit
	and $~XCR0_APX, %eax
	xsetbv
	or $XCR0_APX, %eax
	xsetbv
.endm

PAYLOAD_BATCH
