// SPDX-License-Identifier: GPL-2.0-only
/*
 * What does something else than its row of the table demands is seen to, by mutants of the copies that are
 * timed, of their contexts and of the layer. The table of which check caught which mutant is in the log.
 */
#include "trace_cell.h"

#define NOP4	   "\x0f\x1f\x40\x00"
#define NOP8	   "\x0f\x1f\x84\x00\x00\x00\x00\x00"
#define GATE_BYTES 16 /* TEST of an imm32, JZ */
#define MOV_BYTES  8
#define XOR_BYTES  4

/* The half's bytes at all code offsets become others. */
static void patch(bool entry, unsigned int at, const void *bytes, size_t n)
{
	unsigned int o;

	for (o = 0; o < OFFSETS; o++) {
		struct layer_image i = image_at(o);

		writable(&i, true);
		memcpy((uint8_t *)(entry ? i.site->seq.entry : i.site->seq.exit) + at, bytes, n);
		writable(&i, false);
	}
}

static uint8_t *exit_at(unsigned int at)
{
	return (uint8_t *)image_at(0).site->seq.exit + at;
}

#define STORE(n) (GATE_BYTES + MOV_BYTES * (n))
#define CLEAR(n) (GATE_BYTES + MOV_BYTES * 16 + XOR_BYTES * (n))
#define LOAD(n)	 (GATE_BYTES + MOV_BYTES * (n))

static void no_clears(void)
{
	for (unsigned int i = 0; i < 16; i++)
		patch(false, CLEAR(i), NOP4, XOR_BYTES);
}

static void last_clear(void)
{
	patch(false, CLEAR(15), NOP4, XOR_BYTES);
}

static void nop_loads(void)
{
	for (unsigned int i = 0; i < 16; i++)
		patch(true, LOAD(i), NOP8, MOV_BYTES);
}

static void neighbours_slot(void)
{
	char slot = (char)(*exit_at(STORE(5) + 4) + 8);

	patch(false, STORE(5) + 4, &slot, 1);
}

static void loads_neighbour(void)
{
	patch(true, LOAD(5) + 4, "\x30", 1);
}

static void swapped_order(void)
{
	char two[2 * MOV_BYTES];

	memcpy(two, exit_at(STORE(4)), MOV_BYTES);
	memcpy(two + MOV_BYTES, exit_at(STORE(3)), MOV_BYTES);
	patch(false, STORE(3), two, sizeof(two));
}

static void register_twice(void)
{
	char insn[4];

	memcpy(insn, exit_at(STORE(2)), sizeof(insn));
	patch(false, STORE(3), insn, sizeof(insn));
}

static void half_a_register(void)
{
	patch(false, STORE(7) + 1, "\x40", 1); /* REX without W */
}

static void other_flag(void)
{
	patch(false, 6, "\x10", 1);
}

static void stray_store(void)
{
	patch(false, CLEAR(15), "\x3e\x48\x89\x07", XOR_BYTES);
}

static void damaged_traced(void)
{
	struct layer_image i = image_at(0);

	writable(&i, true);
	((uint8_t *)i.site->seq.exit)[CLEAR(7) + 2] ^= 1;
	writable(&i, false);
}

static void damaged_other(void)
{
	struct layer_image i = image_at(2);

	writable(&i, true);
	((uint8_t *)i.site->seq.exit)[CLEAR(7) + 2] ^= 1;
	writable(&i, false);
}

static void damaged_loop(void)
{
	struct layer_image i = image_at(3);

	writable(&i, true);
	((uint8_t *)i.site->loop)[70] ^= 0x40;
	writable(&i, false);
}

static void crash(void)
{
	patch(false, CLEAR(0), "\x0f\x0b", 2);
}

static void endless(void)
{
	patch(false, CLEAR(0), "\xeb\xfe", 2);
}

static void entry_is_exit(void)
{
	for (unsigned int o = 0; o < OFFSETS; o++) {
		struct layout_site *site = (struct layout_site *)(uintptr_t)image_at(o).site;

		site->seq.entry = site->seq.exit;
	}
}

static void no_fence(void)
{
	patch(false, GATE_BYTES, "\x0f\x1f\x00", 3);
}

static void one_addition(void)
{
	struct layer_image i = image_at(0);
	uint8_t *p = (uint8_t *)i.site->seq.exit;
	unsigned int at = 0;

	while (memcmp(p + at, "\x0f\x1f\x00", 3))
		at++;
	patch(false, at, "\x48\x01\xc0", 3);
}

