// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power of three methods, side by side.
 *
 * (a) Google Benchmark with random interleaving, its comparison tool's U test: nine
 * repetitions per benchmark, the fewest that the tool calls enough; the library runs them
 * (power_gbench.c). (b) The procedure of vmexit in kvm-unit-tests: double the number of
 * iterations until they take 2^30 ticks, report the mean; there is no interval, so the
 * means themselves are repeated and put to a t test. All have their code in one place: only the
 * engine would vary it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>

#include <bench/host/clock.h>
#include <bench/measure/drops.h>
#include <bench/measure/guard.h>
#include <bench/plan/order.h>
#include "power.h"

#define TURNS	      3		   /* each method has its time in as many pieces, in turns */
#define REPETITIONS   9		   /* per arm and turn: below, the comparison tool warns */
#define MEANS_GOAL    (1ULL << 30) /* TSC ticks */
#define MEANS_LEAST   (1ULL << 20) /* TSC ticks, where time is short */
#define MEANS_FIRST   64	   /* exits of the first loop */
#define ALPHA	      0.05
#define BATCH	      64   /* exits */
#define STAMPED_LEAST 64   /* exits of the engine's batch: half of them count */
#define PILOT_SHARE   0.03 /* of a turn: how long does an exit take */
#define PILOT_LEAST   128  /* exits: two batches */
#define BISECTIONS    80
#define MAX_MEANS     512
#define MAX_PAIRS     65536
#define SIGNAL_STATUS 128

const char *const power_names[POWER_NR] = {
	[POWER_ENGINE] = "paired blocks (this lab)",
	[POWER_GBENCH] = "Google Benchmark, U test",
	[POWER_MEANS] = "mean of a doubled loop",
};

struct contest {
	const struct power_request *r;
	void *run;
	gsl_rng *rng;
	struct data_error *e;
	double seconds[POWER_NR]; /* that each has had */
	double *pair;		  /* engine: block differences */
	size_t pairs;
	uint64_t *stamps; /* engine: of one batch */
	double *sorted;	  /* the same, sorted */
	double repetition[2][TURNS * REPETITIONS];
	size_t repetitions;
	double mean[2][MAX_MEANS];
	size_t means;
	uint64_t goal; /* TSC ticks of the doubled loop */
	struct drops drops;
};

static int run_batch(struct contest *k, struct layer_batch *b)
{
	int ret;

	do {
		if (*k->r->stop)
			return SIGNAL_STATUS + guard_signal();
		ret = drops_note(&k->drops, guard_batch(k->r->cell, k->run, b, k->e), k->e);
	} while (ret == LAYER_ASTRAY);
	return ret;
}

static int batch(void *context, unsigned int arm, uint32_t exits, uint64_t *cycles)
{
	struct layer_batch b = { .arm = arm, .exits = exits };
	int ret = run_batch(context, &b);

	*cycles = b.cycles;
	return ret;
}

/*
 * As a plan with `location = fast` sums a batch up, TSC ticks per exit: what is asked for is a
 * cost that every exit pays.
 */
static int stamped_batch(struct contest *k, unsigned int arm, uint32_t exits, double *per)
{
	struct layer_batch b = { .arm = arm, .exits = exits, .stamps = k->stamps };
	int ret = run_batch(k, &b);
	double spread;

	if (!ret)
		*per = engine_sum_up(PLAN_FAST, k->stamps, exits, k->sorted, &spread);
	return ret;
}

static uint32_t engine_exits(const struct power_request *r)
{
	return r->batch > STAMPED_LEAST ? r->batch : STAMPED_LEAST;
}

