// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plans: what they accept, what they refuse and why, and that the profiles of the tree are
 * plans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bench/plan/context.h>
#include <bench/plan/plan.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define GOOD "[plan]\nmargins = 1 %, 0.5 %, 10 ticks\ndelays = 0 5\nseed = 7\n[prim]\n"

static void test_good(void **state)
{
	struct data_error e = { "" };
	struct plan p;

	(void)state;
	assert_int_equal(plan_read_text(&p, "dir/mine.ini", GOOD "states = init, dirty\n", &e), 0);
	assert_string_equal(p.name, "mine");
	assert_int_equal(p.nr_margins, 3);
	assert_true(p.margins[0].percent && !p.margins[2].percent);
	assert_string_equal(p.margins[1].text, "0.5 %");
	assert_string_equal(p.margins[2].text, "10 ticks");
	assert_true(plan_margin_cycles(&p.margins[0], 1500) == 15);
	assert_true(plan_margin_cycles(&p.margins[2], 1500) == 10);
	assert_true(p.has_seed && p.seed == 7);
	assert_true(p.layer[EGPR_LAYER_PRIM].wanted && !p.layer[EGPR_LAYER_BOUNDARY].wanted);
	assert_int_equal(p.layer[EGPR_LAYER_PRIM].states,
			 1u << EGPR_STATE_INIT | 1u << EGPR_STATE_DIRTY);
	plan_free(&p);
}

