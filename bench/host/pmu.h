/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event counters of one thread, through libpfm4 and perf_event_open(2).
 *
 * All events of a set are one group: counted together or not at all. A group
 * that shared its counters with somebody (time_enabled != time_running) is
 * refused, never scaled up: an estimate has no place beside a measurement.
 *
 * An event is spelled
 *   cycles, instructions, context-switches, ...   the kernel's generic names
 *   r01c2                                         raw code, hexadecimal
 *   msr/smi/                                      PMU/EVENT/ as in /sys/bus/event_source
 *   anything else                                 a name that libpfm4 knows for this CPU
 * and may end in ":user", ":kernel" or ":guest": the host's user mode, the host's
 * kernel, or guests that this thread runs. Without it all three count.
 */
#ifndef BENCH_PMU_H
#define BENCH_PMU_H

#include <stddef.h>
#include <stdint.h>

#include <bench/base/cpuid.h>

/* Most events that one group may have. CPUs have 4 to 12 counters per thread. */
#define EGPR_PMU_EVENTS_MAX 16
#define EGPR_PMU_WHY_SIZE   256

struct egpr_pmu;

/**
 * struct egpr_pmu_info - what this host can count
 * @hardware: whether the CPU's own counters can be used
 * @err: where not, -ENODEV where it is not there, -EACCES where it is not permitted
 * @why: likewise, the reason in words, with what mends it
 * @model: libpfm4's name of the core PMU, "" without one
 */
struct egpr_pmu_info {
	int hardware;
	int err;
	char why[EGPR_PMU_WHY_SIZE];
	char model[64];
};

/**
 * egpr_pmu_probe - can this host count hardware events
 * @info: receives the answer
 *
 * Goes by CPUID, because some hypervisors let RDMSR of a counter that does not
 * exist succeed, then by opening one counter and seeing it count.
 */
void egpr_pmu_probe(struct egpr_pmu_info *info);

/**
 * egpr_pmu_open - count a group of events for the calling thread, from now on
 * @events: their spellings
 * @n: how many, 1..EGPR_PMU_EVENTS_MAX
 * @pmu: receives the group, NULL on failure; release with egpr_pmu_close()
 * @why: EGPR_PMU_WHY_SIZE bytes; receives the reason of a failure in words
 *
 * Return: 0, or -errno: -EINVAL for a spelling that means nothing here,
 * -ENODEV where the host cannot count it, -EACCES without permission.
 */
int egpr_pmu_open(const char *const *events, unsigned int n, struct egpr_pmu **pmu, char *why);

/**
 * egpr_pmu_open_cycles - count core cycles, where they are really counted
 * @cpuid: of this host, or of a test's
 * @pmu: receives the group
 * @why: EGPR_PMU_WHY_SIZE bytes; receives the reason of a failure in words
 *
 * Return: as egpr_pmu_open(); -ENODEV too where the counter opens and stands still.
 */
int egpr_pmu_open_cycles(cpuid_fn cpuid, struct egpr_pmu **pmu, char *why);

/**
 * egpr_pmu_explain - why an event could not be opened, and what mends it
 * @root: directory that stands for "/", "" for this host
 * @event: its spelling
 * @err: -errno of perf_event_open(2)
 * @why: EGPR_PMU_WHY_SIZE bytes; receives the words
 *
 * Return: -ENODEV, -EACCES, or @err.
 */
int egpr_pmu_explain(const char *root, const char *event, int err, char *why);

/**
 * egpr_pmu_read - the counts since the group was opened
 * @pmu: the group
 * @counts: receives one number per event, in the order of opening
 *
 * One system call and no allocation: meant for both ends of a batch. Return: 0;
 * -EAGAIN if the group did not count all the time, and the numbers are void;
 * -errno if the kernel refuses.
 */
int egpr_pmu_read(const struct egpr_pmu *pmu, uint64_t *counts);

/**
 * egpr_pmu_close - stop counting
 * @pmu: the group; NULL is allowed
 */
void egpr_pmu_close(struct egpr_pmu *pmu);

/**
 * struct egpr_counter - one event that has a name here
 * @id: its spelling
 * @text: what it counts, one line
 * @source: software, hardware, a PMU of /sys/bus/event_source, or libpfm4's PMU
 * @why: why it cannot be counted here; "" if it can
 */
struct egpr_counter {
	const char *id;
	const char *text;
	const char *source;
	const char *why;
};

/**
 * egpr_pmu_list - every event that has a name here, each tried by opening it
 * @fn: called once per event; the strings live until it returns
 * @context: passed on
 */
void egpr_pmu_list(void (*fn)(void *context, const struct egpr_counter *counter), void *context);

#endif /* BENCH_PMU_H */
