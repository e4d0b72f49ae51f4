// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine on a layer whose truth is known: a made-up machine that takes as many cycles as
 * the test says, crashes when told to, and counts what it was asked.
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
#include <gsl/gsl_randist.h>

#include <bench/measure/engine.h>
#include <bench/measure/guard.h>
#include <bench/layer/layout.h>
#include <bench/plan/context.h>
#include <bench/plan/order.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define BASE  1000.0
#define SHIFT 25.0
#define NOISE 8.0
#define SPIKE 200000 /* cycles */

/* What the made-up machine does. */
static struct {
	gsl_rng *rng;
	unsigned int warm; /* batches that are slow at first */
	unsigned int batches;
	unsigned int crash_at; /* number of the batch that crashes, 0 for none */
	unsigned int stop_at;
	unsigned int astray_at;	  /* number of the batch that is no good, 0 for none */
	unsigned int astray;	  /* so many from there on */
	unsigned int astray_each; /* or one of so many, 0 for none */
	volatile sig_atomic_t stop;
	double effect;	   /* on arm 2, of this launch alone */
	double spikes;	   /* share of exits that something disturbs */
	unsigned int step; /* of the clock, cycles */
	double walk;	   /* seconds before each exit, in none of its cycles */
} machine;

static int made_open(const struct cell *c, void **run, struct data_error *e)
{
	(void)c;
	(void)e;
	*run = &machine;
	return 0;
}

static int made_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	double per = BASE + (b->arm == 2 ? SHIFT + machine.effect : 0) +
		     gsl_ran_gaussian(machine.rng, NOISE);
	uint32_t i;

	(void)run;
	if (machine.walk > 0)
		usleep((useconds_t)(machine.walk * 1e6 * b->exits));
	if (++machine.batches == machine.crash_at)
		raise(SIGILL);
	if (machine.batches == machine.stop_at)
		machine.stop = 1;
	if ((machine.astray_at && machine.batches >= machine.astray_at &&
	     machine.batches < machine.astray_at + machine.astray) ||
	    (machine.astray_each && machine.batches % machine.astray_each == 0)) {
		b->cycles = SPIKE; /* of which nothing may be seen */
		return data_fail(e, LAYER_ASTRAY, "another path");
	}
	if (machine.batches <= machine.warm)
		per += 500;
	b->cycles = (uint64_t)(per * b->exits);
	b->done = b->exits;
	for (i = 0; i < b->exits; i++) {
		uint64_t spike = gsl_rng_uniform(machine.rng) < machine.spikes ? SPIKE : 0;

		b->cycles += spike;
		if (b->stamps)
			b->stamps[i] = (uint64_t)(per + gsl_ran_gaussian(machine.rng, NOISE)) /
					       machine.step * machine.step +
				       spike;
	}
	return 0;
}

static const struct layer_ops made = {
	.layer = EGPR_LAYER_PRIM,
	.open = made_open,
	.batch = made_batch,
};

static const char ini[] = "[plan]\nmargins = 1 %\nlooks = 4\ndelays =\nbudget = 5\nper_exit = 50\n"
			  "offsets = 10\n[prim]\nstrategies = gated-mov\n";

