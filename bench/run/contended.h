/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contended blocks are kept; whether they say something else than the others is said here.
 */
#ifndef BENCH_RUN_CONTENDED_H
#define BENCH_RUN_CONTENDED_H

#include <bench/measure/engine.h>

#define CONTENDED_LEAST 30 /* blocks of a stratum that has something to say */

/**
 * struct contended - the two strata of a comparison
 * @blocks: blocks in each; [1] the contended ones
 * @shift: median of the paired differences in each, TSC ticks per exit; NaN without a block
 * @apart: both have something to say, and it differs by more than the margin and four standard errors
 */
struct contended {
	unsigned int blocks[2];
	double shift[2];
	bool apart;
};

/**
 * contended_strata - a comparison by stratum
 * @r: the cell's result
 * @arm: the arm
 * @baseline: what it is compared with
 * @margin: TSC ticks per exit
 * @out: receives it
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int contended_strata(const struct cell_result *r, unsigned int arm, unsigned int baseline,
		     double margin, struct contended *out);

#endif /* BENCH_RUN_CONTENDED_H */
