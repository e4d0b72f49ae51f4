/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block means out of a run directory: what the engine had in memory, read back from
 * samples.csv.
 */
#ifndef BENCH_BLOCKS_H
#define BENCH_BLOCKS_H

#include <stddef.h>

#include <bench/rundir/launches.h>
#include <bench/rundir/rundir.h>

/**
 * struct blocks_arm - one arm of one cell
 * @row: a row of samples.csv that belongs to it, for its identity
 * @n: blocks
 * @mean: TSC ticks per exit, by block
 * @layout: index of the code offset, by block
 * @launch: number of the launch, by block
 */
struct blocks_arm {
	size_t row;
	size_t n;
	double *mean;
	unsigned int *layout;
	unsigned int *launch;
};

/**
 * struct blocks - all arms of a run
 * @samples: the table they come from
 * @launches: of the run
 * @n: number of arms
 * @arm: the arms, in the order in which they first appear
 */
struct blocks {
	const struct csv_table *samples;
	struct launches launches;
	size_t n;
	struct blocks_arm *arm;
};

/**
 * blocks_read - collect the block means of a run
 * @data: a verified run directory; must outlive @b
 * @b: to fill; blocks_free() it, after a failure too
 * @e: receives the message
 *
 * Return: 0; EGPR_DATA where a block of an arm is missing; EGPR_INTERNAL without memory.
 */
int blocks_read(const struct rundir_data *data, struct blocks *b, struct data_error *e);
void blocks_free(struct blocks *b);

/**
 * blocks_find - an arm of a run
 * @b: the run
 * @samples: a table, of this run or another
 * @row: a row of it, whose layer, exit kind, context and provenance the arm has
 * @strategy: the arm's strategy
 * @state: its guest state; NULL for that of @row
 *
 * Return: the arm, or NULL.
 */
const struct blocks_arm *blocks_find(const struct blocks *b, const struct csv_table *samples,
				     size_t row, const char *strategy, const char *state);

#endif /* BENCH_BLOCKS_H */
