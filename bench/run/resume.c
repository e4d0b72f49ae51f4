// SPDX-License-Identifier: GPL-2.0-only
/*
 * Going on with an interrupted run: the plan as it was, and the blocks that are there.
 *
 * Orders follow from the seed and the block's number, so nothing else has to be kept but
 * each cell's batch size and number of planned blocks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bench/plan/axis.h>
#include <bench/layer/layout.h>
#include <bench/layer/footprint.h>
#include <bench/layer/levels.h>
#include <bench/plan/order.h>
#include "run.h"

static const char *text_of(const cJSON *o, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));

	return s ? s : "";
}

static unsigned int number_of(const cJSON *o, const char *key)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsNumber(n) && n->valuedouble > 0 ? (unsigned int)n->valuedouble : 0;
}

int run_restore_plan(const char *dir, struct plan *plan, enum egpr_provenance *provenance,
		     struct data_error *e)
{
	struct rundir_data data;
	const cJSON *json;
	int ret = rundir_load(dir, &data, e), p;

	memset(plan, 0, sizeof(*plan));
	if (ret)
		return ret;
	json = cJSON_GetObjectItemCaseSensitive(data.meta, RUNDIR_PLAN);
	p = axis_find(egpr_provenances, EGPR_NR_PROVENANCES, rundir_meta_text(&data, "provenance"));
	if (p < 0)
		ret = data_fail(e, EGPR_DATA, "%s: meta.json has no known provenance", dir);
	else
		ret = plan_restore(plan, json, e);
	*provenance = (enum egpr_provenance)p;
	levels_restore(cJSON_GetObjectItemCaseSensitive(data.meta, RUNDIR_LEVELS));
	footprint_restore(cJSON_GetObjectItemCaseSensitive(data.meta, RUNDIR_FOOTPRINTS));
	rundir_free(&data);
	return ret;
}

static bool is_own(const char *strategy)
{
	return !strcmp(strategy, egpr_strategies[EGPR_STRATEGY_kvm_own].id);
}

/* Rows of KVM's own switch have a state of their own, and belong to the cell of state off. */
static bool is_row_of(const struct csv_table *t, size_t row, const struct cell *c)
{
	enum egpr_guest_state off = EGPR_STATE_OFF;
	const char *state = is_own(csv_text(t, row, EGPR_COL_strategy))
				    ? egpr_guest_states[off].id
				    : csv_text(t, row, EGPR_COL_guest_state);

	return !strcmp(csv_text(t, row, EGPR_COL_layer), egpr_layers[c->ops->layer].id) &&
	       !strcmp(csv_text(t, row, EGPR_COL_context), cell_context(c)->id) &&
	       !strcmp(csv_text(t, row, EGPR_COL_exit_kind), c->kind ? c->kind->id : "none") &&
	       !strcmp(state, egpr_guest_states[c->state].id);
}

static int arm_of(const struct cell *c, const struct csv_table *t, size_t row)
{
	unsigned int a;

	for (a = 0; a < c->nr_arms; a++) {
		const struct plan_arm *arm = &c->arms[a];

		if (!strcmp(arm->id, csv_text(t, row, EGPR_COL_strategy)) &&
		    !strcmp(egpr_guest_states[cell_arm_state(c, arm)].id,
			    csv_text(t, row, EGPR_COL_guest_state)))
			return (int)a;
	}
	return -1;
}

static int bad_row(const struct rundir_data *data, size_t row, const char *what,
		   struct data_error *e)
{
	return data_fail(e, EGPR_DATA, "%s/samples.csv line %u: %s; start a new run", data->path,
			 data->table[EGPR_CSV_SAMPLES].line[row], what);
}

