/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop of the state proofs: before every exit the guest checks and rewrites its r16..r31.
 *
 * It reaches the registers through the virtual register file, which is mapped into the
 * guest, so it costs no emulation and any exit kind can be proved thousands of times. The values
 * depend on a step counter that survives batches, and no half of one is like a half of another. Before
 * the first step the registers must read zero; while XCR0.APX is off the guest does not look; once it
 * is on again the last values must be there.
 */
#ifndef ASM_PAYLOAD_STATE_H
#define ASM_PAYLOAD_STATE_H

#define STATE_MULTIPLIER 0x9e3779b97f4a7c15 /* odd, no byte like another: 2^64 / golden ratio */

/* rcx := 0, rax := the value before the first of step rdi; the next are rbx apart. */
.macro state_first
	mov %rdi, %rax
	shl $4, %rax
	imul %rbx, %rax
	xor %ecx, %ecx
.endm

.macro PAYLOAD_BATCH
	.data
	.balign 8
state_step: .quad 0

	.text
/* Changes no register and no flag. */
state_check:
	pushf
	.irp reg, rax, rbx, rcx, rdx, rsi, rdi
	push %\reg
	.endr
	movabs $STATE_MULTIPLIER, %rbx
	mov $EGPR_GUEST_EGPR, %esi
	testl $EGPR_XFEATURE_LO, PAGE_XCR0(%rsi)
	jz .Lstate_out
	mov state_step, %rdi
	state_first
.Lstate_compare:
	add %rbx, %rax
	mov %rax, %rdx
	test %rdi, %rdi
	jnz .Lstate_written
	xor %edx, %edx
.Lstate_written:
	cmp PAGE_R(%rsi, %rcx, 8), %rdx
	jne .Lstate_bad
	inc %ecx
	cmp $EGPR_COUNT, %ecx
	jb .Lstate_compare

	inc %rdi
	mov %rdi, state_step
	state_first
	movl $1, PAGE_XINUSE(%rsi)
.Lstate_write:
	add %rbx, %rax
	mov %rax, PAGE_R(%rsi, %rcx, 8)
	inc %ecx
	cmp $EGPR_COUNT, %ecx
	jb .Lstate_write
	jmp .Lstate_out

.Lstate_bad:
	cmpq $0, MB_STATUS(%r13)
	jne .Lstate_out
	movq $EGPR_STATUS_DATA, MB_STATUS(%r13)
	mov %rdx, MB_EXPECTED(%r13)
	mov PAGE_R(%rsi, %rcx, 8), %rdx
	mov %rdx, MB_GOT(%r13)
	add $EGPR_FIRST, %ecx
	mov %rcx, MB_FAILED(%r13)
.Lstate_out:
	.irp reg, rdi, rsi, rdx, rcx, rbx, rax
	pop %\reg
	.endr
	popf
	ret

	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	.irp reg, rbx, rbp, r12, r13, r14, r15
	push %\reg
	.endr
	mov %rdi, %r13
	mov MB_ITERATIONS(%r13), %r12
	mov %r12, MB_DONE(%r13)
	cmpq $0, MB_PATTERN(%r13)
	je .Lstate_goes_on
	movq $0, state_step
.Lstate_goes_on:
	payload_operands
	mov %rax, %r8
	mov %rdx, %r9
.Lstate_round:
	call state_check
	mov %r8, %rax
	mov %r9, %rdx
	payload_exit
	dec %r12
	jnz .Lstate_round
	call state_check
	.irp reg, r15, r14, r13, r12, rbp, rbx
	pop %\reg
	.endr
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
.endm

#endif /* ASM_PAYLOAD_STATE_H */
