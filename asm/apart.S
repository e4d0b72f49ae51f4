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
#ifdef __KERNEL__
#include <linux/linkage.h>
#include <asm/nospec-branch.h>
#include <asm/ibt.h>
#define HALF_CALL  CALL_NOSPEC
#define LOOP_RET   RET
#define LOOP_ENDBR ENDBR
#define APART_KEEP no_keep /* nobody interrupts it there */
#else
#include "apx.h"
.macro HALF_CALL reg
	call *%\reg
.endm
#define LOOP_RET ret
#define LOOP_ENDBR
#define APART_KEEP keep
#endif
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
	LOOP_ENDBR
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
	LOOP_RET
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

/*
 * A call that nothing can fetch ahead of. What a branch predictor expects behind a stamp is fetched
 * while the stamp is taken, and cold code that is on its way by then costs half of what it costs.
 * This return is predicted to end in the trap behind the call, wherever it goes, so the half's first
 * line is asked for when the return is executed: behind the stamp, in all arms and always.
 */
.macro late_call reg
	call 8f
	jmp 9f
8:	call 7f
6:	pause
	lfence
	jmp 6b
7:	mov %\reg, (%rsp)
	ret
9:
.endm

/* The half's ticks to where they are told one by one. */
.macro keep
	mov FRAME_HALVES(%rsp), %rcx
	mov HALVES_EACH(%rcx), %rdx
	mov %rax, (%rdx)
	add $8, %rdx
	mov %rdx, HALVES_EACH(%rcx)
.endm
.macro no_keep
.endm

.macro timed_half reg, half, prepare, call, use, keep
	\prepare \half
	stamp
	mov %rax, %r14
	mov %rbx, %rdi
	\call \reg
	\use
	stamp
	sub %r14, %rax
	\keep
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
 * In user mode all of these tell the ticks of each half one by one. egpr_once_batch has a preparation
 * before each; egpr_fetch_batch calls the halves late as well.
 * egpr_use_*_batch have the first use of a register behind each half, within its time.
 */
.macro halves_batch name, prepare, call, use, keep
loop_begin \name
	.p2align 6
.Lround_\name:
	timed_half r12, 0, \prepare, \call, \use, \keep
	add %rax, %r15
	timed_half r13, 1, \prepare, \call, \use, \keep
	add %rax, (%rsp)
	dec %rbp
	jnz .Lround_\name
loop_end \name
.endm

halves_batch apart, no_prepare, HALF_CALL, no_use, APART_KEEP
#ifndef __KERNEL__
halves_batch once, prepare, HALF_CALL, no_use, keep
halves_batch fetch, prepare, late_call, no_use, keep
halves_batch use_free, no_prepare, HALF_CALL, use_free, keep
halves_batch use_last_proxy, no_prepare, HALF_CALL, use_last_proxy, keep
halves_batch use_last_hw, no_prepare, HALF_CALL, use_last_hw, keep
#endif

/* A half as in timed_half, its ticks for nobody. */
.macro whole_half reg
	stamp
	mov %rax, %r14
	mov %rbx, %rdi
	HALF_CALL \reg
	stamp
	sub %r14, %rax
	add %rax, %r15
.endm

/**
 * egpr_whole_batch - the same rounds, timed from end to end
 *
 * Arguments and results as above, but that there are no ticks of the exit halves: 0.
 *
 * The stamps around each half are taken here too, and nobody reads them: what stands in front of a
 * half decides how much of it is fetched and decoded when it starts. Behind MFENCE alone, which
 * serialises on AMD, a half waits for its own code; behind a stamp that has gone on meanwhile.
 */
loop_begin whole
	stamp
	push %rax
	push %rax

	.p2align 6
.Lround_whole:
	whole_half r12
	whole_half r13
	dec %rbp
	jnz .Lround_whole

	stamp
	pop %rcx
	pop %rcx
	sub %rcx, %rax
	mov %rax, (%rsp)
	xor %r15d, %r15d
loop_end whole

	.section .note.GNU-stack, "", @progbits
