/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data caches of this CPU, as it says itself.
 */
#ifndef BENCH_LAYER_CACHES_H
#define BENCH_LAYER_CACHES_H

#include <bench/base/error.h>

/**
 * struct caches - sizes in bytes
 * @l1_ways: lines that L1 has room for at one offset of a page
 * @l2: size of L2
 * @llc: size of the last level; 0 where L2 is the last
 * @source: what said so
 */
struct caches {
	unsigned int l1_ways;
	unsigned long l2;
	unsigned long llc;
	const char *source;
};

/* Return: 0, or EGPR_SKIPPED where neither CPUID nor the C library knows them. */
int caches_find(struct caches *c, struct data_error *e);

#endif /* BENCH_LAYER_CACHES_H */
