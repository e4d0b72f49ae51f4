// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every statistic against figures that others published, named beside each.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include <bench/stats/stats.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void close_to(double got, double want, double tolerance)
{
	if (fabs(got - want) > tolerance)
		fail_msg("got %.9g, want %.9g +- %g", got, want, tolerance);
}

/*
 * Hollander and Wolfe (1973), table 3.1: depression scale of nine patients before and
 * after treatment. Their example and R's ?wilcox.test: V = 40, one-sided p 0.01953,
 * estimate 0.46, interval 0.010 .. 0.786.
 */
static const double before[] = { 1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
static const double after[] = { .878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };

static void depression(double *d)
{
	size_t i;

	for (i = 0; i < COUNT(before); i++)
		d[i] = before[i] - after[i];
	stats_sort(d, COUNT(before));
}

static void test_hodges_lehmann(void **state)
{
	struct stats_interval ci;
	double d[COUNT(before)];

	(void)state;
	depression(d);
	close_to(stats_hl(d, COUNT(d)), 0.46, 5e-4);
	ci = stats_hl_interval(d, COUNT(d), 0.025);
	close_to(ci.low, 0.010, 5e-4);
	close_to(ci.high, 0.786, 5e-4);
	close_to(stats_signed_rank_p(d, COUNT(d), 0), 10.0 / 512, 1e-12);
}

/* Against the definition, on data with ties, for the selection without a list. */
static void test_walsh_is_selection(void **state)
{
	static const double x[] = { -3, -3, -1.5, 0, 0, 0, 0.25, 2, 7, 7, 90 };
	double all[COUNT(x) * (COUNT(x) + 1) / 2];
	size_t i, j, n = 0;

	(void)state;
	for (i = 0; i < COUNT(x); i++) {
		for (j = i; j < COUNT(x); j++)
			all[n++] = 0.5 * (x[i] + x[j]);
	}
	stats_sort(all, n);
	for (i = 0; i < n; i++)
		close_to(stats_walsh(x, COUNT(x), i + 1), all[i], 1e-9);
}

/* R: psignrank(qsignrank(0.025, 50) - 1, 50) <= 0.025; table of Hollander and Wolfe ends at 15. */
static void test_signed_rank_critical(void **state)
{
	double x[STATS_EXACT_MAX];
	struct stats_interval ci;
	size_t i;

	(void)state;
	/* 1, 2, ..., n: the k-th Walsh average from below and above are symmetric. */
	for (i = 0; i < COUNT(x); i++)
		x[i] = (double)i + 1;
	/* Wilcoxon (1945): below n = 6 nothing is significant at 5 % two-sided. */
	ci = stats_hl_interval(x, 5, 0.025);
	assert_true(isinf(ci.low) && isinf(ci.high));
	ci = stats_hl_interval(x, 6, 0.025);
	close_to(ci.low, 1, 1e-12);
	close_to(ci.high, 6, 1e-12);
	ci = stats_hl_interval(x, COUNT(x), 0.025);
	close_to(ci.low + ci.high, 51, 1e-9);
}

/* Both sides of the switch from the exact distribution to the normal one. */
static void test_exact_meets_normal(void **state)
{
	double x[STATS_EXACT_MAX + 1], exact, normal;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(x); i++)
		x[i] = (double)i - 18;
	exact = stats_signed_rank_p(x, STATS_EXACT_MAX, 0);
	normal = stats_signed_rank_p(x, STATS_EXACT_MAX + 1, 0);
	assert_true(exact > normal && exact < 2 * normal);
}

