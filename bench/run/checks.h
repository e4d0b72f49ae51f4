/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A self-check of a run, and those of the ruler: what a context claims to tell apart, and whether it does.
 */
#ifndef BENCH_RUN_CHECKS_H
#define BENCH_RUN_CHECKS_H

#include "run.h"

enum outcome {
	PASS,
	FAIL,
	SKIP
};

/**
 * struct checks - all of a run so far
 * @array: for meta.json
 * @failed: how many
 * @said: receives the first that did
 * @size: of @said
 */
struct checks {
	cJSON *array;
	unsigned int failed;
	char *said;
	size_t size;
};

void check_add(struct checks *k, enum outcome outcome, const char *name, const char *detail);

/**
 * check_claims - what the context of a cell claims
 * @k: receives the checks: A/A, injected delays, ten cycles of them, contended blocks
 * @g: the run
 * @c: the cell, which has blocks
 *
 * What a row claims and does not show fails. What it does not claim and is open is skipped, in words;
 * what speaks against the ruler fails whether it is claimed or not.
 */
void check_claims(struct checks *k, const struct engine *g, const struct run_cell *c);

#endif /* BENCH_RUN_CHECKS_H */
