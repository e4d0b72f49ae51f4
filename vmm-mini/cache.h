/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes of the caches that a CPU sees.
 */
#ifndef VMM_MINI_CACHE_H
#define VMM_MINI_CACHE_H

#include "vmm.h"

/**
 * struct vmm_caches - sizes in bytes
 * @l1d: L1 of data
 * @l1i: L1 of instructions
 * @l2: second level
 * @llc: last level, above the second; 0 where the CPU shows none
 * @source: "sysfs" or "CPUID"
 */
struct vmm_caches {
	size_t l1d;
	size_t l1i;
	size_t l2;
	size_t llc;
	const char *source;
};

/**
 * vmm_caches_read - how large the caches of a CPU are
 * @c: receives the sizes
 * @root: directory that stands for "/"; "" for the host
 * @cpu: which CPU
 * @e: receives the reason of a failure
 *
 * The kernel says; where it does not, CPUID of the CPU that this runs on (of the host only). Return: 0;
 * EGPR_UNAVAILABLE where neither knows an L1 and an L2.
 */
int vmm_caches_read(struct vmm_caches *c, const char *root, int cpu, struct vmm_error *e);

#endif /* VMM_MINI_CACHE_H */
