/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Footprints: working sets by the level of the memory hierarchy that they fill.
 */
#ifndef VMM_MINI_FOOTPRINT_H
#define VMM_MINI_FOOTPRINT_H

#include "cache.h"
#include "vmm.h"

enum vmm_footprint {
	VMM_FOOTPRINT_0, /* the guest walks nothing */
	VMM_FOOTPRINT_L1,
	VMM_FOOTPRINT_L2,
	VMM_FOOTPRINT_LLC,
	VMM_FOOTPRINT_DRAM,
	VMM_NR_FOOTPRINTS
};

/* Spelling in CLI and messages; indexed by enum vmm_footprint. */
extern const char *const vmm_footprint_names[VMM_NR_FOOTPRINTS];

/* Largest working set in bytes: a guest of less than 1 GiB has it beside its payload. */
#define VMM_WALK_MAX ((size_t)768 << 20)

/**
 * vmm_footprint_walk - the working set of a footprint
 * @w: receives it
 * @c: the caches
 * @f: which level
 * @kind: how it is walked
 * @seed: of its order
 * @e: receives the reason of a failure
 *
 * Three quarters of L1 or L2, so that stack, mailbox and page tables find room beside it; of L1 that of
 * data or, for code, of instructions. llc: twice L2, which L2 cannot hold and which is little enough
 * for the part of a shared last level that neighbours leave. dram: four times the last level, at
 * most VMM_WALK_MAX, of which one linear walk takes 5/4 of the last level: nothing of before is
 * left in it. One by chance, which no prefetcher shortens, takes twice L2.
 * Return: 0; EGPR_SKIPPED where the CPU shows no such level.
 */
int vmm_footprint_walk(struct vmm_walk *w, const struct vmm_caches *c, enum vmm_footprint f,
		       enum vmm_walk_kind kind, uint64_t seed, struct vmm_error *e);

/* Bytes of guest memory, for vmm_options.walk_bytes, that the set and vmm_footprint_measure() need. */
size_t vmm_footprint_room(const struct vmm_caches *c, enum vmm_footprint f,
			  enum vmm_walk_kind kind);

/**
 * struct vmm_ladder - what a line costs at a level and at its neighbours
 * @ticks: TSC ticks per line, walked by chance in the guest; 0 where not measured
 */
struct vmm_ladder {
	double ticks[VMM_NR_FOOTPRINTS];
};

/**
 * vmm_footprint_measure - what the levels cost in this guest, here and now
 * @vm: a started VM with room
 * @c: the caches
 * @f: the level that matters; it, the one below and the one above are measured
 * @kind: VMM_WALK_CODE for lines of code; else loads by chance, also for linear sets, because a
 *	prefetcher hides the latency of those
 * @seed: of the orders
 * @l: receives ticks
 * @e: receives the reason of a failure
 *
 * Leaves the VM without a working set. Return: 0 or as vmm_batch().
 */
int vmm_footprint_measure(struct vmm *vm, const struct vmm_caches *c, enum vmm_footprint f,
			  enum vmm_walk_kind kind, uint64_t seed, struct vmm_ladder *l,
			  struct vmm_error *e);

/**
 * vmm_footprint_confirm - does a working set lie where its name says
 * @l: what was measured
 * @f: the level
 * @e: receives the reason
 *
 * A level's line must cost clearly more than one of the level below and clearly less than one of the level
 * above. Return: 0 or EGPR_SKIPPED.
 */
int vmm_footprint_confirm(const struct vmm_ladder *l, enum vmm_footprint f, struct vmm_error *e);

#endif /* VMM_MINI_FOOTPRINT_H */
