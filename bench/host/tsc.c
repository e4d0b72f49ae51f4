// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TSC's rate by CPUID, by the kernel, by the hypervisor, and by measuring it.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <linux/perf_event.h>

#include "cpu.h"
#include "sysfile.h"
#include "tsc.h"
#include <bench/stats/stats.h>

#define SOURCE_ID(SYM, id, text)   [TSC_##SYM] = id,
#define SOURCE_TEXT(SYM, id, text) [TSC_##SYM] = text,
const char *const tsc_source_ids[TSC_NR_SOURCES] = { TSC_SOURCES(SOURCE_ID) };
const char *const tsc_source_texts[TSC_NR_SOURCES] = { TSC_SOURCES(SOURCE_TEXT) };

/* SDM vol. 2, leaves 15H and 16H; the hypervisors' common leaf for the TSC's kHz. */
#define CRYSTAL_LEAF	0x15
#define BASE_LEAF	0x16
#define BASE_MHZ	0xffff /* EAX */
#define HYPERVISOR_LEAF 0x40000010u

#define MEASUREMENTS 3
#define BELIEVED     0.01 /* share by which a source may differ from the measurement */
#define KHZ	     1e3
#define MHZ	     1e6
#define NS_PER_S     1e9

static double by_crystal(cpuid_fn cpuid)
{
	unsigned int r[CPUID_REGS];

	if (!cpuid_has(cpuid, CRYSTAL_LEAF))
		return 0;
	cpuid(CRYSTAL_LEAF, 0, r);
	if (!r[CPUID_EAX] || !r[CPUID_EBX] || !r[CPUID_ECX])
		return 0;
	return (double)r[CPUID_ECX] * r[CPUID_EBX] / r[CPUID_EAX];
}

/* Where leaf 15H has a ratio and no crystal, the TSC ticks at the base frequency. */
static double by_base(cpuid_fn cpuid)
{
	unsigned int r[CPUID_REGS];

	if (!cpuid_has(cpuid, BASE_LEAF))
		return 0;
	cpuid(CRYSTAL_LEAF, 0, r);
	if (!r[CPUID_EAX] || !r[CPUID_EBX])
		return 0;
	cpuid(BASE_LEAF, 0, r);
	return (r[CPUID_EAX] & BASE_MHZ) * MHZ;
}

static double by_hypervisor(cpuid_fn cpuid)
{
	unsigned int r[CPUID_REGS];

	if (!cpuid_has(cpuid, HYPERVISOR_LEAF))
		return 0;
	cpuid(HYPERVISOR_LEAF, 0, r);
	return r[CPUID_EAX] * KHZ;
}

/* The kernel turns TSC ticks into nanoseconds for perf, and tells how: perf_event_open(2). */
static double by_perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_DUMMY,
					.exclude_kernel = 1,
					.exclude_hv = 1 };
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	const struct perf_event_mmap_page *p;
	double hz = 0;
	int fd;

	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return 0;
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		if (p->cap_user_time && p->time_mult)
			hz = ldexp(NS_PER_S, p->time_shift) / p->time_mult;
		munmap((void *)p, size);
	}
	close(fd);
	return hz;
}

static double by_kernel(const char *root)
{
	long khz = 0;

	/* A file that some distributions' kernels have. */
	if (!egpr_sysfile_long(root, &khz, "/sys/devices/system/cpu/cpu0/tsc_freq_khz") && khz > 0)
		return (double)khz * KHZ;
	return *root ? 0 : by_perf();
}

static void measure(struct tsc *t)
{
	double hz[MEASUREMENTS];
	int i;

	for (i = 0; i < MEASUREMENTS; i++)
		hz[i] = cpu_tsc_hz();
	stats_sort(hz, MEASUREMENTS);
	t->measured_hz = stats_quantile(hz, MEASUREMENTS, 0.5);
	t->spread = (hz[MEASUREMENTS - 1] - hz[0]) / t->measured_hz;
}

static double said_by(enum tsc_source source, const char *root, cpuid_fn cpuid)
{
	switch (source) {
	case TSC_CPUID_15H:
		return by_crystal(cpuid);
	case TSC_CPUID_16H:
		return by_base(cpuid);
	case TSC_KERNEL:
		return by_kernel(root);
	case TSC_HYPERVISOR:
		return by_hypervisor(cpuid);
	default:
		return 0;
	}
}

void tsc_find(const char *root, cpuid_fn cpuid, struct tsc *t)
{
	enum tsc_source source;

	memset(t, 0, sizeof(*t));
	t->refused = TSC_NR_SOURCES;
	measure(t);
	t->hz = t->measured_hz;
	t->source = TSC_CALIBRATED;
	for (source = 0; source < TSC_CALIBRATED; source++) {
		double hz = said_by(source, root, cpuid);

		if (!(hz > 0))
			continue;
		if (fabs(hz / t->measured_hz - 1) <= BELIEVED) {
			t->hz = hz;
			t->source = source;
			return;
		}
		if (t->refused == TSC_NR_SOURCES) {
			t->refused = source;
			t->refused_hz = hz;
		}
	}
}

void tsc_text(const struct tsc *t, char *text, unsigned long size)
{
	char measured[48] = "", refused[96] = "";

	if (t->source != TSC_CALIBRATED)
		snprintf(measured, sizeof(measured), "; measured %.3f MHz", t->measured_hz / MHZ);
	if (t->refused != TSC_NR_SOURCES)
		snprintf(refused, sizeof(refused),
			 "; %s says %.3f MHz, which the measurement contradicts",
			 tsc_source_ids[t->refused], t->refused_hz / MHZ);
	snprintf(text, size, "%.3f MHz (%s: %s%s, spread %.1g %%%s)", t->hz / MHZ,
		 tsc_source_ids[t->source], tsc_source_texts[t->source], measured, t->spread * 100,
		 refused);
}

cJSON *tsc_json(const struct tsc *t)
{
	cJSON *o = cJSON_CreateObject();

	if (!o)
		return NULL;
	cJSON_AddNumberToObject(o, "hz", t->hz);
	cJSON_AddStringToObject(o, "source", tsc_source_ids[t->source]);
	cJSON_AddNumberToObject(o, "measured_hz", t->measured_hz);
	cJSON_AddNumberToObject(o, "measured_spread", t->spread);
	if (t->refused != TSC_NR_SOURCES) {
		cJSON_AddStringToObject(o, "refused_source", tsc_source_ids[t->refused]);
		cJSON_AddNumberToObject(o, "refused_hz", t->refused_hz);
	}
	return o;
}
