/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HOST_RIP by the guest's XCR0.APX, in a build that edit-host-rip has edited: behind kvm_entry, where KVM
 * compares HOST_CR3 and HOST_CR4.
 *
 * The entry half asks the same flag of the same context (place-asm.h): interrupts are off in between.
 */
#ifndef KMOD_KVM_HOST_RIP_H
#define KMOD_KVM_HOST_RIP_H

#include <linux/percpu.h>
#include <egpr/switch.h>

#include "choice.h"

DECLARE_PER_CPU(struct egpr_switch *, egpr_place_context);

/* Labels in __vmx_vcpu_run. */
void vmx_vmexit(void);
void egpr_vmexit_apx(void);

/* @host: of the VMCS that is loaded. A nested guest's is another, with a HOST_RIP of its own. */
static __always_inline void egpr_host_rip(struct vmcs_host_state *host)
{
	const struct egpr_switch *sw = this_cpu_read(egpr_place_context);
	void (*label)(void);
	u32 flags;

#ifdef EGPR_FORM_TRAP
	flags = sw ? sw->flags : 0; /* there a vCPU that is none of the lab's has no context */
#else
	flags = sw->flags;
#endif
	if (likely(flags == host->egpr_flags))
		return;
	label = flags & EGPR_SWITCH_GUEST_APX ? egpr_vmexit_apx : vmx_vmexit;
	vmcs_writel(HOST_RIP, (unsigned long)label);
	host->egpr_flags = flags;
}

#endif /* KMOD_KVM_HOST_RIP_H */
