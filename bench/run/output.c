// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a run leaves behind: rows of summary, verdicts and skipped, and cells in meta.json.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/code.h>

#include <bench/plan/axis.h>
#include <bench/plan/order.h>
#include "run.h"

#define META_COMPONENTS "variance_components"

int run_write_skip(const struct run_skip *s, struct engine *g, struct data_error *e)
{
	struct rundir_key key = s->key;
	struct csv_row row;

	key.backend = s->backend;
	key.strategy = *s->strategy ? s->strategy : NULL;
	rundir_row(g->dir, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, s->reason);
	return rundir_append(g->dir, &row, e);
}

int run_write_failure(const struct run_cell *c, struct engine *g, struct data_error *e)
{
	struct run_skip skip = { .key = cell_key(&c->cell, NULL) };
	unsigned int a;
	int ret = 0;

	snprintf(skip.backend, sizeof(skip.backend), "%s", c->cell.backend);
	if (c->r.blocks)
		snprintf(skip.reason, sizeof(skip.reason), "ended after %u blocks: %.440s",
			 c->r.blocks, c->failed);
	else
		snprintf(skip.reason, sizeof(skip.reason), "%.511s", c->failed);
	/* Numbers, though fewer than planned: said of the cell. Else no arm may be missing. */
	if (!c->cell.nr_arms || (c->r.blocks && !c->crashes))
		return run_write_skip(&skip, g, e);
	for (a = 0; a < c->cell.nr_arms && !ret; a++) {
		const struct plan_arm *arm = &c->cell.arms[a];

		/* A delay is no strategy: only what was asked for is missed. */
		if (arm->strategy->family == EGPR_FAMILY_DELAY)
			continue;
		skip.key.state = cell_arm_state(&c->cell, arm);
		snprintf(skip.strategy, sizeof(skip.strategy), "%s", arm->id);
		ret = run_write_skip(&skip, g, e);
	}
	return ret;
}

static void set_code(struct csv_row *row, const struct cell *c, const struct plan_arm *arm,
		     enum egpr_form form)
{
	const struct egpr_code *at_exit = egpr_code_find(arm->strategy, form, 0);
	const struct egpr_code *at_entry = egpr_code_find(arm->strategy, form, 1);
	size_t bytes = group_code(c, arm);

	if (bytes)
		csv_set_count(row, EGPR_SUMMARY_code_bytes_exit, bytes);
	/* A delay is other code where it is copied; its N says what it is. */
	if (!at_exit || !at_entry || arm->strategy->family == EGPR_FAMILY_DELAY)
		return;
	csv_set_count(row, EGPR_SUMMARY_code_bytes_exit, at_exit->bytes);
	csv_set_count(row, EGPR_SUMMARY_code_bytes_entry, at_entry->bytes);
	csv_set_count(row, EGPR_SUMMARY_insns_exit, at_exit->insns);
	csv_set_count(row, EGPR_SUMMARY_insns_entry, at_entry->insns);
}

static double mean_of(const double *x, unsigned int n)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += x[i];
	return sum / n;
}

static int summary_row(const struct run_cell *c, struct engine *g, unsigned int a,
		       struct data_error *e)
{
	const struct cell_result *r = &c->r;
	const struct plan_arm *arm = &c->cell.arms[a];
	struct rundir_key key = cell_arm_key(&c->cell, arm);
	double *sorted = malloc(2 * sizeof(*sorted) * r->blocks);
	struct cell_tail tail = r->tail[a];
	unsigned int per_block = order_length(c->cell.nr_arms) / c->cell.nr_arms;
	struct csv_row row;

