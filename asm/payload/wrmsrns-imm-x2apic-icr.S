/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsrns-imm-x2apic-icr: WRMSRNS of an IPI to nobody, from r31.
 */
#define PAYLOAD_FIXED_REGISTERS
#include "runtime/payload.h"

#define SOURCE 31 /* r31, which the check after the batch has to expect changed */
#define SOURCE_PATTERN (MB_PATTERN + (SOURCE - EGPR_FIRST) * 8)

payload_prepare_begin
	enable_x2apic
payload_prepare_end

.macro payload_operands
	mov $ICR_DEST_NOBODY, %eax
	shl $32, %rax
	or $ICR_VECTOR, %rax
	mov %rax, SOURCE_PATTERN(%r13)
	mov %r13, %rdi
	apx_load SOURCE, SOURCE_PATTERN
.endm
.macro payload_exit
	wrmsrns_imm SOURCE, MSR_X2APIC_ICR
.endm

PAYLOAD_BATCH
