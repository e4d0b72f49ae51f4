// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab run --provenance emu`: every strategy, exit kind and guest state of layer
 * boundary is proved, none is timed. Rows go to proofs.csv, a table to stdout.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <egpr/version.h>

#include <bench/plan/axis.h>
#include <bench/host/host.h>
#include <bench/proof/proof.h>
#include <bench/proof/guest.h>
#include <bench/proof/module.h>
#include "prove.h"
#include <bench/proof/table.h>

#define EXITS_MAX	4 /* iterations of a payload per proof; the pattern moves at each */
#define META_PROVENANCE "provenance"

/* One line of the table: a strategy over all exit kinds, by guest state. */
struct tally {
	unsigned int passed[EGPR_NR_STATES];
	unsigned int failed[EGPR_NR_STATES];
	unsigned int soft_passed;
	unsigned int soft_failed;
	uint64_t exits;
};

struct session {
	struct plan_layer layer;
	struct rundir *dir;
	struct vmm_host host;
	bool have_host;
	struct egpr_page *page;
	struct tally tally[EGPR_NR_STRATEGIES];
	unsigned int kinds[EGPR_NR_STATES];
	unsigned int failures;
	struct data_error *e;
};

/*
 * What to prove: everything, because a proof costs little, unless the command line chose.
 * The plan's lists are about what is worth measuring.
 */
static struct plan_layer chosen(const struct plan *p)
{
	struct plan_layer l = p->layer[EGPR_LAYER_BOUNDARY];

	if (!(p->narrowed & PLAN_NARROWED_STATES))
		l.states = ~0u;
	if (!(p->narrowed & PLAN_NARROWED_EXITS))
		l.exits = ~0u;
	if (!(p->narrowed & PLAN_NARROWED_STRATEGIES))
		l.strategies = ~0u;
	return l;
}

/* Controls last: their guest fails, and has to be made anew. */
static unsigned int in_order(const struct plan_layer *l, const struct egpr_strategy **order)
{
	const struct egpr_strategy *s;
	unsigned int n = 0;

	for (int control = 0; control < 2; control++) {
		egpr_for_each_strategy(s) {
			bool wanted = s->family == EGPR_FAMILY_BASE ||
				      l->strategies & 1u << (s - egpr_strategies);

			if (wanted && proof_is_control(s) == control)
				order[n++] = s;
		}
	}
	return n;
}

static const char *spelling(const struct egpr_strategy *s)
{
	return s->family == EGPR_FAMILY_DELAY ? "delay-0" : s->id;
}

/* A control passes where the checks caught it: the row says so. */
static int write_row(struct session *s, const struct rundir_key *key, const struct proof_result *r,
		     enum proof_check check, bool meant)
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

static int record(struct session *s, const struct egpr_strategy *strategy,
		  const struct egpr_exit_kind *kind, enum egpr_guest_state state,
		  const struct proof_result *r)
{
	const struct rundir_key key = {
		.backend = kind ? s->host.backend : NULL,
		.representative = !kind || s->host.representative,
		.provenance = EGPR_PROV_EMU,
		.layer = EGPR_LAYER_BOUNDARY,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
		.strategy = spelling(strategy),
		.state = state,
	};
	struct tally *t = &s->tally[strategy - egpr_strategies];
	char reason[PROOF_REASON];
	bool pass = proof_passes(r, strategy, state, reason);
	int status = 0;

	if (!pass) {
		s->failures++;
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

static int skip(struct session *s, const struct egpr_exit_kind *kind, enum egpr_guest_state state,
		const char *reason)
{
	const struct rundir_key key = {
		.backend = s->have_host ? s->host.backend : NULL,
		.representative = s->have_host && s->host.representative,
		.provenance = EGPR_PROV_EMU,
		.layer = EGPR_LAYER_BOUNDARY,
		.exit_kind = kind->id,
		.path = kind->path,
		.state = state,
	};
	struct csv_row row;

	rundir_row(s->dir, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(s->dir, &row, s->e);
}

static int prove_cell(struct session *s, const struct egpr_exit_kind *kind,
		      enum egpr_guest_state state)
{
	struct proof_guest g = { .host = &s->host, .kind = kind, .state = state, .page = s->page };
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];
	unsigned int n = in_order(&s->layer, order);
	struct proof_result r;
	struct data_error why;
	int status = 0;

	if (proof_guest_open(&g, &why))
		return skip(s, kind, state, why.text);
	s->kinds[state]++;
	for (unsigned int i = 0; i < n; i++) {
		status = proof_guest_run(&g, order[i], EXITS_MAX, &r, &why);
		if (status) {
			data_fail(s->e, status, "%s", why.text);
			break;
		}
		status = record(s, order[i], kind, state, &r);
		if (status)
			break;
	}
	proof_guest_close(&g);
	return status;
}

static int prove_soft(struct session *s)
{
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];
	unsigned int n = in_order(&s->layer, order);
	struct proof_result r;
	int status = 0;

	for (unsigned int i = 0; i < n; i++) {
		for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
			if (!(s->layer.states & 1u << state))
				continue;
			proof_soft(order[i], (enum egpr_guest_state)state, s->page, &r);
			status = record(s, order[i], NULL, (enum egpr_guest_state)state, &r);
		}
	}
	return status;
}