	if (!sorted)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	memcpy(sorted, r->mean[a], r->blocks * sizeof(*sorted));
	stats_sort(sorted, r->blocks);
	if (!tail.exits) {
		tail.p99 = stats_quantile(sorted, r->blocks, 0.99);
		tail.p999 = stats_quantile(sorted, r->blocks, 0.999);
	}
	rundir_row(g->dir, EGPR_CSV_SUMMARY, &key, &row);
	csv_set_count(&row, EGPR_SUMMARY_blocks, r->blocks);
	csv_set_count(&row, EGPR_SUMMARY_exits, (uint64_t)r->blocks * r->batch * per_block);
	csv_set_real(&row, EGPR_SUMMARY_min, sorted[0]);
	csv_set_real(&row, EGPR_SUMMARY_p5, stats_quantile(sorted, r->blocks, 0.05));
	csv_set_real(&row, EGPR_SUMMARY_p50, stats_quantile(sorted, r->blocks, 0.5));
	csv_set_real(&row, EGPR_SUMMARY_p95, stats_quantile(sorted, r->blocks, 0.95));
	csv_set_real(&row, EGPR_SUMMARY_p99, tail.p99);
	csv_set_real(&row, EGPR_SUMMARY_p999, tail.p999);
	csv_set_real(&row, EGPR_SUMMARY_mean, mean_of(r->mean[a], r->blocks));
	csv_set_real(&row, EGPR_SUMMARY_mad, stats_mad(r->mean[a], r->blocks, sorted + r->blocks));
	set_code(&row, &c->cell, arm, c->cell.env->form);
	if (arm->strategy->family == EGPR_FAMILY_XSAVE && c->cell.env->form == EGPR_FORM_PROXY)
		csv_set_text(&row, EGPR_SUMMARY_stand_in, c->cell.env->standin.text);
	csv_set_count(&row, EGPR_SUMMARY_seed, g->seed);
	csv_set_real(&row, EGPR_SUMMARY_elapsed_s, r->seconds[a]);
	if (c->trace.done)
		csv_set_count(&row, EGPR_SUMMARY_insns_round, c->trace.insns[a]);
	free(sorted);
	return rundir_append(g->dir, &row, e);
}

int run_write_summary(const struct run_cell *c, struct engine *g, struct data_error *e)
{
	unsigned int a;
	int ret = 0;

	for (a = 0; a < c->cell.nr_arms && !ret && c->r.blocks; a++)
		ret = summary_row(c, g, a, e);
	return ret;
}

/* One comparison of the run, for Holm's adjustment. */
struct member {
	const struct run_cell *cell;
	const struct comparison *k;
	struct stats_decision d;
};

/*
 * Comparisons of the same arm in the same layer and state, over all exit kinds: the
 * family of Holm's adjustment. Return: how many.
 */
static unsigned int family_of(const struct run *run, const struct run_cell *c,
			      const struct comparison *k, unsigned int margin, struct member *out)
{
	const struct plan_arm *arm = &c->cell.arms[k->arm];
	unsigned int i, j, n = 0;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *o = &run->cells[i];

		if (o->cell.ops != c->cell.ops)
			continue;
		for (j = 0; j < o->r.nr_comparisons; j++) {
			const struct comparison *x = &o->r.comparisons[j];

			if (!cell_same_arm(&o->cell, &o->cell.arms[x->arm], &c->cell, arm))
				continue;
			out[n].cell = o;
			out[n].k = x;
			out[n++].d = x->d[margin];
		}
	}
	return n;
}

/* Adjusts the p-values of a family: equivalence and a change of either sign apart. */
static int adjust(struct member *m, size_t n)
{
	double *p = malloc((n + 1) * sizeof(*p)), *moved = malloc((n + 1) * sizeof(*moved));
	int ret = -1;
	size_t i;

	if (!p || !moved)
		goto out;
	for (i = 0; i < n; i++) {
		p[i] = m[i].d.p_equivalent;
		moved[i] = fmin(m[i].d.p_slower, m[i].d.p_faster);
	}
	if (stats_holm(p, n) || stats_holm(moved, n))
		goto out;
	for (i = 0; i < n; i++) {
		m[i].d.p_equivalent = p[i];
		if (m[i].d.p_slower < m[i].d.p_faster)
			m[i].d.p_slower = moved[i];
		else
			m[i].d.p_faster = moved[i];
	}
	ret = 0;
out:
	free(moved);
	free(p);
	return ret;
}

static double finite_or_empty(double x)
{
	return isfinite(x) ? x : NAN;
}

static struct stats_interval bootstrap(const struct run_cell *c, struct engine *g,
				       const struct comparison *k)
{
	struct stats_interval boot = { NAN, NAN };
	const struct cell_result *r = &c->r;
	double *diff = malloc(r->blocks * sizeof(*diff));
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	size_t block = k->shift.group;
	unsigned int b;

	if (diff && rng && g->plan->resamples) {
		gsl_rng_set(rng, (unsigned long)(order_seed(r->seed, c->cell.arms[k->arm].id) | 1));
		for (b = 0; b < r->blocks; b++)
			diff[b] = r->mean[k->arm][b] - r->mean[k->baseline][b];
		/* Blocks of neighbours at least as long as n^(1/3). */
		block = (size_t)fmax((double)block, ceil(cbrt(r->blocks)));
		if (stats_bca(diff, r->blocks, block, g->plan->resamples,
			      engine_alpha(g, r, STATS_TAIL), stats_midmean_weighted, rng, &boot))
			boot.low = boot.high = NAN;
	}
	if (rng)
		gsl_rng_free(rng);
	free(diff);
	return boot;
}

