/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr-endurance: a hundred thousand exits with a checksum that runs through r16..r31.
 *
 * At every exit one register takes its neighbour's value on top of its own, and once in
 * sixteen exits one is multiplied by a prime. The same is done in memory with legacy registers, in mailbox.pattern, which the
 * runtime compares with r16..r31 at the end: one register lost at one exit is seen,
 * because every later value depends on it. The batch's result folds all sixteen.
 */
#include "check.h"

#define ROUNDS 100000
#define PRIME  0x10001 /* 65537: odd, so no round can lose bits */
#define FOLD   5       /* bits that the checksum turns per register */

#define AT(n)	(MB_PATTERN + ((n) - EGPR_FIRST) * 8)

.macro step n, next
	out %al, $EGPR_PORT_TEST
	add %r\next, %r\n
	mov AT(\next)(%rdi), %rax
	add %rax, AT(\n)(%rdi)
	dec %r8
	jz .Lend
.endm

	.text
	.globl egpr_prepare
	.type egpr_prepare, @function
egpr_prepare:
	movq $ROUNDS, MB_DEFAULT_ITERATIONS(%rdi)
	ret
	.size egpr_prepare, . - egpr_prepare

#define STORE_SEEN(n) apx_store n, MB_SEEN+(n-EGPR_FIRST)*8;

	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	mov MB_ITERATIONS(%rdi), %r8
	mov %r8, MB_DONE(%rdi)
.Lround:
	step 16, 17
	step 17, 18
	step 18, 19
	step 19, 20
	step 20, 21
	step 21, 22
	step 22, 23
	step 23, 24
	step 24, 25
	step 25, 26
	step 26, 27
	step 27, 28
	step 28, 29
	step 29, 30
	step 30, 31
	step 31, 16
	imul $PRIME, %r16, %r16
	imul $PRIME, AT(16)(%rdi), %rax
	mov %rax, AT(16)(%rdi)
	jmp .Lround
.Lend:
	EGPR_LIST(STORE_SEEN)
	xor %eax, %eax
	xor %ecx, %ecx
.Lfold:
	rol $FOLD, %rax
	xor MB_SEEN(%rdi, %rcx, 8), %rax
	inc %ecx
	cmp $EGPR_COUNT, %ecx
	jb .Lfold
	mov %rax, MB_RESULT(%rdi)
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
