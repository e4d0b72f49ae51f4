/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of arms within blocks.
 *
 * Two arms run as ABBA or BAAB, which cancels a linear drift. More arms run by Williams
 * squares: in each square every arm stands in every position once and follows every
 * other arm equally often (Williams 1949). The order of any block follows from the
 * seed and the block's number alone, so a resumed run goes on as it would have gone.
 */
#ifndef BENCH_ORDER_H
#define BENCH_ORDER_H

#include <stdint.h>

#define ORDER_MAX_ARMS 48

/**
 * order_length - batches in one block of @arms arms
 */
unsigned int order_length(unsigned int arms);

/**
 * order_period - blocks after which positions are balanced
 */
unsigned int order_period(unsigned int arms);

/**
 * order_block - the order of one block
 * @seed: of this cell, see order_seed()
 * @arms: 1..ORDER_MAX_ARMS
 * @block: number of the block
 * @out: receives order_length() arm indices
 */
void order_block(uint64_t seed, unsigned int arms, unsigned int block, unsigned int *out);

/**
 * order_layout - the code offset of a block, as an index
 *
 * Within each run of @layouts blocks every offset comes once, in random order.
 */
unsigned int order_layout(uint64_t seed, unsigned int layouts, unsigned int block);

/**
 * order_seed - a seed for one purpose from the seed of the run
 * @seed: of the run
 * @name: of the purpose, such as a cell's name
 */
uint64_t order_seed(uint64_t seed, const char *name);

#endif /* BENCH_ORDER_H */
