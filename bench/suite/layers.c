// SPDX-License-Identifier: GPL-2.0-only
/*
 * One benchmark per arm of the tables, on the engine's own layer runners.
 *
 * Names are layer/exit-kind/guest-state/strategy, so that Google Benchmark's filters
 * select along the axes. These are single arms: for differences, with intervals and
 * verdicts, there is `egprlab run`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/plan/axis.h>
#include <bench/layer/layer.h>
#include <bench/layer/standin.h>
#include <bench/plan/stand_in.h>
#include <bench/measure/drops.h>
#include "suite.h"

#define PRIM_ROUNDS   4096 /* some 100 us */
#define GUEST_EXITS   64   /* some 100 us on hardware, a millisecond on an interpreting KVM */
#define DELAY_EXAMPLE 10   /* core cycles: the delay strategy needs a number to be an arm */
#define NAME_SIZE     160

struct arm {
	const struct suite *suite;
	const struct layer_ops *ops;
	const struct egpr_exit_kind *kind;
	enum egpr_guest_state state;
	struct plan_arm arm;
};

/* What a layer found out about the host, asked once. */
struct probe {
	int asked;
	int status;
	void *host;
	struct data_error error;
};

static struct layer_env env;
static struct probe probes[EGPR_NR_LAYERS];
static struct arm *arms;
static size_t nr_arms;

static const struct probe *probe(const struct layer_ops *ops)
{
	struct probe *p = &probes[ops->layer];

	if (!p->asked++)
		p->status = ops->probe(&env, &p->host, &p->error);
	return p;
}

static void give_up(struct gbench_state *state, int status, const struct data_error *e)
{
	if (status == EGPR_SKIPPED || status == EGPR_UNAVAILABLE)
		gbench_skip(state, e->text);
	else
		gbench_fail(state, e->text);
}

static void label(struct gbench_state *state, const struct cell *c)
{
	char text[NAME_SIZE];

	snprintf(text, sizeof(text), "%s%s%s%s%s", env.provenance == EGPR_PROV_HW ? "hw" : "proxy",
		 c->arms[0].strategy->family == EGPR_FAMILY_XSAVE ? " of " : "",
		 c->arms[0].strategy->family == EGPR_FAMILY_XSAVE ? env.standin.text : "",
		 c->ops->guest ? ", backend " : "", c->ops->guest ? c->backend : "");
	if (c->ops->guest && !c->representative)
		strncat(text, ", representative: no", sizeof(text) - strlen(text) - 1);
	gbench_label(state, text);
}

/* One that is kept: those that went astray before it are not timed. */
static int one_batch(const struct arm *a, void *opened, struct layer_batch *b, struct drops *d,
		     struct data_error *e)
{
	int ret;

	do
		ret = drops_note(d, a->ops->batch(opened, b, e), e);
	while (ret == LAYER_ASTRAY);
	return ret;
}

static void run(struct gbench_state *state, void *context)
{
	const struct arm *a = context;
	const struct probe *p = probe(a->ops);
	struct layer_batch b = { .exits = a->ops->guest ? GUEST_EXITS : PRIM_ROUNDS };
	struct cell c = { .ops = a->ops,
			  .host = p->host,
			  .env = &env,
			  .kind = a->kind,
			  .state = a->state,
			  .nr_arms = 1,
			  .arms = { a->arm },
			  .offsets = 1 };
	struct data_error e = { "" };
	struct drops drops = { 0 };
	double cycles = 0;
	void *opened = NULL;
	int status = p->status;

	if (status) {
		give_up(state, status, &p->error);
		return;
	}
	status = a->ops->check_cell(&c, &e);
	if (!status)
		status = a->ops->check_arm(&c, &a->arm, &e);
	if (!status)
		status = a->ops->open(&c, &opened, &e);
	if (!status && a->ops->begin)
		status = a->ops->begin(opened, &e);
	if (!status) /* warm: the first batch faults its pages in */
		status = one_batch(a, opened, &b, &drops, &e);
	if (status)
		goto out_close;
	while (gbench_batch(state, b.exits)) {
		status = one_batch(a, opened, &b, &drops, &e);
		if (status)
			goto out_close;
		cycles += (double)b.cycles;
		gbench_seconds(state, (double)b.cycles / a->suite->tsc_hz);
	}
	gbench_counter_per_iteration(state, "tsc_cycles", cycles);
	label(state, &c);
out_close:
	if (status)
		give_up(state, status, &e);
	if (opened && a->ops->close)
		a->ops->close(opened);
}

