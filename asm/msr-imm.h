/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSR_IMM: RDMSR and WRMSRNS with the MSR index as an immediate.
 *
 * A register below 16 takes the VEX form, an EGPR the EVEX form; both live in
 * opcode map 7 (SDM vol. 2, "RDMSR", "WRMSRNS"). No assembler in Debian 12
 * knows them, so these are bytes everywhere.
 */
#ifndef ASM_MSR_IMM_H
#define ASM_MSR_IMM_H

/* pp selects the operation: F3 (2) writes, F2 (3) reads. */
.macro msr_imm reg, msr, pp
	.if \reg < 16
	.byte 0xc4, 0xc7 | ((~((\reg) >> 3) & 1) << 5), 0x78 | \pp
	.else
	.byte 0x62, 0xd7 | ((~((\reg) >> 3) & 1) << 5) | ((((\reg) >> 4) & 1) << 3)
	.byte 0x7c | \pp, 0x08
	.endif
	.byte 0xf6, 0xc0 | (\reg & 7)
	.long \msr
.endm
/* wrmsrns %reg, $msr */
.macro wrmsrns_imm reg, msr
	msr_imm \reg, \msr, 2
.endm
/* rdmsr $msr, %reg */
.macro rdmsr_imm reg, msr
	msr_imm \reg, \msr, 3
.endm

#endif /* ASM_MSR_IMM_H */