struct fixture {
	struct plan plan;
	struct layer_env env;
	struct cell cell;
	struct engine engine;
	struct progress progress;
	struct cell_result result;
	struct data_error e;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	memset(&machine, 0, sizeof(machine));
	machine.step = 1;
	machine.rng = gsl_rng_alloc(gsl_rng_taus2);
	gsl_rng_set(machine.rng, 1);
	assert_int_equal(plan_read_text(&f->plan, "t.ini", ini, &f->e), 0);
	f->env.provenance = EGPR_PROV_PROXY;
	f->env.form = EGPR_FORM_PROXY;
	f->cell.ops = &made;
	f->cell.env = &f->env;
	f->cell.offsets = f->plan.offsets;
	f->cell.nr_arms = plan_arms(&f->plan, &f->plan.layer[EGPR_LAYER_PRIM], f->cell.arms);
	assert_int_equal(f->cell.nr_arms, 3);
	f->engine.plan = &f->plan;
	f->engine.seed = 11;
	f->engine.tsc_hz = 1e9;
	f->engine.progress = &f->progress;
	f->engine.stop = &machine.stop;
	stats_looks_init(&f->engine.looks, f->plan.spending, f->plan.looks);
	assert_int_equal(guard_start(&machine.stop, &f->e), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	guard_end();
	engine_result_free(&f->result);
	plan_free(&f->plan);
	gsl_rng_free(machine.rng);
	free(f);
	return 0;
}

static void test_decides(void **state)
{
	struct fixture *f = *state;
	struct cell_result *r = &f->result;
	struct stats_interval ci;
	double p;

	assert_int_equal(engine_cell(&f->engine, &f->cell, 2, 1, r, &f->e), 0);
	assert_int_equal(r->nr_comparisons, 2);
	/* 1 % of 1000 cycles: the A/A arm is equivalent, 25 cycles are slower. */
	assert_int_equal(stats_verdict(&r->comparisons[0].d[0], 0.05, &p), STATS_EQUIVALENT);
	assert_int_equal(stats_verdict(&r->comparisons[1].d[0], 0.05, &p), STATS_SLOWER);
	ci = stats_shift_interval(&r->comparisons[1].shift, 0.0005);
	assert_true(ci.low < SHIFT && SHIFT < ci.high);
	/* The machine answers at once, so blocks abound: it must have stopped when decided. */
	if (r->look >= f->plan.looks || r->final)
		fail_msg("look %u, %u of %u blocks", r->look, r->blocks, r->planned);
	assert_true(r->blocks < r->planned);
	assert_int_equal(r->tail[0].exits, 50);
	assert_true(r->tail[2].p99 > r->tail[0].p99 && r->tail[2].p999 >= r->tail[2].p99);
}

/* Width of the shift's interval that one block would give. */
static double width_of_one(const struct cell_result *r)
{
	struct stats_interval ci = stats_shift_interval(&r->comparisons[1].shift, 0.025);

	return (ci.high - ci.low) * sqrt(r->blocks);
}

/* Disturbed exits blur means of batches, not halves of them. */
static void test_locations(void **state)
{
	static const enum plan_location halves[] = { PLAN_MIDMEAN, PLAN_FAST };
	struct fixture *f = *state;
	struct cell_result *r = &f->result;
	struct stats_interval ci;
	double mean, p;
	size_t i;

	machine.spikes = 0.05;
	f->plan.batch_min = f->plan.batch_max = 64;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, r, &f->e), 0);
	mean = width_of_one(r);
	for (i = 0; i < COUNT(halves); i++) {
		engine_result_free(r);
		f->plan.location = halves[i];
		assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, r, &f->e), 0);
		if (!(width_of_one(r) < mean / 5))
			fail_msg("%g against %g", width_of_one(r), mean);
		ci = stats_shift_interval(&r->comparisons[1].shift, 0.0005);
		assert_true(ci.low < SHIFT && SHIFT < ci.high);
		assert_int_equal(stats_verdict(&r->comparisons[1].d[0], 0.05, &p), STATS_SLOWER);
		/* The faster half of normal noise lies 0.8 deviations below its middle. */
		assert_true(fabs(engine_median(r, 0) - BASE) < (i ? NOISE + 5 : 5));
	}
}

/* A clock of steps coarser than the exits' own noise: refused, not believed. */
static void test_midmean_needs_steps(void **state)
{
	struct fixture *f = *state;

	machine.step = 26;
	f->plan.location = PLAN_MIDMEAN;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, &f->result, &f->e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(f->e.text, "location = mean"));
	assert_int_equal(f->result.blocks, 0);
}

/* Walks longer than the cell has time for: a batch has fewer, and the cell ends when it should. */
static void test_walks_fit(void **state)
{
	struct fixture *f = *state;

	f->cell.context = context_find("fp-dram");
	machine.walk = 0.002;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.3, 1, &f->result, &f->e), 0);
	assert_in_range(f->result.batch, 2, 5);
	assert_in_range(f->result.blocks, 8, 12);
	assert_true(f->result.busy < 2);
}

/* And what would take many times as long is not begun. */
static void test_walks_without_end(void **state)
{
	struct fixture *f = *state;

	f->cell.context = context_find("fp-dram");
	machine.walk = 0.2;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.3, 1, &f->result, &f->e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(f->e.text, "one walk of this guest takes"));
	assert_int_equal(f->result.blocks, 0);
}

static void test_waits_for_warmth(void **state)
{
	struct fixture *f = *state;

	machine.warm = 50;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, &f->result, &f->e), 0);
	assert_true(f->result.warmup > machine.warm + 16);
	assert_true(f->result.settled);
	assert_true(fabs(engine_median(&f->result, 0) - BASE) < 5);
}

