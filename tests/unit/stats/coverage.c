// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error rates by simulation: blocks in the engine's own order, on a machine whose noise is
 * normal, skewed, heavy-tailed, drifting or correlated with itself; and batches that are
 * summed up by the middle or faster half of their exits, stamped by a clock with coarse steps.
 *
 * EGPR_SIMULATIONS sets the repetitions per noise; `make coverage` asks for many.
 * The limits allow four standard errors of the simulation itself.
 *
 * seconds: 45
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include <bench/plan/order.h>
#include <bench/stats/stats.h>

#define DEFAULT_SIMULATIONS 400
#define ARMS		    4
#define BLOCKS		    120
#define LOOKS		    5
#define BASE		    1000.0
#define SIGMA		    10.0
#define DRIFT		    0.5	 /* cycles per batch */
#define CORRELATION	    0.8	 /* of neighbouring batches */
#define STUDENT_DF	    2.0	 /* heavy tails: no variance */
#define EXITS		    16	 /* in a batch that is summed up by half of them */
#define TSC_STEP	    26.0 /* cycles: a TSC that counts a slow clock's ticks many at a time */
#define EXIT_SIGMA	    160.0 /* cycles: exits vary by some steps, or the engine refuses */
#define SPIKE_SHARE	    0.02  /* of exits */
#define SPIKE		    1e5	  /* cycles */
#define LAYOUTS		    10
#define STANDARD_ERRORS	    4.0

enum noise {
	NORMAL,
	SKEWED,
	HEAVY,
	DRIFTING,
	CORRELATED,
	MIDMEAN,
	FAST,
	NR_NOISES
};

static const char *const names[NR_NOISES] = {
	[NORMAL] = "normal",	 [SKEWED] = "skewed",	      [HEAVY] = "heavy-tailed",
	[DRIFTING] = "drifting", [CORRELATED] = "correlated", [MIDMEAN] = "midmean",
	[FAST] = "fast",
};

struct machine {
	gsl_rng *rng;
	enum noise noise;
	double drift;
	double memory;
};

/* Half of the exits of @time cycles, skewed and at times disturbed. */
static double stamped_batch(struct machine *m, double time)
{
	double now = gsl_ran_flat(m->rng, 0, TSC_STEP), before = 0, stamp[EXITS];
	unsigned int i;

	for (i = 0; i < EXITS; i++) {
		now += time + gsl_ran_lognormal(m->rng, 0, 1) * EXIT_SIGMA;
		now += gsl_rng_uniform(m->rng) < SPIKE_SHARE ? SPIKE : 0;
		stamp[i] = floor(now / TSC_STEP) * TSC_STEP - before;
		before += stamp[i];
	}
	stats_sort(stamp, EXITS);
	return m->noise == FAST ? stats_low_mean(stamp, EXITS) : stats_midmean(stamp, EXITS);
}

/* What the next batch takes beyond its arm's own time. */
static double next_noise(struct machine *m)
{
	double fresh = gsl_ran_gaussian(m->rng, SIGMA);

	switch (m->noise) {
	case SKEWED:
		return gsl_ran_lognormal(m->rng, 0, 1) * SIGMA;
	case HEAVY:
		return gsl_ran_tdist(m->rng, STUDENT_DF) * SIGMA;
	case DRIFTING:
		m->drift += DRIFT;
		return m->drift + fresh;
	case CORRELATED:
		m->memory = CORRELATION * m->memory + fresh;
		return m->memory;
	default:
		return fresh;
	}
}

static double next_batch(struct machine *m, double time)
{
	return m->noise >= MIDMEAN ? stamped_batch(m, time) : time + next_noise(m);
}