static void test_refused(void **state)
{
	static const struct {
		const char *ini;
		const char *says;
	} bad[] = {
		{ "", "no layer" },
		{ "[plan]\nmargins = 1 %\n", "no layer" },
		{ "[prim]\nstates = all\n", "no margins" },
		{ GOOD "states = wet\n", "'wet' is not in the table" },
		{ GOOD "states =\n", "empty" },
		{ GOOD "colour = red\n", "'colour' is not a key of a layer" },
		{ "[plan]\nmargin = 1 %\n[prim]\n", "'margin' is not a key of [plan]" },
		{ "[plan]\nmargins = 1\n[prim]\n", "has no unit" },
		{ "[plan]\nmargins = -1 %\n[prim]\n", "above 0" },
		{ "[plan]\nmargins = 1 %,1 %,1 %,1 %,1 %,1 %,1 %\n[prim]\n",
		  "more than 6 margins" },
		{ GOOD "[kitchen]\na = b\n", "[kitchen] is neither" },
		{ "[plan]\nbudget = soon\n", "budget is 'soon'" },
		{ "[plan]\nbudget = 0\n", "budget is '0'" },
		{ "[plan]\nlooks = 2.5\n", "not a whole number" },
		{ "[plan]\nlooks = 99\n", "looks is '99'" },
		{ "[plan]\nlaunches = 0\n", "launches is '0'" },
		{ "[plan]\nalpha = nan\n", "alpha is 'nan'" },
		{ "[plan]\nseed = -3\n", "seed is '-3'" },
		{ "[plan]\nspending = lavish\n", "spending is 'lavish'" },
		{ "[plan]\nlocation = median\n", "not mean, midmean or fast" },
		{ "[plan]\nmargins = 1 %\nlocation = midmean\nbatch_max = 40000\n[prim]\nstates = all\n",
		  "batch_max is above" },
		{ "[plan]\ndelays = 5 10\n", "the first delay is 5" },
		{ "[plan]\ndelays = 0 9 9\n", "delay 9 does not ascend" },
		{ "[plan]\ndelays = 0 256\n", "delay '256'" },
		{ "[plan]\nnonsense\n", "line 2" },
		{ GOOD "contexts = fp-0\n", "context 'fp-0' does not stand in layer prim" },
		{ GOOD "context_exits = sleep\n", "'sleep' is not in the table" },
		{ GOOD "context_strategies = magic\n", "'magic' is not in the table" },
		{ GOOD "contexts = warm\n", "'warm' is not in the table" },
		{ GOOD "context_weight = -1\n", "context_weight is '-1'" },
		{ GOOD "states = all\n[plan]\nbatch_min = 9\nbatch_max = 8\n", "above batch_max" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct data_error e = { "" };
		struct plan p;

		assert_int_equal(plan_read_text(&p, "bad.ini", bad[i].ini, &e), EGPR_USAGE);
		if (!strstr(e.text, bad[i].says) || !strstr(e.text, "bad.ini"))
			fail_msg("case %zu says '%s', not '%s'", i, e.text, bad[i].says);
		plan_free(&p);
	}
}

static void test_narrow(void **state)
{
	struct data_error e = { "" };
	struct plan p;

	(void)state;
	assert_int_equal(plan_read_text(&p, "a.ini", GOOD "states = all\n", &e), 0);
	assert_int_equal(plan_narrow(&p, "exit", "hlt,cpuid", &e), 0);
	assert_int_equal(p.layer[EGPR_LAYER_BOUNDARY].exits,
			 1u << EGPR_EXIT_hlt | 1u << EGPR_EXIT_cpuid);
	/* Delays of the command line are in place of the plan's, by the same rules. */
	assert_int_equal(plan_narrow(&p, "strategy", "delay-5", &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, "must be 0"));
	assert_int_equal(plan_narrow(&p, "strategy", "delay-0, delay-16 ,xsave", &e), 0);
	assert_int_equal(p.layer[EGPR_LAYER_BOUNDARY].strategies, 1u << EGPR_STRATEGY_xsave);
	assert_int_equal(p.nr_delays, 2);
	assert_int_equal(p.delays[1], 16);
	assert_int_equal(plan_narrow(&p, "strategy", "delay-0,delay-x", &e), EGPR_USAGE);
	assert_int_equal(plan_narrow(&p, "strategy", "delay-0,delay-7", &e), 0);
	assert_int_equal(p.layer[EGPR_LAYER_BOUNDARY].strategies, 0);
	assert_int_equal(plan_narrow(&p, "strategy", "none", &e), 0);
	assert_int_equal(p.delays[1], 7);
	assert_int_equal(plan_narrow(&p, "strategy", " ,", &e), EGPR_USAGE);
	assert_int_equal(plan_narrow(&p, "layer", "boundary", &e), 0);
	assert_true(!p.layer[EGPR_LAYER_PRIM].wanted && p.layer[EGPR_LAYER_BOUNDARY].wanted);
	plan_free(&p);
}

/* A layer has its own default, and the contexts of a list that can stand in it. */
static void test_contexts(void **state)
{
	struct data_error e = { "" };
	struct plan p, q;
	cJSON *json;
	int l;

	(void)state;
	assert_int_equal(plan_read_text(&p, "a.ini", GOOD "states = all\n", &e), 0);
	assert_int_equal(p.layer[EGPR_LAYER_PRIM].contexts, 1u << EGPR_CONTEXT_PACKED);
	assert_int_equal(p.layer[EGPR_LAYER_KVM].contexts, 1u << EGPR_CONTEXT_FP_0);
	assert_int_equal(plan_narrow(&p, "context", "fp-0", &e), 0);
	assert_int_equal(p.layer[EGPR_LAYER_PRIM].contexts, 0);
	assert_int_equal(p.layer[EGPR_LAYER_KVM].contexts, 1u << EGPR_CONTEXT_FP_0);
	assert_int_equal(plan_narrow(&p, "context", "none-such", &e), EGPR_USAGE);
	json = plan_json(&p);
	assert_int_equal(plan_restore(&q, json, &e), 0);
	assert_int_equal(q.layer[EGPR_LAYER_PRIM].contexts, 0);
	plan_free(&q);
	/* As a run of before contexts had a name says it. */
	cJSON_DeleteItemFromObject(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "layers"), "prim"),
				   "contexts");
	assert_int_equal(plan_restore(&q, json, &e), 0);
	assert_int_equal(q.layer[EGPR_LAYER_PRIM].contexts, 1u << EGPR_CONTEXT_PACKED);
	plan_free(&q);
	cJSON_Delete(json);
	plan_free(&p);
	assert_int_equal(plan_read_text(&p, "a.ini", GOOD "contexts = all\n", &e), 0);
	for (l = 0; l < EGPR_NR_LAYERS; l++) {
		assert_true(context_mask(l) & (1u << (context_default(l) - egpr_contexts)));
		if (l == EGPR_LAYER_PRIM)
			assert_int_equal(p.layer[l].contexts, context_mask(l));
	}
	plan_free(&p);
}

