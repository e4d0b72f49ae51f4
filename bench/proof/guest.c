// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest that vmm-mini runs, as the guest of a state proof.
 *
 * The model's entry and exit are the batch's hooks. The guest fills and checks its own
 * registers, as it would in any run; the model compares besides.
 */
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <egpr/guest.h>

#include <emu/emu.h>
#include "guest.h"
#include "random.h"

/* MSRs that the WRMSRNS exit kinds write (SDM vol. 4). */
#define MSR_NONE	 0
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_ICR	 0x830

static struct proof_model model;

static void on_entry(struct egpr_switch *sw)
{
	struct proof_model *m = &model;

	(void)sw;
	if (m->broken) {
		/* No half can be trusted: let the guest end its batch undisturbed. */
		memcpy(m->page->r, m->guest, sizeof(m->guest));
		m->page->xcr0 = m->guest_xcr0;
		return;
	}
	proof_enter(m);
}

static void on_exit_half(struct egpr_switch *sw)
{
	struct proof_model *m = &model;

	(void)sw;
	if (m->broken)
		memcpy(m->guest, m->page->r, sizeof(m->guest));
	else
		proof_leave(m);
}

/* The guest's XSETBV, between the halves. */
static void on_xcr0(struct vmm_batch *b, uint64_t xcr0)
{
	(void)b;
	model.guest_xcr0 = xcr0;
	model.page->xcr0 = model.host_xcr0;
}

static int open_at(struct proof_guest *g, unsigned int cpl, struct data_error *e)
{
	struct vmm_options o = {
		.cpl = cpl,
		.state = g->state,
		.emulate = true,
		.page = g->page,
		.no_hypercall_patch = true,
	};
	struct vmm_error v;
	int r;

	emu_page_init(g->page);
	r = vmm_open_kind(&g->vm, g->host, g->kind, &o, g->payloads, &v);
	if (r)
		return data_fail(e, r, "%s: %s", v.thing, v.reason);
	g->xcr0 = g->page->xcr0;
	return 0;
}

/* CPL 0, as a kernel in a guest; CPL 3 where only that works here. */
int proof_guest_open(struct proof_guest *g, struct data_error *e)
{
	int r = EGPR_SKIPPED;

	g->vm = NULL;
	if (g->kind->cpl & EGPR_CPL0)
		r = open_at(g, 0, e);
	if (r && g->kind->cpl & EGPR_CPL3)
		r = open_at(g, 3, e);
	return r;
}

static uint32_t source_msr(const struct egpr_exit_kind *kind)
{
	if (kind == &egpr_exit_kinds[EGPR_EXIT_wrmsrns_imm_tsc_deadline])
		return MSR_TSC_DEADLINE;
	if (kind == &egpr_exit_kinds[EGPR_EXIT_wrmsrns_imm_x2apic_icr])
		return MSR_X2APIC_ICR;
	return MSR_NONE;
}

/* KVM must now hold in the MSR what the guest had in one of its registers. */
static void check_source(const struct proof_guest *g, struct proof_model *m)
{
	union {
		struct kvm_msrs list;
		char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} msr = { .list.nmsrs = 1 };
	const struct egpr_mailbox *box = vmm_mailbox(g->vm);
	uint64_t got;
	bool found = false;

	if (source_msr(g->kind) == MSR_NONE)
		return;
	msr.list.entries[0].index = source_msr(g->kind);
	if (ioctl(vmm_vcpu_fd(g->vm), KVM_GET_MSRS, &msr) != 1)
		return;
	got = msr.list.entries[0].data;
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		found |= got && box->seen[i] == got;
	proof_note(m, PROOF_SOURCE, found,
		   "MSR %#x is %#llx, which the guest had in none of r16..r31", source_msr(g->kind),
		   (unsigned long long)got);
}

int proof_guest_run(struct proof_guest *g, const struct egpr_strategy *s, uint32_t exits,
		    struct proof_result *r, struct data_error *e)
{
	static const struct egpr_sequence hooks = { .exit = on_exit_half, .entry = on_entry };
	struct vmm_batch b = {
		.exits = exits,
		.hooks = &hooks,
		.sw = &model.sw,
		.home = s->home,
		.on_xcr0 = on_xcr0,
		.rotate = g->state == EGPR_STATE_DIRTY,
	};
	struct vmm_error v;
	int status;

	if (!g->vm) {
		status = proof_guest_open(g, e);
		if (status)
			return status;
	}
	memset(g->page->r, 0, sizeof(g->page->r));
	g->page->xinuse = 0;
	g->page->xcr0 = g->xcr0;
	proof_model_init(&model, s, g->page, g->seed);
	for (unsigned int i = 0; g->state == EGPR_STATE_DIRTY && i < EGPR_COUNT; i++)
		vmm_mailbox(g->vm)->pattern[i] = proof_random_mark(&model.random);
	status = vmm_batch(g->vm, &b, &v);
	if (!status)
		check_source(g, &model);
	/* What the guest itself found; any other failure also counts against the strategy. */
	proof_note(&model, PROOF_SURVIVES, !status, "%s", status ? v.reason : "");
	*r = model.r;
	if (status)
		proof_guest_close(g);
	return 0;
}

void proof_guest_close(struct proof_guest *g)
{
	vmm_close(g->vm);
	g->vm = NULL;
}