/* R: quantile(1:10, .95) = 9.55; mad(c(1, 2, 3, 4, 100), constant = 1) = 1. */
static void test_order_statistics(void **state)
{
	double x[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, y[] = { 100, 3, 1, 4, 2 }, scratch[5];

	(void)state;
	close_to(stats_quantile(x, 10, 0.95), 9.55, 1e-12);
	close_to(stats_quantile(x, 10, 0), 1, 1e-12);
	close_to(stats_mad(y, 5, scratch), 1, 1e-12);
	close_to(y[0], 100, 0);
}

/*
 * Lan-DeMets boundaries for five equal looks, two-sided 5 %: Reboussin, DeMets, Kim and Lan
 * (2000), and R's ldbounds.
 */
static void test_boundaries(void **state)
{
	static const double t[] = { .2, .4, .6, .8, 1 };
	static const double obf[] = { 4.8769, 3.3569, 2.6803, 2.2898, 2.0310 };
	static const double pocock[] = { 2.4380, 2.4268, 2.4101, 2.3966, 2.3859 };
	double z[5];
	size_t i;

	(void)state;
	stats_boundaries(STATS_SPEND_OBF, 0.025, t, 5, z);
	for (i = 0; i < 5; i++)
		close_to(z[i], obf[i], 2e-3);
	stats_boundaries(STATS_SPEND_POCOCK, 0.025, t, 5, z);
	for (i = 0; i < 5; i++)
		close_to(z[i], pocock[i], 2e-3);
	/* One look is no sequence. */
	stats_boundaries(STATS_SPEND_POWER2, 0.025, t + 4, 1, z);
	close_to(z[0], 1.959964, 1e-4);
}

static void test_looks(void **state)
{
	struct stats_looks l;
	double p;

	(void)state;
	stats_looks_init(&l, STATS_SPEND_POWER2, 4);
	/* Adjusting the nominal error of a look gives back the total one. */
	p = stats_looks_alpha(&l, 2, 0.05);
	assert_true(p < 0.05 && p > 0.001);
	close_to(stats_looks_p(&l, 2, p), 0.05, 1e-3);
	close_to(stats_looks_p(&l, 0, 1), 1, 0);
	assert_true(stats_looks_p(&l, 0, 1e-30) <= 1.1e-9);
}

/* Wikipedia, "Interquartile mean": 6.5 of twelve values, 9 of nine. */
static void test_midmean(void **state)
{
	double twelve[] = { 5, 8, 4, 38, 8, 6, 9, 7, 7, 3, 1, 6 };
	double nine[] = { 1, 3, 5, 7, 9, 11, 13, 15, 17 };
	unsigned int one[12];
	size_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		one[i] = 1;
	stats_sort(twelve, 12);
	close_to(stats_midmean_weighted(twelve, one, 12, 12), 6.5, 1e-12);
	close_to(stats_midmean(twelve, 12), 6.5, 1e-12);
	close_to(stats_midmean(nine, 9), 9, 1e-12);
	close_to(stats_midmean(nine, 1), nine[0], 1e-12);
	close_to(stats_low_mean(twelve, 12), 25.0 / 6, 1e-12);
	close_to(stats_low_mean(nine, 1), nine[0], 1e-12);
	close_to(stats_midmean_weighted(nine, one, 9, 9), 9, 1e-12);
}

static double plug_in_variance(const double *x, const unsigned int *w, size_t n, size_t total)
{
	double mean = 0, sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		mean += w[i] * x[i] / (double)total;
	for (i = 0; i < n; i++)
		sum += w[i] * (x[i] - mean) * (x[i] - mean);
	return sum / (double)total;
}

/*
 * Efron and Tibshirani (1993), section 14.2: variance of test A of 26 neurologically
 * impaired children is 171.5, its 90 % BCa interval 115.8 .. 259.6 (2000 replicates).
 */
static void test_bca(void **state)
{
	static const double a[] = { 48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
				    0,	33, 28, 34, 4,	32, 24, 47, 41, 24, 26, 30, 41 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	struct stats_interval ci;
	unsigned int one[COUNT(a)];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(a); i++)
		one[i] = 1;
	close_to(plug_in_variance(a, one, COUNT(a), COUNT(a)), 171.5, 0.1);
	gsl_rng_set(rng, 7);
	assert_int_equal(stats_bca(a, COUNT(a), 1, 20000, 0.05, plug_in_variance, rng, &ci), 0);
	close_to(ci.low, 115.8, 4);
	close_to(ci.high, 259.6, 6);
	gsl_rng_free(rng);
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.02), "holm") = 0.04 0.06 0.06 0.06. */
static void test_holm(void **state)
{
	double p[] = { 0.01, 0.04, 0.03, 0.02 };

	(void)state;
	assert_int_equal(stats_holm(p, 4), 0);
	close_to(p[0], 0.04, 1e-12);
	close_to(p[1], 0.06, 1e-12);
	close_to(p[2], 0.06, 1e-12);
	close_to(p[3], 0.06, 1e-12);
}

/* The claims are adjusted apart: equivalence, and of the two changes the nearer one. */
static void test_adjust(void **state)
{
	struct stats_decision d[] = {
		{ 0.01, 0.9, 0.04 }, { 0.04, 0.03, 0.8 }, { 0.03, 0.9, 0.01 }, { 0.02, 0.02, 0.9 }
	};

	(void)state;
	assert_int_equal(stats_adjust(d, 4), 0);
	close_to(d[0].p_equivalent, 0.04, 1e-12);
	close_to(d[3].p_equivalent, 0.06, 1e-12);
	close_to(d[0].p_faster, 0.06, 1e-12);
	close_to(d[1].p_slower, 0.06, 1e-12);
	close_to(d[2].p_faster, 0.04, 1e-12);
	close_to(d[0].p_slower, 0.9, 1e-12);
	close_to(d[3].p_faster, 0.9, 1e-12);
}

