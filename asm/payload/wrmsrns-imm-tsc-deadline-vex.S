/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wrmsrns-imm-tsc-deadline-vex: WRMSRNS of a TSC deadline that never comes, from rax.
 */
#include "runtime/payload.h"

payload_prepare_begin
	enable_tsc_deadline
payload_prepare_end

.macro payload_operands
	far_deadline
.endm
.macro payload_exit
	wrmsrns_imm 0, MSR_TSC_DEADLINE
.endm

PAYLOAD_BATCH
