/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's working set: what it walks between two exits, and the proof that it did.
 *
 * A set is a chain of lines that closes after each of them was met once, so the same code walks it in
 * order of addresses or by chance. Every line has a key that follows from its place in the chain:
 * how many lines a batch touched and the sum of their keys are known beforehand, and one line
 * left out, walked twice or missed changes both or the place where the walk ends.
 */
#ifndef VMM_MINI_CHAIN_H
#define VMM_MINI_CHAIN_H

#include <stddef.h>
#include <stdint.h>

enum vmm_walk_kind {
	VMM_WALK_NONE,
	VMM_WALK_LINEAR, /* loads, each from the line behind the last */
	VMM_WALK_RANDOM, /* loads, each address from the last: one cycle by chance */
	VMM_WALK_CODE,	 /* lines of code in an order by chance, each jumps to the next */
	VMM_NR_WALKS
};

/* Spelling in CLI and messages; indexed by enum vmm_walk_kind. */
extern const char *const vmm_walk_names[VMM_NR_WALKS];

/**
 * struct vmm_walk - a working set
 * @kind: VMM_WALK_NONE: the guest walks nothing and its exits are not stamped for it
 * @bytes: of the set, whole lines
 * @per_walk: bytes that one walk touches; the next goes on from there. 0 for all of the set, which
 *	is all that code can do
 * @seed: of the order and of the keys
 */
struct vmm_walk {
	enum vmm_walk_kind kind;
	size_t bytes;
	size_t per_walk;
	uint64_t seed;
};

/**
 * struct vmm_chain - a working set laid out in memory
 * @walk: as asked for
 * @lines: of the set
 * @per_walk: of one walk
 * @position: in the chain, of the line that the next walk begins with
 * @first: key of the line at position 0
 * @step: from one position's key to the next one's
 * @first_at: guest address of the line at position 0
 */
struct vmm_chain {
	struct vmm_walk walk;
	uint64_t lines;
	uint64_t per_walk;
	uint64_t position;
	uint64_t first;
	uint64_t step;
	uint64_t first_at;
};

/**
 * vmm_chain_lay - write a working set
 * @c: receives what it is
 * @w: what to write; not VMM_WALK_NONE
 * @memory: where, as this process sees it
 * @at: where, as the guest sees it: below 2 GiB
 *
 * Return: 0, or -1 without memory for the order.
 */
int vmm_chain_lay(struct vmm_chain *c, const struct vmm_walk *w, void *memory, uint64_t at);

/* The key of the line at a position. */
uint64_t vmm_chain_key(const struct vmm_chain *c, uint64_t position);

/* What @walks walks from @c->position on must count and sum up to; moves the position. */
void vmm_chain_advance(struct vmm_chain *c, uint64_t walks, uint64_t *walked, uint64_t *sum);

#endif /* VMM_MINI_CHAIN_H */
