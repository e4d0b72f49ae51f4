// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a plan to cells: layer x context x exit kind x guest state, with the arms that can run.
 * Every combination that cannot is kept with its reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emu/user/user.h>
#include <bench/group/group.h>
#include <bench/plan/axis.h>
#include <bench/proof/contract.h>
#include <bench/proof/proof.h>
#include "run.h"

int run_skip_add_key(struct run *run, const struct rundir_key *key, const char *strategy,
		     int refused, const char *reason)
{
	struct run_skip *s = realloc(run->skips, (run->nr_skips + 1) * sizeof(*s));

	if (!s)
		return EGPR_INTERNAL;
	run->skips = s;
	s += run->nr_skips++;
	memset(s, 0, sizeof(*s));
	s->key = *key;
	snprintf(s->backend, sizeof(s->backend), "%s",
		 key->backend && *key->backend ? key->backend : "none");
	snprintf(s->strategy, sizeof(s->strategy), "%s", strategy);
	snprintf(s->reason, sizeof(s->reason), "%.511s", reason);
	s->refused = refused;
	return 0;
}

int run_skip_add(struct run *run, const struct cell *c, const char *strategy, int refused,
		 const char *reason)
{
	const struct rundir_key key = cell_key(c, NULL);

	return run_skip_add_key(run, &key, strategy, refused, reason);
}

int run_skip_add_arm(struct run *run, const struct cell *c, const struct plan_arm *arm, int refused,
		     const char *reason)
{
	int ret = run_skip_add(run, c, arm->id, refused, reason);

	if (!ret)
		run->skips[run->nr_skips - 1].key.state = cell_arm_state(c, arm);
	return ret;
}

static int add_skip(struct run *run, const struct cell *c, const struct data_error *why)
{
	return run_skip_add(run, c, "", 0, why->text);
}

bool run_in_ring0(const struct cell *c)
{
	return c->ops->layer == EGPR_LAYER_RING0 || c->ops->layer == EGPR_LAYER_KVM ||
	       c->ops->layer == EGPR_LAYER_VMENTER;
}

/* No proof, no number. Return: 0, or a status that says how the arm failed. */
static int gate(const struct run *run, const struct cell *c, const struct plan_arm *arm,
		struct data_error *why)
{
	int status = proof_gate(arm->strategy, run->env.form, run_in_ring0(c), why);

	if (status)
		return status;
	return contract_gate(arm->strategy, &run->env.standin, run->env.form,
			     cell_arm_state(c, arm), run_in_ring0(c), why);
}

/* Return: 1 where the arm runs, 0 where it went to the skips, -1 without memory. */
static int fill_arm(struct run *run, struct cell *c, const struct plan_arm *arm)
{
	struct data_error why, unproved;
	int refused = gate(run, c, arm, &unproved);

	/* First the gate: to ask a layer may be to run the arm. */
	if ((!refused || refused == EGPR_SKIPPED) && c->ops->check_arm(c, arm, &why)) {
		/* A delay is no strategy: only what was asked for is missed. */
		if (arm->strategy->family == EGPR_FAMILY_DELAY)
			return 0;
		return run_skip_add_arm(run, c, arm, 0, why.text) ? -1 : 0;
	}
	if (refused)
		return run_skip_add_arm(run, c, arm, refused, unproved.text) ? -1 : 0;
	c->arms[c->nr_arms++] = *arm;
	return 1;
}

/*
 * Fills the arms; what cannot run goes to the skips. KVM's own switch goes, in every state that the
 * plan has, beside a baseline of state off.
 *
 * Return: strategies that compare, or -1.
 */
static int fill_arms(struct run *run, struct cell *c, const struct plan_layer *l, bool own)
{
	struct plan_arm all[PLAN_MAX_ARMS];
	unsigned int n = plan_arms(run->plan, l, all), i, s;
	int compared = 0, runs;

	for (s = 0; s < EGPR_NR_STATES; s++)
		n += own && c->state == EGPR_STATE_OFF && plan_own_arm(l, s, &all[n]);
	c->nr_arms = 0;
	for (i = 0; i < n; i++) {
		runs = fill_arm(run, c, &all[i]);
		if (runs < 0)
			return -1;
		compared += runs && all[i].strategy->family != EGPR_FAMILY_BASE;
	}
	return compared;
}

