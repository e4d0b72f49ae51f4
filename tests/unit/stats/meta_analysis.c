// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random-effects meta-analysis against the most published example there is: 13
 * trials of BCG vaccine (Colditz et al. 1994), log risk ratios.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include <bench/stats/meta_analysis.h>

#define TRIALS 13

/* Vaccinated ill and well, not vaccinated ill and well. */
static const double trials[TRIALS][4] = {
	{ 4, 119, 11, 128 },	   { 6, 300, 29, 274 },	       { 3, 228, 11, 209 },
	{ 62, 13536, 248, 12619 }, { 33, 5036, 47, 5761 },     { 180, 1361, 372, 1079 },
	{ 8, 2537, 10, 619 },	   { 505, 87886, 499, 87892 }, { 29, 7470, 45, 7232 },
	{ 17, 1699, 65, 1600 },	   { 186, 50448, 141, 27197 }, { 5, 2493, 3, 2338 },
	{ 27, 16886, 29, 17825 },
};

static void near(double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%.6f instead of %.6f", got, want);
}

static void test_published(void **state)
{
	double y[TRIALS], v[TRIALS];
	struct meta m;
	int i;

	(void)state;
	for (i = 0; i < TRIALS; i++) {
		const double *t = trials[i];

		y[i] = log(t[0] / (t[0] + t[1]) / (t[2] / (t[2] + t[3])));
		v[i] = 1 / t[0] - 1 / (t[0] + t[1]) + 1 / t[2] - 1 / (t[2] + t[3]);
	}
	assert_int_equal(meta_combine(y, v, TRIALS, &m), 0);
	near(m.q, 152.2330, 1e-4);
	near(m.tau2, 0.3088, 1e-4);
	near(m.i2, 92.12, 0.01);
	near(m.estimate, -0.7141, 1e-4);
	near(m.se, 0.1787, 1e-4);
}

/* Three equal variances by hand: mean 2, Q = 2, tau2 = 0, t(2) = 4.302653. */
static void test_by_hand(void **state)
{
	const double y[] = { 1, 2, 3 }, v[] = { 1, 1, 1 };
	struct meta m;

	(void)state;
	assert_int_equal(meta_combine(y, v, 3, &m), 0);
	near(m.estimate, 2, 1e-12);
	near(m.q, 2, 1e-12);
	near(m.tau2, 0, 1e-12);
	near(m.high - m.estimate, 4.302653 * sqrt(2.0 / (2 * 3)), 1e-5);
}

static void test_edges(void **state)
{
	const double y[] = { 5, NAN }, v[] = { 4, 0 };
	struct meta m;

	(void)state;
	assert_int_equal(meta_combine(y, v, 1, &m), 0);
	near(m.estimate, 5, 0);
	near(m.se, 2, 1e-12);
	assert_true(isnan(m.low));
	assert_int_equal(meta_combine(y, v, 0, &m), -1);
	assert_int_equal(meta_combine(y, v, 2, &m), -1);
	near(meta_variance(-1.959964, 1.959964), 1, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
