// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changed from one run to another on the same host.
 *
 * For each strategy that both runs have, the shift against its own baseline is compared,
 * run against run: whatever a reload or a boot moved for all arms alike cancels. The
 * baseline itself is compared as it is, so a slower exit path shows as well; that row
 * includes what reload and boot did.
 *
 * What one launch says holds for that launch (docs/method.md): without several launches in both
 * runs nothing is known of how far launches lie apart, and there is no verdict.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/report/report.h>

#include "compare.h"

#define ALPHA	     0.05
#define MIN_LAUNCHES 4 /* of a run, where nothing is known of their spread */
#define MIN_BLOCKS   6 /* the signed rank has no 95 % interval below */

static double median(const struct blocks_arm *a)
{
	double *copy = malloc(a->n * sizeof(*copy)), m;

	if (!copy)
		return NAN;
	memcpy(copy, a->mean, a->n * sizeof(*copy));
	stats_sort(copy, a->n);
	m = stats_quantile(copy, a->n, 0.5);
	free(copy);
	return m;
}

/* Shift of an arm against @base, or the arm itself where @base is NULL. */
static int shift_of(const struct blocks *run, const struct blocks_arm *a,
		    const struct blocks_arm *base, struct stats_shift *s)
{
	const struct stats_where where = { a->layout, a->launch, run->launches.place };
	size_t n = base && base->n < a->n ? base->n : a->n, i;
	double *x = malloc((n + 1) * sizeof(*x));
	int ret;

	if (!x)
		return -1;
	for (i = 0; i < n; i++)
		x[i] = a->mean[i] - (base ? base->mean[i] : 0);
	ret = stats_shift_init(s, x, &where, n);
	free(x);
	return ret;
}

static double variance(const struct stats_shift *s)
{
	return s->se * s->se + stats_shift_spread(s, ALPHA / 2).part;
}

/* Degrees of freedom of one run's variance: of what spreads beside blocks, else of the blocks. */
static double freedom(const struct stats_shift *s)
{
	double blocks = (double)s->values - 1, others = stats_shift_spread(s, ALPHA / 2).df;

	return others < blocks ? others : blocks;
}

static double t_upper(const struct compare_change *c, double bound)
{
	return gsl_cdf_tdist_Q((c->estimate - bound) / c->se, c->df);
}

static void decide(struct compare_change *c)
{
	double above = t_upper(c, -c->margin), below = 1 - t_upper(c, c->margin);

	c->d.p_equivalent = fmax(above, below);
	c->d.p_slower = t_upper(c, c->margin);
	c->d.p_faster = 1 - t_upper(c, -c->margin);
}

/* The plan's first margin; where no guest runs, the first in ticks. */
static const struct plan_margin *answer_margin(const struct plan *p, const char *exit_kind)
{
	unsigned int i;

	for (i = 0; i < p->nr_margins && !strcmp(exit_kind, "none"); i++) {
		if (!p->margins[i].percent)
			return &p->margins[i];
	}
	return &p->margins[0];
}

/* KVM's own switch is compared with guest state off, all else with its own state: NULL. */
static const char *baseline_state(const char *strategy)
{
	const struct egpr_strategy *s = egpr_strategy_find(strategy, NULL);

	return s && s->family == EGPR_FAMILY_OWN ? egpr_guest_states[EGPR_STATE_OFF].id : NULL;
}

static int add_change(struct compare_pair *k, const struct blocks_arm *a,
		      const struct blocks_arm *b, const char *baseline)
{
	const struct csv_table *t = k->first->blocks.samples;
	const struct blocks_arm *base_a = NULL, *base_b = NULL;
	struct stats_shift sa = { 0 }, sb = { 0 };
	const struct plan_margin *m;
	struct compare_change *c;
	double va, vb;
	int ret = -1;

	if (*baseline) {
		const char *state = baseline_state(csv_text(t, a->row, EGPR_COL_strategy));

		base_a = blocks_find(&k->first->blocks, t, a->row, baseline, state);
		base_b = blocks_find(&k->second->blocks, t, a->row, baseline, state);
	}
	if ((*baseline && (!base_a || !base_b)) || a->n < MIN_BLOCKS || b->n < MIN_BLOCKS) {
		k->only_one++;
		return 0;
	}
	if (shift_of(&k->first->blocks, a, base_a, &sa) ||
	    shift_of(&k->second->blocks, b, base_b, &sb))
		goto out;
	c = realloc(k->change, (k->n + 1) * sizeof(*c));
	if (!c)
		goto out;
	k->change = c;
	c += k->n++;
	memset(c, 0, sizeof(*c));
	va = variance(&sa);
	vb = variance(&sb);
	c->row = a->row;
	c->baseline = baseline;
	c->estimate = sb.estimate - sa.estimate;
	c->launches[0] = sa.groups[STATS_LAUNCH];
	c->launches[1] = sb.groups[STATS_LAUNCH];
	/* Identical data have no spread: keep the quotients finite. */
	c->se = fmax(sqrt(va + vb), 1e-9);
	c->df = va + vb > 0
			? (va + vb) * (va + vb) / (va * va / freedom(&sa) + vb * vb / freedom(&sb))
			: freedom(&sa);
	c->base = median(base_a ? base_a : a);
	m = answer_margin(&k->plan, csv_text(t, a->row, EGPR_COL_exit_kind));
	c->margin = plan_margin_cycles(m, c->base);
	memcpy(c->margin_text, m->text, sizeof(c->margin_text));
	c->half = gsl_cdf_tdist_Qinv(ALPHA / 2, c->df) * c->se;
	decide(c);
	ret = 0;
out:
	stats_shift_free(&sa);
	stats_shift_free(&sb);
	return ret;
}

