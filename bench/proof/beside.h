/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs beside a KVM that offers guests APX: the host's own, or one that a test build of the
 * module plays.
 */
#ifndef BENCH_PROOF_BESIDE_H
#define BENCH_PROOF_BESIDE_H

#include <bench/layer/own.h>

/**
 * proof_beside_kvm - what may be proved beside what KVM does with r16..r31 itself
 * @h: the host
 * @form: what is proved: HW, or TRAP, of which only a KVM that is played knows
 * @may: receives which arms may run
 * @offers: receives whether such a KVM is there
 *
 * Shows the module a pattern, as layer kvm does. Where KVM offers nothing the strategies may run, and
 * kvm-own has nothing to show.
 */
void proof_beside_kvm(const struct vmm_host *h, enum egpr_form form, struct own_verdict *may,
		      bool *offers);

#endif /* BENCH_PROOF_BESIDE_H */
