/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hybrid hosts: which kind of core a CPU is.
 *
 * A performance and an efficiency core are two CPUs under one model number. What was measured
 * on one says nothing of the other, so the kind is a fact of the host (host.h).
 */
#ifndef BENCH_CORE_TYPE_H
#define BENCH_CORE_TYPE_H

#include <bench/base/cpuid.h>

/* X(SYM, id, text): best for a default first. */
/* clang-format off */
#define CORE_TYPES(X)									\
	X(UNIFORM, "uniform", "the host has one kind of core")				\
	X(PERFORMANCE, "performance", "P core, cpu_core in the kernel")			\
	X(EFFICIENCY, "efficiency", "E core, cpu_atom in the kernel")			\
	X(LOW_POWER, "low-power", "LP E core, cpu_lowpower in the kernel")		\
	X(OTHER, "other", "hybrid, of a kind that the lab does not know")
/* clang-format on */

#define CORE_TYPE_ENUM(SYM, id, text) CORE_##SYM,
enum core_type {
	CORE_TYPES(CORE_TYPE_ENUM) CORE_NR_TYPES
};

extern const char *const core_type_ids[CORE_NR_TYPES];

/* Of the CPU that runs the thread, by CPUID. */
enum core_type core_type_by_cpuid(cpuid_fn cpuid);

/**
 * core_type_of - of a CPU
 * @root: directory that stands for "/", "" for this host
 * @cpu: which
 *
 * The kernel's lists say it. Where there are none, @root is "" and the thread may go there,
 * CPUID is asked on the CPU itself: a virtual machine can be hybrid without the lists.
 */
enum core_type core_type_of(const char *root, int cpu);

/**
 * core_type_events - the kernel's number of the event source of a CPU's kind
 * @root: directory that stands for "/", "" for this host
 * @cpu: which
 *
 * A generic hardware event without it is one of the performance cores. Return: the number, or
 * 0 where the host has one kind.
 */
unsigned int core_type_events(const char *root, int cpu);

#endif /* BENCH_CORE_TYPE_H */