/* Launch variance is in both intervals. */
static bool covers_launches(const struct compare_change *c)
{
	return c->launches[0] > 1 && c->launches[1] > 1;
}

/*
 * Launches of each run that would decide, all else equal: the interval shrinks with their root,
 * and has to fit between the estimate and the margin that is next to it.
 */
static double launches_needed(const struct compare_change *c)
{
	double room = fabs(fabs(c->estimate) - c->margin),
	       have = (double)(c->launches[0] < c->launches[1] ? c->launches[0] : c->launches[1]);

	if (!covers_launches(c))
		return MIN_LAUNCHES;
	return room > 0 ? fmax(ceil(have * (c->half / room) * (c->half / room)), have + 1)
			: INFINITY;
}

static const char *baseline_of(const char *strategy)
{
	const struct egpr_strategy *none = &egpr_strategies[EGPR_STRATEGY_none];
	unsigned int delay;
	const struct egpr_strategy *s = egpr_strategy_find(strategy, &delay);

	/* A group's subject is none of the table: its own time is compared. */
	if (!s || s == none)
		return "";
	if (s && s->family == EGPR_FAMILY_DELAY && delay)
		return "delay-0";
	return none->id;
}

static int collect(struct compare_pair *k)
{
	size_t i;

	for (i = 0; i < k->first->blocks.n; i++) {
		const struct blocks_arm *a = &k->first->blocks.arm[i], *b;
		const struct csv_table *t = k->first->blocks.samples;
		const char *id = csv_text(t, a->row, EGPR_COL_strategy);

		b = blocks_find(&k->second->blocks, t, a->row, id, NULL);
		if (!b)
			k->only_one++;
		else if (add_change(k, a, b, baseline_of(id)))
			return -1;
	}
	return 0;
}

static bool same_family(const struct compare_pair *k, const struct compare_change *a,
			const struct compare_change *b)
{
	static const unsigned int columns[] = { EGPR_COL_layer, EGPR_COL_strategy,
						EGPR_COL_guest_state, EGPR_COL_context };
	const struct csv_table *t = k->first->blocks.samples;
	size_t i;

	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		if (strcmp(csv_text(t, a->row, columns[i]), csv_text(t, b->row, columns[i])))
			return false;
	}
	return true;
}

/* Holm across exit kinds. Return: the decision of @c within its family. */
static int adjusted(const struct compare_pair *k, const struct compare_change *c,
		    struct stats_decision *d)
{
	struct stats_decision *family = malloc((k->n + 1) * sizeof(*family));
	size_t i, n = 0, self = 0;
	int ret = -1;

	for (i = 0; family && i < k->n; i++) {
		if (!same_family(k, c, &k->change[i]))
			continue;
		if (&k->change[i] == c)
			self = n;
		family[n++] = k->change[i].d;
	}
	if (family && !stats_adjust(family, n)) {
		*d = family[self];
		ret = 0;
	}
	free(family);
	return ret;
}

int compare_pair_make(struct compare_pair *k, struct data_error *e)
{
	int ret = plan_restore(
		&k->plan, cJSON_GetObjectItemCaseSensitive(k->first->data.meta, RUNDIR_PLAN), e);
	struct stats_decision d;
	double p;
	size_t i;

	if (ret)
		return ret;
	if (collect(k))
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	for (i = 0; i < k->n; i++) {
		if (adjusted(k, &k->change[i], &d))
			return data_fail(e, EGPR_INTERNAL, "out of memory");
		if (covers_launches(&k->change[i]))
			k->change[i].verdict = stats_verdict(&d, ALPHA, &p);
	}
	if (!k->n)
		return data_fail(e, EGPR_DATA,
				 "%s and %s have no arm in common: they were made from different "
				 "plans",
				 k->first->data.path, k->second->data.path);
	return 0;
}

