/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ref_call: run the reference instruction, apart from the emulator's own thunk.
 *
 * Registers travel through ref_state, not through pointers in registers, so that
 * every register but rsp belongs to the instruction.
 */
	.bss
	.balign 64
	.globl ref_state
ref_state:			/* gpr[16], rflags */
	.skip 17 * 8
ref_rsp:
	.skip 8
ref_target:
	.skip 8

	.text
	.globl ref_call
	.type ref_call, @function
ref_call:			/* rdi: code that ends in RET */
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, ref_target(%rip)
	mov %rsp, ref_rsp(%rip)
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov ref_state+8*\n(%rip), %r\n
	.endr
	mov ref_state+8*1(%rip), %rcx
	mov ref_state+8*2(%rip), %rdx
	mov ref_state+8*3(%rip), %rbx
	mov ref_state+8*5(%rip), %rbp
	mov ref_state+8*6(%rip), %rsi
	mov ref_state+8*7(%rip), %rdi
	mov ref_state+8*0(%rip), %rax
	push ref_state+8*16(%rip)
	popfq
	call *ref_target(%rip)
	pushfq
	pop ref_state+8*16(%rip)
	mov %rax, ref_state+8*0(%rip)
	mov %rcx, ref_state+8*1(%rip)
	mov %rdx, ref_state+8*2(%rip)
	mov %rbx, ref_state+8*3(%rip)
	mov %rbp, ref_state+8*5(%rip)
	mov %rsi, ref_state+8*6(%rip)
	mov %rdi, ref_state+8*7(%rip)
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov %r\n, ref_state+8*\n(%rip)
	.endr
	mov ref_rsp(%rip), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	cld
	ret
	.size ref_call, . - ref_call
	.section .note.GNU-stack, "", @progbits
