// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power of three methods, side by side.
 *
 * (a) Google Benchmark with random interleaving, its comparison tool's U test: nine
 * repetitions per benchmark, the fewest that the tool calls enough, in random order; each
 * repetition is a mean. (b) The procedure of vmexit in kvm-unit-tests: double the number
 * of iterations until they take 2^30 cycles, report the mean; there is no interval, so
 * the means themselves are repeated and put to a t test.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>

#include "clock.h"
#include "guard.h"
#include "order.h"
#include "power.h"

#define TURNS	     3		  /* each method has its time in as many pieces, in turns */
#define REPETITIONS  9		  /* per arm and turn: below, the comparison tool warns */
#define MEANS_GOAL   (1ULL << 30) /* cycles */
#define ALPHA	     0.05
#define BATCH	     64 /* exits */
#define ENGINE_BATCH 16 /* exits: short enough to fall between disturbances, as calibrate uses */
#define BISECTIONS   80
#define MAX_MEANS    512
#define MAX_PAIRS    65536

const char *const power_names[POWER_NR] = {
	[POWER_ENGINE] = "paired blocks (this lab)",
	[POWER_GBENCH] = "random interleaving, U test",
	[POWER_MEANS] = "mean of a doubled loop",
};

struct contest {
	const struct cell *c;
	void *run;
	gsl_rng *rng;
	struct data_error *e;
	double until;
	double *pair; /* engine: block differences */
	size_t pairs;
	double repetition[2][TURNS * REPETITIONS];
	size_t repetitions;
	double mean[2][MAX_MEANS];
	size_t means;
};

static int batch(struct contest *k, unsigned int arm, uint32_t exits, uint64_t *cycles)
{
	struct layer_batch b = { .arm = arm, .exits = exits };
	int ret = guard_batch(k->c->ops, k->run, &b, k->e);

	*cycles = b.cycles;
	return ret;
}

static int engine_turn(struct contest *k)
{
	int ret = 0;

	while (clock_now() < k->until && k->pairs < MAX_PAIRS && !ret) {
		unsigned int first = (unsigned int)gsl_rng_uniform_int(k->rng, 2), i;
		double sum[2] = { 0, 0 };

		for (i = 0; i < 4 && !ret; i++) {
			unsigned int arm = i == 0 || i == 3 ? first : !first;
			uint64_t cycles;

			ret = batch(k, arm, ENGINE_BATCH, &cycles);
			sum[arm] += (double)cycles;
		}
		if (!ret)
			k->pair[k->pairs++] = (sum[1] - sum[0]) / (2.0 * ENGINE_BATCH);
	}
	return ret;
}

static int gbench_turn(struct contest *k, double seconds)
{
	double each = seconds / (2.0 * REPETITIONS);
	unsigned int order[2 * REPETITIONS], i;
	size_t n[2] = { k->repetitions, k->repetitions };
	int ret = 0;

	for (i = 0; i < 2 * REPETITIONS; i++)
		order[i] = i % 2;
	gsl_ran_shuffle(k->rng, order, sizeof(order) / sizeof(*order), sizeof(*order));
	for (i = 0; i < 2 * REPETITIONS && !ret; i++) {
		double until = clock_now() + each, sum = 0;
		uint64_t cycles, exits = 0;

		do {
			ret = batch(k, order[i], BATCH, &cycles);
			sum += (double)cycles;
			exits += BATCH;
		} while (!ret && clock_now() < until);
		k->repetition[order[i]][n[order[i]]++] = sum / (double)exits;
	}
	k->repetitions += REPETITIONS;
	return ret;
}

static int means_turn(struct contest *k)
{
	int ret = 0;

	while (clock_now() < k->until && k->means < MAX_MEANS && !ret) {
		unsigned int arm;

		for (arm = 0; arm < 2 && !ret; arm++) {
			uint32_t exits = BATCH / 2;
			uint64_t cycles;

			do {
				exits *= 2;
				ret = batch(k, arm, exits, &cycles);
			} while (!ret && cycles < MEANS_GOAL);
			k->mean[arm][k->means] = (double)cycles / exits;
		}
		k->means += !ret;
	}
	return ret;
}

double power_u_test(const double *a, size_t n, const double *b, size_t m)
{
	double u = 0, ties = 0, *all = malloc((n + m + 1) * sizeof(*all)), sd, z;
	double total = (double)(n + m);
	size_t i, j;

	if (!all)
		return 1;
	for (i = 0; i < n; i++) {
		for (j = 0; j < m; j++)
			u += a[i] > b[j] ? 1 : a[i] < b[j] ? 0 : 0.5;
	}
	memcpy(all, a, n * sizeof(*a));
	memcpy(all + n, b, m * sizeof(*b));
	stats_sort(all, n + m);
	for (i = 0; i < n + m; i = j) {
		double t;

		for (j = i; j < n + m && all[j] <= all[i]; j++)
			;
		t = (double)(j - i);
		ties += t * t * t - t;
	}
	free(all);
	sd = sqrt((double)(n * m) / 12 * (total + 1 - ties / (total * (total - 1))));
	if (!(sd > 0))
		return 1;
	z = fmax(0, fabs(u - (double)(n * m) / 2) - 0.5) / sd;
	return fmin(1, 2 * gsl_cdf_ugaussian_Q(z));
}

