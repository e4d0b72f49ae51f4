/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk-elsewhere: one walk begins a line late: as many lines, but others.
 */
#include "walk-fault.h"

.macro walk_fault
	mov MB_WALK_AT(%r13), %rax
	mov (%rax), %rax
	mov %rax, MB_WALK_AT(%r13)
	call egpr_walk
.endm

WALK_FAULT_BATCH
