/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pause: PAUSE. Leaves the guest only when the CPU sees a spin loop.
 */
#include "runtime/payload.h"

.macro payload_operands
.endm
.macro payload_exit
	pause
.endm

PAYLOAD_BATCH
