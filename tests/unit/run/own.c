// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's own switch as arms of a cell: a layer is made up whose KVM offers guests APX and whose
 * truth is known. Which cells and arms come of a plan, what their rows say, and whether a run that
 * was interrupted finds them again.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gsl/gsl_errno.h>

#include <bench/plan/axis.h>
#include <bench/run/run.h>
#include "../scratch.h"

#define BASE	1000
#define INIT	30
#define DIRTY	60
#define REFUSED "the made-up KVM switches by itself"
#define OFF	"guest state off is what KVM's own switch is compared with: the row of none"
#define NO_OWN	"the made-up KVM offers no APX"

/* What the made-up KVM is like. */
static struct {
	bool switches;
	bool offers;
	unsigned int batches;
} kvm;

static int made_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	(void)env;
	(void)e;
	*host = NULL;
	return 0;
}

static int made_cell(struct cell *c, struct data_error *e)
{
	if (kvm.switches && c->state != EGPR_STATE_OFF)
		return data_fail(e, EGPR_SKIPPED, REFUSED);
	c->path = c->kind->path;
	c->guest_timed = true;
	c->representative = true;
	strcpy(c->backend, "vmx");
	return 0;
}

static int made_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	if (arm->strategy->family == EGPR_FAMILY_OWN)
		assert_int_equal(c->state, EGPR_STATE_OFF);
	else if (kvm.switches && arm->strategy->family != EGPR_FAMILY_BASE)
		return data_fail(e, EGPR_SKIPPED, REFUSED);
	return 0;
}

static int made_own(const struct cell *c, struct data_error *e)
{
	assert_null(c->kind);
	return kvm.offers ? 0 : data_fail(e, EGPR_SKIPPED, NO_OWN);
}

static int made_open(const struct cell *c, void **run, struct data_error *e)
{
	(void)e;
	*run = (void *)c;
	return 0;
}

static int made_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	static const unsigned int more[] = { [EGPR_STATE_INIT] = INIT, [EGPR_STATE_DIRTY] = DIRTY };
	const struct cell *c = run;
	unsigned int per = BASE + more[cell_arm_state(c, &c->arms[b->arm])];

	(void)e;
	b->cycles = (uint64_t)b->exits * (per + kvm.batches++ % 3);
	b->done = b->exits;
	return 0;
}

static const struct layer_ops made = {
	.layer = EGPR_LAYER_BOUNDARY,
	.guest = true,
	.probe = made_probe,
	.check_cell = made_cell,
	.check_arm = made_arm,
	.check_own = made_own,
	.open = made_open,
	.batch = made_batch,
};

static struct plan plan;

static void expand(struct run *run, const char *states, const char *strategies)
{
	struct data_error e = { "" };
	char ini[400];

	snprintf(
		ini, sizeof(ini),
		"[plan]\nmargins = 1 %%\ndelays =\nbudget = 0.5\nper_exit = 0\nresamples = 0\n"
		"offsets = 1\nbatch_min = 16\nbatch_max = 64\n[boundary]\nexits = cpuid\nstates = %s\nstrategies = %s\n",
		states, strategies);
	if (plan_read_text(&plan, "t.ini", ini, &e))
		fail_msg("%s", e.text);
	memset(run, 0, sizeof(*run));
	run->plan = &plan;
	run->env.provenance = EGPR_PROV_HW;
	run->env.form = EGPR_FORM_PROXY; /* for the contracts, which are proved for real */
	standin_probe(&run->env.standin, plan.stand_ins);
	assert_int_equal(run_expand_layer(run, &made, &plan.layer[EGPR_LAYER_BOUNDARY]), 0);
}

static void done(struct run *run)
{
	run_free(run);
	plan_free(&plan);
}

/* "none/off none-b/off ..." of a cell. */
static const char *arms_of(const struct cell *c)
{
	static char text[1024];
	unsigned int a;

	*text = '\0';
	for (a = 0; a < c->nr_arms; a++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s/%s", a ? " " : "",
			 c->arms[a].id, egpr_guest_states[cell_arm_state(c, &c->arms[a])].id);
	return text;
}

