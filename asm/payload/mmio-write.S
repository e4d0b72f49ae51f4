/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmio-write: a store where there is no memory.
 */
#include "runtime/payload.h"

.macro payload_operands
	mov $EGPR_GUEST_MMIO, %esi
.endm
.macro payload_exit
	mov %rax, (%rsi)
.endm

PAYLOAD_BATCH
