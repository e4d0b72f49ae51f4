// SPDX-License-Identifier: GPL-2.0-only
/*
 * See beside.h.
 */
#include <bench/layer/module_guest.h>
#include "beside.h"

static void look_played(const struct vmm_host *h, struct own_facts *f, struct guest *g)
{
	struct egpr_look l;
	struct vmm_error v;
	uint64_t xcr0 = 0;

	if (guest_open_apx(g, h, egpr_exit_kinds[EGPR_EXIT_cpuid].id, NULL, EGPR_STATE_DIRTY) ||
	    !guest_look(g, &l)) {
		f->failed = g->why;
		return;
	}
	f->found = l.finding;
	f->xcr0_set = !vmm_guest_xcr0(g->vm, &xcr0, &v) && xcr0 >> EGPR_XFEATURE & 1;
}

static bool is_played(void)
{
	struct module_session m;
	struct data_error e;
	bool played = false;

	if (!module_open(&m, &e)) {
		played = m.query.features & EGPR_HAS_PLAYED_KVM;
		module_close(&m);
	}
	return played;
}

void proof_beside_kvm(const struct vmm_host *h, enum egpr_form form, struct own_verdict *may,
		      bool *offers)
{
	struct own_facts f = { .form = form, .probes = true, .offer = VMM_APX_NONE };
	struct guest g = { .module.fd = -1 };
	struct data_error why;

	if (form == EGPR_FORM_HW) {
		f.apx = &h->apx;
		f.offer = vmm_apx_offer(f.apx);
	} else if (is_played()) {
		f.offer = VMM_APX_WHOLE;
	}
	*offers = f.offer != VMM_APX_NONE;
	if (f.offer == VMM_APX_WHOLE && form == EGPR_FORM_HW)
		own_look_at_host(h, &f, &why);
	else if (f.offer == VMM_APX_WHOLE)
		look_played(h, &f, &g);
	own_decide(&f, may);
	guest_close(&g);
}