static int prove_guests(struct session *s)
{
	struct vmm_error v;
	int status = 0;

	s->have_host = !vmm_host_probe(&s->host, NULL, &v);
	for (unsigned int k = 0; k < EGPR_NR_EXIT_KINDS && !status; k++) {
		for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
			if (!(s->layer.exits & 1u << k) || !(s->layer.states & 1u << state))
				continue;
			if (s->have_host)
				status = prove_cell(s, &egpr_exit_kinds[k],
						    (enum egpr_guest_state)state);
			else
				status = skip(s, &egpr_exit_kinds[k], (enum egpr_guest_state)state,
					      v.reason);
		}
	}
	return status;
}

static void print_table(const struct session *s)
{
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];
	unsigned int n = in_order(&s->layer, order);

	printf("\nState proofs, layer boundary, provenance emu (software APX), guests by %s.\n"
	       "Exit kinds proved per guest state, and XCR0 semantics without a guest:\n\n",
	       s->have_host ? s->host.backend : "no KVM here");
	proof_print_head("XCR0 semantics     exits");
	for (unsigned int i = 0; i < n; i++) {
		const struct tally *t = &s->tally[order[i] - egpr_strategies];

		printf("%-18s", spelling(order[i]));
		for (int state = 0; state < EGPR_NR_STATES; state++)
			proof_print_cell(t->passed[state], t->failed[state]);
		proof_print_cell(t->soft_passed, t->soft_failed);
		printf(" %5llu%s\n", (unsigned long long)t->exits,
		       proof_is_control(order[i]) ? "  control" : "");
	}
	printf("\nA control moves no registers: it passes where the checks caught its leak.\n"
	       "Proved in each cell:\n");
#define PRINT_CHECK(SYM, id, text) printf("  %-15s %s\n", id, text);
	PROOF_CHECKS(PRINT_CHECK)
	putchar('\n');
}

static int make_dir(struct session *s, const struct run *run, const struct run_options *o)
{
	struct egpr_host host;
	cJSON *facts, *plan, *versions = cJSON_CreateObject();
	int status = 0;

	if (egpr_host_read("", -1, &host)) {
		cJSON_Delete(versions);
		return data_fail(s->e, EGPR_INTERNAL, "out of memory");
	}
	facts = egpr_host_json(&host);
	plan = plan_json(run->plan);
	cJSON_AddStringToObject(versions, "egprlab", EGPR_VERSION);
	cJSON_AddStringToObject(versions, "compiler", __VERSION__);
	const struct rundir_options d = {
		.dir = o->out,
		.host_id = host.id,
		.host = facts,
		.plan = plan,
		.versions = versions,
		.seed = run->plan->has_seed ? run->plan->seed : 0,
	};

	s->dir = rundir_create(&d, s->e, &status);
	cJSON_Delete(facts);
	cJSON_Delete(plan);
	cJSON_Delete(versions);
	egpr_host_free(&host);
	if (s->dir)
		cJSON_AddStringToObject(rundir_meta(s->dir), META_PROVENANCE,
					egpr_provenances[EGPR_PROV_EMU].id);
	return s->dir ? 0 : status;
}

