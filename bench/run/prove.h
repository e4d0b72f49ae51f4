/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runner of provenance emu; see provenance.h for the functions' contract.
 */
#ifndef BENCH_PROOF_RUN_H
#define BENCH_PROOF_RUN_H

#include "run.h"

int proof_expand(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
		 struct data_error *e);
int proof_measure(struct run *run, const struct run_options *o, char **path, struct data_error *e);
void proof_print(const struct run *run);
void proof_conclude(const struct run *run, const char *path);

#endif /* BENCH_PROOF_RUN_H */
