/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop that every exit kind is measured in.
 *
 * A payload defines the macro `payload_exit`, one iteration's instruction, and
 * `payload_operands`, what has to be in registers before the loop, then says
 * PAYLOAD_BATCH. Beside its own instruction an iteration is DEC and JNZ, the same
 * for all kinds. Optional: `egpr_prepare`, a function called once at CPL 0, and
 * PAYLOAD_FIXED_REGISTERS, defined by a payload whose operand is one of r16..r31.
 *
 * In payload_exit: %r8 and %r9 keep the rax and rdx of payload_operands, %r12 counts,
 * %r13 is the mailbox, %r14 and %r15 belong to the stamped loop; all others are free.
 * %rax after the last iteration is the batch's result.
 */
#ifndef ASM_PAYLOAD_H
#define ASM_PAYLOAD_H

#include <egpr/guest.h>
#include <egpr/egpr-offsets.h>
#include <egpr/regs.h>
#include "../../apx.h"
#include "../../msr-imm.h"

/* MSRs (SDM vol. 4). MCG_STATUS: plain storage in KVM, never passed through, no fastpath. */
#define MSR_APIC_BASE	 0x1b
#define MSR_MCG_STATUS	 0x17a
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_SVR	 0x80f
#define MSR_X2APIC_ICR	 0x830
#define MSR_X2APIC_LVTT	 0x832

#define APIC_BASE_X2APIC  0xc00 /* EN | EXTD */
#define APIC_SVR_ENABLE	  0x1ff /* software enable, spurious vector 255 */
#define LVTT_TSC_DEADLINE 0x500f0 /* TSC-deadline mode, masked, vector 0xf0 */

/* A fixed, physical IPI without shorthand to an APIC ID that no one has. */
#define ICR_DEST_NOBODY 0xfe
#define ICR_VECTOR	0xf0

/* How far ahead a deadline lies that must never come: 2^40 ticks, minutes. */
#define DEADLINE_SHIFT 40

/* rax := TSC, serialised on both sides. Clobbers rdx. */
.macro stamp
	lfence
	rdtsc
	lfence
	shl $32, %rdx
	or %rdx, %rax
.endm

/* rax := a far TSC deadline. Clobbers rdx. */
.macro far_deadline
	stamp
	mov $1, %edx
	shl $DEADLINE_SHIFT, %rdx
	add %rdx, %rax
.endm

/* edx:eax := what XCR0 has when a batch begins, ecx := 0: for XSETBV. */
.macro own_xcr0
	mov MB_XCR0(%r13), %rax
	mov %rax, %rdx
	shr $32, %rdx
	xor %ecx, %ecx
.endm

/* Switch the local APIC on in x2APIC mode. Clobbers rax, rcx, rdx. */
.macro enable_x2apic
	mov $MSR_APIC_BASE, %ecx
	rdmsr
	or $APIC_BASE_X2APIC, %eax
	wrmsr
	mov $MSR_X2APIC_SVR, %ecx
	mov $APIC_SVR_ENABLE, %eax
	xor %edx, %edx
	wrmsr
.endm

/* The local APIC's timer in TSC-deadline mode, masked. Clobbers rax, rcx, rdx. */
.macro enable_tsc_deadline
	enable_x2apic
	mov $MSR_X2APIC_LVTT, %ecx
	mov $LVTT_TSC_DEADLINE, %eax
	xor %edx, %edx
	wrmsr
.endm

/* Declare the file's egpr_prepare. */
.macro payload_prepare_begin
	.globl egpr_prepare
	.type egpr_prepare, @function
egpr_prepare:
.endm
.macro payload_prepare_end
	ret
	.size egpr_prepare, . - egpr_prepare
.endm

#ifdef PAYLOAD_STATE
#include "state.h"
#else
/**
 * egpr_batch - mailbox.iterations times the payload's instruction, timed
 * @mailbox:	%rdi
 *
 * The plain loop carries one pair of stamps around the whole batch; the stamped
 * one carries one per iteration and writes the differences to EGPR_GUEST_STAMPS. The
 * rotating one is for proofs: r16..r31 change places between the exits. The walking one walks the
 * working set before every exit and stamps the exit alone: what the walk takes is in no sum of
 * exits, and LFENCE has its last load arrive before the exit is stamped.
 */
.macro PAYLOAD_BATCH
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, %r13
	mov MB_ITERATIONS(%r13), %r12
	test %r12, %r12
	jnz .Lcounted
	inc %r12
.Lcounted:
	mov %r12, MB_DONE(%r13)
	testl $EGPR_GUEST_WALK, MB_FLAGS(%r13)
	jnz .Lwalking
	testb $EGPR_GUEST_STAMP, MB_FLAGS(%r13)
	jnz .Lstamped

	payload_operands
	mov %rax, %r8
	mov %rdx, %r9
#ifndef PAYLOAD_FIXED_REGISTERS
	testb $EGPR_GUEST_ROTATE, MB_FLAGS(%r13)
	jnz .Lrotating
#endif
	stamp
	mov %rax, MB_TSC_START(%r13)
	mov %r8, %rax
	mov %r9, %rdx
	.p2align 6
.Lplain_round:
	payload_exit
	dec %r12
	jnz .Lplain_round
	jmp .Lend

#ifndef PAYLOAD_FIXED_REGISTERS
.Lrotating:
	stamp
	mov %rax, MB_TSC_START(%r13)
.Lrotating_round:
	payload_operands
	payload_exit
	mov %rax, MB_RESULT(%r13)
	mov %r13, %rdi
	call egpr_rotate
	dec %r12
	jnz .Lrotating_round
	mov MB_RESULT(%r13), %rax
	jmp .Lend
#endif

.Lstamped:
	mov $EGPR_GUEST_STAMPS, %r14d
	payload_operands
	mov %rax, %r8
	mov %rdx, %r9
	stamp
	mov %rax, MB_TSC_START(%r13)
	.p2align 6
.Lstamped_round:
	stamp
	mov %rax, %r15
	mov %r8, %rax
	mov %r9, %rdx
	payload_exit
	mov %rax, MB_RESULT(%r13)
	stamp
	sub %r15, %rax
	mov %rax, (%r14)
	add $8, %r14
	dec %r12
	jnz .Lstamped_round
	mov MB_RESULT(%r13), %rax
	jmp .Lend

.Lwalking:
	mov $EGPR_GUEST_STAMPS, %r14d
	payload_operands
	mov %rax, %r8
	mov %rdx, %r9
	stamp
	mov %rax, MB_TSC_START(%r13)
	.p2align 6
.Lwalking_round:
	call egpr_walk
	stamp
	mov %rax, %r15
	mov %r8, %rax
	mov %r9, %rdx
	payload_exit
	mov %rax, MB_RESULT(%r13)
	stamp
	sub %r15, %rax
	add %rax, MB_EXIT_CYCLES(%r13)
	testb $EGPR_GUEST_STAMP, MB_FLAGS(%r13)
	jz .Lwalking_next
	mov %rax, (%r14)
	add $8, %r14
.Lwalking_next:
	dec %r12
	jnz .Lwalking_round
	mov MB_RESULT(%r13), %rax

.Lend:
	mov %rax, MB_RESULT(%r13)
	stamp
	mov %rax, MB_TSC_END(%r13)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
.endm
#endif /* PAYLOAD_STATE */

#endif /* ASM_PAYLOAD_H */
