/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU measures, and how its clocks relate.
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <bench/base/error.h>

#include <bench/base/cpus.h>

/**
 * cpu_choose - the CPU to measure on
 * @wanted: from the command line, or -1 for the quietest of those allowed
 * @seconds: how long each candidate may be watched
 * @cpu: receives it
 * @e: receives the message
 *
 * Return: 0, or the status of cpu_check() for @wanted.
 */
int cpu_choose(int wanted, double seconds, int *cpu, struct data_error *e);

/**
 * cpu_check - can this process measure on a CPU
 * @root: directory that stands for "/", "" for this host
 * @allowed: the CPUs that the process may run on
 * @cpu: which
 * @e: receives the message: why not, and which would do
 *
 * Return: 0; EGPR_UNAVAILABLE where it is offline, EGPR_USAGE where it is not there or not
 * allowed.
 */
int cpu_check(const char *root, const struct cpus *allowed, int cpu, struct data_error *e);

/* Pin the calling thread. Return: 0 or EGPR_UNAVAILABLE. */
int cpu_pin(int cpu, struct data_error *e);

/* Give the thread back the CPUs it had before cpu_pin(): for a program that takes its place. */
void cpu_unpin(void);

/* TSC ticks per second, against CLOCK_MONOTONIC_RAW over some milliseconds. */
double cpu_tsc_hz(void);

/**
 * cpu_tsc_per_core_cycle - TSC ticks that one core cycle takes now
 *
 * From a long chain of dependent one-cycle additions: the slope that injected delays
 * must have on this CPU at its present frequency.
 */
double cpu_tsc_per_core_cycle(void);

#endif /* BENCH_CPU_H */
