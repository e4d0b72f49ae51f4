// SPDX-License-Identifier: GPL-2.0-only
/*
 * What strategies do at the place in KVM's vmenter.S when a VM entry fails, and how far a handler of NMI or #MC that
 * uses r16..r31 would get there. With the module of tests/bed/planted and the edited KVM.
 *
 * usage: planted DIR [--only STRATEGY] CASE...: state payloads in DIR; each case is a function below. --only is for
 * an edited KVM that has this one inline.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/kvm.h>

#include <egpr/status.h>

#include <bench/layer/edited.h>
#include <bench/layer/module_guest.h>
#include "tap.h"

#define PARAMETERS "/sys/module/egpr_switch/parameters/"
#define EXITS	   8
#define TURNS	   3 /* of a guest whose every access of a register is two exits more */
#define WRONG	   "gated-mov-lfence" /* of the strategies in this build */

static struct vmm_host host;
static const char *dir, *only;

static bool plant(const char *name, int value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "w");
	return f && fprintf(f, "%d\n", value) > 0 && !fclose(f);
}

/* Strategies that move registers, with guests that may lose them. */
static bool moves(const struct egpr_strategy *s)
{
	if (only && strcmp(s->id, only))
		return false;
	return s->home != EGPR_HOME_HW && s->home != EGPR_HOME_KVM;
}

static bool open_guest(struct guest *g)
{
	if (guest_open(g, &host, "cpuid", dir, true))
		return tap_ok(false, "a guest: %s", g->why);
	g->place = true;
	return true;
}

