/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timed loops of layer `prim` in which a strategy's halves stand apart.
 *
 * In KVM the guest runs between the halves, and VM exit and entry serialise. Here MFENCE and
 * LFENCE stand in their place: MFENCE ends when every store before it can be seen, LFENCE when
 * every instruction before it is done. CPUID would do both, but exits to a hypervisor wherever
 * there is one, and SERIALIZE is not on every CPU. So a half starts with nothing in flight and an
 * empty store buffer, and its time ends when all it loaded has come and all it stored is out.
 *
 * What the fences and stamps take is the same for every arm and cancels in a difference to none.
 * Halves take turns, as they must: an exit half behind an exit half would save what it cleared.
 */
#include "apx.h"
#include <egpr/egpr-offsets.h>

	.text

/* Nothing in flight, nothing in the store buffer. */
.macro drain
	mfence
	lfence
.endm

/* rax := TSC behind a drain. Clobbers rdx. */
.macro stamp
	drain
	rdtsc
	lfence
	shl $32, %rdx
	or %rdx, %rax
.endm

/*
 * Stack frame of every loop, from its top: six saved registers, @n, @halves, ticks of the entry
 * halves. The halves find an aligned stack.
 */
#define FRAME_HALVES 8

/* rbx context, r12 exit half, r13 entry half, rbp rounds left, r15 ticks of the exit halves. */
.macro loop_begin name
	.p2align 6
	.globl egpr_\name\()_batch
	.type egpr_\name\()_batch, @function
egpr_\name\()_batch:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rcx
	push %r8
	xor %r15d, %r15d
	push %r15
	mov %rdi, %rbx
	mov %rsi, %r12
	mov %rdx, %r13
	mov %rcx, %rbp
.endm

/* rax: all ticks. */
.macro loop_end name
	pop %rcx
	pop %rdx
	mov %r15, HALVES_EXIT(%rdx)
	mov %r15, %rax
	add %rcx, %rax
	pop %rdx
	sub %rbp, %rdx
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size egpr_\name\()_batch, . - egpr_\name\()_batch
	.globl egpr_\name\()_batch_end
egpr_\name\()_batch_end:
.endm

.macro prepare half
	mov FRAME_HALVES(%rsp), %rax
	mov HALVES_ARG(%rax), %rdi
	mov $\half, %esi
	mov HALVES_PREPARE(%rax), %rax
	call *%rax
.endm

.macro no_prepare half
.endm

/* A chain that begins with the register behind the half: eight multiplications, three cycles each. */
.macro chain
	.rept 8
	imul %rax, %rax
	.endr
.endm
.macro no_use
.endm
/* On a register that no half writes: what the chain takes where it need not wait. */
.macro use_free
	mov %rbx, %rax
	chain
.endm
/* On the last that both halves write: r31, or rcx, which stands in for it. */
.macro use_last_proxy
	.byte 0x3e
	mov %rcx, %rax
	chain
.endm
.macro use_last_hw
	apx_read 31
	chain
.endm

.macro timed_half reg, half, prepare, use
	\prepare \half
	stamp
	mov %rax, %r14
	mov %rbx, %rdi
	call *%\reg
	\use
	stamp
	sub %r14, %rax
.endm

/**
 * egpr_apart_batch - run a strategy n times, each half timed by itself
 * @sw:		%rdi, struct egpr_switch *
 * @exit:	%rsi, exit half
 * @entry:	%rdx, entry half
 * @n:		%rcx, rounds, at least 1
 * @halves:	%r8, struct egpr_halves *
 *
 * Returns:
 *	rax: TSC ticks of all halves; those of the exit halves are in @halves
 *	rdx: rounds that ran: @n, out of the frame, less what the counter stands at
 *
 * egpr_once_batch has a preparation before each half. egpr_use_*_batch have the first use of a
 * register behind each half, within its time.
 */
.macro halves_batch name, prepare, use
loop_begin \name
	.p2align 6
.Lround_\name:
	timed_half r12, 0, \prepare, \use
	add %rax, %r15
	timed_half r13, 1, \prepare, \use
	add %rax, (%rsp)
	dec %rbp
	jnz .Lround_\name
loop_end \name
.endm

halves_batch apart, no_prepare, no_use
halves_batch once, prepare, no_use
halves_batch use_free, no_prepare, use_free
halves_batch use_last_proxy, no_prepare, use_last_proxy
halves_batch use_last_hw, no_prepare, use_last_hw

/**
 * egpr_whole_batch - the same rounds, timed from end to end
 *
 * Arguments and results as above, but that there are no ticks of the exit halves: 0.
 */
loop_begin whole
	stamp
	mov %rax, %r14

	.p2align 6
.Lround_whole:
	drain
	mov %rbx, %rdi
	call *%r12
	drain
	mov %rbx, %rdi
	call *%r13
	dec %rbp
	jnz .Lround_whole

	stamp
	sub %r14, %rax
	mov %rax, (%rsp)
loop_end whole

	.section .note.GNU-stack, "", @progbits
