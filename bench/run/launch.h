/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * This process as a launch of the run: what boot and what load of the modules it met.
 */
#ifndef BENCH_LAUNCH_H
#define BENCH_LAUNCH_H

#include <bench/rundir/launches.h>

/**
 * launch_add - add this process to the list
 * @root: directory that stands for "/", "" for the host itself
 * @meta: of the run directory
 * @cpu: that will measure
 * @l: receives all launches, this one last
 * @e: receives the message
 *
 * Return: 0; EGPR_DATA; EGPR_USAGE where a run has had as many launches as it may.
 */
int launch_add(const char *root, cJSON *meta, int cpu, struct launches *l, struct data_error *e);

#endif /* BENCH_LAUNCH_H */
