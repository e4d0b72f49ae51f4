// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include <bench/stats/stats.h>
#include "rounds.h"

#define FEWEST 8 /* of which LEAST are left out at each end */
#define LEAST  2

static double trimmed(const uint64_t *each, uint32_t n, double *scratch)
{
	uint32_t cut = n / ROUNDS_CUT, i;
	double sum = 0;

	if (cut < LEAST)
		cut = n < FEWEST ? 0 : LEAST;
	for (i = 0; i < n; i++)
		scratch[i] = (double)each[2 * i];
	stats_sort(scratch, n);
	for (i = cut; i < n - cut; i++)
		sum += scratch[i];
	return sum / (n - 2 * cut);
}

uint64_t rounds_sum_up(const uint64_t *each, uint32_t rounds, double *scratch, uint64_t *exit)
{
	double exits = trimmed(each, rounds, scratch), entries = trimmed(each + 1, rounds, scratch);

	*exit = (uint64_t)llround(exits * rounds);
	return (uint64_t)llround((exits + entries) * rounds);
}
