/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The measuring engine: one cell, from warm-up to decisions.
 *
 * docs/method.md says why it works this way. What happens in order: warm up until the
 * baseline has settled; find the batch size; run blocks, every batch of which is a row
 * of samples.csv at once; at fixed looks decide every comparison, and stop when all are
 * decided or the cell's time is over; last, stamp single exits for the tails.
 *
 * A run of several launches goes through all cells in each, a part of the blocks at a time. Looks
 * are at the ends of parts then, from the second on: one launch says nothing about others.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <bench/layer/layer.h>
#include <bench/host/contention.h>
#include <bench/host/noise.h>
#include <bench/plan/plan.h>
#include <bench/host/pmu.h>
#include "progress.h"
#include <bench/rundir/rundir.h>
#include <bench/stats/stats.h>
#include "drops.h"

/**
 * struct engine - what all cells of a run share
 * @plan: the plan
 * @dir: where samples go; NULL keeps them in memory only
 * @seed: of the run
 * @tsc_hz: ticks per second
 * @looks: error spent over the looks; unused with one look
 * @noise: sampler of the measuring CPU
 * @noise_cost: CPU seconds of one reading of every source it has
 * @contention: probed beside every block; NULL for not
 * @pmu: core cycles, NULL without a PMU
 * @progress: display
 * @launches: parts of the run, each a launch of its own; 0 means 1
 * @launch: number of this launch, and index into @places
 * @places: boot, module load and launch of all launches so far; NULL where they are no factor
 * @stop: set by a signal: end after the batch that runs
 * @sync_cost: seconds of the last rundir_sync()
 * @synced: clock_now() of the last rundir_sync()
 * @describe: brings meta.json up to date before a sync; may be NULL
 * @opened: called with what the layer opened, before the first batch of a cell; its status ends the
 *	cell, and its time is not the cell's. May be NULL
 * @context: argument of both
 */
struct engine {
	const struct plan *plan;
	struct rundir *dir;
	uint64_t seed;
	double tsc_hz;
	struct stats_looks looks;
	struct egpr_noise *noise;
	double noise_cost;
	struct contention *contention;
	struct egpr_pmu *pmu;
	struct progress *progress;
	unsigned int launches;
	unsigned int launch;
	const struct stats_place *places;
	const volatile sig_atomic_t *stop;
	double sync_cost;
	double synced;
	void (*describe)(void *context);
	int (*opened)(void *context, void *layer, struct data_error *e);
	void *context;
};

/**
 * struct comparison - an arm against its baseline
 * @arm: index of the arm
 * @baseline: index of the arm it is compared with
 * @shift: what is known at the last look
 * @d: decisions by margin, all looks so far
 */
struct comparison {
	unsigned int arm;
	unsigned int baseline;
	struct stats_shift shift;
	struct stats_decision d[PLAN_MAX_MARGINS];
};

/**
 * struct cell_tail - Quantiles of exits that were stamped one by one
 * @exits: how many; 0: none was
 * @p99: TSC cycles
 * @p999: TSC cycles
 */
struct cell_tail {
	uint32_t exits;
	double p99, p999;
};

/**
 * struct cell_result - what came of a cell
 * @name: "layer/exit kind/state", with "@context" where that is not the layer's default
 * @seed: of the cell
 * @batch: exits per batch
 * @warmup: batches until the baseline had settled
 * @settled: it did, before the time for that was over
 * @planned: blocks that fit the budget, by the pilot
 * @room: blocks that @layout, @launch and @mean have room for
 * @blocks: blocks that ran
 * @look: number of looks taken
 * @final: the last look spent all of the error: budget over or all blocks run
 * @parts: parts of the run that this cell has behind it
 * @part_end: blocks at the end of each
 * @finished: decided, or nothing is left of the plan for it
 * @layout: index of the code offset, by block
 * @launch: number of the launch, by block
 * @contended: something else ran on the core beside it, by block
 * @mean: TSC cycles per exit [arm][block]
 * @exit_mean: of the exit half alone, likewise; only where halves are timed apart
 * @tail: quantiles of single exits [arm]
 * @seconds: measuring time by arm
 * @elapsed: wall time of the cell
 * @own: seconds outside of batches: the engine's own work
 * @busy: seconds in batches
 * @exits: exits that were counted
 * @nr_comparisons: entries of @comparisons
 * @tsc_per_core: TSC ticks per core cycle while the cell ran
 * @visits: launches in which it ran
 * @drops: batches that were dropped and measured anew
 */