static void test_survives_a_crash(void **state)
{
	struct fixture *f = *state;

	/* cmocka has put its own handlers over the guard's. */
	guard_end();
	assert_int_equal(guard_start(&machine.stop, &f->e), 0);
	machine.crash_at = 110;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, &f->result, &f->e),
			 EGPR_CRASHED);
	assert_non_null(strstr(f->e.text, "SIGILL"));
	/* Whole blocks before the crash are kept, and the next cell can run. */
	assert_true(f->result.blocks > 0 && f->result.blocks < 20);
	engine_result_free(&f->result);
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.3, 1, &f->result, &f->e), 0);
}

static void test_stops_when_told(void **state)
{
	struct fixture *f = *state;

	machine.stop_at = 200;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 5, 1, &f->result, &f->e), 0);
	assert_int_equal(machine.batches, 200);
}

/* A batch that was not what the row claims leaves nothing but its count. */
static void test_drops_a_batch(void **state)
{
	struct fixture *f = *state;
	struct cell_result *r = &f->result;
	unsigned int b, a;

	machine.astray_at = 100;
	machine.astray = DROPS_IN_A_ROW - 1;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, r, &f->e), 0);
	assert_true(r->finished);
	assert_int_equal(r->drops.dropped, DROPS_IN_A_ROW - 1);
	assert_int_equal(r->drops.batches, machine.batches);
	for (a = 0; a < f->cell.nr_arms; a++) {
		for (b = 0; b < r->blocks; b++)
			assert_true(fabs(r->mean[a][b] - BASE) < 100);
	}
}

/* Wherever they come: at the first exit of an arm, in the warm-up, in blocks and tails. */
static void test_drops_anywhere(void **state)
{
	struct fixture *f = *state;

	for (machine.astray_at = 1; machine.astray_at < 10; machine.astray_at += 2) {
		machine.batches = 0;
		machine.astray = 1;
		engine_result_free(&f->result);
		assert_int_equal(engine_cell(&f->engine, &f->cell, 0.1, 1, &f->result, &f->e), 0);
		assert_int_equal(f->result.drops.dropped, 1);
	}
	machine.astray_at = machine.batches = 0;
	machine.astray_each = 150;
	engine_result_free(&f->result);
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.5, 1, &f->result, &f->e), 0);
	assert_int_equal(f->result.drops.dropped, machine.batches / 150);
	assert_int_equal(f->result.tail[2].exits, 50);
}

/* What goes on and on ends the cell: in a row at once, now and then when it is no longer rare. */
static void test_drops_end_a_cell(void **state)
{
	struct fixture *f = *state;

	machine.astray_at = 100;
	machine.astray = DROPS_IN_A_ROW;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 5, 1, &f->result, &f->e), EGPR_DATA);
	assert_non_null(strstr(f->e.text, "another path; so did 8 batches in a row"));
	assert_int_equal(machine.batches, 100 + DROPS_IN_A_ROW - 1);
	assert_true(f->result.blocks > 0);

	engine_result_free(&f->result);
	machine.batches = machine.astray = 0;
	machine.astray_each = 20;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 5, 1, &f->result, &f->e), EGPR_DATA);
	assert_non_null(strstr(f->e.text, "another path; so did 9 of 180 batches"));
}

static void test_stops_at_a_drop(void **state)
{
	struct fixture *f = *state;

	machine.stop_at = machine.astray_at = 200;
	machine.astray = 1;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 5, 1, &f->result, &f->e), 0);
	assert_int_equal(machine.batches, 200);
}

/* A block beside which the core is shared is kept, and known. */
static void test_contended(void **state)
{
	struct fixture *f = *state;
	struct contention shared = { .usual = { 1, 1 } }, alone = { .usual = { 1e9, 1e9 } };
	unsigned int b;

	f->engine.contention = &shared;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.3, 1, &f->result, &f->e), 0);
	assert_true(f->result.blocks > 0);
	for (b = 0; b < f->result.blocks; b++)
		assert_true(f->result.contended[b]);
	assert_int_equal(shared.shifted, shared.probes);
	engine_result_free(&f->result);
	f->engine.contention = &alone;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.3, 1, &f->result, &f->e), 0);
	for (b = 0; b < f->result.blocks; b++)
		assert_false(f->result.contended[b]);
}

