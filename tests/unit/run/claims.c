// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a context claims of its ruler has to come true: a cell is made up whose truth is known, and a fault is
 * planted in it. What is not claimed is open in words; what speaks against the ruler fails everywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/run/checks.h>

#define BLOCKS 400
#define BASE   200.0
#define PER    0.7 /* TSC ticks of a core cycle */
#define ROW    140.0

/*
 * struct truth - of a cell
 * @twin: TSC ticks that none-b takes more than none
 * @noise: half-width of what each batch of them takes beside that
 * @ten: core cycles that delay-10 takes more than delay-0
 * @ten_noise: of the delays, likewise
 * @contended: every which block is contended; 0 for none
 * @more: TSC ticks that gated-mov takes more there
 */
struct truth {
	enum egpr_layer layer;
	enum egpr_context context;
	double twin, noise;
	double ten, ten_noise;
	unsigned int contended;
	double more;
};

enum {
	NONE,
	TWIN,
	DELAY_0,
	DELAY_10,
	GATED,
	ARMS
};

static unsigned int state;

/* -1 .. 1 */
static double chance(void)
{
	state = state * 1103515245u + 12345u;
	return (state >> 8 & 0xffff) / 32768.0 - 1;
}

static void add_arm(struct cell *c, const char *id)
{
	struct plan_arm *a = &c->arms[c->nr_arms++];

	a->strategy = egpr_strategy_find(id, &a->delay);
	assert_non_null(a->strategy);
	snprintf(a->id, sizeof(a->id), "%s", id);
}

/* The result of a check whose name begins so: "pass", "fail", "skip", or "" where there is none. */
static const char *result(const struct truth *t, const char *begins)
{
	static struct plan plan;
	static char found[8];
	struct engine g = { .plan = &plan };
	struct run_cell *c = calloc(1, sizeof(*c));
	struct checks k = { .array = cJSON_CreateArray() };
	struct layer_ops ops = { .layer = t->layer };
	struct data_error e = { "" };
	const cJSON *o;
	unsigned int b;
	char said[256];

	assert_non_null(c);
	assert_int_equal(plan_profile(&plan, "quick", &e), 0);
	plan.launches = 1;
	plan.looks = 1;
	k.said = said;
	k.size = sizeof(said);
	c->cell.ops = &ops;
	c->cell.context = &egpr_contexts[t->context];
	c->cell.offsets = 1;
	c->cell.representative = true;
	add_arm(&c->cell, "none");
	add_arm(&c->cell, "none-b");
	add_arm(&c->cell, "delay-0");
	add_arm(&c->cell, "delay-10");
	add_arm(&c->cell, "gated-mov");
	snprintf(c->r.name, sizeof(c->r.name), "made up");
	assert_int_equal(engine_reserve(&c->r, ARMS, BLOCKS), 0);
	state = 1;
	for (b = 0; b < BLOCKS; b++) {
		double *mean[ARMS];
		unsigned int a;

		for (a = 0; a < ARMS; a++)
			mean[a] = &c->r.mean[a][b];
		c->r.contended[b] = t->contended && !(b % t->contended);
		*mean[NONE] = BASE + t->noise * chance();
		*mean[TWIN] = BASE + t->twin + t->noise * chance();
		*mean[DELAY_0] = BASE + ROW + t->ten_noise * chance();
		*mean[DELAY_10] = BASE + ROW + t->ten * PER + t->ten_noise * chance();
		*mean[GATED] = *mean[NONE] + 5 + (c->r.contended[b] ? t->more : 0);
	}
	c->r.blocks = BLOCKS;
	c->r.final = true;
	c->r.tsc_per_core = PER;
	assert_int_equal(engine_decide(&g, &c->cell, BLOCKS, 0, &c->r), 0);
	check_claims(&k, &g, c);
	*found = '\0';
	cJSON_ArrayForEach(o, k.array) {
		const char *name = cJSON_GetObjectItem(o, "check")->valuestring;

		if (strncmp(name, begins, strlen(begins)))
			continue;
		snprintf(found, sizeof(found), "%s", cJSON_GetObjectItem(o, "result")->valuestring);
		print_message("# %s %s: %s\n", c->cell.context->id, name,
			      cJSON_GetObjectItem(o, "detail")->valuestring);
	}
	cJSON_Delete(k.array);
	engine_result_free(&c->r);
	plan_free(&plan);
	free(c);
	return found;
}

