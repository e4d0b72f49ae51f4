/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page-fault: a load from an address that nothing maps, with known registers.
 */
#define NOWHERE 0x7ffffff000
#define MARK	0x1122334455667788

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	mov $MARK, %r11
	mov $NOWHERE, %rsi
	mov (%rsi), %rax
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
