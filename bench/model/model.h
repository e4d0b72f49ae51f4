/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The static model: every strategy, in the forms proxy and hw, under every scheduling model of
 * interest. Nothing runs here, and nothing that comes out is a time of this host.
 */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <stdbool.h>

#include <bench/base/error.h>
#include "mca.h"
#include "tool.h"

/**
 * struct model_want - what to model
 * @cpus: names of scheduling models as LLVM spells them
 * @nr_cpus: how many
 * @delays: N of each delay-N
 * @nr_delays: how many
 */
struct model_want {
	const char *const *cpus;
	unsigned int nr_cpus;
	const unsigned int *delays;
	unsigned int nr_delays;
};

enum model_part {
	MODEL_EXIT,
	MODEL_ENTRY,
	MODEL_ROUND, /* exit half, then entry half, nothing between them */
	MODEL_NR_PARTS
};

/**
 * struct model_row - one strategy in one form under one scheduling model
 * @strategy: row of the table
 * @id: its id, delay-N written out
 * @form: hw or proxy
 * @cpu: name of the scheduling model
 * @part: what llvm-mca said of each part; the return of a half is in it
 * @none: the same of `none` under the same model: what there is without a strategy
 * @reason: why there are no figures; "" where there are
 */
struct model_row {
	const struct egpr_strategy *strategy;
	char id[24];
	enum egpr_form form;
	const char *cpu;
	struct mca_figures part[MODEL_NR_PARTS];
	struct mca_figures none[MODEL_NR_PARTS];
	char reason[320];
};

/**
 * struct model_rows - all of them
 * @row: by scheduling model, form and strategy, in this order
 * @n: how many
 */
struct model_rows {
	struct model_row *row;
	size_t n;
};

/**
 * model_run - ask llvm-mca about everything
 * @t: the programs
 * @w: what
 * @rows: receives the rows; model_rows_free() them, after a failure too
 * @e: receives the message
 *
 * What llvm-mca refuses is a row with its reason. What it answers and we cannot read ends
 * everything. Return: 0, EGPR_DATA, EGPR_UNAVAILABLE or EGPR_INTERNAL.
 */
int model_run(const struct model_tools *t, const struct model_want *w, struct model_rows *rows,
	      struct data_error *e);

void model_rows_free(struct model_rows *rows);

/**
 * model_knows - does this llvm-mca know a CPU
 * @help: what it prints for -mcpu=help, from model_help()
 * @cpu: a name
 */
bool model_knows(const char *help, const char *cpu);

/* The text of -mcpu=help, to be freed; NULL with the message in @e. */
char *model_help(const struct model_tools *t, struct data_error *e);

#endif /* BENCH_MODEL_H */
