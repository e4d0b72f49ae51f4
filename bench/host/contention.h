/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does something else run on this core? A hypervisor may hide that two of its CPUs are threads of
 * one core, or that another guest has the other thread; what cannot be hidden is that they share
 * ports and cache.
 *
 * Two short loops, one that fills the integer ports and one that fills those for loads and
 * stores, are timed beside every block. What they take undisturbed is learnt first; a block beside
 * which they take longer is marked, kept, and looked at apart.
 */
#ifndef BENCH_CONTENTION_H
#define BENCH_CONTENTION_H

#include <stdbool.h>

/* How much slower is a shift. A sibling thread takes a third of a full port or more. */
#define CONTENTION_SHIFT 1.2

/* X(SYM, id): the loops. */
#define CONTENTION_LOOPS(X) \
	X(PORTS, "integer") \
	X(MEMORY, "load and store")

#define CONTENTION_LOOP_ENUM(SYM, id) CONTENTION_##SYM,
enum contention_loop {
	CONTENTION_LOOPS(CONTENTION_LOOP_ENUM) CONTENTION_NR_LOOPS
};
extern const char *const contention_loop_ids[CONTENTION_NR_LOOPS];

/**
 * struct contention - what the loops take on one CPU
 * @usual: TSC ticks, of the faster half of the calibration
 * @probes: made since
 * @shifted: of these, with a shift
 */
struct contention {
	double usual[CONTENTION_NR_LOOPS];
	unsigned long probes;
	unsigned long shifted;
};

/**
 * contention_learn - learn what the loops take on this CPU
 * @c: receives it
 * @seconds: how long to look; some hundredths are enough
 *
 * On the CPU that will be measured, pinned. Whoever shares the core all of that time, and for good, is
 * not seen.
 */
void contention_learn(struct contention *c, double seconds);

/**
 * contention_probe - time the loops once
 * @ticks: receives TSC ticks by loop, the least of three, so that an interrupt does not count
 *
 * Takes some three microseconds.
 */
void contention_probe(double ticks[CONTENTION_NR_LOOPS]);

/* Is @ticks a shift? Pure. */
bool contention_is_shift(const struct contention *c, const double ticks[CONTENTION_NR_LOOPS]);

/* A probe, judged and counted. */
bool contention_now(struct contention *c);

#endif /* BENCH_CONTENTION_H */
