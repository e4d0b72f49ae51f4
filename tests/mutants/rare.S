/* SPDX-License-Identifier: GPL-2.0-only */
/* Broken strategies: what goes wrong now and then. See mutants.h. */
#include "mutants.h"

/* clang-format off */
GATED_EXIT(rare_store, store_but 29; at_every 60, .Lskip; word_store 29, SLOT(29); .Lskip:; clear_egprs)

GATED_EXIT(rare_clear, store_egprs; clear_but 16; at_every 60, .Lkeep; word_clear 16; .Lkeep:)

GATED_ENTRY(rare_load, load_egprs; at_every 60, .Lwrong; jmp .Lright; .Lwrong:; word_load 17, SLOT(18);
	.Lright:)

GATED_EXIT(rarer_swap, store_egprs; at_every 1000, .Lswap; jmp .Lin_place;
	.Lswap:; word_store 30, SLOT(31); word_store 31, SLOT(30); .Lin_place:; clear_egprs)

GATED_EXIT(rarer_scratch, store_egprs; at_every 1000, .Ltaken; jmp .Lnone; .Ltaken:; move 16, 10;
	.Lnone:; clear_egprs)
/* clang-format on */

SEQ_NOEXEC_STACK
