// SPDX-License-Identifier: GPL-2.0-only
/*
 * Families and models of CPUs, from arch/x86/include/asm/intel-family.h and the ranges that
 * arch/x86/kernel/cpu/amd.c tells generations of Zen apart by.
 */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#define ROW(name, text) { name, text },
const struct model_cpu model_cpus[] = { MODEL_CPUS(ROW){ 0 } };

#define AMD   "AuthenticAMD"
#define INTEL "GenuineIntel"

static const struct {
	const char *name;
	const char *vendor;
	unsigned long family, low, high;
} ranges[] = {
	{ "znver1", AMD, 0x17, 0x00, 0x2f },	    { "znver2", AMD, 0x17, 0x30, 0xaf },
	{ "znver3", AMD, 0x19, 0x00, 0x0f },	    { "znver4", AMD, 0x19, 0x10, 0x1f },
	{ "znver3", AMD, 0x19, 0x20, 0x5f },	    { "znver4", AMD, 0x19, 0x60, 0xaf },
	{ "znver5", AMD, 0x1a, 0x00, 0x4f },	    { "znver5", AMD, 0x1a, 0x60, 0x7f },
	{ "broadwell", INTEL, 6, 0x3d, 0x3d },	    { "broadwell", INTEL, 6, 0x47, 0x47 },
	{ "broadwell", INTEL, 6, 0x4f, 0x4f },	    { "broadwell", INTEL, 6, 0x56, 0x56 },
	{ "skylake-avx512", INTEL, 6, 0x55, 0x55 }, { "icelake-server", INTEL, 6, 0x6a, 0x6a },
	{ "icelake-server", INTEL, 6, 0x6c, 0x6c }, { "sapphirerapids", INTEL, 6, 0x8f, 0x8f },
	{ "sapphirerapids", INTEL, 6, 0xcf, 0xcf }, { "alderlake", INTEL, 6, 0x97, 0x97 },
	{ "alderlake", INTEL, 6, 0x9a, 0x9a },
};

static int number(const char *text, unsigned long *n)
{
	char *end;

	*n = strtoul(text, &end, 10);
	return end == text || *end ? -1 : 0;
}

const char *model_cpu_of(const char *vendor, const char *family, const char *model)
{
	unsigned long f, m;
	size_t i;

	if (!vendor || !family || !model || number(family, &f) || number(model, &m))
		return NULL;
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (!strcmp(ranges[i].vendor, vendor) && ranges[i].family == f &&
		    ranges[i].low <= m && m <= ranges[i].high)
			return ranges[i].name;
	}
	return NULL;
}
