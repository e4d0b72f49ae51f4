/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One entry of a guest by a thread whose vector and x87 registers are in use: what the compiler
 * would have to be asked for in vain.
 */
#include <asm/unistd_64.h>
#include "sums.h"

#define KVM_RUN 0xae80 /* linux/kvm.h, which is C */

/* On the stack: the caller's control words. */
#define OLD_MXCSR 0
#define OLD_CW	  4
#define LOCALS	  8

/**
 * sums_step - load the sums, run the entry half, the vCPU, the exit half, add, store the sums
 * @f:		%rdi	struct sums; 16-byte aligned
 * @entry:	%rsi	half, or NULL
 * @exit:	%rdx	half, or NULL
 * @sw:		%rcx	argument of both
 * @vcpu:	%r8d	its file, or -1: no guest runs
 *
 * Sums and control words are in the registers from the first to the last. Return: what the kernel
 * said: 0, or -errno; then nothing was added.
 */
	.text
	.globl sums_step
	.type sums_step, @function
sums_step:
	.irp reg, rbx, rbp, r12, r13, r14, r15
	push %\reg
	.endr
	sub $LOCALS, %rsp
	mov %rdi, %rbx
	mov %rsi, %r12
	mov %rdx, %r13
	mov %rcx, %r14
	mov %r8d, %ebp
	xor %r15d, %r15d
	stmxcsr OLD_MXCSR(%rsp)
	fnstcw OLD_CW(%rsp)

	ldmxcsr SUMS_MXCSR(%rbx)
	fldcw SUMS_CW(%rbx)
	fldt SUMS_X87(%rbx)
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movapd SUMS_SUM + 16 * \k(%rbx), %xmm\k
	.endr
	test %r12, %r12
	jz .Lentered
	mov %r14, %rdi
	call *%r12
.Lentered:
	test %ebp, %ebp
	js .Lleft
	mov $__NR_ioctl, %eax
	mov %ebp, %edi
	mov $KVM_RUN, %esi
	xor %edx, %edx
	syscall
	mov %rax, %r15
.Lleft:
	test %r13, %r13
	jz .Lswitched
	mov %r14, %rdi
	call *%r13
.Lswitched:
	stmxcsr SUMS_MXCSR_SEEN(%rbx)
	fnstcw SUMS_CW_SEEN(%rbx)
	test %r15, %r15
	jnz .Lstore
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	addpd SUMS_INCREMENT + 16 * \k(%rbx), %xmm\k
	.endr
	faddl SUMS_X87_INCREMENT(%rbx)
.Lstore:
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movapd %xmm\k, SUMS_SUM + 16 * \k(%rbx)
	.endr
	fstpt SUMS_X87(%rbx)

	fnclex
	fldcw OLD_CW(%rsp)
	ldmxcsr OLD_MXCSR(%rsp)
	mov %r15, %rax
	add $LOCALS, %rsp
	.irp reg, r15, r14, r13, r12, rbp, rbx
	pop %\reg
	.endr
	ret
	.size sums_step, . - sums_step

	.section .note.GNU-stack, "", @progbits
