/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsr-tsc-deadline: WRMSR of a TSC deadline that never comes, the timer masked.
 */
#include "runtime/payload.h"

payload_prepare_begin
	enable_tsc_deadline
payload_prepare_end

.macro payload_operands
	far_deadline
	mov %rax, %rdx
	shr $32, %rdx
	mov $MSR_TSC_DEADLINE, %ecx
.endm
.macro payload_exit
	wrmsr
.endm

PAYLOAD_BATCH
