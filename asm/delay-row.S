/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What delay-N is where code can be copied (bench/layout.c).
 *
 * asm/strategy/delay.S chooses its additions by N at run time, so its arms differ in the
 * branches they take and in the lines they fetch. In a warm loop that costs nothing. After an
 * exit branches are forgotten and code is far away, and it costs more than what is injected.
 * Here a copy holds a row of slots of one length: N additions and, up to the largest N
 * beside it, no-ops. Arms run through the same bytes, but for what stands in the slots. The
 * row is a link of a chain of multiplications, in a loop before and a loop behind: few bytes, and
 * three cycles a turn, where the loop's counter needs one. So what is fetched and mispredicted
 * runs ahead of the chain and under it, and each addition is one core cycle of the whole.
 */
#define TURNS 48 /* of either loop */

	.section .rodata

.macro part name
	.globl egpr_delay_\name
egpr_delay_\name:
.endm

/* Chain through rax. Clobbers rax, ecx and flags. */
.macro turns
	mov $TURNS, %ecx
.Lturn\@:
	imul %rax, %rax
	dec %ecx
	jnz .Lturn\@
.endm

part lead
	turns
part slot_add
	add %rax, %rax
part slot_nop
	nopl (%rax)
part tail
	turns
	ret
part end

	.section .note.GNU-stack, "", @progbits