/* Until the engine has had as much time as the one of the others that had less. */
static int engine_turn(struct contest *k)
{
	double start = clock_now(), until;
	uint32_t exits = engine_exits(k->r);
	int ret = 0;

	until = start - k->seconds[POWER_ENGINE] +
		fmin(k->seconds[POWER_MEANS], k->seconds[POWER_GBENCH] > 0
						      ? k->seconds[POWER_GBENCH]
						      : k->seconds[POWER_MEANS]);
	while (clock_now() < until && k->pairs < MAX_PAIRS && !ret) {
		unsigned int first = (unsigned int)gsl_rng_uniform_int(k->rng, 2), i;
		double sum[2] = { 0, 0 };

		for (i = 0; i < 4 && !ret; i++) {
			unsigned int arm = i == 0 || i == 3 ? first : !first;
			double per = 0;

			ret = stamped_batch(k, arm, exits, &per);
			sum[arm] += per;
		}
		if (!ret)
			k->pair[k->pairs++] = (sum[1] - sum[0]) / 2;
	}
	k->seconds[POWER_ENGINE] += clock_now() - start;
	return ret;
}

#ifdef EGPR_HAVE_BENCHMARK
/* Wall seconds per exit in batches of the size that the library asks for. */
static int pilot(struct contest *k, double seconds, double *per_exit)
{
	double start = clock_now();
	uint64_t cycles = 0, exits = 0;
	int ret = 0;

	while ((clock_now() < start + seconds || exits < PILOT_LEAST) && !ret) {
		ret = batch(k, exits / BATCH % 2, BATCH, &cycles);
		exits += BATCH;
	}
	*per_exit = (clock_now() - start) / (double)exits;
	return ret;
}

/* As long as the doubled loop has had by now; what was missed in one turn is made up for in the next. */
static int gbench_turn(struct contest *k)
{
	const struct plan_arm *arms = k->r->cell->arms;
	double start = clock_now(), left, per_exit;
	struct power_arms a = { .name = { arms[0].id, arms[1].id },
				.batch = batch,
				.context = k,
				.tsc_hz = k->r->tsc_hz,
				.size = BATCH,
				.repetitions = REPETITIONS,
				.cycles = { k->repetition[0] + k->repetitions,
					    k->repetition[1] + k->repetitions } };
	int ret;

	left = k->seconds[POWER_MEANS] - k->seconds[POWER_GBENCH];
	ret = pilot(k, PILOT_SHARE * left, &per_exit);
	left -= clock_now() - start;
	a.iterations = (uint32_t)fmax(BATCH, left / per_exit / (2 * REPETITIONS));
	a.iterations -= a.iterations % BATCH;
	if (!ret)
		ret = power_gbench(&a);
	if (!ret)
		k->repetitions += a.n[0] < a.n[1] ? a.n[0] : a.n[1];
	k->seconds[POWER_GBENCH] += clock_now() - start;
	return ret;
}
#else
static int gbench_turn(struct contest *k)
{
	(void)k;
	return 0;
}
#endif

/* One loop: twice as many exits, until they take the goal. */
static int doubled_loop(struct contest *k, unsigned int arm, uint64_t goal, double *mean)
{
	uint32_t exits = MEANS_FIRST / 2;
	uint64_t cycles = 0;
	int ret;

	do {
		exits *= 2;
		ret = batch(k, arm, exits, &cycles);
	} while (!ret && cycles < goal);
	*mean = (double)cycles / exits;
	return ret;
}

/* A loop of each arm, as often as the time holds, and once at least. */
static int means_turn(struct contest *k)
{
	double start = clock_now(), now = start, last = 0;
	int ret = 0;

	while (!ret && k->means < MAX_MEANS && now + last <= start + k->r->seconds / TURNS) {
		ret = doubled_loop(k, 0, k->goal, &k->mean[0][k->means]);
		if (!ret)
			ret = doubled_loop(k, 1, k->goal, &k->mean[1][k->means]);
		k->means += !ret;
		last = clock_now() - now;
		now += last;
	}
	k->seconds[POWER_MEANS] += clock_now() - start;
	return ret;
}

/* Seconds that a loop of each arm takes. */
static double loop_seconds(double per_exit, double tsc_hz, uint64_t goal)
{
	double exits = MEANS_FIRST, all = exits;

	while (exits * per_exit < (double)goal) {
		exits *= 2;
		all += exits;
	}
	return 2 * all * per_exit / tsc_hz;
}

