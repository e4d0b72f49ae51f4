// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loops of all contexts do what they should, arm by arm, with as many instructions around the
 * halves as they are written with; and mutants of each loop, and of a layer that prepares
 * otherwise, are seen to.
 */
#include "trace_cell.h"

#include <egpr/code.h>

#include <bench/layer/levels.h>
#include <bench/layer/prepare.h>
#include <bench/layer/rounds.h>

/* Of asm/apart.S, beside the halves' own: a stamp, a half with stamps around it, a round. */
#define STAMP 6
#define HALF \
	(STAMP + 1 + 3 + STAMP + 2) /* start kept; context, call, return; less start, to the sum */
#define TOLD	    5		    /* by itself as well */
#define ROUND_END   2
#define PREPARATION 5
#define USE	    9
#define LATE	    4 /* a second call, the address, a return to it, a jump; less none */

static const struct {
	enum layout_shape shape;
	unsigned int around;
} shapes[] = {
	{ LAYOUT_WHOLE, 2 * HALF + ROUND_END },
	{ LAYOUT_APART, 2 * (HALF + TOLD) + ROUND_END },
	{ LAYOUT_ONCE, 2 * (PREPARATION + HALF + TOLD) + ROUND_END },
	{ LAYOUT_FETCH, 2 * (PREPARATION + HALF + TOLD + LATE) + ROUND_END },
	{ LAYOUT_USE_FREE, 2 * (HALF + TOLD + USE) + ROUND_END },
	{ LAYOUT_USE_LAST, 2 * (HALF + TOLD + USE) + ROUND_END },
};

static unsigned int around(enum layout_shape shape)
{
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		if (shapes[i].shape == shape)
			return shapes[i].around;
	}
	return 0;
}

/* Return: whether the context stands in layer prim and can be had here. */
static bool make_context(enum egpr_context context)
{
	struct data_error e = { "" };

	make_cell(EGPR_FORM_PROXY, EGPR_STATE_DIRTY);
	cell.context = &egpr_contexts[context];
	if (!(egpr_contexts[context].layers & EGPR_CONTEXT_IN_PRIM))
		return false;
	if (!ops.check_cell(&cell, &e))
		return true;
	print_message("# %s\n", e.text);
	return false;
}

static void trace_context(enum egpr_context context)
{
	const struct egpr_strategy *s;
	struct data_error e = { "" };
	static struct traced out;
	struct layer_image image;
	unsigned int a;
	int ret;

	add_arm("none");
	egpr_for_each_strategy(s) {
		struct plan_arm arm = { .strategy = s };

		if (s != &egpr_strategies[EGPR_STRATEGY_none] && s->family != EGPR_FAMILY_DELAY &&
		    !ops.check_arm(&cell, &arm, &e))
			add_arm(s->id);
	}
	if (egpr_contexts[context].timed != EGPR_TIMED_FETCH) {
		add_arm("delay-0");
		add_arm("delay-10");
	}
	open_cell(&cell);
	ret = trace_cell(&cell, run, 1, &out, &e);
	if (ret == EGPR_SKIPPED) {
		print_message("# %s\n", e.text);
		skip();
	}
	if (ret)
		fail_msg("%s: %s", egpr_contexts[context].id, e.text);
	ops.image(run, 0, 1, &image);
	for (a = 0; a < cell.nr_arms; a++) {
		const struct trace_result *r = &out.arm[a].r;
		const struct egpr_strategy *arm = cell.arms[a].strategy;

		assert_int_equal(r->rounds,
				 TRACE_PLAIN_EXITS + TRACE_STAMPED_EXITS +
					 (layout_prepares(image.shape) ? 2 * ROUNDS_AHEAD : 0));
		assert_int_equal(r->sites, OFFSETS - 1);
		if (image.shape != LAYOUT_PACKED &&
		    (arm->family == EGPR_FAMILY_BASE || arm->family == EGPR_FAMILY_GATED))
			assert_int_equal(r->insns,
					 around(image.shape) +
						 egpr_code_find(arm, EGPR_FORM_PROXY, 0)->insns +
						 egpr_code_find(arm, EGPR_FORM_PROXY, 1)->insns);
	}
	print_message("# %-12s %u arms, none has %u instructions per round\n",
		      egpr_contexts[context].id, cell.nr_arms, out.arm[0].r.insns);
	trace_free(&out);
	ops.close(run);
}

