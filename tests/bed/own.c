// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVMs that offer guests APX, as a test build of the module plays them: does a pattern in a guest's
 * registers tell what each does, and is what may not run beside it refused?
 *
 * usage: own DIR: plain payloads in DIR, those of the state proofs in DIR/state
 */
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include <bench/layer/own.h>
#include "tap.h"

#define PARAMETER  "/sys/module/egpr_switch/parameters/kvm_own"
#define EXITS	   12
#define EXITS_APX  2
#define PLAYS_NONE 0 /* values of the parameter, kmod/played.c */

/* X: what is played, and what must be found. */
static const struct {
	int play;
	enum egpr_kvm_finding found;
	const char *text;
	bool zero; /* kvm_exit finds the registers cleared */
} kvms[] = {
	{ 1, EGPR_KVM_SWITCHES, "saves, clears and loads", true },
	{ 2, EGPR_KVM_SWITCHES, "saves and loads, and does not clear", false },
	{ 3, EGPR_KVM_LEAVES, "leaves the registers alone", false },
	{ 4, EGPR_KVM_UNCLEAR, "loses the registers to whoever looks", true },
};

/* Neither of these is a mutant. */
static const char *const others[] = { "gated-mov-disp8", "outer", "xsaveopt", "live" };

static struct vmm_host host;
static const char *plain;
static char state_dir[4096];

static bool play(int what)
{
	FILE *f = fopen(PARAMETER, "w");

	return f && fprintf(f, "%d\n", what) > 0 && !fclose(f);
}

/* A guest of the register file, attached and observed. */
static bool open_guest(struct guest *g)
{
	return !guest_open(g, &host, "cpuid", state_dir, true) ||
	       tap_ok(false, "a guest: %s", g->why);
}

static bool refused_for(struct guest *g, const char *id, enum egpr_refusal why)
{
	const struct egpr_strategy *s = egpr_strategy_find(id, NULL);

	return !guest_configure(g, s, EGPR_STATE_DIRTY, 0, true) &&
	       strstr(g->why, module_refusal(why)) && strstr(g->why, id);
}

static void all_refused(enum egpr_refusal why, const char *what)
{
	struct guest g;
	size_t i;

	if (!open_guest(&g))
		return;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (!tap_ok(refused_for(&g, others[i], why),
			    "%s: %s is refused with the words for it", what, others[i]))
			tap_note("%s", g.why);
	}
	tap_ok(guest_configure(&g, egpr_strategy_find("none", NULL), EGPR_STATE_DIRTY, 0, true),
	       "%s: none is not", what);
	guest_close(&g);
}

/* Without a played KVM there is nothing to look at, and no switch of KVM's own to prove. */
static void offers_none(void)
{
	struct guest g;
	struct egpr_look l;

	tap_ok(play(PLAYS_NONE), "a KVM that offers no APX");
	if (!open_guest(&g))
		return;
	tap_ok(refused_for(&g, "kvm-own", EGPR_REFUSED_KVM_OFFERS_NONE), "it has no kvm-own: %s",
	       g.why);
	guest_close(&g);
	if (guest_open_apx(&g, &host, "cpuid", plain, EGPR_STATE_DIRTY)) {
		tap_ok(false, "a guest: %s", g.why);
		return;
	}
	tap_ok(!guest_look(&g, &l) && strstr(g.why, module_refusal(EGPR_REFUSED_KVM_OFFERS_NONE)),
	       "it is not looked at: %s", g.why);
	guest_close(&g);
}

static bool looked(struct egpr_look *l)
{
	struct guest g;
	bool ok = !guest_open_apx(&g, &host, "cpuid", plain, EGPR_STATE_DIRTY) && guest_look(&g, l);

	if (!ok)
		tap_note("%s", g.why);
	guest_close(&g);
	return ok;
}

/* What the guest has under a KVM that switches by itself survives, on the register file and by REX2. */
static void proved(const char *text)
{
	static const struct {
		enum egpr_guest_state state;
		bool fresh;
	} steps[] = { { EGPR_STATE_OFF, true },
		      { EGPR_STATE_INIT, false },
		      { EGPR_STATE_DIRTY, false },
		      { EGPR_STATE_OFF, false },
		      { EGPR_STATE_DIRTY, false } };
	const struct egpr_strategy *own = egpr_strategy_find("kvm-own", NULL);
	struct guest g;
	bool ok = true;
	size_t i;

	if (!open_guest(&g))
		return;
	for (i = 0; ok && i < sizeof(steps) / sizeof(*steps); i++)
		ok = guest_configure(&g, own, steps[i].state, 0, steps[i].fresh) &&
		     guest_batch(&g, EXITS);
	if (!tap_ok(ok, "a KVM that %s: kvm-own keeps the registers through off, init and dirty",
		    text))
		tap_note("%s", g.why);
	guest_close(&g);
	ok = !guest_open_apx(&g, &host, "wrmsrns-imm-tsc-deadline", plain, EGPR_STATE_DIRTY) &&
	     guest_configure(&g, own, EGPR_STATE_DIRTY, 0, true) && guest_batch(&g, EXITS_APX) &&
	     g.msr_value == g.result;
	if (!tap_ok(ok, "a KVM that %s: so it does for REX2, and WRMSRNS writes r31", text))
		tap_note("%s", g.why);
	guest_close(&g);
}

