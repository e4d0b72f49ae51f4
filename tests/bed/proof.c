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
 * The same is proved with guests that execute real REX2 and EVEX instructions, which KVM
 * intercepts as #UD and the VMM emulates where the strategy keeps the registers; and a WRMSRNS
 * from r31 must write what the guest had there. Strategies that keep no registers are controls: a
 * guest under them must miss its registers.
 *
 * usage: proof DIR [STRATEGY...]: state payloads in DIR, the plain ones above it; with mutants
 * loaded the named strategies must fail and the others pass.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include "tap.h"

#define EXITS	  12 /* per step of a proof */
#define EXITS_APX 2  /* of a guest whose every access of a register is two exits more */

/* Exit kinds to prove: one per path, and both directions of data. */
static const char *const kinds[] = {
	"cpuid", "pio-out", "mmio-read", "rdmsr", "wrmsr-tsc-deadline", "l2-vmcall"
};

/* The same for guests that execute REX2: an exit of each sort that names a register, and two others. */
static const char *const apx_kinds[] = {
	"pio-out",  "cpuid", "xsetbv", "wrmsrns-imm-tsc-deadline", "wrmsrns-imm-x2apic-icr",
	"rdmsr-imm"
};

/* Of each list, with --brief: one exit in the fast path, one beside it, a guest of the guest. A planted fault depends on none. */
static const char *const brief_kinds[] = { "cpuid", "wrmsr-tsc-deadline", "l2-vmcall" };
static const char *const brief_apx_kinds[] = { "xsetbv", "wrmsrns-imm-tsc-deadline" };

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

#define NR_STEPS   (sizeof(steps) / sizeof(*steps))
#define NR_REGIMES (sizeof(regimes) / sizeof(*regimes))

struct proof {
	struct guest g;
	const struct egpr_strategy *s;
};

/* An exit half that reads a register reads another at each exit: enough for all of them. */
static uint32_t exits_of(const struct egpr_strategy *s)
{
	return s->needs & EGPR_READS_OPERAND ? EGPR_COUNT : EXITS;
}

static bool prove_step(struct proof *p, unsigned int i, unsigned int flags)
{
	return guest_configure(&p->g, p->s, steps[i].state, flags, !i) &&
	       guest_batch(&p->g, exits_of(p->s));
}

/* All steps under both regimes; leaves in @regime and @step where it failed. */
static bool prove_strategy(struct proof *p, unsigned int *regime, unsigned int *step)
{
	for (*regime = 0; *regime < NR_REGIMES; ++*regime) {
		for (*step = 0; *step < NR_STEPS; ++*step) {
			if (!prove_step(p, *step, regimes[*regime].flags))
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

/* Under a control the guest must miss its registers. */
static bool prove_control(struct proof *p)
{
	return guest_configure(&p->g, p->s, EGPR_STATE_DIRTY, 0, true) &&
	       !guest_batch(&p->g, EXITS);
}

/* Every strategy on one guest; a failure ends that guest, so the next strategy gets another. */
static void prove_kind(const char *id, const struct vmm_host *h, const char *dir, char **mutants,
		       bool *caught)
{
	struct proof p = { .g.module.fd = -1 };
	unsigned int regime, step;

	egpr_for_each_strategy(p.s) {
		bool mutant = named(p.s->id, mutants), control = p.s->home == EGPR_HOME_HW;
		int ret = 0;
		bool ok;

		if (p.s->family == EGPR_FAMILY_OWN) /* tests/bed/own plays a KVM that has one */
			continue;
		if (!p.g.vm)
			ret = guest_open(&p.g, h, id, dir, true);
		if (ret == EGPR_SKIPPED) {
			tap_skip(p.g.why, "%s x every strategy", id);
			break;
		}
		regime = step = 0;
		if (control)
			ok = !ret && prove_control(&p);
		else
			ok = !ret && prove_strategy(&p, &regime, &step);
		if (mutant)
			caught[p.s - egpr_strategies] |= !ret && !ok;
		else if (control)
			tap_ok(ok, "%s x %s: a control, which loses registers: %s", id, p.s->id,
			       p.g.why);
		else if (!tap_ok(ok, "%s x %s: enable, survive, off, restore, no leak", id,
				 p.s->id))
			tap_note("%s, %s: %s", regimes[regime].text, steps[step].text, p.g.why);
		if (!ok || control)
			guest_close(&p.g);
	}
	guest_close(&p.g);
}

/* A guest that executes APX instructions, in one state under every strategy. */
static void prove_apx(const char *id, const struct vmm_host *h, const char *plain,
		      enum egpr_guest_state state)
{
	const char *what = state == EGPR_STATE_INIT ? "zero at first" : "values survive";
	struct proof p = { .g.module.fd = -1 };

	egpr_for_each_strategy(p.s) {
		int ret = 0;
		bool ok;

		if (p.s->home == EGPR_HOME_HW || p.s->family == EGPR_FAMILY_OWN)
			continue;
		if (!p.g.vm)
			ret = guest_open_apx(&p.g, h, id, plain, state);
		if (ret == EGPR_SKIPPED) {
			tap_skip(p.g.why, "%s x every strategy, by REX2", id);
			break;
		}
		ok = !ret && guest_configure(&p.g, p.s, state, 0, true) &&
		     guest_batch(&p.g, EXITS_APX);
		if (ok && p.g.msr_value)
			tap_ok(p.g.msr_value == p.g.result,
			       "%s x %s: WRMSRNS writes what r31 held (0x%llx)", id, p.s->id,
			       (unsigned long long)p.g.msr_value);
		if (!tap_ok(ok, "%s x %s, by REX2: %s", id, p.s->id, what))
			tap_note("%s", p.g.why);
		if (!ok)
			guest_close(&p.g);
	}
	guest_close(&p.g);
}

int main(int argc, char **argv)
{
	bool caught[EGPR_NR_STRATEGIES] = { false };
	const struct egpr_strategy *s;
	struct vmm_host host;
	struct vmm_error v;
	char plain[4096];
	bool brief;
	char **mutants;
	size_t k, nr;

	brief = argc > 2 && !strcmp(argv[2], "--brief");
	if (argc < 2) {
		fprintf(stderr, "usage: proof DIR [--brief | MUTANT...]\n");
		return EGPR_USAGE;
	}
	mutants = argv + 2 + brief;
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "proof", &v);
		return EGPR_INTERNAL;
	}
	brief |= *mutants != NULL;
	nr = brief ? sizeof(brief_kinds) / sizeof(*brief_kinds) : sizeof(kinds) / sizeof(*kinds);
	for (k = 0; k < nr; k++)
		prove_kind(brief ? brief_kinds[k] : kinds[k], &host, argv[1], mutants, caught);
	nr = brief ? sizeof(brief_apx_kinds) / sizeof(*brief_apx_kinds)
		   : sizeof(apx_kinds) / sizeof(*apx_kinds);
	snprintf(plain, sizeof(plain), "%s/..", argv[1]);
	for (k = 0; !*mutants && k < nr; k++) {
		const char *id = brief ? brief_apx_kinds[k] : apx_kinds[k];

		prove_apx(id, &host, plain, EGPR_STATE_INIT);
		prove_apx(id, &host, plain, EGPR_STATE_DIRTY);
	}
	egpr_for_each_strategy(s) {
		if (named(s->id, mutants))
			tap_ok(caught[s - egpr_strategies], "the planted fault in %s is caught",
			       s->id);
	}
	return tap_done();
}