static void test_contexts(void **unused)
{
	unsigned int i, tried = 0;

	(void)unused;
	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		if (!make_context((enum egpr_context)i))
			continue;
		trace_context((enum egpr_context)i);
		tried++;
	}
	/* All that depends on no cache level, at least. */
	assert_in_range(tried, 8, EGPR_NR_CONTEXTS);
}

/* A batch in a context counts its rounds, and its exit halves are a part of it. */
static void test_batches(void **unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		struct layer_batch b = { .arm = ARM, .exits = 7 };
		struct data_error e = { "" };

		if (!make_context((enum egpr_context)i))
			continue;
		add_arm("none");
		add_arm("gated-mov");
		open_cell(&cell);
		if (ops.begin(run, &e) || ops.batch(run, &b, &e))
			fail_msg("%s: %s", egpr_contexts[i].id, e.text);
		assert_int_equal(b.done, 7);
		assert_in_range(b.cycles, 1, UINT32_MAX);
		if (egpr_contexts[i].timed == EGPR_TIMED_BATCH)
			assert_int_equal(b.exit_cycles, 0);
		else
			assert_in_range(b.exit_cycles, 1, b.cycles - 1);
		ops.close(run);
	}
}

/* The @which-th place where @from stands in the loop, at all code offsets, becomes @to. */
static void patch_loop(const char *from, const char *to, size_t n, unsigned int which)
{
	unsigned int o, found;
	size_t at;

	for (o = 0; o < OFFSETS; o++) {
		struct layer_image i = image_at(o);
		uint8_t *loop = (uint8_t *)i.site->loop;

		for (at = found = 0; at < 512; at++) {
			if (!memcmp(loop + at, from, n) && ++found == which)
				break;
		}
		assert_in_range(at, 0, 511);
		writable(&i, true);
		memcpy(loop + at, to, n);
		writable(&i, false);
	}
}

static void no_exit_half(void)
{
	patch_loop("\x41\xff\xd4", "\x0f\x1f\x00", 3, 1);
}

static void no_entry_half(void)
{
	patch_loop("\x41\xff\xd5", "\x0f\x1f\x00", 3, 1);
}

static void exit_half_twice(void)
{
	patch_loop("\x41\xff\xd5", "\x41\xff\xd4", 3, 1);
}

static void entry_counts_as_exit(void)
{
	patch_loop("\x48\x01\x04\x24", "\x49\x01\xc7\x90", 4, 1);
}

static void start_of_the_other_half(void)
{
	patch_loop("\x49\x89\xc6", "\x0f\x1f\x00", 3, 2);
}

static void no_stamp(void)
{
	patch_loop("\x0f\x31", "\x66\x90", 2, 2);
}

static void stores_left(void)
{
	patch_loop("\x0f\xae\xf0", "\x0f\x1f\x00", 3, 2);
}

static void not_prepared(void)
{
	patch_loop("\xff\xd0", "\x66\x90", 2, 2);
}

/* The exit half's address where the entry half's belongs. */
static void late_exit_twice(void)
{
	patch_loop("\x4c\x89\x2c\x24", "\x4c\x89\x24\x24", 4, 1);
}

static void use_of_another(void)
{
	patch_loop("\x3e\x48\x89\xc8", "\x3e\x48\x89\xd8", 4, 2);
}

static void prepares_nothing(void *arg, unsigned long half)
{
	(void)arg;
	(void)half;
}

