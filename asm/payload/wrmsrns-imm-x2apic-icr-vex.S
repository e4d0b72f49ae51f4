/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsrns-imm-x2apic-icr-vex: WRMSRNS of an IPI to nobody, from rax.
 */
#include "runtime/payload.h"

payload_prepare_begin
	enable_x2apic
payload_prepare_end

.macro payload_operands
	mov $ICR_DEST_NOBODY, %eax
	shl $32, %rax
	or $ICR_VECTOR, %rax
.endm
.macro payload_exit
	wrmsrns_imm 0, MSR_X2APIC_ICR
.endm

PAYLOAD_BATCH
