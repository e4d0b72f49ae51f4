/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * invd: INVD, which KVM intercepts and ignores: real caches stay as they are.
 */
#include "runtime/payload.h"

.macro payload_operands
.endm
.macro payload_exit
	invd
.endm

PAYLOAD_BATCH
