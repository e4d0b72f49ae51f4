// SPDX-License-Identifier: GPL-2.0-only
/*
 * Self-checks of a run: what has to hold before its numbers mean anything.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/group/group.h>
#include <bench/proof/contract.h>
#include <bench/proof/proof.h>
#include "checks.h"
#include "plausible.h"
#include "run.h"

void check_add(struct checks *k, enum outcome outcome, const char *name, const char *detail)
{
	static const char *const words[] = { [PASS] = "pass", [FAIL] = "fail", [SKIP] = "skip" };
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "check", name);
	cJSON_AddStringToObject(o, "result", words[outcome]);
	cJSON_AddStringToObject(o, "detail", detail);
	cJSON_AddItemToArray(k->array, o);
	if (outcome != FAIL)
		return;
	if (!k->failed++)
		snprintf(k->said, k->size, "%s: %s", name, detail);
}

/* Differences from `none` that no CPU can have; see plausible.h. */
static void check_plausible(struct checks *k, const struct engine *g, const struct run_cell *c,
			    enum egpr_form form)
{
	const struct cell_result *r = &c->r;
	char name[160], why[256];
	struct stats_interval ci;
	struct plausible p;
	unsigned int i;

	for (i = 0; i < r->nr_comparisons; i++) {
		const struct comparison *x = &r->comparisons[i];
		const struct plan_arm *arm = &c->cell.arms[x->arm];
		double none = engine_median(r, x->baseline);

		if (c->cell.arms[x->baseline].strategy != &egpr_strategies[EGPR_STRATEGY_none])
			continue;
		plausible_code(&p, arm->strategy, form, c->cell.ops->layer,
			       cell_arm_state(&c->cell, arm));
		/* Where it waits for memory its instructions bound nothing. */
		p.alone = p.alone && !EGPR_CONTEXT_PREPARES(cell_context(&c->cell)->timed);
		ci = stats_shift_interval(&x->shift, engine_alpha(g, r, STATS_TAIL));
		p.low = ci.low;
		p.high = ci.high;
		p.margin = plan_margin_cycles(&g->plan->margins[0], none);
		p.round = engine_median(r, x->arm);
		p.tsc_per_core = r->tsc_per_core;
		if (plausible(&p, why, sizeof(why)))
			continue;
		snprintf(name, sizeof(name), "plausible %s/%s", r->name, arm->id);
		check_add(k, FAIL, name, why);
	}
}

static void check_exits(struct checks *k, const struct run_cell *c)
{
	const struct drops *d = &c->r.drops;
	char name[160], detail[256], dropped[128] = "";

	if (!c->cell.kind || group_of(&c->cell))
		return;
	snprintf(name, sizeof(name), "exits %s", c->r.name);
	if (d->dropped)
		snprintf(dropped, sizeof(dropped),
			 "; %llu of %llu batches took another path, were dropped and measured anew",
			 (unsigned long long)d->dropped, (unsigned long long)d->batches);
	snprintf(detail, sizeof(detail), "%llu counted by the %s, as many as asked for%s",
		 (unsigned long long)c->r.exits, c->cell.guest_timed ? "guest" : "VMM", dropped);
	check_add(k, PASS, name, detail);
}

/* Is a strategy among the arms that were measured in a guest state, or in a layer of ring 0? */
static bool was_measured(const struct run *run, const struct egpr_strategy *s,
			 enum egpr_guest_state state, bool in_ring0)
{
	unsigned int i, a;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (in_ring0 && !run_in_ring0(&c->cell))
			continue;
		for (a = 0; a < c->cell.nr_arms && c->r.blocks; a++) {
			if (cell_arm_state(&c->cell, &c->cell.arms[a]) == state &&
			    c->cell.arms[a].strategy == s)
				return true;
		}
	}
	return false;
}

/* Outcomes of one kind of proof over the strategies that got a number. */
struct proved {
	unsigned int proved, failed, unknown;
	char detail[400];
};

static void add_proof(struct proved *p, const struct egpr_strategy *s, int status,
		      const char *reason)
{
	p->proved += !status;
	p->failed += status && status != EGPR_SKIPPED;
	p->unknown += status == EGPR_SKIPPED;
	if (status)
		snprintf(p->detail, sizeof(p->detail), "; %s: %.300s", s->id, reason);
}

static void say_proofs(struct checks *k, const char *name, const char *what, const struct proved *p)
{
	char text[512];

	if (!(p->proved + p->failed + p->unknown))
		return;
	snprintf(text, sizeof(text), "%u %s proved, %u failed, %u not tried%s", p->proved, what,
		 p->failed, p->unknown, p->detail);
	/* No proof, no number: one that is missing is as bad as one that failed. */
	check_add(k, p->failed || p->unknown ? FAIL : PASS, name, text);
}

