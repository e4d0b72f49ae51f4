/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole run: a plan expanded on this host, measured cell by cell into a run directory.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <bench/host/cpu.h>
#include <bench/measure/engine.h>
#include "launch.h"
#include <bench/group/group.h>
#include <bench/layer/layer.h>
#include <bench/plan/plan.h>

/**
 * struct run_options - what the command line says beside the plan
 * @plan: the plan, narrowed
 * @provenance: hw or proxy
 * @cpu: measuring CPU, -1 for the quietest
 * @out: directory of the run, NULL for a new one below results/
 * @resume: directory of an interrupted run, or NULL; then only @cpu counts beside it
 * @kvm: build of scripts/kvm-build that was asked for, or NULL
 * @pause: end after one launch, also where a crash starts the process anew
 * @quiet: say nothing while running
 * @memory: no run directory: results stay in the struct run
 */
struct run_options {
	struct plan *plan;
	enum egpr_provenance provenance;
	int cpu;
	const char *out;
	const char *resume;
	const char *kvm;
	bool pause;
	bool quiet;
	bool memory;
};

/**
 * struct run_trace - what the arms of a cell were seen to execute
 * @done: they were looked at, and all is as the table demands
 * @why: why not
 * @refused: arms that must be taken out of the cell, bit per index
 * @rounds: that were stepped through, of all arms
 * @sites: copies that have the same bytes as those which were, these included
 * @insns: instructions per round, by arm
 * @misses: of a group: mispredicted branches per round, by arm; NaN where they were not counted
 * @counter: why no counter of the CPU was asked as well, or ""
 */
struct run_trace {
	bool done;
	char why[160];
	uint64_t refused;
	unsigned int rounds;
	unsigned int sites;
	unsigned int insns[PLAN_MAX_ARMS];
	double misses[PLAN_MAX_ARMS];
	char counter[160];
};

/**
 * struct run_cell - a cell of a run
 * @cell: what it is
 * @weight: its share of the budget
 * @compares: it has arms beside the baseline and the A/A arm
 * @done: measured, in this run or in the one it goes on from
 * @crashes: how often it crashed or hung; one with @failed has no number
 * @restored: blocks that came from an interrupted run
 * @failed: why it ended early, or empty
 * @trace: what its arms execute
 * @r: result
 */
struct run_cell {
	struct cell cell;
	double weight;
	bool compares;
	bool done;
	unsigned int crashes;
	unsigned int restored;
	char failed[512];
	struct run_trace trace;
	struct cell_result r;
};

/**
 * struct run_skip - a combination that cannot run
 * @key: its identity; the texts are ids of the tables or arms
 * @strategy: the arm, "" where it is the whole combination
 * @backend: of the key
 * @refused: EGPR_DATA or EGPR_CRASHED where a proof failed, EGPR_SKIPPED where none could be made, so
 *	that a number is missing that the host could have given; else 0
 * @reason: why
 */
struct run_skip {
	struct rundir_key key;
	int refused;
	char strategy[24];
	char backend[16];
	char reason[512];
};

/**
 * struct run - a plan on this host
 * @plan: the plan
 * @env: shared by the layers
 * @host: what each layer's probe left
 * @launches: so far, this one last
 * @more: the plan wants further launches after this one
 * @cells: what will be measured
 * @skips: what will not
 */
struct run {
	const struct plan *plan;
	struct layer_env env;
	void *host[EGPR_NR_LAYERS];
	struct launches launches;
	bool more;
	unsigned int nr_cells;
	struct run_cell *cells;
	unsigned int nr_skips;
	struct run_skip *skips;
};

/**
 * run_expand - find out what of a plan can run here
 * @run: to fill; run_free() it, after a failure too
 * @plan: the plan
 * @provenance: hw or proxy
 * @e: receives the message
 *
 * Return: 0, EGPR_INTERNAL, or EGPR_SKIPPED where @provenance cannot be had here.
 */
int run_expand(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
	       struct data_error *e);
void run_free(struct run *run);

/**
 * run_expand_layer - the same for one layer
 * @run: with @plan and @env
 * @ops: the layer
 * @l: what the plan wants of it
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int run_expand_layer(struct run *run, const struct layer_ops *ops, const struct plan_layer *l);

/* The same for a group: every operation with its subjects. */
int run_expand_group(struct run *run, const struct group_ops *group, const struct plan_layer *l);

/* Mispredicted branches of a group's arms into @rc->trace, or why there are none. Return: a batch's. */
int run_count_group(struct run_cell *rc, void *layer, struct data_error *e);

/* Print what would run and for how long. */
void run_print(const struct run *run);
/* Say how it went, and print the path of its directory. */
void run_conclude(const struct run *run, const char *path);

/**
 * run_measure - measure an expanded plan into a run directory
 * @run: from run_expand(); results stay in it
 * @o: options
 * @path: receives the path of the run directory, freed by the caller; may be NULL
 * @e: receives the message
 *
 * A plan of several launches is measured one launch at a time: @run->more says that the run can,
 * and wants to, go on in another process.
 *
 * Return: 0; EGPR_UNAVAILABLE where nothing can run; 128 + the signal after a signal
 * (the run can be resumed); another status for an error.
 */
