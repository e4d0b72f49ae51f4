/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid: CPUID leaf 0. The leaf has to be set anew in every round.
 */
#include "runtime/payload.h"

.macro payload_operands
.endm
.macro payload_exit
	xor %eax, %eax
	cpuid
.endm

PAYLOAD_BATCH
