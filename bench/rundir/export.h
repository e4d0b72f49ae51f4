/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run in other tools' formats. Those in JSON make a document from verified data, which the
 * caller frees; texts are written as they come.
 */
#ifndef BENCH_EXPORT_H
#define BENCH_EXPORT_H

#include <stdio.h>

#include "rundir.h"

/**
 * export_gbench - Google Benchmark's JSON
 * @run: the data
 * @e: receives the message
 *
 * One entry per batch, named layer/exit_kind/guest_state/strategy, times in
 * nanoseconds per exit, TSC ticks as a counter; so its compare tool reads it.
 * Return: the document, or NULL where meta.json has no TSC rate.
 */
cJSON *export_gbench(const struct rundir_data *run, struct data_error *e);

/**
 * export_kcidb - KCIDB's report format, version 5.3
 *
 * The kernel of the host is the build; arms are tests with a number, skipped
 * combinations are SKIP, state proofs PASS or FAIL.
 */
cJSON *export_kcidb(const struct rundir_data *run);

/**
 * export_lkp - LKP's matrix.json
 * @run: the data
 * @left_out: receives how many arms were not in every launch: a hole would read as 0
 *
 * An array per arm with the median of each launch, TSC ticks per exit.
 * Return: the document, or NULL when out of memory.
 */
cJSON *export_lkp(const struct rundir_data *run, unsigned int *left_out);

/*
 * KTAP version 1, values in diagnostic lines, criteria left to who reads it. Return: 0, or
 * EGPR_INTERNAL when out of memory.
 */
int export_ktap(const struct rundir_data *run, FILE *f);

/* OpenMetrics 1.0 text: quantiles, differences, verdicts, facts of the host. */
void export_openmetrics(const struct rundir_data *run, FILE *f);

#endif /* BENCH_EXPORT_H */
