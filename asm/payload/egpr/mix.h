/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An integer computation with more live values than legacy registers.
 *
 * Compiled twice: with -mapxf into a guest, without into its test. The two results
 * must be equal, whatever registers the compiler chose.
 */
#ifndef ASM_PAYLOAD_MIX_H
#define ASM_PAYLOAD_MIX_H

#include <linux/types.h>

#define MIX_WORDS  20
#define MIX_ROUNDS 6

/* Where the guest leaves in the middle of it; nothing in the test. */
typedef void (*mix_exit_fn)(void);

static inline __attribute__((always_inline)) __u64 mix_turn(__u64 v, unsigned int by)
{
	return v << by | v >> (64 - by);
}

/**
 * egpr_mix - stir MIX_WORDS words for MIX_ROUNDS rounds and fold them
 * @seed: any value
 * @leave: called once per round, with all words live
 *
 * Return: the folded words.
 */
static inline __attribute__((always_inline)) __u64 egpr_mix(__u64 seed, mix_exit_fn leave)
{
	__u64 w[MIX_WORDS], sum = 0;
	unsigned int i, r;

	for (i = 0; i < MIX_WORDS; i++)
		w[i] = seed * (2 * i + 3);
	for (r = 0; r < MIX_ROUNDS; r++) {
#pragma GCC unroll 20
		for (i = 0; i < MIX_WORDS; i++) {
			w[i] += w[(i + 7) % MIX_WORDS] ^ mix_turn(w[(i + 1) % MIX_WORDS], 13);
			if ((w[i] & 3) == 1 && w[(i + 3) % MIX_WORDS] > w[i])
				w[i] -= seed;
		}
		leave();
	}
	for (i = 0; i < MIX_WORDS; i++)
		sum = mix_turn(sum, 7) ^ w[i];
	return sum;
}

#endif /* ASM_PAYLOAD_MIX_H */
