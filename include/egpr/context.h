/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contexts: what stands around a strategy's halves while they are timed. A number without its
 * context is no answer.
 *
 * A context belongs to a cell: the baseline, the A/A arm, the delays and every strategy of a block
 * stand in the same one. The first row that lists a layer is what that layer measures where
 * nobody asks for more, and what it measured before contexts had a name.
 */
#ifndef EGPR_CONTEXT_H
#define EGPR_CONTEXT_H

#include <egpr/axis.h>

/* Layers of a row: the sequences alone, or with a guest around them. */
#define EGPR_CONTEXT_IN_PRIM  (1u << EGPR_LAYER_PRIM)
#define EGPR_CONTEXT_IN_RING0 (1u << EGPR_LAYER_RING0)
#define EGPR_CONTEXT_IN_ALONE (EGPR_CONTEXT_IN_PRIM | EGPR_CONTEXT_IN_RING0)
#define EGPR_CONTEXT_IN_GUEST (~EGPR_CONTEXT_IN_ALONE & ((1u << EGPR_FIRST_GROUP) - 1))
#define EGPR_CONTEXT_IN_GROUP ((1u << EGPR_NR_LAYERS) - (1u << EGPR_FIRST_GROUP))
#define EGPR_CONTEXT_IN_WALKS ((1u << EGPR_LAYER_BOUNDARY) | (1u << EGPR_LAYER_KVM))

/*
 * How a row is timed. A half takes 10 to 30 cycles, which is what a pair of stamps takes, so
 * nothing is read from one half alone: stamps cancel in a difference to none, and differences are means
 * over the rounds of a batch.
 */
enum egpr_timed {
	EGPR_TIMED_BATCH,  /* stamps at both ends of a batch */
	EGPR_TIMED_HALVES, /* stamps at both ends of each half, summed up over a batch */
	EGPR_TIMED_ONCE,   /* likewise, with a preparation before each half, outside of the time */
	EGPR_TIMED_FETCH, /* likewise, and called so that nothing is fetched ahead; late code hides delays */
	EGPR_TIMED_EXITS, /* stamps of the guest at both ends of each exit, summed up over a batch */
};

/*
 * What a row claims. A/A: none-b is equivalent to none within so many TSC ticks, or within the plan's first
 * margin. Ten: an injected delay of ten core cycles is found. A run in which a claim does not come
 * true is unsound; what is not claimed is said in words.
 */
#define EGPR_AA_PLAN	0
#define EGPR_AA_NOTHING (-1)
#define EGPR_TEN_NOT	0
#define EGPR_TEN_FOUND	1

