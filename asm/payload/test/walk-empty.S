/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk-empty: one walk of no lines, counted as a walk.
 */
#include "walk-fault.h"

.macro walk_fault
	movq $0, MB_WALK_LINES(%r13)
	call egpr_walk
.endm

WALK_FAULT_BATCH
