// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variance components of a nested random-effects model by the method of moments.
 *
 * Analysis of variance of unbalanced data, Henderson's first method: mean squares are set equal to
 * what the model expects of them (Searle, Casella and McCulloch 1992, section 5.3, where the
 * sums below are the k's). The error stratum comes in as a mean square, so that groups may have
 * robust centres and a robust variance in place of their mean and sum of squares.
 */
#include <math.h>
#include <string.h>

#include "stats.h"

/* Of the group of leaf @i at @level; at level -1 everything is one group. */
static bool together(const struct stats_leaf *leaf, size_t i, size_t j, int level)
{
	return level < 0 || leaf[i].id[level] == leaf[j].id[level];
}

static double size_at(const struct stats_leaf *leaf, size_t n, size_t i, int level)
{
	double size = 0;
	size_t j;

	for (j = 0; j < n; j++)
		size += together(leaf, i, j, level) ? leaf[j].n : 0;
	return size;
}

static double mean_at(const struct stats_leaf *leaf, size_t n, size_t i, int level)
{
	double size = 0, sum = 0;
	size_t j;

	for (j = 0; j < n; j++) {
		if (together(leaf, i, j, level)) {
			size += leaf[j].n;
			sum += leaf[j].n * leaf[j].mean;
		}
	}
	return sum / size;
}

static size_t count_at(const struct stats_leaf *leaf, size_t n, int level)
{
	size_t i, j, groups = 0;

	if (level < 0)
		return 1;
	for (i = 0; i < n; i++) {
		for (j = 0; j < i && !together(leaf, i, j, level); j++)
			;
		groups += j == i;
	}
	return groups;
}

/* Sum over groups at @fine of size squared over the size of the group at @coarse around it. */
static double squares(const struct stats_leaf *leaf, size_t n, int fine, int coarse)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += leaf[i].n * size_at(leaf, n, i, fine) / size_at(leaf, n, i, coarse);
	return sum;
}

void stats_nested_init(struct stats_nested *v, const struct stats_leaf *leaf, size_t n,
		       unsigned int levels, double error_ms, double error_df)
{
	int k, j, last = (int)levels;
	size_t i;

	memset(v, 0, sizeof(*v));
	v->levels = levels;
	v->ms[levels] = error_ms;
	v->df[levels] = error_df;
	for (i = 0; i < n; i++)
		v->n += leaf[i].n;
	for (k = 0; k < last; k++) {
		double ss = 0, d;

		v->groups[k] = count_at(leaf, n, k);
		v->df[k] = (double)(v->groups[k] - count_at(leaf, n, k - 1));
		v->weight[k] = squares(leaf, n, k, -1) / v->n;
		if (!(v->df[k] > 0))
			continue;
		for (i = 0; i < n; i++) {
			d = mean_at(leaf, n, i, k) - mean_at(leaf, n, i, k - 1);
			ss += leaf[i].n * d * d;
		}
		v->ms[k] = ss / v->df[k];
		for (j = k; j < last; j++)
			v->expect[k][j] =
				(squares(leaf, n, j, k) - squares(leaf, n, j, k - 1)) / v->df[k];
	}
}

static double value_of(const struct stats_nested *v, const double *coefficient)
{
	double sum = 0;
	unsigned int k;

	for (k = 0; k <= v->levels; k++)
		sum += coefficient[k] != 0 ? coefficient[k] * v->ms[k] : 0;
	return sum;
}

/* Each component as a combination of mean squares, from the finest level up. */
static void solve(const struct stats_nested *v, bool truncate,
		  double out[STATS_MAX_LEVELS][STATS_MAX_LEVELS + 1])
{
	unsigned int k, j, m;

	memset(out, 0, STATS_MAX_LEVELS * sizeof(*out));
	for (k = v->levels; k-- > 0;) {
		if (!(v->df[k] > 0))
			continue;
		out[k][k] = 1;
		out[k][v->levels] = -1;
		for (j = k + 1; j < v->levels; j++) {
			for (m = 0; m <= v->levels; m++)
				out[k][m] -= v->expect[k][j] * out[j][m];
		}
		for (m = 0; m <= v->levels; m++)
			out[k][m] /= v->expect[k][k];
		if (truncate && value_of(v, out[k]) < 0)
			memset(out[k], 0, sizeof(out[k]));
	}
}

double stats_nested_component(const struct stats_nested *v, unsigned int level)
{
	double c[STATS_MAX_LEVELS][STATS_MAX_LEVELS + 1];

	if (!(v->df[level] > 0))
		return NAN;
	solve(v, true, c);
	return value_of(v, c[level]);
}

double stats_nested_variance(const struct stats_nested *v, bool truncate, double *df)
{
	double c[STATS_MAX_LEVELS][STATS_MAX_LEVELS + 1], all[STATS_MAX_LEVELS + 1] = { 0 };
	double variance, below = 0;
	unsigned int k, m;

	solve(v, truncate, c);
	all[v->levels] = 1 / v->n;
	for (k = 0; k < v->levels; k++) {
		for (m = 0; m <= v->levels; m++)
			all[m] += v->weight[k] * c[k][m];
	}
	variance = value_of(v, all);
	for (k = 0; k <= v->levels; k++) {
		if (all[k] != 0)
			below += pow(all[k] * v->ms[k], 2) / v->df[k];
	}
	*df = below > 0 ? variance * variance / below : INFINITY;
	return variance;
}
