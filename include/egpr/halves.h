/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the loops of asm/apart.S are given beside a strategy's halves.
 */
#ifndef EGPR_HALVES_H
#define EGPR_HALVES_H

#include <linux/types.h>

/**
 * struct egpr_halves - a batch whose halves are timed one by one
 * @prepare: called before each half, outside of the time, by the loop that has preparations; @half
 *	is 0 before an exit half, 1 before an entry half
 * @arg: its argument
 * @each: where loops of user mode put the TSC ticks of each half, exit and entry in turn; moves on as they do
 * @exit: receives TSC ticks of all exit halves
 */
struct egpr_halves {
	void (*prepare)(void *arg, unsigned long half);
	void *arg;
	__u64 *each;
	__u64 exit;
};

#endif /* EGPR_HALVES_H */
