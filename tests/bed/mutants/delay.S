/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Planted faults: delay-N that changes what is its caller's, one thing per N (contract.h). Everything
 * works on caller-saved registers but for what the fault is about.
 */
#include "../asm/sequence.h"
#include "contract.h"

/* Below the stack pointer: interrupts are off, and a fault there is a fault of the test. */
#define SCRATCH -8(%rsp)

.macro fault_mxcsr_zero
	movl $0, SCRATCH
	ldmxcsr SCRATCH
.endm
.macro fault_mxcsr_xor
	stmxcsr SCRATCH
	xorl $0x80, SCRATCH
	ldmxcsr SCRATCH
.endm
.macro fault_mxcsr_sticky
	stmxcsr SCRATCH
	orl $1, SCRATCH
	ldmxcsr SCRATCH
.endm
.macro fault_x87_control
	fnstcw SCRATCH
	xorw $0x300, SCRATCH
	fldcw SCRATCH
.endm
.macro fault_x87_init
	fninit
.endm
.macro fault_x87_top
	fincstp
.endm
.macro fault_xmm0
	pxor %xmm0, %xmm0
.endm
.macro fault_xmm15
	movq %rdi, %xmm15
.endm
.macro fault_ymm_upper
	vzeroupper
.endm
.macro fault_rbx_upper
	mov %ebx, %ebx
.endm
.macro fault_rbp_low
	xor $1, %bpl
.endm
.macro fault_r12
	mov %rdi, %r12
.endm
.macro fault_r15
	xor %r15d, %r15d
.endm
.macro fault_df
	std
.endm
.macro fault_ac
	pushfq
	orl $0x40000, (%rsp)
	popfq
.endm
.macro fault_interrupts_on
	sti
.endm
.macro fault_rsp_up
	pop %rax
	lea 8(%rsp), %rsp
	push %rax
	SEQ_UNWIND_BACK
.endm
.macro fault_rsp_down
	mov (%rsp), %rax
	push %rax
	SEQ_UNWIND_BACK
.endm
.macro fault_frame_near
	movq $0, 8(%rsp)
.endm
.macro fault_frame_far
	incl 60(%rsp)
.endm
.macro fault_operand
	incq SW_OPERAND(%rdi)
.endm
.macro fault_thread_flags
	xorl $1, SW_THREAD_FLAGS(%rdi)
.endm
.macro fault_regs
	incq SW_REGS + 120(%rdi)
.endm
.macro fault_xsave_area
	incb SW_XSAVE + 1000(%rdi)
.endm
.macro fault_xcr0_member
	incl SW_XCR0_GUEST + 4(%rdi)
.endm
/* Whatever components there are beyond SSE, off. */
.macro fault_xcr0
	mov $3, %eax
	xor %edx, %edx
	xor %ecx, %ecx
	xsetbv
.endm
.macro fault_pkru
	xor %ecx, %ecx
	rdpkru
	xor $0x40000000, %eax
	wrpkru
.endm

/* Of a guest, in form trap; the word reads into rax. */
.macro fault_left_in_rcx
	word_read 23
	mov %rax, %rcx
	xor %eax, %eax
.endm
.macro fault_left_in_r11
	word_read 16
	mov %rax, %r11
	xor %eax, %eax
.endm

#define FAULT(n, name, check)      \
	cmp $n, %ecx;              \
	jne .Lnot_##name\@;        \
	fault_##name;              \
	jmp .Ldone\@;              \
	.Lnot_##name\@:;

.macro faults
	CONTRACT_MUTANTS(FAULT)
.Ldone\@:
.endm

SEQ_BEGIN(delay, exit)
	mov SW_DELAY(%rdi), %ecx
	faults
SEQ_END(delay, exit)

SEQ_BEGIN(delay, entry)
	mov SW_DELAY(%rdi), %ecx
	sub $CONTRACT_MUTANT_ENTRY, %ecx
	faults
SEQ_END(delay, entry)

SEQ_NOEXEC_STACK
