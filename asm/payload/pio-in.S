/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pio-in: IN from the test port; the result proves that the VMM answered.
 */
#include "runtime/payload.h"

.macro payload_operands
	xor %eax, %eax
.endm
.macro payload_exit
	in $EGPR_PORT_TEST, %al
.endm

PAYLOAD_BATCH
