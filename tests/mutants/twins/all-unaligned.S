/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dual does not begin on a cache line, in any form.
 * row: dual
 * caught by: table
 */
#include "../../../asm/sequence.h"

#undef SEQ_BEGIN
#define SEQ_BEGIN(sym, half) \
	.text; \
	.p2align 6, 0xcc; \
	int3; \
	.globl SEQ_NAME(sym, half); \
	.type SEQ_NAME(sym, half), @function; \
	SEQ_NAME(sym, half):
#include "../../../asm/strategy/dual.S"