/* The loop as it is, and another preparation for one arm. */
static int no_preparation(void *r, struct layer_batch *b, struct data_error *e)
{
	__u64 each[2 * TRACE_PLAIN_EXITS];
	struct egpr_halves halves = { .prepare = prepares_nothing, .each = each };
	struct layer_image i;
	uint32_t n;

	if (b->arm != ARM)
		return layer_find(EGPR_LAYER_PRIM)->batch(run, b, e);
	ops.image(r, ARM, b->layout, &i);
	if (!b->stamps)
		b->cycles =
			i.site->halves(i.sw, i.site->seq.exit, i.site->seq.entry, b->exits, &halves)
				.cycles;
	for (n = 0; b->stamps && n < b->exits; n++, halves.each = each)
		b->stamps[n] = i.site->halves(i.sw, i.site->seq.exit, i.site->seq.entry, 1, &halves)
				       .cycles;
	b->done = b->exits;
	return 0;
}

static const struct mutant {
	const char *name;
	enum egpr_context context;
	void (*patch)(void);
	int (*batch)(void *r, struct layer_batch *b, struct data_error *e);
} mutants[] = {
#define PATCH(fn, context)                            \
	{                                             \
#fn, EGPR_CONTEXT_##context, fn, NULL \
	}
	PATCH(no_exit_half, APART),
	PATCH(no_entry_half, APART_WHOLE),
	PATCH(exit_half_twice, APART),
	PATCH(entry_counts_as_exit, APART),
	PATCH(start_of_the_other_half, APART),
	PATCH(no_stamp, APART),
	PATCH(stores_left, APART),
	PATCH(stores_left, APART_WHOLE),
	PATCH(no_exit_half, L1),
	PATCH(not_prepared, L1),
	PATCH(not_prepared, CODE_COLD),
	PATCH(late_exit_twice, CODE_COLD),
	PATCH(late_exit_twice, BTB_COLD),
	PATCH(no_stamp, CODE_COLD),
	PATCH(no_stamp, APART_WHOLE),
	PATCH(use_of_another, USE_LAST),
	{ "no_preparation", EGPR_CONTEXT_L1, NULL, no_preparation },
};

static void test_mutants(void **unused)
{
	static struct traced out;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(mutants) / sizeof(*mutants); i++) {
		const struct mutant *m = &mutants[i];
		struct data_error e = { "" };
		int ret;

		if (!make_context(m->context))
			continue;
		add_arm("none");
		add_arm("gated-mov");
		add_arm("none-b");
		open_cell(&cell);
		if (m->patch)
			m->patch();
		if (m->batch)
			ops.batch = m->batch;
		ret = trace_cell(&cell, run, 0, &out, &e);
		if (ret == EGPR_SKIPPED)
			skip();
		print_message("# %-24s %-12s %s\n", m->name, egpr_contexts[m->context].id,
			      out.arm[ARM].reason);
		if (out.arm[ARM].status != EGPR_DATA || (out.arm[ARM].r.failed != TRACE_ROUNDS &&
							 out.arm[ARM].r.failed != TRACE_STORES))
			fail_msg("%s in %s is not caught: %s", m->name,
				 egpr_contexts[m->context].id, out.arm[ARM].reason);
		assert_int_equal(out.arm[0].status | out.arm[2].status, 0);
		trace_free(&out);
		ops.close(run);
	}
}

/* A level counts if it is farther away than the one before. */
static void test_levels(void **unused)
{
	struct levels l = { 0 };

	(void)unused;
	l.level[0].ticks = 0;
	l.level[1].ticks = 9;
	l.level[2].ticks = 40;
	l.level[3].ticks = 300;
	levels_judge(&l);
	assert_true(l.level[0].ok && l.level[1].ok && l.level[2].ok && l.level[3].ok);
	assert_null(levels_refuse(&l, EGPR_CONTEXT_LEGACY_WARM));
	l.level[2].ticks = 10;
	levels_judge(&l);
	assert_true(l.level[1].ok && !l.level[2].ok && l.level[3].ok);
	assert_non_null(strstr(levels_refuse(&l, EGPR_CONTEXT_LLC), "llc takes 10.0 TSC ticks"));
	assert_null(levels_refuse(&l, EGPR_CONTEXT_CODE_COLD));
	l.level[3].ticks = 12;
	levels_judge(&l);
	assert_non_null(levels_refuse(&l, EGPR_CONTEXT_DRAM));
	assert_non_null(levels_refuse(&l, EGPR_CONTEXT_LEGACY_WARM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests_name("trace_contexts", tests, NULL, NULL);
}
