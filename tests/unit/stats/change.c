// SPDX-License-Identifier: GPL-2.0-only
/*
 * E-divisive: energy distances against the definition and by hand, the flow of the Nile, whose
 * change of 1899 every text on change points knows, how often noise alone is taken for a
 * change, and planted changes of level and of spread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include <bench/stats/change.h>

/* Annual flow at Aswan, 1871 to 1970, 10^8 m^3 (Cobb, "The problem of the Nile", 1978). */
#define NILE_FIRST 1871
static const double nile[] = {
	1120, 1160, 963, 1210, 1160, 1160, 813,	 1230, 1370, 1140, 995,	 935,  1110, 994,  1020,
	960,  1180, 799, 958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
	874,  694,  940, 833,  701,  916,  692,	 1020, 1050, 969,  831,	 726,  456,  824,  702,
	1120, 1100, 832, 764,  821,  768,  845,	 864,  862,  698,  845,	 744,  796,  1040, 759,
	781,  865,  845, 944,  984,  897,  822,	 1010, 771,  676,  649,	 846,  812,  742,  801,
	1040, 860,  874, 848,  890,  744,  749,	 838,  1050, 918,  986,	 797,  923,  975,  815,
	1020, 906,  901, 1170, 912,  746,  919,	 718,  714,  740
};
#define NILE_YEARS (sizeof(nile) / sizeof(*nile))

#define SERIES	  200 /* of noise alone */
#define LENGTH	  40
#define MAX_FOUND (LENGTH * 4)

static void near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-6 * fabs(want)))
		fail_msg("%.9f instead of %.9f", got, want);
}

/* The definition, with no sum carried on. */
static double energy_by_definition(const double *x, size_t n, size_t at)
{
	double between = 0, left = 0, right = 0, l = (double)at, r = (double)(n - at);
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++) {
			double d = fabs(x[i] - x[j]);

			if (i < at)
				left += d;
			else if (j >= at)
				right += d;
			else
				between += d;
		}
	}
	return l * r / (l + r) *
	       (2 / (l * r) * between - left / (l * (l - 1) / 2) - right / (r * (r - 1) / 2));
}

static void test_by_hand(void **state)
{
	/* Between 1, within 0: 2 * 2 / 4 * 2. */
	const double step[] = { 0, 0, 1, 1 };
	/* 3 and 4 values: 12 / 7 * (2 * 10.5 - 4 / 3 - 5 / 3). */
	const double two[] = { 0, 1, 2, 10, 11, 12, 13 };
	size_t at = 0;

	(void)state;
	near(change_best_split(step, 4, 2, &at), 2);
	assert_int_equal(at, 2);
	near(change_best_split(two, 7, 2, &at), 12.0 / 7 * 18);
	assert_int_equal(at, 3);
	assert_true(change_best_split(step, 3, 2, &at) < 0); /* too short */
}

static void test_definition(void **state)
{
	double best = -1, q;
	size_t at, i, want = 0;

	(void)state;
	for (i = CHANGE_MIN_SEGMENT; i + CHANGE_MIN_SEGMENT <= NILE_YEARS; i++) {
		q = energy_by_definition(nile, NILE_YEARS, i);
		if (q > best) {
			best = q;
			want = i;
		}
	}
	q = change_best_split(nile, NILE_YEARS, CHANGE_MIN_SEGMENT, &at);
	near(q, best);
	near(q, 4807.521314553991); /* the same definition in another language */
	assert_int_equal(at, want);
}

static void test_nile(void **state)
{
	struct change_point points[NILE_YEARS];
	size_t found;

	(void)state;
	assert_int_equal(change_points(nile, NILE_YEARS, 1, points, &found), 0);
	assert_int_equal(found, 1);
	assert_int_equal(NILE_FIRST + points[0].at, 1899);
	assert_true(points[0].p <= 1.0 / (CHANGE_PERMUTATIONS + 1) + 1e-12);
}

static void test_constant(void **state)
{
	double x[LENGTH] = { 0 };
	struct change_point points[MAX_FOUND];
	size_t found;

	(void)state;
	assert_int_equal(change_points(x, LENGTH, 1, points, &found), 0);
	assert_int_equal(found, 0);
	assert_int_equal(change_points(x, 1, 1, points, &found), 0);
	assert_int_equal(found, 0);
	assert_int_equal(change_points(x, 0, 1, points, &found), 0);
	assert_int_equal(found, 0);
}

/* At 5 %, 200 series of noise have 10 false alarms; more than 20 happen once in 1000 times. */
static void test_false_alarms(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct change_point points[MAX_FOUND];
	unsigned int alarms = 0, i, j;
	double x[LENGTH];
	size_t found;

	(void)state;
	gsl_rng_set(rng, 7);
	for (i = 0; i < SERIES; i++) {
		for (j = 0; j < LENGTH; j++)
			x[j] = gsl_ran_tdist(rng, 3); /* tails as heavy as those of latencies */
		assert_int_equal(change_points(x, LENGTH, i, points, &found), 0);
		alarms += found > 0;
	}
	gsl_rng_free(rng);
	if (alarms < 1 || alarms > 20)
		fail_msg("%u of %d series of noise were said to change", alarms, SERIES);
}

/* Level 0, 4, 4 with spread 1, 1, 8: two changes, each found within two values. */
static void test_planted(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct change_point points[MAX_FOUND];
	double x[4 * LENGTH];
	size_t found, i;

	(void)state;
	gsl_rng_set(rng, 3);
	for (i = 0; i < 4 * LENGTH; i++)
		x[i] = (i < LENGTH ? 0 : 4) + gsl_ran_gaussian(rng, i < 2 * LENGTH ? 1 : 8);
	assert_int_equal(change_points(x, 4 * LENGTH, 1, points, &found), 0);
	gsl_rng_free(rng);
	assert_int_equal(found, 2);
	assert_in_range(points[0].at, LENGTH - 2, LENGTH + 2);
	assert_in_range(points[1].at, 2 * LENGTH - 4, 2 * LENGTH + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),	     cmocka_unit_test(test_definition),
		cmocka_unit_test(test_nile),	     cmocka_unit_test(test_constant),
		cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
