/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a series changed: E-divisive (Matteson and James, "A nonparametric approach for multiple
 * change point analysis of multivariate data", JASA 109, 2014), for one variable and exponent 1.
 *
 * The energy distance of what lies before and after a point is largest at a change of any
 * kind, of level or of spread; whether it is larger than chance is found by permuting the values.
 * The segment with the most divergent split is split first, until no split is significant. As
 * in the tools that watch databases by this method, the right-hand side of a candidate is the
 * whole rest of its segment.
 */
#ifndef BENCH_STATS_CHANGE_H
#define BENCH_STATS_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#define CHANGE_MIN_SEGMENT  4	/* values on either side of a change */
#define CHANGE_PERMUTATIONS 199 /* smallest p-value: 0.005 */
#define CHANGE_ALPHA	    0.05
#define CHANGE_MOST	    2048 /* values: time goes with their square */

/**
 * struct change_point - one change
 * @at: index of the first value after it
 * @q: scaled energy distance of the two sides
 * @p: share of permutations whose best split is at least as divergent
 */
struct change_point {
	size_t at;
	double q;
	double p;
};

/**
 * change_best_split - the most divergent split of a series
 * @x: values in their order
 * @n: how many
 * @min: values that each side has at least, 2 or more
 * @at: receives the index of the first value of the right side
 *
 * Q = nm / (n + m) times the energy distance of the sides.
 * Return: Q, or -1 where the series is too short.
 */
double change_best_split(const double *x, size_t n, size_t min, size_t *at);

/**
 * change_points - all significant changes of a series
 * @x: values in their order
 * @n: how many, CHANGE_MOST at most
 * @seed: of the permutations
 * @points: room for n / CHANGE_MIN_SEGMENT of them; receives them in the order of @x
 * @found: receives how many
 *
 * Return: 0, or -1 when out of memory.
 */
int change_points(const double *x, size_t n, uint64_t seed, struct change_point *points,
		  size_t *found);

#endif /* BENCH_STATS_CHANGE_H */
