// SPDX-License-Identifier: GPL-2.0-only
/*
 * Second opinion on a shift: BCa intervals from whole blocks of neighbours.
 *
 * A resample is kept as how often each value was drawn, on values sorted once, so
 * that a replicate costs O(n) and no sort.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>

#include "stats.h"

double stats_midmean_weighted(const double *sorted, const unsigned int *weight, size_t n,
			      size_t total)
{
	/* Mass between the quartiles; the values they cut count in part. */
	double low = 0.25 * (double)total, high = 0.75 * (double)total;
	double seen = 0, sum = 0;
	size_t i;

	for (i = 0; i < n && seen < high; i++) {
		double from = seen, to = seen + weight[i];

		seen = to;
		if (to <= low)
			continue;
		if (from < low)
			from = low;
		if (to > high)
			to = high;
		sum += (to - from) * sorted[i];
	}
	return sum / (high - low);
}

struct boot {
	double *sorted;
	size_t *rank; /* place of the i-th value in time among the sorted */
	unsigned int *weight;
	double *replicate;
};

static void boot_free(struct boot *b)
{
	free(b->sorted);
	free(b->rank);
	free(b->weight);
	free(b->replicate);
}

static int boot_init(struct boot *b, const double *x, size_t n, size_t resamples)
{
	size_t *order = malloc(n * sizeof(*order)), i;

	b->sorted = malloc(n * sizeof(*b->sorted));
	b->rank = malloc(n * sizeof(*b->rank));
	b->weight = malloc(n * sizeof(*b->weight));
	b->replicate = malloc(resamples * sizeof(*b->replicate));
	if (!order || !b->sorted || !b->rank || !b->weight || !b->replicate) {
		free(order);
		boot_free(b);
		return -1;
	}
	gsl_sort_index(order, x, 1, n);
	for (i = 0; i < n; i++) {
		b->sorted[i] = x[order[i]];
		b->rank[order[i]] = i;
	}
	free(order);
	return 0;
}

/* Acceleration from a jackknife that leaves one block of neighbours out at a time. */
static double acceleration(struct boot *b, size_t n, size_t block, stats_weighted_fn stat)
{
	size_t blocks = n / block, i, j;
	double mean = 0, cube = 0, square = 0;
	double *leave = malloc(blocks * sizeof(*leave));

	if (!leave)
		return 0;
	for (i = 0; i < blocks; i++) {
		size_t from = i * block, to = i + 1 < blocks ? from + block : n;

		for (j = 0; j < n; j++)
			b->weight[j] = 1;
		for (j = from; j < to; j++)
			b->weight[b->rank[j]] = 0;
		leave[i] = stat(b->sorted, b->weight, n, n - (to - from));
		mean += leave[i] / (double)blocks;
	}
	for (i = 0; i < blocks; i++) {
		double d = mean - leave[i];

		square += d * d;
		cube += d * d * d;
	}
	free(leave);
	return square > 0 ? cube / (6 * pow(square, 1.5)) : 0;
}

static double bca_end(const double *replicate, size_t resamples, double z0, double a, double alpha)
{
	double z = gsl_cdf_ugaussian_Pinv(alpha), p;

	p = gsl_cdf_ugaussian_P(z0 + (z0 + z) / (1 - a * (z0 + z)));
	return stats_quantile(replicate, resamples, p);
}

int stats_bca(const double *x, size_t n, size_t block, size_t resamples, double alpha,
	      stats_weighted_fn stat, gsl_rng *rng, struct stats_interval *out)
{
	double estimate, z0, a, below = 0;
	struct boot b;
	size_t i, r, j;

	if (n < 2 || resamples < 2)
		return -1;
	if (block < 1 || block > n / 2)
		block = 1;
	if (boot_init(&b, x, n, resamples))
		return -1;
	for (j = 0; j < n; j++)
		b.weight[j] = 1;
	estimate = stat(b.sorted, b.weight, n, n);
	for (r = 0; r < resamples; r++) {
		memset(b.weight, 0, n * sizeof(*b.weight));
		for (i = 0; i < n; i += block) {
			size_t start = gsl_rng_uniform_int(rng, n);

			for (j = 0; j < block && i + j < n; j++)
				b.weight[b.rank[(start + j) % n]]++;
		}
		b.replicate[r] = stat(b.sorted, b.weight, n, n);
		below += b.replicate[r] < estimate ? 1 : b.replicate[r] > estimate ? 0 : 0.5;
	}
	stats_sort(b.replicate, resamples);
	/* Keep the bias correction finite when every replicate lies on one side. */
	below = fmin(fmax(below, 0.5), (double)resamples - 0.5);
	z0 = gsl_cdf_ugaussian_Pinv(below / (double)resamples);
	a = acceleration(&b, n, block, stat);
	out->low = bca_end(b.replicate, resamples, z0, a, alpha);
	out->high = bca_end(b.replicate, resamples, z0, a, 1 - alpha);
	boot_free(&b);
	return 0;
}