void compare_pair_free(struct compare_pair *k)
{
	free(k->change);
	plan_free(&k->plan);
	memset(k, 0, sizeof(*k));
}

static size_t count(const struct compare_pair *k, enum stats_verdict v)
{
	size_t i, n = 0;

	for (i = 0; i < k->n; i++)
		n += k->change[i].verdict == v;
	return n;
}

int compare_pair_status(const struct compare_pair *k)
{
	if (count(k, STATS_SLOWER))
		return EGPR_SLOWER;
	return count(k, STATS_INCONCLUSIVE) ? EGPR_INCONCLUSIVE : 0;
}

const struct compare_change *compare_pair_find(const struct compare_pair *k,
					       const struct csv_table *t, size_t row)
{
	static const unsigned int columns[] = { EGPR_COL_provenance,  EGPR_COL_layer,
						EGPR_COL_exit_kind,   EGPR_COL_strategy,
						EGPR_COL_guest_state, EGPR_COL_context };
	const struct csv_table *samples = k->first->blocks.samples;
	size_t i, c;

	for (i = 0; i < k->n; i++) {
		for (c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
			if (strcmp(csv_text(samples, k->change[i].row, columns[c]),
				   csv_text(t, row, columns[c])))
				break;
		}
		if (c == sizeof(columns) / sizeof(*columns))
			return &k->change[i];
	}
	return NULL;
}

/* The row's last word: the verdict, or what is missing for one. */
static void verdict_cell(const struct compare_change *c, struct doc *d)
{
	const char *name = stats_verdict_names[c->verdict];
	enum doc_tone tone = report_tone(name);
	double needed;

	if (c->verdict != STATS_INCONCLUSIVE) {
		doc_cell(d, tone, NULL, "%s", name);
		return;
	}
	needed = launches_needed(c);
	if (!covers_launches(c))
		doc_cell(d, tone, NULL, "%s: launch not estimable, >= %.0f launches per run needed",
			 name, needed);
	else if (needed <= STATS_MAX_LAUNCHES)
		doc_cell(d, tone, NULL, "%s: about %.0f launches per run needed", name, needed);
	else
		doc_cell(d, tone, NULL, "%s: more than %d launches per run needed", name,
			 STATS_MAX_LAUNCHES);
}

void compare_pair_table(const struct compare_pair *k, const char *id, struct doc *d)
{
	static const unsigned int identity[] = { EGPR_COL_layer, EGPR_COL_exit_kind,
						 EGPR_COL_guest_state, EGPR_COL_context,
						 EGPR_COL_strategy };
	static const struct doc_column columns[] = {
		{ "layer", 0 },
		{ "exit kind", 0 },
		{ "state", 0 },
		{ "context", 0 },
		{ "strategy", 0 },
		{ "change", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
		{ "margin", DOC_WIDE },
		{ "launches", DOC_WIDE },
		{ "verdict", 0 },
	};
	const struct csv_table *t = k->first->blocks.samples;
	size_t i, j, one_launch = 0;

	doc_table(d, id, columns, sizeof(columns) / sizeof(*columns),
		  "TSC ticks per exit, %s minus %s; strategies by their shift against their own "
		  "baseline.",
		  k->second->data.path, k->first->data.path);
	for (i = 0; i < k->n; i++) {
		const struct compare_change *c = &k->change[i];

		for (j = 0; j < sizeof(identity) / sizeof(*identity); j++)
			doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, c->row, identity[j]));
		doc_cell(d, DOC_PLAIN, NULL, "%.2f", c->estimate);
		doc_cell(d, DOC_PLAIN, NULL, "%.2f .. %.2f", c->estimate - c->half,
			 c->estimate + c->half);
		doc_cell(d, DOC_PLAIN, NULL, "%s", c->margin_text);
		doc_cell(d, DOC_PLAIN, NULL, "%zu, %zu", c->launches[0], c->launches[1]);
		verdict_cell(c, d);
		one_launch += !covers_launches(c);
	}
	if (one_launch)
		doc_para(
			d,
			"%zu rows have one launch in a run: their intervals hold for those launches "
			"only and say nothing of the next.",
			one_launch);
	if (k->only_one)
		doc_para(d, "%zu arms are in one run only, or have too few blocks.", k->only_one);
}
