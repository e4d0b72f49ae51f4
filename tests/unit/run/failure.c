// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cell that ended early: every arm is in summary.csv or, with the reason, in skipped.csv.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bench/run/run.h>
#include "../scratch.h"

static const char ini[] =
	"[plan]\nmargins = 1 %\nlooks = 1\ndelays = 0 20\nbudget = 5\nresamples = 0\n"
	"[prim]\nstrategies = gated-mov, xsave\n";
static const char why[] = "nothing came of it";

static const struct layer_ops made = { .layer = EGPR_LAYER_PRIM };

struct fixture {
	char root[96];
	char dir[128];
	cJSON *object;
	struct plan plan;
	struct layer_env env;
	struct engine engine;
	struct run_cell c;
	struct rundir_data data;
	struct data_error e;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rundir_options o = { .id = "synthetic-failure", .host_id = "synthetic" };

	assert_non_null(f);
	scratch_make(f->root, sizeof(f->root));
	snprintf(f->dir, sizeof(f->dir), "%s/run", f->root);
	f->object = cJSON_CreateObject();
	o.dir = f->dir;
	o.host = o.plan = o.versions = f->object;
	assert_int_equal(plan_read_text(&f->plan, "t.ini", ini, &f->e), 0);
	f->engine.plan = &f->plan;
	f->engine.dir = rundir_create(&o, &f->e, NULL);
	assert_non_null(f->engine.dir);
	f->env.provenance = EGPR_PROV_PROXY;
	f->env.form = EGPR_FORM_PROXY;
	f->c.cell.ops = &made;
	f->c.cell.env = &f->env;
	f->c.cell.state = EGPR_STATE_DIRTY;
	f->c.cell.nr_arms = plan_arms(&f->plan, &f->plan.layer[EGPR_LAYER_PRIM], f->c.cell.arms);
	snprintf(f->c.failed, sizeof(f->c.failed), "%s", why);
	f->c.done = true;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rundir_free(&f->data);
	engine_result_free(&f->c.r);
	plan_free(&f->plan);
	cJSON_Delete(f->object);
	scratch_remove(f->root);
	free(f);
	return 0;
}

/* What a run does with it, and what is read of that. */
static void end_and_load(struct fixture *f)
{
	assert_int_equal(run_write_failure(&f->c, &f->engine, &f->e), 0);
	if (!run_crashed(&f->c))
		assert_int_equal(run_write_summary(&f->c, &f->engine, &f->e), 0);
	assert_int_equal(rundir_close(f->engine.dir, true, &f->e), 0);
	assert_int_equal(rundir_load(f->dir, &f->data, &f->e), 0);
}

/* Its row; the number of rows must be 0 or 1. */
static size_t rows_of(const struct csv_table *t, const char *strategy, size_t *at)
{
	size_t row, n = 0;

	for (row = 0; row < t->rows; row++) {
		if (strcmp(csv_text(t, row, EGPR_COL_strategy), strategy))
			continue;
		*at = row;
		n++;
	}
	return n;
}

static void fill(struct fixture *f, unsigned int blocks)
{
	struct cell_result *r = &f->c.r;
	unsigned int a, b;

	assert_int_equal(engine_reserve(r, f->c.cell.nr_arms, blocks), 0);
	for (b = 0; b < blocks; b++) {
		for (a = 0; a < f->c.cell.nr_arms; a++)
			r->mean[a][b] = 100 + a;
		r->layout[b] = r->launch[b] = 0;
	}
	r->blocks = blocks;
}

static void expect_each_arm_skipped(const struct fixture *f, const char *reason)
{
	const struct csv_table *t = &f->data.table[EGPR_CSV_SKIPPED];
	unsigned int a, named = 0;
	size_t row = 0;

	for (a = 0; a < f->c.cell.nr_arms; a++) {
		const struct plan_arm *arm = &f->c.cell.arms[a];

		if (arm->strategy->family == EGPR_FAMILY_DELAY)
			continue;
		named++;
		assert_int_equal(rows_of(t, arm->id, &row), 1);
		assert_string_equal(csv_text(t, row, EGPR_SKIPPED_reason), reason);
	}
	assert_int_equal(named, 4); /* none, none-b, gated-mov, xsave */
	assert_int_equal(t->rows, named);
	assert_int_equal(f->data.table[EGPR_CSV_SUMMARY].rows, 0);
}

/* Before the first block was whole. */
static void test_no_sample(void **state)
{
	struct fixture *f = *state;

	end_and_load(f);
	expect_each_arm_skipped(f, why);
}

/* A crash takes the numbers of the blocks before it along. */
static void test_crash(void **state)
{
	struct fixture *f = *state;

	fill(f, 12);
	f->c.crashes = 1;
	end_and_load(f);
	expect_each_arm_skipped(f, "ended after 12 blocks: nothing came of it");
}

/* Numbers, but fewer than planned: every arm has them, and the cell has the reason. */
static void test_some_samples(void **state)
{
	struct fixture *f = *state;
	size_t row;
	unsigned int a;

	fill(f, 12);
	end_and_load(f);
	for (a = 0; a < f->c.cell.nr_arms; a++)
		assert_int_equal(
			rows_of(&f->data.table[EGPR_CSV_SUMMARY], f->c.cell.arms[a].id, &row), 1);
	assert_int_equal(f->data.table[EGPR_CSV_SKIPPED].rows, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_sample, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_crash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_some_samples, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("cells that ended early", tests, NULL, NULL);
}
