/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ud-in-guest: UD2, taken and skipped by the guest's own handler: the control without an exit.
 */
#include "runtime/payload.h"

#define UD2_BYTES 2

payload_prepare_begin
	movq $UD2_BYTES, MB_UD_SKIP(%rdi)
payload_prepare_end

.macro payload_operands
.endm
.macro payload_exit
	ud2
.endm

PAYLOAD_BATCH