/* Block differences of arm 1 against arm 0, the true shift being @shift. */
static void simulate(struct machine *m, uint64_t seed, double shift, double *diff,
		     unsigned int *layout)
{
	unsigned int order[ARMS], b, i;
	double mean[ARMS];

	m->drift = m->memory = 0;
	for (b = 0; b < BLOCKS; b++) {
		order_block(seed, ARMS, b, order);
		for (i = 0; i < ARMS; i++)
			mean[order[i]] = next_batch(m, BASE + (order[i] == 1 ? shift : 0));
		diff[b] = mean[1] - mean[0];
		layout[b] = order_layout(seed, LAYOUTS, b);
	}
}

static unsigned int simulations(void)
{
	const char *s = getenv("EGPR_SIMULATIONS");

	return s && atoi(s) > 0 ? (unsigned int)atoi(s) : DEFAULT_SIMULATIONS;
}

static double standard_error(double rate, unsigned int n)
{
	return sqrt(rate * (1 - rate) / n);
}

static void at_most(const char *what, enum noise noise, unsigned int hits, unsigned int n,
		    double limit)
{
	double rate = (double)hits / n;

	printf("# %-28s %-12s %6.2f %% of %u, limit %g %%\n", what, names[noise], 100 * rate, n,
	       100 * limit);
	if (rate > limit + STANDARD_ERRORS * standard_error(limit, n))
		fail_msg("%s under %s noise: %.2f %%", what, names[noise], 100 * rate);
}

static struct machine machine(enum noise noise)
{
	struct machine m = { gsl_rng_alloc(gsl_rng_taus2), noise, 0, 0 };

	gsl_rng_set(m.rng, 20 + noise);
	return m;
}

/* The 95 % interval covers the true shift in 93..97 %. */
static void coverage(bool with_layout, double highest)
{
	unsigned int n = simulations(), r, hits, layout[BLOCKS];
	const struct stats_where where = { .layout = layout };
	double diff[BLOCKS], rate;
	enum noise noise;

	for (noise = 0; noise < NR_NOISES; noise++) {
		struct machine m = machine(noise);

		hits = 0;
		for (r = 0; r < n; r++) {
			struct stats_interval ci;
			struct stats_shift s;

			simulate(&m, r, 3, diff, layout);
			assert_int_equal(
				stats_shift_init(&s, diff, with_layout ? &where : NULL, BLOCKS), 0);
			ci = stats_shift_interval(&s, 0.025);
			hits += ci.low <= 3 && 3 <= ci.high;
			stats_shift_free(&s);
		}
		gsl_rng_free(m.rng);
		rate = (double)hits / n;
		printf("# coverage of 95 %% %-9s %-12s %6.2f %% of %u\n",
		       with_layout ? "(layout)" : "", names[noise], 100 * rate, n);
		if (rate < 0.93 - STANDARD_ERRORS * standard_error(0.93, n) ||
		    rate > highest + STANDARD_ERRORS * standard_error(highest, n))
			fail_msg("coverage under %s noise: %.2f %%", names[noise], 100 * rate);
	}
}

static void test_coverage(void **state)
{
	(void)state;
	coverage(false, 0.97);
}

static void test_coverage_with_layout(void **state)
{
	(void)state;
	coverage(true, 0.97);
}

/*
 * struct design - launches of a simulated run, each with the same number of blocks
 * @launches: how many
 * @per_load: of them in a module load; 0 for all
 * @launch_sd: standard deviation between launches, cycles
 * @load_sd: between module loads
 * @highest: limit of coverage
 */
struct design {
	unsigned int launches;
	unsigned int per_load;
	double launch_sd;
	double load_sd;
	double highest;
};

/* Adds what launch and module load do to all blocks alike; fills in where each block was. */
static void launch(struct machine *m, const struct design *d, double *diff, unsigned int *number,
		   struct stats_place *places)
{
	double effect = 0, load = 0;
	unsigned int b, last = d->launches;

