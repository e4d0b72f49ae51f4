// SPDX-License-Identifier: GPL-2.0-only
/*
 * One batch, and one number for a batch whose exits are stamped one by one.
 */
#include <math.h>

#include <bench/host/clock.h>
#include "guard.h"
#include "work.h"

int work_batch(struct work *w, struct layer_batch *b)
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

bool work_again(const struct work *w, int *ret)
{
	if (*ret != LAYER_ASTRAY)
		return false;
	if (!*w->g->stop)
		return true;
	*ret = 0;
	return false;
}

int work_summed(struct work *w, struct layer_batch *b)
{
	double per;
	int ret;

	b->stamps = w->stamps;
	ret = work_batch(w, b);
	if (ret || !w->stamps)
		return ret;
	per = engine_sum_up(w->g->plan->location, w->stamps, b->exits, w->sorted, &w->spread);
	b->cycles = (uint64_t)llround(per * b->exits);
	return 0;
}
