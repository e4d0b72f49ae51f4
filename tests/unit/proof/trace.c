// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every strategy executes what its row demands, in form proxy natively and in form hw on the
 * emulator. What does something else is in trace_mutants.c.
 */
#include "trace_cell.h"

#include <egpr/code.h>

#include <bench/plan/axis.h>
#include <bench/proof/proof.h>

#define AROUND \
	9 /* instructions of a round beside the halves': five of the loop, two calls, two returns */

static bool no_steps; /* this machine cannot be traced on */

/* Instructions of both halves by the object file, where their number does not depend on data. */
static unsigned int by_object(const struct egpr_strategy *s, enum egpr_form form)
{
	return AROUND + egpr_code_find(s, form, 0)->insns + egpr_code_find(s, form, 1)->insns;
}

static bool straight(const struct egpr_strategy *s)
{
	return s->family == EGPR_FAMILY_BASE || s->family == EGPR_FAMILY_GATED ||
	       s->family == EGPR_FAMILY_OUTER || s->family == EGPR_FAMILY_XSAVE;
}

/* All arms that can run here, in one guest state. */
static void prove_table(enum egpr_form form, enum egpr_guest_state state)
{
	const struct egpr_strategy *s;
	struct data_error e = { "" };
	static struct traced out;
	unsigned int a;
	int ret;

	add_arm("none");
	egpr_for_each_strategy(s) {
		struct plan_arm arm = { .strategy = s };

		if (s != &egpr_strategies[EGPR_STRATEGY_none] && s->family != EGPR_FAMILY_DELAY &&
		    !ops.check_arm(&cell, &arm, &e))
			add_arm(s->id);
	}
	add_arm("delay-0");
	add_arm("delay-255");
	open_cell(&cell);
	ret = trace_cell(&cell, run, 1, &out, &e);
	no_steps = ret == EGPR_SKIPPED;
	if (ret && !no_steps)
		fail_msg("%s", e.text);
	for (a = 0; a < cell.nr_arms && !no_steps; a++) {
		const struct traced_arm *t = &out.arm[a];

		s = cell.arms[a].strategy;
		assert_int_equal(t->r.rounds, TRACE_PLAIN_EXITS + TRACE_STAMPED_EXITS);
		assert_int_equal(t->r.sites, OFFSETS - 1);
		if (state != EGPR_STATE_OFF && straight(s) && t->r.insns != by_object(s, form))
			fail_msg("%s: %u instructions traced, %u by the object file", s->id,
				 t->r.insns, by_object(s, form));
		if (state == EGPR_STATE_DIRTY)
			print_message("# %-16s %3u instructions per round, %4u steps\n",
				      cell.arms[a].id, t->r.insns, trace_of(&out, a)->nr);
	}
	/* Arms that only differ in N are as long as each other. */
	if (!no_steps)
		assert_int_equal(out.arm[cell.nr_arms - 1].r.insns,
				 out.arm[cell.nr_arms - 2].r.insns);
	trace_free(&out);
	ops.close(run);
}

static void test_table(void **unused)
{
	int state;

	(void)unused;
	for (state = 0; state < EGPR_NR_STATES; state++) {
		make_cell(EGPR_FORM_PROXY, (enum egpr_guest_state)state);
		prove_table(EGPR_FORM_PROXY, (enum egpr_guest_state)state);
		if (no_steps)
			skip();
	}
}

/* The bytes of an APX host, on registers in software. */
static struct egpr_page *page;

static int start(const char **why)
{
	int ret = proof_start(page, 0, why);

	if (!ret)
		page->xcr0 |= 1ull << EGPR_XFEATURE;
	return ret;
}

static int emulate(void *r, struct data_error *e)
{
	const char *why;
	int ret;

	(void)r;
	proof_stop(); /* the process apart has other handlers */
	ret = start(&why);
	return ret ? data_fail(e, ret, "%s", why) : 0;
}

