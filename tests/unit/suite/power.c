// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparison of methods: Google Benchmark's part against a machine that is known, the U
 * test against another program's figures, equal time.
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include <bench/host/clock.h>
#include <bench/measure/guard.h>
#include <bench/suite/power.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define TSC_HZ	    1e9
#define BASE	    50000.0 /* cycles per exit */
#define NOISE	    500.0
#define SPIKE	    2e7	 /* cycles: what an interrupt or another task takes */
#define SPIKE_SHARE 0.01 /* of batches */
#define EXIT_TIME   1e-6 /* seconds that an exit of the made-up machine takes */
#define BLOCK_TIME  0.05 /* seconds by which a turn may end late on a host that is busy */
#define REPETITIONS 9
#define MAX_CALLS   4096

static struct {
	gsl_rng *rng;
	unsigned int calls;
	unsigned int arm[MAX_CALLS];
	unsigned int fail_at;
	volatile sig_atomic_t stop;
	unsigned int stop_at;
} machine;

static int set_up(void **state)
{
	struct data_error e;

	(void)state;
	memset(&machine, 0, sizeof(machine));
	machine.rng = gsl_rng_alloc(gsl_rng_taus2);
	gsl_rng_set(machine.rng, 3);
	return guard_start(&machine.stop, &e);
}

static int tear_down(void **state)
{
	(void)state;
	guard_end();
	gsl_rng_free(machine.rng);
	return 0;
}

/* The second arm takes 7 cycles more. */
static int exact_batch(void *context, unsigned int arm, uint32_t exits, uint64_t *cycles)
{
	(void)context;
	if (machine.calls < MAX_CALLS)
		machine.arm[machine.calls] = arm;
	*cycles = (uint64_t)exits * (1000 + 7 * arm);
	return ++machine.calls == machine.fail_at ? EGPR_DATA : 0;
}

static double first[REPETITIONS], second[REPETITIONS];

static struct power_arms two_arms(void)
{
	/* One name is the start of the other, as in the tables. */
	struct power_arms a = { .name = { "none", "none-b" },
				.batch = exact_batch,
				.tsc_hz = TSC_HZ,
				.iterations = 256,
				.size = 64,
				.repetitions = REPETITIONS,
				.cycles = { first, second } };

	return a;
}

/* What the library measured is what the machine took, for each arm as often as asked. */
static void test_library_measures(void **state)
{
	struct power_arms a = two_arms();
	unsigned int i, changes = 0;

	(void)state;
	assert_int_equal(power_gbench(&a), 0);
	assert_int_equal(a.n[0], REPETITIONS);
	assert_int_equal(a.n[1], REPETITIONS);
	for (i = 0; i < REPETITIONS; i++) {
		assert_true(fabs(first[i] - 1000) < 0.01);
		assert_true(fabs(second[i] - 1007) < 0.01);
	}
	assert_int_equal(machine.calls, 2 * REPETITIONS * 256 / 64);
	/* One after the other would change once; at random it is more, but for 1 run in 10 000. */
	for (i = 1; i < machine.calls; i++)
		changes += machine.arm[i] != machine.arm[i - 1];
	assert_true(changes > 1);
}

/* It can be used again, and a batch that fails ends it. */
static void test_library_again(void **state)
{
	struct power_arms a = two_arms();

	(void)state;
	assert_int_equal(power_gbench(&a), 0);
	machine.calls = 0;
	machine.fail_at = 10;
	assert_int_equal(power_gbench(&a), EGPR_DATA);
	assert_int_equal(machine.calls, 10);
	machine.fail_at = 0;
	assert_int_equal(power_gbench(&a), 0);
	assert_int_equal(a.n[0] + a.n[1], 2 * REPETITIONS);
}

