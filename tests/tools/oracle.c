// SPDX-License-Identifier: GPL-2.0-only
/*
 * gated-mov-disp8 less none, by context, without anything of the lab but the two sequences: what
 * scripts/oracle holds the lab's own number against. Not fast, not careful about placement, and not
 * the same code: rounds of both arms take turns, and the median of their differences is told.
 *
 * stdout: context, difference in TSC ticks, lower and upper end of the median's 95 % interval
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/strategy.h>

#define TURNS  2001 /* differences */
#define ROUNDS 32   /* of each arm per difference */

enum {
	WARM,
	COLD,
	COLD_REGS
};

static _Alignas(4096) struct egpr_switch sw;

static uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("mfence; lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void prepare(int how)
{
	const uint8_t *at = (const uint8_t *)&sw;
	size_t line;

	for (line = 0; line < 3 && how != WARM; line++)
		__asm__ volatile("clflush %0" : : "m"(at[64 * line]) : "memory");
	if (how != COLD)
		(void)*(const volatile uint8_t *)&sw.flags;
	if (how == WARM) {
		(void)*(const volatile uint8_t *)&sw.regs[0];
		(void)*(const volatile uint8_t *)&sw.regs[8];
	}
}

static double apart(const struct egpr_sequence *s, int how)
{
	uint64_t sum = 0, from;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		prepare(how);
		from = now();
		s->exit(&sw);
		sum += now() - from;
		prepare(how);
		from = now();
		s->entry(&sw);
		sum += now() - from;
	}
	return (double)sum / ROUNDS;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(void)
{
	static const struct {
		const char *context;
		int how;
	} contexts[] = {
		{ "apart", WARM }, { "l1", WARM }, { "dram", COLD }, { "legacy-warm", COLD_REGS }
	};
	const struct egpr_sequence *arm =
		&egpr_strategies[EGPR_STRATEGY_gated_mov_disp8].form[EGPR_FORM_PROXY];
	const struct egpr_sequence *none =
		&egpr_strategies[EGPR_STRATEGY_none].form[EGPR_FORM_PROXY];
	const int off = (int)(0.98 * sqrt(TURNS)); /* ranks of a median's interval */
	static double diff[TURNS];
	unsigned int i, t;

	sw.flags = EGPR_SWITCH_GUEST_APX;
	for (i = 0; i < sizeof(contexts) / sizeof(*contexts); i++) {
		for (t = 0; t < TURNS; t++) {
			double first = apart(t & 1 ? arm : none, contexts[i].how);
			double second = apart(t & 1 ? none : arm, contexts[i].how);

			diff[t] = t & 1 ? first - second : second - first;
		}
		qsort(diff, TURNS, sizeof(*diff), ascending);
		printf("%s\t%.2f\t%.2f\t%.2f\n", contexts[i].context, diff[TURNS / 2],
		       diff[TURNS / 2 - off], diff[TURNS / 2 + off]);
	}
	return 0;
}
