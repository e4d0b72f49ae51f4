// SPDX-License-Identifier: GPL-2.0-only
/*
 * One cell: warm-up, pilot, blocks with looks, tails. See engine.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/host/clock.h>
#include <bench/host/cpu.h>
#include "engine.h"
#include "guard.h"
#include <bench/layer/layout.h>
#include <bench/plan/order.h>

#define WARMUP_MIN	16    /* batches before the warm-up rule is asked */
#define WARMUP_ENOUGH	64    /* batches, unless time is short: a long plateau looks settled */
#define WARMUP_MAX	512   /* batches */
#define WARMUP_SHARE	0.1   /* of the cell's time */
#define TAIL_SHARE	0.1   /* likewise */
#define PILOT_BLOCKS	3     /* at least; their median time says how many blocks fit */
#define PILOT_MAX	32    /* at most */
#define PILOT_SHARE	0.02  /* of the cell's time, between the two */
#define REPLAN_BLOCKS	8     /* times as many until the plan is mended, then at each doubling */
#define MIN_BLOCKS	8     /* the signed rank decides nothing at 95 % below 6 */
#define PART_MIN_BLOCKS 4     /* of a launch, where there are several */
#define OVERRUN		1.15  /* of the cell's time: then the last look comes early */
#define NOISE_SHARE	0.01  /* of a batch: dearer sources are not read per batch */
#define SYNC_SHARE	0.003 /* of the time: vouching for rows in meta.json */
#define TAIL_LEAST	100   /* exits: fewer have no 99th percentile */
#define WALKS_FEWER	8 /* times fewer in a batch at least: each is stamped by itself anyway */
#define ONCE_FEWER	4 /* likewise; these must tell which of them is far off */
#define STEPS_MIN	4.0 /* steps of the TSC within that half of a batch's exits that counts */
#define OUTLIER_SIGMAS	6.0
#define MAD_TO_SIGMA	1.4826
#define DATA_PLACES	"data" /* purpose of a seed */
#define OUTLIER_HISTORY 16     /* blocks before an outlier can be told */

/*
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

/* Return: as guard_batch(), but LAYER_ASTRAY only where the batch may be run anew. */
static int one_batch(struct work *w, struct layer_batch *b)
{
	double before = clock_now(), used;
	int ret = drops_note(&w->r->drops, guard_batch(w->c, w->run, b, w->e), w->e);

	used = clock_now() - before;
	w->r->busy += used;
	w->r->seconds[b->arm] += used;
	w->r->exits += ret ? 0 : b->done;
	return ret;
}

double engine_sum_up(enum plan_location location, const uint64_t *stamps, uint32_t exits,
		     double *sorted, double *spread)
{
	uint32_t i;

	for (i = 0; i < exits; i++)
		sorted[i] = (double)stamps[i];
	stats_sort(sorted, exits);
	if (location == PLAN_FAST) {
		*spread = stats_quantile(sorted, exits, 0.5) - sorted[0];
		return stats_low_mean(sorted, exits);
	}
	*spread = stats_quantile(sorted, exits, 0.75) - stats_quantile(sorted, exits, 0.25);
	return stats_midmean(sorted, exits);
}

/* Should a batch that was dropped be run anew, in its place? One that will not be is no failure. */
static bool again(const struct work *w, int *ret)
{
	if (*ret != LAYER_ASTRAY)
		return false;
	if (!*w->g->stop)
		return true;
	*ret = 0;
	return false;
}

/* A batch whose cycles are its exits times what the plan sums it up by. */
static int summed_batch(struct work *w, struct layer_batch *b)
{
	double per;
	int ret;

	b->stamps = w->stamps;
	ret = one_batch(w, b);
	if (ret || !w->stamps)
		return ret;
	per = engine_sum_up(w->g->plan->location, w->stamps, b->exits, w->sorted, &w->spread);
	b->cycles = (uint64_t)llround(per * b->exits);
	return 0;
}

static void learn_step(struct work *w, uint32_t exits)
{
	uint32_t i;

	for (i = 1; w->stamps && i < exits; i++) {
		double gap = w->sorted[i] - w->sorted[i - 1];

		if (gap > 0 && gap < w->step)
			w->step = gap;
	}
}

/*
 * Half of stamps that are all the same, or one of two, does not move with what is
 * injected until a whole step is full. Where exits vary by some steps it does.
 */
