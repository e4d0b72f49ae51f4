/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time for the engine's own purposes: budgets, progress, its share of a run. What is
 * measured is stamped in asm/ and vmm-mini/.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds of CLOCK_MONOTONIC. */
static inline double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of CPU time that this thread used. */
static inline double clock_thread(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* TSC ticks, serialised on both sides (docs/method.md). */
static inline uint64_t clock_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

#endif /* BENCH_CLOCK_H */