struct cell_result {
	char name[96];
	uint64_t seed;
	uint32_t batch;
	unsigned int warmup;
	bool settled;
	unsigned int planned;
	unsigned int room;
	unsigned int blocks;
	unsigned int look;
	bool final;
	unsigned int parts;
	unsigned int part_end[STATS_MAX_LOOKS];
	bool finished;
	unsigned int *layout;
	unsigned int *launch;
	bool *contended;
	double *mean[PLAN_MAX_ARMS];
	double *exit_mean[PLAN_MAX_ARMS];
	struct cell_tail tail[PLAN_MAX_ARMS];
	double seconds[PLAN_MAX_ARMS];
	double elapsed;
	double own;
	double busy;
	uint64_t exits;
	unsigned int nr_comparisons;
	struct comparison comparisons[PLAN_MAX_ARMS];
	double tsc_per_core;
	unsigned int visits;
	struct drops drops;
};

/* Looks at most: the plan's, or the ends of all parts but the first, which has one launch. */
unsigned int engine_looks(const struct engine *g);
/* Parts of the run, each in a launch of its own. */
unsigned int engine_parts(const struct engine *g);

/* Comparisons, by margin, that are not decided yet. @family: cells that Holm puts together. */
unsigned int engine_open(const struct engine *g, const struct cell_result *r, unsigned int family);

/* "layer/exit kind/state" of a cell, with "@context" where that is not the layer's default. */
void cell_name(const struct cell *c, char *name, size_t size);

/* The identity of a row of this cell; @strategy may be NULL. */
struct rundir_key cell_key(const struct cell *c, const char *strategy);
/* The identity of a row of one of its arms. */
struct rundir_key cell_arm_key(const struct cell *c, const struct plan_arm *arm);
/* Do two arms, of cells of the same layer, differ in their exit kind at most? */
bool cell_same_arm(const struct cell *c, const struct plan_arm *arm, const struct cell *other,
		   const struct plan_arm *other_arm);

/**
 * engine_cell - measure one cell
 * @g: the run
 * @c: the cell
 * @seconds: its share of the budget
 * @family: comparisons that Holm's adjustment will put together with one of this
 *	cell's; the stopping rule allows for them
 * @r: result; all zeros, or with blocks from an interrupted run (engine_restore())
 * @e: receives the message
 *
 * Return: 0; EGPR_SKIPPED where the cell cannot run; another status for a failure. What
 * was measured before a failure is in @r.
 */
int engine_cell(struct engine *g, const struct cell *c, double seconds, unsigned int family,
		struct cell_result *r, struct data_error *e);

/**
 * engine_decide - bring comparisons up to date with the blocks in @r
 * @g: the run
 * @c: the cell
 * @blocks: how many blocks to look at
 * @look: number of this look, from 0
 * @r: receives the comparisons
 *
 * Return: 0, or EGPR_INTERNAL when memory is short.
 */
int engine_decide(const struct engine *g, const struct cell *c, unsigned int blocks,
		  unsigned int look, struct cell_result *r);

/* Which place each block had, as far as that is a factor in this cell. */
struct stats_where engine_where(const struct engine *g, const struct cell *c,
				const struct cell_result *r);

/**
 * engine_sum_up - one number for a batch whose exits were stamped one by one
 * @location: MIDMEAN or FAST
 * @stamps: TSC cycles of each exit
 * @exits: how many
 * @sorted: room for as many; receives them sorted
 * @spread: receives the width of that half of them which counts
 *
 * Return: TSC cycles per exit.
 */
double engine_sum_up(enum plan_location location, const uint64_t *stamps, uint32_t exits,
		     double *sorted, double *spread);

/* Are the halves of a cell timed apart, and each of them stamped no more than that? */
bool engine_has_halves(const struct engine *g, const struct cell *c);

/* Median of an arm's block means. */
double engine_median(const struct cell_result *r, unsigned int arm);
/* The same over the first @blocks of them: what a look sees, whenever it is taken again. */
double engine_median_of(const struct cell_result *r, unsigned int arm, unsigned int blocks);

/* Room for @blocks blocks. Return: 0 or EGPR_INTERNAL. */
int engine_reserve(struct cell_result *r, unsigned int arms, unsigned int blocks);

void engine_result_free(struct cell_result *r);

/* What an interval of one-sided error @alpha has to be computed with after the looks so far. */
double engine_alpha(const struct engine *g, const struct cell_result *r, double alpha);

#endif /* BENCH_ENGINE_H */