static int check_step(const struct work *w, double *spread, unsigned int n)
{
	stats_sort(spread, n);
	if (stats_quantile(spread, n, 0.5) >= STEPS_MIN * w->step)
		return 0;
	return data_fail(w->e, EGPR_SKIPPED,
			 "exits vary by less than %g steps of the TSC, so stamps of single exits "
			 "cannot tell small differences; use `location = mean` here",
			 STEPS_MIN);
}

/* Of what is stamped by itself a batch needs less. */
static uint32_t fewer(uint32_t least, bool walks)
{
	uint32_t n = least / (walks ? WALKS_FEWER : ONCE_FEWER);

	return n ? n : 1;
}

/* Cycles per exit of the baseline until they have settled; finds the batch size as well. */
static int warm_up(struct work *w)
{
	const struct plan *p = w->g->plan;
	double *series = malloc(WARMUP_MAX * sizeof(*series)), until, per = 0;
	double *spread = malloc(WARMUP_MAX * sizeof(*spread));
	double *wall = malloc(WARMUP_MAX * sizeof(*wall)), all = 0;
	bool walks = EGPR_CONTEXT_WALKS(cell_context(w->c)->timed);
	unsigned int n = 0, least = p->batch_min;
	struct layer_batch b = { .exits = walks ? fewer(least, true) : least };
	double want;
	int ret = 0;

	if (!series || !spread || !wall) {
		ret = data_fail(w->e, EGPR_INTERNAL, "out of memory");
		goto out_free;
	}
	until = w->start + WARMUP_SHARE * w->seconds;
	while (n < WARMUP_MAX && !*w->g->stop) {
		double before = clock_now();

		do
			ret = summed_batch(w, &b);
		while (again(w, &ret));
		if (ret)
			break;
		per = (double)b.cycles / b.exits;
		wall[n] = (clock_now() - before) * w->g->tsc_hz / b.exits;
		learn_step(w, b.exits);
		spread[n] = w->spread;
		series[n++] = per;
		w->r->settled = n >= WARMUP_MIN && stats_settled(series, n);
		if ((w->r->settled && n >= WARMUP_ENOUGH) ||
		    (clock_now() > until && n >= WARMUP_MIN / 2))
			break;
	}
	w->r->warmup = n;
	if (!ret && n) {
		unsigned int from = n / 2;

		stats_sort(series + from, n - from);
		per = stats_quantile(series + from, n - from, 0.5);
		stats_sort(wall + from, n - from);
		all = stats_quantile(wall + from, n - from, 0.5);
	}
	if (!ret && n && w->stamps)
		ret = check_step(w, spread, n);
	/* Preparations and walks take their time outside of what is timed; a batch is as long as both. */
	if (EGPR_CONTEXT_PREPARES(cell_context(w->c)->timed) || walks) {
		all = all > per ? all : per;
		least = fewer(least, walks);
	} else {
		all = per;
	}
	want = all > 0 ? p->batch_us * 1e-6 * w->g->tsc_hz / all : p->batch_max;
	w->r->batch = want < least ? least : want > p->batch_max ? p->batch_max : (uint32_t)want;
	/* A source that costs more than it tells is left out: the column stays empty. */
	w->sources = w->g->noise ? egpr_noise_has(w->g->noise) : 0;
	if (w->g->noise_cost > NOISE_SHARE * w->r->batch * per / w->g->tsc_hz)
		w->sources &= EGPR_NOISE_CTX;
out_free:
	free(series);
	free(spread);
	free(wall);
	return ret;
}

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
		ret = summed_batch(w, &s->b);
		s->has_core = core && !egpr_pmu_read(w->g->pmu, &core1);
		s->core = core1 - core0;
		if (w->sources) {
			egpr_noise_now(w->g->noise, w->sources, &after);
			egpr_noise_gain(&w->before, &after, &s->gain);
			w->before = after;
		}
	} while (again(w, &ret));
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

/* One block. A block that a signal or a failure cut short leaves no trace in the result. */
static int one_block(struct work *w, double *median, double *mad)
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

