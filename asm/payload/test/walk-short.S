/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk-short: one walk leaves its last line out.
 */
#include "walk-fault.h"

.macro walk_fault
	decq MB_WALK_LINES(%r13)
	call egpr_walk
	incq MB_WALK_LINES(%r13)
.endm

WALK_FAULT_BATCH
