/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * operand: WRMSRNS with an immediate, whose source the VEX form names as r15; what the MSR then holds is read
 * back and compared.
 *
 * While XCR0.APX is on, the guest expects r31's value there: an edited KVM that takes register n of such an exit
 * for r(16 + n) plays a CPU with APX, whose EVEX form would name r31. Else it expects r15's. The virtual register
 * file is mapped into the guest, so r31 is written without emulation, with another value before every exit.
 */
#include "../runtime/payload.h"

#define SOURCE	    15
#define PAGE_SOURCE (PAGE_R + SOURCE * 8)

payload_prepare_begin
	enable_tsc_deadline
payload_prepare_end

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	.irp reg, rbx, rbp, r12, r13, r14, r15
	push %\reg
	.endr
	mov %rdi, %r13
	mov MB_ITERATIONS(%r13), %r12
	mov %r12, MB_DONE(%r13)
.Lround:
	far_deadline
	mov %rax, %rbx
	lea 1(%rax), %r15
	mov $EGPR_GUEST_EGPR, %esi
	testl $EGPR_XFEATURE_LO, PAGE_XCR0(%rsi)
	jz .Loff
	mov %rbx, PAGE_SOURCE(%rsi)
	movl $1, PAGE_XINUSE(%rsi)
	jmp .Lexit
.Loff:
	mov %r15, %rbx
.Lexit:
	wrmsrns_imm SOURCE, MSR_TSC_DEADLINE
	mov $MSR_TSC_DEADLINE, %ecx
	rdmsr
	shl $32, %rdx
	or %rdx, %rax
	cmp %rbx, %rax
	je .Lright
	cmpq $0, MB_STATUS(%r13)
	jne .Lright
	movq $EGPR_STATUS_DATA, MB_STATUS(%r13)
	mov %rbx, MB_EXPECTED(%r13)
	mov %rax, MB_GOT(%r13)
	movq $(EGPR_FIRST + SOURCE), MB_FAILED(%r13)
.Lright:
	dec %r12
	jnz .Lround
	.irp reg, r15, r14, r13, r12, rbp, rbx
	pop %\reg
	.endr
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