	for (b = 0; b < BLOCKS; b++) {
		unsigned int l = b * d->launches / BLOCKS;
		unsigned int in = d->per_load ? l / d->per_load : 0;

		if (l != last) {
			if (!b || in != places[last].id[STATS_MODULE])
				load = gsl_ran_gaussian(m->rng, d->load_sd);
			effect = gsl_ran_gaussian(m->rng, d->launch_sd);
			places[l] = (struct stats_place){ { 0, in, l } };
			last = l;
		}
		number[b] = l;
		diff[b] += effect + load;
	}
}

static double covered(const struct design *d, enum noise noise, unsigned int n)
{
	unsigned int r, hits = 0, layout[BLOCKS], number[BLOCKS];
	struct stats_place places[STATS_MAX_LAUNCHES];
	const struct stats_where where = { layout, number, places };
	struct machine m = machine(noise);
	double diff[BLOCKS];

	for (r = 0; r < n; r++) {
		struct stats_interval ci;
		struct stats_shift s;

		simulate(&m, r, 3, diff, layout);
		launch(&m, d, diff, number, places);
		assert_int_equal(stats_shift_init(&s, diff, &where, BLOCKS), 0);
		ci = stats_shift_interval(&s, 0.025);
		hits += ci.low <= 3 && 3 <= ci.high;
		stats_shift_free(&s);
	}
	gsl_rng_free(m.rng);
	return (double)hits / n;
}

/*
 * The shift of all launches, from some of them: none that differ, as much as blocks can just
 * see, and more than all else. With two or three of a level the interval is on the wide side.
 */
static void test_coverage_with_launches(void **state)
{
	static const struct design designs[] = {
		{ 5, 0, 0, 0, 0.98 }, { 5, 0, 3, 0, 0.97 },  { 5, 0, 15, 0, 0.97 },
		{ 8, 0, 5, 0, 0.97 }, { 8, 2, 4, 8, 0.97 },  { 8, 1, 4, 8, 0.97 },
		{ 3, 0, 3, 0, 1 },    { 3, 0, 15, 0, 0.97 }, { 2, 0, 3, 0, 1 },
		{ 6, 2, 2, 4, 1 },
	};
	unsigned int n = simulations();
	enum noise noise;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(designs) / sizeof(*designs); i++) {
		const struct design *d = &designs[i];

		for (noise = 0; noise < NR_NOISES; noise++) {
			double rate = covered(d, noise, n);

			printf("# coverage of 95 %% %u launches (sd %g), %u per load (sd %g) %-12s "
			       "%6.2f %% of %u\n",
			       d->launches, d->launch_sd, d->per_load, d->load_sd, names[noise],
			       100 * rate, n);
			if (rate < 0.93 - STANDARD_ERRORS * standard_error(0.93, n) ||
			    rate > d->highest + STANDARD_ERRORS * standard_error(d->highest, n))
				fail_msg("coverage under %s noise: %.2f %%", names[noise],
					 100 * rate);
		}
	}
}

/* Verdict of a simulated experiment that is looked at LOOKS times and stops when decided. */
static enum stats_verdict experiment(const double *diff, const struct stats_where *where,
				     double margin, const struct stats_looks *l)
{
	struct stats_decision all = { 1, 1, 1 };
	enum stats_verdict v = STATS_INCONCLUSIVE;
	unsigned int k;
	double p;

	for (k = 0; k < LOOKS && v == STATS_INCONCLUSIVE; k++) {
		struct stats_decision d;
		struct stats_shift s;

		assert_int_equal(stats_shift_init(&s, diff, where, BLOCKS * (k + 1) / LOOKS), 0);
		d = stats_decide(&s, margin, l, k);
		stats_decision_merge(&all, &d);
		v = stats_verdict(&all, 0.05, &p);
		stats_shift_free(&s);
	}
	return v;
}

static unsigned int count(enum noise noise, double shift, double margin, unsigned int verdicts)
{
	struct machine m = machine(noise);
	unsigned int n = simulations(), r, hits = 0, layout[BLOCKS];
	const struct stats_where where = { .layout = layout };
	struct stats_looks l;
	double diff[BLOCKS];

	stats_looks_init(&l, STATS_SPEND_POWER2, LOOKS);
	for (r = 0; r < n; r++) {
		simulate(&m, r, shift, diff, layout);
		hits += (verdicts >> experiment(diff, &where, margin, &l)) & 1;
	}
	gsl_rng_free(m.rng);
	return hits;
}

