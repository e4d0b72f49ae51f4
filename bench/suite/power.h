/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest effect that three methods see in the same time on the same guest.
 */
#ifndef BENCH_POWER_H
#define BENCH_POWER_H

#include <bench/run/run.h>

/**
 * struct power - one method
 * @effect: smallest added cost per exit that it calls a difference, TSC ticks; NAN where
 *	it could not be run
 * @seconds: wall time it had
 * @detail: how the number came about
 */
struct power {
	double effect;
	double seconds;
	char detail[160];
};

enum power_method {
	POWER_ENGINE, /* paired blocks, `location = fast`, Hodges-Lehmann interval */
	POWER_GBENCH, /* Google Benchmark, random interleaving, U test over repetitions */
	POWER_MEANS, /* mean of a loop doubled until it takes 2^30 ticks (vmexit of kvm-unit-tests) */
	POWER_NR
};

extern const char *const power_names[POWER_NR];

/* How many times smaller the engine's effect should be than either of the others'. */
#define POWER_GOAL 5.0

/**
 * struct power_request - what to set the methods against each other on
 * @cell: a cell whose first two arms are the baseline and the A/A arm
 * @batch: exits per batch of the engine, as it chose them for this cell; more where half of
 *	them would be too few
 * @tsc_hz: rate of the TSC
 * @seconds: wanted, for each method
 * @seed: of the random choices, but for those of Google Benchmark, which has its own
 * @stop: set by a signal: end after the batch that runs
 */
struct power_request {
	const struct cell *cell;
	uint32_t batch;
	double tsc_hz;
	double seconds;
	uint64_t seed;
	const volatile sig_atomic_t *stop;
};

/**
 * power_measure - set the methods against each other
 * @r: the request
 * @out: receives POWER_NR results
 * @e: receives the message
 *
 * All methods run exits of the same guest, in turns. Each gets A/A data; its
 * effect is the smallest shift that, added to one arm, it would call a
 * difference (mean of both directions). The doubled loop cannot be ended in the middle, so
 * its turn comes first, and the others get the time that it took. Return: 0, a status, or 128
 * and the signal that set @stop.
 */
int power_measure(const struct power_request *r, struct power *out, struct data_error *e);

/* The engine's effect over the smaller of the others', or NAN: POWER_GOAL or more is good. */
double power_ratio(const struct power *p);

/* The U test's two-sided p-value (Mann and Whitney 1947), normal approximation with ties. */
double power_u_test(const double *a, size_t n, const double *b, size_t m);

/**
 * struct power_arms - two arms as benchmarks of Google Benchmark (power_gbench.c)
 * @name: of each
 * @batch: run so many exits of an arm and tell their TSC ticks. Return: 0, or a status, after
 *	which nothing more is run
 * @context: its first argument
 * @tsc_hz: rate of the TSC
 * @iterations: exits per repetition
 * @size: exits per batch
 * @repetitions: per arm
 * @cycles: receive the repetitions, TSC ticks per exit
 * @n: receive how many there are
 */
struct power_arms {
	const char *name[2];
	int (*batch)(void *context, unsigned int arm, uint32_t exits, uint64_t *cycles);
	void *context;
	double tsc_hz;
	uint32_t iterations;
	uint32_t size;
	uint32_t repetitions;
	double *cycles[2];
	size_t n[2];
};

/* Run them, interleaved at random. Return: 0 or the status of @batch. */
int power_gbench(struct power_arms *arms);

#endif /* BENCH_POWER_H */
