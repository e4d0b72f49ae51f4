/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loops: a payload whose batch never ends and never exits.
 */
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	jmp .
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
