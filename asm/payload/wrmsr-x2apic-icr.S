/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsr-x2apic-icr: WRMSR of an IPI to nobody: fixed, physical, no shorthand.
 */
#include "runtime/payload.h"

payload_prepare_begin
	enable_x2apic
payload_prepare_end

.macro payload_operands
	mov $ICR_VECTOR, %eax
	mov $ICR_DEST_NOBODY, %edx
	mov $MSR_X2APIC_ICR, %ecx
.endm
.macro payload_exit
	wrmsr
.endm

PAYLOAD_BATCH
