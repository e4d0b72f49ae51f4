/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a run of each provenance is done.
 *
 * hw and proxy are timed by the engine. emu proves states and never has a time, and so does hw where
 * it is only to prove, or is played; their runner fills proofs.csv. One more way is one row in bench/run/provenance.c.
 */
#ifndef BENCH_PROVENANCE_H
#define BENCH_PROVENANCE_H

#include "run.h"

/**
 * struct provenance_ops - one provenance
 * @expand: find out what of a plan can run; as run_expand()
 * @measure: do it; as run_measure()
 * @print: what would run, for --dry-run
 * @conclude: the last words of a run, its path on stdout
 */
struct provenance_ops {
	int (*expand)(struct run *run, const struct plan *plan, enum egpr_provenance provenance,
		      struct data_error *e);
	int (*measure)(struct run *run, const struct run_options *o, char **path,
		       struct data_error *e);
	void (*print)(const struct run *run);
	void (*conclude)(const struct run *run, const char *path);
};

/* The runner of a provenance, or NULL where there is none. @prove: prove, and time nothing. */
const struct provenance_ops *provenance_find(enum egpr_provenance provenance, bool prove);

#endif /* BENCH_PROVENANCE_H */
