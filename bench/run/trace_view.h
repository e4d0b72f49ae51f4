/* SPDX-License-Identifier: GPL-2.0-only */
/* One arm's trace, printed. */
#ifndef BENCH_RUN_TRACE_VIEW_H
#define BENCH_RUN_TRACE_VIEW_H

#include <stdbool.h>

#include <bench/layer/layer.h>
#include <bench/proof/trace_word.h>

/**
 * struct trace_line - a step for readers
 * @round: of the batch
 * @half: where it lies: the loop, or a half of the sequence; or that the lab has the CPU again
 * @offset: from there
 * @bytes: in hexadecimal
 * @text: the instruction
 * @address: of its memory, "" without
 * @check: what it was held against, "" where nothing was reached
 * @result: how that came out
 */
struct trace_line {
	unsigned int round;
	const char *half;
	unsigned int offset;
	char bytes[3 * TRACE_BYTES + 1];
	char text[96];
	char address[48];
	const char *check;
	const char *result;
};

/**
 * typedef trace_choose - which lines are printed
 * @line: all of them
 * @n: how many
 * @stays: receives one for each
 *
 * Return: 0, or a status that ends it before anything is printed.
 */
typedef int trace_choose(const struct trace_line *line, unsigned int n, bool *stays);

/**
 * trace_view - trace one arm and print all that it executes
 * @env: form and CPU
 * @cell: layer with an image, guest state, exit kind, code offsets, and in arms[1] the arm
 * @json: an object instead of text
 * @choose: which steps of it
 * @e: receives the message, empty where the output says it all
 *
 * Return: 0; EGPR_DATA or EGPR_CRASHED if it does not execute what the table demands; EGPR_SKIPPED where
 * it cannot run or be traced; another status for an error.
 */
int trace_view(const struct layer_env *env, const struct cell *cell, bool json,
	       trace_choose *choose, struct data_error *e);

#endif /* BENCH_RUN_TRACE_VIEW_H */
