/* SPDX-License-Identifier: GPL-2.0-only */
/* model.csv in the report: what both halves of the chapter ask of it. */
#ifndef BENCH_REPORT_PREDICTED_H
#define BENCH_REPORT_PREDICTED_H

#include <bench/rundir/model.h>
#include "report.h"

/**
 * predicted_row - the row of a strategy
 * @t: model.csv
 * @form: hw or proxy
 * @cpu: a CPU model
 * @strategy: id
 *
 * Return: the row; @t->rows where there is none.
 */
size_t predicted_row(const struct csv_table *t, const char *form, const char *cpu,
		     const char *strategy);

/* The CPU model of the host, or NULL. */
const char *predicted_cpu(const struct csv_table *t);

/* Predicted against measured, or why there is nothing to be compared. */
void predicted_pairs(struct report *r, const struct csv_table *model);

#endif /* BENCH_REPORT_PREDICTED_H */
