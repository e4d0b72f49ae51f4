// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab run --provenance emu` and `--prove`: every strategy, exit kind and guest state of layer
 * boundary is proved, none is timed. Rows go to proofs.csv, a table to stdout. Provenance emu
 * proves form trap; provenance hw proves form hw, and where `egprlab exec` plays the CPU with APX
 * the rows are of provenance emu, for nothing of it is hardware.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <egpr/version.h>

#include <emu/user/user.h>
#include <bench/plan/axis.h>
#include <bench/host/host.h>
#include <bench/proof/proof.h>
#include <bench/proof/module.h>
#include <bench/proof/table.h>
#include "edited.h"
#include "prove.h"
#include "prove_cells.h"

#define META_PROVENANCE "provenance"

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

static const char *form_id(const struct run *run)
{
	return run->env.form == EGPR_FORM_HW ? "hw" : "trap";
}

static const char *whose(const struct run *run)
{
	if (run->env.provenance == EGPR_PROV_HW)
		return "APX of this CPU";
	return run->env.form == EGPR_FORM_HW ? "played by egprlab exec" : "software APX";
}

static void print_table(const struct prove_session *s)
{
	const struct egpr_strategy *order[EGPR_NR_STRATEGIES];
	unsigned int n = prove_order(&s->layer, order);

	printf("\nState proofs, layer boundary, form %s, provenance %s (%s), guests by %s.\n"
	       "Values from seed %llu. Exit kinds proved per guest state, and XCR0 semantics without a "
	       "guest:\n\n",
	       form_id(s->run), egpr_provenances[s->run->env.provenance].id, whose(s->run),
	       s->have_host ? s->host.backend : "no KVM here", (unsigned long long)proof_seed());
	proof_print_head("XCR0 semantics     exits");
	for (unsigned int i = 0; i < n; i++) {
		const struct prove_tally *t = &s->tally[order[i] - egpr_strategies];

		printf("%-18s", prove_spelling(order[i]));
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

static int make_dir(struct prove_session *s, const struct run *run, const struct run_options *o)
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
		.seed = proof_seed(),
	};

	s->dir = rundir_create(&d, s->e, &status);
	cJSON_Delete(facts);
	cJSON_Delete(plan);
	cJSON_Delete(versions);
	egpr_host_free(&host);
	if (!s->dir)
		return status;
	cJSON_AddStringToObject(rundir_meta(s->dir), META_PROVENANCE,
				egpr_provenances[run->env.provenance].id);
	cJSON_AddStringToObject(rundir_meta(s->dir), RUNDIR_FORM, form_id(run));
	cJSON_AddBoolToObject(rundir_meta(s->dir), RUNDIR_PLAYED, egpr_user_played());
	run_add_edited(run, rundir_meta(s->dir));
	return 0;
}

static void describe(struct prove_session *s)
{
	cJSON *checks = cJSON_CreateArray(), *c = cJSON_CreateObject();
	char detail[64];

	snprintf(detail, sizeof(detail), "%u proofs failed or crashed", s->failures);
	cJSON_AddStringToObject(c, "check", "state proofs");
	cJSON_AddStringToObject(c, "result", s->failures ? "fail" : "pass");
	cJSON_AddStringToObject(c, "detail", s->failures ? detail : "");
	cJSON_AddItemToArray(checks, c);
	rundir_set_soundness(s->dir, !s->failures, checks);
	if (s->have_host)
		rundir_set_backend(s->dir, s->host.backend, s->host.representative, s->host.why);
}

static bool wants_prim(const struct run *run)
{
	return run->env.form == EGPR_FORM_HW && run->plan->layer[EGPR_LAYER_PRIM].wanted;
}

/* Form hw, on hardware or played: @run's provenance becomes that of the rows. */
static int expand_native(struct run *run, struct data_error *e)
{
	if (!proof_native())
		return data_fail(e, EGPR_SKIPPED,
				 "form hw is proved on a CPU with APX whose XCR0 has bit %d; here "
				 "`egprlab exec -- egprlab run --provenance hw` plays one, and "
				 "--provenance emu proves form trap",
				 EGPR_XFEATURE);
	run->env.form = EGPR_FORM_HW;
	if (egpr_user_played())
		run->env.provenance = EGPR_PROV_EMU;
	return 0;
}

int proof_expand(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
		 struct data_error *e)
{
	int status;

	memset(run, 0, sizeof(*run));
	run->plan = plan;
	run->env.provenance = provenance;
	run->env.form = EGPR_FORM_TRAP;
	status = provenance == EGPR_PROV_HW ? expand_native(run, e) : 0;
	if (status)
		return status;
	if (!plan->layer[EGPR_LAYER_BOUNDARY].wanted && !plan->layer[EGPR_LAYER_RING0].wanted &&
	    !plan->layer[EGPR_LAYER_KVM].wanted && !plan->layer[EGPR_LAYER_VMENTER].wanted &&
	    !wants_prim(run))
		return data_fail(
			e, EGPR_SKIPPED,
			"state proofs are of layers boundary, ring0, kvm and vmenter, and in form hw of prim, "
			"all of which the plan leaves out");
	return 0;
}

int proof_measure(struct run *run, const struct run_options *o, char **path, struct data_error *e)
{
	struct prove_session s = { .run = run, .layer = chosen(run->plan), .e = e };
	unsigned int proved = 0;
	bool boundary = run->plan->layer[EGPR_LAYER_BOUNDARY].wanted;
	const char *why;
	int status, closed;

	*path = NULL;
	if (run->plan->has_seed)
		proof_use_seed(run->plan->seed);
	if (o->resume)
		return data_fail(e, EGPR_USAGE, "proofs are not resumed: start a new run");
	s.page = mmap(NULL, sizeof(*s.page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (s.page == MAP_FAILED)
		return data_fail(e, EGPR_INTERNAL, "no memory for the register file: %s",
				 strerror(errno));
	status = proof_start(s.page, run->env.form == EGPR_FORM_HW ? PROOF_NATIVE : 0, &why);
	if (status) {
		data_fail(e, status, "%s", why);
		goto out_unmap;
	}
	proof_stop(); /* only asked: each process apart starts its own */
	status = make_dir(&s, run, o);
	if (status)
		goto out_unmap;
	if (boundary || wants_prim(run))
		status = prove_soft(&s);
	if (boundary && !status)
		status = prove_guests(&s);
	if (!status)
		status = proof_module(s.dir, run->plan, run->env.form, run->env.provenance, &proved,
				      &s.failures, e);
	describe(&s);
	run_write_refused(run, s.dir);
	*path = strdup(rundir_path(s.dir));
	closed = rundir_close(s.dir, !status, status ? NULL : e);
	if (!status)
		status = closed;
	if (boundary || wants_prim(run))
		print_table(&s);
	if (!status && !boundary && !wants_prim(run) && !proved)
		status = data_fail(e, EGPR_UNAVAILABLE,
				   "nothing could be proved here; skipped.csv says why");
	if (!status && s.failures)
		status = data_fail(e, EGPR_CRASHED,
				   "%u proofs failed or crashed; proofs.csv and skipped.csv of %s "
				   "have the details",
				   s.failures, *path ? *path : "the run");
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

	printf("state proofs of form %s, layer boundary: %u strategies, %u exit kinds, %u guest "
	       "states\n",
	       form_id(run), prove_order(&l, order), count(l.exits, EGPR_NR_EXIT_KINDS),
	       count(l.states, EGPR_NR_STATES));
}

void proof_conclude(const struct run *run, const char *path)
{
	(void)run;
	printf("%s\n", path);
}
