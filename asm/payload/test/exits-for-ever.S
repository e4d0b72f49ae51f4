/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exits-for-ever: a payload whose batch never ends, though it leaves the guest all the time.
 */
#include <egpr/guest.h>
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	out %al, $EGPR_PORT_TEST
	jmp egpr_batch
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