/* Standard deviations of what the difference varies with, empty where they are not estimable. */
static void set_components(struct csv_row *row, const struct stats_shift *s)
{
	static const unsigned int columns[STATS_NR_LEVELS] = {
		[STATS_BOOT] = EGPR_VERDICTS_boot_sd,
		[STATS_MODULE] = EGPR_VERDICTS_module_sd,
		[STATS_LAUNCH] = EGPR_VERDICTS_launch_sd,
	};
	unsigned int k;

	csv_set_real(row, EGPR_VERDICTS_block_sd, finite_or_empty(s->se * sqrt((double)s->n)));
	if (s->layouts > 1)
		csv_set_real(row, EGPR_VERDICTS_offset_sd, s->layout_sd);
	for (k = 0; k < STATS_NR_LEVELS; k++)
		csv_set_real(row, columns[k], finite_or_empty(s->level_sd[k]));
	csv_set_count(row, EGPR_VERDICTS_launches, s->groups[STATS_LAUNCH]);
}

/* The shift of one half: of its mean less the baseline's, as the whole is summed up. */
static void set_half(struct csv_row *row, const struct run_cell *c, struct engine *g,
		     const struct comparison *k, bool entry, unsigned int first_column)
{
	const struct stats_where where = engine_where(g, &c->cell, &c->r);
	const struct cell_result *r = &c->r;
	double *diff = malloc(r->blocks * sizeof(*diff));
	struct stats_interval ci;
	struct stats_shift s;
	unsigned int b;

	if (!diff)
		return;
	for (b = 0; b < r->blocks; b++) {
		diff[b] = r->exit_mean[k->arm][b] - r->exit_mean[k->baseline][b];
		if (entry)
			diff[b] = r->mean[k->arm][b] - r->mean[k->baseline][b] - diff[b];
	}
	if (!stats_shift_init(&s, diff, &where, r->blocks)) {
		ci = stats_shift_interval(&s, engine_alpha(g, r, STATS_TAIL));
		csv_set_real(row, first_column, s.estimate);
		csv_set_real(row, first_column + 1, finite_or_empty(ci.low));
		csv_set_real(row, first_column + 2, finite_or_empty(ci.high));
		stats_shift_free(&s);
	}
	free(diff);
}

static int verdict_row(const struct run_cell *c, struct engine *g, const struct comparison *k,
		       unsigned int margin, const struct stats_decision *d,
		       const struct stats_interval *boot, struct data_error *e)
{
	const struct plan_margin *m = &g->plan->margins[margin];
	struct rundir_key key = cell_arm_key(&c->cell, &c->cell.arms[k->arm]);
	double base = engine_median(&c->r, k->baseline), p;
	double cycles = plan_margin_cycles(m, base);
	double ends = engine_alpha(g, &c->r, STATS_TAIL);
	double tost = engine_alpha(g, &c->r, g->plan->alpha);
	struct stats_interval ci = stats_shift_interval(&k->shift, ends);
	enum stats_verdict v = stats_verdict(d, g->plan->alpha, &p);
	size_t needed = v == STATS_INCONCLUSIVE
				? stats_blocks_needed(&k->shift, cycles, g->plan->alpha * 0.5)
				: 0;
	struct csv_row row;

	rundir_row(g->dir, EGPR_CSV_VERDICTS, &key, &row);
	csv_set_text(&row, EGPR_VERDICTS_baseline, c->cell.arms[k->baseline].id);
	csv_set_count(&row, EGPR_VERDICTS_blocks, k->shift.n);
	csv_set_real(&row, EGPR_VERDICTS_base_p50, base);
	csv_set_real(&row, EGPR_VERDICTS_diff, k->shift.estimate);
	csv_set_real(&row, EGPR_VERDICTS_diff_low, finite_or_empty(ci.low));
	csv_set_real(&row, EGPR_VERDICTS_diff_high, finite_or_empty(ci.high));
	csv_set_real(&row, EGPR_VERDICTS_diff_pct, 100 * k->shift.estimate / base);
	csv_set_real(&row, EGPR_VERDICTS_boot_low, finite_or_empty(boot->low));
	csv_set_real(&row, EGPR_VERDICTS_boot_high, finite_or_empty(boot->high));
	csv_set_real(&row, EGPR_VERDICTS_margin, cycles);
	csv_set_text(&row, EGPR_VERDICTS_margin_text, m->text);
	csv_set_real(&row, EGPR_VERDICTS_p_value, p);
	csv_set_text(&row, EGPR_VERDICTS_verdict, stats_verdict_names[v]);
	csv_set_real(&row, EGPR_VERDICTS_smallest_margin,
		     finite_or_empty(stats_smallest_margin(&k->shift, tost)));
	/* Where more blocks cannot help the cell stays empty. */
	if (needed != STATS_NEVER)
		csv_set_count(&row, EGPR_VERDICTS_blocks_needed,
			      v == STATS_INCONCLUSIVE && !needed ? 1 : needed);
	set_components(&row, &k->shift);
	if (engine_has_halves(g, &c->cell)) {
		set_half(&row, c, g, k, false, EGPR_VERDICTS_exit_diff);
		set_half(&row, c, g, k, true, EGPR_VERDICTS_entry_diff);
	}
	return rundir_append(g->dir, &row, e);
}

