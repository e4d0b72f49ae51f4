// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a plan to cells: layer x exit kind x guest state, with the arms that can run.
 * Every combination that cannot is kept with its reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emu/user/user.h>
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

static int add_skip(struct run *run, const struct cell *c, const char *strategy,
		    const struct data_error *why)
{
	return run_skip_add(run, c, strategy, 0, why->text);
}

bool run_in_ring0(const struct cell *c)
{
	return c->ops->layer == EGPR_LAYER_RING0 || c->ops->layer == EGPR_LAYER_KVM;
}

/* No proof, no number. Return: 0, or a status that says how the arm failed. */
static int gate(const struct run *run, const struct cell *c, const struct plan_arm *arm,
		struct data_error *why)
{
	int status = proof_gate(arm->strategy, run->env.form, run_in_ring0(c), why);

	if (status)
		return status;
	return contract_gate(arm->strategy, &run->env.standin, run->env.form, c->state,
			     run_in_ring0(c), why);
}

/* Fills the arms; what cannot run goes to the skips. Return: strategies that compare, or -1. */
static int fill_arms(struct run *run, struct cell *c, const struct plan_layer *l)
{
	struct plan_arm all[PLAN_MAX_ARMS];
	unsigned int n = plan_arms(run->plan, l, all), i;
	struct data_error why, unproved;
	int compared = 0, refused;

	c->nr_arms = 0;
	for (i = 0; i < n; i++) {
		/* First: to ask a layer may be to run the arm. */
		refused = gate(run, c, &all[i], &unproved);
		if ((!refused || refused == EGPR_SKIPPED) && c->ops->check_arm(c, &all[i], &why)) {
			/* A delay is no strategy: only what was asked for is missed. */
			if (all[i].strategy->family != EGPR_FAMILY_DELAY &&
			    add_skip(run, c, all[i].id, &why))
				return -1;
			continue;
		}
		if (refused) {
			if (run_skip_add(run, c, all[i].id, refused, unproved.text))
				return -1;
			continue;
		}
		c->arms[c->nr_arms++] = all[i];
		compared += all[i].strategy->family != EGPR_FAMILY_BASE;
	}
	return compared;
}

/* Has this exit kind its baseline already, in another guest state? */
static const struct run_cell *same_baseline(const struct run *run, const struct cell *c)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *o = &run->cells[i];

		if (!o->compares && o->cell.ops == c->ops && o->cell.kind == c->kind)
			return o;
	}
	return NULL;
}

static int add_cell(struct run *run, struct cell *c, const struct plan_layer *l)
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
		return add_skip(run, c, "", &why);
	}
	compared = fill_arms(run, c, l);
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
	return 0;
}

static int expand_state(struct run *run, struct cell *c, const struct plan_layer *l)
{
	struct data_error why;

	if (!c->ops->check_cell(c, &why))
		return add_cell(run, c, l);
	return add_skip(run, c, "", &why);
}

static int expand_kind(struct run *run, struct cell *c, const struct plan_layer *l)
{
	unsigned int s;
	int ret = 0;

	for (s = 0; s < EGPR_NR_STATES && !ret; s++) {
		struct cell one = *c;

		one.state = s;
		if (l->states & (1u << s))
			ret = expand_state(run, &one, l);
	}
	return ret;
}

/* A layer that cannot run at all: one row per exit kind, so that none is missing. */
static int skip_layer(struct run *run, struct cell *c, const struct plan_layer *l, bool guest,
		      const struct data_error *why)
{
	unsigned int k;
	int ret = 0;

	strcpy(c->backend, "none");
	c->state = (enum egpr_guest_state)__builtin_ctz(l->states);
	if (!guest)
		return add_skip(run, c, "", why);
	for (k = 0; k < EGPR_NR_EXIT_KINDS && !ret; k++) {
		if (!(l->exits & (1u << k)))
			continue;
		c->kind = &egpr_exit_kinds[k];
		c->path = c->kind->path;
		ret = add_skip(run, c, "", why);
	}
	return ret;
}

/* Keys of skipped rows take the layer from the runner; a layer without one has this. */
static struct layer_ops no_runner[EGPR_NR_LAYERS];

static int expand_layer(struct run *run, enum egpr_layer layer)
{
	const struct plan_layer *l = &run->plan->layer[layer];
	struct cell c = { .ops = layer_find(layer), .env = &run->env };
	struct data_error why;
	unsigned int k;
	int ret = 0;

	c.offsets = run->plan->offsets;
	c.path = EGPR_PATH_NONE;
	if (!c.ops) {
		no_runner[layer].layer = layer;
		c.ops = &no_runner[layer];
		data_fail(&why, 0, "this egprlab was built without a runner for layer %s",
			  egpr_layers[layer].id);
		return skip_layer(run, &c, l, true, &why);
	}
	if (c.ops->probe(&run->env, &run->host[layer], &why))
		return skip_layer(run, &c, l, c.ops->guest, &why);
	c.host = run->host[layer];
	if (!c.ops->guest)
		return expand_kind(run, &c, l);
	for (k = 0; k < EGPR_NR_EXIT_KINDS && !ret; k++) {
		c.kind = &egpr_exit_kinds[k];
		if (l->exits & (1u << k))
			ret = expand_kind(run, &c, l);
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
		const struct layer_ops *ops = layer_find(i);

		if (ops && ops->release && run->host[i])
			ops->release(run->host[i]);
	}
	free(run->cells);
	free(run->skips);
	memset(run, 0, sizeof(*run));
}

void run_skip_name(const struct run_skip *s, char *to, size_t size)
{
	snprintf(to, size, "%s/%s/%s%s%s", egpr_layers[s->key.layer].id,
		 s->key.exit_kind ? s->key.exit_kind : "none", egpr_guest_states[s->key.state].id,
		 *s->strategy ? "/" : "", s->strategy);
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
			printf(" %s", c->cell.arms[a].id);
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
