// SPDX-License-Identifier: GPL-2.0-only
/*
 * Showing the module a pattern in a guest's registers; see own.h.
 */
#include <string.h>

#include <egpr/guest.h>
#include <egpr/status.h>

#include "own.h"

/* The guest compared its registers with the pattern, and found another value. */
static bool missed_one(const struct egpr_mailbox *box)
{
	return box->status == EGPR_DATA && box->failed >= EGPR_FIRST &&
	       box->failed < EGPR_FIRST + EGPR_COUNT;
}

int own_look(struct module_session *m, enum egpr_form form, struct vmm *vm, struct vmm_batch *b,
	     struct egpr_look *l, struct data_error *e)
{
	const struct egpr_mailbox *box = vmm_mailbox(vm);
	struct vmm_error v;
	int ret;

	memset(l, 0, sizeof(*l));
	l->form = form;
	l->step = EGPR_LOOK_BEGIN;
	memcpy(l->pattern, box->pattern, sizeof(l->pattern));
	ret = module_look(m, l, e);
	if (ret)
		return ret;
	ret = vmm_batch(vm, b, &v);
	if (ret && !missed_one(box))
		return data_fail(e, EGPR_SKIPPED, "%s: %s", v.thing, v.reason);
	memset(l, 0, sizeof(*l));
	l->form = form;
	l->step = EGPR_LOOK_END;
	l->exits = (uint32_t)b->done;
	l->guest_has_it = !ret;
	return module_look(m, l, e);
}

static int look(const struct vmm_host *h, struct own_facts *f, struct module_session *m,
		struct vmm **vm, struct data_error *e)
{
	const struct vmm_options o = { .state = EGPR_STATE_DIRTY, .no_hypercall_patch = true };
	struct vmm_batch first = { .exits = 1 }, b = { .exits = OWN_LOOK_EXITS };
	struct egpr_look l = { .finding = EGPR_KVM_UNTOLD };
	struct vmm_error v;
	uint64_t xcr0;
	int ret;

	if (vmm_open_kind(vm, h, &egpr_exit_kinds[EGPR_EXIT_cpuid], &o, NULL, &v) ||
	    vmm_guest_xcr0(*vm, &xcr0, &v))
		return data_fail(e, EGPR_SKIPPED, "%s: %s", v.thing, v.reason);
	f->xcr0_set = xcr0 >> EGPR_XFEATURE & 1;
	ret = module_open(m, e);
	if (!ret)
		ret = module_attach(m, vmm_vcpu_fd(*vm), e);
	if (!ret && vmm_batch(*vm, &first, &v))
		ret = data_fail(e, EGPR_SKIPPED, "%s: %s", v.thing, v.reason);
	if (!ret && f->xcr0_set)
		ret = own_look(m, EGPR_FORM_HW, *vm, &b, &l, e);
	if (!ret && f->xcr0_set)
		f->found = l.finding;
	return ret;
}

void own_look_at_host(const struct vmm_host *h, struct own_facts *f, struct data_error *why)
{
	struct module_session m = { .fd = -1 };
	struct vmm *vm = NULL;

	f->found = EGPR_KVM_UNTOLD;
	f->xcr0_set = false;
	f->failed = look(h, f, &m, &vm, why) ? why->text : NULL;
	module_close(&m);
	vmm_close(vm);
}