/*
 * In this very build every strategy that got a number keeps, clears and hides r16..r31 (form
 * trap; on a CPU with APX form hw, and what is timed in ring 0 there), and leaves alone what is its caller's (the form that is timed).
 */
static void check_proofs(struct checks *k, const struct run *run)
{
	struct proved registers = { 0 }, contract = { 0 }, ring0 = { 0 };
	const struct egpr_strategy *s;
	const char *reason;
	unsigned int state;
	bool measured, in_ring0;
	int status;

	egpr_for_each_strategy(s) {
		measured = in_ring0 = false;
		for (state = 0; state < EGPR_NR_STATES; state++) {
			if (!was_measured(run, s, state, false))
				continue;
			measured = true;
			status =
				contract_known(s, &run->env.standin, run->env.form, state, &reason);
			if (!(s->needs & EGPR_NEEDS_CPL0))
				add_proof(&contract, s, status, reason);
			if (!was_measured(run, s, state, true))
				continue;
			in_ring0 = true;
			status = contract_known_module(s, &run->env.standin, run->env.form, state,
						       &reason);
			add_proof(&ring0, s, status, reason);
		}
		/* KVM's own is not in the model; its guest looks after its registers at every batch. */
		if (measured && s->family != EGPR_FAMILY_OWN) {
			status = proof_state(s, run->env.form, in_ring0, &reason);
			add_proof(&registers, s, status, reason);
		}
	}
	say_proofs(k, "registers", "strategies", &registers);
	say_proofs(k, "caller's state", "strategies in guest states", &contract);
	say_proofs(k, "caller's state in ring 0", "strategies in guest states", &ring0);
}

/*
 * In the copies that were timed every arm executed what its row of the table demands. Where nothing
 * of the lab runs around an exit there is nothing to look at.
 */
static void check_executed(struct checks *k, const struct run *run)
{
	unsigned int i, arms = 0, cells = 0, rounds = 0, sites = 0, blind = 0;
	const char *why = "";
	char detail[400];

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (!c->r.blocks || run_crashed(c) || c->cell.guest_timed || group_of(&c->cell))
			continue;
		if (!c->trace.done) {
			blind++;
			why = c->trace.why;
			continue;
		}
		cells++;
		arms += c->cell.nr_arms;
		rounds += c->trace.rounds;
		sites += c->trace.sites;
	}
	if (!cells && !blind)
		return;
	snprintf(detail, sizeof(detail),
		 "%u arms in %u cells do what the table demands: %u rounds stepped through, %u "
		 "copies of the same bytes; %u cells not traced%s%s",
		 arms, cells, rounds, sites, blind, *why ? ": " : "", why);
	check_add(k, blind ? SKIP : PASS, "executed code", detail);
}

/* What has no number, and should have one: an arm, a cell, or all of them. */
static void check_cells(struct checks *k, const struct run *run)
{
	unsigned int i, measured = 0;
	char name[160];

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		measured += c->r.blocks && !run_crashed(c);
		if (!run_crashed(c))
			continue;
		snprintf(name, sizeof(name), "crash %s", c->r.name);
		check_add(k, FAIL, name, c->failed);
	}
	for (i = 0; i < run->nr_skips; i++) {
		const struct run_skip *s = &run->skips[i];
		char what[96];

		if (!s->refused)
			continue;
		run_skip_name(s, what, sizeof(what));
		snprintf(name, sizeof(name), "refused %s", what);
		check_add(k, FAIL, name, s->reason);
	}
	if (!measured)
		check_add(k, FAIL, "samples", "no cell of this run has a sample");
}

bool run_check(const struct run *run, struct engine *g, char *said, size_t size)
{
	struct checks k = { .array = cJSON_CreateArray(), .said = said, .size = size };
	unsigned int i;

	*said = '\0';
	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (!c->r.blocks || run_crashed(c))
			continue;
		/* First what no CPU can have: contention does not explain it. */
		check_plausible(&k, g, c, run->env.form);
		check_claims(&k, g, c);
		check_exits(&k, c);
	}
	check_proofs(&k, run);
	check_executed(&k, run);
	check_cells(&k, run);
	if (g->dir)
		rundir_set_soundness(g->dir, !k.failed, k.array);
	else
		cJSON_Delete(k.array);
	if (k.failed > 1) {
		size_t used = strlen(said);

		snprintf(said + used, size - used, "; and %u more", k.failed - 1);
	}
	return !k.failed;
}
