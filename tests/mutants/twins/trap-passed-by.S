/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uncond-mov has a branch that passes the UD2 of form trap by.
 * row: uncond-mov
 * caught by: trap
 */
#include "../../../asm/sequence.h"

.purgem switch_xcr0
.macro switch_xcr0 from, to
	mov \to(%rdi), %rax
	cmp \from(%rdi), %rax
	je .Lxcr0_same\@
	mov %rax, %rdx
	shr $32, %rdx
	xor %ecx, %ecx
	jmp .Lxcr0_set\@
	seq_trap
.Lxcr0_set\@:
	xsetbv
.Lxcr0_same\@:
.endm
#include "../../../asm/strategy/uncond-mov.S"
