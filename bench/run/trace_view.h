/* SPDX-License-Identifier: GPL-2.0-only */
/* One arm's trace, printed. */
#ifndef BENCH_RUN_TRACE_VIEW_H
#define BENCH_RUN_TRACE_VIEW_H

#include <stdbool.h>

#include <bench/layer/layer.h>

/**
 * trace_view - trace one arm and print all that it executes
 * @env: form and CPU
 * @cell: layer with an image, guest state, exit kind, code offsets, and in arms[1] the arm
 * @json: an object instead of text
 * @e: receives the message, empty where the output says it all
 *
 * Return: 0; EGPR_DATA or EGPR_CRASHED if it does not execute what the table demands; EGPR_SKIPPED where
 * it cannot run or be traced; another status for an error.
 */
int trace_view(const struct layer_env *env, const struct cell *cell, bool json,
	       struct data_error *e);

#endif /* BENCH_RUN_TRACE_VIEW_H */
