/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM's x86.c tells the lab of, in a switchable build; nothing in an inline one.
 *
 *   egpr_place_edge	KVM's inner loop is about to be entered, or was left: interrupts are off
 *   egpr_place_xcr0	KVM is about to give XCR0 to the guest, or to take it back
 *
 * Both are no-ops until a session is at the place, and then the same for every strategy.
 */
#ifndef KMOD_KVM_EDGE_H
#define KMOD_KVM_EDGE_H

#include <linux/static_call.h>
#include <linux/types.h>

#include "kind.h" /* made by scripts/kvm-build */

struct kvm_vcpu;

void egpr_place_init(void);

#ifdef EGPR_INLINE
#define egpr_place_edge(vcpu, in) ((void)0)
#define egpr_place_xcr0(vcpu, in) ((void)0)
#else
void egpr_place_told(struct kvm_vcpu *vcpu, bool in);

DECLARE_STATIC_CALL(egpr_place_at_edge, egpr_place_told);
DECLARE_STATIC_CALL(egpr_place_at_xcr0, egpr_place_told);
#define egpr_place_edge(vcpu, in) static_call_cond(egpr_place_at_edge)(vcpu, in)
#define egpr_place_xcr0(vcpu, in) static_call_cond(egpr_place_at_xcr0)(vcpu, in)
#endif

#endif /* KMOD_KVM_EDGE_H */
