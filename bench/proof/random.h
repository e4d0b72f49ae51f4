/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random values for proofs: SplitMix64 (Steele, Lea and Flood 2014). A seed gives the same values
 * everywhere, and never one of them twice.
 */
#ifndef BENCH_PROOF_RANDOM_H
#define BENCH_PROOF_RANDOM_H

#include <stdint.h>

static inline uint64_t proof_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* A guest's value: neither half of it is a small number, so none is met by chance. */
#define PROOF_MARK 0x8000000080000000ull
static inline uint64_t proof_random_mark(uint64_t *seed)
{
	return proof_random(seed) | PROOF_MARK;
}

#endif /* BENCH_PROOF_RANDOM_H */
