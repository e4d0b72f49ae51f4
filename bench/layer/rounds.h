/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One number for a batch whose halves were told one by one.
 *
 * Behind a preparation a batch has few rounds, for each takes up to a thousand times what it times. One
 * that met an interrupt, a stolen moment or a page walk from memory would be all that its mean says. So of the
 * exit halves, and of the entry halves, the dearest sixteenth and the cheapest is left out, two of each at least
 * where there are eight or more. What is left is a mean and no median: it moves with
 * what is injected by less than a step of the TSC.
 *
 * A batch comes to a loop and to data that no other arm uses, and its first rounds fetch them. So some are run
 * ahead, outside of the sum.
 */
#ifndef BENCH_LAYER_ROUNDS_H
#define BENCH_LAYER_ROUNDS_H

#include <stdint.h>

#define ROUNDS_CUT   16 /* one in so many, at each end */
#define ROUNDS_AHEAD 2	/* of each batch behind preparations */

/**
 * rounds_sum_up - the rounds of a batch
 * @each: TSC ticks of each half, exit and entry in turn
 * @rounds: how many of both
 * @scratch: room for @rounds
 * @exit: receives what all exit halves take
 *
 * Return: TSC ticks of all halves, both as @rounds times a mean.
 */
uint64_t rounds_sum_up(const uint64_t *each, uint32_t rounds, double *scratch, uint64_t *exit);

#endif /* BENCH_LAYER_ROUNDS_H */
