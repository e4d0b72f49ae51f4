/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * llvm-mca and the llvm-objdump of the same LLVM: found and run.
 */
#ifndef BENCH_MODEL_TOOL_H
#define BENCH_MODEL_TOOL_H

#include <stdbool.h>

#include <bench/base/error.h>

#define MODEL_MCA_ENV "EGPRLAB_LLVM_MCA" /* name or path of an llvm-mca, instead of looking */

#define MODEL_TOOL_CPU_S 0.25

/**
 * struct model_tools - the programs
 * @mca: llvm-mca, absolute
 * @objdump: llvm-objdump of the same LLVM, beside it
 * @version: of LLVM, as it says itself
 */
struct model_tools {
	char mca[4096];
	char objdump[4096];
	char version[32];
};

/**
 * struct tool_said - what a program left
 * @out: its standard output; never NULL
 * @err: its standard error; never NULL
 * @status: exit status, or -1 where a signal ended it
 * @stopped: it would not end, see model_tool_run()
 */
struct tool_said {
	char *out;
	char *err;
	int status;
	bool stopped;
};

/**
 * model_tools_find - find both programs
 * @t: receives them
 * @e: receives the message
 *
 * Newest first, of those that know APX. Return: 0; EGPR_SKIPPED where there is none; EGPR_USAGE
 * where the environment names one that is not there.
 */
int model_tools_find(struct model_tools *t, struct data_error *e);

/**
 * model_tool_run - run a program and keep what it says
 * @argv: of it, argv[0] a path
 * @input: text for its standard input
 * @said: receives what it left; tool_said_free() it, after a failure too
 * @e: receives the message
 *
 * A program that has used MODEL_TOOL_CPU_S, six times what it needs here, is stopped: some
 * llvm-mca go round for ever on XSAVE under some CPU models. So is one that is not done after a
 * minute. Return: 0 if it ran, whatever its status;
 * EGPR_UNAVAILABLE if it could not.
 */
int model_tool_run(char *const argv[], const char *input, struct tool_said *said,
		   struct data_error *e);

void tool_said_free(struct tool_said *said);

#endif /* BENCH_MODEL_TOOL_H */
