/* SPDX-License-Identifier: GPL-2.0-only */
/* MSR_IMM in VEX and EVEX form, for tests/e2e/encoding.sh. */
#include "../asm/msr-imm.h"

	.text
	wrmsrns_imm 0, 0x6e0
	wrmsrns_imm 9, 0x6e0
	wrmsrns_imm 16, 0x6e0
	wrmsrns_imm 31, 0x830
	rdmsr_imm 0, 0x6e0
	rdmsr_imm 16, 0x6e0
