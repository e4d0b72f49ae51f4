// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signed-rank statistics: Hodges-Lehmann shift, its interval, its p-value.
 *
 * Nothing here forms the n(n+1)/2 Walsh averages: all of it needs only how many of them
 * lie below a value, and two indices walking the sorted data count that in O(n).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "stats.h"

#define EXACT_SUMS (STATS_EXACT_MAX * (STATS_EXACT_MAX + 1) / 2 + 1)

void stats_sort(double *x, size_t n)
{
	gsl_sort(x, 1, n);
}

double stats_quantile(const double *sorted, size_t n, double p)
{
	return gsl_stats_quantile_from_sorted_data(sorted, 1, n, p);
}

double stats_mad(const double *x, size_t n, double *scratch)
{
	return gsl_stats_mad0(x, 1, n, scratch);
}

double stats_midmean(const double *sorted, size_t n)
{
	size_t quarter = n / 4;

	return gsl_stats_mean(sorted + quarter, 1, n - 2 * quarter);
}

double stats_low_mean(const double *sorted, size_t n)
{
	return gsl_stats_mean(sorted, 1, n - n / 2);
}

/* Walsh averages at most (or, if @strict, below) v. */
static size_t walsh_count(const double *x, size_t n, double v, int strict)
{
	size_t i, j = n, count = 0;

	/* For each i, the partners j >= i with (x[i] + x[j]) / 2 <= v are i..j-1. */
	for (i = 0; i < n; i++) {
		while (j > i) {
			double a = 0.5 * (x[i] + x[j - 1]);

			if (strict ? a < v : a <= v)
				break;
			j--;
		}
		if (j <= i)
			break;
		count += j - i;
	}
	return count;
}

static double walsh_bisect(const double *x, size_t n, size_t k)
{
	double low = x[0], high = x[n - 1];

	/* Invariant: count(low) < k or low is the minimum; count(high) >= k. */
	if (walsh_count(x, n, low, 0) >= k)
		return low;
	for (;;) {
		double mid = low + 0.5 * (high - low);

		if (mid <= low || mid >= high)
			return high;
		if (walsh_count(x, n, mid, 0) >= k)
			high = mid;
		else
			low = mid;
	}
}

double stats_walsh(const double *sorted, size_t n, size_t k)
{
	return walsh_bisect(sorted, n, k);
}

double stats_hl(const double *sorted, size_t n)
{
	size_t m = n * (n + 1) / 2;
	double upper = stats_walsh(sorted, n, m / 2 + 1);

	if (m % 2)
		return upper;
	return 0.5 * (stats_walsh(sorted, n, m / 2) + upper);
}

/*
 * Distribution of the signed-rank statistic under the null, by the generating function
 * prod (1 + z^i) / 2. @p has room for EXACT_SUMS; p[s] = P(W = s).
 */
static void signed_rank_pdf(size_t n, double *p)
{
	size_t top = 0, i, s;

	p[0] = 1;
	for (i = 1; i <= n; i++) {
		top += i;
		for (s = top + 1; s-- > 0;)
			p[s] = 0.5 * ((s + i <= top ? p[s] : 0) + (s >= i ? p[s - i] : 0));
	}
}

static double signed_rank_cdf(size_t n, size_t w)
{
	double p[EXACT_SUMS], sum = 0;
	size_t s;

	signed_rank_pdf(n, p);
	for (s = 0; s <= w && s <= n * (n + 1) / 2; s++)
		sum += p[s];
	return sum < 1 ? sum : 1;
}

static double rank_mean(size_t n)
{
	return 0.25 * (double)n * (double)(n + 1);
}

static double rank_sd(size_t n)
{
	double m = (double)n;

	return sqrt(m * (m + 1) * (2 * m + 1) / 24);
}

/* Largest c with P(W < c) <= alpha: the interval runs from the c-th Walsh average. */
static size_t rank_critical(size_t n, double alpha)
{
	double p[EXACT_SUMS], c, sum = 0;
	size_t w;

	if (n <= STATS_EXACT_MAX) {
		signed_rank_pdf(n, p);
		for (w = 0; sum + p[w] <= alpha; w++)
			sum += p[w];
		return w;
	}
	c = floor(rank_mean(n) + 0.5 - gsl_cdf_ugaussian_Qinv(alpha) * rank_sd(n));
	return c > 0 ? (size_t)c : 0;
}

struct stats_interval stats_hl_interval(const double *sorted, size_t n, double alpha)
{
	struct stats_interval ci = { -INFINITY, INFINITY };
	size_t c;

	if (!n)
		return ci;
	c = rank_critical(n, alpha);
	if (!c)
		return ci;
	ci.low = stats_walsh(sorted, n, c);
	ci.high = stats_walsh(sorted, n, n * (n + 1) / 2 + 1 - c);
	return ci;
}

double stats_signed_rank_p(const double *sorted, size_t n, double mu)
{
	size_t m = n * (n + 1) / 2, below, upto;
	double w;

	if (!n)
		return 1;
	below = walsh_count(sorted, n, mu, 1);
	upto = walsh_count(sorted, n, mu, 0);
	/* W+ is the number of Walsh averages above mu; ties count half. */
	w = (double)(m - upto) + 0.5 * (double)(upto - below);
	if (n <= STATS_EXACT_MAX) {
		/* P(W >= w) = P(W <= m - w), w rounded against the claim. */
		return signed_rank_cdf(n, m - (size_t)floor(w));
	}
	return gsl_cdf_ugaussian_Q((w - 0.5 - rank_mean(n)) / rank_sd(n));
}
