/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * delay-N: N dependent one-cycle additions at exit, N = egpr_switch.delay.
 *
 * A known cost, injected to see whether the lab can see it. The register form of
 * ADD is used because immediates may be folded at rename (METHOD, point 3). The
 * bits of N select chains of 128, 64, ..., 1 additions; the eight tests cost the
 * same for every N, so delay-0 is the baseline of the other delays. No indirect
 * jump: the kernel's form must hold under IBT.
 */
#include "../sequence.h"

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
	.irp bit, 7, 6, 5, 4, 3, 2, 1, 0
	delay_chain \bit
	.endr
SEQ_END(delay, exit)

SEQ_BEGIN(delay, entry)
SEQ_END(delay, entry)

SEQ_NOEXEC_STACK
