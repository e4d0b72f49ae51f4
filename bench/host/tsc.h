/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast the TSC ticks, and who says so.
 *
 * Times are counted in TSC ticks; everything in seconds hangs on this one number. CPUs before
 * Skylake, AMD's, and many virtual machines do not state it, so it is measured as well, always:
 * a stated number that the measurement contradicts is not used.
 */
#ifndef BENCH_TSC_H
#define BENCH_TSC_H

#include <bench/base/cpuid.h>

struct cJSON;

/* X(SYM, id, text): in the order in which they are believed. */
/* clang-format off */
#define TSC_SOURCES(X)									\
	X(CPUID_15H, "cpuid-15h", "CPUID leaf 15H: crystal and ratio")			\
	X(CPUID_16H, "cpuid-16h", "CPUID leaf 16H: base frequency, as leaf 15H names no crystal")	\
	X(KERNEL, "kernel", "the kernel's tsc_khz")					\
	X(HYPERVISOR, "hypervisor", "CPUID leaf 40000010H of the hypervisor")		\
	X(CALIBRATED, "calibrated", "measured against CLOCK_MONOTONIC_RAW")
/* clang-format on */

#define TSC_SOURCE_ENUM(SYM, id, text) TSC_##SYM,
enum tsc_source {
	TSC_SOURCES(TSC_SOURCE_ENUM) TSC_NR_SOURCES
};

extern const char *const tsc_source_ids[TSC_NR_SOURCES];
extern const char *const tsc_source_texts[TSC_NR_SOURCES];

/**
 * struct tsc - the rate of the TSC
 * @hz: ticks per second, to be used
 * @source: who says so
 * @measured_hz: median of short measurements against CLOCK_MONOTONIC_RAW
 * @spread: of them, largest minus smallest, as a share of the median
 * @refused: a source that was not believed because the measurement contradicts it, or
 *	TSC_NR_SOURCES
 * @refused_hz: what it said
 */
struct tsc {
	double hz;
	enum tsc_source source;
	double measured_hz;
	double spread;
	enum tsc_source refused;
	double refused_hz;
};

/**
 * tsc_find - find out the rate
 * @root: directory that stands for "/", "" for this host
 * @cpuid: of this host, or of a test's
 * @t: receives it
 *
 * Takes some 50 ms.
 */
void tsc_find(const char *root, cpuid_fn cpuid, struct tsc *t);

/* The rate and its source in words, for people. */
void tsc_text(const struct tsc *t, char *text, unsigned long size);

/* The same as an object for meta.json; the caller owns it. NULL without memory. */
struct cJSON *tsc_json(const struct tsc *t);

#endif /* BENCH_TSC_H */
