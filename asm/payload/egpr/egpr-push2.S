/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr-push2: PUSH2, POP2, their hinted forms, PUSHP and POPP on the guest's stack.
 *
 * Everything goes through the stack and an exit, and has to come back in its place. Run
 * with guest state dirty. The stack is aligned here: PUSH2 wants 16 bytes.
 */
#include "check.h"

	.text
	.globl egpr_batch
	.type egpr_batch, @function

#define PUSH2(a, b)  apx_push2 a, b;
#define POP2(a, b)   apx_pop2 b, a;
#define PUSH2P(a, b) apx_push2p a, b;
#define POP2P(a, b)  apx_pop2p b, a;
#define PUSHP(n)     apx_pushp n;
#define CLEAR(n)     apx_clear n;

/* rax := the qword that r\n was pushed to, with r16 at the stack's top. */
.macro top_is step, n
	mov (\n - EGPR_FIRST) * 8(%rsp), %rax
	mov MB_PATTERN + (\n - EGPR_FIRST) * 8(%rdi), %rdx
	mov $\step, %ecx
	cmp %rdx, %rax
	jne .Lwrong_stack
.endm

egpr_batch:
	push %rbp
	mov %rsp, %rbp
	and $-16, %rsp
	mov MB_ITERATIONS(%rdi), %r8
	test %r8, %r8
	jnz .Lround
	inc %r8
.Lround:
	EGPR_PAIR_LIST_DESC(PUSH2)
	top_is 1, 16
	top_is 1, 17
	top_is 1, 31
	EGPR_LIST(CLEAR)
	out %al, $EGPR_PORT_TEST
	EGPR_PAIR_LIST(POP2)

	EGPR_PAIR_LIST_DESC(PUSH2P)
	top_is 2, 16
	top_is 2, 23
	EGPR_LIST(CLEAR)
	out %al, $EGPR_PORT_TEST
	EGPR_PAIR_LIST(POP2P)

	/* One by one, and back in the opposite order. */
	EGPR_LIST(PUSHP)
	EGPR_LIST(CLEAR)
	out %al, $EGPR_PORT_TEST
	.irp n, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16
	apx_popp \n
	.endr
	lea (%rsp), %rax
	mov %rbp, %rdx
	and $-16, %rdx
	mov $3, %ecx
	cmp %rdx, %rax
	jne .Lwrong_stack
	dec %r8
	jnz .Lround
	mov %rbp, %rsp
	pop %rbp
	one_round_done
	ret
.Lwrong_stack:
	mov %rbp, %rsp
	pop %rbp
	report_wrong
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
