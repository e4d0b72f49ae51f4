// SPDX-License-Identifier: GPL-2.0-only
/*
 * Footprints as contexts: which of them walk, and what is refused for which reason. Levels are put in
 * as a resumed run has them, so no guest is needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <egpr/status.h>

#include <bench/layer/footprint.h>
#include <bench/layer/layer.h>

static struct layer_env env = { .seed = 5 };
static struct vmm_host host = { .representative = true, .why = "it runs on the CPU" };

static struct cell cell_in(enum egpr_context context, unsigned int cpl)
{
	struct cell c = { .ops = layer_find(EGPR_LAYER_BOUNDARY),
			  .env = &env,
			  .kind = &egpr_exit_kinds[EGPR_EXIT_pio_out],
			  .context = &egpr_contexts[context],
			  .cpl = cpl };

	return c;
}

/* As meta.json would have it: ticks per line from nothing to memory. */
static void levels(const char *level, unsigned int cpl, bool code, const double *ticks)
{
	cJSON *a = cJSON_CreateArray(), *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "level", level);
	cJSON_AddNumberToObject(o, "cpl", cpl);
	cJSON_AddBoolToObject(o, "code", code);
	cJSON_AddItemToObject(o, "ticks", cJSON_CreateDoubleArray(ticks, VMM_NR_FOOTPRINTS));
	cJSON_AddItemToArray(a, o);
	footprint_restore(a);
	cJSON_Delete(a);
}

static void test_timed_by_the_guest_is_what_walks(void **state)
{
	unsigned int i, n = 0;

	(void)state;
	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		struct cell c = cell_in(i, 3);
		bool walks = EGPR_CONTEXT_WALKS(egpr_contexts[i].timed);

		assert_int_equal(footprint_walks(&c), walks);
		n += walks;
		if (walks)
			assert_int_equal(egpr_contexts[i].layers, EGPR_CONTEXT_IN_WALKS);
	}
	assert_int_equal(n, 6);
}

static void test_confirmed(void **state)
{
	static const double good[] = { 0, 4, 14, 50, 300 };
	struct cell c = cell_in(EGPR_CONTEXT_FP_L2, 3);
	struct data_error e = { 0 };
	cJSON *json;

	(void)state;
	levels("l2", 3, false, good);
	if (footprint_check(&c, &host, &e))
		fail_msg("%s", e.text);
	assert_true(c.line_ticks == 14);
	assert_true(c.walk_bytes > 0 && c.walk_bytes % 64 == 0);
	json = footprint_json();
	assert_int_equal(cJSON_GetArraySize(json), 1);
	assert_string_equal(
		cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(json, 0), "level")),
		"l2");
	cJSON_Delete(json);
}

static void test_not_confirmed(void **state)
{
	static const double flat[] = { 0, 4, 14, 14.5, 300 }, none[] = { 0, 0, 0, 0, 0 };
	struct cell c = cell_in(EGPR_CONTEXT_FP_L2, 3);
	struct data_error e;

	(void)state;
	levels("l2", 3, false, flat);
	assert_int_equal(footprint_check(&c, &host, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "not confirmed"));
	c = cell_in(EGPR_CONTEXT_FP_CODE, 3);
	levels("l2", 3, true, none);
	assert_int_equal(footprint_check(&c, &host, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "nothing was measured"));
}

/* A guest that KVM interprets has no working set in caches, whatever a level says. */
static void test_interpreted(void **state)
{
	static const double good[] = { 0, 4, 14, 50, 300 };
	struct vmm_host slow = { .why = "it interprets" };
	struct cell c = cell_in(EGPR_CONTEXT_FP_L2, 0);
	struct data_error e;

	(void)state;
	levels("l2", 0, false, good);
	assert_int_equal(footprint_check(&c, &slow, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "it interprets"));
	assert_int_equal(footprint_check(&c, &host, &e), 0);
	slow = (struct vmm_host){ .emulator = "qemu-tcg" };
	c = cell_in(EGPR_CONTEXT_FP_L2, 3);
	levels("l2", 3, false, good);
	assert_int_equal(footprint_check(&c, &slow, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.text, "qemu-tcg"));
	c = cell_in(EGPR_CONTEXT_FP_0, 0);
	assert_int_equal(footprint_check(&c, &slow, &e), 0);
	assert_int_equal(c.walk_bytes, 0);
}

/* What is no ladder is not taken for one. */
static void test_damaged(void **state)
{
	cJSON *a = cJSON_Parse("[{\"level\":\"l9\",\"ticks\":[1,2,3,4,5]},{\"level\":\"llc\"},"
			       "{\"level\":\"dram\",\"cpl\":3,\"ticks\":[1]},7]"),
	      *before = footprint_json(), *after;

	(void)state;
	assert_non_null(a);
	footprint_restore(a);
	footprint_restore(NULL);
	after = footprint_json();
	assert_int_equal(cJSON_GetArraySize(before), cJSON_GetArraySize(after));
	cJSON_Delete(a);
	cJSON_Delete(before);
	cJSON_Delete(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timed_by_the_guest_is_what_walks),
		cmocka_unit_test(test_confirmed),
		cmocka_unit_test(test_not_confirmed),
		cmocka_unit_test(test_interpreted),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
