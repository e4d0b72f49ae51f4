// SPDX-License-Identifier: GPL-2.0-only
/*
 * One block: a batch of every arm in the block's order, each of them a row of samples.csv at once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bench/host/clock.h>
#include <bench/layer/layout.h>
#include <bench/plan/order.h>
#include "work.h"

#define SYNC_SHARE	0.003 /* of the time: vouching for rows in meta.json */
#define OUTLIER_SIGMAS	6.0
#define MAD_TO_SIGMA	1.4826
#define DATA_PLACES	"data" /* purpose of a seed */
#define OUTLIER_HISTORY 16     /* blocks before an outlier can be told */

static void set_count(struct csv_row *row, unsigned int column, int64_t n)
{
	if (n >= 0)
		csv_set_count(row, column, (uint64_t)n);
}

/* Is a block mean far from what the arm showed so far? */
static bool is_outlier(const struct cell_result *r, unsigned int arm, double per, double *median,
		       double *mad)
{
	if (r->blocks < OUTLIER_HISTORY || !(mad[arm] > 0))
		return false;
	return fabs(per - median[arm]) > OUTLIER_SIGMAS * MAD_TO_SIGMA * mad[arm];
}

/* Medians for is_outlier(): renewed when the number of blocks has doubled. */
static void learn_spread(const struct cell *c, const struct cell_result *r, double *median,
			 double *mad)
{
	double *scratch;
	unsigned int a;

	if (r->blocks < OUTLIER_HISTORY || (r->blocks & (r->blocks - 1)))
		return;
	scratch = malloc(r->blocks * sizeof(*scratch));
	if (!scratch)
		return;
	for (a = 0; a < c->nr_arms; a++) {
		median[a] = engine_median(r, a);
		mad[a] = stats_mad(r->mean[a], r->blocks, scratch);
	}
	free(scratch);
}

struct sample {
	struct layer_batch b;
	unsigned int position;
	bool has_core;
	uint64_t core;
	struct egpr_noise_counts gain;
};

static int write_sample(struct work *w, const struct sample *s, bool outlier, bool contended)
{
	struct rundir_key key = cell_arm_key(w->c, &w->c->arms[s->b.arm]);
	char flags[EGPR_NOISE_CAUSES_SIZE], all[EGPR_NOISE_CAUSES_SIZE + 32];
	struct csv_row row;

	egpr_noise_causes(&s->gain, 0, flags);
	snprintf(all, sizeof(all), "%s%s%s%s%s", flags, contended && *flags ? "+" : "",
		 contended ? EGPR_FLAG_CONTENDED : "", outlier && (*flags || contended) ? "+" : "",
		 outlier ? "outlier" : "");
	rundir_row(w->g->dir, EGPR_CSV_SAMPLES, &key, &row);
	csv_set_count(&row, EGPR_SAMPLES_block, w->r->blocks);
	csv_set_count(&row, EGPR_SAMPLES_position, s->position);
	csv_set_count(&row, EGPR_SAMPLES_offset, layout_offset(w->c->offsets, s->b.layout));
	csv_set_count(&row, EGPR_SAMPLES_exits, s->b.exits);
	csv_set_real(&row, EGPR_SAMPLES_cycles, (double)s->b.cycles);
	if (s->has_core)
		csv_set_real(&row, EGPR_SAMPLES_core_cycles, (double)s->core);
	set_count(&row, EGPR_SAMPLES_ctx_switches, s->gain.ctx_switches);
	set_count(&row, EGPR_SAMPLES_irqs, s->gain.irqs);
	set_count(&row, EGPR_SAMPLES_steal_us, s->gain.steal_us);
	csv_set_text(&row, EGPR_SAMPLES_flags, all);
	csv_set_count(&row, EGPR_SAMPLES_launch, w->g->launch);
	if (engine_has_halves(w->g, w->c))
		csv_set_real(&row, EGPR_SAMPLES_exit_cycles, (double)s->b.exit_cycles);
	if (w->c->places > 1)
		csv_set_count(&row, EGPR_SAMPLES_data_offset, layer_place_offset(w->c, s->b.place));
	return rundir_append(w->g->dir, &row, w->e);
}

