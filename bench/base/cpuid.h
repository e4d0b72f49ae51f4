/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID behind a function, so that a test can be another CPU.
 */
#ifndef BENCH_CPUID_H
#define BENCH_CPUID_H

/* Registers of CPUID, in the order in which the instruction is documented. */
enum {
	CPUID_EAX,
	CPUID_EBX,
	CPUID_ECX,
	CPUID_EDX,
	CPUID_REGS
};

/* CPUID of a leaf and sub-leaf on the CPU that runs the thread. */
typedef void (*cpuid_fn)(unsigned int leaf, unsigned int sub, unsigned int *regs);

/* The instruction itself. */
void cpuid_here(unsigned int leaf, unsigned int sub, unsigned int *regs);

/* Is @leaf among those that its range (basic, 4000_0000H, 8000_0000H) says it has? */
int cpuid_has(cpuid_fn cpuid, unsigned int leaf);

#endif /* BENCH_CPUID_H */
