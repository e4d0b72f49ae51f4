/* SPDX-License-Identifier: GPL-2.0-only */
/* How many stores, clears and loads the table of strategies demands of a half. */
#ifndef BENCH_RUN_DEMAND_H
#define BENCH_RUN_DEMAND_H

#include <egpr/strategy.h>

/**
 * struct demand - instructions of a half that move guest registers
 * @stores: to the context
 * @clears: of a register
 * @loads: from the context
 * @xsaves: XSAVE*, XRSTOR*
 */
struct demand {
	unsigned int stores;
	unsigned int clears;
	unsigned int loads;
	unsigned int xsaves;
};

/**
 * demand_of - what a trace of a half is held against, counted
 * @s: the strategy
 * @form: hw or proxy
 * @entry: 0 for the exit half, 1 for the entry half
 * @d: receives the counts, for a guest with APX on
 *
 * Return: NULL, or why nothing follows from the row.
 */
const char *demand_of(const struct egpr_strategy *s, enum egpr_form form, int entry,
		      struct demand *d);

#endif /* BENCH_RUN_DEMAND_H */