static unsigned int skips(const struct run *run, const char *name, const char *reason)
{
	unsigned int i, n = 0;
	char is[96];

	for (i = 0; i < run->nr_skips; i++) {
		run_skip_name(&run->skips[i], is, sizeof(is));
		n += (!name || !strcmp(is, name)) && !strcmp(run->skips[i].reason, reason);
	}
	return n;
}

/* A plan of state dirty, as quick's: state off is there for the baseline alone. */
static void test_baseline_is_added(void **state)
{
	struct run run;

	(void)state;
	expand(&run, "dirty", "all");
	assert_int_equal(run.nr_cells, 1);
	assert_int_equal(run.cells[0].cell.state, EGPR_STATE_OFF);
	assert_string_equal(arms_of(&run.cells[0].cell), "none/off none-b/off kvm-own/dirty");
	assert_true(run.cells[0].compares && cell_mixes_states(&run.cells[0].cell));
	assert_int_equal(run.nr_skips, 1);
	assert_int_equal(skips(&run, "boundary/cpuid/dirty", REFUSED), 1);
	done(&run);
}

static void test_all_states(void **state)
{
	struct run run;
	struct plan_arm arm;

	(void)state;
	expand(&run, "all", "gated-mov, live, kvm-own");
	assert_int_equal(run.nr_cells, 1);
	assert_string_equal(arms_of(&run.cells[0].cell),
			    "none/off none-b/off kvm-own/init kvm-own/dirty");
	assert_int_equal(skips(&run, "boundary/cpuid/off/gated-mov", REFUSED), 1);
	assert_int_equal(skips(&run, "boundary/cpuid/off/live", REFUSED), 1);
	assert_int_equal(skips(&run, NULL, REFUSED), 4); /* and cells init and dirty */
	assert_int_equal(skips(&run, "boundary/none/off/kvm-own", OFF), 1);
	assert_int_equal(run.nr_skips, 5);
	assert_false(plan_own_arm(&plan.layer[EGPR_LAYER_BOUNDARY], EGPR_STATE_OFF, &arm));
	done(&run);
}

/* A KVM that offers APX and leaves the registers alone: the strategies run, and kvm-own once. */
static void test_leaves(void **state)
{
	struct run run;

	(void)state;
	kvm.switches = false;
	expand(&run, "all", "gated-mov, kvm-own");
	assert_int_equal(run.nr_cells, 3);
	assert_string_equal(arms_of(&run.cells[0].cell),
			    "none/off none-b/off gated-mov/off kvm-own/init kvm-own/dirty");
	assert_string_equal(arms_of(&run.cells[2].cell), "none/dirty none-b/dirty gated-mov/dirty");
	assert_false(cell_mixes_states(&run.cells[2].cell));
	assert_int_equal(run.nr_skips, 1);
	assert_int_equal(skips(&run, "boundary/none/off/kvm-own", OFF), 1);
	done(&run);
}

/* Not offered, not asked for, or with nothing to compare: one row, or none. */
static void test_no_own(void **state)
{
	struct run run;

	(void)state;
	kvm.switches = kvm.offers = false;
	expand(&run, "all", "gated-mov, kvm-own");
	assert_int_equal(run.nr_cells, 3);
	assert_int_equal(run.nr_skips, 3);
	assert_int_equal(skips(&run, "boundary/none/off/kvm-own", NO_OWN), 1);
	assert_int_equal(skips(&run, "boundary/none/dirty/kvm-own", NO_OWN), 1);
	done(&run);
	kvm.offers = true;
	expand(&run, "dirty", "gated-mov");
	assert_int_equal(run.nr_cells, 1);
	assert_string_equal(arms_of(&run.cells[0].cell), "none/dirty none-b/dirty gated-mov/dirty");
	assert_int_equal(run.nr_skips, 0);
	done(&run);
	expand(&run, "off", "all");
	assert_int_equal(run.nr_cells, 1);
	assert_int_equal(skips(&run, "boundary/none/off/kvm-own", OFF), 1);
	assert_false(cell_mixes_states(&run.cells[0].cell));
	done(&run);
}

