// SPDX-License-Identifier: GPL-2.0-only
/*
 * One cell: warm-up, pilot, blocks with looks, tails. See engine.h.
 */
#include <math.h>
#include <stdlib.h>

#include <bench/host/clock.h>
#include <bench/host/cpu.h>
#include <bench/plan/order.h>
#include "work.h"

#define TAIL_SHARE	0.1  /* of the cell's time */
#define PILOT_BLOCKS	3    /* at least; their median time says how many blocks fit */
#define PILOT_SHARE	0.02 /* of the cell's time, between the two */
#define REPLAN_BLOCKS	8    /* times as many until the plan is mended, then at each doubling */
#define MIN_BLOCKS	8    /* the signed rank decides nothing at 95 % below 6 */
#define PART_MIN_BLOCKS 4    /* of a launch, where there are several */
#define OVERRUN		1.15 /* of the cell's time: then the last look comes early */
#define TAIL_LEAST	100  /* exits: fewer have no 99th percentile */

unsigned int work_least_blocks(const struct work *w)
{
	return engine_parts(w->g) > 1 ? PART_MIN_BLOCKS : MIN_BLOCKS;
}

/* Blocks so far and those that fit what is left of the cell's time; whole squares where there is room. */
static void plan_blocks(struct work *w, double block_seconds)
{
	double room = w->start + w->seconds * (1 - TAIL_SHARE) - clock_now();
	unsigned int period = order_period(w->c->nr_arms), parts = engine_parts(w->g), n;
	unsigned int least = work_least_blocks(w);

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
	unsigned int least = work_least_blocks(w) + (engine_parts(w->g) > 1 ? w->r->blocks : 0);
	double median[PLAN_MAX_ARMS] = { 0 }, mad[PLAN_MAX_ARMS] = { 0 };
	struct cell_result *r = w->r;
	int ret = 0;

	w->blocks_start = clock_now();
	w->blocks_before = r->blocks;
	w->replan_at = REPLAN_BLOCKS * PILOT_BLOCKS;
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
		ret = work_block(w, median, mad);
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
	double *exits;
	int ret = 0;

	if (!n)
		return 0;
	stamps = malloc(n * sizeof(*stamps));
	exits = malloc(n * sizeof(*exits));
	if (!stamps || !exits) {
		free(stamps);
		free(exits);
		return data_fail(w->e, EGPR_INTERNAL, "out of memory");
	}
	for (a = 0; a < w->c->nr_arms && !ret && !*w->g->stop && clock_now() < until; a++) {
		struct layer_batch b = { .arm = a, .exits = n, .stamps = stamps };
		uint32_t i;

		do
			ret = work_batch(w, &b);
		while (work_again(w, &ret));
		if (ret)
			break;
		for (i = 0; i < n; i++)
			exits[i] = (double)stamps[i];
		stats_sort(exits, n);
		w->r->tail[a] = (struct cell_tail){ .exits = n,
						    .p99 = stats_quantile(exits, n, 0.99),
						    .p999 = stats_quantile(exits, n, 0.999) };
	}
	free(exits);
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
			ret = work_batch(w, &b);
		while (work_again(w, &ret));
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
		ret = work_warm_up(&w);
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