int run_measure(struct run *run, const struct run_options *o, char **path, struct data_error *e);

/**
 * run_restore_plan - the plan of an interrupted run, as it was then
 * @dir: run directory
 * @plan: receives it
 * @provenance: likewise
 * @e: receives the message
 */
int run_restore_plan(const char *dir, struct plan *plan, enum egpr_provenance *provenance,
		     struct data_error *e);

/* Take back the blocks of an interrupted run (run_resume.c). Return: 0 or a status. */
int run_restore_cells(struct run *run, const struct rundir_data *data, const struct engine *g,
		      struct data_error *e);

/**
 * run_take_note - a crash between batches, of which the process before this one left a note
 * @run: with restored cells; the one that is meant counts as crashed
 * @g: the engine, with the run directory
 * @e: receives the message
 *
 * A cell that crashed once is tried again when nothing else is left of the run and this process
 * does not follow the crash itself. Return: 0 or a status.
 */
int run_take_note(struct run *run, struct engine *g, struct data_error *e);

/* Path of that note. Freed by the caller; NULL without memory. */
char *run_note_path(const char *dir);

/**
 * run_trace - look at what all arms of an opened cell execute
 * @run: the run; arms that fail become skips of it
 * @rc: the cell
 * @layer: what its layer opened
 * @g: the engine
 * @e: receives the message
 *
 * Return: 0, also where it cannot be done; EGPR_DATA with @rc->trace.refused: close the cell,
 * run_drop_refused(), and open it anew; another status ends the cell.
 */
int run_trace(struct run *run, struct run_cell *rc, void *layer, struct engine *g,
	      struct data_error *e);
void run_drop_refused(struct run_cell *rc);
/* The trace as an object for meta.json, and back. */
cJSON *run_trace_json(const struct run_cell *rc);
void run_trace_restore(struct run_cell *rc, const cJSON *json);

/* Take an arm out of a cell. */
void run_drop_arm(struct cell *c, unsigned int arm);

/* A cell that crashed and has no number for it. */
static inline bool run_crashed(const struct run_cell *c)
{
	return c->crashes && *c->failed;
}

/**
 * run_skip_add_arm - note that an arm of a cell does not run
 * @run: the run
 * @c: the cell
 * @arm: the arm
 * @refused: as in struct run_skip
 * @reason: why
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int run_skip_add_arm(struct run *run, const struct cell *c, const struct plan_arm *arm, int refused,
		     const char *reason);

/* "kvm/cpuid/dirty/kvm-own" of an arm, as run_skip_name(). */
void run_arm_name(const struct cell *c, const struct plan_arm *arm, char *to, size_t size);

/**
 * run_skip_add - note that a cell, or an arm of it, does not run
 * @run: the run
 * @c: the cell
 * @strategy: the arm; "" for all of them
 * @refused: as in struct run_skip
 * @reason: why
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int run_skip_add(struct run *run, const struct cell *c, const char *strategy, int refused,
		 const char *reason);

/* Likewise, where there is no struct cell; @key's texts are ids of the tables. */
int run_skip_add_key(struct run *run, const struct rundir_key *key, const char *strategy,
		     int refused, const char *reason);

/* Do the halves of this cell run in ring 0, in the module? */
bool run_in_ring0(const struct cell *c);

/* "prim/none/dirty/gated-mov" of what was skipped. */
void run_skip_name(const struct run_skip *s, char *to, size_t size);

/* Write verdicts.csv of all cells that have blocks (run_output.c). */
int run_write_verdicts(const struct run *run, struct engine *g, struct data_error *e);
/* Write the rows of summary.csv of a finished cell. */
int run_write_summary(const struct run_cell *c, struct engine *g, struct data_error *e);
/* Write to skipped.csv why a cell ended early: a row per arm where none of them has a number. */
int run_write_failure(const struct run_cell *c, struct engine *g, struct data_error *e);
/* Write the proofs that stand in front of a run of form hw (proved.c). */
int run_write_proofs(const struct run *run, struct engine *g, struct data_error *e);
/* Write a row of skipped.csv. */
int run_write_skip(const struct run_skip *s, struct engine *g, struct data_error *e);
/* Name in meta.json what has no number because a proof failed; run_write_cells() does. */
void run_write_refused(const struct run *run, struct rundir *dir);
/* Describe the cells in meta.json. */
void run_write_cells(const struct run *run, struct engine *g);

/**
 * run_check - self-checks of the whole run into meta.json
 * @run: the run
 * @g: the engine
 * @said: receives what failed, for the exit message
 * @size: of @said
 *
 * Return: whether the run is sound.
 */
bool run_check(const struct run *run, struct engine *g, char *said, size_t size);

#endif /* BENCH_RUN_H */