/* Verdicts of one comparison, all margins. */
static int write_comparison(const struct run *run, const struct run_cell *c, struct engine *g,
			    const struct comparison *k, struct member *family, struct data_error *e)
{
	struct stats_interval boot = bootstrap(c, g, k);
	unsigned int m, i, n;
	int ret = 0;

	for (m = 0; m < g->plan->nr_margins && !ret; m++) {
		n = family_of(run, c, k, m, family);
		if (adjust(family, n))
			return data_fail(e, EGPR_INTERNAL, "out of memory");
		for (i = 0; i < n && family[i].k != k; i++)
			;
		ret = verdict_row(c, g, k, m, &family[i].d, &boot, e);
	}
	return ret;
}

int run_write_verdicts(const struct run *run, struct engine *g, struct data_error *e)
{
	struct member *family = calloc(run->nr_cells + 1, sizeof(*family));
	unsigned int i, j;
	int ret = 0;

	if (!family)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	for (i = 0; i < run->nr_cells && !ret; i++) {
		const struct run_cell *c = &run->cells[i];

		for (j = 0; j < c->r.nr_comparisons && !run_crashed(c) && !ret; j++)
			ret = write_comparison(run, c, g, &c->r.comparisons[j], family, e);
	}
	free(family);
	return ret;
}

/* Blocks at the end of each part of a run of several launches. */
static cJSON *part_ends_json(const struct cell_result *r)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;

	for (i = 0; i < r->parts; i++)
		cJSON_AddItemToArray(a, cJSON_CreateNumber(r->part_end[i]));
	return a;
}

/* What a later launch writes into summary.csv again: single exits are in no other file. */
static cJSON *tails_json(const struct run_cell *c)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;

	for (i = 0; i < c->cell.nr_arms; i++) {
		const struct cell_tail *t = &c->r.tail[i];
		cJSON *o;

		if (!t->exits)
			continue;
		o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "arm", c->cell.arms[i].id);
		cJSON_AddNumberToObject(o, "exits", t->exits);
		cJSON_AddNumberToObject(o, "p99", t->p99);
		cJSON_AddNumberToObject(o, "p999", t->p999);
		cJSON_AddItemToArray(a, o);
	}
	return a;
}

/* Arms whose p99 and p99.9 in summary.csv are of batches, because no exit of theirs was stamped. */
static cJSON *means_json(const struct run_cell *c)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;

	for (i = 0; i < c->cell.nr_arms; i++) {
		if (!c->r.tail[i].exits)
			cJSON_AddItemToArray(a, cJSON_CreateString(c->cell.arms[i].id));
	}
	return a;
}

/* Measuring time by arm, for the rows of summary.csv that a later launch writes. */
static cJSON *seconds_json(const struct run_cell *c)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;

	for (i = 0; i < c->cell.nr_arms; i++)
		cJSON_AddItemToArray(a, cJSON_CreateNumber(c->r.seconds[i]));
	return a;
}

