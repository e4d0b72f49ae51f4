// SPDX-License-Identifier: GPL-2.0-only
/*
 * E-divisive with its permutation test. Sums of distances are carried from one candidate to the
 * next, so that all candidates of a segment take the square of its length, not the cube.
 */
#include <stdbool.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "change.h"

/*
 * struct segment - values that belong together so far
 * @at: its best split, in the whole series
 * @q: of that split; negative where it is too short for one
 */
struct segment {
	size_t from, n;
	size_t at;
	double q;
};

struct series {
	const double *x;
	double *work; /* room for a permuted segment */
	gsl_rng *rng;
	struct segment *segments;
	size_t n;
};

/* Sum of distances of a value to others. */
static double distances(double v, const double *x, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += fabs(v - x[i]);
	return sum;
}

static double energy(double between, double left, double right, double n, double m)
{
	return n * m / (n + m) *
	       (2 * between / (n * m) - 2 * left / (n * (n - 1)) - 2 * right / (m * (m - 1)));
}

double change_best_split(const double *x, size_t n, size_t min, size_t *at)
{
	double between = 0, left = 0, right = 0, to_left, to_right, q, best = -1;
	size_t i;

	if (min < 2 || n < 2 * min)
		return -1;
	for (i = 0; i < n; i++)
		right += distances(x[i], x, i);
	/* Value i goes from the right side to the left one; sides are x[0..i] and x[i + 1..n). */
	for (i = 0; i + min < n; i++) {
		to_left = distances(x[i], x, i);
		to_right = distances(x[i], x + i + 1, n - i - 1);
		left += to_left;
		right -= to_right;
		between += to_right - to_left;
		if (i + 1 < min)
			continue;
		q = energy(between, left, right, (double)(i + 1), (double)(n - i - 1));
		if (q > best) {
			best = q;
			*at = i + 1;
		}
	}
	return best;
}

static void look(struct series *s, struct segment *g)
{
	g->at = 0;
	g->q = change_best_split(s->x + g->from, g->n, CHANGE_MIN_SEGMENT, &g->at);
	g->at += g->from;
}

static size_t most_divergent(const struct series *s)
{
	size_t i, best = 0;

	for (i = 1; i < s->n; i++) {
		if (s->segments[i].q > s->segments[best].q)
			best = i;
	}
	return best;
}

/* The best split of all segments when each is shuffled in itself. */
static double shuffled(struct series *s)
{
	double best = -1, q;
	size_t i, at;

	for (i = 0; i < s->n; i++) {
		const struct segment *g = &s->segments[i];

		memcpy(s->work, s->x + g->from, g->n * sizeof(*s->work));
		gsl_ran_shuffle(s->rng, s->work, g->n, sizeof(*s->work));
		q = change_best_split(s->work, g->n, CHANGE_MIN_SEGMENT, &at);
		if (q > best)
			best = q;
	}
	return best;
}

/* Equal values, shuffled, give equal sums but for rounding. */
static bool as_divergent(double permuted, double observed)
{
	return permuted >= observed - 1e-9 * fabs(observed);
}

static double p_value(struct series *s, double q)
{
	unsigned int i, as_large = 1;

	for (i = 0; i < CHANGE_PERMUTATIONS; i++)
		as_large += as_divergent(shuffled(s), q);
	return (double)as_large / (CHANGE_PERMUTATIONS + 1);
}

static void split(struct series *s, size_t i)
{
	struct segment *g = &s->segments[i], *after = &s->segments[s->n++];

	after->from = g->at;
	after->n = g->from + g->n - g->at;
	g->n = g->at - g->from;
	look(s, g);
	look(s, after);
}

static int by_place(const void *a, const void *b)
{
	const struct change_point *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void divide(struct series *s, struct change_point *points, size_t *found)
{
	size_t i;
	double p;

	look(s, &s->segments[0]);
	for (;;) {
		struct segment *g;

		i = most_divergent(s);
		g = &s->segments[i];
		if (!(g->q > 0))
			break;
		p = p_value(s, g->q);
		if (p > CHANGE_ALPHA)
			break;
		points[(*found)++] = (struct change_point){ g->at, g->q, p };
		split(s, i);
	}
	qsort(points, *found, sizeof(*points), by_place);
}

int change_points(const double *x, size_t n, uint64_t seed, struct change_point *points,
		  size_t *found)
{
	struct series s = { .x = x, .n = 1 };
	int ret = -1;

	*found = 0;
	s.rng = gsl_rng_alloc(gsl_rng_mt19937);
	s.work = malloc((n + 1) * sizeof(*s.work));
	s.segments = calloc(n / CHANGE_MIN_SEGMENT + 2, sizeof(*s.segments));
	if (s.rng && s.work && s.segments) {
		gsl_rng_set(s.rng, (unsigned long)seed);
		s.segments[0].n = n;
		divide(&s, points, found);
		ret = 0;
	}
	free(s.segments);
	free(s.work);
	gsl_rng_free(s.rng);
	return ret;
}