static bool row_is(const struct csv_table *t, size_t row, const char *strategy, const char *state)
{
	return !strcmp(csv_text(t, row, EGPR_COL_strategy), strategy) &&
	       !strcmp(csv_text(t, row, EGPR_COL_guest_state), state);
}

static double verdict_of(const struct csv_table *t, const char *strategy, const char *state)
{
	size_t i;

	for (i = 0; i < t->rows; i++) {
		if (!row_is(t, i, strategy, state))
			continue;
		assert_string_equal(csv_text(t, i, EGPR_VERDICTS_baseline), "none");
		return csv_real(t, i, EGPR_VERDICTS_diff);
	}
	fail_msg("no verdict of %s in state %s", strategy, state);
	return 0;
}

/* Measured, written and read back: each row has the state of its own arm. */
static void test_rows(void **state)
{
	char root[64], dir[96];
	struct run_options o = {
		.plan = &plan, .provenance = EGPR_PROV_HW, .cpu = -1, .quiet = true
	};
	struct rundir_data data;
	struct data_error e = { "" };
	struct run run, again;
	struct engine g = { .plan = &plan, .launches = 1 };
	unsigned int a, b;

	(void)state;
	scratch_make(root, sizeof(root));
	snprintf(dir, sizeof(dir), "%s/run", root);
	o.out = dir;
	expand(&run, "all", "kvm-own");
	if (run_measure(&run, &o, NULL, &e) || rundir_load(dir, &data, &e))
		fail_msg("%s", e.text);
	assert_true(fabs(verdict_of(&data.table[EGPR_CSV_VERDICTS], "none-b", "off")) < 2);
	assert_true(fabs(verdict_of(&data.table[EGPR_CSV_VERDICTS], "kvm-own", "init") - INIT) < 2);
	assert_true(fabs(verdict_of(&data.table[EGPR_CSV_VERDICTS], "kvm-own", "dirty") - DIRTY) <
		    2);
	assert_int_equal(data.table[EGPR_CSV_SUMMARY].rows, 4);
	assert_true(row_is(&data.table[EGPR_CSV_SUMMARY], 2, "kvm-own", "init"));
	assert_true(row_is(&data.table[EGPR_CSV_SUMMARY], 3, "kvm-own", "dirty"));
	plan_free(&plan);

	expand(&again, "all", "kvm-own");
	g.seed = strtoull(rundir_meta_text(&data, RUNDIR_SEED), NULL, 10);
	again.launches.n = 1;
	if (run_restore_cells(&again, &data, &g, &e))
		fail_msg("%s", e.text);
	assert_int_equal(again.cells[0].r.blocks, run.cells[0].r.blocks);
	assert_true(run.cells[0].r.blocks > 4);
	for (a = 0; a < 4; a++) {
		for (b = 0; b < run.cells[0].r.blocks; b++)
			assert_true(fabs(again.cells[0].r.mean[a][b] - run.cells[0].r.mean[a][b]) <
				    1e-6);
	}
	rundir_free(&data);
	run_free(&run);
	done(&again);
	scratch_remove(root);
}

static int set_up(void **state)
{
	(void)state;
	gsl_set_error_handler_off();
	memset(&kvm, 0, sizeof(kvm));
	kvm.switches = kvm.offers = true;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_baseline_is_added, set_up),
		cmocka_unit_test_setup(test_all_states, set_up),
		cmocka_unit_test_setup(test_leaves, set_up),
		cmocka_unit_test_setup(test_no_own, set_up),
		cmocka_unit_test_setup(test_rows, set_up),
	};

	return cmocka_run_group_tests_name("run/own", tests, NULL, NULL);
}
