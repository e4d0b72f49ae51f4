// SPDX-License-Identifier: GPL-2.0-only
/*
 * State proofs inside a bed: every strategy at KVM's own entry and exit, on the virtual
 * EGPR hardware that guest and module share.
 *
 * The guest checks and rewrites its registers before every exit (asm/payload/runtime/
 * state.h), so a register that a strategy loses, swaps or lets the host's XCR0 reach shows in the guest;
 * one that it leaves behind shows in the register file after the exit. The order of guest
 * states is that of the requirement in the posted series: first enable reads zero, disable
 * keeps, re-enable restores.
 *
 * usage: proof DIR [STRATEGY...]: payloads in DIR; with mutants loaded the named
 * strategies must fail and the others pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/guest.h>
#include <vmm-mini/vmm.h>

#include "../../bench/module.h"
#include "tap.h"

#define EXITS	  20 /* per step of a proof */
#define TIMEOUT_S 60.0

/* Exit kinds to prove: one per path, and both directions of data. */
static const char *const kinds[] = { "cpuid", "pio-out", "mmio-read", "rdmsr",
				     "wrmsr-tsc-deadline" };

/* The steps of one proof, in the order that the requirement names. */
static const struct {
	enum egpr_guest_state state;
	const char *text;
} steps[] = {
	{ EGPR_STATE_OFF, "off from the start" }, { EGPR_STATE_INIT, "first enable reads zero" },
	{ EGPR_STATE_DIRTY, "values survive" },	  { EGPR_STATE_OFF, "off again" },
	{ EGPR_STATE_DIRTY, "values are back" },
};

/* Probes with the host's XCR0, as kernels up to 6.18 have them, and with the guest's. */
static const struct {
	unsigned int flags;
	const char *text;
} regimes[] = {
	{ 0, "host XCR0 in the probes" },
	{ EGPR_CONF_GUEST_XCR0, "guest XCR0 in the probes" },
};

struct proof {
	struct module_session module;
	struct vmm *vm;
	const struct egpr_strategy *s;
	const struct egpr_exit_kind *kind;
	char why[1200];
};

static bool fail(struct proof *p, const char *step, const char *reason)
{
	snprintf(p->why, sizeof(p->why), "%s: %s", step, reason);
	return false;
}

static bool hardware_clear(const struct egpr_page *page)
{
	uint64_t any = 0;
	int i;

	for (i = 0; i < EGPR_COUNT; i++)
		any |= page->r[i];
	return !any;
}

static bool run_batch(struct proof *p, uint32_t exits, const char *step)
{
	struct vmm_batch b = { .exits = exits };
	struct vmm_error v;

	return vmm_batch(p->vm, &b, &v) ? fail(p, step, v.reason) : true;
}

static bool counters_hold(struct proof *p, const char *step)
{
	bool moves = p->s->home != EGPR_HOME_HW;
	struct egpr_counters c;
	struct data_error e;
	char text[256];

	if (module_counters(&p->module, &c, true, &e))
		return fail(p, step, e.text);
	if (c.refusal != EGPR_REFUSED_NONE)
		return fail(p, step, module_refusal(c.refusal));
	snprintf(text, sizeof(text),
		 "%llu entries, %llu exits, %llu in, %llu out, %llu #UD, %llu leaks",
		 (unsigned long long)c.entries, (unsigned long long)c.exits,
		 (unsigned long long)c.switched_in, (unsigned long long)c.switched_out,
		 (unsigned long long)c.ud, (unsigned long long)c.leaks);
	if (c.ud || c.leaks || c.migrated || c.switched_in != c.switched_out ||
	    c.entries - c.unseen != c.exits || c.exits + c.unseen < EXITS)
		return fail(p, step, text);
	if (moves && !c.emulated && p->s->family != EGPR_FAMILY_GATED &&
	    p->s->family != EGPR_FAMILY_XSAVE)
		return fail(p, step, "no instruction was emulated: the sequence did not run");
	return true;
}

