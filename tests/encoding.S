/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every APX macro of asm/apx.h with every register it takes, for
 * tests/e2e/encoding.sh: assembled as bytes and as mnemonics, compared.
 */
#include "../asm/apx.h"
#include <egpr/regs.h>

#define ONE(n)                                                                                     \
	apx_store n, ((n - 16) * 8);                                                               \
	apx_load n, ((n - 16) * 8);                                                                \
	apx_store8 n, ((n - 16) * 8);                                                              \
	apx_load8 n, ((n - 16) * 8);                                                               \
	apx_clear n;                                                                               \
	apx_read n;                                                                                \
	apx_pushp n;                                                                               \
	apx_popp n;
#define PAIR(a, b)                                                                                 \
	apx_push2p a, b;                                                                           \
	apx_pop2p b, a;                                                                            \
	apx_push2 a, b;                                                                            \
	apx_pop2 b, a;

	.text
	EGPR_LIST(ONE)
	EGPR_PAIR_LIST(PAIR)
	/* Legacy registers of which assemblers take the number as a name, and mixed pairs. */
	.irp reg, 8, 15
	apx_pushp \reg
	apx_popp \reg
	apx_push2p \reg, 16
	apx_pop2p \reg, 31
	apx_push2p 16, \reg
	apx_pop2p 31, \reg
	.endr
