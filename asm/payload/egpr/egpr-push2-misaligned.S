/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egpr-push2-misaligned: PUSH2 eight bytes off: ends in #GP, by design.
 */
#include "check.h"

	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	and $-16, %rsp
	sub $8, %rsp
	apx_push2 17, 16
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
