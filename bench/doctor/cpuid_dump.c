// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: every CPUID leaf, for whoever wants to know later what this CPU said.
 */
#include <stdio.h>
#include <string.h>

#include <bench/base/cpuid.h>
#include "doctor.h"

#define LEAVES_MOST 0x100u /* of a range: more is an answer that nobody should believe */
#define SUBS_MOST   64u

static const unsigned int ranges[] = { 0, 0x40000000u, 0x80000000u };

static void print(unsigned int leaf, unsigned int sub, const unsigned int *r)
{
	printf("%08x %02x: %08x %08x %08x %08x\n", leaf, sub, r[CPUID_EAX], r[CPUID_EBX],
	       r[CPUID_ECX], r[CPUID_EDX]);
}

static int any(const unsigned int *r)
{
	return r[CPUID_EAX] || r[CPUID_EBX] || r[CPUID_ECX] || r[CPUID_EDX];
}

/* Sub-leaves that say something else than 0 and than the leaf without one; holes are allowed. */
static void leaf_of(cpuid_fn cpuid, unsigned int leaf)
{
	unsigned int first[CPUID_REGS], r[CPUID_REGS], sub;

	cpuid(leaf, 0, first);
	print(leaf, 0, first);
	for (sub = 1; sub < SUBS_MOST; sub++) {
		cpuid(leaf, sub, r);
		if (any(r) && memcmp(r, first, sizeof(r)))
			print(leaf, sub, r);
	}
}

void doctor_cpuid(cpuid_fn cpuid)
{
	unsigned int i, n;

	puts("# leaf sub: eax ebx ecx edx");
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		for (n = 0; n < LEAVES_MOST && cpuid_has(cpuid, ranges[i] + n); n++)
			leaf_of(cpuid, ranges[i] + n);
	}
}
