// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plausibility net: what no CPU can do is caught, what this or another may do is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <egpr/regs.h>

#include <bench/run/plausible.h>

#define WHY 256

/* gated-mov over none as it comes out in user mode: some 3 to 5 ticks, each within 0.4. */
static const struct plausible honest = {
	.low = 2.7,
	.high = 3.5,
	.margin = 0.5,
	.round = 23.6,
	.tsc_per_core = 0.72,
	.least = 16,
	.insns = 54,
	.stored = EGPR_BYTES,
	.alone = true,
};

static void caught(struct plausible p, const char *word)
{
	char why[WHY] = "";

	assert_false(plausible(&p, why, sizeof(why)));
	assert_non_null(strstr(why, word));
}

static void passes(struct plausible p)
{
	char why[WHY] = "";

	assert_true(plausible(&p, why, sizeof(why)));
}

static void test_faster(void **state)
{
	struct plausible p = honest;

	(void)state;
	passes(p);
	/* Half the rounds: half the time of none, whatever the sequence adds. */
	p.low = -9;
	p.high = -8;
	caught(p, "faster");
	/* Within the margin it may come out either way, and so may what is not certain. */
	p.low = -0.7;
	p.high = -0.4;
	passes(p);
	p.low = -9;
	p.high = 3;
	passes(p);
	/* An arm of which nothing is known cannot be judged. */
	p = honest;
	p.low = -9;
	p.high = -8;
	p.least = 0;
	passes(p);
}

static void test_floor(void **state)
{
	struct plausible p = honest;

	(void)state;
	/* Sixteen instructions and two lines of stores in half a core cycle. */
	p.round = 0.3;
	caught(p, "cannot take less");
	p.least = 1;
	p.stored = 4096;
	p.round = 20;
	caught(p, "4096 stored bytes");
}

static void test_ceiling(void **state)
{
	struct plausible p = honest;

	(void)state;
	p.low = 54 * PLAUSIBLE_INSN_CYCLES * p.tsc_per_core + 1;
	p.high = p.low + 1;
	caught(p, "cannot take more");
	/* An XSETBV may be an exit, and beside a guest the guest's own time is in it. */
	p.exits = true;
	passes(p);
	p.exits = false;
	p.alone = false;
	passes(p);
}

/* What the tables say of each row. */
static void test_code(void **state)
{
	const struct egpr_strategy *s;
	struct plausible p = honest;

	(void)state;
	egpr_for_each_strategy(s) {
		plausible_code(&p, s, EGPR_FORM_PROXY, EGPR_LAYER_PRIM, EGPR_STATE_DIRTY);
		assert_true(p.least <= p.insns);
		if (s->family == EGPR_FAMILY_BASE || s->family == EGPR_FAMILY_DELAY)
			assert_int_equal(p.least, 0);
		if (s->family == EGPR_FAMILY_GATED || s->family == EGPR_FAMILY_UNCOND) {
			assert_int_equal(p.least, EGPR_COUNT);
			assert_int_equal(p.stored, EGPR_BYTES);
		}
		if (s->family == EGPR_FAMILY_XSAVE)
			assert_true(p.xstate && p.insns > p.xstate);
		plausible_code(&p, s, EGPR_FORM_PROXY, EGPR_LAYER_PRIM, EGPR_STATE_OFF);
		if (s->needs & EGPR_BIND_DUAL)
			assert_int_equal(p.least, 0);
		else if (s->family == EGPR_FAMILY_GATED)
			assert_int_equal(p.stored, 0);
	}
	plausible_code(&p, &egpr_strategies[EGPR_STRATEGY_outer], EGPR_FORM_PROXY, EGPR_LAYER_KVM,
		       EGPR_STATE_DIRTY);
	assert_int_equal(p.least, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faster),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests_name("plausible", tests, NULL, NULL);
}