static void describe(struct session *s)
{
	cJSON *checks = cJSON_CreateArray(), *c = cJSON_CreateObject();
	char detail[64];

	snprintf(detail, sizeof(detail), "%u proofs failed", s->failures);
	cJSON_AddStringToObject(c, "check", "state proofs");
	cJSON_AddStringToObject(c, "result", s->failures ? "fail" : "pass");
	cJSON_AddStringToObject(c, "detail", s->failures ? detail : "");
	cJSON_AddItemToArray(checks, c);
	rundir_set_soundness(s->dir, !s->failures, checks);
	if (s->have_host)
		rundir_set_backend(s->dir, s->host.backend, s->host.representative, s->host.why);
}

int proof_expand(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
		 struct data_error *e)
{
	memset(run, 0, sizeof(*run));
	run->plan = plan;
	run->env.provenance = provenance;
	run->env.form = EGPR_FORM_TRAP;
	if (!plan->layer[EGPR_LAYER_BOUNDARY].wanted && !plan->layer[EGPR_LAYER_RING0].wanted &&
	    !plan->layer[EGPR_LAYER_KVM].wanted)
		return data_fail(
			e, EGPR_SKIPPED,
			"provenance emu proves layers boundary, ring0 and kvm, all of which "
			"the plan leaves out");
	return 0;
}

int proof_measure(struct run *run, const struct run_options *o, char **path, struct data_error *e)
{
	struct session s = { .layer = chosen(run->plan), .e = e };
	unsigned int proved = 0;
	bool boundary = run->plan->layer[EGPR_LAYER_BOUNDARY].wanted;
	const char *why;
	int status, closed;

	*path = NULL;
	if (o->resume)
		return data_fail(e, EGPR_USAGE, "proofs are not resumed: start a new run");
	s.page = mmap(NULL, sizeof(*s.page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (s.page == MAP_FAILED)
		return data_fail(e, EGPR_INTERNAL, "no memory for the register file: %s",
				 strerror(errno));
	status = proof_start(s.page, &why);
	if (status) {
		data_fail(e, status, "%s", why);
		goto out_unmap;
	}
	status = make_dir(&s, run, o);
	if (status)
		goto out_stop;
	if (boundary)
		status = prove_soft(&s);
	if (boundary && !status)
		status = prove_guests(&s);
	if (!status)
		status = proof_module(s.dir, run->plan, &proved, &s.failures, e);
	describe(&s);
	*path = strdup(rundir_path(s.dir));
	closed = rundir_close(s.dir, !status, status ? NULL : e);
	if (!status)
		status = closed;
	if (boundary)
		print_table(&s);
	if (!status && !boundary && !proved)
		status = data_fail(e, EGPR_UNAVAILABLE,
				   "nothing could be proved here; skipped.csv says why");
	if (!status && s.failures)
		status = data_fail(e, EGPR_DATA, "%u proofs failed; proofs.csv has the details",
				   s.failures);
out_stop:
	proof_stop();
out_unmap:
	munmap(s.page, sizeof(*s.page));
	return status;
}

static unsigned int count(unsigned int mask, unsigned int n)
{
	return (unsigned int)__builtin_popcount(mask & ((1u << n) - 1));
}

void proof_print(const struct run *run)
{
	struct plan_layer l = chosen(run->plan);
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];

	printf("state proofs, layer boundary: %u strategies, %u exit kinds, %u guest states\n",
	       in_order(&l, order), count(l.exits, EGPR_NR_EXIT_KINDS),
	       count(l.states, EGPR_NR_STATES));
}

void proof_conclude(const struct run *run, const char *path)
{
	(void)run;
	printf("%s\n", path);
}
