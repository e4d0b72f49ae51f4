/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * far: a payload that is too large for the smallest guest.
 */
#define TWO_MIB (2 << 20)

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	ret
	.size egpr_batch, . - egpr_batch

	.bss
	.skip TWO_MIB
	.section .note.GNU-stack, "", @progbits
