/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmio-read: a load where there is no memory; the result proves that the VMM answered.
 */
#include "runtime/payload.h"

.macro payload_operands
	mov $EGPR_GUEST_MMIO, %esi
.endm
.macro payload_exit
	mov (%rsi), %rax
.endm

PAYLOAD_BATCH
