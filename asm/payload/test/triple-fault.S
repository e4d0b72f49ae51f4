/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * triple-fault: no IDT, and an exception.
 */
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	lidt no_idt
	ud2
	.size egpr_batch, . - egpr_batch

	.data
no_idt:
	.word 0
	.quad 0
	.section .note.GNU-stack, "", @progbits
