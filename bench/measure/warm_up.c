// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before the blocks: has the baseline settled, and how many exits make a batch?
 */
#include <stdlib.h>

#include <bench/host/clock.h>
#include "work.h"

#define WARMUP_MIN    16   /* batches before the warm-up rule is asked */
#define WARMUP_ENOUGH 64   /* batches, unless time is short: a long plateau looks settled */
#define WARMUP_MAX    512  /* batches */
#define WARMUP_SHARE  0.1  /* of the cell's time */
#define NOISE_SHARE   0.01 /* of a batch: dearer sources are not read per batch */
#define WALKS_FEWER   8	   /* times fewer in a batch at least: each is stamped by itself anyway */
#define ONCE_FEWER    4	   /* likewise; these must tell which of them is far off */
#define WALKS_LEAST   2	   /* exits of a batch whose walks are longer than the cell has time for */
#define WALKS_OVERRUN 4.0  /* of the cell's time: more is not begun ... */
#define WALKS_ALLOWED \
	10.0 /* ... unless it is less than these seconds; no cell counts as stuck by then */
#define STEPS_MIN 4.0 /* steps of the TSC within that half of a batch's exits that counts */

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

/* Batches that there must be, however long they take. */
static unsigned int least_batches(const struct work *w)
{
	return WARMUP_MIN / 2 + work_least_blocks(w) * w->c->nr_arms;
}

/* Exits of a batch whose guest walks, @exit_ticks each with the walk: @least, or what the cell has time for. */
static uint32_t walks_that_fit(const struct work *w, uint32_t least, double exit_ticks)
{
	double fit = w->seconds * w->g->tsc_hz / (exit_ticks * least_batches(w));

	if (least <= WALKS_LEAST || !(fit < least))
		return least;
	return fit < WALKS_LEAST ? WALKS_LEAST : (uint32_t)fit;
}

/* A last level of some 100 MB takes a guest longer to walk than a short plan has. */
static int check_walks(const struct work *w, double exit_ticks)
{
	double exit_seconds = exit_ticks / w->g->tsc_hz;
	double all = exit_seconds * WALKS_LEAST * least_batches(w);

	if (all <= WALKS_ALLOWED || all <= WALKS_OVERRUN * w->seconds)
		return 0;
	return data_fail(
		w->e, EGPR_SKIPPED,
		"one walk of this guest takes %.3g s here, and the fewest that make a result "
		"%.0f s, where the plan gives the cell %.2g s; measure it by a plan with a "
		"larger `budget`, or --profile full",
		exit_seconds, all, w->seconds);
}

int work_warm_up(struct work *w)
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
			ret = work_summed(w, &b);
		while (work_again(w, &ret));
		if (ret)
			break;
		per = (double)b.cycles / b.exits;
		wall[n] = (clock_now() - before) * w->g->tsc_hz / b.exits;
		learn_step(w, b.exits);
		spread[n] = w->spread;
		if (walks && n) /* the first is as cold as they get */
			ret = check_walks(w, wall[n]);
		if (walks)
			b.exits = walks_that_fit(w, b.exits, wall[n]);
		series[n++] = per;
		if (ret)
			break;
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
		if (walks)
			least = walks_that_fit(w, least, all);
	} else if (cell_context(w->c)->timed == EGPR_TIMED_HALVES) {
		all = all > per ? all : per; /* so do the stamps around halves */
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
