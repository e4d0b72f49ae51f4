// SPDX-License-Identifier: GPL-2.0-only
/*
 * What depends on the order in which blocks ran: correlation, warm-up, slopes.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "stats.h"

#define CLIP_DEVIATIONS 5.0
#define MAD_TO_SIGMA	1.4826 /* for a normal distribution */

double stats_autocorrelation(const double *x, size_t n)
{
	double r;

	if (n < 3)
		return 0;
	r = gsl_stats_lag1_autocorrelation(x, 1, n);
	return isfinite(r) ? r : 0;
}

static void group_medians(const double *x, size_t n, size_t size, double *out)
{
	size_t groups = n / size, i;
	double *copy = out + groups; /* the caller's scratch */

	for (i = 0; i < groups; i++) {
		size_t len = i + 1 < groups ? size : n - i * size;

		memcpy(copy, x + i * size, len * sizeof(*x));
		stats_sort(copy, len);
		out[i] = stats_hl(copy, len);
	}
}

size_t stats_group(const double *x, size_t n, size_t size, double *out)
{
	size_t groups = n / size;
	double *scratch = malloc((groups + n) * sizeof(*scratch));

	if (!scratch)
		return 0;
	group_medians(x, n, size, scratch);
	memcpy(out, scratch, groups * sizeof(*out));
	free(scratch);
	return groups;
}

size_t stats_group_size(const double *x, size_t n)
{
	double *g = malloc((n ? n : 1) * sizeof(*g));
	size_t size = 1, groups = n;

	if (!g)
		return 1;
	memcpy(g, x, n * sizeof(*g));
	/*
	 * One standard error of a lag-1 correlation is 1/sqrt(groups). Grouping
	 * independent blocks costs little, missing a correlation costs coverage, so
	 * the threshold is low.
	 */
	while (groups / 2 >= STATS_MIN_GROUPS &&
	       stats_autocorrelation(g, groups) > 1 / sqrt((double)groups)) {
		size *= 2;
		groups = stats_group(x, n, size, g);
		if (!groups) {
			size = 1;
			break;
		}
	}
	free(g);
	return size;
}

size_t stats_warmup(const double *x, size_t n)
{
	double *y, *scratch, median, limit, sum = 0, sum2 = 0, best = INFINITY;
	size_t i, cut = 0;

	if (n < 4)
		return 0;
	y = malloc(2 * n * sizeof(*y));
	if (!y)
		return 0;
	scratch = y + n;
	memcpy(y, x, n * sizeof(*y));
	limit = CLIP_DEVIATIONS * MAD_TO_SIGMA * stats_mad(x, n, scratch);
	memcpy(scratch, x, n * sizeof(*y));
	median = gsl_stats_median(scratch, 1, n);
	for (i = n; limit > 0 && i-- > 0;) {
		if (fabs(y[i] - median) <= limit)
			continue;
		/* A run of far values from the start is a transient; a lone one is not. */
		if (i + 1 < n && i > 0 && fabs(y[i - 1] - median) <= limit)
			y[i] = y[i] > median ? median + limit : median - limit;
	}
	/* Marginal standard error of y[i..n-1], from the back. */
	for (i = n; i-- > 0;) {
		double m = (double)(n - i), mean, mser;

		sum += y[i] - median;
		sum2 += (y[i] - median) * (y[i] - median);
		mean = sum / m;
		mser = (sum2 / m - mean * mean) / m;
		if (i <= n / 2 && mser <= best) {
			best = mser;
			cut = i;
		}
	}
	free(y);
	return cut;
}

double stats_block_slope(const double *x, const double *y, size_t n)
{
	double xy = 0, xx = 0;
	size_t i;

	for (i = 0; i < n / 2; i++) {
		double dx = x[n - 1 - i] - x[i];

		xy += dx * (y[n - 1 - i] - y[i]);
		xx += dx * dx;
	}
	return xy / xx;
}

#define MEDIAN_EFFICIENCY 1.2533 /* standard error of a median over that of a mean */
#define AGREE_SIGMAS	  3.0

bool stats_settled(const double *x, size_t n)
{
	size_t quarter = n / 4, i;
	double *y, a, b, spread, limit;

	if (quarter < 2 || stats_warmup(x, n) >= n / 2)
		return false;
	y = malloc(4 * quarter * sizeof(*y));
	if (!y)
		return false;
	memcpy(y, x + n - 2 * quarter, 2 * quarter * sizeof(*y));
	stats_sort(y, quarter);
	stats_sort(y + quarter, quarter);
	a = stats_quantile(y, quarter, 0.5);
	b = stats_quantile(y + quarter, quarter, 0.5);
	/* Spread around each quarter's own median: a step between them is not noise. */
	for (i = 0; i < quarter; i++) {
		y[i] -= a;
		y[quarter + i] -= b;
	}
	spread = MAD_TO_SIGMA * stats_mad(y, 2 * quarter, y + 2 * quarter);
	limit = AGREE_SIGMAS * MEDIAN_EFFICIENCY * spread * sqrt(2 / (double)quarter);
	free(y);
	return fabs(a - b) <= limit;
}
