/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cr-access: MOV to CR0 that changes AM.
 *
 * Writes of TS or MP need not exit (VMX guest-owned bits, SVM's selective
 * intercept); AM has no effect while RFLAGS.AC is 0.
 */
#include "runtime/payload.h"

#define CR0_AM (1 << 18)

.macro payload_operands
	mov %cr0, %rax
.endm
.macro payload_exit
	xor $CR0_AM, %rax
	mov %rax, %cr0
.endm

PAYLOAD_BATCH
