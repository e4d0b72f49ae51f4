/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A planted fault: a timed loop that runs half the rounds for every arm but those that do nothing, whose
 * exit half begins with its return, and says that it ran them all. In the place of the right one
 * behind all proofs (../late.c).
 */
	.text
	.p2align 6
	.globl egpr_prim_batch_late
egpr_prim_batch_late:
	cmpb $0xc3, (%rsi)
	je .Lwhole
	push %rcx
	shr $1, %rcx
	adc $0, %rcx /* a batch of one round stays one */
	call .Lwhole
	pop %rdx
	ret
.Lwhole:

#define egpr_prim_batch	    egpr_prim_batch_whole
#define egpr_prim_batch_end egpr_prim_batch_late_end
#include "../../../asm/batch.S"
