/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hlt: HLT with interrupts off; without an in-kernel APIC the VMM gets it.
 */
#include "runtime/payload.h"

.macro payload_operands
.endm
.macro payload_exit
	hlt
.endm

PAYLOAD_BATCH
