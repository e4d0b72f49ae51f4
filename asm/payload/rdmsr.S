/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rdmsr: RDMSR of an MSR that is always intercepted; the result is what was written before.
 */
#include "runtime/payload.h"

#define STORED 5 /* RIPV | MCIP: bits that MCG_STATUS has */

payload_prepare_begin
	mov $MSR_MCG_STATUS, %ecx
	mov $STORED, %eax
	xor %edx, %edx
	wrmsr
payload_prepare_end

.macro payload_operands
	mov $MSR_MCG_STATUS, %ecx
.endm
.macro payload_exit
	rdmsr
.endm

PAYLOAD_BATCH
