// SPDX-License-Identifier: GPL-2.0-only
/*
 * One shift with everything that blurs it: block noise, correlated neighbours, and where
 * the linker happened to put the code.
 *
 * Hierarchical model: difference = shift + offset effect + block noise. The variance
 * between offsets is what their estimates scatter beyond what block noise explains
 * (Kalibera and Jones 2013, section 6, with the rank estimate in place of the mean). A
 * verdict has to hold for a layout nobody tried, so that variance, over the number of
 * offsets tried, is part of the interval.
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

int stats_shift_init(struct stats_shift *s, const double *x, const unsigned int *layout, size_t n)
{
	struct stats_interval one;
	double part;

	memset(s, 0, sizeof(*s));
	s->n = n;
	s->df = INFINITY;
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
	if (!layout || !isfinite(s->se))
		return 0;
	s->layout_sd = sqrt(layout_variance(x, layout, n, s->se * s->se * (double)n, &s->layouts));
	if (s->layout_sd > 0) {
		part = s->layout_sd * s->layout_sd / (double)s->layouts;
		s->df = pow(s->se * s->se + part, 2) / (part * part / (double)(s->layouts - 1));
	}
	return 0;
}

void stats_shift_free(struct stats_shift *s)
{
	free(s->sorted);
	s->sorted = NULL;
}

static double layout_part(const struct stats_shift *s)
{
	return s->layout_sd * s->layout_sd / (double)s->layouts;
}

/* Half-width by rank statistics, widened by the layout part. */
static double widen(const struct stats_shift *s, double half, double alpha)
{
	double se = half / gsl_cdf_ugaussian_Qinv(alpha);

	return gsl_cdf_tdist_Qinv(alpha, s->df) * sqrt(se * se + layout_part(s));
}

struct stats_interval stats_shift_interval(const struct stats_shift *s, double alpha)
{
	struct stats_interval ci = stats_hl_interval(s->sorted, s->values, alpha);

	if (s->layout_sd > 0) {
		ci.low = s->estimate - widen(s, s->estimate - ci.low, alpha);
		ci.high = s->estimate + widen(s, ci.high - s->estimate, alpha);
	}
	return ci;
}

double stats_shift_p(const struct stats_shift *s, double mu)
{
	double p = stats_signed_rank_p(s->sorted, s->values, mu);
	double z, se, d = s->estimate - mu;

	/* Far outside the data, ranks say nothing of the distance: use the spread. */
	if (!(s->layout_sd > 0))
		return p;
	z = p > 0 && p < 1 ? gsl_cdf_ugaussian_Qinv(p) : 0;
	se = z * d > 0 ? fmax(s->se, d / z) : s->se;
	return gsl_cdf_tdist_Q(d / sqrt(se * se + layout_part(s)), s->df);
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
