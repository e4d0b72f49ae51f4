/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk-skipped: one exit without a walk before it.
 */
#include "walk-fault.h"

.macro walk_fault
.endm

WALK_FAULT_BATCH
