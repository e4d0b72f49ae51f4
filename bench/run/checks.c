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
#include "contended.h"
#include "plausible.h"
#include "run.h"

#define SLOPE_TOO_WIDE 1.0 /* half-width at which a slope of 1 cannot be told from 0 */

enum outcome {
	PASS,
	FAIL,
	SKIP
};

struct checks {
	cJSON *array;
	unsigned int failed;
	char *said;
	size_t size;
};

static void check(struct checks *k, enum outcome outcome, const char *name, const char *detail)
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

static unsigned int ticks_margin(const struct plan *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_margins; i++) {
		if (!p->margins[i].percent)
			return i;
	}
	return 0;
}

/* Does a preparation stand before each half, which takes a hundred times as long as the half? */
static bool prepares(const struct run_cell *c)
{
	return EGPR_CONTEXT_PREPARES(cell_context(&c->cell)->timed);
}

/* Does the guest walk before each exit, which takes up to a thousand times as long as the exit? */
static bool walks(const struct run_cell *c)
{
	return EGPR_CONTEXT_WALKS(cell_context(&c->cell)->timed);
}

/*
 * What a check of the A/A arm comes to: it must be equivalent. Of a group, whose cells are short, and
 * behind preparations and walks only a difference that is shown speaks against the run.
 */
static enum outcome judge_aa(const struct run_cell *c, enum stats_verdict v)
{
	if (v == STATS_EQUIVALENT)
		return PASS;
	return v == STATS_INCONCLUSIVE && (prepares(c) || walks(c) || group_of(&c->cell)) ? SKIP
											  : FAIL;
}

/*
 * The A/A arm must be equivalent within the plan's first margin. Behind preparations that is the first in
 * ticks. There and where the guest walks, an A/A that is open for want of blocks has the floor of that
 * context for its interval, no more.
 */
static void check_aa(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	const struct cell_result *r = &c->r;
	char name[160], detail[256];
	unsigned int i;

	for (i = 0; i < r->nr_comparisons; i++) {
		const struct comparison *x = &r->comparisons[i];
		unsigned int at = prepares(c) ? ticks_margin(g->plan) : 0;
		const struct plan_margin *m = &g->plan->margins[at];
		struct stats_interval ci;
		enum stats_verdict v;
		double p;

		if (c->cell.arms[x->arm].strategy != &egpr_strategies[EGPR_STRATEGY_none_b] &&
		    !group_is_twin(&c->cell.arms[x->arm]))
			continue;
		v = stats_verdict(&x->d[at], g->plan->alpha, &p);
		ci = stats_shift_interval(&x->shift, engine_alpha(g, r, STATS_TAIL));
		snprintf(name, sizeof(name), "A/A %s", r->name);
		snprintf(
			detail, sizeof(detail),
			"%s within %s (%.3g TSC ticks); interval %.3g .. %.3g TSC ticks, %u blocks",
			stats_verdict_names[v], m->text,
			plan_margin_cycles(m, engine_median(r, x->baseline)), ci.low, ci.high,
			r->blocks);
		check(k, judge_aa(c, v), name, detail);
	}
}

/* Slope of measured over injected cycles, one per block. Return: arms used. */
static unsigned int slopes(const struct run_cell *c, double *out)
{
	const struct cell *cell = &c->cell;
	double x[PLAN_MAX_ARMS], y[PLAN_MAX_ARMS];
	unsigned int arm[PLAN_MAX_ARMS], n = 0, a, b;

	for (a = 0; a < cell->nr_arms; a++) {
		if (cell->arms[a].strategy->family == EGPR_FAMILY_DELAY) {
			x[n] = cell->arms[a].delay;
			arm[n++] = a;
		}
	}
	for (b = 0; b < c->r.blocks && n >= 2; b++) {
		for (a = 0; a < n; a++)
			y[a] = c->r.mean[arm[a]][b];
		out[b] = stats_block_slope(x, y, n);
	}
	return n;
}