/* The published length of the loop, or where a turn is too short for that, the longest that fits. */
static int choose_goal(struct contest *k)
{
	double per_exit;
	int ret;

	k->goal = MEANS_LEAST;
	ret = doubled_loop(k, 0, MEANS_LEAST, &per_exit);
	while (!ret && k->goal < MEANS_GOAL &&
	       loop_seconds(per_exit, k->r->tsc_hz, 2 * k->goal) < k->r->seconds / TURNS)
		k->goal *= 2;
	return ret;
}

/*
 * The comparison tool calls SciPy's mannwhitneyu(), which takes the exact distribution where
 * one side has 8 values or fewer and none are tied, and otherwise this approximation. With
 * nine repetitions and more it is always this one.
 */
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

	if (!n)
		return NAN;
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

static int take_turns(struct contest *k)
{
	unsigned int turn;
	int ret = choose_goal(k);

	for (turn = 0; turn < TURNS && !ret; turn++) {
		ret = means_turn(k);
		if (!ret)
			ret = gbench_turn(k);
		if (!ret)
			ret = engine_turn(k);
	}
	return ret;
}

static void conclude(const struct contest *k, struct power *out)
{
	unsigned int m;

	for (m = 0; m < POWER_NR; m++)
		out[m].seconds = k->seconds[m];
	out[POWER_ENGINE].effect = engine_effect(k);
	out[POWER_GBENCH].effect = gbench_effect(k);
	out[POWER_MEANS].effect = means_effect(k);
	snprintf(out[POWER_ENGINE].detail, sizeof(out[0].detail),
		 "%zu blocks ABBA of %u exits, the faster half of each", k->pairs,
		 engine_exits(k->r));
	if (k->repetitions)
		snprintf(out[POWER_GBENCH].detail, sizeof(out[0].detail),
			 "%zu repetitions per arm, interleaved at random", k->repetitions);
	else
		snprintf(out[POWER_GBENCH].detail, sizeof(out[0].detail),
			 "not run: built without Google Benchmark");
	snprintf(out[POWER_MEANS].detail, sizeof(out[0].detail),
		 "%zu means per arm of 2^%d TSC ticks%s, t test over them", k->means,
		 ilogb((double)k->goal), k->goal < MEANS_GOAL ? " (no time for 2^30)" : "");
}

double power_ratio(const struct power *p)
{
	return fmin(p[POWER_GBENCH].effect, p[POWER_MEANS].effect) / p[POWER_ENGINE].effect;
}

int power_measure(const struct power_request *r, struct power *out, struct data_error *e)
{
	struct contest *k = calloc(1, sizeof(*k));
	int ret = EGPR_INTERNAL;

	if (!k)
		return data_fail(e, ret, "out of memory");
	k->r = r;
	k->e = e;
	k->pair = malloc(MAX_PAIRS * sizeof(*k->pair));
	k->rng = gsl_rng_alloc(gsl_rng_taus2);
	k->stamps = malloc(engine_exits(r) * sizeof(*k->stamps));
	k->sorted = malloc(engine_exits(r) * sizeof(*k->sorted));
	if (!k->pair || !k->rng || !k->stamps || !k->sorted) {
		data_fail(e, ret, "out of memory");
		goto out_free;
	}
	gsl_rng_set(k->rng, (unsigned long)(order_seed(r->seed, "power") & 0xffffffff) | 1);
	ret = r->cell->ops->open(r->cell, &k->run, e);
	if (ret)
		goto out_free;
	if (r->cell->ops->begin)
		ret = r->cell->ops->begin(k->run, e);
	if (!ret)
		ret = take_turns(k);
	if (r->cell->ops->close)
		r->cell->ops->close(k->run);
	if (!ret)
		conclude(k, out);
out_free:
	if (k->rng)
		gsl_rng_free(k->rng);
	free(k->stamps);
	free(k->sorted);
	free(k->pair);
	free(k);
	return ret;
}
