// SPDX-License-Identifier: GPL-2.0-only
/*
 * One proof per strategy, exit kind and guest state. What crashes or hangs in its proof has no
 * more of them, and the others go on.
 */
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/proof/turns.h>
#include "prove_cells.h"

#define EXITS_MAX  4  /* iterations of a payload per proof; the pattern moves at each */
#define SOFT_EXITS 32 /* of a random sequence, per strategy and state */

unsigned int prove_order(const struct plan_layer *l, const struct egpr_strategy **order)
{
	const struct egpr_strategy *s;
	unsigned int n = 0;

	for (int control = 0; control < 2; control++) {
		egpr_for_each_strategy(s) {
			/* The model has no KVM, so none that would switch; see layer kvm. */
			bool wanted = s->family == EGPR_FAMILY_BASE ||
				      l->strategies & 1u << (s - egpr_strategies);

			if (wanted && s->family != EGPR_FAMILY_OWN &&
			    proof_is_control(s) == control)
				order[n++] = s;
		}
	}
	return n;
}

const char *prove_spelling(const struct egpr_strategy *s)
{
	return s->family == EGPR_FAMILY_DELAY ? "delay-0" : s->id;
}

static struct rundir_key key_of(const struct prove_session *s, const struct egpr_exit_kind *kind,
				enum egpr_guest_state state)
{
	return (struct rundir_key){
		.backend = kind && s->have_host ? s->host.backend : NULL,
		.representative = kind ? s->have_host && s->host.representative : true,
		.provenance = s->run->env.provenance,
		/* Without a guest form hw is proved where layer prim times it. */
		.layer = !kind && s->run->env.form == EGPR_FORM_HW ? EGPR_LAYER_PRIM
								   : EGPR_LAYER_BOUNDARY,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
		.state = state,
	};
}

/* A control passes where the checks caught it: the row says so. */
static int write_row(struct prove_session *s, const struct rundir_key *key,
		     const struct proof_result *r, enum proof_check check, bool meant)
{
	char detail[PROOF_REASON];
	struct csv_row row;
	bool pass = meant ? r->failed[check] : !r->failed[check];

	snprintf(detail, sizeof(detail), "%s%s", meant && pass ? "control, caught: " : "",
		 r->failed[check] ? r->detail[check] : "");
	rundir_row(s->dir, EGPR_CSV_PROOFS, key, &row);
	csv_set_text(&row, EGPR_PROOFS_check, proof_check_ids[check]);
	csv_set_count(&row, EGPR_PROOFS_exits, r->exits);
	csv_set_text(&row, EGPR_PROOFS_result, pass ? "pass" : "fail");
	csv_set_text(&row, EGPR_PROOFS_detail, detail);
	return rundir_append(s->dir, &row, s->e);
}

static int record(struct prove_session *s, const struct egpr_strategy *strategy,
		  const struct egpr_exit_kind *kind, enum egpr_guest_state state,
		  const struct proof_result *r)
{
	struct rundir_key key = key_of(s, kind, state);
	struct prove_tally *t = &s->tally[strategy - egpr_strategies];
	char reason[PROOF_VERDICT];
	bool pass = proof_passes(r, strategy, state, reason);
	int status = 0;

	key.strategy = prove_spelling(strategy);
	if (!pass) {
		s->failures++;
		/* The report begins with the first of each strategy; proofs.csv has them all. */
		if (!t->failures++ &&
		    run_skip_add_key(s->run, &key, key.strategy, EGPR_DATA, reason))
			return data_fail(s->e, EGPR_INTERNAL, "out of memory");
		printf("FAIL %s, %s, %s: %s\n", key.strategy, kind ? kind->id : "XCR0 semantics",
		       egpr_guest_states[state].id, reason);
	}
	if (kind && pass)
		t->passed[state]++;
	else if (kind)
		t->failed[state]++;
	else if (pass)
		t->soft_passed++;
	else
		t->soft_failed++;
	t->exits += r->exits;
	for (unsigned int c = 0; c < PROOF_NR && !status; c++) {
		if (r->tried[c])
			status = write_row(s, &key, r, (enum proof_check)c,
					   proof_is_meant(strategy, state, (enum proof_check)c));
	}
	return status;
}

