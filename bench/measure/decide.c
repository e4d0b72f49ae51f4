// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks: which arms are compared with which, and whether every comparison is decided.
 */
#include <stdlib.h>

#include "engine.h"

unsigned int engine_parts(const struct engine *g)
{
	return g->launches > 1 ? g->launches : 1;
}

unsigned int engine_looks(const struct engine *g)
{
	return engine_parts(g) > 1 ? engine_parts(g) : g->plan->looks;
}

static unsigned int find_arm(const struct cell *c, const struct egpr_strategy *s,
			     unsigned int delay)
{
	unsigned int a;

	for (a = 0; a < c->nr_arms; a++) {
		if (c->arms[a].strategy == s && c->arms[a].delay == delay)
			return a;
	}
	return 0;
}

/* A delay is compared with delay-0, everything else with the first arm. */
static unsigned int baseline_of(const struct cell *c, unsigned int arm)
{
	const struct egpr_strategy *s = c->arms[arm].strategy;

	if (s->family != EGPR_FAMILY_DELAY || !c->arms[arm].delay)
		return 0;
	return find_arm(c, s, 0);
}

/* Where KVM handles the exits no sequence runs, and its place is no factor. */
static bool has_layout(const struct cell *c)
{
	return c->offsets > 1 && !c->guest_timed;
}

struct stats_where engine_where(const struct engine *g, const struct cell *c,
				const struct cell_result *r)
{
	return (struct stats_where){
		.layout = has_layout(c) ? r->layout : NULL,
		.launch = g->places ? r->launch : NULL,
		.places = g->places,
	};
}

int engine_decide(const struct engine *g, const struct cell *c, unsigned int blocks,
		  unsigned int look, struct cell_result *r)
{
	const struct stats_where where = engine_where(g, c, r);
	double *diff = malloc((blocks ? blocks : 1) * sizeof(*diff));
	bool first = !r->nr_comparisons;
	unsigned int a, b, m;
	int ret = 0;

	if (!diff)
		return EGPR_INTERNAL;
	r->nr_comparisons = c->nr_arms ? c->nr_arms - 1 : 0;
	for (a = 1; a < c->nr_arms && !ret; a++) {
		struct comparison *k = &r->comparisons[a - 1];

		k->arm = a;
		k->baseline = baseline_of(c, a);
		for (b = 0; b < blocks; b++)
			diff[b] = r->mean[a][b] - r->mean[k->baseline][b];
		stats_shift_free(&k->shift);
		if (stats_shift_init(&k->shift, diff, &where, blocks)) {
			ret = EGPR_INTERNAL;
			break;
		}
		for (m = 0; m < g->plan->nr_margins; m++) {
			double base = engine_median_of(r, k->baseline, blocks);
			double cycles = plan_margin_cycles(&g->plan->margins[m], base);
			struct stats_decision d = stats_decide(
				&k->shift, cycles, engine_looks(g) > 1 ? &g->looks : NULL, look);

			if (first)
				k->d[m] = d;
			else
				stats_decision_merge(&k->d[m], &d);
		}
	}
	free(diff);
	return ret;
}

unsigned int engine_open(const struct engine *g, const struct cell_result *r, unsigned int family)
{
	unsigned int i, m, open = 0;
	double p;

	for (i = 0; i < r->nr_comparisons; i++) {
		for (m = 0; m < g->plan->nr_margins; m++) {
			open += stats_verdict(&r->comparisons[i].d[m], g->plan->alpha / family,
					      &p) == STATS_INCONCLUSIVE;
		}
	}
	return open;
}

double engine_alpha(const struct engine *g, const struct cell_result *r, double alpha)
{
	unsigned int look = r->final ? engine_looks(g) - 1 : r->look ? r->look - 1 : 0;

	if (engine_looks(g) <= 1)
		return alpha;
	return stats_looks_alpha(&g->looks, look, alpha);
}