/* p-values of scipy.stats.mannwhitneyu(alternative='two-sided'), SciPy 1.10.1. */
static void test_u_test(void **state)
{
	static const double a[] = { 24011.5, 24032.0,  24098.25, 24100.75, 24055.0,
				    24021.5, 24047.25, 24018.0,	 24090.5 };
	static const double b[] = { 24041.0, 24063.5, 24032.0, 24121.25, 24102.75,
				    24058.0, 24077.5, 24049.0, 24133.25 };
	static const double c[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	static const double d[] = { 3, 3, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18 };
	static const double far[] = { 101, 102, 103, 104, 105, 106, 107, 108, 109, 110 };

	(void)state;
	assert_true(fabs(power_u_test(a, COUNT(a), b, COUNT(b)) - 0.14491278074671868) < 1e-9);
	assert_true(fabs(power_u_test(c, COUNT(c), d, COUNT(d)) - 0.007472342275524719) < 1e-9);
	assert_true(fabs(power_u_test(d, COUNT(d), c, COUNT(c)) - 0.007472342275524719) < 1e-9);
	assert_true(fabs(power_u_test(c, COUNT(c), far, COUNT(far)) - 0.00018267179110955002) <
		    1e-9);
}

static int made_open(const struct cell *c, void **run, struct data_error *e)
{
	(void)c;
	(void)e;
	*run = &machine;
	return 0;
}

/* Noise, and now and then something else has the CPU. */
static int made_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	double until = clock_now() + EXIT_TIME * b->exits, cycles = 0;
	uint32_t i;

	(void)run;
	(void)e;
	if (++machine.calls == machine.stop_at)
		raise(SIGTERM);
	for (i = 0; i < b->exits; i++) {
		double one = BASE + gsl_ran_gaussian(machine.rng, NOISE) +
			     gsl_ran_poisson(machine.rng, SPIKE_SHARE / 16) * SPIKE;

		if (b->stamps)
			b->stamps[i] = (uint64_t)one;
		cycles += one;
	}
	b->cycles = (uint64_t)cycles;
	b->done = b->exits;
	while (clock_now() < until)
		;
	return 0;
}

static const struct layer_ops made = {
	.layer = EGPR_LAYER_PRIM,
	.open = made_open,
	.batch = made_batch,
};

static struct power_request request(struct cell *c)
{
	struct power_request r = { .cell = c,
				   .batch = 16,
				   .tsc_hz = TSC_HZ,
				   .seconds = 0.5,
				   .seed = 1,
				   .stop = &machine.stop };

	memset(c, 0, sizeof(*c));
	c->ops = &made;
	c->nr_arms = 2;
	strcpy(c->arms[0].id, "none");
	strcpy(c->arms[1].id, "none-b");
	return r;
}

/*
 * Spikes of 2e7 cycles move a mean, not a rank: the engine must see far less than the others, and
 * not because it had more time. A busy host may disturb the library's time, so its share is only bounded
 * from one side.
 */
static void test_equal_time(void **state)
{
	struct power p[POWER_NR];
	struct cell c;
	struct power_request r = request(&c);
	struct data_error e = { "" };

	(void)state;
	assert_int_equal(power_measure(&r, p, &e), 0);
	assert_true(p[POWER_ENGINE].effect > 0);
	if (!(power_ratio(p) > POWER_GOAL))
		fail_msg("effects %g %g %g", p[0].effect, p[1].effect, p[2].effect);
	assert_true(p[POWER_ENGINE].seconds < 1.02 * p[POWER_MEANS].seconds + BLOCK_TIME);
	assert_true(p[POWER_ENGINE].seconds < 1.02 * p[POWER_GBENCH].seconds + BLOCK_TIME);
	assert_true(p[POWER_GBENCH].seconds > 0.5 * p[POWER_MEANS].seconds);
	assert_non_null(strstr(p[POWER_GBENCH].detail, "27 repetitions"));
	assert_non_null(strstr(p[POWER_MEANS].detail, "means per arm of 2^"));
}

static void test_stops_when_told(void **state)
{
	struct power p[POWER_NR];
	struct cell c;
	struct power_request r = request(&c);
	struct data_error e = { "" };

	(void)state;
	/* cmocka has put its own handlers over the guard's. */
	guard_end();
	assert_int_equal(guard_start(&machine.stop, &e), 0);
	machine.stop_at = 40;
	assert_int_equal(power_measure(&r, p, &e), 128 + SIGTERM);
	assert_int_equal(machine.calls, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_library_measures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_library_again, set_up, tear_down),
		cmocka_unit_test(test_u_test),
		cmocka_unit_test_setup_teardown(test_equal_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stops_when_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
