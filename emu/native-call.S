/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emu_native_call: run one re-encoded instruction with another thread's registers.
 *
 * All general registers but rsp are loaded, so the way back needs the stack:
 *
 *   (%rsp) while the slot runs   return address into emu_native_call
 *   8                            slot
 *   16                           struct emu_native *
 *   24                           callee-saved registers, return address
 */
#define N_RFLAGS 128

	.text
	.globl emu_native_call
	.type emu_native_call, @function
/**
 * emu_native_call - load, call, store
 * @n (rdi): struct emu_native: gpr[16], rflags
 * @slot (rsi): the instruction followed by RET
 *
 * Return (eax): 0, or 1 if emu_native_abort was jumped to.
 */
emu_native_call:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	push %rsi
	mov %rdi, %rax
	/* Status flags only: DF and TF stay as the caller has them. */
	pushfq
	mov N_RFLAGS(%rax), %rcx
	and $0x8d5, %ecx
	andq $~0x8d5, (%rsp)
	or %rcx, (%rsp)
	mov 8*1(%rax), %rcx
	mov 8*2(%rax), %rdx
	mov 8*3(%rax), %rbx
	mov 8*5(%rax), %rbp
	mov 8*6(%rax), %rsi
	mov 8*7(%rax), %rdi
	mov 8*8(%rax), %r8
	mov 8*9(%rax), %r9
	mov 8*10(%rax), %r10
	mov 8*11(%rax), %r11
	mov 8*12(%rax), %r12
	mov 8*13(%rax), %r13
	mov 8*14(%rax), %r14
	mov 8*15(%rax), %r15
	mov 8*0(%rax), %rax
	popfq
	call *(%rsp)

	push %rax
	pushfq
	mov 24(%rsp), %rax
	mov %rcx, 8*1(%rax)
	mov %rdx, 8*2(%rax)
	mov %rbx, 8*3(%rax)
	mov %rbp, 8*5(%rax)
	mov %rsi, 8*6(%rax)
	mov %rdi, 8*7(%rax)
	mov %r8, 8*8(%rax)
	mov %r9, 8*9(%rax)
	mov %r10, 8*10(%rax)
	mov %r11, 8*11(%rax)
	mov %r12, 8*12(%rax)
	mov %r13, 8*13(%rax)
	mov %r14, 8*14(%rax)
	mov %r15, 8*15(%rax)
	popq %rcx
	and $0x8d5, %ecx
	mov %rcx, N_RFLAGS(%rax)
	popq %rcx
	mov %rcx, 8*0(%rax)
	xor %eax, %eax
.Lout:
	add $16, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	cld
	ret

/* A fault handler comes here with the stack as the slot had it. */
	.globl emu_native_abort
emu_native_abort:
	add $8, %rsp
	mov $1, %eax
	jmp .Lout
	.size emu_native_call, . - emu_native_call

	.section .note.GNU-stack, "", @progbits
