// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing a run directory: append, sync, close.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "file.h"
#include "writer.h"

const char *rundir_path(const struct rundir *d)
{
	return d->path;
}

const char *rundir_id(const struct rundir *d)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_RUN_ID));
}

cJSON *rundir_meta(struct rundir *d)
{
	return d->meta;
}

static void replace_item(cJSON *object, const char *name, cJSON *item)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, item);
}

void rundir_set_soundness(struct rundir *d, bool sound, cJSON *checks)
{
	cJSON *s = cJSON_CreateObject();

	cJSON_AddBoolToObject(s, "sound", sound);
	cJSON_AddItemToObject(s, "checks", checks ? checks : cJSON_CreateArray());
	replace_item(d->meta, RUNDIR_SOUNDNESS, s);
}

void rundir_set_backend(struct rundir *d, const char *id, bool representative, const char *reason)
{
	cJSON *b = cJSON_CreateObject();

	cJSON_AddStringToObject(b, "id", id);
	cJSON_AddBoolToObject(b, "representative", representative);
	cJSON_AddStringToObject(b, "reason", reason);
	replace_item(d->meta, RUNDIR_BACKEND, b);
}

void rundir_row(struct rundir *d, enum egpr_csv file, const struct rundir_key *key,
		struct csv_row *row)
{
	static const char none[] = "none";

	csv_row_init(row, file);
	csv_set_text(row, EGPR_COL_run_id, rundir_id(d));
	csv_set_text(
		row, EGPR_COL_host_id,
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST_ID)));
	csv_set_text(row, EGPR_COL_backend, key->backend ? key->backend : none);
	csv_set_text(row, EGPR_COL_representative, key->representative ? "yes" : "no");
	csv_set_text(row, EGPR_COL_provenance, egpr_provenances[key->provenance].id);
	csv_set_text(row, EGPR_COL_layer, egpr_layers[key->layer].id);
	csv_set_text(row, EGPR_COL_exit_kind, key->exit_kind ? key->exit_kind : none);
	csv_set_text(row, EGPR_COL_path, egpr_paths[key->path].id);
	csv_set_text(row, EGPR_COL_strategy, key->strategy ? key->strategy : none);
	csv_set_text(row, EGPR_COL_guest_state, egpr_guest_states[key->state].id);
	csv_set_text(row, EGPR_COL_context,
		     key->context ? key->context : context_default(key->layer)->id);
}

int rundir_append(struct rundir *d, struct csv_row *row, struct data_error *e)
{
	enum egpr_csv file = (enum egpr_csv)(row->schema - csv_schemas);
	size_t len;
	char *text;
	int ret = csv_cells_check(row->schema, row->cell, row->schema->name, e);

	if (ret) {
		ret = EGPR_INTERNAL;
	} else if (csv_format_row(row, &text, &len)) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	} else {
		ret = out_write(&d->out[file], text, len, e);
		free(text);
	}
	csv_row_reset(row);
	return ret;
}

int rundir_clear(struct rundir *d, enum egpr_csv file, struct data_error *e)
{
	return out_clear(&d->out[file], e);
}

int rundir_flush(struct rundir *d, struct data_error *e)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < EGPR_NR_CSV && !ret; i++)
		ret = out_flush(&d->out[i], e);
	return ret;
}

static int vouch(struct rundir *d, struct data_error *e)
{
	cJSON *files = cJSON_CreateObject();
	char hex[RUNDIR_SHA256_HEX + 1];
	unsigned int i;

	for (i = 0; i < EGPR_NR_CSV; i++) {
		cJSON *f = cJSON_AddObjectToObject(files, csv_schemas[i].name);

		if (!f || out_digest(&d->out[i], hex)) {
			cJSON_Delete(files);
			return data_fail(e, EGPR_INTERNAL,
					 "no memory, or libcrypto refuses SHA-256");
		}
		cJSON_AddStringToObject(f, "sha256", hex);
		cJSON_AddNumberToObject(f, "bytes", (double)d->out[i].bytes);
	}
	replace_item(d->meta, RUNDIR_FILES, files);
	return 0;
}

int rundir_sync(struct rundir *d, struct data_error *e)
{
	char *path = NULL, *tmp = NULL, *text = NULL;
	int ret = rundir_flush(d, e);
	FILE *f;

	if (!ret)
		ret = vouch(d, e);
	if (ret)
		return ret;
	path = rundir_file_path(d->path, RUNDIR_META);
	tmp = rundir_file_path(d->path, RUNDIR_META ".tmp");
	text = cJSON_Print(d->meta);
	if (!path || !tmp || !text) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out;
	}
	f = fopen(tmp, "we");
	if (!f) {
		ret = out_failed(tmp, e);
		goto out;
	}
	ret = fprintf(f, "%s\n", text) < 0;
	if (fclose(f) || ret || rename(tmp, path)) {
		ret = out_failed(path, e);
		unlink(tmp);
	}
out:
	cJSON_free(text);
	free(tmp);
	free(path);
	return ret;
}

/* A new link renamed over the old one: `latest` always points somewhere. */
static int update_latest(const struct rundir *d, struct data_error *e)
{
	const char *slash = strrchr(d->path, '/');
	char *path = rundir_file_path(d->root, RUNDIR_LATEST);
	char *tmp = rundir_file_path(d->root, "." RUNDIR_LATEST ".tmp");
	int ret = 0;

	if (!path || !tmp) {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out;
	}
	unlink(tmp);
	if (symlink(slash ? slash + 1 : d->path, tmp) || rename(tmp, path)) {
		ret = out_failed(path, e);
		unlink(tmp);
	}
out:
	free(tmp);
	free(path);
	return ret;
}

int rundir_close(struct rundir *d, bool complete, struct data_error *e)
{
	char text[RUNDIR_STAMP_BYTES];
	int ret;

	if (!d)
		return 0;
	rundir_now(text, sizeof(text), RUNDIR_TIME_READABLE);
	replace_item(d->meta, RUNDIR_END, cJSON_CreateString(text));
	replace_item(d->meta, RUNDIR_STATE,
		     cJSON_CreateString(complete ? RUNDIR_COMPLETE : RUNDIR_INCOMPLETE));
	ret = rundir_sync(d, e);
	if (!ret && d->root)
		ret = update_latest(d, e);
	rundir_destroy(d);
	return ret;
}
