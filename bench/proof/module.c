// SPDX-License-Identifier: GPL-2.0-only
/*
 * State proofs of layers ring0, kvm and vmenter; see proof_module.h.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <egpr/status.h>

#include <bench/plan/axis.h>
#include <bench/layer/edited.h>
#include <bench/layer/module_guest.h>
#include "proof.h"
#include "module.h"
#include "beside.h"
#include "ring0.h"
#include "random.h"
#include "table.h"

#define EXITS	  8
#define EXITS_APX 2   /* of a guest whose every access of a register is two exits more */
#define HALVES	  100 /* rounds without a guest */
#define STATE_DIR "/payloads/state"
#define BY_REX2	  "the guest executes REX2 itself"

/* One line of the table of a layer: a strategy's rows of proofs.csv. */
struct tally {
	unsigned int passed[EGPR_NR_STATES];
	unsigned int failed[EGPR_NR_STATES];
	uint64_t exits;
};

struct proving {
	struct rundir *dir;
	enum egpr_form form;
	enum egpr_provenance provenance;
	enum egpr_layer layer; /* of those with a guest */
	struct data_error *e;
	struct vmm_host host;
	const struct plan *plan;
	unsigned int *failures;
	struct own_verdict may;
	bool offers;				/* a KVM that offers guests APX is there */
	struct tally tally[EGPR_NR_STRATEGIES]; /* of one layer */
	char skipped[384];			/* the last reason given */
	unsigned int left[EGPR_NR_EXIT_KINDS];	/* of one layer: bits of guest states not proved */
};

/* One row: what was proved of a strategy, or why not. */
static int record(struct proving *p, enum egpr_layer layer, const struct egpr_exit_kind *kind,
		  const struct egpr_strategy *s, enum egpr_guest_state state,
		  enum proof_check check, uint64_t exits, bool pass, const char *detail)
{
	const struct rundir_key key = {
		.backend = kind ? p->host.backend : NULL,
		.representative = kind ? p->host.representative : true,
		.provenance = p->provenance,
		.layer = layer,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
		.strategy = s->id,
		.state = state,
	};
	struct tally *t = &p->tally[s - egpr_strategies];
	struct csv_row row;

	t->passed[state] += pass;
	t->failed[state] += !pass;
	t->exits += exits;
	*p->failures += !pass;
	if (!pass)
		printf("FAIL %s, %s, %s, %s: %s\n", egpr_layers[layer].id, s->id,
		       kind ? kind->id : "halves alone", egpr_guest_states[state].id, detail);
	rundir_row(p->dir, EGPR_CSV_PROOFS, &key, &row);
	csv_set_text(&row, EGPR_PROOFS_check, proof_check_ids[check]);
	csv_set_count(&row, EGPR_PROOFS_exits, exits);
	csv_set_text(&row, EGPR_PROOFS_result, pass ? "pass" : "fail");
	csv_set_text(&row, EGPR_PROOFS_detail, detail);
	return rundir_append(p->dir, &row, p->e);
}

