/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr_contract_call - run one half between two looks at all the state that a caller owns
 *
 * Marks go into the callee-saved registers, the caller's frame, x87, SSE, every other enabled
 * component and the registers that a half may lose; what the half leaves there is written down before
 * anything else is done, and the components end in their initial configuration, as C code has them. The
 * frame is found again through a variable, for the stack pointer is among what is looked at, and rcx through
 * another. For user space and for the module, where both variables are the CPU's and interrupts are off.
 *
 * Stack frame: six saved registers, one word of padding, 64 bytes of marks (frame), return address of
 * the half.
 */
#include <egpr/egpr-offsets.h>

#ifdef __KERNEL__
#include <linux/linkage.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#define CONTRACT_CALL CALL_NOSPEC
#define CONTRACT_RET  RET
#define CONTRACT_NOW  PER_CPU_VAR(egpr_contract_now)
#define CONTRACT_RCX  PER_CPU_VAR(egpr_contract_rcx)
#else
#include <egpr/regs.h>
#include "apx.h"
#define LOAD_GUEST(n)  apx_load n, (C_EGPR_IN + (n - EGPR_FIRST) * 8);
#define STORE_GUEST(n) apx_store n, (C_EGPR_OUT + (n - EGPR_FIRST) * 8);
.macro CONTRACT_CALL reg
	call *%\reg
.endm
#define CONTRACT_RET ret
#define CONTRACT_NOW egpr_contract_now(%rip)
#define CONTRACT_RCX egpr_contract_rcx(%rip)

	.bss
	.balign 8
egpr_contract_now:
	.quad 0
egpr_contract_rcx:
	.quad 0
#endif

	.text
/**
 * egpr_contract_call
 * @c:	%rdi, struct egpr_contract_state *
 * @fn:	%rsi, the half
 * @sw:	%rdx, its argument
 */
	.globl egpr_contract_call
	.type egpr_contract_call, @function
#ifndef __KERNEL__
	.globl egpr_contract_loads, egpr_contract_stored
#endif
egpr_contract_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $(8 + 8 * C_FRAME_WORDS), %rsp
	mov %rdi, CONTRACT_NOW
	mov %rdx, %r8
	fxsave64 C_FX_CALLER(%rdi)

	.set i, 0
	.rept C_FRAME_WORDS
	mov C_FRAME_IN + 8 * i(%rdi), %rax
	mov %rax, 8 * i(%rsp)
	.set i, i + 1
	.endr
	fxrstor64 C_FX_IN(%rdi)
	mov C_MASK(%rdi), %eax
	xor %edx, %edx
	test %eax, %eax
	jz .Lno_components_in
	xrstor64 C_X_IN(%rdi)
.Lno_components_in:
	mov C_SAVED_IN(%rdi), %rbx
	mov C_SAVED_IN + 8(%rdi), %rbp
	mov C_SAVED_IN + 16(%rdi), %r12
	mov C_SAVED_IN + 24(%rdi), %r13
	mov C_SAVED_IN + 32(%rdi), %r14
	mov C_SAVED_IN + 40(%rdi), %r15
	pushfq
	popq C_FLAGS_IN(%rdi)
	mov %rsp, C_RSP_IN(%rdi)
#ifndef __KERNEL__
	cmpq $0, C_EGPRS(%rdi)
	je .Lno_egprs_in
egpr_contract_loads:
	EGPR_LIST(LOAD_GUEST)
.Lno_egprs_in:
#endif
	mov C_SCRATCH_IN(%rdi), %rax
	mov C_SCRATCH_IN + 8(%rdi), %rcx
	mov C_SCRATCH_IN + 16(%rdi), %rdx
	mov C_SCRATCH_IN + 48(%rdi), %r9
	mov C_SCRATCH_IN + 56(%rdi), %r10
	mov C_SCRATCH_IN + 64(%rdi), %r11
	xchg %r8, %rdi
	mov C_SCRATCH_IN + 40(%r8), %r8
	CONTRACT_CALL rsi

	mov %rcx, CONTRACT_RCX
	mov CONTRACT_NOW, %rcx
	mov %rax, C_SCRATCH_OUT(%rcx)
	mov CONTRACT_RCX, %rax
	mov %rax, C_SCRATCH_OUT + 8(%rcx)
	mov %rdx, C_SCRATCH_OUT + 16(%rcx)
	mov %rsi, C_SCRATCH_OUT + 24(%rcx)
	mov %rdi, C_SCRATCH_OUT + 32(%rcx)
	mov %r8, C_SCRATCH_OUT + 40(%rcx)
	mov %r9, C_SCRATCH_OUT + 48(%rcx)
	mov %r10, C_SCRATCH_OUT + 56(%rcx)
	mov %r11, C_SCRATCH_OUT + 64(%rcx)
	mov %rsp, C_RSP_OUT(%rcx)
	mov C_RSP_IN(%rcx), %rsp
#ifndef __KERNEL__
	mov %rcx, %rdi
	mov C_EGPRS(%rdi), %rcx
	jrcxz .Lno_stores /* a branch without a flag: they are the half's yet */
	jmp .Lstores
.Lno_stores:
	jmp .Lno_egprs_out
.Lstores:
	EGPR_LIST(STORE_GUEST)
egpr_contract_stored:
.Lno_egprs_out:
	mov %rdi, %rcx
#endif
	pushfq
	popq C_FLAGS_OUT(%rcx)
	pushq C_FLAGS_IN(%rcx)
	popfq
	mov %rbx, C_SAVED_OUT(%rcx)
	mov %rbp, C_SAVED_OUT + 8(%rcx)
	mov %r12, C_SAVED_OUT + 16(%rcx)
	mov %r13, C_SAVED_OUT + 24(%rcx)
	mov %r14, C_SAVED_OUT + 32(%rcx)
	mov %r15, C_SAVED_OUT + 40(%rcx)
	.set i, 0
	.rept C_FRAME_WORDS
	mov 8 * i(%rsp), %rax
	mov %rax, C_FRAME_OUT + 8 * i(%rcx)
	.set i, i + 1
	.endr
	fxsave64 C_FX_OUT(%rcx)
	mov C_MASK(%rcx), %eax
	xor %edx, %edx
	test %eax, %eax
	jz .Lno_components_out
	xsave64 C_X_OUT(%rcx)
	xrstor64 C_INITIAL(%rcx) /* and no MXCSR that matters: FXRSTOR follows */
.Lno_components_out:
	fxrstor64 C_FX_CALLER(%rcx)
	add $(8 + 8 * C_FRAME_WORDS), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	CONTRACT_RET
	.size egpr_contract_call, . - egpr_contract_call

	.section .note.GNU-stack, "", @progbits
