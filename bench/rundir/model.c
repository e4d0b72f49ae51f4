// SPDX-License-Identifier: GPL-2.0-only
/*
 * The schema of model.csv, and reading it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include "file.h"
#include "model.h"

#define COLUMN(column, TYPE, text) { #column, CSV_##TYPE, text },

static const struct csv_column columns[] = { EGPR_COLUMNS_IDENTITY(COLUMN)
						     EGPR_COLUMNS_MODEL(COLUMN) };

_Static_assert(EGPR_MODEL_NR <= CSV_MAX_COLUMNS, "raise CSV_MAX_COLUMNS");

const struct csv_schema model_schema = { RUNDIR_MODEL, "one row per form, CPU model and strategy",
					 columns, EGPR_MODEL_NR };

void model_row_init(struct csv_row *row, const char *run_id, const char *host_id,
		    const char *strategy)
{
	static const char none[] = "none";

	memset(row, 0, sizeof(*row));
	row->schema = &model_schema;
	csv_set_text(row, EGPR_COL_run_id, run_id);
	csv_set_text(row, EGPR_COL_host_id, host_id);
	csv_set_text(row, EGPR_COL_backend, none);
	csv_set_text(row, EGPR_COL_representative, "yes");
	csv_set_text(row, EGPR_COL_provenance, egpr_provenances[EGPR_PROV_MODEL].id);
	csv_set_text(row, EGPR_COL_layer, egpr_layers[EGPR_LAYER_PRIM].id);
	csv_set_text(row, EGPR_COL_exit_kind, none);
	csv_set_text(row, EGPR_COL_path, egpr_paths[EGPR_PATH_NONE].id);
	csv_set_text(row, EGPR_COL_strategy, strategy);
	csv_set_text(row, EGPR_COL_guest_state, egpr_guest_states[EGPR_STATE_DIRTY].id);
}

/* A row of another run, or one that somebody measured. */
static int check_rows(const struct rundir_data *run, const struct csv_table *t, const char *path,
		      struct data_error *e)
{
	size_t i;

	for (i = 0; i < t->rows; i++) {
		if (strcmp(csv_text(t, i, EGPR_COL_provenance),
			   egpr_provenances[EGPR_PROV_MODEL].id))
			return data_fail(e, EGPR_DATA,
					 "%s line %u is of provenance '%.20s', where only 'model' "
					 "belongs",
					 path, t->line[i], csv_text(t, i, EGPR_COL_provenance));
		if (strcmp(csv_text(t, i, EGPR_COL_run_id), rundir_meta_text(run, RUNDIR_RUN_ID)))
			return data_fail(e, EGPR_DATA,
					 "%s line %u belongs to run '%.60s'; `egprlab model %s` "
					 "makes it anew",
					 path, t->line[i], csv_text(t, i, EGPR_COL_run_id),
					 run->path);
	}
	return 0;
}

int model_load(const struct rundir_data *run, struct csv_table *t, struct data_error *e)
{
	char *path = rundir_file_path(run->path, RUNDIR_MODEL), *text;
	size_t len;
	int ret;

	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = rundir_file_slurp(path, &text, &len);
	if (ret == -ENOENT) {
		ret = data_fail(e, EGPR_SKIPPED,
				"this run has no " RUNDIR_MODEL "; `egprlab model %s` makes one "
				"where llvm-mca is installed",
				run->path);
	} else if (ret) {
		ret = data_fail(e, EGPR_DATA, "%s: %s", path, strerror(-ret));
	} else {
		ret = csv_parse(&model_schema, CSV_ALL_COLUMNS(&model_schema), text, len, path, t,
				e);
		if (!ret)
			ret = check_rows(run, t, path, e);
		if (ret)
			csv_table_free(t);
	}
	free(path);
	return ret;
}
