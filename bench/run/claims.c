// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the ruler read what its context claims? See checks.h, and the columns AA and TEN of
 * include/egpr/context.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/group/group.h>
#include <bench/layer/made.h>
#include "checks.h"
#include "contended.h"

#define SLOPE_TOO_WIDE 1.0 /* half-width at which a slope of 1 cannot be told from 0 */
#define TEN	       10

/* TSC ticks within which A/A has to be equivalent, and their words. */
struct claim {
	double ticks;
	const char *text;
	const char *by;
};

static struct claim claim_of(const struct engine *g, const struct run_cell *c,
			     unsigned int baseline)
{
	const struct plan_margin *m = &g->plan->margins[0];
	const struct context *x = cell_context(&c->cell);

	if (x->aa > 0)
		return (struct claim){ x->aa, "what the context claims", "" };
	return (struct claim){ plan_margin_cycles(m, engine_median(&c->r, baseline)), m->text,
			       x->aa < 0 ? "; this context claims no margin" : "" };
}

static enum stats_verdict aa_verdict(const struct engine *g, const struct cell_result *r,
				     const struct comparison *x, double margin)
{
	unsigned int look = r->final ? engine_looks(g) - 1 : r->look ? r->look - 1 : 0;
	const struct stats_decision d =
		stats_decide(&x->shift, margin, engine_looks(g) > 1 ? &g->looks : NULL, look);
	double p;

	return stats_verdict(&d, g->plan->alpha, &p);
}

/*
 * A/A must be equivalent. Of a group, whose cells are short, and where nothing is claimed only a
 * difference that is shown speaks against the run.
 */
static enum outcome judge_aa(const struct run_cell *c, enum stats_verdict v)
{
	bool claims = cell_context(&c->cell)->aa >= 0 && !group_of(&c->cell);

	if (v == STATS_EQUIVALENT)
		return PASS;
	return v == STATS_INCONCLUSIVE && !claims ? SKIP : FAIL;
}

static void check_aa(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	const struct cell_result *r = &c->r;
	char name[160], detail[256];
	unsigned int i;

	for (i = 0; i < r->nr_comparisons; i++) {
		const struct comparison *x = &r->comparisons[i];
		const struct claim claim = claim_of(g, c, x->baseline);
		struct stats_interval ci;
		enum stats_verdict v;

		if (c->cell.arms[x->arm].strategy != &egpr_strategies[EGPR_STRATEGY_none_b] &&
		    !group_is_twin(&c->cell.arms[x->arm]))
			continue;
		v = aa_verdict(g, r, x, claim.ticks);
		ci = stats_shift_interval(&x->shift, engine_alpha(g, r, STATS_TAIL));
		snprintf(name, sizeof(name), "A/A %s", r->name);
		snprintf(
			detail, sizeof(detail),
			"%s within %s (%.3g TSC ticks); interval %.3g .. %.3g TSC ticks, %u blocks%s",
			stats_verdict_names[v], claim.text, claim.ticks, ci.low, ci.high, r->blocks,
			claim.by);
		check_add(k, judge_aa(c, v), name, detail);
	}
}

/* Slope of measured over injected cycles, one per block. Return: arms used. */
static unsigned int slopes(const struct run_cell *c, double *out)
{
	const struct cell *cell = &c->cell;
	double x[PLAN_MAX_ARMS], y[PLAN_MAX_ARMS];
	unsigned int arm[PLAN_MAX_ARMS], n = 0, a, b;

	for (a = 0; a < cell->nr_arms; a++) {
		if (cell->arms[a].strategy->family == EGPR_FAMILY_DELAY) {
			x[n] = cell->arms[a].delay;
			arm[n++] = a;
		}
	}
	for (b = 0; b < c->r.blocks && n >= 2; b++) {
		for (a = 0; a < n; a++)
			y[a] = c->r.mean[arm[a]][b];
		out[b] = stats_block_slope(x, y, n);
	}
	return n;
}