static void other_xcr0(void)
{
	patch(false, 3, exit_at(10), 4); /* MOV from where CMP reads, which is as good as no test */
}

/* What a batch does otherwise. */
static int real_batch(struct layer_batch *b, struct data_error *e)
{
	return layer_find(EGPR_LAYER_PRIM)->batch(run, b, e);
}

static int half_the_rounds(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_batch half = *b;
	int ret;

	(void)r;
	half.exits = b->arm == ARM ? b->exits / 2 : b->exits;
	ret = half.exits ? real_batch(&half, e) : 0;
	b->done = b->exits;
	b->cycles = 2 * half.cycles;
	return ret;
}

static int once_more(void *r, struct layer_batch *b, struct data_error *e)
{
	(void)r;
	return real_batch(b, e) || (b->arm == ARM && real_batch(b, e));
}

static int flag_never_set(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_image i;

	ops.image(r, b->arm, b->layout, &i);
	if (b->arm == ARM)
		i.sw->flags &= ~EGPR_SWITCH_GUEST_APX;
	return real_batch(b, e);
}

static int other_components(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_image i;

	ops.image(r, b->arm, b->layout, &i);
	i.sw->rfbm = 2; /* SSE */
	return real_batch(b, e);
}

static int other_register(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_image i;

	ops.image(r, b->arm, b->layout, &i);
	i.sw->access = b->arm == ARM ? 20 : i.sw->access;
	return real_batch(b, e);
}

/* Right halves, over and over. */
static int endless_lab(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_image i;

	if (b->arm != ARM)
		return real_batch(b, e);
	ops.image(r, ARM, b->layout, &i);
	i.site->loop(i.sw, i.site->seq.exit, i.site->seq.entry, UINT64_MAX);
	return 0;
}

/* The stamped loop, with the context of the arm behind. */
static int context_of_another(void *r, struct layer_batch *b, struct data_error *e)
{
	struct layer_image i, other;
	uint32_t n;

	if (b->arm != ARM || !b->stamps)
		return real_batch(b, e);
	ops.image(r, ARM, b->layout, &i);
	ops.image(r, ARM + 1, b->layout, &other);
	for (n = 0; n < b->exits; n++)
		b->stamps[n] =
			i.site->loop(other.sw, i.site->seq.exit, i.site->seq.entry, 1).cycles;
	return 0;
}

static int context_elsewhere(void *r, struct layer_batch *b, struct data_error *e)
{
	static struct egpr_switch copy;
	struct layer_image i;

	if (b->arm != ARM || b->stamps)
		return real_batch(b, e);
	ops.image(r, ARM, b->layout, &i);
	copy = *i.sw;
	i.site->loop(&copy, i.site->seq.exit, i.site->seq.entry, b->exits);
	return 0;
}

/* Around the copy. */
static int original_code(void *r, struct layer_batch *b, struct data_error *e)
{
	const struct egpr_sequence *seq = &cell.arms[ARM].strategy->form[EGPR_FORM_PROXY];
	struct layer_image i;

	if (b->arm != ARM)
		return real_batch(b, e);
	ops.image(r, ARM, b->layout, &i);
	i.site->loop(i.sw, seq->exit, seq->entry, b->exits);
	return 0;
}

typedef int (*batch_fn)(void *run, struct layer_batch *b, struct data_error *e);

/*
 * struct mutant - something that must not get a number
 * @check: by which it is caught; TRACE_NR: it crashes
 * @patch: what it does to the cell, or
 * @batch: what it does to its batches, or
 * @bound: the guest state for which the halves are bound, and which is not the cell's
 */