/* Has this exit kind its baseline already, in another guest state? */
static const struct run_cell *same_baseline(const struct run *run, const struct cell *c)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *o = &run->cells[i];

		if (!o->compares && o->cell.ops == c->ops && o->cell.kind == c->kind &&
		    o->cell.context == c->context)
			return o;
	}
	return NULL;
}

static int add_cell(struct run *run, struct cell *c, const struct plan_layer *l, bool own)
{
	const struct run_cell *same = same_baseline(run, c);
	struct data_error why;
	struct run_cell *cells;
	int compared;

	if (same && run->env.form == EGPR_FORM_PROXY) {
		data_fail(&why, 0,
			  "no strategy runs for this exit kind here, so the guest state changes "
			  "nothing: measured as state %s",
			  egpr_guest_states[same->cell.state].id);
		return add_skip(run, c, &why);
	}
	compared = fill_arms(run, c, l, own);
	if (compared < 0)
		return EGPR_INTERNAL;
	cells = realloc(run->cells, (run->nr_cells + 1) * sizeof(*cells));
	if (!cells)
		return EGPR_INTERNAL;
	run->cells = cells;
	cells += run->nr_cells++;
	memset(cells, 0, sizeof(*cells));
	cells->cell = *c;
	cells->compares = compared > 0;
	cells->weight = compared ? l->weight : l->baseline_weight;
	if (cell_context(c) != context_default(c->ops->layer))
		cells->weight *= l->context_weight * cell_context(c)->share;
	return 0;
}

static int expand_state(struct run *run, struct cell *c, const struct plan_layer *l, bool own)
{
	struct data_error why;

	if (c->ops->check_cell(c, &why))
		return add_skip(run, c, &why);
	if (c->kind && (c->kind->needs & EGPR_EXIT_TWICE)) {
		data_fail(&why, 0,
			  "an iteration is two exits of KVM, so it has no time of one exit; it is "
			  "proved, and not timed");
		return add_skip(run, c, &why);
	}
	return add_cell(run, c, l, own);
}

static int expand_kind(struct run *run, struct cell *c, const struct plan_layer *l, bool own)
{
	struct plan_layer beside = *l;
	unsigned int s;
	int ret = 0;

	/* A baseline for KVM's own switch, in a state of which the plan wants nothing else. */
	beside.strategies &= 1u << EGPR_STRATEGY_kvm_own;
	for (s = 0; s < EGPR_NR_STATES && !ret; s++) {
		struct cell one = *c;

		one.state = s;
		if (l->states & (1u << s))
			ret = expand_state(run, &one, l, own);
		else if (s == EGPR_STATE_OFF && own)
			ret = expand_state(run, &one, &beside, own);
	}
	return ret;
}

/* Rows for KVM's own switch in each of @states, none for an exit kind: they do not depend on it. */
static int skip_own(struct run *run, const struct cell *c, unsigned int states, const char *why)
{
	struct plan_arm arm = { .strategy = &egpr_strategies[EGPR_STRATEGY_kvm_own] };
	unsigned int s;
	int ret = 0;

	snprintf(arm.id, sizeof(arm.id), "%s", arm.strategy->id);
	for (s = 0; s < EGPR_NR_STATES && !ret; s++) {
		arm.state = s;
		if (states & (1u << s))
			ret = run_skip_add_arm(run, c, &arm, 0, why);
	}
	return ret;
}

/*
 * Does the plan want KVM's own switch in this layer, and can it be had? Every state that it wants has
 * its arms or its reason. Return: 1 or 0, -1 without memory.
 */
static int has_own(struct run *run, struct cell *c, const struct plan_layer *l)
{
	unsigned int off = 1u << EGPR_STATE_OFF, others = l->states & ~off;
	struct data_error why;
	bool has = false;

	if (!(l->strategies & (1u << EGPR_STRATEGY_kvm_own)))
		return 0;
	if (!c->ops->check_own)
		data_fail(
			&why, 0,
			"there is no KVM in this layer; KVM's own switch is measured in layers kvm "
			"and boundary");
	else
		has = !c->ops->check_own(c, &why);
	if (!has && skip_own(run, c, l->states, why.text))
		return -1;
	if (has &&
	    skip_own(run, c, l->states & off,
		     "guest state off is what KVM's own switch is compared with: the row of none"))
		return -1;
	return has && others;
}