/* Blocks so far and those that fit what is left of the cell's time; whole squares where there is room. */
static void plan_blocks(struct work *w, double block_seconds)
{
	double room = w->start + w->seconds * (1 - TAIL_SHARE) - clock_now();
	unsigned int period = order_period(w->c->nr_arms), parts = engine_parts(w->g), n;
	unsigned int least = parts > 1 ? PART_MIN_BLOCKS : MIN_BLOCKS;

	n = room > 0 ? (unsigned int)(room / block_seconds) : 0;
	if (n > 2 * period)
		n -= n % period;
	w->until = w->r->blocks + (n > least ? n : least);
	w->r->planned = parts * w->until;
}

/*
 * The first block is as cold as blocks get; of the next ones the median is no accident, if they
 * are not all within one busy moment.
 */
static void pilot(struct work *w, double block_seconds)
{
	unsigned int n = w->pilots++;

	if (!n)
		return;
	w->pilot[n - 1] = block_seconds;
	if (n < PILOT_BLOCKS ||
	    (n < PILOT_MAX && clock_now() < w->blocks_start + PILOT_SHARE * w->seconds))
		return;
	stats_sort(w->pilot, n);
	plan_blocks(w, w->pilot[n / 2]);
}

/* Blocks at the next look; at the end of the part where there are several. */
static unsigned int next_look(const struct work *w)
{
	unsigned int looks = w->g->plan->looks;

	if (engine_parts(w->g) > 1)
		return w->until;
	return (w->r->planned * (w->r->look + 1) + looks - 1) / looks;
}

/* Where this part ends if an earlier one has planned: where it would, or after as many blocks. */
static void plan_part(struct work *w)
{
	unsigned int each = w->r->planned / engine_parts(w->g), due = (w->r->parts + 1) * each;

	w->until = due < w->r->blocks + each ? due : w->r->blocks + each;
}

/*
 * A pilot may have met a busy moment all the same. Before the first look the number of
 * blocks may still follow the speed seen since, which says nothing of any difference.
 */
static void replan(struct work *w)
{
	double per_block = (clock_now() - w->blocks_start) / (w->r->blocks - w->blocks_before);

	w->replan_at = 2 * w->r->blocks;
	if (w->r->look || w->r->parts || w->blocks_before || w->r->blocks >= next_look(w))
		return;
	plan_blocks(w, per_block);
}

/* A look, at the end of a part or within the only one. @over: out of time. */
static int take_look(struct work *w, bool over, unsigned int family)
{
	unsigned int parts = engine_parts(w->g), last = engine_looks(w->g) - 1, look;
	struct cell_result *r = w->r;
	unsigned int open = 0;
	int ret = 0;

	/* Out of time: the last look, whatever its number would be. */
	look = parts > 1 ? r->parts : over ? last : r->look;
	if (parts > 1)
		r->part_end[r->parts++] = r->blocks;
	if (parts == 1 || look)
		ret = engine_decide(w->g, w->c, r->blocks, look, r);
	if (ret)
		return data_fail(w->e, ret, "out of memory");
	r->look = look + 1;
	r->final = look == last;
	if (parts == 1 || look)
		open = engine_open(w->g, r, family);
	r->finished = r->final || ((parts == 1 || look) && !open);
	progress_look(w->g->progress, open, r->nr_comparisons * w->g->plan->nr_margins);
	return 0;
}

/* Blocks up to the end of the plan, the part, the time or the open questions. */
static int run_blocks(struct work *w, unsigned int family)
{
	unsigned int least = w->r->blocks + PART_MIN_BLOCKS;
	double median[PLAN_MAX_ARMS] = { 0 }, mad[PLAN_MAX_ARMS] = { 0 };
	struct cell_result *r = w->r;
	int ret = 0;

	w->blocks_start = clock_now();
	w->blocks_before = r->blocks;
	w->replan_at = REPLAN_BLOCKS * PILOT_BLOCKS;
	if (engine_parts(w->g) == 1)
		least = MIN_BLOCKS;
	if (r->planned)
		plan_part(w);
	while (!*w->g->stop) {
		bool over = clock_now() > w->start + OVERRUN * w->seconds && r->blocks >= least;
		double before = clock_now();

		if (over || (r->planned && r->blocks >= next_look(w))) {
			ret = take_look(w, over, family);
			if (ret || r->finished || engine_parts(w->g) > 1)
				break;
		}
		ret = one_block(w, median, mad);
		if (ret)
			break;
		if (!r->planned)
			pilot(w, clock_now() - before);
		else if (r->blocks >= w->replan_at)
			replan(w);
		progress_tick(w->g->progress, r->blocks, r->planned ? next_look(w) : 0);
	}
	return ret;
}

