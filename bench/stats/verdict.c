// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a shift and a margin to a verdict.
 *
 * Three claims can be proved: the shift lies within the margin, above it, below it. A
 * comparison that proves none of them is inconclusive; "not significant" is never
 * turned into "the same".
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>

#include "stats.h"

const char *const stats_verdict_names[STATS_NR_VERDICTS] = {
	[STATS_INCONCLUSIVE] = "inconclusive",
	[STATS_EQUIVALENT] = "equivalent",
	[STATS_FASTER] = "faster",
	[STATS_SLOWER] = "slower",
};

static double at_look(const struct stats_looks *l, size_t look, double p)
{
	return l ? stats_looks_p(l, look, p) : p;
}

struct stats_decision stats_decide(const struct stats_shift *s, double margin,
				   const struct stats_looks *l, size_t look)
{
	struct stats_decision d;
	double above = stats_shift_p(s, -margin); /* the shift is at most -margin */
	double below = stats_shift_p_below(s, margin);

	d.p_equivalent = at_look(l, look, fmax(above, below));
	d.p_slower = at_look(l, look, stats_shift_p(s, margin));
	d.p_faster = at_look(l, look, stats_shift_p_below(s, -margin));
	return d;
}

void stats_decision_merge(struct stats_decision *all, const struct stats_decision *now)
{
	all->p_equivalent = fmin(all->p_equivalent, now->p_equivalent);
	all->p_slower = fmin(all->p_slower, now->p_slower);
	all->p_faster = fmin(all->p_faster, now->p_faster);
}

enum stats_verdict stats_verdict(const struct stats_decision *d, double alpha, double *p)
{
	/* Two directions share the error; equivalence is an intersection and does not. */
	double moved = fmin(1, 2 * fmin(d->p_slower, d->p_faster));

	*p = fmin(moved, d->p_equivalent);
	if (*p > alpha)
		return STATS_INCONCLUSIVE;
	if (d->p_equivalent <= moved)
		return STATS_EQUIVALENT;
	return d->p_slower < d->p_faster ? STATS_SLOWER : STATS_FASTER;
}

int stats_holm(double *p, size_t n)
{
	size_t *order = malloc((n ? n : 1) * sizeof(*order)), i;
	double last = 0;

	if (!order)
		return -1;
	gsl_sort_index(order, p, 1, n);
	for (i = 0; i < n; i++) {
		last = fmin(1, fmax(last, (double)(n - i) * p[order[i]]));
		p[order[i]] = last;
	}
	free(order);
	return 0;
}

int stats_adjust(struct stats_decision *d, size_t n)
{
	double *same = malloc((n + 1) * sizeof(*same)), *moved = malloc((n + 1) * sizeof(*moved));
	int ret = -1;
	size_t i;

	if (!same || !moved)
		goto out;
	for (i = 0; i < n; i++) {
		same[i] = d[i].p_equivalent;
		moved[i] = fmin(d[i].p_slower, d[i].p_faster);
	}
	if (stats_holm(same, n) || stats_holm(moved, n))
		goto out;
	for (i = 0; i < n; i++) {
		d[i].p_equivalent = same[i];
		if (d[i].p_slower < d[i].p_faster)
			d[i].p_slower = moved[i];
		else
			d[i].p_faster = moved[i];
	}
	ret = 0;
out:
	free(moved);
	free(same);
	return ret;
}

double stats_smallest_margin(const struct stats_shift *s, double alpha)
{
	struct stats_interval ci = stats_shift_interval(s, alpha);

	return fmax(fabs(ci.low), fabs(ci.high));
}

size_t stats_blocks_needed(const struct stats_shift *s, double margin, double alpha)
{
	struct stats_interval ci = stats_shift_interval(s, alpha);
	double gap = fabs(fabs(s->estimate) - margin);
	double half = 0.5 * (ci.high - ci.low), fixed = 0, t2 = 0, need;

	if (half < gap)
		return 0;
	if (!isfinite(half) || gap <= 0)
		return STATS_NEVER;
	if (s->nr_spreads) {
		double part = fmax(0, stats_shift_spread(s, alpha).part);

		t2 = half * half / (s->se * s->se + part);
		fixed = t2 * part;
	}
	if (gap * gap <= fixed)
		return STATS_NEVER;
	need = (double)s->n * (half * half - fixed) / (gap * gap - fixed) - (double)s->n;
	return need < (double)STATS_NEVER ? (size_t)ceil(need) : STATS_NEVER;
}
