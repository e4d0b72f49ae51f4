// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: the KVM of this host, what runs its guests, which exits it can make.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/exit_kind.h>
#include <egpr/regs.h>

#include "doctor.h"
#include <bench/host/sysfile.h>

static void say_backend(struct doctor *d)
{
	const struct vmm_host *k = &d->kvm;
	char speed[96] = "";

	if (k->nop_cycles >= 0)
		snprintf(speed, sizeof(speed), "; %.0f TSC ticks per NOP at CPL 0", k->nop_cycles);
	if (k->representative) {
		doctor_say(d, "backend", DOCTOR_FINE, "", "",
			   "%s%s%s runs guest code itself: its exits are representative%s",
			   k->backend, *k->emulator ? " inside " : "", k->emulator, speed);
		return;
	}
	doctor_say(d, "backend", DOCTOR_LACK,
		   "exit costs measured here say nothing about VMX or SVM hardware: every such row "
		   "is marked representative: no, and the report leads with sequence costs",
		   "measure exits on a host whose /dev/kvm is backed by VMX or SVM itself; "
		   "layer prim is not affected",
		   "%s%s%s: %s", k->backend, *k->emulator ? " inside " : "", k->emulator, k->why);
}

static void say_capabilities(struct doctor *d)
{
	const struct vmm_host *k = &d->kvm;
	char have[DOCTOR_TEXT_SIZE] = "", lack[DOCTOR_TEXT_SIZE] = "";
	unsigned int i;

	for (i = 0; i < k->nr_caps; i++) {
		char *list = k->caps[i].value ? have : lack;
		size_t used = strlen(list);

		snprintf(list + used, DOCTOR_TEXT_SIZE - used, "%s%s (%s)", used ? ", " : "",
			 k->caps[i].name, k->caps[i].use);
	}
	if (*have)
		doctor_say(d, "kvm-capabilities", DOCTOR_FINE, "", "", "KVM has %s", have);
	if (*lack)
		doctor_say(d, "kvm-missing", DOCTOR_LACK,
			   "what needs them is skipped, with the reason in the report",
			   "a newer kernel may have them", "KVM lacks %s", lack);
}

struct refusal {
	char reason[192];
	char ids[DOCTOR_TEXT_SIZE / 4];
};

/* Put @id beside the others that have the same reason. */
static void refuse(struct refusal *r, const char *id, const char *reason)
{
	size_t used;

	while (*r->reason && strncmp(r->reason, reason, sizeof(r->reason) - 1))
		r++;
	snprintf(r->reason, sizeof(r->reason), "%.191s", reason);
	used = strlen(r->ids);
	snprintf(r->ids + used, sizeof(r->ids) - used, "%s%s", used ? ", " : "", id);
}

/* Which exit kinds a guest here can try, with the reason for each that it cannot. */
static void say_exits(struct doctor *d)
{
	struct refusal refusals[EGPR_NR_EXIT_KINDS + 1] = { 0 };
	const struct egpr_exit_kind *kind;
	const struct refusal *r;
	char *lacking = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&lacking, &size);
	struct vmm_error e;
	unsigned int can = 0;

	if (!out)
		return;

	egpr_for_each_exit_kind(kind) {
		struct vmm_options o = { .cpl = kind->cpl & EGPR_CPL0 ? 0 : 3 };

		if (!vmm_kind_check(&d->kvm, kind, &o, &e))
			can++;
		else
			refuse(refusals, kind->id, e.reason);
	}
	for (r = refusals; *r->reason; r++)
		fprintf(out, "%s%s (%s)", r == refusals ? "" : "; ", r->ids, r->reason);
	fclose(out);
	if (can == EGPR_NR_EXIT_KINDS)
		doctor_say(d, "exit-kinds", DOCTOR_FINE, "", "", "all %d exit kinds can be tried",
			   EGPR_NR_EXIT_KINDS);
	else
		doctor_say(d, "exit-kinds", DOCTOR_LACK, "they are skipped, with the reason",
			   "a CPU and a KVM that offer guests what is missing",
			   "%u of %d exit kinds can be tried; not %s", can, EGPR_NR_EXIT_KINDS,
			   lacking);
	free(lacking);
}

#define NO_OWN "strategy kvm-own, KVM's own switch, is skipped"

/* What KVM offers guests of APX, and what that means for layers kvm and boundary. */
static void say_guest_apx(struct doctor *d)
{
	char answers[256];

	vmm_apx_text(&d->kvm.apx, answers, sizeof(answers));
	switch (vmm_apx_offer(&d->kvm.apx)) {
	case VMM_APX_WHOLE:
		doctor_say(
			d, "guest-apx", DOCTOR_FINE, "", "",
			"KVM offers guests APX: with provenance hw, layers kvm and boundary measure "
			"its own switch (strategy kvm-own) against guest state off; layer kvm first "
			"looks whether KVM switches r16..r31 by itself, and if it does refuses every "
			"other strategy, which would come on top (%s)",
			answers);
		return;
	case VMM_APX_PART:
		doctor_say(d, "guest-apx", DOCTOR_LACK,
			   "with provenance hw layer kvm refuses every strategy, and " NO_OWN,
			   "a KVM whose answers agree; provenance proxy is not affected",
			   "KVM's answers about APX contradict each other: %s", answers);
		return;
	case VMM_APX_NONE:
		break;
	}
	if (d->apx)
		doctor_say(d, "guest-apx", DOCTOR_MEND,
			   "guest states init and dirty need the module; " NO_OWN,
			   "load the lab's module, which lends APX to the lab's own vCPU",
			   "the CPU has APX, but KVM does not offer it to guests: %s", answers);
	else
		doctor_say(d, "guest-apx", DOCTOR_LACK, NO_OWN,
			   "a CPU and a KVM with APX; the lab's own strategies are not affected",
			   "KVM offers guests no APX: %s", answers);
}

/* Whose kvm.ko is it? */
static void say_whose(struct doctor *d)
{
	char place[256];

	if (egpr_sysfile_read(d->root, place, sizeof(place),
			      "/sys/module/kvm/parameters/egpr_place") <= 0) {
		doctor_say(d, "kvm-module", DOCTOR_FINE, "", "",
			   "the kernel's own KVM is loaded, not an edited one of layer vmenter");
		return;
	}
	doctor_say(d, "kvm-module", DOCTOR_MEND,
		   "guests that start now run in the KVM that scripts/kvm-build has edited for "
		   "layer vmenter",
		   "a run that needs it puts the kernel's own back at its end, and the next "
		   "`egprlab run` does it for one that was killed",
		   "the edited KVM of layer vmenter is loaded: %s", place);
}

void doctor_kvm(struct doctor *d)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s" VMM_KVM_PATH, d->root);
	memset(&d->kvm_error, 0, sizeof(d->kvm_error));
	if (vmm_host_probe(&d->kvm, *d->root ? path : NULL, &d->kvm_error)) {
		doctor_say(d, "kvm", DOCTOR_MEND,
			   "no guest runs here: layers boundary, kvm and vmenter, and every state "
			   "proof, are skipped; layer prim is measured",
			   *d->kvm_error.fix ? d->kvm_error.fix
					     : "see the message of build/vmm-mini",
			   "%s: %s", d->kvm_error.thing, d->kvm_error.reason);
		return;
	}
	d->kvm_error.status = 0;
	say_whose(d);
	doctor_say(d, "kvm", DOCTOR_FINE, "", "", VMM_KVM_PATH " can be used; backend %s",
		   d->kvm.backend);
	say_backend(d);
	say_capabilities(d);
	say_exits(d);
	say_guest_apx(d);
}