/* A layer that cannot run at all: one row per exit kind, so that none is missing. */
static int skip_layer(struct run *run, struct cell *c, const struct plan_layer *l, bool guest,
		      const struct data_error *why)
{
	unsigned int k;
	int ret = 0;

	strcpy(c->backend, "none");
	c->path = EGPR_PATH_NONE;
	c->state = (enum egpr_guest_state)__builtin_ctz(l->states);
	if (!guest)
		return add_skip(run, c, why);
	for (k = 0; k < EGPR_NR_EXIT_KINDS && !ret; k++) {
		if (!(l->exits & (1u << k)))
			continue;
		c->kind = &egpr_exit_kinds[k];
		c->path = c->kind->path;
		ret = add_skip(run, c, why);
	}
	return ret;
}

/* Keys of skipped rows take the layer from the runner; a layer without one has this. */
static struct layer_ops no_runner[EGPR_NR_LAYERS];

static int expand_layer(struct run *run, enum egpr_layer layer)
{
	const struct group_ops *group = group_find(layer);
	const struct layer_ops *ops = layer_find(layer);
	struct cell c = { .ops = &no_runner[layer], .env = &run->env };
	struct data_error why;

	if (group)
		return run_expand_group(run, group, &run->plan->layer[layer]);
	if (ops)
		return run_expand_layer(run, ops, &run->plan->layer[layer]);
	no_runner[layer].layer = layer;
	data_fail(&why, 0, "this egprlab was built without a runner for layer %s",
		  egpr_layers[layer].id);
	return skip_layer(run, &c, &run->plan->layer[layer], true, &why);
}

/* All exit kinds of the plan, in one context. */
static int expand_context(struct run *run, struct cell *c, const struct plan_layer *l, bool own)
{
	struct plan_layer in = *l;
	unsigned int k;
	int ret = 0;

	if (cell_context(c) != context_default(c->ops->layer)) {
		in.states &= l->context_states;
		in.exits &= l->context_exits;
		in.strategies &= l->context_strategies;
	}
	if (!c->ops->guest)
		return expand_kind(run, c, &in, own);
	for (k = 0; k < EGPR_NR_EXIT_KINDS && !ret; k++) {
		c->kind = &egpr_exit_kinds[k];
		if (in.exits & (1u << k))
			ret = expand_kind(run, c, &in, own);
	}
	return ret;
}

int run_expand_layer(struct run *run, const struct layer_ops *ops, const struct plan_layer *l)
{
	struct cell c = { .ops = ops,
			  .env = &run->env,
			  .offsets = run->plan->offsets,
			  .places = ops->moves_data ? run->plan->data_offsets : 1 };
	struct data_error why;
	unsigned int x;
	int ret = 0, own;

	c.path = EGPR_PATH_NONE;
	if (!l->contexts) {
		data_fail(&why, 0,
			  "none of the contexts asked for stands in this layer; see `egprlab list "
			  "contexts`");
		return skip_layer(run, &c, l, false, &why);
	}
	if (ops->probe(&run->env, &run->host[ops->layer], &why))
		return skip_layer(run, &c, l, ops->guest, &why);
	c.host = run->host[ops->layer];
	own = has_own(run, &c, l);
	if (own < 0)
		return EGPR_INTERNAL;
	for (x = 0; x < EGPR_NR_CONTEXTS && !ret; x++) {
		c.context = &egpr_contexts[x];
		if (l->contexts & (1u << x))
			ret = expand_context(run, &c, l, own);
	}
	return ret;
}

int run_expand(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
	       struct data_error *e)
{
	unsigned int l;
	int ret = 0;