/* Injected cycles must come out as cycles: slope 1 in core cycles. */
static void check_delays(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	double tolerance = g->plan->slope_tolerance, per = c->r.tsc_per_core;
	const struct stats_where where = engine_where(g, &c->cell, &c->r);
	double *slope = malloc((c->r.blocks + 1) * sizeof(*slope));
	char name[160], detail[256];
	struct stats_interval ci;
	struct stats_shift s;
	enum outcome outcome;

	if (!slope || !c->r.blocks || slopes(c, slope) < 2 ||
	    stats_shift_init(&s, slope, &where, c->r.blocks))
		goto out;
	ci = stats_shift_interval(&s, STATS_TAIL);
	ci.low /= per;
	ci.high /= per;
	if (!(ci.high - ci.low < 2 * SLOPE_TOO_WIDE))
		outcome = SKIP;
	else
		outcome = ci.high >= 1 - tolerance && ci.low <= 1 + tolerance ? PASS : FAIL;
	snprintf(name, sizeof(name), "injected delays %s", c->r.name);
	snprintf(detail, sizeof(detail),
		 "slope %.3f (%.3f .. %.3f) in core cycles of %.3f TSC ticks; wanted 1 +- %g%s",
		 s.estimate / per, ci.low, ci.high, per, tolerance,
		 outcome == SKIP ? "; too few blocks to tell 1 from 0" : "");
	check(k, outcome, name, detail);
	stats_shift_free(&s);
out:
	free(slope);
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
		p.alone = p.alone && !prepares(c);
		ci = stats_shift_interval(&x->shift, engine_alpha(g, r, STATS_TAIL));
		p.low = ci.low;
		p.high = ci.high;
		p.margin = plan_margin_cycles(&g->plan->margins[0], none);
		p.round = engine_median(r, x->arm);
		p.tsc_per_core = r->tsc_per_core;
		if (plausible(&p, why, sizeof(why)))
			continue;
		snprintf(name, sizeof(name), "plausible %s/%s", r->name, arm->id);
		check(k, FAIL, name, why);
	}
}

/* Contended blocks: how many, and whether they agree with the others. */
static void check_contention(struct checks *k, const struct engine *g, const struct run_cell *c)
{
	const struct cell_result *r = &c->r;
	char name[160], detail[256];
	struct contended s;
	unsigned int i;

	for (i = 0; i < r->nr_comparisons; i++) {
		const struct comparison *x = &r->comparisons[i];
		double margin =
			plan_margin_cycles(&g->plan->margins[0], engine_median(r, x->baseline));

		if (contended_strata(r, x->arm, x->baseline, margin, &s) || !s.blocks[1])
			continue;
		snprintf(name, sizeof(name), "contention %s/%s", r->name, c->cell.arms[x->arm].id);
		snprintf(
			detail, sizeof(detail),
			"%u of %u blocks beside something else on the core: %.3g TSC ticks in them, "
			"%.3g in the others",
			s.blocks[1], r->blocks, s.shift[1], s.shift[0]);
		/* What memory takes depends on who else is there: that is no fault of the run. */
		check(k, !s.apart ? PASS : prepares(c) || walks(c) ? SKIP : FAIL, name, detail);
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
	check(k, PASS, name, detail);
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
	check(k, p->failed || p->unknown ? FAIL : PASS, name, text);
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
	check(k, blind ? SKIP : PASS, "executed code", detail);
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
		check(k, FAIL, name, c->failed);
	}
	for (i = 0; i < run->nr_skips; i++) {
		const struct run_skip *s = &run->skips[i];
		char what[96];

		if (!s->refused)
			continue;
		run_skip_name(s, what, sizeof(what));
		snprintf(name, sizeof(name), "refused %s", what);
		check(k, FAIL, name, s->reason);
	}
	if (!measured)
		check(k, FAIL, "samples", "no cell of this run has a sample");
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
		check_aa(&k, g, c);
		check_delays(&k, g, c);
		check_contention(&k, g, c);
		check_plausible(&k, g, c, run->env.form);
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
