/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs of the layers that the kernel module runs: ring0, kvm and vmenter.
 */
#ifndef BENCH_PROOF_MODULE_H
#define BENCH_PROOF_MODULE_H

#include <bench/plan/plan.h>
#include <bench/rundir/rundir.h>

/**
 * proof_module - prove every strategy that moves registers in the kernel
 * @dir: receives rows of proofs.csv and skipped.csv
 * @plan: which of the layers are wanted, and what the command line chose
 * @form: trap where the module plays the hardware, hw on a CPU with APX
 * @provenance: of the rows
 * @proved: receives how many proofs were made
 * @failures: is increased by the proofs that failed
 * @e: receives the message
 *
 * In layer ring0 the halves run on a register file with random values. In layers kvm and
 * vmenter a guest checks its registers before every exit; for the latter the edited KVM is loaded meanwhile. Return: 0 or an enum egpr_status.
 */
int proof_module(struct rundir *dir, const struct plan *plan, enum egpr_form form,
		 enum egpr_provenance provenance, unsigned int *proved, unsigned int *failures,
		 struct data_error *e);

#endif /* BENCH_PROOF_MODULE_H */