/* One that keeps the guest's values in the registers while the host runs. */
static void leaks(void)
{
	const struct egpr_strategy *own = egpr_strategy_find("kvm-own", NULL);
	struct guest g;

	if (!open_guest(&g))
		return;
	tap_ok(guest_configure(&g, own, EGPR_STATE_DIRTY, 0, true) && !guest_batch(&g, EXITS) &&
		       g.seen.leaks,
	       "it is seen that it leaves the guest's values to the host: %s", g.why);
	guest_close(&g);
}

/* A strategy beside a KVM that leaves the registers alone is as good as anywhere. */
static void runs(const char *id)
{
	struct guest g;
	bool ok;

	if (!open_guest(&g))
		return;
	ok = guest_configure(&g, egpr_strategy_find(id, NULL), EGPR_STATE_DIRTY, 0, true) &&
	     guest_batch(&g, EXITS);
	if (!tap_ok(ok, "%s runs beside it, and holds", id))
		tap_note("%s", g.why);
	guest_close(&g);
}

static void one_kvm(size_t i)
{
	const char *text = kvms[i].text;
	struct egpr_look l;

	tap_ok(play(kvms[i].play), "a KVM that offers APX and %s", text);
	all_refused(EGPR_REFUSED_KVM_UNTOLD, "not looked at yet");
	if (!tap_ok(looked(&l) && l.finding == kvms[i].found, "a pattern tells: a KVM that %s",
		    text))
		tap_note("finding %u", l.finding);
	tap_note("put %llu; saw the pattern %llu times, what was put %llu, zero %llu, other %llu; "
		 "the guest %s it",
		 (unsigned long long)l.put, (unsigned long long)l.saw_pattern,
		 (unsigned long long)l.saw_put, (unsigned long long)l.saw_zero,
		 (unsigned long long)l.saw_other, l.guest_has_it ? "has" : "lost");
	tap_ok(!!l.saw_zero == kvms[i].zero && (!kvms[i].zero || l.saw_zero >= OWN_LOOK_EXITS),
	       "kvm_exit saw them %s", kvms[i].zero ? "cleared" : "not cleared");
	switch (kvms[i].found) {
	case EGPR_KVM_SWITCHES:
		all_refused(EGPR_REFUSED_KVM_SWITCHES, text);
		if (kvms[i].zero)
			proved(text);
		else
			leaks();
		break;
	case EGPR_KVM_LEAVES:
		runs(others[0]);
		break;
	default:
		all_refused(EGPR_REFUSED_KVM_UNCLEAR, text);
	}
}

/* A look that was not begun, of a form that has none, or with a pattern that says nothing. */
static void nonsense(void)
{
	struct egpr_look l = { .form = EGPR_FORM_TRAP, .step = EGPR_LOOK_END, .exits = 1 };
	struct data_error e;
	struct guest g;
	int i;

	if (!open_guest(&g))
		return;
	tap_ok(module_look(&g.module, &l, &e), "a look that nobody began does not end: %s", e.text);
	l = (struct egpr_look){ .form = EGPR_FORM_TRAP, .step = EGPR_LOOK_BEGIN };
	tap_ok(module_look(&g.module, &l, &e), "a pattern of zeros is none: %s", e.text);
	for (i = 0; i < EGPR_COUNT; i++)
		l.pattern[i] = 0x0123456789abcdefull + (unsigned int)i;
	l.form = EGPR_FORM_PROXY;
	tap_ok(module_look(&g.module, &l, &e), "form proxy has no look: %s", e.text);
	l.form = EGPR_FORM_HW;
	if (g.module.query.features & EGPR_HAS_APX)
		tap_skip("this CPU has APX", "form hw without APX has none");
	else
		tap_ok(module_look(&g.module, &l, &e) &&
			       strstr(e.text, module_refusal(EGPR_REFUSED_NO_APX)),
		       "form hw without APX has none: %s", e.text);
	guest_close(&g);
}

int main(int argc, char **argv)
{
	struct vmm_error v;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: own DIR\n");
		return EGPR_USAGE;
	}
	plain = argv[1];
	snprintf(state_dir, sizeof(state_dir), "%s/state", plain);
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "own", &v);
		return EGPR_INTERNAL;
	}
	offers_none();
	for (i = 0; i < sizeof(kvms) / sizeof(*kvms); i++)
		one_kvm(i);
	nonsense();
	tap_ok(!play(5), "a KVM of which nobody knows is not played");
	tap_ok(play(PLAYS_NONE), "and in the end none is");
	return tap_done();
}
