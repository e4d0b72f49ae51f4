// SPDX-License-Identifier: GPL-2.0-only
/*
 * Launches: a reload and a boot are told from one another, and from nothing at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <bench/run/launch.h>
#include "../fake_root.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define STATE	"/sys/module/egpr_switch/initstate"

/* Load the module anew: its directory is another one. */
static void load(const struct fake_root *r)
{
	char path[PATH_MAX], away[PATH_MAX];

	/* The old directory stays, aside, so that its number cannot come again. */
	snprintf(path, sizeof(path), "%s/sys/module/egpr_switch", r->path);
	snprintf(away, sizeof(away), "%s/XXXXXX", r->path);
	if (!access(path, F_OK))
		assert_int_equal(rename(path, mkdtemp(away)), 0);
	fake_file(r, STATE, "live\n");
}

static void test_levels(void **state)
{
	const struct fake_root *r = *state;
	cJSON *meta = cJSON_CreateObject();
	struct data_error e = { "" };
	struct launches l;

	/* No module at all, twice in one boot. */
	fake_file(r, BOOT_ID, "first\n");
	assert_int_equal(launch_add(r->path, meta, 1, &l, &e), 0);
	assert_int_equal(launch_add(r->path, meta, 1, &l, &e), 0);
	assert_false(l.loaded);
	assert_int_equal(l.groups[STATS_BOOT], 1);
	assert_int_equal(l.groups[STATS_MODULE], 1);
	assert_int_equal(l.groups[STATS_LAUNCH], 2);
	/* Loaded, and again, and the same load once more. */
	load(r);
	assert_int_equal(launch_add(r->path, meta, 1, &l, &e), 0);
	load(r);
	assert_int_equal(launch_add(r->path, meta, 1, &l, &e), 0);
	assert_int_equal(launch_add(r->path, meta, 1, &l, &e), 0);
	assert_true(l.loaded);
	assert_int_equal(l.groups[STATS_BOOT], 1);
	assert_int_equal(l.groups[STATS_MODULE], 3);
	assert_int_equal(l.groups[STATS_LAUNCH], 5);
	/* A boot ends a load, even where the number comes again. */
	fake_file(r, BOOT_ID, "second\n");
	assert_int_equal(launch_add(r->path, meta, 0, &l, &e), 0);
	assert_int_equal(l.groups[STATS_BOOT], 2);
	assert_int_equal(l.groups[STATS_MODULE], 4);
	assert_int_equal(l.place[4].id[STATS_MODULE], l.place[3].id[STATS_MODULE]);
	assert_true(l.place[5].id[STATS_MODULE] != l.place[4].id[STATS_MODULE]);
	assert_int_equal(l.place[5].id[STATS_LAUNCH], 5);
	cJSON_Delete(meta);
}

static void test_refused(void **state)
{
	const struct fake_root *r = *state;
	cJSON *meta = cJSON_CreateObject();
	struct data_error e = { "" };
	struct launches l;
	unsigned int i;

	/* A host without these files has one boot that nobody knows. */
	for (i = 0; i < STATS_MAX_LAUNCHES; i++)
		assert_int_equal(launch_add(r->path, meta, 0, &l, &e), 0);
	assert_int_equal(l.groups[STATS_BOOT], 1);
	assert_int_equal(launch_add(r->path, meta, 0, &l, &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, "start a new run"));
	cJSON_DeleteItemFromObject(cJSON_GetArrayItem(cJSON_GetObjectItem(meta, LAUNCH_META), 2),
				   "boot_id");
	assert_int_equal(launch_read(meta, &l, &e), EGPR_DATA);
	assert_non_null(strstr(e.text, "boot_id"));
	cJSON_Delete(meta);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, fake_root_setup, fake_root_teardown),
		cmocka_unit_test_setup_teardown(test_refused, fake_root_setup, fake_root_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
