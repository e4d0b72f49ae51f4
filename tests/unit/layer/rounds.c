// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a batch behind a preparation is summed up by: one round that met something else says nothing, and
 * an injected cost of a part of a TSC step says what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include <bench/layer/rounds.h>

#define ROUNDS 4000
#define STEP   26 /* of a TSC */
#define JITTER 80

static uint64_t each[2 * ROUNDS];
static double scratch[ROUNDS];
static unsigned int state;

static double chance(void)
{
	state = state * 1103515245u + 12345u;
	return (state >> 8 & 0xffff) / 65536.0;
}

/* Ticks per round of halves that take @exit and @entry beside a jitter, read in steps; @exit_per: of exits. */
static double measured(uint32_t rounds, double exit, double entry, double *exit_per)
{
	uint64_t exits, all;
	uint32_t i;

	for (i = 0; i < 2 * rounds; i++) {
		double start = STEP * chance(), takes = (i & 1 ? entry : exit) + JITTER * chance();

		each[i] = (uint64_t)(STEP * floor((start + takes) / STEP));
	}
	all = rounds_sum_up(each, rounds, scratch, &exits);
	*exit_per = (double)exits / rounds;
	return (double)all / rounds;
}

static void test_injected(void **unused)
{
	double before, after, exit0, exit1;

	(void)unused;
	state = 1;
	before = measured(ROUNDS, 100, 120, &exit0);
	after = measured(ROUNDS, 107, 120, &exit1);
	print_message("# 7 injected ticks in steps of %d: %.2f, of the exit half %.2f\n", STEP,
		      after - before, exit1 - exit0);
	assert_in_range(1000 * (after - before), 5000, 9000);
	assert_in_range(1000 * (exit1 - exit0), 5500, 8500);
}

/* A sixteenth of the rounds may be anything. */
static void test_disturbed(void **unused)
{
	uint64_t exits, all, clean;
	uint32_t i;

	(void)unused;
	for (i = 0; i < 2 * 32; i++)
		each[i] = 100 + i % 3;
	clean = rounds_sum_up(each, 32, scratch, &exits);
	each[0] = each[6] = each[9] = 1000000; /* two exit halves, one entry half */
	all = rounds_sum_up(each, 32, scratch, &exits);
	assert_in_range(all, clean - 64, clean + 64);
	/* One more than that is told: it is no accident then. */
	each[2] = 1000000;
	assert_in_range(rounds_sum_up(each, 32, scratch, &exits), clean + 100000, UINT64_MAX);
	assert_in_range(exits, 100000, UINT64_MAX);
}

static void test_few(void **unused)
{
	uint64_t exits;
	uint32_t n;

	(void)unused;
	for (n = 1; n <= 8; n++) {
		uint32_t i;

		for (i = 0; i < 2 * n; i++)
			each[i] = i & 1 ? 30 : 10;
		assert_int_equal(rounds_sum_up(each, n, scratch, &exits), 40 * n);
		assert_int_equal(exits, 10 * n);
	}
	each[0] = each[6] = 100000; /* of eight, two */
	assert_int_equal(rounds_sum_up(each, 8, scratch, &exits), 320);
	assert_int_equal(exits, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_injected),
		cmocka_unit_test(test_disturbed),
		cmocka_unit_test(test_few),
	};

	return cmocka_run_group_tests_name("rounds", tests, NULL, NULL);
}
