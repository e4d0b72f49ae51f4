/* SPDX-License-Identifier: GPL-2.0-only */
/* A planted fault: the function for guests with APX runs all others too, once it has run one. */
#ifndef BED_STALE_SVM_RUN_H
#define BED_STALE_SVM_RUN_H

#include <linux/percpu.h>
#include <egpr/switch.h>

DECLARE_PER_CPU(struct egpr_switch *, egpr_place_context);

typeof(__svm_vcpu_run) egpr_svm_vcpu_run_apx;

#define egpr_svm_vcpu_run(svm, how)                                               \
	do {                                                                      \
		static bool stale;                                                \
		const struct egpr_switch *sw = this_cpu_read(egpr_place_context); \
                                                                                  \
		stale |= sw && (sw->flags & EGPR_SWITCH_GUEST_APX);               \
		if (stale)                                                        \
			egpr_svm_vcpu_run_apx(svm, how);                          \
		else                                                              \
			__svm_vcpu_run(svm, how);                                 \
	} while (0)

#endif /* BED_STALE_SVM_RUN_H */