static void shift_of(struct stats_shift *s, double centre, size_t n)
{
	double x[400];
	size_t i;

	/* A spread of -1 .. 1 in an order without correlation between neighbours. */
	for (i = 0; i < n; i++)
		x[i] = centre + 2 * fmod((double)i * 0.6180339887, 1) - 1;
	assert_int_equal(stats_shift_init(s, x, NULL, n), 0);
}

static enum stats_verdict verdict_of(double centre, size_t n, double margin)
{
	struct stats_decision d;
	struct stats_shift s;
	double p;

	shift_of(&s, centre, n);
	d = stats_decide(&s, margin, NULL, 0);
	stats_shift_free(&s);
	return stats_verdict(&d, 0.05, &p);
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(0, 200, 1), STATS_EQUIVALENT);
	assert_int_equal(verdict_of(0.4, 200, 1), STATS_EQUIVALENT);
	assert_int_equal(verdict_of(2, 200, 1), STATS_SLOWER);
	assert_int_equal(verdict_of(-2, 200, 1), STATS_FASTER);
	assert_int_equal(verdict_of(1, 200, 1), STATS_INCONCLUSIVE);
	/* Too few blocks prove nothing, not even the same. */
	assert_int_equal(verdict_of(0, 4, 1), STATS_INCONCLUSIVE);
}

static void test_margin_and_blocks(void **state)
{
	struct stats_interval ci;
	struct stats_shift s;
	double smallest;
	size_t more;

	(void)state;
	shift_of(&s, 0.2, 100);
	ci = stats_shift_interval(&s, 0.05);
	smallest = stats_smallest_margin(&s, 0.05);
	close_to(smallest, fmax(fabs(ci.low), fabs(ci.high)), 1e-12);
	assert_int_equal(stats_blocks_needed(&s, 3, 0.05), 0);
	/* Half the distance needs four times the blocks. */
	more = stats_blocks_needed(&s, s.estimate + 0.25 * (ci.high - ci.low), 0.05);
	assert_in_range(more, 280, 320);
	assert_int_equal(stats_blocks_needed(&s, s.estimate, 0.05), STATS_NEVER);
	stats_shift_free(&s);
}

/* An offset effect that dwarfs block noise must widen the interval by Student's t of 9. */
static void test_layout_component(void **state)
{
	struct stats_interval plain, wide;
	unsigned int layout[400];
	const struct stats_where where = { .layout = layout };
	struct stats_shift s;
	double x[400], effect[10];
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		effect[i] = fmod((double)(i + 1) * 0.6180339887, 1) - 0.5;
	for (i = 0; i < 400; i++) {
		layout[i] = (unsigned int)((i * 7) % 10);
		x[i] = effect[layout[i]] + 0.01 * (fmod((double)i * 0.7548776662, 1) - 0.5);
	}
	assert_int_equal(stats_shift_init(&s, x, &where, 400), 0);
	wide = stats_shift_interval(&s, 0.025);
	assert_int_equal(s.layouts, 10);
	/* Standard deviation of the ten effects themselves: 0.2896. */
	close_to(s.layout_sd, 0.2896, 0.01);
	assert_true(wide.high - wide.low > 2 * 2.0 * s.layout_sd / sqrt(10));
	stats_shift_free(&s);
	assert_int_equal(stats_shift_init(&s, x, NULL, 400), 0);
	plain = stats_shift_interval(&s, 0.025);
	assert_true(plain.high - plain.low < wide.high - wide.low);
	stats_shift_free(&s);
}

/*
 * Snedecor and Cochran (1967), p. 286: calcium in two samples of each of three leaves of four
 * turnip plants. Components as SAS/STAT's example of PROC NESTED prints them.
 */
