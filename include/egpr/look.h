/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the counts of EGPR_IOC_LOOK say of KVM: for the module, and for the tests that try every
 * answer a guest can give.
 */
#ifndef EGPR_LOOK_H
#define EGPR_LOOK_H

#include <egpr/uapi.h>

/**
 * egpr_look_judge - does KVM switch r16..r31 by itself?
 * @l: a look that ended: counts, @exits and @guest_has_it
 *
 * A guest that has its pattern although every entry had overwritten it got it from KVM, whatever
 * kvm_exit found in the registers. One that lost it to the probes has a KVM that touches nothing,
 * if every exit found what the entry before had written; the first found the pattern, unless the
 * guest had other exits while it wrote that. All else is a KVM, or a module, of which the lab knows
 * too little. Return: the finding.
 */
static inline enum egpr_kvm_finding egpr_look_judge(const struct egpr_look *l)
{
	__u64 seen = l->saw_pattern + l->saw_put + l->saw_zero + l->saw_other;

	if (!l->exits || l->blind || l->put < l->exits || seen < l->exits)
		return EGPR_KVM_UNCLEAR;
	if (l->guest_has_it)
		return EGPR_KVM_SWITCHES;
	return l->saw_pattern <= 1 && l->saw_pattern + l->saw_put >= l->exits ? EGPR_KVM_LEAVES
									      : EGPR_KVM_UNCLEAR;
}

#endif /* EGPR_LOOK_H */
