// SPDX-License-Identifier: GPL-2.0-only
/*
 * Core types by the kernel's event sources, else by CPUID.
 */
#include <stddef.h>

#include "core_type.h"
#include <bench/base/cpus.h>
#include "sysfile.h"

#define TYPE_ID(SYM, id, text) [CORE_##SYM] = id,
const char *const core_type_ids[CORE_NR_TYPES] = { CORE_TYPES(TYPE_ID) };

/* SDM vol. 2, CPUID leaves 07H and 1AH. */
#define FEATURES_LEAF	7
#define FEATURES_HYBRID (1u << 15) /* EDX */
#define NATIVE_LEAF	0x1a
#define NATIVE_SHIFT	24 /* EAX */
#define NATIVE_ATOM	0x20
#define NATIVE_CORE	0x40

/* APM vol. 3, CPUID Fn8000_0026: extended topology, sub-leaf 0. */
#define TOPOLOGY_LEAF  0x80000026u
#define TOPOLOGY_MIXED (1u << 30) /* EAX: heterogeneous cores */
#define TOPOLOGY_SHIFT 28	  /* EBX: core type */
#define TOPOLOGY_PERF  0
#define TOPOLOGY_EFF   1

static const struct {
	const char *source;
	enum core_type type;
} lists[] = {
	{ "cpu_core", CORE_PERFORMANCE },
	{ "cpu_atom", CORE_EFFICIENCY },
	{ "cpu_lowpower", CORE_LOW_POWER },
};
#define NR_LISTS (sizeof(lists) / sizeof(*lists))

enum core_type core_type_by_cpuid(cpuid_fn cpuid)
{
	unsigned int regs[CPUID_REGS];

	if (cpuid_has(cpuid, NATIVE_LEAF)) {
		cpuid(FEATURES_LEAF, 0, regs);
		if (regs[CPUID_EDX] & FEATURES_HYBRID) {
			cpuid(NATIVE_LEAF, 0, regs);
			switch (regs[CPUID_EAX] >> NATIVE_SHIFT) {
			case NATIVE_CORE:
				return CORE_PERFORMANCE;
			case NATIVE_ATOM:
				return CORE_EFFICIENCY;
			default:
				return CORE_OTHER;
			}
		}
	}
	if (cpuid_has(cpuid, TOPOLOGY_LEAF)) {
		cpuid(TOPOLOGY_LEAF, 0, regs);
		if (regs[CPUID_EAX] & TOPOLOGY_MIXED) {
			switch (regs[CPUID_EBX] >> TOPOLOGY_SHIFT) {
			case TOPOLOGY_PERF:
				return CORE_PERFORMANCE;
			case TOPOLOGY_EFF:
				return CORE_EFFICIENCY;
			default:
				return CORE_OTHER;
			}
		}
	}
	return CORE_UNIFORM;
}

static enum core_type by_moving(int cpu)
{
	struct cpus before = { 0 };
	enum core_type type = CORE_UNIFORM;

	if (!cpus_allowed(&before) && !cpus_move(cpu)) {
		type = core_type_by_cpuid(cpuid_here);
		cpus_allow(&before);
	}
	cpus_free(&before);
	return type;
}

/*
 * The kind of core whose list has the CPU: /sys/devices/cpu_core and its brothers; not the
 * `cpu` of other hosts. Return: its row, -1 where no list has it, -2 where there is no list.
 */
static int row_of(const char *root, int cpu)
{
	char text[EGPR_SYSFILE_MAX];
	int row = -2;
	size_t i;

	for (i = 0; i < NR_LISTS && row < 0; i++) {
		struct cpus s = { 0 };

		if (egpr_sysfile_read(root, text, sizeof(text), "/sys/devices/%s/cpus",
				      lists[i].source) < 0)
			continue;
		cpus_parse(&s, text);
		row = cpus_has(&s, cpu) ? (int)i : -1;
		cpus_free(&s);
	}
	return row;
}

enum core_type core_type_of(const char *root, int cpu)
{
	int row = row_of(root, cpu);

	if (row >= 0)
		return lists[row].type;
	if (row == -1)
		return CORE_OTHER;
	return *root ? CORE_UNIFORM : by_moving(cpu);
}

unsigned int core_type_events(const char *root, int cpu)
{
	int row = row_of(root, cpu);
	long type = 0;

	if (row >= 0)
		egpr_sysfile_long(root, &type, "/sys/devices/%s/type", lists[row].source);
	return (unsigned int)type;
}