static cJSON *cell_json(const struct run_cell *c)
{
	const struct cell_result *r = &c->r;
	cJSON *o = cJSON_CreateObject();
	char name[96];

	cell_name(&c->cell, name, sizeof(name));
	cJSON_AddStringToObject(o, "name", name);
	if (c->cell.kind)
		cJSON_AddNumberToObject(o, "cpl", c->cell.cpl);
	if (c->cell.walk_bytes) {
		cJSON_AddNumberToObject(o, "walk_bytes", (double)c->cell.walk_bytes);
		cJSON_AddNumberToObject(o, "line_ticks", c->cell.line_ticks);
	}
	cJSON_AddNumberToObject(o, "batch", r->batch);
	cJSON_AddNumberToObject(o, "warmup_batches", r->warmup);
	cJSON_AddBoolToObject(o, "settled", r->settled);
	cJSON_AddNumberToObject(o, "planned", r->planned);
	cJSON_AddNumberToObject(o, "blocks", r->blocks);
	cJSON_AddItemToObject(o, "part_ends", part_ends_json(r));
	cJSON_AddNumberToObject(o, "looks", r->look);
	cJSON_AddBoolToObject(o, "last_look", r->final);
	cJSON_AddBoolToObject(o, "done", c->done);
	if (*c->failed)
		cJSON_AddStringToObject(o, "failed", c->failed);
	if (c->crashes)
		cJSON_AddNumberToObject(o, "crashes", c->crashes);
	cJSON_AddNumberToObject(o, "exits_counted", (double)r->exits);
	cJSON_AddNumberToObject(o, "batches", (double)r->drops.batches);
	cJSON_AddNumberToObject(o, "dropped_batches", (double)r->drops.dropped);
	cJSON_AddNumberToObject(o, "elapsed_s", r->elapsed);
	cJSON_AddNumberToObject(o, "engine_s", r->own);
	cJSON_AddNumberToObject(o, "tsc_per_core_cycle", r->tsc_per_core);
	cJSON_AddNumberToObject(o, "visits", r->visits);
	cJSON_AddItemToObject(o, "arm_s", seconds_json(c));
	cJSON_AddItemToObject(o, RUNDIR_TAILS, tails_json(c));
	cJSON_AddItemToObject(o, RUNDIR_MEANS, means_json(c));
	cJSON_AddItemToObject(o, RUNDIR_TRACE, run_trace_json(c));
	return o;
}

/* Kalibera and Jones' levels: blocks, code offsets, and what launches of the run differed by. */
static cJSON *components_json(const struct run_cell *c, const struct comparison *k)
{
	cJSON *o = cJSON_CreateObject();
	char name[96];
	unsigned int i;

	cell_name(&c->cell, name, sizeof(name));
	cJSON_AddStringToObject(o, "cell", name);
	cJSON_AddStringToObject(o, "strategy", c->cell.arms[k->arm].id);
	cJSON_AddStringToObject(
		o, "guest_state",
		egpr_guest_states[cell_arm_state(&c->cell, &c->cell.arms[k->arm])].id);
	cJSON_AddStringToObject(o, "baseline", c->cell.arms[k->baseline].id);
	cJSON_AddNumberToObject(o, "block_sd", k->shift.se * sqrt((double)k->shift.n));
	cJSON_AddNumberToObject(o, "blocks", (double)k->shift.n);
	cJSON_AddNumberToObject(o, "blocks_per_value", (double)k->shift.group);
	cJSON_AddNumberToObject(o, "offset_sd", k->shift.layout_sd);
	cJSON_AddNumberToObject(o, "offsets", (double)k->shift.layouts);
	for (i = 0; i < STATS_NR_LEVELS; i++) {
		cJSON *level = cJSON_AddObjectToObject(o, stats_level_names[i]);

		cJSON_AddNumberToObject(level, "values", (double)k->shift.groups[i]);
		/* Without a number: not estimable, from one value or none of its own. */
		if (isfinite(k->shift.level_sd[i]))
			cJSON_AddNumberToObject(level, "sd", k->shift.level_sd[i]);
	}
	return o;
}

static void replace(cJSON *object, const char *name, cJSON *item)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, item);
}

void run_write_refused(const struct run *run, struct rundir *dir)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;
	char name[96];

	for (i = 0; i < run->nr_skips; i++) {
		const struct run_skip *s = &run->skips[i];
		cJSON *o;

		if (!s->refused)
			continue;
		run_skip_name(s, name, sizeof(name));
		o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "name", name);
		cJSON_AddNumberToObject(o, "status", s->refused);
		cJSON_AddStringToObject(o, "reason", s->reason);
		cJSON_AddItemToArray(a, o);
	}
	replace(rundir_meta(dir), RUNDIR_REFUSED, a);
}

void run_write_cells(const struct run *run, struct engine *g)
{
	cJSON *cells = cJSON_CreateArray(), *parts = cJSON_CreateArray();
	unsigned int i, j;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		cJSON_AddItemToArray(cells, cell_json(c));
		for (j = 0; j < c->r.nr_comparisons; j++) {
			if (isfinite(c->r.comparisons[j].shift.se))
				cJSON_AddItemToArray(parts,
						     components_json(c, &c->r.comparisons[j]));
		}
	}
	replace(rundir_meta(g->dir), RUNDIR_CELLS, cells);
	replace(rundir_meta(g->dir), META_COMPONENTS, parts);
	run_write_refused(run, g->dir);
}