/* Adds up the batches of one cell. @seen counts them by block, to find an incomplete one. */
static int take_rows(struct run_cell *c, const struct rundir_data *data, unsigned int launches,
		     unsigned int *seen, unsigned int blocks, struct data_error *e)
{
	const struct csv_table *t = &data->table[EGPR_CSV_SAMPLES];
	unsigned int per_arm;
	size_t i;

	if (!c->cell.nr_arms)
		return 0;
	per_arm = order_length(c->cell.nr_arms) / c->cell.nr_arms;
	for (i = 0; i < t->rows; i++) {
		uint64_t block = csv_count(t, i, EGPR_SAMPLES_block);
		uint64_t exits = csv_count(t, i, EGPR_SAMPLES_exits);
		uint64_t launch = csv_count(t, i, EGPR_SAMPLES_launch);
		int arm;

		if (!is_row_of(t, i, &c->cell))
			continue;
		arm = arm_of(&c->cell, t, i);
		if (arm < 0)
			return bad_row(data, i, "a strategy that cannot run here now", e);
		if (block >= blocks || !exits)
			return bad_row(data, i, "a block out of order", e);
		if (launch >= launches)
			return bad_row(data, i, "a launch that meta.json does not list", e);
		c->r.launch[block] = (unsigned int)launch;
		c->r.contended[block] |=
			strstr(csv_text(t, i, EGPR_SAMPLES_flags), EGPR_FLAG_CONTENDED) != NULL;
		c->r.mean[arm][block] +=
			csv_real(t, i, EGPR_SAMPLES_cycles) / (double)exits / per_arm;
		if (*csv_text(t, i, EGPR_SAMPLES_exit_cycles))
			c->r.exit_mean[arm][block] +=
				csv_real(t, i, EGPR_SAMPLES_exit_cycles) / (double)exits / per_arm;
		c->r.exits += exits;
		seen[block]++;
	}
	return 0;
}

static unsigned int count_blocks(const struct run_cell *c, const struct csv_table *t)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < t->rows; i++) {
		uint64_t block = csv_count(t, i, EGPR_SAMPLES_block) + 1;

		if (is_row_of(t, i, &c->cell) && block > last)
			last = block;
	}
	return last < t->rows + 1 ? (unsigned int)last : 0;
}

static int take_blocks(struct run_cell *c, const struct rundir_data *data, uint64_t seed,
		       unsigned int launches, struct data_error *e)
{
	unsigned int blocks = count_blocks(c, &data->table[EGPR_CSV_SAMPLES]), b, a;
	unsigned int *seen = calloc(blocks + 1, sizeof(*seen));
	int ret = seen ? 0 : EGPR_INTERNAL;

	cell_name(&c->cell, c->r.name, sizeof(c->r.name));
	c->r.seed = order_seed(seed, c->r.name);
	if (!ret && blocks)
		ret = engine_reserve(&c->r, c->cell.nr_arms, blocks);
	if (ret) {
		free(seen);
		return data_fail(e, ret, "out of memory");
	}
	for (b = 0; b < blocks; b++) {
		c->r.layout[b] = order_layout(c->r.seed, c->cell.offsets, b);
		c->r.contended[b] = false;
		for (a = 0; a < c->cell.nr_arms; a++)
			c->r.mean[a][b] = c->r.exit_mean[a][b] = 0;
	}
	ret = take_rows(c, data, launches, seen, blocks, e);
	/* Rows are vouched for block by block, so every block is whole. */
	for (b = 0; b < blocks && !ret; b++) {
		if (seen[b] != order_length(c->cell.nr_arms))
			ret = data_fail(e, EGPR_DATA,
					"%s/samples.csv: block %u of %s has %u batches instead of "
					"%u; start a new run",
					data->path, b, c->r.name, seen[b],
					order_length(c->cell.nr_arms));
	}
	c->r.blocks = c->restored = blocks;
	free(seen);
	return ret;
}