static void test_nested_components(void **state)
{
	static const double calcium[4][3][2] = {
		{ { 3.28, 3.09 }, { 3.52, 3.48 }, { 2.88, 2.80 } },
		{ { 2.46, 2.44 }, { 1.87, 1.92 }, { 2.19, 2.19 } },
		{ { 2.77, 2.66 }, { 3.74, 3.44 }, { 2.55, 2.55 } },
		{ { 3.78, 3.87 }, { 4.07, 4.12 }, { 3.31, 3.31 } },
	};
	struct stats_leaf leaf[12];
	struct stats_nested v;
	double within = 0, df;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(leaf); i++) {
		const double *x = calcium[i / 3][i % 3];

		leaf[i] = (struct stats_leaf){ { (unsigned int)(i / 3), (unsigned int)i },
					       2,
					       (x[0] + x[1]) / 2 };
		within += (x[0] - x[1]) * (x[0] - x[1]) / 2;
	}
	stats_nested_init(&v, leaf, COUNT(leaf), 2, within / 12, 12);
	close_to(v.ms[0], 2.520115, 5e-6);
	close_to(v.ms[1], 0.328775, 5e-6);
	close_to(v.ms[2], 0.006654, 5e-6);
	close_to(stats_nested_component(&v, 0), 0.365223, 5e-6);
	close_to(stats_nested_component(&v, 1), 0.161060, 5e-6);
	/* Balanced: the mean's variance is the plants' mean square over n, with their df. */
	close_to(stats_nested_variance(&v, false, &df), 2.520115 / 24, 1e-6);
	close_to(df, 3, 1e-9);
}

/* One trace of the quadratic form of a level with the incidence of another: no closed form. */
static double expected(const struct stats_leaf *leaf, size_t n, int level, int of)
{
	double trace = 0, size[2], all;
	size_t i, j, k, l;

	/* Mean square as x'Qx, Q of two projections: tr(Q Z Z') over values, leaf by leaf. */
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			for (k = 0; k < 2; k++) {
				int at = level - (int)k;

				size[k] = 0;
				if (at >= 0 && leaf[i].id[at] != leaf[j].id[at])
					continue;
				for (l = 0, all = 0; l < n; l++)
					all += at < 0 || leaf[l].id[at] == leaf[i].id[at]
						       ? leaf[l].n
						       : 0;
				size[k] = leaf[i].n * leaf[j].n / all;
			}
			if (leaf[i].id[of] == leaf[j].id[of])
				trace += size[0] - size[1];
		}
	}
	return trace;
}

static void test_nested_unbalanced(void **state)
{
	static const struct stats_leaf leaf[] = {
		{ { 0, 0, 0 }, 3, 1 }, { { 0, 0, 1 }, 9, 2 },  { { 0, 1, 2 }, 4, 4 },
		{ { 1, 2, 3 }, 7, 3 }, { { 1, 2, 4 }, 2, 5 },  { { 1, 2, 5 }, 5, 2 },
		{ { 1, 3, 6 }, 6, 7 }, { { 2, 4, 7 }, 11, 6 },
	};
	static const double df[] = { 2, 2, 3 };
	struct stats_nested v;
	int k, j;

	(void)state;
	stats_nested_init(&v, leaf, COUNT(leaf), 3, 1, 39);
	for (k = 0; k < 3; k++) {
		close_to(v.df[k], df[k], 0);
		for (j = k; j < 3; j++)
			close_to(v.expect[k][j], expected(leaf, COUNT(leaf), k, j) / df[k], 1e-12);
	}
	/* As many loads as boots: what differs may be either, and is taken for the boot. */
	stats_nested_init(&v, leaf + 3, 1, 3, 1, 39);
	assert_true(isnan(stats_nested_component(&v, 0)));
	stats_nested_init(&v, leaf + 6, 2, 3, 1, 39);
	assert_true(stats_nested_component(&v, 0) >= 0);
	assert_true(isnan(stats_nested_component(&v, 1)));
	assert_true(isnan(stats_nested_component(&v, 2)));
}

