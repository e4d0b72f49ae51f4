/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest effect that three methods see in the same time on the same guest.
 */
#ifndef BENCH_POWER_H
#define BENCH_POWER_H

#include "run.h"

/**
 * struct power - one method
 * @effect: smallest added cost per exit that it calls a difference, TSC cycles; NAN where
 *	it could not be run
 * @seconds: time it had
 * @detail: how the number came about
 */
struct power {
	double effect;
	double seconds;
	char detail[160];
};

enum power_method {
	POWER_ENGINE, /* paired blocks, Hodges-Lehmann interval */
	POWER_GBENCH, /* Google Benchmark, random interleaving, U test over repetitions */
	POWER_MEANS, /* mean of a loop doubled until it takes 2^30 cycles (vmexit of kvm-unit-tests) */
	POWER_NR
};

extern const char *const power_names[POWER_NR];

/**
 * power_measure - set the methods against each other
 * @c: a cell whose first two arms are the baseline and the A/A arm
 * @seconds: for each method
 * @seed: of the random choices
 * @out: receives POWER_NR results
 * @e: receives the message
 *
 * All methods run the same batches of the same guest, in turns. Each gets A/A data; its
 * effect is the smallest shift that, added to one arm, it would call a
 * difference (mean of both directions). Return: 0 or a status.
 */
int power_measure(const struct cell *c, double seconds, uint64_t seed, struct power *out,
		  struct data_error *e);

/* The U test's two-sided p-value (Mann and Whitney 1947), normal approximation with ties. */
double power_u_test(const double *a, size_t n, const double *b, size_t m);

#endif /* BENCH_POWER_H */