/* What contexts beside the default are measured with survives meta.json; the command line goes first. */
static void test_context_lists(void **state)
{
	const unsigned int out = 1u << EGPR_EXIT_pio_out, mov = 1u << EGPR_STRATEGY_gated_mov;
	const char *ini = "[plan]\nmargins = 1 %\n[boundary]\nexits = all\nstates = dirty\n"
			  "contexts = all\ncontext_exits = pio-out\n"
			  "context_strategies = gated-mov\n";
	struct data_error e = { "" };
	struct plan_layer *l;
	struct plan p, q;
	cJSON *json;

	(void)state;
	if (plan_read_text(&p, "a.ini", ini, &e))
		fail_msg("%s", e.text);
	json = plan_json(&p);
	assert_int_equal(plan_restore(&q, json, &e), 0);
	l = &q.layer[EGPR_LAYER_BOUNDARY];
	assert_int_equal(l->context_exits, out);
	assert_int_equal(l->context_strategies, mov);
	assert_int_not_equal(l->exits, out);
	assert_int_not_equal(l->strategies, mov);
	plan_free(&q);
	/* As a run of before has it: everything. */
	cJSON_DeleteItemFromObject(
		cJSON_GetObjectItem(cJSON_GetObjectItem(json, "layers"), "boundary"),
		"context_exits");
	assert_int_equal(plan_restore(&q, json, &e), 0);
	plan_free(&q);
	cJSON_Delete(json);
	l = &p.layer[EGPR_LAYER_BOUNDARY];
	assert_int_equal(plan_narrow(&p, "exit", "hlt", &e), 0);
	assert_int_equal(l->context_exits, 1u << EGPR_EXIT_hlt);
	assert_int_equal(plan_narrow(&p, "context", "fp-l2", &e), 0);
	assert_int_equal(l->context_exits, l->exits);
	assert_int_equal(l->context_strategies, l->strategies);
	plan_free(&p);
}

/* The baseline, the A/A arm and the delays run whatever a plan lists. */
static void test_arms(void **state)
{
	struct plan_arm arms[PLAN_MAX_ARMS];
	struct data_error e = { "" };
	struct plan p;
	unsigned int n;

	(void)state;
	assert_int_equal(plan_read_text(&p, "a.ini", GOOD "strategies = xsave\n", &e), 0);
	n = plan_arms(&p, &p.layer[EGPR_LAYER_PRIM], arms);
	assert_int_equal(n, 5);
	assert_string_equal(arms[0].id, "none");
	assert_string_equal(arms[1].id, "none-b");
	assert_string_equal(arms[2].id, "delay-0");
	assert_string_equal(arms[3].id, "delay-5");
	assert_int_equal(arms[3].delay, 5);
	assert_string_equal(arms[4].id, "xsave");
	p.layer[EGPR_LAYER_PRIM].strategies = ~0u;
	assert_in_range(plan_arms(&p, &p.layer[EGPR_LAYER_PRIM], arms), EGPR_NR_STRATEGIES,
			PLAN_MAX_ARMS);
	plan_free(&p);
}

static void test_profiles(void **state)
{
	static const char *const names[] = { "smoke", "quick", "full", "injected" };
	struct data_error e = { "" };
	struct plan p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		if (plan_profile(&p, names[i], &e))
			fail_msg("%s", e.text);
		assert_string_equal(p.name, names[i]);
		plan_free(&p);
	}
	assert_int_equal(plan_profile(&p, "../plans/smoke", &e), EGPR_USAGE);
	assert_int_equal(plan_profile(&p, "none-such", &e), EGPR_USAGE);
}

/* What meta.json keeps is enough to go on with the same plan. */
static void test_json(void **state)
{
	struct data_error e = { "" };
	struct plan p, q;
	cJSON *json;

	(void)state;
	assert_int_equal(plan_read_text(&p, "a.ini", GOOD "states = all\n", &e), 0);
	assert_int_equal(plan_narrow(&p, "state", "dirty", &e), 0);
	assert_int_equal(plan_narrow(&p, "strategy", "xsave,delay-0,delay-16,delay-255", &e), 0);
	json = plan_json(&p);
	assert_int_equal(plan_restore(&q, json, &e), 0);
	assert_int_equal(q.layer[EGPR_LAYER_PRIM].states, 1u << EGPR_STATE_DIRTY);
	assert_int_equal(q.nr_margins, 3);
	assert_int_equal(q.nr_delays, 3);
	assert_int_equal(q.delays[2], 255);
	cJSON_DeleteItemFromObject(json, "ini");
	plan_free(&q);
	assert_int_equal(plan_restore(&q, json, &e), EGPR_DATA);
	cJSON_Delete(json);
	plan_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_narrow),	 cmocka_unit_test(test_arms),
		cmocka_unit_test(test_profiles), cmocka_unit_test(test_json),
		cmocka_unit_test(test_contexts), cmocka_unit_test(test_context_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