/* What one launch shows for sure another may not: only all of them together decide. */
static void test_launches_decide(void **state)
{
	static const double effect[] = { 12, -55, -8, -50, -30 };
	static const unsigned int launches = sizeof(effect) / sizeof(*effect);
	struct stats_place places[sizeof(effect) / sizeof(*effect)];
	struct fixture *f = *state;
	struct cell_result *r = &f->result;
	unsigned int i;
	double p;

	for (i = 0; i < launches; i++)
		places[i] = (struct stats_place){ { 0, 0, i } };
	f->engine.launches = launches;
	f->engine.places = places;
	stats_looks_init(&f->engine.looks, f->plan.spending, engine_looks(&f->engine));
	for (i = 0; i < launches && !r->finished; i++) {
		f->engine.launch = i;
		machine.effect = effect[i];
		assert_int_equal(engine_cell(&f->engine, &f->cell, 0.2, 1, r, &f->e), 0);
		assert_int_equal(r->parts, i + 1);
		assert_int_equal(r->part_end[i], r->blocks);
		/* A launch by itself is not looked at. */
		assert_int_equal(r->nr_comparisons, i ? 2 : 0);
	}
	assert_int_equal(i, launches);
	assert_true(r->final);
	assert_in_range(r->blocks, launches * 4, r->planned);
	assert_int_equal(r->launch[0], 0);
	assert_int_equal(r->launch[r->blocks - 1], launches - 1);
	assert_int_equal(r->comparisons[1].shift.groups[STATS_LAUNCH], launches);
	/* Standard deviation of the effects: 28; the A/A arm has none. */
	assert_true(r->comparisons[1].shift.level_sd[STATS_LAUNCH] > 20);
	assert_true(r->comparisons[0].shift.level_sd[STATS_LAUNCH] < 3);
	assert_int_equal(stats_verdict(&r->comparisons[0].d[0], 0.05, &p), STATS_EQUIVALENT);
	assert_int_equal(stats_verdict(&r->comparisons[1].d[0], 0.05, &p), STATS_INCONCLUSIVE);
	/* As one launch the same blocks would have been sure of it. */
	f->engine.places = NULL;
	assert_int_equal(engine_decide(&f->engine, &f->cell, r->part_end[0], launches - 1, r), 0);
	assert_int_equal(stats_verdict(&r->comparisons[1].d[0], 0.05, &p), STATS_SLOWER);
}

/* A look sees the blocks up to it: a process that takes it again has more, and finds the same. */
static void test_looks_again(void **state)
{
	struct fixture *f = *state;
	struct cell_result *r = &f->result;
	struct stats_decision was;
	unsigned int a, b, n;

	machine.effect = 5;
	assert_int_equal(engine_cell(&f->engine, &f->cell, 0.2, 1, r, &f->e), 0);
	n = r->blocks / 2;
	/* A margin at the effect, where every bit of it tells. */
	f->plan.margins[0].percent = true;
	f->plan.margins[0].value = 100 * r->comparisons[1].shift.estimate / engine_median(r, 0);
	r->nr_comparisons = 0;
	assert_int_equal(engine_decide(&f->engine, &f->cell, n, 0, r), 0);
	was = r->comparisons[1].d[0];
	for (a = 0; a < f->cell.nr_arms; a++) {
		for (b = n; b < r->blocks; b++)
			r->mean[a][b] *= 3;
	}
	r->nr_comparisons = 0;
	assert_int_equal(engine_decide(&f->engine, &f->cell, n, 0, r), 0);
	assert_memory_equal(&was, &r->comparisons[1].d[0], sizeof(was));
}

/* Positions and neighbours are balanced over a period: Williams' two properties. */
static void test_orders(void **state)
{
	unsigned int arms, b, i, out[2 * ORDER_MAX_ARMS];

	(void)state;
	for (arms = 3; arms <= 17; arms++) {
		unsigned int at[ORDER_MAX_ARMS][ORDER_MAX_ARMS] = { { 0 } };
		unsigned int after[ORDER_MAX_ARMS][ORDER_MAX_ARMS] = { { 0 } };
		unsigned int period = order_period(arms);

		assert_int_equal(order_length(arms), arms);
		for (b = period; b < 2 * period; b++) {
			order_block(5, arms, b, out);
			for (i = 0; i < arms; i++) {
				at[out[i]][i]++;
				if (i)
					after[out[i - 1]][out[i]]++;
			}
		}
		for (b = 0; b < arms; b++) {
			for (i = 0; i < arms; i++) {
				assert_int_equal(at[b][i], period / arms);
				assert_int_equal(after[b][i], b == i ? 0 : period / arms);
			}
		}
	}
}

