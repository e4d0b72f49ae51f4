// SPDX-License-Identifier: GPL-2.0-only
/*
 * One shift with everything that blurs it: block noise, correlated neighbours, where the linker
 * happened to put the code, and where launch, module load and boot happened to put everything else.
 *
 * Hierarchical model: difference = shift + boot + module load + launch + offset + block noise, all
 * but the shift random. Launches lie in a module load, loads in a boot (nested); offsets are the
 * same ones in every launch (crossed). What groups scatter beyond what block noise explains is
 * their variance (Kalibera and Jones 2013, section 6, with rank estimates in place of means).
 * A verdict has to hold for a launch and a layout nobody tried, so those variances, over the number
 * of values tried, are part of the interval.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats.h"

/* Fewer blocks per offset than this tell nothing about the offset itself. */
#define MIN_PER_LAYOUT 4

/* A component is taken in on weak evidence already: leaving one out costs coverage. */
#define LAYOUT_ALPHA 0.1

/* One standard deviation of a normal estimate, as a one-sided error. */
#define ALPHA_ONE_SIGMA 0.15865525393145707

/*
 * Of fewer degrees of freedom a level tells so little that taking a negative estimate for 0 costs
 * coverage (87 % with two launches, 92 % with three); then the plain estimate has its say as well.
 */
#define FEW_DF 3

const char *const stats_level_names[STATS_NR_LEVELS] = {
	[STATS_BOOT] = "boot",
	[STATS_MODULE] = "module load",
	[STATS_LAUNCH] = "launch",
};

static size_t count_layouts(const unsigned int *layout, size_t n, unsigned int *top)
{
	bool has[STATS_MAX_LAYOUTS] = { false };
	size_t i, seen = 0;

	*top = 0;
	for (i = 0; i < n; i++) {
		unsigned int l = layout[i] % STATS_MAX_LAYOUTS;

		seen += !has[l];
		has[l] = true;
		*top = l > *top ? l : *top;
	}
	return seen;
}

/*
 * Does the offset matter at all? Kruskal and Wallis (1952): ranks, so that one interrupt in
 * one offset's blocks is no offset effect.
 */
static bool layouts_differ(const double *x, const unsigned int *layout, size_t n, size_t layouts)
{
	double sum[STATS_MAX_LAYOUTS] = { 0 }, count[STATS_MAX_LAYOUTS] = { 0 }, h = 0;
	double m = (double)n;
	size_t *order = malloc(n * sizeof(*order)), i;

	if (!order)
		return true;
	gsl_sort_index(order, x, 1, n);
	for (i = 0; i < n; i++) {
		unsigned int l = layout[order[i]] % STATS_MAX_LAYOUTS;

		sum[l] += (double)(i + 1);
		count[l]++;
	}
	free(order);
	for (i = 0; i < STATS_MAX_LAYOUTS; i++)
		h += count[i] > 0 ? sum[i] * sum[i] / count[i] : 0;
	h = 12 * h / (m * (m + 1)) - 3 * (m + 1);
	return gsl_cdf_chisq_Q(h, (double)layouts - 1) < LAYOUT_ALPHA;
}

/*
 * Variance between offsets, and how many took part. 0 where there are too few blocks
 * for each: then almost every block has its own offset and block noise has it all.
 */
static double layout_variance(const double *x, const unsigned int *layout, size_t n,
			      double block_variance, size_t *layouts)
{
	double *estimates, *values, between, within = 0;
	unsigned int top, l;
	size_t used = 0, i;

	*layouts = count_layouts(layout, n, &top);
	if (*layouts < 2 || n < MIN_PER_LAYOUT * *layouts ||
	    !layouts_differ(x, layout, n, *layouts))
		return 0;
	estimates = malloc((*layouts + n) * sizeof(*estimates));
	if (!estimates)
		return 0;
	values = estimates + *layouts;
	for (l = 0; l <= top; l++) {
		size_t m = 0;

		for (i = 0; i < n; i++) {
			if (layout[i] == l)
				values[m++] = x[i];
		}
		if (!m)
			continue;
		stats_sort(values, m);
		estimates[used++] = stats_hl(values, m);
		within += block_variance / (double)m;
	}
	between = gsl_stats_variance(estimates, 1, used) - within / (double)used;
	free(estimates);
	return between > 0 ? between : 0;
}