static bool prove_step(struct proof *p, unsigned int i, unsigned int flags)
{
	struct egpr_configure c = module_configuration(p->s, EGPR_FORM_TRAP, steps[i].state, 0,
						       flags | (i ? 0 : EGPR_CONF_FRESH));
	struct data_error e;

	if (module_configure(&p->module, c, &e))
		return fail(p, steps[i].text, e.text);
	/* The first batch of a proof is a new guest's: its step counter starts again. */
	vmm_mailbox(p->vm)->pattern[0] = !i;
	if (!i)
		memset(p->module.page->r, 0, sizeof(p->module.page->r));
	if (!run_batch(p, EXITS, steps[i].text) || !counters_hold(p, steps[i].text))
		return false;
	if (p->s->home != EGPR_HOME_HW && !hardware_clear(p->module.page))
		return fail(p, steps[i].text, "guest values are left in the registers");
	return true;
}

static int open_guest(struct proof *p, const struct vmm_host *h, const char *dir)
{
	struct vmm_options o = { .emulate = true, .timeout_s = TIMEOUT_S };
	struct egpr_counters c;
	struct data_error e;
	struct vmm_error v;
	int ret;

	if (module_open(&p->module, &e)) {
		fail(p, "open", e.text);
		return EGPR_INTERNAL;
	}
	o.page = p->module.page;
	ret = vmm_open_kind(&p->vm, h, p->kind, &o, dir, &v);
	if (ret) {
		fail(p, "guest", v.reason);
		return ret;
	}
	if (module_attach(&p->module, vmm_vcpu_fd(p->vm), &e)) {
		fail(p, "attach", e.text);
		return EGPR_INTERNAL;
	}
	/* The module wants to see an exit before it switches anything. */
	if (!run_batch(p, 1, "first exit"))
		return EGPR_INTERNAL;
	return module_counters(&p->module, &c, true, &e) ? EGPR_INTERNAL : 0;
}

static void close_guest(struct proof *p)
{
	module_close(&p->module);
	vmm_close(p->vm);
	p->vm = NULL;
}

/* All steps under both regimes; leaves in @text what it was doing. */
static bool prove_strategy(struct proof *p, const char **text)
{
	unsigned int r, i;

	for (r = 0; r < sizeof(regimes) / sizeof(*regimes); r++) {
		*text = regimes[r].text;
		for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			if (!prove_step(p, i, regimes[r].flags))
				return false;
		}
	}
	return true;
}

static bool named(const char *id, char **names)
{
	for (; *names; names++) {
		if (!strcmp(*names, id))
			return true;
	}
	return false;
}

/* Every strategy on one guest; a failure ends that guest, so the next strategy gets another. */
static void prove_kind(const char *id, const struct vmm_host *h, const char *dir, char **mutants,
		       bool *caught)
{
	struct proof p = { .module.fd = -1, .kind = egpr_exit_kind_find(id) };
	const char *text = "";

	egpr_for_each_strategy(p.s) {
		bool mutant = named(p.s->id, mutants);
		int ret = 0;
		bool ok;

		if (!p.vm)
			ret = open_guest(&p, h, dir);
		if (ret == EGPR_SKIPPED) {
			tap_skip(p.why, "%s x every strategy", id);
			break;
		}
		ok = !ret && prove_strategy(&p, &text);
		if (mutant)
			caught[p.s - egpr_strategies] |= !ret && !ok;
		else if (!tap_ok(ok, "%s x %s: enable, survive, off, restore, no leak", id,
				 p.s->id))
			tap_note("%s: %s", text, p.why);
		if (!ok)
			close_guest(&p);
	}
	close_guest(&p);
}

int main(int argc, char **argv)
{
	bool caught[EGPR_NR_STRATEGIES] = { false };
	const struct egpr_strategy *s;
	struct vmm_host host;
	struct vmm_error v;
	size_t k;

	if (argc < 2) {
		fprintf(stderr, "usage: proof DIR [MUTANT...]\n");
		return EGPR_USAGE;
	}
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "proof", &v);
		return EGPR_INTERNAL;
	}
	for (k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		prove_kind(kinds[k], &host, argv[1], argv + 2, caught);
	egpr_for_each_strategy(s) {
		if (named(s->id, argv + 2))
			tap_ok(caught[s - egpr_strategies], "the planted fault in %s is caught",
			       s->id);
	}
	return tap_done();
}
