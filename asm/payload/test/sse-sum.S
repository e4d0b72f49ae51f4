/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sse-sum: sums in all XMM registers and on the x87 stack that live in the registers across exits and
 * batches, under control words of their own. For CPL 3: some KVM backends interpret CPL 0
 * and know no SSE there.
 */
#include <egpr/guest.h>
#include <egpr/egpr-offsets.h>
#include "sse-sum.h"

#define STATUS_DATA   65 /* EGPR_DATA of egpr/status.h, which is C */
#define MXCSR_CONTROL 0xffc0

	.data
	.balign 16
increments:
	.set lane, 0
	.rept SSE_SUM_LANES
	.quad SSE_SUM_FIRST + lane * SSE_SUM_MORE
	.set lane, lane + 1
	.endr
x87_increment: .quad SSE_SUM_X87
started: .long 0
mxcsr: .long SSE_SUM_MXCSR
mxcsr_now: .long 0
cw: .word SSE_SUM_CW
cw_now: .word 0

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	cmpl $0, started
	jne .Lstarted
	movl $1, started
	fninit
	fldcw cw
	fldz
	ldmxcsr mxcsr
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pxor %xmm\k, %xmm\k
	.endr
.Lstarted:
	mov MB_ITERATIONS(%rdi), %rsi
	mov %rsi, MB_DONE(%rdi)
.Lround:
	out %al, $EGPR_PORT_TEST
	mov $SSE_SUM_STEP_MXCSR, %ecx
	mov $SSE_SUM_MXCSR, %edx
	stmxcsr mxcsr_now
	mov mxcsr_now, %eax
	and $MXCSR_CONTROL, %eax
	cmp %edx, %eax
	jne .Lwrong
	mov $SSE_SUM_STEP_CW, %ecx
	mov $SSE_SUM_CW, %edx
	fnstcw cw_now
	movzwl cw_now, %eax
	cmp %edx, %eax
	jne .Lwrong
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	addpd increments + 16 * \k, %xmm\k
	.endr
	faddl x87_increment
	dec %rsi
	jnz .Lround

	mov $EGPR_GUEST_STAMPS, %edx
	.irp k, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movapd %xmm\k, 16 * \k(%rdx)
	.endr
	fld %st(0)
	fstpt SSE_SUM_AT_X87(%rdx)
	stmxcsr SSE_SUM_AT_MXCSR(%rdx)
	fnstcw SSE_SUM_AT_CW(%rdx)
	ret
.Lwrong:
	mov %rcx, MB_FAILED(%rdi)
	mov %rdx, MB_EXPECTED(%rdi)
	mov %rax, MB_GOT(%rdi)
	movq $STATUS_DATA, MB_STATUS(%rdi)
	ret
	.size egpr_batch, . - egpr_batch

	.section .note.GNU-stack, "", @progbits