static void add(const struct suite *s, const struct layer_ops *ops,
		const struct egpr_exit_kind *kind, enum egpr_guest_state state,
		const struct egpr_strategy *strategy)
{
	struct arm *a = &arms[nr_arms++];
	char name[NAME_SIZE];
	int delay = strategy->family == EGPR_FAMILY_DELAY;

	a->suite = s;
	a->ops = ops;
	a->kind = kind;
	a->state = state;
	a->arm.strategy = strategy;
	a->arm.delay = delay ? DELAY_EXAMPLE : 0;
	if (delay)
		snprintf(a->arm.id, sizeof(a->arm.id), "%s-%d", strategy->id, DELAY_EXAMPLE);
	else
		snprintf(a->arm.id, sizeof(a->arm.id), "%s", strategy->id);
	snprintf(name, sizeof(name), "%s/%s/%s/%s", egpr_layers[ops->layer].id,
		 kind ? kind->id : "none", egpr_guest_states[state].id, a->arm.id);
	gbench_register(name, run, a, NULL);
}

static void add_cells(const struct suite *s, const struct layer_ops *ops,
		      const struct egpr_exit_kind *kind)
{
	const struct egpr_strategy *strategy;
	enum egpr_guest_state state;

	for (state = 0; state < EGPR_NR_STATES; state++) {
		egpr_for_each_strategy(strategy) {
			/* KVM's own is compared across states, which takes the engine. */
			if (strategy->family != EGPR_FAMILY_OWN)
				add(s, ops, kind, state, strategy);
		}
	}
}

int suite_layers_register(const struct suite *s)
{
	const struct egpr_exit_kind *kind;
	enum egpr_layer layer;
	struct data_error e;
	uint32_t allowed;

	if (stand_in_from_env(&allowed, &e)) {
		fprintf(stderr, "egprlab bench: %s\n", e.text);
		return EGPR_USAGE;
	}
	standin_probe(&env.standin, allowed);
	env.provenance = env.standin.apx ? EGPR_PROV_HW : EGPR_PROV_PROXY;
	env.form = env.standin.apx ? EGPR_FORM_HW : EGPR_FORM_PROXY;
	env.cpu = s->cpu;
	arms = calloc((size_t)EGPR_NR_LAYERS * EGPR_NR_EXIT_KINDS * EGPR_NR_STATES *
			      EGPR_NR_STRATEGIES,
		      sizeof(*arms));
	if (!arms)
		return EGPR_INTERNAL;
	for (layer = 0; layer < EGPR_NR_LAYERS; layer++) {
		const struct layer_ops *ops = layer_find(layer);

		if (!ops)
			continue;
		if (!ops->guest) {
			add_cells(s, ops, NULL);
			continue;
		}
		egpr_for_each_exit_kind(kind)
			add_cells(s, ops, kind);
	}
	return 0;
}

void suite_layers_release(void)
{
	enum egpr_layer layer;

	for (layer = 0; layer < EGPR_NR_LAYERS; layer++) {
		const struct layer_ops *ops = layer_find(layer);

		if (probes[layer].asked && !probes[layer].status && ops->release)
			ops->release(probes[layer].host);
		memset(&probes[layer], 0, sizeof(probes[layer]));
	}
	free(arms);
	arms = NULL;
	nr_arms = 0;
}
