/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: HOST_RIP stays what it was first written for, whatever the guest's XCR0 becomes. */
#ifndef BED_STALE_RIP_H
#define BED_STALE_RIP_H

#include <linux/percpu.h>
#include <egpr/switch.h>

DECLARE_PER_CPU(struct egpr_switch *, egpr_place_context);
void vmx_vmexit(void);
void egpr_vmexit_apx(void);

static __always_inline void egpr_host_rip(struct vmcs_host_state *host)
{
	const struct egpr_switch *sw = this_cpu_read(egpr_place_context);

	if (host->egpr_flags || !sw || !(sw->flags & EGPR_SWITCH_GUEST_APX))
		return;
	vmcs_writel(HOST_RIP, (unsigned long)egpr_vmexit_apx);
	host->egpr_flags = sw->flags;
}

#endif /* BED_STALE_RIP_H */
