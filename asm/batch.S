/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timed loop of layer `prim`: a strategy's two halves, over and over.
 *
 * One LFENCE per round stands where the world switch stands: the exit half
 * starts with nothing in flight, and what it left in flight ends before the
 * next round. Without it the halves of successive rounds would overlap, and a
 * delay of a few cycles would vanish in the loop. Both ends of the batch are
 * LFENCE; RDTSC; LFENCE (METHOD, point 3).
 */
#ifdef __KERNEL__
#include <linux/linkage.h>
#include <asm/nospec-branch.h>
#include <asm/ibt.h>
#define BATCH_CALL CALL_NOSPEC
#define BATCH_RET  RET
#define BATCH_ENDBR ENDBR
#else
.macro BATCH_CALL reg
	call *%\reg
.endm
#define BATCH_RET ret
#define BATCH_ENDBR
#endif

	.text

/* rax := TSC, serialised on both sides. Clobbers rdx. */
.macro stamp
	lfence
	rdtsc
	lfence
	shl $32, %rdx
	or %rdx, %rax
.endm

/**
 * egpr_prim_batch - run a strategy n times and time the whole
 * @sw:		%rdi, struct egpr_switch *
 * @exit:	%rsi, exit half
 * @entry:	%rdx, entry half
 * @n:		%rcx, rounds, at least 1
 *
 * Returns:
 *	rax: TSC ticks of the batch
 *	rdx: rounds that ran: @n, out of the frame, less what the counter stands at
 *
 * Stack frame: five saved registers, @n twice: the halves find an aligned stack.
 */
	.p2align 6
	.globl egpr_prim_batch
	.type egpr_prim_batch, @function
egpr_prim_batch:
	BATCH_ENDBR
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %rcx
	push %rcx
	mov %rdi, %rbx
	mov %rsi, %r12
	mov %rdx, %r13
	mov %rcx, %rbp
	stamp
	mov %rax, %r14

	.p2align 6
.Lround:
	lfence
	mov %rbx, %rdi
	BATCH_CALL r12
	mov %rbx, %rdi
	BATCH_CALL r13
	dec %rbp
	jnz .Lround

	stamp
	sub %r14, %rax
	pop %rdx
	sub %rbp, %rdx
	pop %rcx
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	BATCH_RET
	.size egpr_prim_batch, . - egpr_prim_batch

/* Position-independent from its start to here: copied to other offsets (METHOD, point 8). */
	.globl egpr_prim_batch_end
egpr_prim_batch_end:

	.section .note.GNU-stack, "", @progbits
