/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unknown-port: OUT to a port that the VMM does not have.
 */
#define NO_PORT 0x99

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	out %al, $NO_PORT
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