/* A/A with next to no margin: whoever says faster or slower is wrong. */
static void test_false_difference(void **state)
{
	enum noise noise;

	(void)state;
	for (noise = 0; noise < NR_NOISES; noise++)
		at_most("false faster or slower", noise,
			count(noise, 0, 1e-9, 1u << STATS_FASTER | 1u << STATS_SLOWER),
			simulations(), 0.05);
}

/* A shift that lies on the margin is not within it. */
static void test_false_equivalent(void **state)
{
	enum noise noise;

	(void)state;
	for (noise = 0; noise < NR_NOISES; noise++)
		at_most("false equivalent", noise, count(noise, 5, 5, 1u << STATS_EQUIVALENT),
			simulations(), 0.05);
}

/* The same for a run of LOOKS launches that differ, with a look after each but the first. */
static unsigned int count_launched(enum noise noise, double shift, double margin,
				   unsigned int verdicts)
{
	static const struct design d = { LOOKS, 0, 3, 0, 0 };
	unsigned int n = simulations(), r, k, hits = 0, layout[BLOCKS], number[BLOCKS];
	struct stats_place places[STATS_MAX_LAUNCHES];
	const struct stats_where where = { layout, number, places };
	struct machine m = machine(noise);
	struct stats_looks l;
	double diff[BLOCKS], p;

	stats_looks_init(&l, STATS_SPEND_POWER2, LOOKS);
	for (r = 0; r < n; r++) {
		struct stats_decision all = { 1, 1, 1 }, now;
		enum stats_verdict v = STATS_INCONCLUSIVE;

		simulate(&m, r, shift, diff, layout);
		launch(&m, &d, diff, number, places);
		for (k = 1; k < LOOKS && v == STATS_INCONCLUSIVE; k++) {
			struct stats_shift s;

			assert_int_equal(
				stats_shift_init(&s, diff, &where, BLOCKS * (k + 1) / LOOKS), 0);
			now = stats_decide(&s, margin, &l, k);
			stats_decision_merge(&all, &now);
			v = stats_verdict(&all, 0.05, &p);
			stats_shift_free(&s);
		}
		hits += (verdicts >> v) & 1;
	}
	gsl_rng_free(m.rng);
	return hits;
}

static void test_false_with_launches(void **state)
{
	unsigned int n = simulations();
	enum noise noise;

	(void)state;
	for (noise = 0; noise < NR_NOISES; noise++) {
		at_most("false difference, launches", noise,
			count_launched(noise, 0, 1e-9, 1u << STATS_FASTER | 1u << STATS_SLOWER), n,
			0.05);
		at_most("false equivalent, launches", noise,
			count_launched(noise, 5, 5, 1u << STATS_EQUIVALENT), n, 0.05);
	}
	assert_true(count_launched(NORMAL, 0, 12, 1u << STATS_EQUIVALENT) > n * 8 / 10);
}

/* The tests above would pass for a method that never decides: this one would not. */
static void test_power(void **state)
{
	unsigned int n = simulations();

	(void)state;
	assert_true(count(NORMAL, 0, 8, 1u << STATS_EQUIVALENT) > n * 9 / 10);
	assert_true(count(NORMAL, 8, 1, 1u << STATS_SLOWER) > n * 9 / 10);
	assert_true(count(HEAVY, 0, 12, 1u << STATS_EQUIVALENT) > n * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_coverage_with_layout),
		cmocka_unit_test(test_coverage_with_launches),
		cmocka_unit_test(test_false_difference),
		cmocka_unit_test(test_false_equivalent),
		cmocka_unit_test(test_false_with_launches),
		cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
