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

static uint64_t each[2 * ROUNDS];
static double scratch[ROUNDS];
static unsigned int state;

static double chance(void)
{
	state = state * 1103515245u + 12345u;
	return (state >> 8 & 0xffff) / 65536.0;
}

/* Ticks per round of halves that take @exit and @entry beside a jitter, read in steps; @exit_per: of exits. */
static double measured(uint32_t rounds, double exit, double entry, double jitter, double *exit_per)
{
	uint64_t exits, all;
	uint32_t i;

	for (i = 0; i < 2 * rounds; i++) {
		double start = STEP * chance(), takes = (i & 1 ? entry : exit) + jitter * chance();

		each[i] = (uint64_t)(STEP * floor((start + takes) / STEP));
	}
	all = rounds_sum_up(each, rounds, scratch, &exits);
	*exit_per = (double)exits / rounds;
	return (double)all / rounds;
}

/* Whatever part of a step it is, and whatever a half takes: about a step, with little jitter, is the worst. */
static void test_injected(void **unused)
{
	double takes, jitters[] = { 4, 80 }, exit0, exit1, before, after;
	unsigned int i;

	(void)unused;
	for (i = 0; i < 2; i++) {
		for (takes = 4 * STEP - 12; takes < 5 * STEP; takes += 5) {
			state = 1;
			before = measured(ROUNDS, takes, takes, jitters[i], &exit0);
			after = measured(ROUNDS, takes + 7, takes, jitters[i], &exit1);
			print_message(
				"# of %g ticks, steps of %d: 7 are %.2f, of the exit half %.2f\n",
				takes, STEP, after - before, exit1 - exit0);
			assert_in_range(1000 * (after - before), 5500, 8500);
			assert_in_range(1000 * (exit1 - exit0), 5800, 8200);
		}
	}
}

/* Rounds that met something else say nothing, up to half of them; what all of them take is told. */
static void test_disturbed(void **unused)
{
	uint64_t exits, clean, clean_exits;
	uint32_t i;

	(void)unused;
	for (i = 0; i < 2 * 16; i++)
		each[i] = 104 + STEP * (i % 3 == 1);
	clean = rounds_sum_up(each, 16, scratch, &clean_exits);
	for (i = 0; i < 6; i++)
		each[2 * i] = 1000 + i;
	each[9] = 1000000;
	assert_in_range(rounds_sum_up(each, 16, scratch, &exits), clean - 16 * 8, clean + 16 * 8);
	assert_in_range(exits, clean_exits - 16 * 8, clean_exits + 16 * 8);
	for (i = 0; i < 16; i++)
		each[2 * i] = 1000 + STEP * (i % 2);
	rounds_sum_up(each, 16, scratch, &exits);
	assert_int_equal(exits, 16 * (1000 + STEP / 2));
	/* Wide is not far: what comes from memory varies by a third. */
	for (i = 0; i < 16; i++)
		each[2 * i] = 800 + 30 * i;
	rounds_sum_up(each, 16, scratch, &exits);
	assert_int_equal(exits, 16 * (800 + 15 * 15));
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
	each[2] = 12;
	each[6] = 100000;
	rounds_sum_up(each, 8, scratch, &exits);
	assert_in_range(exits, 80, 84);
	/* Of few nobody knows which is far. */
	rounds_sum_up(each, 4, scratch, &exits);
	assert_int_equal(exits, 10 + 12 + 10 + 100000);
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
