// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include <bench/stats/stats.h>
#include "rounds.h"

#define FEWEST 8 /* of which one can be told to be far off */

/* The smallest by which two of them differ: a step of the TSC. */
static double step_of(const double *sorted, uint32_t n)
{
	double step = INFINITY;
	uint32_t i;

	for (i = 1; i < n; i++) {
		if (sorted[i] > sorted[i - 1] && sorted[i] - sorted[i - 1] < step)
			step = sorted[i] - sorted[i - 1];
	}
	return step;
}

static double mean_of_near(const uint64_t *each, uint32_t n, double *scratch)
{
	double sum = 0, middle, far = INFINITY;
	uint32_t i;

	for (i = 0; i < n; i++)
		scratch[i] = (double)each[2 * (size_t)i];
	stats_sort(scratch, n);
	middle = scratch[n / 2];
	if (n >= FEWEST)
		far = middle + ROUNDS_FAR * (middle - scratch[0] + step_of(scratch, n));
	for (i = 0; i < n && scratch[i] <= far; i++)
		sum += scratch[i];
	return sum / i;
}

uint64_t rounds_sum_up(const uint64_t *each, uint32_t rounds, double *scratch, uint64_t *exit)
{
	double exits = mean_of_near(each, rounds, scratch),
	       entries = mean_of_near(each + 1, rounds, scratch);

	*exit = (uint64_t)llround(exits * rounds);
	return (uint64_t)llround((exits + entries) * rounds);
}
