/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One number for a batch whose halves were told one by one.
 *
 * Behind a preparation a batch has few rounds, for each takes up to a thousand times what it times. A half
 * that met an interrupt, a stolen moment or a page walk from memory would be all that its mean says. So of the
 * exit halves, and of the entry halves, those are left out that take longer than their median by more than
 * ROUNDS_FAR times what the cheapest takes less than it, and a step of the TSC. Of what is left it is
 * the mean: where a half takes about a step, a median, or a mean of a middle part, stands still until
 * a whole step is full, and does not move with what is injected.
 *
 * A batch comes to a loop and to data that no other arm uses, and its first rounds fetch them. So some are run
 * ahead, outside of the sum.
 */
#ifndef BENCH_LAYER_ROUNDS_H
#define BENCH_LAYER_ROUNDS_H

#include <stddef.h>
#include <stdint.h>

#define ROUNDS_FAR   4
#define ROUNDS_AHEAD ((size_t)2) /* of each batch behind preparations */

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