static void test_abba(void **state)
{
	unsigned int b, out[4], first = 0;

	(void)state;
	for (b = 0; b < 200; b++) {
		order_block(5, 2, b, out);
		assert_true(out[0] == out[3] && out[1] == out[2] && out[0] != out[1]);
		first += out[0];
	}
	assert_in_range(first, 60, 140);
}

/* Same seed, same order; another seed, another; every offset once per round. */
static void test_orders_repeat(void **state)
{
	unsigned int a[16], b[16], c[16], i, j, same = 0, seen[10];

	(void)state;
	for (i = 0; i < 50; i++) {
		order_block(order_seed(1, "x"), 16, i, a);
		order_block(order_seed(1, "x"), 16, i, b);
		order_block(order_seed(2, "x"), 16, i, c);
		assert_memory_equal(a, b, sizeof(a));
		same += !memcmp(a, c, sizeof(a));
	}
	assert_in_range(same, 0, 2);
	for (i = 0; i < 5; i++) {
		memset(seen, 0, sizeof(seen));
		for (j = 0; j < 10; j++)
			seen[order_layout(1, 10, 10 * i + j)]++;
		for (j = 0; j < 10; j++)
			assert_int_equal(seen[j], 1);
	}
}

/* A copied strategy does what the original does, at every offset. */
static void test_layout_copies(void **state)
{
	struct plan_arm arm = { .id = "gated-mov" };
	struct egpr_switch *sw = aligned_alloc(64, sizeof(*sw));
	struct data_error e = { "" };
	struct layout *l;
	unsigned int o;

	(void)state;
	arm.strategy = egpr_strategy_find(arm.id, NULL);
	l = layout_open(&arm, 1, EGPR_FORM_PROXY, 1, 16, &e);
	assert_non_null(l);
	for (o = 0; o < 16; o++) {
		const struct layout_site *site = layout_site(l, 0, o);
		uintptr_t at = (uintptr_t)site->seq.exit;

		assert_int_equal(at % LAYOUT_LINE, layout_offset(16, o));
		memset(sw, 0x5a, sizeof(*sw));
		sw->flags = EGPR_SWITCH_GUEST_APX;
		assert_true(site->loop(sw, site->seq.exit, site->seq.entry, 3).rounds == 3);
		/* The exit half has stored: the pattern is gone from every slot. */
		assert_true(sw->regs[0] != 0x5a5a5a5a5a5a5a5aULL);
		assert_true(sw->regs[15] != 0x5a5a5a5a5a5a5a5aULL);
	}
	layout_close(l);
	free(sw);
}

/*
 * Delays in one cell are the same bytes but for the slots of their additions; what they differ by
 * is N additions of one core cycle.
 */
static void test_layout_delays(void **state)
{
	static const uint8_t addition[] = { 0x48, 0x01, 0xc0 };
	static const unsigned int delays[] = { 0, 16, 40 };
	struct plan_arm arms[COUNT(delays)];
	const uint8_t *code[COUNT(delays)];
	struct egpr_switch *sw = aligned_alloc(64, sizeof(*sw));
	unsigned int o, a, i, differ = 0, wrong = 0;
	struct data_error e = { "" };
	struct layout *l;

	(void)state;
	for (a = 0; a < COUNT(delays); a++)
		arms[a] = (struct plan_arm){ .strategy = &egpr_strategies[EGPR_STRATEGY_delay],
					     .delay = delays[a] };
	l = layout_open(arms, COUNT(delays), EGPR_FORM_PROXY, 1, 16, &e);
	assert_non_null(l);
	for (o = 0; o < 16; o++) {
		for (a = 0; a < COUNT(delays); a++) {
			const struct layout_site *site = layout_site(l, a, o);

			code[a] = (const uint8_t *)(uintptr_t)site->seq.exit;
			assert_int_equal((uintptr_t)code[a] % LAYOUT_LINE, layout_offset(16, o));
			memset(sw, 0, sizeof(*sw));
			assert_true(site->loop(sw, site->seq.exit, site->seq.entry, 3).rounds == 3);
		}
	}
	for (i = 0; i < 1024; i++) {
		differ += code[2][i] != code[0][i];
		/* Where the longest differs from none, the middle one is one of the two. */
		wrong += code[1][i] != code[0][i] && code[1][i] != code[2][i];
	}
	assert_int_equal(differ, 40 * sizeof(addition));
	assert_int_equal(wrong, 0);
	for (i = 0; memcmp(code[2] + i, addition, sizeof(addition)) != 0; i++)
		assert_true(i < 1024);
	for (a = 0; a < 40; a++) {
		assert_memory_equal(code[2] + i + a * sizeof(addition), addition, sizeof(addition));
		assert_int_equal(
			!memcmp(code[1] + i + a * sizeof(addition), addition, sizeof(addition)),
			a < 16);
	}
	layout_close(l);
	free(sw);
}

