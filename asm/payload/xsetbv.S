/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsetbv: XSETBV of the value that XCR0 already has.
 */
#include "runtime/payload.h"

.macro payload_operands
	own_xcr0
.endm
.macro payload_exit
	xsetbv
.endm

PAYLOAD_BATCH
