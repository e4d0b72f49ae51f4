/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What delay-N is where code can be copied (bench/layer/layout.c).
 *
 * asm/strategy/delay.S chooses its additions by N at run time, so its arms differ in the
 * branches they take and in the lines they fetch. In a warm loop that costs nothing. After an
 * exit branches are forgotten and code is far away, and it costs more than what is injected.
 * Here a copy holds a row of slots of one length: N additions and, up to the largest N
 * beside it, no-ops. Arms run through the same bytes, but for what stands in the slots.
 *
 * The row is a link of a chain between two LFENCEs, with a loop of multiplications before and behind:
 * three cycles a turn, where the loop's counter needs one. So code is fetched, ends of loops
 * are mispredicted and no-ops retire under the chain, nothing else does, and each addition is one
 * core cycle of the whole.
 */
#define LEAD_TURNS 32 /* the row is fetched meanwhile */
#define TAIL_TURNS 24 /* 255 no-ops retire meanwhile */

	.section .rodata

.macro part name
	.globl egpr_delay_\name
egpr_delay_\name:
.endm

/* Chain through rax. Clobbers rax, ecx and flags. */
.macro turns n
	mov $\n, %ecx
.Lturn\@:
	imul %rax, %rax
	dec %ecx
	jnz .Lturn\@
.endm

part lead
	lfence
	turns LEAD_TURNS
part slot_add
	add %rax, %rax
part slot_nop
	nopl (%rax)
part tail
	turns TAIL_TURNS
	lfence
	ret
part end

	.section .note.GNU-stack, "", @progbits
