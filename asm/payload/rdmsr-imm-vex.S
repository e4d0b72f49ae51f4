/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rdmsr-imm-vex: RDMSR into rax of an MSR that is always intercepted.
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
	xor %eax, %eax
.endm
.macro payload_exit
	rdmsr_imm 0, MSR_MCG_STATUS
.endm

PAYLOAD_BATCH
