// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe of contention: what is a shift and what is not, and that it looks at this CPU.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bench/host/contention.h>

static void test_shift(void **state)
{
	const struct contention c = { .usual = { 500, 400 } };
	const double same[] = { 500, 400 }, faster[] = { 400, 300 };
	const double near[] = { 500 * CONTENTION_SHIFT - 1, 400 * CONTENTION_SHIFT - 1 };
	const double ports[] = { 500 * CONTENTION_SHIFT + 1, 400 };
	const double memory[] = { 500, 400 * CONTENTION_SHIFT + 1 };
	const struct contention unknown = { .usual = { 0, 0 } };

	(void)state;
	assert_false(contention_is_shift(&c, same));
	assert_false(contention_is_shift(&c, faster));
	assert_false(contention_is_shift(&c, near));
	assert_true(contention_is_shift(&c, ports));
	assert_true(contention_is_shift(&c, memory));
	assert_false(contention_is_shift(&unknown, memory));
}

static void test_here(void **state)
{
	struct contention c;
	double ticks[CONTENTION_NR_LOOPS];
	unsigned int i;

	(void)state;
	contention_learn(&c, 0.02);
	contention_probe(ticks);
	for (i = 0; i < CONTENTION_NR_LOOPS; i++) {
		assert_true(c.usual[i] > 0);
		assert_true(ticks[i] > 0);
	}
	/* Learnt beside nothing at all, everything is a shift; beside something slower, nothing is. */
	for (i = 0; i < CONTENTION_NR_LOOPS; i++)
		c.usual[i] /= 100;
	assert_true(contention_now(&c));
	for (i = 0; i < CONTENTION_NR_LOOPS; i++)
		c.usual[i] *= 1e9;
	assert_false(contention_now(&c));
	assert_int_equal(c.probes, 2);
	assert_int_equal(c.shifted, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shift),
		cmocka_unit_test(test_here),
	};

	return cmocka_run_group_tests_name("contention", tests, NULL, NULL);
}
