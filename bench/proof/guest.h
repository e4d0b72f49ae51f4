/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs with a real guest: one VM per exit kind and guest state, every
 * strategy in turn around its exits. See proof.h for what is proved.
 */
#ifndef BENCH_PROOF_GUEST_H
#define BENCH_PROOF_GUEST_H

#include <vmm-mini/vmm.h>

#include <bench/base/error.h>
#include "proof.h"

/**
 * struct proof_guest - a VM to prove strategies with
 * @host: what this KVM is
 * @kind: the exit kind
 * @state: the guest state
 * @page: the register file, shared with the guest
 * @payloads: directory of the payloads; NULL for `payloads` beside the running program
 * @seed: of the values in its registers, and of the host's
 * @vm: the VM, NULL between a failure and the next strategy
 * @xcr0: what the guest set XCR0 to
 */
struct proof_guest {
	const struct vmm_host *host;
	const struct egpr_exit_kind *kind;
	enum egpr_guest_state state;
	struct egpr_page *page;
	const char *payloads;
	uint64_t seed;
	struct vmm *vm;
	uint64_t xcr0;
};

/**
 * proof_guest_open - a VM that has proved that the exit kind works here
 * @g: host, kind, state, page and seed are set
 * @e: receives the reason of a failure
 *
 * Needs proof_start() on the same page. Return: 0 or EGPR_SKIPPED.
 */
int proof_guest_open(struct proof_guest *g, struct data_error *e);

/**
 * proof_guest_run - prove one strategy
 * @g: the guest
 * @s: any strategy with a trap form, in the table or not
 * @exits: iterations of the payload
 * @r: receives the result
 * @e: receives the reason of a failure that is not the strategy's
 *
 * Return: 0 whatever the proof says; another status if the VM cannot go on.
 */
int proof_guest_run(struct proof_guest *g, const struct egpr_strategy *s, uint32_t exits,
		    struct proof_result *r, struct data_error *e);

void proof_guest_close(struct proof_guest *g);

#endif /* BENCH_PROOF_GUEST_H */
