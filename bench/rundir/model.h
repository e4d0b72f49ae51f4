/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.csv of a run directory: what a static analyser says of the sequences that the run timed.
 *
 * It is derived and may be made again with another LLVM, so meta.json does not vouch for it. It is
 * refused where a row is not of provenance `model` or of another run.
 */
#ifndef BENCH_RUNDIR_MODEL_H
#define BENCH_RUNDIR_MODEL_H

#include "rundir.h"

#define RUNDIR_MODEL "model.csv"

/* Indices of its columns: EGPR_MODEL_form, ... */
#define EGPR_MODEL_ENUM(column, TYPE, text) EGPR_MODEL_##column,
enum egpr_col_model {
	EGPR_MODEL_BEFORE = EGPR_NR_IDENTITY - 1,
	EGPR_COLUMNS_MODEL(EGPR_MODEL_ENUM) EGPR_MODEL_NR
};

extern const struct csv_schema model_schema;

/**
 * model_row_init - an empty row with its identity
 * @row: receives it
 * @run_id: of the run that it belongs to
 * @host_id: of that run's host
 * @strategy: id
 */
void model_row_init(struct csv_row *row, const char *run_id, const char *host_id,
		    const char *strategy);

/**
 * model_load - read model.csv of a run
 * @run: the run
 * @t: receives the table; csv_table_free() it on success
 * @e: receives the message
 *
 * Return: 0; EGPR_SKIPPED where the run has none; EGPR_DATA where it cannot be used.
 */
int model_load(const struct rundir_data *run, struct csv_table *t, struct data_error *e);

#endif /* BENCH_RUNDIR_MODEL_H */
