/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * delay-N: N dependent one-cycle additions at exit, N = egpr_switch.delay.
 *
 * A known cost, injected to see whether the lab can see it. The register form of
 * ADD is used because immediates may be folded at rename (METHOD, point 3). The
 * bits of N select chains of 128, 64, ..., 1 additions. No indirect jump: the
 * kernel's form must hold under IBT.
 *
 * What is injected must not hide: additions that wait for nothing would run in the shadow
 * of the call and the tests, and the first five or ten would cost nothing. So a chain of
 * DELAY_LEAD additions stands before the tests, long enough to fetch them under it,
 * and another behind them, so that the end is the same for every N. The whole is one
 * dependency chain from the load of N to the return, delay-0 is the baseline of the
 * other delays, and each further addition is one core cycle.
 */
#include "../sequence.h"

#define DELAY_LEAD 64

.macro delay_lead
	.rept DELAY_LEAD
	add %rax, %rax
	.endr
.endm

/* The chain runs through rax. Clobbers rax, ecx. */
.macro delay_chain bit
	test $(1 << \bit), %ecx
	jz .Ldelay_skip\@
	.rept 1 << \bit
	add %rax, %rax
	.endr
.Ldelay_skip\@:
.endm

SEQ_BEGIN(delay, exit)
	mov SW_DELAY(%rdi), %ecx
	mov %rcx, %rax
	delay_lead
	.irp bit, 7, 6, 5, 4, 3, 2, 1, 0
	delay_chain \bit
	.endr
	delay_lead
SEQ_END(delay, exit)

SEQ_BEGIN(delay, entry)
SEQ_END(delay, entry)

SEQ_NOEXEC_STACK