static int skip_row(struct proving *p, enum egpr_layer layer, const struct egpr_exit_kind *kind,
		    const struct egpr_strategy *s, enum egpr_guest_state state, const char *reason)
{
	const struct rundir_key key = {
		.backend = kind ? p->host.backend : NULL,
		.provenance = p->provenance,
		.layer = layer,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
		.strategy = s ? s->id : NULL,
		.state = state,
	};
	struct csv_row row;

	snprintf(p->skipped, sizeof(p->skipped), "%s", reason);
	rundir_row(p->dir, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(p->dir, &row, p->e);
}

static int skip(struct proving *p, enum egpr_layer layer, const struct egpr_strategy *s,
		const char *reason)
{
	return skip_row(p, layer, NULL, s, EGPR_STATE_OFF, reason);
}

/* A guest that does not run: nothing is proved of this exit kind in this state. */
static int skip_guest(struct proving *p, const struct egpr_exit_kind *kind,
		      enum egpr_guest_state state, const char *reason)
{
	p->left[kind - egpr_exit_kinds] |= 1u << state;
	return skip_row(p, p->layer, kind, NULL, state, reason);
}

static bool wanted(const struct proving *p, enum egpr_layer layer, const struct egpr_strategy *s)
{
	const struct plan_layer *l = &p->plan->layer[layer];

	return !(p->plan->narrowed & PLAN_NARROWED_STRATEGIES) ||
	       l->strategies & 1u << (s - egpr_strategies);
}

/* Where the registers differ from @want, in words; NULL where they do not. */
static const char *differs(const __u64 *is, const __u64 *want, const char *what, char *why,
			   size_t size)
{
	int i;

	for (i = 0; i < EGPR_COUNT && is[i] == want[i]; i++)
		;
	if (i == EGPR_COUNT)
		return NULL;
	snprintf(why, size, "r%d %s: %#llx, should be %#llx", EGPR_FIRST + i, what, is[i], want[i]);
	return why;
}

/* The exit half takes random values home and clears, the entry half brings them back. */
static bool prove_round(struct module_session *m, const struct egpr_strategy *s, uint64_t *seed,
			unsigned int flags, char *why, size_t size)
{
	static const __u64 zero[EGPR_COUNT];
	__u64 home[EGPR_COUNT], want[EGPR_COUNT];
	struct data_error e;
	int i;

	for (i = 0; i < EGPR_COUNT; i++)
		want[i] = m->page->r[i] = proof_random_mark(seed);
	m->page->xcr0 |= 1ull << EGPR_XFEATURE;
	m->page->xinuse = 1;
	if (module_run(m, s, EGPR_FORM_TRAP, EGPR_STATE_DIRTY, EGPR_RUN_EXIT, flags, &e) ||
	    module_get_regs(m, home, &e)) {
		snprintf(why, size, "%s", e.text);
		return false;
	}
	if (differs(home, want, "at home after the exit half", why, size) ||
	    differs(m->page->r, zero, "after the exit half", why, size))
		return false;
	if (module_run(m, s, EGPR_FORM_TRAP, EGPR_STATE_DIRTY, EGPR_RUN_ENTRY, 0, &e)) {
		snprintf(why, size, "%s", e.text);
		return false;
	}
	return !differs(m->page->r, want, "after the entry half", why, size);
}

static bool prove_halves(struct module_session *m, const struct egpr_strategy *s, char *why,
			 size_t size)
{
	uint64_t seed = proof_seed();
	int round;

	for (round = 0; round < HALVES; round++) {
		if (!prove_round(m, s, &seed, round ? 0 : EGPR_CONF_FRESH, why, size))
			return false;
	}
	return true;
}

/* A row per check that the model made. */
static int prove_model(struct proving *p, struct module_session *m, const struct egpr_strategy *s,
		       enum egpr_guest_state state)
{
	const struct proof_length length = { .seed = proof_seed(), .exits = HALVES };
	struct proof_result r;
	struct data_error why;
	int status = 0;

	if (ring0_soft(m, s, p->form, state, &length, &r, &why))
		return skip(p, EGPR_LAYER_RING0, s, why.text);
	for (unsigned int c = 0; c < PROOF_NR && !status; c++) {
		/* The registers at home, in form trap and state dirty, have their row already. */
		if (!r.tried[c] ||
		    (c == PROOF_HOME && state == EGPR_STATE_DIRTY && p->form == EGPR_FORM_TRAP))
			continue;
		status = record(p, EGPR_LAYER_RING0, NULL, s, state, (enum proof_check)c, r.exits,
				!r.failed[c], r.detail[c]);
	}
	return status;
}

static int prove_strategy(struct proving *p, struct module_session *m,
			  const struct egpr_strategy *s)
{
	char text[sizeof(p->e->text)] = "";
	int status = 0, state;
	bool ok;

	if (p->form == EGPR_FORM_TRAP) {
		ok = prove_halves(m, s, text, sizeof(text));
		status = record(p, EGPR_LAYER_RING0, NULL, s, EGPR_STATE_DIRTY, PROOF_HOME, HALVES,
				ok, ok ? "" : text);
	}
	for (state = 0; state < EGPR_NR_STATES && !status; state++)
		status = prove_model(p, m, s, (enum egpr_guest_state)state);
	return status;
}

static int prove_ring0(struct proving *p)
{
	const struct egpr_strategy *s;
	enum egpr_refusal refusal = EGPR_REFUSED_NONE;
	struct module_session m;
	struct data_error why;
	int status = 0;

	if (module_open(&m, &why))
		return skip(p, EGPR_LAYER_RING0, NULL, why.text);
	if (p->form == EGPR_FORM_TRAP && !(m.query.features & EGPR_HAS_EMULATE))
		refusal = EGPR_REFUSED_NO_EMULATE;
	if (p->form == EGPR_FORM_HW && !(m.query.features & EGPR_HAS_APX))
		refusal = EGPR_REFUSED_NO_APX;
	if (refusal != EGPR_REFUSED_NONE) {
		module_close(&m);
		return skip(p, EGPR_LAYER_RING0, NULL, module_refusal(refusal));
	}
	egpr_for_each_strategy(s) {
		if (!status && wanted(p, EGPR_LAYER_RING0, s) && ring0_applies(s))
			status = prove_strategy(p, &m, s);
	}
	module_close(&m);
	return status;
}

static const struct {
	enum egpr_guest_state state;
	enum proof_check check;
} steps[] = {
	{ EGPR_STATE_OFF, PROOF_RUNS },	      { EGPR_STATE_INIT, PROOF_ENABLE },
	{ EGPR_STATE_DIRTY, PROOF_SURVIVES }, { EGPR_STATE_OFF, PROOF_XCR0 },
	{ EGPR_STATE_DIRTY, PROOF_DISABLE },
};

/* An exit half that reads a register reads another at each exit: enough for all of them. */
static uint32_t exits_of(const struct egpr_strategy *s)
{
	return s->needs & EGPR_READS_OPERAND ? EGPR_COUNT : EXITS;
}

/* The guest reaches its registers through the register file; all states, in the steps' order. */
static int prove_steps(struct proving *p, const struct egpr_exit_kind *kind,
		       const struct egpr_strategy *s, struct guest *g, bool *ok)
{
	int status = 0;
	size_t i;

	for (i = 0; *ok && !status && i < sizeof(steps) / sizeof(*steps); i++) {
		*ok = guest_configure(g, s, steps[i].state, 0, !i) && guest_batch(g, exits_of(s));
		status = record(p, p->layer, kind, s, steps[i].state, steps[i].check,
				g->seen.switched_out, *ok, *ok ? "" : g->why);
	}
	return status;
}

/* A control keeps no registers: the guest must miss them, or the checks see nothing. */
static int prove_control(struct proving *p, const struct egpr_exit_kind *kind,
			 const struct egpr_strategy *s, struct guest *g, bool *ok)
{
	char detail[sizeof(g->why) + 32];

	*ok = guest_configure(g, s, EGPR_STATE_DIRTY, 0, true) && guest_batch(g, EXITS);
	if (*ok)
		snprintf(detail, sizeof(detail), "the control kept the registers");
	else
		snprintf(detail, sizeof(detail), "control, caught: %s", g->why);
	return record(p, p->layer, kind, s, EGPR_STATE_DIRTY, PROOF_SURVIVES, g->seen.switched_out,
		      !*ok, detail);
}

/* The guest names r16..r31 in its own instructions. */
static int prove_rex2(struct proving *p, const struct egpr_exit_kind *kind,
		      const struct egpr_strategy *s, struct guest *g, bool *ok)
{
	enum proof_check check = g->state == EGPR_STATE_INIT ? PROOF_ENABLE : PROOF_SURVIVES;
	int status;

	*ok = guest_configure(g, s, g->state, 0, true) && guest_batch(g, EXITS_APX);
	status = record(p, p->layer, kind, s, g->state, check, g->seen.switched_out, *ok,
			*ok ? BY_REX2 : g->why);
	if (!*ok || status || !g->msr_value)
		return status;
	*ok = g->msr_value == g->result;
	return record(p, p->layer, kind, s, g->state, PROOF_SOURCE, g->seen.switched_out, *ok,
		      *ok ? BY_REX2 : "WRMSRNS wrote another value than the guest's register had");
}

/*
 * Why it may not run here, NULL where it may: beside what KVM does. Where KVM keeps the
 * registers baselines are no controls: their guest misses nothing.
 */
static const char *barred(const struct proving *p, const struct egpr_strategy *s)
{
	bool may = !p->offers || p->may.strategies;

	if (s->family == EGPR_FAMILY_OWN)
		return p->may.own ? NULL : p->may.why_own;
	if (own_is_of_the_lab(s))
		may = p->may.strategies;
	return may ? NULL : p->may.why_strategies;
}

static bool may_run(const struct proving *p, const struct egpr_strategy *s)
{
	return !barred(p, s);
}

/*
 * Every strategy on one guest. A failure ends that guest, so the next strategy gets another; controls
 * come last, because theirs is meant to fail.
 *
 * @dir: payloads for a guest that uses the register file; NULL for one that executes REX2
 */
static int prove_kind(struct proving *p, const struct egpr_exit_kind *kind, const char *dir,
		      enum egpr_guest_state state)
{
	const struct egpr_strategy *s;
	struct guest g = { .module.fd = -1 };
	int status = 0, control, ret;

	for (control = 0; control < (dir ? 2 : 1); control++) {
		egpr_for_each_strategy(s) {
			bool ok = true;

			if (status || !wanted(p, p->layer, s) || !may_run(p, s) ||
			    proof_is_control(s) != control)
				continue;
			ret = 0;
			if (!g.vm)
				ret = dir ? guest_open(&g, &p->host, kind->id, dir, true)
					  : guest_open_apx(&g, &p->host, kind->id, NULL, state);
			if (ret) {
				status = skip_guest(p, kind, state, g.why);
				goto out_close;
			}
			g.place = p->layer == EGPR_LAYER_VMENTER;
			if (control)
				status = prove_control(p, kind, s, &g, &ok);
			else if (dir)
				status = prove_steps(p, kind, s, &g, &ok);
			else
				status = prove_rex2(p, kind, s, &g, &ok);
			if (!ok)
				guest_close(&g);
		}
	}
out_close:
	guest_close(&g);
	return status;
}

/*
 * Real APX in the guest, whose payload checks its own registers. Controls prove nothing here: whether they
 * keep the registers is the doing of KVM's FPU switch.
 */
static int prove_native(struct proving *p, const struct egpr_exit_kind *kind,
			enum egpr_guest_state state)
{
	static const enum proof_check check[EGPR_NR_STATES] = {
		[EGPR_STATE_OFF] = PROOF_RUNS,
		[EGPR_STATE_INIT] = PROOF_ENABLE,
		[EGPR_STATE_DIRTY] = PROOF_SURVIVES,
	};
	const struct egpr_strategy *s;
	struct guest g = { .module.fd = -1 };
	int status = 0;
	bool ok;

	egpr_for_each_strategy(s) {
		if (status || !wanted(p, p->layer, s) || !may_run(p, s) || proof_is_control(s))
			continue;
		if (!g.vm && guest_open_native(&g, &p->host, kind->id, state)) {
			status = skip_guest(p, kind, state, g.why);
			break;
		}
		g.place = p->layer == EGPR_LAYER_VMENTER;
		ok = guest_configure(&g, s, state, 0, true) && guest_batch(&g, exits_of(s));
		status = record(p, p->layer, kind, s, state, check[state], g.seen.switched_out, ok,
				ok ? BY_REX2 : g.why);
		if (!ok)
			guest_close(&g);
	}
	guest_close(&g);
	return status;
}

/* What may not run is one row each: it does not depend on the exit kind. */
static int skip_refused(struct proving *p)
{
	const struct egpr_strategy *s;
	int status = 0;

	egpr_for_each_strategy(s) {
		bool own = s->family == EGPR_FAMILY_OWN;

		if (status || !wanted(p, p->layer, s) || may_run(p, s) ||
		    (!own && !own_is_of_the_lab(s)))
			continue;
		status = skip(p, p->layer, s, barred(p, s));
	}
	return status;
}

/*
 * A guest that executes REX2 itself leaves some hundred times where another leaves once: it proves what the
 * plan measures of exit kinds at KVM's probes, and those that name r16..r31 by themselves.
 */
static bool by_rex2(const struct proving *p, const struct egpr_exit_kind *kind)
{
	return p->plan->narrowed & PLAN_NARROWED_EXITS || kind->needs & EGPR_EXIT_EGPR ||
	       p->plan->layer[EGPR_LAYER_KVM].exits & 1u << (kind - egpr_exit_kinds);
}

static int prove_guests(struct proving *p, enum egpr_layer layer)
{
	/* A proof by the register file costs little: all exit kinds, unless the command line chose. */
	unsigned int exits = p->plan->narrowed & PLAN_NARROWED_EXITS ? p->plan->layer[layer].exits
								     : ~0u;
	char dir[PATH_MAX + sizeof(STATE_DIR)];
	const struct egpr_exit_kind *kind;
	struct vmm_error v;
	ssize_t n;
	char *slash;
	int status = 0;

	p->layer = layer;
	memset(p->left, 0, sizeof(p->left));
	if (vmm_host_probe(&p->host, NULL, &v))
		return skip(p, p->layer, NULL, v.reason);
	n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	dir[n > 0 ? n : 0] = 0;
	slash = strrchr(dir, '/');
	if (!slash)
		slash = dir;
	snprintf(slash, sizeof(dir) - (size_t)(slash - dir), "%s", STATE_DIR);
	proof_beside_kvm(&p->host, p->form, &p->may, &p->offers);
	status = skip_refused(p);
	egpr_for_each_exit_kind(kind) {
		if (status || !(exits & 1u << (kind - egpr_exit_kinds)))
			continue;
		if (p->form == EGPR_FORM_HW) {
			for (int state = 0; state < EGPR_NR_STATES && !status; state++)
				status = prove_native(p, kind, (enum egpr_guest_state)state);
			continue;
		}
		if (!(kind->needs & EGPR_EXIT_EGPR))
			status = prove_kind(p, kind, dir, EGPR_STATE_OFF);
		if (!status && by_rex2(p, kind))
			status = prove_kind(p, kind, NULL, EGPR_STATE_INIT);
		if (!status && by_rex2(p, kind))
			status = prove_kind(p, kind, NULL, EGPR_STATE_DIRTY);
	}
	return status;
}

/* The same in the edited KVM, which is out again afterwards. */
static int prove_vmenter(struct proving *p)
{
	struct data_error why;
	int status;

	if (edited_kvm_use(true, &why))
		return skip(p, EGPR_LAYER_VMENTER, NULL, why.text);
	status = prove_guests(p, EGPR_LAYER_VMENTER);
	if (status)
		return status;
	return edited_kvm_use(false, p->e);
}

/* What the table has no proof of, though the plan wants it. */
static void print_left(const struct proving *p)
{
	const struct egpr_exit_kind *kind;
	const char *head = "Not proved, and skipped.csv says why:";
	int state;

	egpr_for_each_exit_kind(kind) {
		unsigned int left = p->left[kind - egpr_exit_kinds];
		const char *before = " (";

		if (!left)
			continue;
		printf("%s %s", head, kind->id);
		head = ",";
		for (state = 0; state < EGPR_NR_STATES; state++) {
			if (!(left & 1u << state))
				continue;
			printf("%s%s", before, egpr_guest_states[state].id);
			before = ", ";
		}
		printf(")");
	}
	if (*head == ',')
		printf(".\n");
}

static void print_line(const struct egpr_strategy *s, const struct tally *t)
{
	unsigned int any = 0;
	int state;

	for (state = 0; state < EGPR_NR_STATES; state++)
		any |= t->passed[state] | t->failed[state];
	if (!any)
		return;
	printf("%-18s", s->id);
	for (state = 0; state < EGPR_NR_STATES; state++)
		proof_print_cell(t->passed[state], t->failed[state]);
	printf(" %7llu%s\n", (unsigned long long)t->exits, proof_is_control(s) ? "  control" : "");
}

/* The table of a layer, or why there is none. Returns the number of proofs. */
static unsigned int sum_up(struct proving *p, enum egpr_layer layer)
{
	unsigned int passed = 0, failed = 0;
	const struct egpr_strategy *s;
	int state;

	egpr_for_each_strategy(s) {
		for (state = 0; state < EGPR_NR_STATES; state++) {
			passed += p->tally[s - egpr_strategies].passed[state];
			failed += p->tally[s - egpr_strategies].failed[state];
		}
	}
	if (!(passed + failed)) {
		printf("State proofs, layer %s: none run: %s\n", egpr_layers[layer].id,
		       *p->skipped ? p->skipped : "nothing was chosen that moves registers");
		return 0;
	}
	printf("\nState proofs, layer %s (%s), form %s, provenance %s%s%s.\n"
	       "Checks per guest state:\n\n",
	       egpr_layers[layer].id, egpr_layers[layer].text,
	       p->form == EGPR_FORM_HW ? "hw" : "trap", egpr_provenances[p->provenance].id,
	       *p->host.backend ? ", guests by " : "", p->host.backend);
	proof_print_head("exits");
	egpr_for_each_strategy(s)
		print_line(s, &p->tally[s - egpr_strategies]);
	if (p->tally[EGPR_STRATEGY_none].passed[EGPR_STATE_DIRTY])
		printf("\nA control keeps no registers: it passes where its guest missed them.\n");
	printf("\nState proofs, layer %s: %u pass, %u FAIL\n", egpr_layers[layer].id, passed,
	       failed);
	print_left(p);
	memset(p->tally, 0, sizeof(p->tally));
	return passed + failed;
}

int proof_module(struct rundir *dir, const struct plan *plan, enum egpr_form form,
		 enum egpr_provenance provenance, unsigned int *proved, unsigned int *failures,
		 struct data_error *e)
{
	struct proving p = { .dir = dir,
			     .form = form,
			     .provenance = provenance,
			     .e = e,
			     .plan = plan,
			     .failures = failures };
	int status = 0;

	*proved = 0;
	if (plan->layer[EGPR_LAYER_RING0].wanted) {
		status = prove_ring0(&p);
		*proved += sum_up(&p, EGPR_LAYER_RING0);
	}
	if (!status && plan->layer[EGPR_LAYER_KVM].wanted) {
		status = prove_guests(&p, EGPR_LAYER_KVM);
		*proved += sum_up(&p, EGPR_LAYER_KVM);
	}
	if (!status && plan->layer[EGPR_LAYER_VMENTER].wanted) {
		status = prove_vmenter(&p);
		*proved += sum_up(&p, EGPR_LAYER_VMENTER);
	}
	return status;
}