/* Over the offsets each arm has had each two pages beside the others equally often; its loop has one of them. */
static void test_layout_pages(void **state)
{
	unsigned int o, a, seen[4][4] = { { 0 } };
	struct plan_arm arms[4];
	struct data_error e = { "" };
	struct layout *l;

	(void)state;
	for (a = 0; a < 4; a++)
		arms[a] = (struct plan_arm){ .strategy = egpr_strategy_find("none", NULL) };
	l = layout_open(arms, 4, EGPR_FORM_PROXY, 1, 16, &e);
	assert_non_null(l);
	for (o = 0; o < 16; o++) {
		for (a = 0; a < 4; a++) {
			const struct layout_site *site = layout_site(l, a, o);

			seen[a][(uintptr_t)site->seq.exit / 8192 % 4]++;
			assert_int_equal((uintptr_t)site->seq.exit / 4096,
					 (uintptr_t)site->seq.entry / 4096);
			assert_int_not_equal((uintptr_t)site->seq.exit / 4096,
					     (uintptr_t)site->loop / 4096);
		}
	}
	for (a = 0; a < 4; a++) {
		for (o = 0; o < 4; o++)
			assert_int_equal(seen[a][o], 4);
	}
	layout_close(l);
}

/* Arms share the place of their context, not what is in it. */
static void test_contexts(void **state)
{
	struct layer_env env = { .form = EGPR_FORM_PROXY };
	struct cell c = { .env = &env, .nr_arms = 3, .state = EGPR_STATE_DIRTY };
	struct egpr_switch *a, *b;
	struct layer_contexts *l;

	(void)state;
	c.arms[1].delay = 5;
	l = layer_contexts_open(&c);
	assert_non_null(l);
	a = layer_context(l, 0);
	a->regs[3] = 77;
	b = layer_context(l, 1);
	assert_ptr_equal(a, b);
	assert_int_equal(b->delay, 5);
	assert_int_not_equal(b->regs[3], 77);
	b->xsave[100] = 9;
	assert_int_equal(layer_context(l, 2)->xsave[100], 0);
	assert_int_equal(layer_context(l, 0)->regs[3], 77);
	assert_int_equal(layer_context(l, 1)->xsave[100], 9);
	free(l);
}

/* Every strategy in every form fits its slot and can be copied. */
static void test_layout_takes_all(void **state)
{
	struct plan_arm arms[EGPR_NR_STRATEGIES];
	struct data_error e = { "" };
	enum egpr_form form;
	unsigned int i;

	(void)state;
	for (i = 0; i < EGPR_NR_STRATEGIES; i++) {
		arms[i].strategy = &egpr_strategies[i];
		arms[i].delay = 0;
		snprintf(arms[i].id, sizeof(arms[i].id), "%s", egpr_strategies[i].id);
	}
	for (form = 0; form < EGPR_NR_FORMS; form++) {
		struct layout *l = layout_open(arms, EGPR_NR_STRATEGIES, form, 1, 64, &e);

		if (!l)
			fail_msg("%s", e.text);
		layout_close(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_decides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_locations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_midmean_needs_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waits_for_warmth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_survives_a_crash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walks_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walks_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stops_when_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_contended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drops_a_batch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drops_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_drops_end_a_cell, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stops_at_a_drop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_launches_decide, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_looks_again, set_up, tear_down),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_abba),
		cmocka_unit_test(test_orders_repeat),
		cmocka_unit_test(test_layout_copies),
		cmocka_unit_test(test_layout_delays),
		cmocka_unit_test(test_layout_pages),
		cmocka_unit_test(test_layout_takes_all),
		cmocka_unit_test(test_contexts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
