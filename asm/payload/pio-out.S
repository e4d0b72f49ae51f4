/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pio-out: OUT to the test port.
 */
#include "runtime/payload.h"

.macro payload_operands
.endm
.macro payload_exit
	out %al, $EGPR_PORT_TEST
.endm

PAYLOAD_BATCH
