/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A payload that leaves out, doubles or misleads its walks: `walk_fault`, a macro, is the faulty
 * round's walk; then WALK_FAULT_BATCH. Every other round walks as it should, every round exits.
 */
#ifndef ASM_WALK_FAULT_H
#define ASM_WALK_FAULT_H

#include <egpr/guest.h>
#include <egpr/egpr-offsets.h>

#define FAULTY_ROUND 2 /* counted down: the last but one */

.macro WALK_FAULT_BATCH
	.text
	.globl egpr_batch
	.type egpr_batch, @function
egpr_batch:
	push %r12
	mov MB_ITERATIONS(%r13), %r12
	mov %r12, MB_DONE(%r13)
.Lround:
	cmp $FAULTY_ROUND, %r12
	jne .Lsound
	walk_fault
	jmp .Lexit
.Lsound:
	call egpr_walk
.Lexit:
	out %al, $EGPR_PORT_TEST
	dec %r12
	jnz .Lround
	pop %r12
	ret
	.size egpr_batch, . - egpr_batch
	.section .note.GNU-stack, "", @progbits
.endm

#endif /* ASM_WALK_FAULT_H */
