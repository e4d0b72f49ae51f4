/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * delay-N has additions that do not wait for one another, in every form.
 * row: delay
 * caught by: table
 */
#include "../../../asm/sequence.h"

.macro chain bit
	test $(1 << \bit), %ecx
	jz .Lskip\@
	.rept 1 << \bit
	add %rdx, %rdx
	.endr
.Lskip\@:
.endm

SEQ_BEGIN(delay, exit)
	mov SW_DELAY(%rdi), %ecx
	mov %rcx, %rax
	add %rax, %rax
	.irp bit, 7, 6, 5, 4, 3, 2, 1, 0
	chain \bit
	.endr
	add %rax, %rax
SEQ_END(delay, exit)

SEQ_BEGIN(delay, entry)
SEQ_END(delay, entry)

SEQ_NOEXEC_STACK
