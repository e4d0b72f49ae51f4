/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A planted fault: a timed loop that runs half the rounds for every arm but those that do nothing, whose
 * exit half begins with its return.
 */
	.text
	.p2align 6
	.globl egpr_prim_batch
	.type egpr_prim_batch, @function
egpr_prim_batch:
	cmpb $0xc3, (%rsi)
	je .Lwhole
	shr $1, %rcx
	adc $0, %rcx /* a batch of one round stays one */
.Lwhole:

#define egpr_prim_batch egpr_prim_batch_whole
#include "../../../asm/batch.S"