/* How KVM_RUN ends: VM-instruction error of an entry that failed, 0 for anything else. */
static unsigned int failed_entry(struct guest *g)
{
	struct kvm_run *run =
		mmap(NULL, sizeof(*run), PROT_READ, MAP_SHARED, vmm_vcpu_fd(g->vm), 0);
	unsigned int error = 0;

	if (run == MAP_FAILED)
		return 0;
	if (!ioctl(vmm_vcpu_fd(g->vm), KVM_RUN, 0) && run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		error = (unsigned int)run->fail_entry.hardware_entry_failure_reason;
	munmap(run, sizeof(*run));
	return error;
}

static bool host_has_its_own(const struct egpr_page *page)
{
	for (int i = 0; i < EGPR_COUNT; i++) {
		if (page->r[i] != EGPR_HOST_VALUE(EGPR_FIRST + i))
			return false;
	}
	return true;
}

/* Did the halves run around the entry that failed, and leave everything where it was? */
static bool holds(struct guest *g, const __u64 *want)
{
	struct egpr_counters c;
	struct data_error e;
	__u64 home[EGPR_COUNT];

	if (module_get_regs(&g->module, home, &e) || module_counters(&g->module, &c, true, &e))
		return guest_fail(g, "%s", e.text);
	if (c.entries != 1 || c.exits || c.switched_in != 1 || c.switched_out != 1)
		return guest_fail(g, "%llu entries, %llu exits, %llu in, %llu out", c.entries,
				  c.exits, c.switched_in, c.switched_out);
	if (g->s->family != EGPR_FAMILY_LIVE && !c.emulated)
		return guest_fail(g, "no half ran");
	if (c.ud || c.leaks)
		return guest_fail(g, "%llu #UD, %llu leaks", c.ud, c.leaks);
	if (!host_has_its_own(g->module.page))
		return guest_fail(g, "the host's registers do not hold the host's values");
	for (int i = 0; i < EGPR_COUNT; i++) {
		if (home[i] != want[i])
			return guest_fail(g, "r%d at home: %#llx, was %#llx", EGPR_FIRST + i,
					  home[i], want[i]);
	}
	return true;
}

static bool fail_one(struct guest *g, const struct egpr_strategy *s, int field, unsigned int want)
{
	struct egpr_counters c;
	struct data_error e;
	__u64 pattern[EGPR_COUNT];
	unsigned int error;

	for (int i = 0; i < EGPR_COUNT; i++)
		pattern[i] = 0x5eed000000000000ull + (unsigned int)(i * 17 + field);
	if (!guest_configure(g, s, EGPR_STATE_DIRTY, 0, true))
		return false;
	if (module_set_regs(&g->module, pattern, &e) || module_counters(&g->module, &c, true, &e))
		return guest_fail(g, "%s", e.text);
	if (!plant("fail_entry", field))
		return guest_fail(g, "the fault is not planted");
	error = failed_entry(g);
	if (error != want)
		return guest_fail(g, "VM-instruction error %u, not %u", error, want);
	if (!holds(g, pattern))
		return false;
	/* The same vCPU then enters as ever. */
	return guest_configure(g, s, EGPR_STATE_DIRTY, 0, true) && guest_batch(g, EXITS);
}

/* VM-fail: of the host's state (error 8) and of a control field (error 7). */
static void vmfail(void)
{
	const struct egpr_strategy *s;
	struct guest g;

	egpr_for_each_strategy(s) {
		bool wrong = !strcmp(s->id, WRONG), ok;

		if (!moves(s) || !open_guest(&g))
			continue;
		ok = fail_one(&g, s, 1, 8) && fail_one(&g, s, 2, 7);
		tap_ok(ok != wrong, "%s: %s", s->id,
		       wrong ? "loses r23 when an entry fails, and is caught"
			     : "an entry that fails leaves host and guest their registers");
		if (!ok)
			tap_note("%s", g.why);
		guest_close(&g);
	}
}

struct seen {
	unsigned int entered, entered_faults, left, left_faults;
};

static bool seen(struct seen *n)
{
	FILE *f = fopen(PARAMETERS "seen", "r");
	bool ok = f && fscanf(f, "%u %u %u %u", &n->entered, &n->entered_faults, &n->left,
			      &n->left_faults) == 4;

	if (f)
		fclose(f);
	return ok;
}

/*
 * On SVM an NMI waits until XCR0 is the host's, and is counted behind the exit. On VMX it comes with the guest's, and faults where that has no
 * APX: behind the exit unless the exit half has the host's back.
 */
static bool as_it_must(const struct egpr_strategy *s, enum egpr_guest_state state, bool vmx,
		       const struct seen *n)
{
	bool own = s->needs & EGPR_NEEDS_XSETBV;
	bool bare = vmx && state == EGPR_STATE_OFF;

	if (n->left < EXITS || (vmx && n->entered < EXITS / 2))
		return false;
	return n->left_faults == (bare && !own ? n->left : 0) &&
	       n->entered_faults == (bare && !own ? n->entered : 0);
}

static void storm(const char *fault, const char *what)
{
	const struct egpr_strategy *s;
	bool vmx = !strcmp(host.backend, "vmx");
	struct guest g;

	egpr_for_each_strategy(s) {
		if (!moves(s) || !strcmp(s->id, WRONG) || !open_guest(&g))
			continue;
		for (int state = 0; state < EGPR_NR_STATES; state++) {
			struct seen n = { 0 };
			bool ok;

			if (state == EGPR_STATE_INIT)
				continue;
			ok = guest_configure(&g, s, (enum egpr_guest_state)state, 0, true) &&
			     plant(fault, 1) && guest_batch(&g, EXITS) && seen(&n);
			ok = plant(fault, 0) && ok;
			tap_ok(ok && as_it_must(s, (enum egpr_guest_state)state, vmx, &n),
			       "%s, %s: of %u %s before the guest %u would fault, of %u behind VM exit %u",
			       s->id,
			       state == EGPR_STATE_OFF ? "guest without APX" : "guest with APX",
			       n.entered, what, n.entered_faults, n.left, n.left_faults);
			if (!ok)
				tap_note("%s", g.why);
		}
		guest_close(&g);
	}
}

static void nmis(void)
{
	storm("nmis", "NMIs");
}

static void mcs(void)
{
	storm("mcs", "machine checks");
}

/* A guest that turns XCR0.APX off and on by its own XSETBV, and looks for its registers by REX2. */
static void turns(void)
{
	const struct egpr_strategy *s;
	char turning[4096];

	snprintf(turning, sizeof(turning), "%s/../turns", dir);
	egpr_for_each_strategy(s) {
		struct guest g;
		bool ok;

		if (!moves(s) || !strcmp(s->id, WRONG))
			continue;
		ok = !guest_open_apx(&g, &host, "xsetbv", turning, EGPR_STATE_DIRTY);
		g.place = true;
		ok = ok && guest_configure(&g, s, EGPR_STATE_DIRTY, 0, true) &&
		     guest_batch(&g, TURNS);
		if (!tap_ok(ok, "%s: a guest that turns APX off and on keeps its registers", s->id))
			tap_note("%s", g.why);
		guest_close(&g);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = { { "vmfail", vmfail }, { "nmis", nmis }, { "mcs", mcs }, { "turns", turns } };

int main(int argc, char **argv)
{
	struct data_error e;
	struct vmm_error v;
	int first = 2;

	if (argc > 4 && !strcmp(argv[2], "--only")) {
		only = argv[3];
		first += 2;
	}
	if (argc <= first) {
		fprintf(stderr, "usage: planted DIR [--only STRATEGY] CASE...\n");
		return EGPR_USAGE;
	}
	dir = argv[1];
	if (edited_kvm_use(true, &e)) {
		fprintf(stderr, "planted: %s\n", e.text);
		return EGPR_UNAVAILABLE;
	}
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "planted", &v);
		return EGPR_INTERNAL;
	}
	for (int a = first; a < argc; a++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			if (!strcmp(argv[a], cases[i].name))
				cases[i].run();
		}
	}
	tap_ok(!edited_kvm_use(false, &e), "the kernel's own KVM is back");
	return tap_done();
}
