/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cells of a run of provenance emu: proved, and written to proofs.csv or skipped.csv.
 */
#ifndef BENCH_RUN_PROVE_CELLS_H
#define BENCH_RUN_PROVE_CELLS_H

#include <bench/proof/apart.h>
#include <bench/proof/proof.h>
#include <vmm-mini/vmm.h>

#include "run.h"

/* One line of the table: a strategy over all exit kinds, by guest state. */
struct prove_tally {
	unsigned int passed[EGPR_NR_STATES];
	unsigned int failed[EGPR_NR_STATES];
	unsigned int soft_passed;
	unsigned int soft_failed;
	unsigned int failures;
	uint64_t exits;
};

/*
 * @crashed: strategies that crashed or hung in a proof and get no further one, because each that
 *	hangs takes APART_SECONDS; how, in words
 */
struct prove_session {
	struct run *run;
	struct plan_layer layer;
	char crashed[EGPR_NR_STRATEGIES][APART_TEXT];
	struct rundir *dir;
	struct vmm_host host;
	bool have_host;
	struct egpr_page *page;
	struct prove_tally tally[EGPR_NR_STRATEGIES];
	unsigned int kinds[EGPR_NR_STATES];
	unsigned int failures;
	struct data_error *e;
};

/* Strategies to prove, in @order; their number. Controls last: their guest fails, and is made anew. */
unsigned int prove_order(const struct plan_layer *l, const struct egpr_strategy **order);

/* As rows name it. */
const char *prove_spelling(const struct egpr_strategy *s);

/* XCR0 semantics, without a guest; every exit kind and state, with one. Return: 0 or a status. */
int prove_soft(struct prove_session *s);
int prove_guests(struct prove_session *s);

#endif /* BENCH_RUN_PROVE_CELLS_H */
