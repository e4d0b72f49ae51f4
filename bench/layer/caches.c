// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cache sizes from CPUID: leaf 4 on Intel, 0x8000001D on AMD, one format (SDM 2 and APM 3, "CPUID").
 * Where a hypervisor hides both, what the C library makes of the older leaves.
 */
#include <cpuid.h>
#include <string.h>
#include <unistd.h>

#include "caches.h"

#define LEAF_INTEL	  4
#define LEAF_AMD	  0x8000001d
#define LEAF_AMD_FEATURES 0x80000001
#define AMD_TOPOLOGY_EXT  (1u << 22) /* ECX: LEAF_AMD is there */
#define TYPE_INSTRUCTION  2
#define MAX_CACHES	  8
#define PAGE		  4096

static int from_leaf(unsigned int leaf, struct caches *c)
{
	unsigned int i, eax, ebx, ecx, edx;

	for (i = 0; i < MAX_CACHES; i++) {
		unsigned long ways, size;

		if (!__get_cpuid_count(leaf, i, &eax, &ebx, &ecx, &edx) || !(eax & 31))
			break;
		if ((eax & 31) == TYPE_INSTRUCTION)
			continue;
		ways = (ebx >> 22) + 1;
		size = ways * ((ebx >> 12 & 0x3ff) + 1) * ((ebx & 0xfff) + 1) *
		       ((unsigned long)ecx + 1);
		switch (eax >> 5 & 7) {
		case 1:
			c->l1_ways = (unsigned int)((size + PAGE - 1) / PAGE);
			break;
		case 2:
			c->l2 = size;
			break;
		default:
			c->llc = size;
		}
	}
	return c->l1_ways && c->l2 ? 0 : -1;
}

int caches_find(struct caches *c, struct data_error *e)
{
	unsigned int eax, ebx, ecx, edx;
	long l1 = sysconf(_SC_LEVEL1_DCACHE_SIZE), l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);

	memset(c, 0, sizeof(*c));
	c->source = "CPUID";
	if (!from_leaf(LEAF_INTEL, c))
		return 0;
	if (__get_cpuid(LEAF_AMD_FEATURES, &eax, &ebx, &ecx, &edx) && (ecx & AMD_TOPOLOGY_EXT) &&
	    !from_leaf(LEAF_AMD, c))
		return 0;
	c->source = "sysconf";
	c->l1_ways = l1 > 0 ? (unsigned int)(l1 / PAGE) : 0;
	c->l2 = l2 > 0 ? (unsigned long)l2 : 0;
	l2 = sysconf(_SC_LEVEL3_CACHE_SIZE);
	c->llc = l2 > 0 ? (unsigned long)l2 : 0;
	if (c->l1_ways && c->l2)
		return 0;
	return data_fail(e, EGPR_SKIPPED,
			 "neither CPUID nor the C library knows the sizes of the caches here");
}