/* X(SYM, id, LAYERS, TIMED, AA, TEN, SHARE, text); SHARE: of the time that contexts get, beside 1 */
/* clang-format off */
#define EGPR_CONTEXTS(X)								\
	X(PACKED, "packed", EGPR_CONTEXT_IN_ALONE | EGPR_CONTEXT_IN_GROUP, BATCH,	\
	  EGPR_AA_PLAN, EGPR_TEN_FOUND, 1,							\
	  "both halves, or a group's operation, in one round of a loop behind one LFENCE, everything warm")	\
	X(APART, "apart", EGPR_CONTEXT_IN_ALONE, HALVES, EGPR_AA_PLAN, EGPR_TEN_FOUND, 1,	\
	  "each half alone, nothing in flight and no store left at either end; warm")	\
	X(APART_WHOLE, "apart-whole", EGPR_CONTEXT_IN_ALONE, BATCH, EGPR_AA_PLAN, EGPR_TEN_FOUND, 1,	\
	  "rounds as in apart, stamps and all, timed from end to end: what its halves sum up to")	\
	X(USE_FREE, "use-free", EGPR_CONTEXT_IN_PRIM, HALVES, EGPR_AA_PLAN, EGPR_TEN_FOUND, 0.5,	\
	  "as apart; behind each half a chain on a register that it leaves alone")	\
	X(USE_LAST, "use-last", EGPR_CONTEXT_IN_PRIM, HALVES, EGPR_AA_PLAN, EGPR_TEN_FOUND, 0.5,	\
	  "likewise, on the last register that it writes: less use-free, the wait of its first use")	\
	X(L1, "l1", EGPR_CONTEXT_IN_PRIM, ONCE, 5, EGPR_TEN_FOUND, 0.5,			\
	  "as apart; before each half the switch's data is brought to L1")		\
	X(L2, "l2", EGPR_CONTEXT_IN_PRIM, ONCE, 5, EGPR_TEN_FOUND, 0.8,			\
	  "likewise, to L2")								\
	X(LLC, "llc", EGPR_CONTEXT_IN_PRIM, ONCE, 10, EGPR_TEN_FOUND, 2,			\
	  "likewise, to the last-level cache")						\
	X(DRAM, "dram", EGPR_CONTEXT_IN_PRIM, ONCE, 10, EGPR_TEN_FOUND, 1,			\
	  "likewise, to memory")							\
	X(LEGACY_WARM, "legacy-warm", EGPR_CONTEXT_IN_PRIM, ONCE, 10, EGPR_TEN_FOUND, 1,	\
	  "what KVM touches at each exit in L1, regs[16..31] and XSAVE area in memory")	\
	X(CODE_COLD, "code-cold", EGPR_CONTEXT_IN_PRIM, FETCH, 40, EGPR_TEN_NOT, 1.6,	\
	  "data in L1; the sequence's lines in memory, its page not in the TLB for code")	\
	X(BTB_COLD, "btb-cold", EGPR_CONTEXT_IN_PRIM, FETCH, 10, EGPR_TEN_NOT, 2.5,		\
	  "data in L1; branches of the sequence are not predicted, its code is in L2")	\
	X(FP_0, "fp-0", EGPR_CONTEXT_IN_GUEST, BATCH, EGPR_AA_PLAN, EGPR_TEN_NOT, 1,	\
	  "between exits the guest touches nothing but what makes it exit")		\
	X(FP_L1, "fp-l1", EGPR_CONTEXT_IN_WALKS, EXITS, EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,	\
	  "before each exit the guest loads every line of a set that fits L1, in order")	\
	X(FP_L2, "fp-l2", EGPR_CONTEXT_IN_WALKS, EXITS, EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,	\
	  "likewise, of one that fits L2")						\
	X(FP_LLC, "fp-llc", EGPR_CONTEXT_IN_WALKS, EXITS, EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,	\
	  "likewise, of one twice as large as L2")					\
	X(FP_DRAM, "fp-dram", EGPR_CONTEXT_IN_WALKS, EXITS, EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,	\
	  "likewise, as many lines as leave nothing in any cache")			\
	X(FP_DRAM_RANDOM, "fp-dram-random", EGPR_CONTEXT_IN_WALKS, EXITS,		\
	  EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,						\
	  "likewise, by chance and as many as L2 cannot hold, each of them from memory")	\
	X(FP_CODE, "fp-code", EGPR_CONTEXT_IN_WALKS, EXITS, EGPR_AA_NOTHING, EGPR_TEN_NOT, 1,	\
	  "before each exit the guest runs as many lines of code as fit L2, by chance")
/* clang-format on */

#define EGPR_CONTEXT_ENUM(SYM, id, LAYERS, TIMED, AA, TEN, SHARE, text) EGPR_CONTEXT_##SYM,
enum egpr_context {
	EGPR_CONTEXTS(EGPR_CONTEXT_ENUM) EGPR_NR_CONTEXTS
};

/* Does the guest walk a working set before each exit? */
#define EGPR_CONTEXT_WALKS(timed) ((timed) == EGPR_TIMED_EXITS)

/* Is there a preparation before each half? */
#define EGPR_CONTEXT_PREPARES(timed) ((timed) == EGPR_TIMED_ONCE || (timed) == EGPR_TIMED_FETCH)

#endif /* EGPR_CONTEXT_H */
