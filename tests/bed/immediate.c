// SPDX-License-Identifier: GPL-2.0-only
/*
 * RDMSR and WRMSRNS with the MSR as an immediate, on a CPU that has them, and under a KVM that knows exits 84 and 85:
 * a test build (scripts/kvm-build --operand), which completes them where an emulator does not (docs/vmenter.md).
 *
 * usage: immediate paths STATE
 *        immediate operand|unanswered OPERAND
 *        immediate late OPERAND
 *
 * paths: every exit is of the reason, and goes the path, that the table of exit kinds says; STATE has the payloads of
 * the state proofs. operand: the fastpath asks the module for its source as one of r16..r31, and the guest reads the
 * MSR back (asm/payload/test/operand.S): right under every strategy that has the register home by then; wrong under
 * `outer`, and where nobody keeps it. unanswered: the module does not answer, and no guest finds r31's value. late:
 * halves that run with the guest's XCR0 are refused by #UD.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/layer/edited.h>
#include <bench/layer/module_guest.h>
#include <bench/plan/axis.h>
#include "tap.h"

#define EXITS	   64
#define REASON_RD  84 /* EXIT_REASON_MSR_READ_IMM, SDM vol. 3 appendix C */
#define REASON_WR  85 /* EXIT_REASON_MSR_WRITE_IMM */
#define FAST_KIND  "wrmsrns-imm-tsc-deadline-vex"
#define MOST_WORDS 400

#define ANSWERS "/sys/module/egpr_switch/parameters/operand"

static struct vmm_host host;

/* While it does, the module keeps KVM loaded. */
static bool answer(bool on)
{
	FILE *f = fopen(ANSWERS, "we");

	if (!f)
		return false;
	fprintf(f, "%d", on);
	return !fclose(f);
}

static const struct egpr_reason *row_of(const struct egpr_counters *c, uint32_t code)
{
	static const struct egpr_reason none;
	unsigned int i;

	for (i = 0; i < c->nr_reasons; i++) {
		if (c->reason[i].code == code)
			return &c->reason[i];
	}
	return &none;
}

static uint64_t exits_of(const struct egpr_counters *c, uint32_t code, enum egpr_path path)
{
	return row_of(c, code)->path[path];
}

/* What they were instead. */
static void note_reasons(const struct egpr_counters *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_reasons; i++)
		tap_note("reason %u: fast %llu, kernel %llu, user %llu, preempted %llu",
			 c->reason[i].code, (unsigned long long)c->reason[i].path[EGPR_PATH_FAST],
			 (unsigned long long)c->reason[i].path[EGPR_PATH_KERNEL],
			 (unsigned long long)c->reason[i].path[EGPR_PATH_USER],
			 (unsigned long long)c->reason[i].preempted);
}

static void paths(const char *state)
{
	static const struct {
		const char *kind;
		uint32_t reason;
	} rows[] = { { FAST_KIND, REASON_WR },
		     { "wrmsrns-imm-x2apic-icr-vex", REASON_WR },
		     { "rdmsr-imm-vex", REASON_RD } };
	const struct egpr_strategy *s = egpr_strategy_find("gated-mov", NULL);
	struct guest g;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct egpr_exit_kind *k = egpr_exit_kind_find(rows[i].kind);
		uint64_t went = 0, preempted = 0;
		bool ok = !guest_open(&g, &host, k->id, state, true) &&
			  guest_configure(&g, s, EGPR_STATE_INIT, 0, true) &&
			  guest_batch(&g, EXITS);

		if (ok) {
			went = exits_of(&g.seen, rows[i].reason, k->path);
			preempted = row_of(&g.seen, rows[i].reason)->preempted;
		}
		/*
		 * The exits of a batch are counted at the next entry, and its doorbell is another. Of one in which
		 * the thread was preempted, which none of the fastpath is, the module does not tell the path.
		 */
		if (!tap_ok(ok && went + preempted >= EXITS - 1 && went > EXITS / 2,
			    "%s: %llu of %d exits are of reason %u, path %s", k->id,
			    (unsigned long long)went, EXITS, rows[i].reason,
			    egpr_paths[k->path].id))
			tap_note("%.*s", MOST_WORDS, g.why);
		if (ok && went + preempted < EXITS - 1)
			note_reasons(&g.seen);
		guest_close(&g);
	}
}