static int measure(struct work *w, struct sample *s)
{
	struct egpr_noise_counts after;
	uint64_t core0 = 0, core1 = 0;
	bool core;
	int ret;

	memset(&s->gain, 0xff, sizeof(s->gain)); /* EGPR_NOISE_UNKNOWN */
	do {
		core = w->g->pmu && !egpr_pmu_read(w->g->pmu, &core0);
		ret = work_summed(w, &s->b);
		s->has_core = core && !egpr_pmu_read(w->g->pmu, &core1);
		s->core = core1 - core0;
		if (w->sources) {
			egpr_noise_now(w->g->noise, w->sources, &after);
			egpr_noise_gain(&w->before, &after, &s->gain);
			w->before = after;
		}
	} while (work_again(w, &ret));
	return ret;
}

/* Vouch for the rows now and then, so that a killed run loses half a per cent at most. */
static int keep(struct work *w)
{
	double now = clock_now();
	int ret = rundir_flush(w->g->dir, w->e);

	if (ret || now - w->g->synced < w->g->sync_cost / SYNC_SHARE)
		return ret;
	if (w->g->describe)
		w->g->describe(w->g->context);
	ret = rundir_sync(w->g->dir, w->e);
	w->g->synced = clock_now();
	w->g->sync_cost = w->g->synced - now;
	return ret;
}

int work_block(struct work *w, double *median, double *mad)
{
	unsigned int order[2 * ORDER_MAX_ARMS], len = order_length(w->c->nr_arms), layout, i, a;
	unsigned int place = 0;
	struct sample s[2 * ORDER_MAX_ARMS];
	double sum[PLAN_MAX_ARMS] = { 0 }, exit_sum[PLAN_MAX_ARMS] = { 0 };
	unsigned int times[PLAN_MAX_ARMS] = { 0 };
	struct cell_result *r = w->r;
	int ret = engine_reserve(r, w->c->nr_arms, r->blocks + 1);
	bool contended;

	if (ret)
		return data_fail(w->e, ret, "out of memory");
	order_block(r->seed, w->c->nr_arms, r->blocks, order);
	layout = order_layout(r->seed, w->c->offsets, r->blocks);
	if (w->c->places > 1)
		place = 1 + order_layout(order_seed(r->seed, DATA_PLACES), w->c->places, r->blocks);
	contended = w->g->contention && contention_now(w->g->contention);
	/* The reading after a batch is the one before the next. */
	if (w->sources)
		egpr_noise_now(w->g->noise, w->sources, &w->before);
	for (i = 0; i < len; i++) {
		s[i].b = (struct layer_batch){
			.arm = order[i],
			.layout = layout,
			.place = place,
			.exits = r->batch,
		};
		s[i].position = i;
		ret = measure(w, &s[i]);
		if (ret || *w->g->stop)
			return ret;
		sum[order[i]] += (double)s[i].b.cycles / s[i].b.exits;
		exit_sum[order[i]] += (double)s[i].b.exit_cycles / s[i].b.exits;
		times[order[i]]++;
	}
	contended |= w->g->contention && contention_now(w->g->contention);
	for (i = 0; i < len && w->g->dir && !ret; i++) {
		double per = (double)s[i].b.cycles / s[i].b.exits;

		ret = write_sample(w, &s[i], is_outlier(r, order[i], per, median, mad), contended);
	}
	if (w->g->dir && !ret)
		ret = keep(w);
	r->layout[r->blocks] = layout;
	r->launch[r->blocks] = w->g->launch;
	r->contended[r->blocks] = contended;
	for (a = 0; a < w->c->nr_arms; a++) {
		r->mean[a][r->blocks] = sum[a] / times[a];
		r->exit_mean[a][r->blocks] = exit_sum[a] / times[a];
	}
	r->blocks++;
	learn_spread(w->c, r, median, mad);
	return ret;
}
