/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * not-emulated: XGETBV and POPCNT. A CPU runs them; a KVM that interprets
 * CPL 0 code does not know the first it meets and says so with exit 17.
 */
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	xor %ecx, %ecx
	xgetbv
	popcnt %rax, %rax
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
