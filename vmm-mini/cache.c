// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes of the caches that a CPU sees: from the kernel, else from CPUID.
 */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "internal.h"

#define MAX_INDEX  16
#define TEXT	   64
#define LEAF_INTEL 0x4	      /* deterministic cache parameters (SDM vol. 2, CPUID) */
#define LEAF_AMD   0x8000001d /* the same for AMD (APM vol. 3, E.4.15) */

enum type {
	TYPE_NONE,
	TYPE_DATA,
	TYPE_INSTRUCTION,
	TYPE_UNIFIED
};

static void note(struct vmm_caches *c, unsigned int level, enum type type, size_t size)
{
	if (level == 1 && type == TYPE_DATA)
		c->l1d = size;
	else if (level == 1 && type == TYPE_INSTRUCTION)
		c->l1i = size;
	else if (level == 2 && type != TYPE_INSTRUCTION)
		c->l2 = size;
	else if (level > 2 && size > c->llc)
		c->llc = size;
}

static bool complete(const struct vmm_caches *c)
{
	return c->l1d && c->l1i && c->l2;
}

static bool read_text(const char *root, int cpu, unsigned int index, const char *name,
		      char text[TEXT])
{
	char path[512];
	FILE *f;
	bool got;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpu%d/cache/index%u/%s", root, cpu,
		 index, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	got = fgets(text, TEXT, f) != NULL;
	fclose(f);
	return got;
}

/* "32K", "1024K" or "32M" */
static size_t parse_size(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*end == 'K')
		return (size_t)n << 10;
	return *end == 'M' ? (size_t)n << 20 : (size_t)n;
}

static void from_sysfs(struct vmm_caches *c, const char *root, int cpu)
{
	char level[TEXT], type[TEXT], size[TEXT];
	unsigned int i;

	for (i = 0; i < MAX_INDEX && read_text(root, cpu, i, "level", level); i++) {
		if (!read_text(root, cpu, i, "type", type) ||
		    !read_text(root, cpu, i, "size", size))
			continue;
		note(c, (unsigned int)strtoul(level, NULL, 10),
		     !strncmp(type, "Data", 4)	 ? TYPE_DATA
		     : !strncmp(type, "Inst", 4) ? TYPE_INSTRUCTION
						 : TYPE_UNIFIED,
		     parse_size(size));
	}
}

static void from_cpuid(struct vmm_caches *c, unsigned int leaf)
{
	unsigned int i, a, b, n, d;

	for (i = 0; i < MAX_INDEX; i++) {
		if (!__get_cpuid_count(leaf, i, &a, &b, &n, &d) || !(a & 0x1f))
			return;
		note(c, a >> 5 & 7, a & 0x1f,
		     (size_t)((b >> 22) + 1) * ((b >> 12 & 0x3ff) + 1) * ((b & 0xfff) + 1) *
			     ((size_t)n + 1));
	}
}

int vmm_caches_read(struct vmm_caches *c, const char *root, int cpu, struct vmm_error *e)
{
	memset(c, 0, sizeof(*c));
	c->source = "sysfs";
	from_sysfs(c, root, cpu);
	if (!complete(c) && !*root) {
		memset(c, 0, sizeof(*c));
		c->source = "CPUID";
		from_cpuid(c, LEAF_AMD);
		if (!complete(c))
			from_cpuid(c, LEAF_INTEL);
	}
	if (complete(c))
		return 0;
	return vmm_fail(e, EGPR_UNAVAILABLE, "caches", "use footprint 0",
			"neither the kernel nor CPUID says how large L1 and L2 of CPU %d are", cpu);
}
