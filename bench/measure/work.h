/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell while it runs, and what the engine does with it: batches, the warm-up, a block.
 */
#ifndef BENCH_MEASURE_WORK_H
#define BENCH_MEASURE_WORK_H

#include "engine.h"

#define PILOT_MAX 32 /* blocks of the pilot at most */

/**
 * struct work - a cell while it runs
 */
struct work {
	struct engine *g;
	const struct cell *c;
	struct cell_result *r;
	void *run;
	double start;
	double seconds;
	unsigned int sources; /* of noise, read per batch */
	struct egpr_noise_counts before;
	unsigned int pilots;
	double pilot[PILOT_MAX];
	unsigned int replan_at;
	double blocks_start;
	unsigned int blocks_before;
	unsigned int until; /* blocks at the end of this part */
	uint64_t *stamps;   /* of one batch, and the same sorted; NULL with location = mean */
	double *sorted;
	double step;   /* the smallest by which two stamps differed: a step of the TSC */
	double spread; /* of that half of the last batch's exits that counts */
	struct data_error *e;
};

/* One batch. Return: as guard_batch(), but LAYER_ASTRAY only where it may be run anew. */
int work_batch(struct work *w, struct layer_batch *b);
/* A batch whose cycles are its exits times what the plan sums it up by. Return: likewise. */
int work_summed(struct work *w, struct layer_batch *b);
/* Should a batch that was dropped be run anew, in its place? One that will not be is no failure. */
bool work_again(const struct work *w, int *ret);

/* Blocks at least: of a launch where there are several, else of the cell. */
unsigned int work_least_blocks(const struct work *w);

/**
 * work_warm_up - the baseline until it has settled; finds the batch size as well
 * @w: the cell
 *
 * Return: 0, EGPR_SKIPPED where stamps of single exits tell too little or the guest's walks take far longer
 * than the cell may, or another status.
 */
int work_warm_up(struct work *w);

/**
 * work_block - one batch of every arm, and a row of each
 * @w: the cell
 * @median: of each arm's blocks so far, for outliers
 * @mad: likewise
 *
 * A block that a signal or a failure cut short leaves no trace in the result. Return: 0 or a status.
 */
int work_block(struct work *w, double *median, double *mad);

#endif /* BENCH_MEASURE_WORK_H */