/* Injected cycles must come out as cycles: slope 1 in core cycles. */
static void check_delays(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	double tolerance = g->plan->slope_tolerance, per = c->r.tsc_per_core;
	const struct stats_where where = engine_where(g, &c->cell, &c->r);
	double *slope = malloc((c->r.blocks + 1) * sizeof(*slope));
	char name[160], detail[256];
	struct stats_interval ci;
	struct stats_shift s;
	enum outcome outcome;

	if (!slope || !c->r.blocks || slopes(c, slope) < 2 ||
	    stats_shift_init(&s, slope, &where, c->r.blocks))
		goto out;
	ci = stats_shift_interval(&s, STATS_TAIL);
	ci.low /= per;
	ci.high /= per;
	if (!(ci.high - ci.low < 2 * SLOPE_TOO_WIDE))
		outcome = SKIP;
	else
		outcome = ci.high >= 1 - tolerance && ci.low <= 1 + tolerance ? PASS : FAIL;
	snprintf(name, sizeof(name), "injected delays %s", c->r.name);
	snprintf(detail, sizeof(detail),
		 "slope %.3f (%.3f .. %.3f) in core cycles of %.3f TSC ticks; wanted 1 +- %g%s",
		 s.estimate / per, ci.low, ci.high, per, tolerance,
		 outcome == SKIP ? "; too few blocks to tell 1 from 0" : "");
	check_add(k, outcome, name, detail);
	stats_shift_free(&s);
out:
	free(slope);
}

/* Is a delay of ten core cycles of a layer without a guest found, in a context that claims it? */
static void check_ten(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	const bool alone = EGPR_CONTEXT_IN_ALONE & 1u << c->cell.ops->layer;
	const bool claims = alone && cell_context(&c->cell)->ten && c->cell.representative;
	double tolerance = g->plan->slope_tolerance, per = c->r.tsc_per_core;
	char name[160], detail[256];
	unsigned int i;

	for (i = 0; i < c->r.nr_comparisons && alone; i++) {
		const struct comparison *x = &c->r.comparisons[i];
		const struct plan_arm *arm = &c->cell.arms[x->arm];
		const struct plan_arm *base = &c->cell.arms[x->baseline];
		struct stats_interval ci;
		bool found, right;

		if (arm->strategy->family != EGPR_FAMILY_DELAY || arm->delay != TEN ||
		    base->strategy != arm->strategy || base->delay)
			continue;
		ci = stats_shift_interval(&x->shift, engine_alpha(g, &c->r, STATS_TAIL));
		ci.low /= per;
		ci.high /= per;
		found = ci.low > 0;
		right = ci.low <= TEN * (1 + tolerance) && ci.high >= TEN * (1 - tolerance);
		snprintf(name, sizeof(name), "ten cycles %s", c->r.name);
		snprintf(detail, sizeof(detail),
			 "%d injected core cycles are read as %.3g .. %.3g%s%s", TEN, ci.low,
			 ci.high, found ? "" : ": not found",
			 claims ? "" : "; this context does not claim them here");
		check_add(k, !right ? FAIL : found ? PASS : claims ? FAIL : SKIP, name, detail);
	}
}

/*
 * Does an arm fetch from what the core shares with others? What that takes depends on who else is there, and
 * is no fault of the run. Guests walk there; behind preparations a strategy does, and neither none nor delays.
 */
static bool shares(const struct run_cell *c, unsigned int arm)
{
	const enum egpr_family family = c->cell.arms[arm].strategy->family;

	if (EGPR_CONTEXT_WALKS(cell_context(&c->cell)->timed))
		return true;
	switch (made_of(&c->cell)->level) {
	case PREPARE_LLC:
	case PREPARE_DRAM:
	case PREPARE_LEGACY_WARM:
	case PREPARE_CODE_COLD:
		return family != EGPR_FAMILY_BASE && family != EGPR_FAMILY_DELAY;
	default:
		return false;
	}
}

/* Contended blocks: how many, and whether they agree with the others. */
static void check_contention(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	const struct cell_result *r = &c->r;
	char name[160], detail[256];
	struct contended s;
	unsigned int i;

	for (i = 0; i < r->nr_comparisons; i++) {
		const struct comparison *x = &r->comparisons[i];
		double margin = claim_of(g, c, x->baseline).ticks;

		if (contended_strata(r, x->arm, x->baseline, margin, &s) || !s.blocks[1])
			continue;
		snprintf(name, sizeof(name), "contention %s/%s", r->name, c->cell.arms[x->arm].id);
		snprintf(
			detail, sizeof(detail),
			"%u of %u blocks beside something else on the core: %.3g TSC ticks in them, "
			"%.3g in the others",
			s.blocks[1], r->blocks, s.shift[1], s.shift[0]);
		check_add(k, !s.apart ? PASS : shares(c, x->arm) ? SKIP : FAIL, name, detail);
	}
}

void check_claims(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	check_aa(k, g, c);
	check_delays(k, g, c);
	check_ten(k, g, c);
	check_contention(k, g, c);
}