static void test_hw(void **unused)
{
	const char *why;
	int state, ret;

	(void)unused;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	for (state = 0; state < EGPR_NR_STATES; state++) {
		make_cell(EGPR_FORM_HW, (enum egpr_guest_state)state);
		ret = env.standin.apx ? EGPR_SKIPPED : start(&why);
		if (ret && !env.standin.apx)
			fail_msg("%s", why);
		if (!env.standin.apx) {
			ops.forked = emulate;
			env.standin.cpu.xcr0 = 0; /* the real XRSTOR knows no component 19 */
		}
		env.standin.apx = true;
		prove_table(EGPR_FORM_HW, (enum egpr_guest_state)state);
		if (!ret)
			proof_stop();
		if (no_steps)
			skip();
	}
}

/* Rows whose sequence is not what they say. */
static void test_rows(void **unused)
{
	static const struct {
		const char *id;
		unsigned int needs;
		enum egpr_family family;
		enum trace_check check;
	} rows[] = {
		{ "gated-mov", EGPR_MOVES_DISP8, EGPR_FAMILY_GATED, TRACE_STORES },
		{ "gated-mov-disp8", 0, EGPR_FAMILY_GATED, TRACE_STORES },
		{ "gated-push2", 0, EGPR_FAMILY_GATED, TRACE_STORES },
		{ "gated-mov", EGPR_MOVES_FENCE, EGPR_FAMILY_GATED, TRACE_FENCE },
		{ "gated-mov", 0, EGPR_FAMILY_UNCOND, TRACE_XCR0 },
		{ "gated-mov", 0, EGPR_FAMILY_LIVE, TRACE_KNOWN },
		{ "none", 0, EGPR_FAMILY_XSAVE, TRACE_KNOWN },
	};
	static struct traced out;
	struct egpr_strategy row;
	struct data_error e;

	(void)unused;
	if (no_steps)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make_cell(EGPR_FORM_PROXY, EGPR_STATE_DIRTY);
		add_arm(rows[i].id);
		row = *cell.arms[0].strategy;
		row.needs = rows[i].needs;
		row.family = rows[i].family;
		cell.arms[0].strategy = &row;
		open_cell(&cell);
		assert_int_equal(trace_cell(&cell, run, 0, &out, &e), EGPR_DATA);
		print_message("# %-16s %s\n", rows[i].id, out.arm[0].reason);
		assert_int_equal(out.arm[0].r.failed, rows[i].check);
		trace_free(&out);
		ops.close(run);
	}
}

/* Every batch counts its rounds: one that ran half of them is no number. */
static void test_rounds(void **unused)
{
	/* shr %rdx: as if it had begun with half of them */
	static const uint8_t shr[] = { 0x48, 0xd1, 0xea };
	struct layer_batch b = { .arm = ARM, .exits = 100 };
	struct data_error e = { "" };
	struct layer_image i;
	uint8_t *loop;
	unsigned int at = 0;

	(void)unused;
	make_cell(EGPR_FORM_PROXY, EGPR_STATE_DIRTY);
	add_arm("none");
	add_arm("gated-mov");
	open_cell(&cell);
	assert_int_equal(ops.batch(run, &b, &e), 0);
	assert_int_equal(b.done, 100);
	i = image_at(0);
	loop = (uint8_t *)i.site->loop;
	while (memcmp(loop + at, "\x48\x29\xea", 3)) /* sub %rbp,%rdx */
		at++;
	writable(&i, true);
	memcpy(loop + at, shr, sizeof(shr));
	writable(&i, false);
	assert_int_equal(ops.batch(run, &b, &e), EGPR_DATA);
	print_message("# %s\n", e.text);
	assert_non_null(strstr(e.text, "counted 50 rounds where 100 were asked for"));
	ops.close(run);
}

static void test_count(void **unused)
{
	(void)unused;
	assert_false(trace_count_differs(true, 61.0, 9, 61, 9));
	assert_false(trace_count_differs(true, 61.9, 9, 61, 9));
	assert_true(trace_count_differs(true, 62.1, 9, 61, 9));
	assert_true(trace_count_differs(true, 30.5, 9, 61, 9)); /* half its rounds */
	assert_true(trace_count_differs(true, 0, 9, 61, 9));
	/* The VMM's own instructions cancel: 40 per exit. */
	assert_false(trace_count_differs(false, 94.2, 42.1, 54, 2));
	assert_true(trace_count_differs(false, 68, 42, 54, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_hw),
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
