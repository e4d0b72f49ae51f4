/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmcall: Intel's hypercall instruction as it is, on whatever CPU.
 */
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	vmcall
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