/* @strategy: "" for all; @refused: as in struct run_skip. */
static int skip(struct prove_session *s, struct rundir_key key, const char *strategy, int refused,
		const char *reason)
{
	struct csv_row row;

	if (run_skip_add_key(s->run, &key, strategy, refused, reason))
		return data_fail(s->e, EGPR_INTERNAL, "out of memory");
	key.strategy = *strategy ? strategy : NULL;
	rundir_row(s->dir, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(s->dir, &row, s->e);
}

/* A strategy that crashed in this proof or, where @status is EGPR_SKIPPED, in one before it. */
static int crashed(struct prove_session *s, const struct egpr_strategy *strategy,
		   const struct rundir_key *key, int status)
{
	char *how = s->crashed[strategy - egpr_strategies];
	bool here = status == EGPR_CRASHED;
	char reason[APART_TEXT + 64];

	snprintf(reason, sizeof(reason), "%s%s",
		 here ? "" : "not tried, it crashed in an earlier proof: ", how);
	if (here) {
		s->failures++;
		printf("CRASHED %s, %s, %s: %s\n", prove_spelling(strategy),
		       key->exit_kind ? key->exit_kind : "XCR0 semantics",
		       egpr_guest_states[key->state].id, how);
	}
	return skip(s, *key, prove_spelling(strategy), here ? EGPR_CRASHED : 0, reason);
}

/* Every strategy of @t has had its turn, or its reason. */
static int record_turns(struct prove_session *s, const struct proof_turns *t)
{
	int status = 0;

	for (unsigned int i = 0; i < t->n && !status; i++) {
		const struct proof_turn *now = &t->turn[i];
		struct rundir_key key = key_of(s, t->guest.kind, now->state);

		if (now->status) {
			memcpy(s->crashed[now->s - egpr_strategies], now->how, sizeof(now->how));
			status = crashed(s, now->s, &key, now->status);
		} else {
			status = record(s, now->s, t->guest.kind, now->state, &now->r);
		}
	}
	return status;
}

/* What user mode cannot try has a row that says so. @none: nothing is left to prove. */
static int say_untried(struct prove_session *s, const struct egpr_strategy *strategy,
		       const struct rundir_key *key, bool *none)
{
	const char *what = proof_untried(strategy, s->run->env.form, key->state, none);
	char reason[PROOF_REASON];

	if (!what || (key->exit_kind && !*none)) /* in part: said without a guest */
		return 0;
	snprintf(reason, sizeof(reason), "form hw, not tried: %s; layer ring0 has it", what);
	return skip(s, *key, prove_spelling(strategy), 0, reason);
}

/* @states: of each strategy in turn; more than one only without a guest. */
static int add_turns(struct prove_session *s, struct proof_turns *t, unsigned int states)
{
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];
	unsigned int n = prove_order(&s->layer, order);
	int status = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
			struct rundir_key key =
				key_of(s, t->guest.kind, (enum egpr_guest_state)state);

			bool none;

			if (!(states & 1u << state))
				continue;
			status = say_untried(s, order[i], &key, &none);
			if (status || none)
				continue;
			if (*s->crashed[order[i] - egpr_strategies])
				status = crashed(s, order[i], &key, EGPR_SKIPPED);
			else
				proof_turns_add(t, order[i], (enum egpr_guest_state)state);
		}
	}
	return status;
}

/* @kind: NULL for XCR0 semantics, without a guest. */
static int prove_cell(struct prove_session *s, const struct egpr_exit_kind *kind,
		      unsigned int states)
{
	struct proof_turns *t = proof_turns_new();
	int state = __builtin_ctz(states), status;

	if (!t)
		return data_fail(s->e, EGPR_INTERNAL, "out of memory");
	t->page = s->page;
	t->how = s->run->env.form == EGPR_FORM_HW ? PROOF_NATIVE : 0;
	t->exits = EXITS_MAX;
	t->guest = (struct proof_guest){ .host = &s->host,
					 .kind = kind,
					 .state = (enum egpr_guest_state)state,
					 .page = s->page,
					 .seed = proof_seed() };
	t->length = (struct proof_length){ .seed = proof_seed(), .exits = SOFT_EXITS };
	status = add_turns(s, t, states);
	if (status)
		goto out;
	status = proof_turns(t);
	if (kind && status && !t->opened) {
		s->failures += status == EGPR_CRASHED;
		status = skip(s, key_of(s, kind, t->guest.state), "",
			      status == EGPR_CRASHED ? status : 0, t->why.text);
		goto out;
	}
	if (status) {
		data_fail(s->e, status, "%s", t->why.text);
		goto out;
	}
	s->kinds[state] += kind != NULL;
	status = record_turns(s, t);
out:
	proof_turns_free(t);
	return status;
}

/* Whom the model leaves out has a reason, in each state. */
static int skip_own(struct prove_session *s)
{
	const struct egpr_strategy *own = &egpr_strategies[EGPR_STRATEGY_kvm_own];
	int status = 0;

	for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
		if (!(s->layer.strategies & (1u << EGPR_STRATEGY_kvm_own)) ||
		    !(s->layer.states & 1u << state))
			continue;
		status = skip(
			s, key_of(s, NULL, (enum egpr_guest_state)state), own->id, 0,
			"not tried: the model around the lab's sequences has no KVM that would "
			"switch by itself; layer kvm proves it, beside a KVM that offers APX");
	}
	return status;
}

int prove_soft(struct prove_session *s)
{
	unsigned int states = s->layer.states & ((1u << EGPR_NR_STATES) - 1);
	int status = skip_own(s);

	return states && !status ? prove_cell(s, NULL, states) : status;
}

int prove_guests(struct prove_session *s)
{
	struct vmm_error v;
	int status = 0;

	s->have_host = !vmm_host_probe(&s->host, NULL, &v);
	for (unsigned int k = 0; k < EGPR_NR_EXIT_KINDS && !status; k++) {
		const struct egpr_exit_kind *kind = &egpr_exit_kinds[k];

		for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
			if (!(s->layer.exits & 1u << k) || !(s->layer.states & 1u << state))
				continue;
			if (s->have_host)
				status = prove_cell(s, kind, 1u << state);
			else
				status = skip(s, key_of(s, kind, (enum egpr_guest_state)state), "",
					      0, v.reason);
		}
	}
	return status;
}
