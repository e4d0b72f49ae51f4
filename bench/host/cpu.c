// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing and pinning the measuring CPU, and its clocks.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "noise.h"
#include <bench/stats/stats.h>

#define MAX_WATCHED   8 /* CPUs watched at most: the choice must not take longer than a cell */
#define HZ_SECONDS    0.02
#define CHAIN_ROUNDS  400 /* of CHAIN_ADDS additions each */
#define CHAIN_ADDS    64
#define CHAIN_REPEATS 15

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

static double quietest(const cpu_set_t *allowed, double seconds, int *cpu)
{
	double best = -1;
	int i, watched = 0;

	for (i = 0; i < CPU_SETSIZE && watched < MAX_WATCHED; i++) {
		struct egpr_preflight p;

		if (!CPU_ISSET(i, allowed) || egpr_noise_preflight(i, seconds, &p))
			continue;
		watched++;
		/* Of equals the highest: interrupts and daemons favour the first CPU. */
		if (best < 0 || p.lost_pct <= best) {
			best = p.lost_pct;
			*cpu = i;
		}
	}
	return best;
}

int cpu_choose(int wanted, double seconds, int *cpu, struct data_error *e)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return data_fail(e, EGPR_UNAVAILABLE, "cannot ask for the allowed CPUs: %s",
				 strerror(errno));
	if (wanted >= 0) {
		if (wanted >= CPU_SETSIZE || !CPU_ISSET(wanted, &allowed))
			return data_fail(e, EGPR_USAGE,
					 "CPU %d is not there or not allowed for this process; see "
					 "`taskset -p $$`",
					 wanted);
		*cpu = wanted;
		return 0;
	}
	if (quietest(&allowed, seconds, cpu) < 0)
		return data_fail(e, EGPR_UNAVAILABLE, "no CPU can be pinned to");
	return 0;
}

static cpu_set_t before_pin;
static int pinned;

void cpu_unpin(void)
{
	if (pinned)
		sched_setaffinity(0, sizeof(before_pin), &before_pin);
	pinned = 0;
}

int cpu_pin(int cpu, struct data_error *e)
{
	cpu_set_t set;

	if (!pinned)
		pinned = !sched_getaffinity(0, sizeof(before_pin), &before_pin);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return data_fail(e, EGPR_UNAVAILABLE, "cannot pin to CPU %d: %s", cpu,
				 strerror(errno));
	return 0;
}

static double raw_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cpu_tsc_hz(void)
{
	double t0 = raw_now(), t1;
	uint64_t c0 = tsc();

	do
		t1 = raw_now();
	while (t1 - t0 < HZ_SECONDS);
	return (double)(tsc() - c0) / (t1 - t0);
}

double cpu_tsc_per_core_cycle(void)
{
	double per[CHAIN_REPEATS];
	int i;

	for (i = 0; i < CHAIN_REPEATS; i++) {
		uint64_t rounds = CHAIN_ROUNDS, x = 1, t0 = tsc();

		__asm__ volatile("1:\n\t"
				 ".rept %c2\n\tadd %0, %0\n\t.endr\n\t"
				 "dec %1\n\tjnz 1b"
				 : "+r"(x), "+r"(rounds)
				 : "i"(CHAIN_ADDS));
		per[i] = (double)(tsc() - t0) / (CHAIN_ROUNDS * CHAIN_ADDS);
	}
	stats_sort(per, CHAIN_REPEATS);
	return stats_quantile(per, CHAIN_REPEATS, 0.5);
}