/* Does the guest find in the MSR what its r31 held? */
static bool right(struct guest *g, const char *dir, const struct egpr_strategy *s, bool place,
		  enum egpr_guest_state state)
{
	g->place = false;
	if (guest_open(g, &host, FAST_KIND, dir, true))
		return false;
	g->place = place;
	return guest_configure(g, s, state, 0, true) && guest_batch(g, EXITS) &&
	       exits_of(&g->seen, REASON_WR, EGPR_PATH_FAST) >= EXITS - 1;
}

static void operand(const char *dir, bool answered)
{
	static const char *const layers[] = { "kvm", "vmenter" };
	const struct egpr_strategy *s;
	struct guest g;
	int place;

	egpr_for_each_strategy(s) {
		for (place = 0; place < 2; place++) {
			bool nowhere = s->home == EGPR_HOME_HW, outer = s->needs & EGPR_BIND_OUTER;
			bool ok;

			if (s->family == EGPR_FAMILY_OWN || s->family == EGPR_FAMILY_DELAY ||
			    (place && outer))
				continue;
			ok = right(&g, dir, s, place, EGPR_STATE_DIRTY);
			if (nowhere || outer || !answered)
				/* For nothing but the value that was read back. */
				tap_ok(!ok && strstr(g.why, "r31"),
				       "%s, %s: not r31's value%s: %.*s", layers[place], s->id,
				       !answered ? ", for nobody answers"
				       : outer	 ? ", for it is fetched where the loop is left"
						 : ", for nobody keeps it",
				       MOST_WORDS, g.why);
			else if (!tap_ok(ok, "%s, %s: the fastpath wrote r31's value %d times",
					 layers[place], s->id, EXITS))
				tap_note("%.*s", MOST_WORDS, g.why);
			guest_close(&g);
		}
	}
}

static void late(const char *dir)
{
	const struct egpr_strategy *s = egpr_strategy_find("uncond-mov", NULL);
	struct guest g;
	bool ok;

	ok = right(&g, dir, s, true, EGPR_STATE_DIRTY);
	if (!tap_ok(ok, "host XCR0 late: right while the guest's has APX"))
		tap_note("%.*s", MOST_WORDS, g.why);
	guest_close(&g);
	ok = right(&g, dir, s, true, EGPR_STATE_OFF);
	tap_ok(!ok && g.seen.ud, "host XCR0 late, a guest without APX: %llu #UD in %d exits",
	       (unsigned long long)g.seen.ud, EXITS);
	guest_close(&g);
}

int main(int argc, char **argv)
{
	struct data_error e;
	struct vmm_error v;

	if (argc != 3) {
		fprintf(stderr, "usage: immediate paths|operand|unanswered|late DIR\n");
		return EGPR_USAGE;
	}
	if (edited_kvm_use(true, &e)) {
		fprintf(stderr, "immediate: %s\n", e.text);
		return EGPR_UNAVAILABLE;
	}
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "immediate", &v);
		return EGPR_INTERNAL;
	}
	if (!strcmp(argv[1], "paths")) {
		paths(argv[2]);
	} else {
		bool wanted = strcmp(argv[1], "unanswered");

		tap_ok(answer(wanted), "the module %s", wanted ? "answers" : "does not answer");
		if (strcmp(argv[1], "late"))
			operand(argv[2], wanted);
		else
			late(argv[2]);
		tap_ok(answer(false), "and lets go of KVM");
	}
	if (!tap_ok(!edited_kvm_use(false, &e), "the distribution's KVM comes back"))
		tap_note("%s", e.text);
	return tap_done();
}
