/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xsetbv: XSETBV of the value that XCR0 already has.
 */
#include "runtime/payload.h"

.macro payload_operands
	mov MB_XCR0(%r13), %rax
	mov %rax, %rdx
	shr $32, %rdx
	xor %ecx, %ecx
.endm
.macro payload_exit
	xsetbv
.endm

PAYLOAD_BATCH