	memset(run, 0, sizeof(*run));
	if (plan->has_seed)
		proof_use_seed(plan->seed);
	run->plan = plan;
	run->env.provenance = provenance;
	run->env.form = provenance == EGPR_PROV_HW ? EGPR_FORM_HW : EGPR_FORM_PROXY;
	standin_probe(&run->env.standin, plan->stand_ins);
	if (egpr_user_played())
		return data_fail(e, EGPR_USAGE,
				 "nothing is timed where `egprlab exec` plays a CPU with APX; run "
				 "this without it");
	if (provenance == EGPR_PROV_HW && !run->env.standin.apx)
		return data_fail(
			e, EGPR_SKIPPED,
			"provenance hw needs a CPU with APX whose XCR0 has bit %d; XCR0 is "
			"0x%llx here; use --provenance proxy",
			EGPR_XFEATURE, (unsigned long long)run->env.standin.cpu.xcr0);
	for (l = 0; l < EGPR_NR_LAYERS && !ret; l++) {
		if (plan->layer[l].wanted)
			ret = expand_layer(run, l);
	}
	return ret ? data_fail(e, ret, "out of memory") : 0;
}

void run_free(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++)
		engine_result_free(&run->cells[i].r);
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		const struct group_ops *group = group_find(i);
		const struct layer_ops *ops = group ? &group->layer : layer_find(i);

		if (ops && ops->release && run->host[i])
			ops->release(run->host[i]);
	}
	free(run->cells);
	free(run->skips);
	memset(run, 0, sizeof(*run));
}

void run_skip_name(const struct run_skip *s, char *to, size_t size)
{
	const char *layer = egpr_layers[s->key.layer].id;
	const char *mark = s->key.context ? context_mark(layer, s->key.context) : "";

	snprintf(to, size, "%s/%s/%s%s%s%s%s", layer, s->key.exit_kind ? s->key.exit_kind : "none",
		 egpr_guest_states[s->key.state].id, mark, *mark ? s->key.context : "",
		 *s->strategy ? "/" : "", s->strategy);
}

void run_arm_name(const struct cell *c, const struct plan_arm *arm, char *to, size_t size)
{
	const char *layer = egpr_layers[c->ops->layer].id, *context = cell_context(c)->id;
	const char *mark = context_mark(layer, context);

	snprintf(to, size, "%s/%s/%s%s%s/%s", layer, c->kind ? c->kind->id : "none",
		 egpr_guest_states[cell_arm_state(c, arm)].id, mark, *mark ? context : "", arm->id);
}

/* An arm as a row of the plan shows it: with its state, where that is its own. */
static void print_arm(const struct cell *c, const struct plan_arm *arm)
{
	enum egpr_guest_state state = cell_arm_state(c, arm);

	printf(" %s%s%s", arm->id, state != c->state ? "/" : "",
	       state != c->state ? egpr_guest_states[state].id : "");
}

void run_print(const struct run *run)
{
	double weights = 0;
	char name[96];
	unsigned int i, a;

	for (i = 0; i < run->nr_cells; i++)
		weights += run->cells[i].weight;
	printf("plan %s: %s\nat most %g s; ", run->plan->name, run->plan->text, run->plan->budget);
	if (run->plan->launches > 1)
		printf("%u launches, a look at the end of each but the first; ",
		       run->plan->launches);
	else
		printf("%u look(s); ", run->plan->looks);
	printf("provenance %s\n\n", egpr_provenances[run->env.provenance].id);
	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		cell_name(&c->cell, name, sizeof(name));
		printf("%6.1f s  %-44s", run->plan->budget * c->weight / weights, name);
		for (a = 0; a < c->cell.nr_arms; a++)
			print_arm(&c->cell, &c->cell.arms[a]);
		putchar('\n');
	}
	printf("\nskipped:\n");
	for (i = 0; i < run->nr_skips; i++) {
		run_skip_name(&run->skips[i], name, sizeof(name));
		printf("  %s: %s\n", name, run->skips[i].reason);
	}
}

void run_conclude(const struct run *run, const char *path)
{
	double own = 0, elapsed = 0;
	unsigned int i, cells = 0;

	for (i = 0; i < run->nr_cells; i++) {
		own += run->cells[i].r.own;
		elapsed += run->cells[i].r.elapsed;
		cells += run->cells[i].r.blocks > 0;
	}
	fprintf(stderr, "%u cells measured, %u combinations skipped; engine's own work %.1f %%\n",
		cells, run->nr_skips, elapsed > 0 ? 100 * own / elapsed : 0);
	printf("%s\n", path);
}
