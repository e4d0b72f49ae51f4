// SPDX-License-Identifier: GPL-2.0-only
/*
 * See contention.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bench/stats/stats.h>
#include "clock.h"
#include "contention.h"

#define TURNS	   300	/* of a loop: half a microsecond */
#define TRIES	   3	/* of a probe */
#define PROBES_MAX 4096 /* of a calibration */
#define LINE	   64

#define ID_ROW(SYM, id) [CONTENTION_##SYM] = id,
const char *const contention_loop_ids[CONTENTION_NR_LOOPS] = { CONTENTION_LOOPS(ID_ROW) };

/* Eight chains that do not depend on each other: as many as ports, and more. */
static uint64_t ports(void)
{
	uint64_t start = clock_tsc();
	uint32_t n = TURNS;

	__asm__ volatile(
		"1:\n\t"
		"add $1, %%rax\n\tadd $1, %%rdx\n\tadd $1, %%rsi\n\tadd $1, %%rdi\n\t"
		"lea 1(%%r8), %%r8\n\tlea 1(%%r9), %%r9\n\tadd $1, %%r10\n\tadd $1, %%r11\n\t"
		"dec %0\n\tjnz 1b"
		: "+r"(n)
		:
		: "rax", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
	return clock_tsc() - start;
}

/* Three loads from one line and two stores to another, every turn. */
static uint64_t memory(void)
{
	static uint8_t lines[2 * LINE] __attribute__((aligned(LINE)));
	uint64_t start = clock_tsc();
	uint32_t n = TURNS;

	__asm__ volatile("1:\n\t"
			 "mov (%1), %%rax\n\tmov 8(%1), %%rdx\n\tmov %%rsi, 64(%1)\n\t"
			 "mov 16(%1), %%rdi\n\tmov %%rsi, 72(%1)\n\t"
			 "dec %0\n\tjnz 1b"
			 : "+r"(n)
			 : "r"(lines)
			 : "rax", "rdx", "rdi", "cc", "memory");
	return clock_tsc() - start;
}

void contention_probe(double ticks[CONTENTION_NR_LOOPS])
{
	static uint64_t (*const loops[CONTENTION_NR_LOOPS])(void) = {
		[CONTENTION_PORTS] = ports,
		[CONTENTION_MEMORY] = memory,
	};
	unsigned int l, i;

	for (l = 0; l < CONTENTION_NR_LOOPS; l++) {
		ticks[l] = (double)loops[l]();
		for (i = 1; i < TRIES; i++) {
			double again = (double)loops[l]();

			ticks[l] = again < ticks[l] ? again : ticks[l];
		}
	}
}

void contention_learn(struct contention *c, double seconds)
{
	double *seen = calloc((size_t)CONTENTION_NR_LOOPS * PROBES_MAX, sizeof(*seen));
	double end = clock_now() + seconds, ticks[CONTENTION_NR_LOOPS];
	size_t n = 0, l;

	memset(c, 0, sizeof(*c));
	while (seen && n < PROBES_MAX && (!n || clock_now() < end)) {
		contention_probe(ticks);
		for (l = 0; l < CONTENTION_NR_LOOPS; l++)
			seen[l * PROBES_MAX + n] = ticks[l];
		n++;
	}
	for (l = 0; l < CONTENTION_NR_LOOPS && n; l++) {
		stats_sort(seen + l * PROBES_MAX, n);
		c->usual[l] = stats_quantile(seen + l * PROBES_MAX, n, 0.25);
	}
	free(seen);
}

bool contention_is_shift(const struct contention *c, const double ticks[CONTENTION_NR_LOOPS])
{
	unsigned int l;

	for (l = 0; l < CONTENTION_NR_LOOPS; l++) {
		if (c->usual[l] > 0 && ticks[l] > CONTENTION_SHIFT * c->usual[l])
			return true;
	}
	return false;
}

bool contention_now(struct contention *c)
{
	double ticks[CONTENTION_NR_LOOPS];
	bool shift;

	contention_probe(ticks);
	shift = contention_is_shift(c, ticks);
	c->probes++;
	c->shifted += shift;
	return shift;
}
