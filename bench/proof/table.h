/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables that state proofs print: a line per strategy, a column per guest state.
 */
#ifndef BENCH_PROOF_TABLE_H
#define BENCH_PROOF_TABLE_H

/* The head of a table: strategy, guest states, then @last. */
void proof_print_head(const char *last);

/* One cell: how many proofs of a strategy passed and failed in one guest state. */
void proof_print_cell(unsigned int passed, unsigned int failed);

#endif /* BENCH_PROOF_TABLE_H */