/* Launches that differ by more than blocks must widen the interval, and say by how much. */
static void test_launch_component(void **state)
{
	static const double effect[] = { -3, 1, 4, -2, 0 };
	static const struct stats_place places[] = {
		{ { 0, 0, 0 } }, { { 0, 0, 1 } }, { { 0, 1, 2 } }, { { 0, 1, 3 } }, { { 0, 1, 4 } },
	};
	unsigned int launch[200];
	const struct stats_where where = { .launch = launch, .places = places };
	struct stats_interval ci;
	struct stats_shift s;
	double x[200];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		launch[i] = (unsigned int)(i / 40);
		x[i] = 10 + effect[launch[i]] + fmod((double)i * 0.6180339887, 1) - 0.5;
	}
	assert_int_equal(stats_shift_init(&s, x, &where, 200), 0);
	close_to(s.estimate, 10, 0.05);
	assert_int_equal(s.groups[STATS_BOOT], 1);
	assert_int_equal(s.groups[STATS_MODULE], 2);
	assert_int_equal(s.groups[STATS_LAUNCH], 5);
	assert_true(isnan(s.level_sd[STATS_BOOT]));
	/* Within loads: the variances of {-3, 1} and {4, -2, 0} have 1 and 2 degrees of freedom. */
	close_to(s.level_sd[STATS_LAUNCH], sqrt((8 + 18.6667) / 3), 0.05);
	close_to(s.level_sd[STATS_MODULE], 0, 1e-9);
	ci = stats_shift_interval(&s, 0.025);
	assert_true(ci.high - ci.low > 2 * 2 * 2.7 / sqrt(5));
	assert_true(stats_shift_p(&s, 9.9) > 0.3);
	stats_shift_free(&s);
	/* One launch: the results of before, to the last digit, and no component. */
	for (i = 0; i < 200; i++)
		launch[i] = 3;
	assert_int_equal(stats_shift_init(&s, x, &where, 200), 0);
	assert_true(isnan(s.level_sd[STATS_LAUNCH]));
	ci = stats_shift_interval(&s, 0.025);
	stats_shift_free(&s);
	assert_int_equal(stats_shift_init(&s, x, NULL, 200), 0);
	close_to(ci.low, stats_shift_interval(&s, 0.025).low, 0);
	close_to(ci.high, stats_shift_interval(&s, 0.025).high, 0);
	stats_shift_free(&s);
}

static void test_warmup(void **state)
{
	double x[64];
	size_t i;

	(void)state;
	for (i = 0; i < 64; i++)
		x[i] = 100 + fmod((double)i * 0.618, 1) + (i < 10 ? 50 - 4.0 * (double)i : 0);
	assert_in_range(stats_warmup(x, 64), 9, 12);
	/* Of a steady series the rule may drop some, but never says it has not settled. */
	for (i = 0; i < 64; i++)
		x[i] = 100 + fmod((double)i * 0.618, 1);
	assert_in_range(stats_warmup(x, 64), 0, 31);
	/* One interrupt in the middle is not a warm-up. */
	x[20] = 5000;
	assert_in_range(stats_warmup(x, 64), 0, 31);
	assert_true(stats_settled(x, 64));
	for (i = 0; i < 64; i++)
		x[i] = (i < 50 ? 150 : 100) + fmod((double)i * 0.618, 1);
	assert_false(stats_settled(x, 64));
	for (i = 0; i < 64; i++)
		x[i] = 1000 - 10.0 * (double)i;
	assert_int_equal(stats_warmup(x, 64), 32);
}

static void test_groups(void **state)
{
	double x[512], out[512], y = 0;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	size_t i;

	(void)state;
	gsl_rng_set(rng, 3);
	for (i = 0; i < 512; i++)
		x[i] = y = 0.9 * y + gsl_rng_uniform(rng) - 0.5;
	assert_in_range(stats_group_size(x, 512), 8, 32);
	for (i = 0; i < 512; i++)
		x[i] = gsl_rng_uniform(rng);
	assert_in_range(stats_group_size(x, 512), 1, 2);
	assert_int_equal(stats_group(x, 10, 4, out), 2);
	gsl_rng_free(rng);
}

static void test_slope(void **state)
{
	static const double x[] = { 0, 5, 10, 20, 40 }, y[] = { 3, 13, 23, 43, 83 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	double noisy[5], slope[4000];
	size_t i, j;

	(void)state;
	close_to(stats_block_slope(x, y, 5), 2, 1e-12);
	/* Skewed noise, far larger than the effect, moves the median slope nowhere. */
	gsl_rng_set(rng, 5);
	for (i = 0; i < COUNT(slope); i++) {
		for (j = 0; j < 5; j++)
			noisy[j] = x[j] + 20 * gsl_ran_lognormal(rng, 0, 1.5);
		slope[i] = stats_block_slope(x, noisy, 5);
	}
	stats_sort(slope, COUNT(slope));
	close_to(stats_hl(slope, COUNT(slope)), 1, 0.1);
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hodges_lehmann),
		cmocka_unit_test(test_walsh_is_selection),
		cmocka_unit_test(test_signed_rank_critical),
		cmocka_unit_test(test_exact_meets_normal),
		cmocka_unit_test(test_order_statistics),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_midmean),
		cmocka_unit_test(test_bca),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_adjust),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_margin_and_blocks),
		cmocka_unit_test(test_layout_component),
		cmocka_unit_test(test_nested_components),
		cmocka_unit_test(test_nested_unbalanced),
		cmocka_unit_test(test_launch_component),
		cmocka_unit_test(test_warmup),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_slope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