/* Estimate and spread of blocks that have nothing but noise of their own. */
static int blocks_alone(struct stats_shift *s, const double *x, size_t n)
{
	struct stats_interval one;

	s->sorted = malloc(n * sizeof(*s->sorted));
	if (!s->sorted)
		return -1;
	s->group = stats_group_size(x, n);
	s->values = stats_group(x, n, s->group, s->sorted);
	if (!s->values) {
		stats_shift_free(s);
		return -1;
	}
	stats_sort(s->sorted, s->values);
	s->estimate = stats_hl(s->sorted, s->values);
	one = stats_hl_interval(s->sorted, s->values, ALPHA_ONE_SIGMA);
	s->se = 0.5 * (one.high - one.low);
	return 0;
}

/*
 * struct launches - blocks split by launch
 * @n: launches seen
 * @leaf: each with its Hodges-Lehmann estimate
 * @centred: blocks, each launch moved to where all of them are; follows @leaf in memory
 * @lost: what the variance of centred blocks has to grow by, for centring has shrunk it
 * @nested: analysis of their variance
 */
struct launches {
	size_t n;
	struct stats_leaf leaf[STATS_MAX_LAUNCHES];
	double *centred;
	double lost;
	struct stats_nested nested;
};

static void centre(struct launches *l, const double *x, const struct stats_where *w, size_t n,
		   double *scratch)
{
	double all = 0;
	unsigned int id, top = 0;
	size_t i, m;

	for (i = 0; i < n; i++)
		top = w->launch[i] > top ? w->launch[i] : top;
	for (id = 0; id <= top && id < STATS_MAX_LAUNCHES; id++) {
		struct stats_leaf *leaf = &l->leaf[l->n];

		for (i = m = 0; i < n; i++) {
			if (w->launch[i] == id)
				scratch[m++] = x[i];
		}
		if (!m)
			continue;
		stats_sort(scratch, m);
		memcpy(leaf->id, w->places[id].id, sizeof(leaf->id));
		leaf->n = (double)m;
		leaf->mean = stats_hl(scratch, m);
		all += leaf->n * leaf->mean / (double)n;
		l->n++;
		for (i = 0; i < n; i++) {
			if (w->launch[i] == id)
				l->centred[i] = x[i] - leaf->mean;
		}
	}
	for (i = 0; i < n; i++)
		l->centred[i] += all;
	l->lost = n > l->n ? (double)n / (double)(n - l->n) : INFINITY;
}

/* Return: 0, also where there is nothing to tell launches by; -1 when memory is short. */
static int split(struct launches *l, const double *x, const struct stats_where *w, size_t n)
{
	struct stats_shift within = { 0 };
	double *scratch;

	memset(l, 0, sizeof(*l));
	if (!w || !w->launch)
		return 0;
	l->centred = malloc(2 * n * sizeof(*l->centred));
	if (!l->centred)
		return -1;
	scratch = l->centred + n;
	centre(l, x, w, n, scratch);
	if (l->n < 2)
		return 0;
	if (blocks_alone(&within, l->centred, n))
		return -1;
	stats_shift_free(&within);
	stats_nested_init(&l->nested, l->leaf, l->n, STATS_NR_LEVELS,
			  within.se * within.se * l->lost * (double)n, INFINITY);
	/* Too few blocks for a spread of their own: launches are counted and no more. */
	if (!isfinite(within.se) || !isfinite(l->lost))
		l->nested.levels = 0;
	return 0;
}

/* What the levels add to the variance of the estimate. */
static double take_levels(struct stats_shift *s, const struct launches *l)
{
	double part = 0;
	unsigned int k;

	for (k = 0; k < STATS_NR_LEVELS && l->n > 1; k++)
		s->groups[k] = l->nested.groups[k];
	for (k = 0; k < l->nested.levels; k++) {
		double component = stats_nested_component(&l->nested, k);

		s->level_sd[k] = sqrt(component);
		if (component > 0)
			part += l->nested.weight[k] * component;
	}
	return part;
}

static bool has_few(const struct stats_nested *v)
{
	unsigned int k;

	for (k = 0; k < v->levels; k++) {
		if (v->df[k] > 0 && v->df[k] < FEW_DF)
			return true;
	}
	return false;
}

/* The nested part and that of the offsets, each with its own degrees of freedom, in one. */
static void add_spread(struct stats_shift *s, double nested, double nested_df)
{
	double layout = s->layouts ? s->layout_sd * s->layout_sd / (double)s->layouts : 0;
	double sum = nested + layout, below = nested * nested / nested_df;

	if (layout > 0)
		below += layout * layout / (double)(s->layouts - 1);
	s->spread[s->nr_spreads].part = sum - s->se * s->se;
	s->spread[s->nr_spreads++].df = below > 0 ? sum * sum / below : INFINITY;
}