static struct truth truth(enum egpr_context context)
{
	return (struct truth){
		.layer = EGPR_LAYER_PRIM, .context = context, .noise = 3, .ten = 10, .ten_noise = 3
	};
}

#define WANT(t, begins, want) assert_string_equal(result(&(t), begins), want)

/* Every row that claims has what it claims where the ruler is right. */
static void test_right(void **unused)
{
	unsigned int i, claims = 0;

	(void)unused;
	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		struct truth t = truth((enum egpr_context)i);

		if (!(egpr_contexts[i].layers & EGPR_CONTEXT_IN_PRIM))
			continue;
		WANT(t, "A/A", "pass");
		WANT(t, "ten cycles", "pass");
		claims += egpr_contexts[i].aa >= 0;
	}
	assert_int_equal(claims, 12);
}

/* A/A that is open: unsound where equivalence is claimed, words where it is not. */
static void test_open(void **unused)
{
	struct truth t;

	(void)unused;
	t = truth(EGPR_CONTEXT_APART);
	t.noise = 100;
	WANT(t, "A/A", "fail");
	t = truth(EGPR_CONTEXT_LLC);
	t.noise = 60; /* fits what the row claims, not one per cent */
	WANT(t, "A/A", "pass");
	t.noise = 400;
	WANT(t, "A/A", "fail");
	t = truth(EGPR_CONTEXT_FP_L2);
	t.layer = EGPR_LAYER_BOUNDARY;
	t.noise = 400;
	WANT(t, "A/A", "skip");
	t.noise = 3;
	t.twin = 50; /* no claim excuses a difference */
	WANT(t, "A/A", "fail");
}

/* A twin that differs by more than the row claims, and by less. */
static void test_twin(void **unused)
{
	struct truth t = truth(EGPR_CONTEXT_DRAM);

	(void)unused;
	t.twin = egpr_contexts[EGPR_CONTEXT_DRAM].aa + 5;
	WANT(t, "A/A", "fail");
	t.twin = 0.5 * egpr_contexts[EGPR_CONTEXT_DRAM].aa;
	WANT(t, "A/A", "pass");
	t.context = EGPR_CONTEXT_APART; /* one per cent is 2 */
	WANT(t, "A/A", "fail");
}

/* Ten cycles that are not there, or drown. */
static void test_ten(void **unused)
{
	struct truth t = truth(EGPR_CONTEXT_LLC);

	(void)unused;
	t.ten = 0;
	WANT(t, "ten cycles", "fail");
	t = truth(EGPR_CONTEXT_LLC);
	t.ten_noise = 300;
	WANT(t, "ten cycles", "fail");
	t.context = EGPR_CONTEXT_CODE_COLD;
	WANT(t, "ten cycles", "skip");
	t.ten = 30;
	t.ten_noise = 3; /* too many of them are a fault everywhere */
	WANT(t, "ten cycles", "fail");
	t.layer = EGPR_LAYER_BOUNDARY;
	t.context = EGPR_CONTEXT_FP_0;
	WANT(t, "ten cycles", "");
}

/* A busy core changes what a strategy costs: a fault, unless it fetches from what others share. */
static void test_contended(void **unused)
{
	struct truth t = truth(EGPR_CONTEXT_APART);

	(void)unused;
	t.contended = 4;
	WANT(t, "contention made up/gated-mov", "pass");
	t.more = 30;
	WANT(t, "contention made up/gated-mov", "fail");
	t.context = EGPR_CONTEXT_L1;
	WANT(t, "contention made up/gated-mov", "fail");
	t.context = EGPR_CONTEXT_DRAM;
	WANT(t, "contention made up/gated-mov", "skip");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),	  cmocka_unit_test(test_open),
		cmocka_unit_test(test_twin),	  cmocka_unit_test(test_ten),
		cmocka_unit_test(test_contended),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
