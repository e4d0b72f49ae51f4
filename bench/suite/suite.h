/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark suites of `egprlab bench`: one file bench/suite_<name>.c each.
 */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include "gbench.h"

/**
 * struct suite - what all benchmarks of one invocation share
 * @cpu: the CPU that the thread is pinned to
 * @tsc_hz: rate of the TSC
 */
struct suite {
	int cpu;
	double tsc_hz;
};

/**
 * suite_layers_register - one benchmark per arm: layer/exit-kind/guest-state/strategy
 * @s: must outlive the run
 *
 * Return: 0, or EGPR_INTERNAL without memory.
 */
int suite_layers_register(const struct suite *s);
void suite_layers_release(void);

/* Names of the speed benchmarks start with this, so a filter tells them from arms. */
#define SPEED_PREFIX "speed/"

/* How the two sides of a speed benchmark are set against each other. */
enum speed_kind {
	SPEED_RATIO,	  /* ours / bare */
	SPEED_DIFFERENCE, /* ours - bare, TSC ticks */
};

#define SPEED_WHY_SIZE 512

/**
 * struct speed_case - the lab's own cost of something, beside that of a bare program
 * @name: of the benchmark, behind SPEED_PREFIX
 * @heading: what it is printed under
 * @text: what is measured, one line
 * @kind: how the sides are compared
 * @goal: largest ratio, or difference in TSC ticks, that was aimed at
 * @units: units of work in one sample
 * @open: set both sides up. Return: 0, or EGPR_SKIPPED or another status with the
 *	reason in @why
 * @ours: one sample of the lab's side, TSC ticks per unit of work; 0 or -1
 * @bare: the same of the bare side
 * @close: undo @open
 */
struct speed_case {
	const char *name;
	const char *heading;
	const char *text;
	enum speed_kind kind;
	double goal;
	unsigned int units;
	int (*open)(void **context, char *why);
	int (*ours)(void *context, double *cycles);
	int (*bare)(void *context, double *cycles);
	void (*close)(void *context);
};

/* The cases, ended by NULL (suite_speed.c). */
extern const struct speed_case *const speed_cases[];

/* Register every case. */
void suite_speed_register(const struct suite *s);

/* Counters that a row of a speed benchmark has. */
#define SPEED_VALUE  "value" /* ratio or difference: Hodges-Lehmann over blocks */
#define SPEED_LOW    "low"   /* its 95 % interval */
#define SPEED_HIGH   "high"
#define SPEED_OURS   "ours_cycles" /* medians, TSC ticks per unit of work */
#define SPEED_BARE   "bare_cycles"
#define SPEED_BLOCKS "blocks"
#define SPEED_GOAL   "goal"

/**
 * speed_take_row - keep a row for the summary
 * @context: struct suite *
 * @row: from gbench_run(); other rows than those of speed benchmarks are ignored
 */
void speed_take_row(void *context, const struct gbench_row *row);

/* Print what speed_take_row() kept, by heading. */
void speed_print(const struct suite *s);

#endif /* BENCH_SUITE_H */
