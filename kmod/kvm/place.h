/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an edited kvm.ko tells the lab's module of its place, exported as `egpr_place`.
 *
 * scripts/kvm-build compiles it into KVM; egpr_switch.ko asks for the symbol when a vCPU is to be
 * switched there, so it loads without it, and holds what it finds against @version and @context_bytes
 * before anything else.
 */
#ifndef KMOD_KVM_PLACE_H
#define KMOD_KVM_PLACE_H

#include <linux/percpu.h>
#include <egpr/switch.h>

#define EGPR_PLACE_VERSION 3

struct kvm_vcpu;

enum egpr_place_kind {
	EGPR_PLACE_SWITCHABLE, /* the halves are chosen while KVM is loaded */
	EGPR_PLACE_INLINE,     /* one strategy's halves are part of the code */
};

/**
 * struct egpr_place - the place in KVM's vmenter.S
 * @version: EGPR_PLACE_VERSION
 * @kind: enum egpr_place_kind
 * @context_bytes: sizeof(struct egpr_switch) there
 * @strategy: an inline place's, by its id
 * @form: and its form's
 * @by_flag: an inline place that runs its halves for a guest with APX, and nothing for one without
 * @source: SHA-256 of the source that was built
 * @context: per CPU, of the vCPU that runs next: set with interrupts off, behind kvm_entry
 * @idle: what it is for a vCPU that is none of the lab's: NULL where that skips the halves, else a
 *	context of a guest without APX
 * @text: per CPU: first and last address of an inline half in form trap, the last that ran; else NULL
 * @choose: put the halves in force for all CPUs; NULL for both: none. Sleeps. NULL in an inline place
 * @tell: call these where edge.h says; NULL: nothing. Sleeps. NULL in an inline place
 */
struct egpr_place {
	u32 version;
	u32 kind;
	u64 context_bytes;
	const char *strategy;
	const char *form;
	bool by_flag;
	const char *source;
	struct egpr_switch *__percpu *context;
	struct egpr_switch *idle;
	unsigned long __percpu *text;
	void (*choose)(egpr_switch_fn exit, egpr_switch_fn entry);
	void (*tell)(void (*edge)(struct kvm_vcpu *vcpu, bool in),
		     void (*xcr0)(struct kvm_vcpu *vcpu, bool in));
};

extern const struct egpr_place egpr_place;

#endif /* KMOD_KVM_PLACE_H */
