/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's own switch: what may be measured beside it, and whether it may be measured itself.
 *
 * The decision is a function of facts, so that every KVM there may be can be played to it.
 */
#ifndef BENCH_OWN_H
#define BENCH_OWN_H

#include <stdbool.h>

#include <egpr/strategy.h>
#include <egpr/uapi.h>
#include <vmm-mini/vmm.h>

#include "module.h"

/* Exits of the guest that shows a pattern. */
#define OWN_LOOK_EXITS 16

/**
 * struct own_facts - what is known of the KVM at hand
 * @form: of the run: HW; TRAP where a test build plays such a KVM; PROXY, of which KVM knows nothing
 * @probes: the layer's strategies run at KVM's tracepoints, between the guest and what KVM does
 * @offer: does KVM offer guests APX
 * @apx: the answers that @offer comes from; may be NULL
 * @xcr0_set: a guest with APX on was seen to have XCR0.APX = 1
 * @found: what a pattern in its registers told
 * @failed: why no pattern could be shown, or NULL
 */
struct own_facts {
	enum egpr_form form;
	bool probes;
	enum vmm_apx_offer offer;
	const struct vmm_apx *apx;
	bool xcr0_set;
	enum egpr_kvm_finding found;
	const char *failed;
};

/**
 * struct own_verdict - which arms may run
 * @strategies: the lab's own
 * @own: `kvm-own`
 * @why_strategies: why not, with what to do; empty if they may
 * @why_own: likewise
 */
struct own_verdict {
	bool strategies;
	bool own;
	char why_strategies[512];
	char why_own[512];
};

/**
 * own_decide - which arms may run on this KVM
 * @f: what is known
 * @v: receives the answer
 *
 * What is not known counts as a reason against.
 */
void own_decide(const struct own_facts *f, struct own_verdict *v);

/**
 * own_look - show the module a pattern in a guest's registers
 * @m: a session to which the vCPU of @vm is attached
 * @form: HW, or TRAP where a test build plays such a KVM
 * @vm: a started VM in state DIRTY, which is of no use afterwards
 * @b: a batch of OWN_LOOK_EXITS exits, none of which may change the registers
 * @l: receives what was seen
 * @e: receives the reason
 *
 * Return: 0; EGPR_SKIPPED where the module refuses or the guest did not come to its end.
 */
int own_look(struct module_session *m, enum egpr_form form, struct vmm *vm, struct vmm_batch *b,
	     struct egpr_look *l, struct data_error *e);

/**
 * own_look_at_host - the same with a guest of its own, on real registers
 * @h: a host whose KVM offers APX
 * @f: receives @xcr0_set, @found, and @failed
 * @why: room for @failed
 */
void own_look_at_host(const struct vmm_host *h, struct own_facts *f, struct data_error *why);

/* Is it switched by the lab? Neither baseline, nor delay, nor KVM's own. */
bool own_is_of_the_lab(const struct egpr_strategy *s);

#endif /* BENCH_OWN_H */
