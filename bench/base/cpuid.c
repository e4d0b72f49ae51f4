// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID, and which leaves there are.
 */
#include <cpuid.h>

#include "cpuid.h"

#define RANGE	   0xffff0000u
#define HYPERVISOR 0x40000000u
#define LEAF_1	   1
#define PRESENT	   (1u << 31) /* ECX of leaf 1: a hypervisor has leaves of its own */

void cpuid_here(unsigned int leaf, unsigned int sub, unsigned int *regs)
{
	__cpuid_count(leaf, sub, regs[CPUID_EAX], regs[CPUID_EBX], regs[CPUID_ECX],
		      regs[CPUID_EDX]);
}

int cpuid_has(cpuid_fn cpuid, unsigned int leaf)
{
	unsigned int range = leaf & RANGE, regs[CPUID_REGS];

	/* Without a hypervisor its range answers with another leaf's numbers. */
	if (range == HYPERVISOR) {
		cpuid(LEAF_1, 0, regs);
		if (!(regs[CPUID_ECX] & PRESENT))
			return 0;
	}
	cpuid(range, 0, regs);
	return (regs[CPUID_EAX] & RANGE) == range && regs[CPUID_EAX] >= leaf;
}
