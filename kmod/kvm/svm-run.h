/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SVM's counterpart of HOST_RIP, in a build that edit-host-rip has edited: a copy of __svm_vcpu_run with the halves
 * in it, beside KVM's own without any, and one of them called.
 *
 * Interrupts are off from kvm_entry to here, so the flag is that of the vCPU that runs.
 */
#ifndef KMOD_KVM_SVM_RUN_H
#define KMOD_KVM_SVM_RUN_H

#include <linux/percpu.h>
#include <egpr/switch.h>

#include "choice.h"

DECLARE_PER_CPU(struct egpr_switch *, egpr_place_context);

typeof(__svm_vcpu_run) egpr_svm_vcpu_run_apx;

static __always_inline bool egpr_guest_apx(void)
{
	const struct egpr_switch *sw = this_cpu_read(egpr_place_context);

#ifdef EGPR_FORM_TRAP
	if (!sw)
		return false; /* a vCPU that is none of the lab's has no context there */
#endif
	return sw->flags & EGPR_SWITCH_GUEST_APX;
}

/* @how: what this kernel's function takes besides. */
#define egpr_svm_vcpu_run(svm, how)                      \
	do {                                             \
		if (egpr_guest_apx())                    \
			egpr_svm_vcpu_run_apx(svm, how); \
		else                                     \
			__svm_vcpu_run(svm, how);        \
	} while (0)

#endif /* KMOD_KVM_SVM_RUN_H */
