// SPDX-License-Identifier: GPL-2.0-only
/*
 * State proofs of layers ring0 and kvm; see proof_module.h.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <egpr/status.h>

#include "axis.h"
#include "module_guest.h"
#include "proof.h"
#include "proof_module.h"

#define EXITS	  8
#define PATTERN	  0x9e3779b97f4a7c15ull
#define STATE_DIR "/payloads/state"

struct proving {
	struct rundir *dir;
	struct data_error *e;
	struct vmm_host host;
	const struct plan *plan;
	unsigned int *failures;
	unsigned int passed, failed;
	char skipped[384]; /* the last reason given */
};

/* One row: what was proved of a strategy, or why not. */
static int record(struct proving *p, enum egpr_layer layer, const struct egpr_exit_kind *kind,
		  const struct egpr_strategy *s, enum egpr_guest_state state,
		  enum proof_check check, uint64_t exits, bool pass, const char *detail)
{
	const struct rundir_key key = {
		.backend = kind ? p->host.backend : NULL,
		.representative = kind ? p->host.representative : true,
		.provenance = EGPR_PROV_EMU,
		.layer = layer,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
		.strategy = s->id,
		.state = state,
	};
	struct csv_row row;

	*(pass ? &p->passed : &p->failed) += 1;
	*p->failures += !pass;
	if (!pass)
		printf("FAIL %s, %s, %s, %s: %s\n", egpr_layers[layer].id, s->id,
		       kind ? kind->id : "halves alone", egpr_guest_states[state].id, detail);
	rundir_row(p->dir, EGPR_CSV_PROOFS, &key, &row);
	csv_set_text(&row, EGPR_PROOFS_check, proof_check_ids[check]);
	csv_set_count(&row, EGPR_PROOFS_exits, exits);
	csv_set_text(&row, EGPR_PROOFS_result, pass ? "pass" : "fail");
	csv_set_text(&row, EGPR_PROOFS_detail, pass ? "" : detail);
	return rundir_append(p->dir, &row, p->e);
}