static const struct mutant {
	const char *name;
	const char *strategy;
	enum trace_check check;
	void (*patch)(void);
	batch_fn batch;
	enum egpr_guest_state state, bound;
} mutants[] = {
#define PATCH(fn, strategy, check)                                                         \
	{                                                                                  \
#fn, strategy, TRACE_##check, fn, NULL, EGPR_STATE_DIRTY, EGPR_STATE_DIRTY \
	}
#define BATCH(fn, strategy, check)                                                         \
	{                                                                                  \
#fn, strategy, TRACE_##check, NULL, fn, EGPR_STATE_DIRTY, EGPR_STATE_DIRTY \
	}
	PATCH(no_clears, "gated-mov", CLEARS),
	PATCH(last_clear, "gated-mov", CLEARS),
	PATCH(nop_loads, "gated-mov", LOADS),
	BATCH(half_the_rounds, "gated-mov", ROUNDS),
	BATCH(once_more, "gated-mov", ROUNDS),
	PATCH(entry_is_exit, "gated-mov", LOADS),
	BATCH(flag_never_set, "gated-mov", GATE),
	PATCH(other_flag, "gated-mov", GATE),
	{ "dual_wrong_pair", "dual", TRACE_STORES, NULL, NULL, EGPR_STATE_DIRTY, EGPR_STATE_OFF },
	{ "dual_wrong_pair_off", "dual", TRACE_REST, NULL, NULL, EGPR_STATE_OFF, EGPR_STATE_DIRTY },
	PATCH(neighbours_slot, "gated-mov", STORES),
	PATCH(loads_neighbour, "gated-mov", LOADS),
	PATCH(swapped_order, "gated-mov", STORES),
	PATCH(register_twice, "gated-mov", STORES),
	PATCH(half_a_register, "gated-mov", STORES),
	PATCH(stray_store, "gated-mov", CLEARS),
	PATCH(damaged_traced, "gated-mov", KNOWN),
	PATCH(damaged_other, "gated-mov", SITES),
	PATCH(damaged_loop, "gated-mov", SITES),
	BATCH(context_of_another, "gated-mov", CONTEXT),
	BATCH(context_elsewhere, "gated-mov", CONTEXT),
	BATCH(original_code, "gated-mov", ROUNDS),
	PATCH(no_fence, "gated-mov-lfence", FENCE),
	PATCH(one_addition, "delay-20", DELAY),
	PATCH(other_xcr0, "uncond-mov", XCR0),
	BATCH(other_components, "xsave", XSAVE),
	BATCH(other_register, "live-access", OPERAND),
	PATCH(crash, "gated-mov", NR),
	PATCH(endless, "gated-mov", CLEARS),
	BATCH(endless_lab, "gated-mov", ROUNDS),
};

#define NR_MUTANTS (sizeof(mutants) / sizeof(*mutants))

/* Return: whether it could be tried. */
static bool try_mutant(const struct mutant *m, struct traced *out)
{
	struct cell bound;
	struct data_error e = { "" };
	int ret;

	make_cell(EGPR_FORM_PROXY, m->state);
	add_arm("none");
	add_arm(m->strategy);
	add_arm("delay-40");
	if (ops.check_arm(&cell, &cell.arms[ARM], &e)) {
		print_message("# %-20s not run: %s\n", m->name, e.text);
		return false;
	}
	bound = cell;
	bound.state = m->bound;
	open_cell(&bound);
	if (m->patch)
		m->patch();
	if (m->batch)
		ops.batch = m->batch;
	ret = trace_cell(&cell, run, 0, out, &e);
	if (ret == EGPR_SKIPPED) {
		print_message("# %s\n", e.text);
		skip();
	}
	if (ret != EGPR_DATA && ret != EGPR_CRASHED)
		fail_msg("%s: status %d, %s", m->name, ret, e.text);
	ops.close(run);
	return true;
}

static void test_mutants(void **unused)
{
	unsigned int caught[TRACE_NR + 1] = { 0 };
	static struct traced out;

	(void)unused;
	for (size_t i = 0; i < NR_MUTANTS; i++) {
		const struct mutant *m = &mutants[i];
		const struct traced_arm *a = &out.arm[ARM];

		if (!try_mutant(m, &out))
			continue;
		print_message("# %-20s %s\n", m->name, a->reason);
		if (m->check == TRACE_NR)
			assert_int_equal(a->status, EGPR_CRASHED);
		else if (a->status != EGPR_DATA || a->r.failed != m->check)
			fail_msg("%s is not caught by %s: %s", m->name, trace_ids[m->check],
				 a->reason);
		/* It costs nobody else anything. */
		if (m->batch != other_components)
			assert_int_equal(out.arm[0].status | out.arm[2].status, 0);
		caught[m->check]++;
		trace_free(&out);
	}
	for (unsigned int k = 0; k < TRACE_NR; k++) {
		if (!caught[k] && k != TRACE_COUNT && k != TRACE_XSAVE)
			fail_msg("no mutant fails %s", trace_ids[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
	};

	return cmocka_run_group_tests_name("trace_mutants", tests, NULL, NULL);
}
