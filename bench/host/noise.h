/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Noise of the host: what disturbed a block, how disturbed a CPU is, and which
 * settings disturb.
 *
 * A measurement keeps its outliers; this says what caused them (METHOD, points
 * 4 and 9). Applying settings is the business of scripts/noise; both read
 * bench/noise.table.
 */
#ifndef BENCH_NOISE_H
#define BENCH_NOISE_H

#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* Sources of egpr_noise_now(): any sum of them. Costs were seen on a 2-CPU host. */
#define EGPR_NOISE_CTX	 (1u << 0) /* context switches of the thread; 0.3 us */
#define EGPR_NOISE_IRQ	 (1u << 1) /* interrupts on the CPU; tens of us, more on large hosts */
#define EGPR_NOISE_STEAL (1u << 2) /* time taken by the hypervisor; tens of us, in steps of 10 ms */
#define EGPR_NOISE_SMI	 (1u << 3) /* system management interrupts; 1 us */
#define EGPR_NOISE_FREQ	 (1u << 4) /* APERF and MPERF; 1 us */
#define EGPR_NOISE_ALL	 0x1fu

#define EGPR_NOISE_UNKNOWN (-1) /* of any count: this host does not tell, or it was not asked */

/**
 * struct egpr_noise_counts - counters at one moment, or what they gained
 * @ctx_switches: of the calling thread
 * @irqs: interrupts of every kind on the CPU
 * @steal_us: microseconds
 * @smis: system management interrupts on the CPU
 * @aperf: core cycles while not halted
 * @mperf: ticks at the nominal frequency while not halted
 */
struct egpr_noise_counts {
	int64_t ctx_switches;
	int64_t irqs;
	int64_t steal_us;
	int64_t smis;
	int64_t aperf;
	int64_t mperf;
};

struct egpr_noise;

/**
 * egpr_noise_open - get ready to sample one CPU
 * @root: directory that stands for "/", "" for this host
 * @cpu: the CPU that the calling thread is pinned to
 * @noise: receives the sampler; release with egpr_noise_close()
 *
 * Return: 0, or -ENOMEM. A source that this host lacks is no failure.
 */
int egpr_noise_open(const char *root, int cpu, struct egpr_noise **noise);

/**
 * egpr_noise_has - the sources that this host has
 * @noise: the sampler
 *
 * Return: a sum of EGPR_NOISE_*.
 */
unsigned int egpr_noise_has(const struct egpr_noise *noise);

/**
 * egpr_noise_now - read the counters
 * @noise: the sampler
 * @sources: which, a sum of EGPR_NOISE_*; the others read EGPR_NOISE_UNKNOWN
 * @now: receives them
 */
void egpr_noise_now(struct egpr_noise *noise, unsigned int sources, struct egpr_noise_counts *now);

/**
 * egpr_noise_gain - what happened between two readings
 * @before: the first
 * @after: the second
 * @gain: receives the differences; unknown where one of the two is; may be @before
 */
void egpr_noise_gain(const struct egpr_noise_counts *before, const struct egpr_noise_counts *after,
		     struct egpr_noise_counts *gain);

/* Longest text of egpr_noise_causes(), terminated. */
#define EGPR_NOISE_CAUSES_SIZE 32

/**
 * egpr_noise_causes - the causes that a gain holds, as the column `flags` has them
 * @gain: from egpr_noise_gain()
 * @nominal: MPERF-to-APERF ratio of an undisturbed block, 0 if unknown; a block whose
 *	ratio differs by more than a hundredth has a changed frequency
 * @out: EGPR_NOISE_CAUSES_SIZE bytes; of "ctx", "irq", "steal", "smi", "freq", joined
 *	by '+'; "" if none
 */
void egpr_noise_causes(const struct egpr_noise_counts *gain, double nominal, char *out);

/**
 * egpr_noise_close - release a sampler
 * @noise: NULL is allowed
 */
void egpr_noise_close(struct egpr_noise *noise);

/* X(SYM, id, text): verdicts of the preflight, best first. */
/* clang-format off */
#define EGPR_NOISE_VERDICTS(X)								\
	X(QUIET, "quiet", "fit for differences of a few TSC ticks")			\
	X(USABLE, "usable", "fit for paired blocks; more of them are needed")		\
	X(NOISY, "noisy", "differences below 1 % need long runs here")
/* clang-format on */

#define EGPR_NOISE_VERDICT_ENUM(SYM, id, text) EGPR_NOISE_##SYM,
enum egpr_noise_verdict {
	EGPR_NOISE_VERDICTS(EGPR_NOISE_VERDICT_ENUM) EGPR_NR_NOISE_VERDICTS
};

extern const char *const egpr_noise_verdict_ids[EGPR_NR_NOISE_VERDICTS];
extern const char *const egpr_noise_verdict_texts[EGPR_NR_NOISE_VERDICTS];

/**
 * struct egpr_preflight - how disturbed a CPU is
 * @cpu: which
 * @seconds: how long it was watched
 * @gaps: times that a loop of TSC reads was held up for EGPR_GAP_US or more
 * @worst_us: the longest of them, microseconds
 * @lost_pct: share of the time that the gaps took, per cent
 * @tsc_khz: rate of the TSC, measured against CLOCK_MONOTONIC_RAW
 * @gain: what the counters say about the same time
 * @verdict: what that means for a measurement
 */
struct egpr_preflight {
	int cpu;
	double seconds;
	uint64_t gaps;
	double worst_us;
	double lost_pct;
	double tsc_khz;
	struct egpr_noise_counts gain;
	enum egpr_noise_verdict verdict;
};

#define EGPR_GAP_US 1.0 /* a loop of TSC reads takes a hundredth of it */

/**
 * egpr_noise_preflight - watch a CPU by spinning on it
 * @cpu: which; the calling thread is moved there and back
 * @seconds: how long
 * @p: receives the finding
 *
 * The user-mode relative of rtla-hwnoise: interrupts stay on, so what the kernel
 * does on this CPU counts as noise too, as it does in a measurement.
 *
 * Return: 0, or -errno where the thread cannot run on @cpu.
 */
int egpr_noise_preflight(int cpu, double seconds, struct egpr_preflight *p);

/**
 * egpr_preflight_json - a finding as a JSON object
 * @p: the finding
 *
 * Return: the object, owned by the caller, or NULL without memory.
 */
struct cJSON *egpr_preflight_json(const struct egpr_preflight *p);

#define EGPR_SETTING_VALUE_SIZE 128

/**
 * struct egpr_setting - one row of bench/noise.table on this host
 * @id: name of the row
 * @cost: what the user pays while it is not quiet
 * @file: the kernel's file, the first offender where a row stands for many
 * @wanted: the quiet value, placeholders filled in
 * @value: what it is
 * @present: the host has it
 * @quiet: it has the quiet value
 */
struct egpr_setting {
	const char *id;
	const char *cost;
	char file[EGPR_SETTING_VALUE_SIZE];
	char wanted[EGPR_SETTING_VALUE_SIZE];
	char value[EGPR_SETTING_VALUE_SIZE];
	int present;
	int quiet;
};

/**
 * egpr_noise_settings - compare the host's settings with the quiet ones
 * @root: directory that stands for "/", "" for this host
 * @cpu: the measuring CPU
 * @fn: called once per row of the table
 * @context: passed on
 */
void egpr_noise_settings(const char *root, int cpu,
			 void (*fn)(void *context, const struct egpr_setting *setting),
			 void *context);

#endif /* BENCH_NOISE_H */
