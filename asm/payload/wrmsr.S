/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsr: WRMSR of an MSR that is always intercepted and has no fastpath.
 */
#include "runtime/payload.h"

.macro payload_operands
	mov $MSR_MCG_STATUS, %ecx
	xor %eax, %eax
	xor %edx, %edx
.endm
.macro payload_exit
	wrmsr
.endm

PAYLOAD_BATCH
