/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of the extended general-purpose registers (EGPRs) r16..r31.
 *
 * Everything that walks the registers (sequences in assembly, the software
 * register file, test patterns, the XSAVE image) expands this list, so a
 * register cannot be forgotten in one place only. Usable from C and from
 * preprocessed assembly: an expansion in assembly separates its entries by ';'.
 */
#ifndef EGPR_REGS_H
#define EGPR_REGS_H

/* X(number): the architectural register number, 16..31. */
/* clang-format off */
#define EGPR_LIST(X)				\
	X(16) X(17) X(18) X(19)			\
	X(20) X(21) X(22) X(23)			\
	X(24) X(25) X(26) X(27)			\
	X(28) X(29) X(30) X(31)

/* X(even, odd): the same registers as pairs, for PUSH2 and POP2. */
#define EGPR_PAIR_LIST(X)			\
	X(16, 17) X(18, 19) X(20, 21) X(22, 23)	\
	X(24, 25) X(26, 27) X(28, 29) X(30, 31)

/* The pairs in descending order: the order in which PUSH2 fills memory. */
#define EGPR_PAIR_LIST_DESC(X)			\
	X(30, 31) X(28, 29) X(26, 27) X(24, 25)	\
	X(22, 23) X(20, 21) X(18, 19) X(16, 17)
/* clang-format on */

#define EGPR_FIRST 16
#define EGPR_COUNT 16
#define EGPR_BYTES (EGPR_COUNT * 8) /* size of XSAVE state component 19 */

/* APX state component and its bit in XCR0 (APX spec, "Extended GPR state"). */
#define EGPR_XFEATURE	 19
#define EGPR_XFEATURE_LO (1 << EGPR_XFEATURE) /* fits the EAX half of RFBM */

/* Offset of component 19 in the standard XSAVE format: CPUID(0xD,19).EBX, the old MPX area. */
#define EGPR_XSAVE_STD_OFFSET 960
/* Offset in the compacted format when component 19 is the only extended one. */
#define EGPR_XSAVE_COMPACT_OFFSET 576
#define EGPR_XSAVE_HEADER_OFFSET  512

#endif /* EGPR_REGS_H */