/* Takes the looks again that were taken, in the same places. */
static int take_looks(struct run_cell *c, const struct engine *g, unsigned int looks)
{
	unsigned int k, at;
	int ret = 0;

	/* Where there are parts the first look was not taken. */
	for (k = 1; k < looks && g->launches > 1 && !ret; k++)
		ret = engine_decide(g, &c->cell, c->r.part_end[k], k, &c->r);
	for (k = 0; k < looks && g->launches <= 1 && !ret; k++) {
		bool last = k + 1 == looks;

		at = (c->r.planned * (k + 1) + g->plan->looks - 1) / g->plan->looks;
		if (at > c->r.blocks || (last && c->r.final))
			at = c->r.blocks;
		ret = engine_decide(g, &c->cell, at, last && c->r.final ? g->plan->looks - 1 : k,
				    &c->r);
	}
	/* A cell that failed had its last look before its last part. */
	if (!ret && g->launches > 1 && c->r.final && looks < g->launches)
		ret = engine_decide(g, &c->cell, c->r.blocks, g->launches - 1, &c->r);
	c->r.look = looks;
	return ret;
}

static void take_parts(struct run_cell *c, const cJSON *json)
{
	const cJSON *end;

	c->r.parts = 0;
	cJSON_ArrayForEach(end, cJSON_GetObjectItemCaseSensitive(json, "part_ends")) {
		if (c->r.parts < STATS_MAX_LOOKS && cJSON_IsNumber(end) && end->valuedouble >= 0 &&
		    end->valuedouble <= c->r.blocks)
			c->r.part_end[c->r.parts++] = (unsigned int)end->valuedouble;
	}
}

static double real_of(const cJSON *o, const char *key)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static void take_times(struct run_cell *c, const cJSON *json)
{
	const cJSON *arm;
	unsigned int a = 0;

	c->r.elapsed = real_of(json, "elapsed_s");
	c->r.own = real_of(json, "engine_s");
	c->r.busy = c->r.elapsed - c->r.own;
	c->r.tsc_per_core = real_of(json, "tsc_per_core_cycle");
	cJSON_ArrayForEach(arm, cJSON_GetObjectItemCaseSensitive(json, "arm_s")) {
		if (a < c->cell.nr_arms && cJSON_IsNumber(arm))
			c->r.seconds[a++] = arm->valuedouble;
	}
}

static void take_tails(struct run_cell *c, const cJSON *json)
{
	const cJSON *tail;
	unsigned int a;

	cJSON_ArrayForEach(tail, cJSON_GetObjectItemCaseSensitive(json, RUNDIR_TAILS)) {
		for (a = 0; a < c->cell.nr_arms; a++) {
			if (!strcmp(c->cell.arms[a].id, text_of(tail, "arm")))
				c->r.tail[a] =
					(struct cell_tail){ .exits = number_of(tail, "exits"),
							    .p99 = real_of(tail, "p99"),
							    .p999 = real_of(tail, "p999") };
		}
	}
}

static int restore_cell(struct run_cell *c, const struct rundir_data *data, const cJSON *json,
			const struct engine *g, unsigned int launches, struct data_error *e)
{
	int ret = take_blocks(c, data, g->seed, launches, e);

	if (ret || !json)
		return ret;
	c->done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "done"));
	c->r.batch = number_of(json, "batch");
	c->r.planned = number_of(json, "planned");
	take_parts(c, json);
	c->r.warmup = number_of(json, "warmup_batches");
	c->r.settled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "settled"));
	c->r.final = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "last_look"));
	c->r.visits = number_of(json, "visits");
	c->r.drops.batches = number_of(json, "batches");
	c->r.drops.dropped = number_of(json, "dropped_batches");
	take_times(c, json);
	take_tails(c, json);
	run_trace_restore(c, cJSON_GetObjectItemCaseSensitive(json, RUNDIR_TRACE));
	snprintf(c->failed, sizeof(c->failed), "%s", text_of(json, "failed"));
	c->crashes = number_of(json, "crashes");
	if (c->r.blocks &&
	    take_looks(c, g, g->launches > 1 ? c->r.parts : number_of(json, "looks")))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	return 0;
}

