/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run in other tools' formats. Each function makes a JSON document from
 * verified data; the caller frees it.
 */
#ifndef BENCH_EXPORT_H
#define BENCH_EXPORT_H

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

#endif /* BENCH_EXPORT_H */