/* Exits of one arm for the tails; of a guest that walks as many as there is time for. */
static uint32_t tail_exits(const struct work *w)
{
	double fit = TAIL_SHARE * w->seconds * (double)w->r->exits / w->r->busy / w->c->nr_arms;
	uint32_t n = w->g->plan->per_exit;

	if (!EGPR_CONTEXT_WALKS(cell_context(w->c)->timed) || !(fit < n))
		return n;
	return fit < TAIL_LEAST ? 0 : (uint32_t)fit;
}

static int run_tails(struct work *w)
{
	uint32_t n = tail_exits(w), a;
	double until = clock_now() + TAIL_SHARE * w->seconds;
	uint64_t *stamps;
	int ret = 0;

	if (!n)
		return 0;
	stamps = malloc(n * sizeof(*stamps));
	if (!stamps)
		return data_fail(w->e, EGPR_INTERNAL, "out of memory");
	for (a = 0; a < w->c->nr_arms && !ret && !*w->g->stop && clock_now() < until; a++) {
		struct layer_batch b = { .arm = a, .exits = n, .stamps = stamps };
		uint32_t i;

		do
			ret = one_batch(w, &b);
		while (again(w, &ret));
		w->r->tail[a] = ret ? NULL : malloc(n * sizeof(double));
		for (i = 0; w->r->tail[a] && i < n; i++)
			w->r->tail[a][i] = (double)stamps[i];
		if (w->r->tail[a]) {
			stats_sort(w->r->tail[a], n);
			w->r->nr_tail[a] = n;
		}
	}
	free(stamps);
	return ret;
}

/*
 * One exit of each arm. What a sequence does to the state around it must not cancel within a
 * batch of even length before anybody looks.
 */
static int try_arms(struct work *w)
{
	unsigned int a;
	int ret = 0;

	for (a = 0; a < w->c->nr_arms && !ret && !*w->g->stop; a++) {
		struct layer_batch b = { .arm = a, .exits = 1 };

		do
			ret = one_batch(w, &b);
		while (again(w, &ret));
	}
	return ret;
}

static int reserve_stamps(struct work *w)
{
	uint32_t most = w->g->plan->batch_max;

	if (!plan_stamps(w->g->plan))
		return 0;
	w->stamps = malloc(most * sizeof(*w->stamps));
	w->sorted = malloc(most * sizeof(*w->sorted));
	if (w->stamps && w->sorted)
		return 0;
	free(w->stamps);
	free(w->sorted);
	return EGPR_INTERNAL;
}

int engine_cell(struct engine *g, const struct cell *c, double seconds, unsigned int family,
		struct cell_result *r, struct data_error *e)
{
	struct work w = { .g = g, .c = c, .r = r, .seconds = seconds, .step = INFINITY, .e = e };
	uint32_t batch = r->batch;
	double ratio, before;
	int ret;

	w.start = clock_now();
	cell_name(c, r->name, sizeof(r->name));
	r->seed = order_seed(g->seed, r->name);
	if (reserve_stamps(&w))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = c->ops->open(c, &w.run, e);
	if (ret)
		goto out_free;
	if (g->opened) {
		before = clock_now();
		ret = g->opened(g->context, w.run, e);
		w.start += clock_now() - before;
	}
	if (!ret && c->ops->begin)
		ret = c->ops->begin(w.run, e);
	if (ret)
		goto out_close;
	ratio = cpu_tsc_per_core_cycle();
	ret = try_arms(&w);
	if (!ret)
		ret = warm_up(&w);
	if (batch)
		r->batch = batch; /* a resumed cell keeps its batch size */
	if (!ret)
		ret = run_blocks(&w, family ? family : 1);
	if (!ret && r->finished)
		ret = run_tails(&w);
	ratio = 0.5 * (ratio + cpu_tsc_per_core_cycle());
	/* Of all launches so far, each with the same say. */
	r->tsc_per_core += (ratio - r->tsc_per_core) / ++r->visits;
out_close:
	if (c->ops->close)
		c->ops->close(w.run);
	r->elapsed += clock_now() - w.start;
	r->own = r->elapsed - r->busy;
out_free:
	free(w.stamps);
	free(w.sorted);
	return ret;
}
