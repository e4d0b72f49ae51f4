/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rdmsr-imm: RDMSR into r31 of an MSR that is always intercepted.
 */
#define PAYLOAD_FIXED_REGISTERS
#include "runtime/payload.h"

#define TARGET 31 /* r31, which the check after the batch has to expect changed */
#define TARGET_PATTERN (MB_PATTERN + (TARGET - EGPR_FIRST) * 8)
#define STORED 5 /* RIPV | MCIP: bits that MCG_STATUS has */

payload_prepare_begin
	mov $MSR_MCG_STATUS, %ecx
	mov $STORED, %eax
	xor %edx, %edx
	wrmsr
payload_prepare_end

.macro payload_operands
	movq $STORED, TARGET_PATTERN(%r13)
.endm
.macro payload_exit
	rdmsr_imm TARGET, MSR_MCG_STATUS
.endm

PAYLOAD_BATCH