int stats_shift_init(struct stats_shift *s, const double *x, const struct stats_where *where,
		     size_t n)
{
	struct launches l;
	double part, variance, df;
	unsigned int k;
	int ret;

	memset(s, 0, sizeof(*s));
	s->n = n;
	for (k = 0; k < STATS_NR_LEVELS; k++) {
		s->level_sd[k] = NAN;
		s->groups[k] = 1;
	}
	ret = split(&l, x, where, n);
	if (ret)
		goto out;
	part = take_levels(s, &l);
	/* Launches that do not differ are one. */
	if (l.centred && part > 0)
		x = l.centred;
	ret = blocks_alone(s, x, n);
	if (ret || !where || !isfinite(s->se))
		goto out;
	variance = s->se * s->se;
	if (where->layout)
		s->layout_sd = sqrt(
			layout_variance(x, where->layout, n, variance * (double)n, &s->layouts));
	if (part > 0 || has_few(&l.nested)) {
		df = INFINITY;
		if (part > 0)
			variance = stats_nested_variance(&l.nested, true, &df);
		add_spread(s, variance, df);
		variance = stats_nested_variance(&l.nested, false, &df);
		if (has_few(&l.nested) && variance > 0)
			add_spread(s, variance, df);
	} else if (s->layout_sd > 0) {
		add_spread(s, variance, INFINITY);
	}
out:
	free(l.centred);
	return ret;
}

void stats_shift_free(struct stats_shift *s)
{
	free(s->sorted);
	s->sorted = NULL;
}

/* Without an end to the degrees of freedom Student's distribution is the normal one. */
static double t_quantile(double alpha, double df)
{
	return isfinite(df) ? gsl_cdf_tdist_Qinv(alpha, df) : gsl_cdf_ugaussian_Qinv(alpha);
}

static double t_upper(double t, double df)
{
	return isfinite(df) ? gsl_cdf_tdist_Q(t, df) : gsl_cdf_ugaussian_Q(t);
}

/* Half-width at a standard error of the blocks of @se. */
static double half_width(const struct stats_spread *w, double se, double alpha)
{
	return t_quantile(alpha, w->df) * sqrt(fmax(0, se * se + w->part));
}

/* Half-width by rank statistics, widened by what else spreads. */
static double widen(const struct stats_shift *s, double half, double alpha)
{
	double se = half / gsl_cdf_ugaussian_Qinv(alpha), widest = 0;
	unsigned int i;

	for (i = 0; i < s->nr_spreads; i++)
		widest = fmax(widest, half_width(&s->spread[i], se, alpha));
	return widest;
}

struct stats_spread stats_shift_spread(const struct stats_shift *s, double alpha)
{
	struct stats_spread widest = { 0, INFINITY };
	unsigned int i;

	for (i = 0; i < s->nr_spreads; i++) {
		if (!i ||
		    half_width(&s->spread[i], s->se, alpha) > half_width(&widest, s->se, alpha))
			widest = s->spread[i];
	}
	return widest;
}

struct stats_interval stats_shift_interval(const struct stats_shift *s, double alpha)
{
	struct stats_interval ci = stats_hl_interval(s->sorted, s->values, alpha);

	if (s->nr_spreads) {
		ci.low = s->estimate - widen(s, s->estimate - ci.low, alpha);
		ci.high = s->estimate + widen(s, ci.high - s->estimate, alpha);
	}
	return ci;
}

double stats_shift_p(const struct stats_shift *s, double mu)
{
	double p = stats_signed_rank_p(s->sorted, s->values, mu), worst = 0;
	double z, se, d = s->estimate - mu;
	unsigned int i;

	if (!s->nr_spreads)
		return p;
	/* Far outside the data, ranks say nothing of the distance: use the spread. */
	z = p > 0 && p < 1 ? gsl_cdf_ugaussian_Qinv(p) : 0;
	se = z * d > 0 ? fmax(s->se, d / z) : s->se;
	for (i = 0; i < s->nr_spreads; i++) {
		const struct stats_spread *w = &s->spread[i];

		worst = fmax(worst, t_upper(d / sqrt(fmax(0, se * se + w->part)), w->df));
	}
	return worst;
}

double stats_shift_p_below(const struct stats_shift *s, double mu)
{
	struct stats_shift mirror = *s;
	double *negative = malloc(s->values * sizeof(*negative)), p;
	size_t i;

	if (!negative)
		return 1;
	for (i = 0; i < s->values; i++)
		negative[i] = -s->sorted[s->values - 1 - i];
	mirror.sorted = negative;
	mirror.estimate = -s->estimate;
	p = stats_shift_p(&mirror, -mu);
	free(negative);
	return p;
}
