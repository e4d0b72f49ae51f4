/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What came out of the static model as rows of model.csv.
 */
#ifndef BENCH_MODEL_ROWS_H
#define BENCH_MODEL_ROWS_H

#include <bench/rundir/model.h>
#include "model.h"

/**
 * struct model_identity - what every row begins with
 * @run_id: of the run it belongs to, "none" for none
 * @host_id: of that run's host, or of this one
 * @cpu: scheduling model of that host's CPU, NULL where the lab knows none
 * @tool: who said it
 */
struct model_identity {
	const char *run_id;
	const char *host_id;
	const char *cpu;
	const char *tool;
};

/* Fill a row; csv_row_reset() it. */
void model_row_fill(struct csv_row *row, const struct model_row *m,
		    const struct model_identity *id);

#endif /* BENCH_MODEL_ROWS_H */
