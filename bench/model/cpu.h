/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which scheduling models of llvm-mca are of interest here, and which CPUs they are models of.
 *
 * Whether an llvm-mca has a model is asked of it; what is here is the lab's own: the choice, and
 * family and model numbers as the kernel counts them.
 */
#ifndef BENCH_MODEL_CPU_H
#define BENCH_MODEL_CPU_H

/* X(name, text): name as LLVM spells it. */
/* clang-format off */
#define MODEL_CPUS(X)						\
	X("znver1", "AMD Zen and Zen+")				\
	X("znver2", "AMD Zen 2")				\
	X("znver3", "AMD Zen 3")				\
	X("znver4", "AMD Zen 4")				\
	X("znver5", "AMD Zen 5; LLVM 19 has the tables of Zen 4 for it")	\
	X("broadwell", "Intel Broadwell")			\
	X("skylake-avx512", "Intel Skylake-SP to Cooper Lake")	\
	X("icelake-server", "Intel Ice Lake-SP")		\
	X("sapphirerapids", "Intel Sapphire and Emerald Rapids")	\
	X("alderlake", "Intel Golden Cove as Alder Lake's P-core")
/* clang-format on */

/**
 * struct model_cpu - a row of the table
 * @name: as LLVM spells it
 * @text: the same in words
 */
struct model_cpu {
	const char *name;
	const char *text;
};

/* Ended by a NULL name. */
extern const struct model_cpu model_cpus[];

/**
 * model_cpu_of - the scheduling model of a CPU
 * @vendor: as CPUID spells it
 * @family: as the kernel counts it, decimal
 * @model: likewise
 *
 * Return: the name of a row, or NULL where the table has none for this CPU.
 */
const char *model_cpu_of(const char *vendor, const char *family, const char *model);

#endif /* BENCH_MODEL_CPU_H */
