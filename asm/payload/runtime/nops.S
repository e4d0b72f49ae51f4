/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nops: EGPR_GUEST_NOPS NOPs. Tells a CPU that runs CPL 0 code from a KVM that interprets it.
 */
#include "payload.h"

.macro payload_operands
.endm
.macro payload_exit
	.rept EGPR_GUEST_NOPS
	nop
	.endr
.endm

PAYLOAD_BATCH