void run_drop_arm(struct cell *c, unsigned int arm)
{
	c->nr_arms--;
	memmove(&c->arms[arm], &c->arms[arm + 1], (c->nr_arms - arm) * sizeof(*c->arms));
}

/* Is it refused in this process as well? */
static bool is_refused(const struct run *run, const char *name)
{
	unsigned int i;
	char other[96];

	for (i = 0; i < run->nr_skips; i++) {
		run_skip_name(&run->skips[i], other, sizeof(other));
		if (run->skips[i].refused && !strcmp(name, other))
			return true;
	}
	return false;
}

/* Blocks of a cell have the same arms throughout: what the run began without stays out. */
static int restore_refused(struct run *run, const cJSON *json)
{
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "status");
	const char *name = text_of(json, "name");
	struct plan_arm arm;
	unsigned int i, a;
	char other[96];

	if (!cJSON_IsNumber(status) || is_refused(run, name))
		return 0;
	for (i = 0; i < run->nr_cells; i++) {
		struct cell *c = &run->cells[i].cell;

		for (a = 0; a < c->nr_arms; a++) {
			arm = c->arms[a];
			run_arm_name(c, &arm, other, sizeof(other));
			if (strcmp(other, name))
				continue;
			run_drop_arm(c, a);
			return run_skip_add_arm(run, c, &arm, status->valueint,
						text_of(json, "reason"));
		}
	}
	return 0;
}

int run_restore_cells(struct run *run, const struct rundir_data *data, const struct engine *g,
		      struct data_error *e)
{
	const cJSON *cells = cJSON_GetObjectItemCaseSensitive(data->meta, RUNDIR_CELLS), *o;
	unsigned int i;
	char name[96];
	int ret = 0;

	cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(data->meta, RUNDIR_REFUSED)) {
		if (restore_refused(run, o))
			return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	for (i = 0; i < run->nr_cells && !ret; i++) {
		const cJSON *found = NULL;

		cell_name(&run->cells[i].cell, name, sizeof(name));
		cJSON_ArrayForEach(o, cells) {
			if (!strcmp(text_of(o, "name"), name))
				found = o;
		}
		ret = restore_cell(&run->cells[i], data, found, g, run->launches.n, e);
	}
	return ret;
}

#define NOTE_FILE "crash.txt"

char *run_note_path(const char *dir)
{
	char *path;

	if (asprintf(&path, "%s/" NOTE_FILE, dir) < 0)
		return NULL;
	return path;
}

/* A cell that crashed once, in a run that has nothing else left to do. */
static void try_again(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		if (!run->cells[i].done)
			return;
	}
	for (i = 0; i < run->nr_cells; i++) {
		struct run_cell *c = &run->cells[i];

		if (!run_crashed(c) || c->crashes > 1)
			continue;
		c->done = false;
		c->failed[0] = '\0';
	}
}

int run_take_note(struct run *run, struct engine *g, struct data_error *e)
{
	char *path = run_note_path(rundir_path(g->dir)), cell[96] = "", why[256] = "";
	unsigned int i;
	FILE *f;
	int ret = 0;

	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	f = fopen(path, "re");
	if (!f) {
		try_again(run);
		goto out;
	}
	if (fgets(cell, sizeof(cell), f) && fgets(why, sizeof(why), f)) {
		cell[strcspn(cell, "\n")] = '\0';
		why[strcspn(why, "\n")] = '\0';
	}
	fclose(f);
	for (i = 0; i < run->nr_cells && !ret; i++) {
		struct run_cell *c = &run->cells[i];
		char name[96];

		cell_name(&c->cell, name, sizeof(name));
		if (strcmp(name, cell))
			continue;
		c->done = true;
		c->crashes++;
		snprintf(c->failed, sizeof(c->failed), "%s", why);
		ret = run_write_failure(c, g, e);
	}
	/* meta.json has to know before the note is gone. */
	run_write_cells(run, g);
	if (!ret)
		ret = rundir_sync(g->dir, e);
	if (!ret)
		unlink(path);
out:
	free(path);
	return ret;
}