/* Width of the engine's 95 % interval, half of it: an effect of that size leaves zero outside. */
static double engine_effect(const struct contest *k)
{
	struct stats_interval ci;
	struct stats_shift s;

	if (!k->pairs || stats_shift_init(&s, k->pair, NULL, k->pairs))
		return NAN;
	ci = stats_shift_interval(&s, ALPHA / 2);
	stats_shift_free(&s);
	return 0.5 * (ci.high - ci.low);
}

/* Smallest shift of the second arm that the U test calls significant, in one direction. */
static double u_test_shift(const struct contest *k, double sign)
{
	double moved[TURNS * REPETITIONS], high = 1e12, low = -1e12;
	size_t n = k->repetitions, i;
	int step;

	for (step = 0; step < BISECTIONS; step++) {
		double mid = 0.5 * (low + high), above = 0;
		size_t j;

		for (i = 0; i < n; i++)
			moved[i] = k->repetition[1][i] + sign * mid;
		for (i = 0; i < n; i++) {
			for (j = 0; j < n; j++)
				above += sign * (moved[i] - k->repetition[0][j]) > 0;
		}
		/* Significant, and in the direction of the shift. */
		if (2 * above > (double)(n * n) &&
		    power_u_test(k->repetition[0], n, moved, n) < ALPHA)
			high = mid;
		else
			low = mid;
	}
	return high;
}

static double gbench_effect(const struct contest *k)
{
	return 0.5 * (u_test_shift(k, 1) + u_test_shift(k, -1));
}

/*
 * A mean carries no interval. The best that can be made of several is Student's: the
 * difference of two sets of means against their own spread.
 */
static double means_effect(const struct contest *k)
{
	double n = (double)k->means, variance;

	if (k->means < 2)
		return NAN;
	variance = gsl_stats_variance(k->mean[0], 1, k->means) +
		   gsl_stats_variance(k->mean[1], 1, k->means);
	return gsl_cdf_tdist_Qinv(ALPHA / 2, 2 * n - 2) * sqrt(variance / n);
}

static int take_turns(struct contest *k, double seconds)
{
	unsigned int turn;
	int ret = 0;

	for (turn = 0; turn < TURNS && !ret; turn++) {
		k->until = clock_now() + seconds / TURNS;
		ret = engine_turn(k);
		if (!ret)
			ret = gbench_turn(k, seconds / TURNS);
		k->until = clock_now() + seconds / TURNS;
		if (!ret)
			ret = means_turn(k);
	}
	return ret;
}

static void conclude(const struct contest *k, double seconds, struct power *out)
{
	unsigned int m;

	for (m = 0; m < POWER_NR; m++)
		out[m].seconds = seconds;
	out[POWER_ENGINE].effect = engine_effect(k);
	out[POWER_GBENCH].effect = gbench_effect(k);
	out[POWER_MEANS].effect = means_effect(k);
	snprintf(out[POWER_ENGINE].detail, sizeof(out[0].detail), "%zu blocks ABBA of %d exits",
		 k->pairs, ENGINE_BATCH);
	snprintf(out[POWER_GBENCH].detail, sizeof(out[0].detail), "%zu repetitions per arm",
		 k->repetitions);
	snprintf(out[POWER_MEANS].detail, sizeof(out[0].detail),
		 "%zu means per arm, t test over them", k->means);
}

int power_measure(const struct cell *c, double seconds, uint64_t seed, struct power *out,
		  struct data_error *e)
{
	struct contest *k = calloc(1, sizeof(*k));
	int ret = EGPR_INTERNAL;

	if (!k)
		return data_fail(e, ret, "out of memory");
	k->c = c;
	k->e = e;
	k->pair = malloc(MAX_PAIRS * sizeof(*k->pair));
	k->rng = gsl_rng_alloc(gsl_rng_taus2);
	if (!k->pair || !k->rng) {
		data_fail(e, ret, "out of memory");
		goto out_free;
	}
	gsl_rng_set(k->rng, (unsigned long)(order_seed(seed, "power") & 0xffffffff) | 1);
	ret = c->ops->open(c, &k->run, e);
	if (ret)
		goto out_free;
	ret = take_turns(k, seconds);
	if (c->ops->close)
		c->ops->close(k->run);
	if (!ret)
		conclude(k, seconds, out);
out_free:
	if (k->rng)
		gsl_rng_free(k->rng);
	free(k->pair);
	free(k);
	return ret;
}
