// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strata of contended blocks: counted, and told when they say something else than the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include <bench/run/contended.h>

#define BLOCKS 200
#define SHIFT  3.0
#define MARGIN 1.0

/*
 * Arm 1 takes SHIFT more than arm 0, @more in every @every-th block, which are contended, and up to
 * @noise beside that.
 */
static struct contended strata_noisy(unsigned int every, double more, double noise)
{
	struct cell_result r = { .blocks = 0 };
	struct contended s;
	unsigned int b;

	assert_int_equal(engine_reserve(&r, 2, BLOCKS), 0);
	for (b = 0; b < BLOCKS; b++) {
		r.contended[b] = every && !(b % every);
		r.mean[0][b] = 20 + (b % 7) * 0.1;
		r.mean[1][b] = r.mean[0][b] + SHIFT + (r.contended[b] ? more : 0) +
			       noise * ((b * 37) % 41 / 20.0 - 1);
	}
	r.blocks = BLOCKS;
	assert_int_equal(contended_strata(&r, 1, 0, MARGIN, &s), 0);
	engine_result_free(&r);
	return s;
}

static struct contended strata(unsigned int every, double more)
{
	return strata_noisy(every, more, 0);
}

static void test_strata(void **state)
{
	struct contended s = strata(0, 0);

	(void)state;
	assert_int_equal(s.blocks[0], BLOCKS);
	assert_int_equal(s.blocks[1], 0);
	assert_true(isnan(s.shift[1]));
	assert_false(s.apart);
	/* They agree. */
	s = strata(4, 0.5 * MARGIN);
	assert_int_equal(s.blocks[1], BLOCKS / 4);
	assert_float_equal(s.shift[1] - s.shift[0], 0.5 * MARGIN, 1e-9);
	assert_false(s.apart);
	/* They do not. */
	s = strata(4, 2 * MARGIN);
	assert_float_equal(s.shift[0], SHIFT, 1e-9);
	assert_true(s.apart);
	/* It takes more than the noise of a median. */
	s = strata_noisy(4, 2 * MARGIN, 20 * MARGIN);
	assert_false(s.apart);
	s = strata_noisy(4, 40 * MARGIN, 20 * MARGIN);
	assert_true(s.apart);
	/* Too few to say anything. */
	s = strata(BLOCKS / (CONTENDED_LEAST - 1) + 1, 2 * MARGIN);
	assert_true(s.blocks[1] && s.blocks[1] < CONTENDED_LEAST);
	assert_false(s.apart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strata),
	};

	return cmocka_run_group_tests_name("contended", tests, NULL, NULL);
}
