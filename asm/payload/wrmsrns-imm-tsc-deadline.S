/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsrns-imm-tsc-deadline: WRMSRNS of a TSC deadline that never comes, from r31.
 */
#define PAYLOAD_FIXED_REGISTERS
#include "runtime/payload.h"

#define SOURCE 31 /* r31, which the check after the batch has to expect changed */
#define SOURCE_PATTERN (MB_PATTERN + (SOURCE - EGPR_FIRST) * 8)

payload_prepare_begin
	enable_tsc_deadline
payload_prepare_end

.macro payload_operands
	far_deadline
	mov %rax, SOURCE_PATTERN(%r13)
	mov %r13, %rdi
	apx_load SOURCE, SOURCE_PATTERN
.endm
.macro payload_exit
	wrmsrns_imm SOURCE, MSR_TSC_DEADLINE
.endm

PAYLOAD_BATCH