static int skip(struct proving *p, enum egpr_layer layer, const struct egpr_exit_kind *kind,
		const char *reason)
{
	const struct rundir_key key = {
		.backend = kind ? p->host.backend : NULL,
		.provenance = EGPR_PROV_EMU,
		.layer = layer,
		.exit_kind = kind ? kind->id : NULL,
		.path = kind ? kind->path : EGPR_PATH_NONE,
	};
	struct csv_row row;

	snprintf(p->skipped, sizeof(p->skipped), "%s", reason);
	rundir_row(p->dir, EGPR_CSV_SKIPPED, &key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(p->dir, &row, p->e);
}

static bool wanted(const struct proving *p, enum egpr_layer layer, const struct egpr_strategy *s)
{
	const struct plan_layer *l = &p->plan->layer[layer];

	if (s->home == EGPR_HOME_HW)
		return false; /* moves nothing: nothing to prove */
	return !(p->plan->narrowed & PLAN_NARROWED_STRATEGIES) ||
	       l->strategies & 1u << (s - egpr_strategies);
}

/* The exit half takes the pattern home and clears, the entry half brings it back. */
static bool prove_halves(struct module_session *m, const struct egpr_strategy *s, char *why,
			 size_t size)
{
	uint64_t home[EGPR_COUNT];
	struct data_error e;
	uint64_t left = 0;
	int i;

	for (i = 0; i < EGPR_COUNT; i++)
		m->page->r[i] = PATTERN * (unsigned int)(i + 1);
	m->page->xcr0 |= 1ull << EGPR_XFEATURE;
	m->page->xinuse = 1;
	if (module_run(m, s, EGPR_FORM_TRAP, EGPR_STATE_DIRTY, EGPR_RUN_EXIT, EGPR_CONF_FRESH,
		       &e) ||
	    module_get_regs(m, home, &e)) {
		snprintf(why, size, "%s", e.text);
		return false;
	}
	for (i = 0; i < EGPR_COUNT; i++) {
		left |= m->page->r[i];
		if (home[i] != PATTERN * (unsigned int)(i + 1)) {
			snprintf(why, size, "r%d is not at home after the exit half",
				 EGPR_FIRST + i);
			return false;
		}
	}
	if (left) {
		snprintf(why, size, "the exit half leaves guest values behind");
		return false;
	}
	if (module_run(m, s, EGPR_FORM_TRAP, EGPR_STATE_DIRTY, EGPR_RUN_ENTRY, 0, &e)) {
		snprintf(why, size, "%s", e.text);
		return false;
	}
	for (i = 0; i < EGPR_COUNT; i++) {
		if (m->page->r[i] != PATTERN * (unsigned int)(i + 1)) {
			snprintf(why, size, "r%d is not back after the entry half", EGPR_FIRST + i);
			return false;
		}
	}
	return true;
}

static int prove_ring0(struct proving *p)
{
	const struct egpr_strategy *s;
	struct module_session m;
	struct data_error why;
	char text[sizeof(why.text)] = "";
	int status = 0;

	if (module_open(&m, &why))
		return skip(p, EGPR_LAYER_RING0, NULL, why.text);
	if (!(m.query.features & EGPR_HAS_EMULATE)) {
		module_close(&m);
		return skip(p, EGPR_LAYER_RING0, NULL, module_refusal(EGPR_REFUSED_NO_EMULATE));
	}
	egpr_for_each_strategy(s) {
		bool ok;

		if (status || !wanted(p, EGPR_LAYER_RING0, s))
			continue;
		ok = prove_halves(&m, s, text, sizeof(text));
		status = record(p, EGPR_LAYER_RING0, NULL, s, EGPR_STATE_DIRTY, PROOF_HOME, 1, ok,
				text);
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

/* @dir: payloads that check themselves. A failure ends the guest, so the next strategy gets another. */
static int prove_kind(struct proving *p, const struct egpr_exit_kind *kind, const char *dir)
{
	const struct egpr_strategy *s;
	struct guest g = { .module.fd = -1 };
	int status = 0;

	egpr_for_each_strategy(s) {
		bool ok = true;

		if (status || !wanted(p, EGPR_LAYER_KVM, s))
			continue;
		if (!g.vm && guest_open(&g, &p->host, kind->id, dir, true)) {
			status = skip(p, EGPR_LAYER_KVM, kind, g.why);
			break;
		}
		for (size_t i = 0; ok && !status && i < sizeof(steps) / sizeof(*steps); i++) {
			ok = guest_configure(&g, s, steps[i].state, 0, !i) &&
			     guest_batch(&g, EXITS);
			status = record(p, EGPR_LAYER_KVM, kind, s, steps[i].state, steps[i].check,
					g.seen.switched_out, ok, g.why);
		}
		if (!ok)
			guest_close(&g);
	}
	guest_close(&g);
	return status;
}

static int prove_kvm(struct proving *p)
{
	const struct plan_layer *l = &p->plan->layer[EGPR_LAYER_KVM];
	char dir[PATH_MAX + sizeof(STATE_DIR)];
	const struct egpr_exit_kind *kind;
	struct vmm_error v;
	ssize_t n;
	char *slash;
	int status = 0;

	if (vmm_host_probe(&p->host, NULL, &v))
		return skip(p, EGPR_LAYER_KVM, NULL, v.reason);
	n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	dir[n > 0 ? n : 0] = 0;
	slash = strrchr(dir, '/');
	if (!slash)
		slash = dir;
	snprintf(slash, sizeof(dir) - (size_t)(slash - dir), "%s", STATE_DIR);
	egpr_for_each_exit_kind(kind) {
		if (status || !(l->exits & 1u << (kind - egpr_exit_kinds)))
			continue;
		status = prove_kind(p, kind, dir);
	}
	return status;
}

/* One line for a layer: its counts, or why it was not run. Returns the number of proofs. */
static unsigned int sum_up(struct proving *p, enum egpr_layer layer)
{
	unsigned int n = p->passed + p->failed;

	if (n)
		printf("State proofs, layer %s: %u pass, %u FAIL\n", egpr_layers[layer].id,
		       p->passed, p->failed);
	else
		printf("State proofs, layer %s: none run: %s\n", egpr_layers[layer].id,
		       *p->skipped ? p->skipped : "nothing was chosen that moves registers");
	p->passed = p->failed = 0;
	return n;
}

int proof_module(struct rundir *dir, const struct plan *plan, unsigned int *proved,
		 unsigned int *failures, struct data_error *e)
{
	struct proving p = { .dir = dir, .e = e, .plan = plan, .failures = failures };
	int status = 0;

	*proved = 0;
	if (plan->layer[EGPR_LAYER_RING0].wanted) {
		status = prove_ring0(&p);
		*proved += sum_up(&p, EGPR_LAYER_RING0);
	}
	if (!status && plan->layer[EGPR_LAYER_KVM].wanted) {
		status = prove_kvm(&p);
		*proved += sum_up(&p, EGPR_LAYER_KVM);
	}
	return status;
}
