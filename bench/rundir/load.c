// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a run directory, and refusing one that is damaged or from the future.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rundir.h"
#include "file.h"

#define PIECE_BYTES (1 << 20)

const char *rundir_meta_text(const struct rundir_data *data, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data->meta, name));

	return s ? s : "";
}

static int check_version(const cJSON *meta, const char *path, struct data_error *e)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_SCHEMA);

	if (!cJSON_IsNumber(version))
		return data_fail(e, EGPR_DATA, "%s: no \"" RUNDIR_SCHEMA "\": not a run of egprlab",
				 path);
	if (version->valuedouble > EGPR_SCHEMA_VERSION)
		return data_fail(e, EGPR_DATA,
				 "%s: schema version %g is newer than %d, the newest that this "
				 "egprlab knows; read it with a newer one",
				 path, version->valuedouble, EGPR_SCHEMA_VERSION);
	if (version->valuedouble < EGPR_SCHEMA_OLDEST ||
	    version->valuedouble != (unsigned int)version->valuedouble)
		return data_fail(e, EGPR_DATA,
				 "%s: unknown schema version %g, this egprlab reads %d to %d", path,
				 version->valuedouble, EGPR_SCHEMA_OLDEST, EGPR_SCHEMA_VERSION);
	return 0;
}

static int check_meta(const cJSON *meta, const char *path, struct data_error *e)
{
	static const char *const texts[] = { RUNDIR_RUN_ID, RUNDIR_HOST_ID, RUNDIR_STATE,
					     RUNDIR_START, RUNDIR_SEED };
	static const char *const objects[] = { RUNDIR_FILES, RUNDIR_HOST, RUNDIR_PLAN };
	int ret = check_version(meta, path, e);
	const char *state;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts) && !ret; i++) {
		if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(meta, texts[i])))
			ret = data_fail(e, EGPR_DATA, "%s: no text \"%s\"", path, texts[i]);
	}
	for (i = 0; i < sizeof(objects) / sizeof(*objects) && !ret; i++) {
		if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(meta, objects[i])))
			ret = data_fail(e, EGPR_DATA, "%s: no object \"%s\"", path, objects[i]);
	}
	if (ret)
		return ret;
	state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_STATE));
	if (strcmp(state, RUNDIR_COMPLETE) && strcmp(state, RUNDIR_INCOMPLETE))
		return data_fail(e, EGPR_DATA, "%s: unknown state '%.40s'", path, state);
	return 0;
}

static int load_meta(struct rundir_data *data, struct data_error *e)
{
	char *path = rundir_file_path(data->path, RUNDIR_META);
	char *text = NULL;
	size_t len;
	int ret;

	if (!path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = rundir_file_slurp(path, &text, &len);
	if (ret) {
		ret = data_fail(e, EGPR_DATA, "%s is not a run directory: cannot read %s: %s",
				data->path, path, strerror(-ret));
		goto out;
	}
	data->meta = cJSON_ParseWithLengthOpts(text, len + 1, NULL, 1);
	ret = cJSON_IsObject(data->meta) ? check_meta(data->meta, path, e)
					 : data_fail(e, EGPR_DATA, "%s is not a JSON object", path);
out:
	free(text);
	free(path);
	return ret;
}

static int check_identity(const struct rundir_data *data, const struct csv_table *t,
			  struct data_error *e)
{
	const char *run = rundir_meta_text(data, RUNDIR_RUN_ID);
	const char *host = rundir_meta_text(data, RUNDIR_HOST_ID);
	size_t i;

	for (i = 0; i < t->rows; i++) {
		if (strcmp(csv_text(t, i, EGPR_COL_run_id), run) ||
		    strcmp(csv_text(t, i, EGPR_COL_host_id), host))
			return data_fail(
				e, EGPR_DATA,
				"%s/%s line %u belongs to run '%.60s' on host '%.60s', not "
				"to this directory's",
				data->path, t->schema->name, t->line[i],
				csv_text(t, i, EGPR_COL_run_id), csv_text(t, i, EGPR_COL_host_id));
	}
	return 0;
}

unsigned int rundir_version(const struct rundir_data *data)
{
	return (unsigned int)cJSON_GetObjectItemCaseSensitive(data->meta, RUNDIR_SCHEMA)->valueint;
}

static int load_table(struct rundir_data *data, enum egpr_csv file, struct data_error *e)
{
	const struct csv_schema *schema = &csv_schemas[file];
	char *text, *path;
	size_t len;
	int ret = rundir_file_read(data->path, data->meta, schema->name, &text, &len, e);

	if (ret)
		return ret;
	path = rundir_file_path(data->path, schema->name);
	if (!path) {
		free(text);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	ret = csv_parse(schema, csv_columns(file, rundir_version(data)), text, len, path,
			&data->table[file], e);
	free(path);
	return ret ? ret : check_identity(data, &data->table[file], e);
}

/*
 * struct pieces - a table that is checked a piece at a time
 * @header: its first line
 * @line: of the file, on which the next piece begins
 */
struct pieces {
	const struct csv_schema *schema;
	char *path;
	char *header;
	size_t header_len;
	unsigned int line;
};

/* Whole rows. The first piece brings the header. */
static int check_piece(struct rundir_data *data, struct pieces *p, const char *rows, size_t len,
		       struct data_error *e)
{
	uint64_t columns = csv_columns(EGPR_CSV_SAMPLES, rundir_version(data));
	const char *end = memchr(rows, '\n', len);
	struct csv_table t;
	char *text;
	size_t i;
	int ret;

	if (!p->header) {
		p->header_len = end ? (size_t)(end - rows) + 1 : len;
		p->header = strndup(rows, p->header_len);
		rows += p->header_len;
		len -= p->header_len;
		p->line = 2;
	}
	text = p->header ? malloc(p->header_len + len + 1) : NULL;
	if (!text)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	memcpy(text, p->header, p->header_len);
	memcpy(text + p->header_len, rows, len);
	text[p->header_len + len] = '\0';
	ret = csv_parse_part(p->schema, columns, text, p->header_len + len, p->line, p->path, &t,
			     e);
	if (ret)
		return ret;
	for (i = 0; i < len; i++)
		p->line += rows[i] == '\n';
	ret = check_identity(data, &t, e);
	csv_table_free(&t);
	return ret;
}

static int check_pieces(struct rundir_data *data, struct pieces *p, FILE *f, size_t left,
			struct data_error *e)
{
	char *buf = malloc(PIECE_BYTES);
	size_t used = 0, whole, n;
	int ret = buf ? 0 : data_fail(e, EGPR_INTERNAL, "out of memory");

	while (!ret && left) {
		n = left < PIECE_BYTES - used ? left : PIECE_BYTES - used;
		n = fread(buf + used, 1, n, f);
		left -= n;
		used += n;
		/* What ends without a line end is for the parser to name. */
		whole = left ? csv_whole_rows(buf, used) : used;
		if (!n || !whole)
			ret = data_fail(e, EGPR_DATA, "%s line %u cannot be read, or has no end",
					p->path, p->line);
		if (!ret)
			ret = check_piece(data, p, buf, whole, e);
		memmove(buf, buf + whole, used - whole);
		used -= whole;
	}
	free(buf);
	return ret;
}

/* Nothing of samples.csv is kept but that it is as it should be. */
static int check_samples(struct rundir_data *data, struct data_error *e)
{
	struct pieces p = { .schema = &csv_schemas[EGPR_CSV_SAMPLES], .line = 1 };
	size_t bytes = 0;
	FILE *f = NULL;
	int ret = rundir_file_check(data->path, data->meta, p.schema->name, &bytes, e);

	if (ret)
		return ret;
	p.path = rundir_file_path(data->path, p.schema->name);
	if (p.path)
		f = fopen(p.path, "re");
	if (!f)
		ret = data_fail(e, EGPR_DATA, "%s/%s: %s", data->path, p.schema->name,
				strerror(errno));
	else if (!bytes)
		ret = data_fail(e, EGPR_DATA, "%s is empty: not even a header", p.path);
	else
		ret = check_pieces(data, &p, f, bytes, e);
	if (f)
		fclose(f);
	free(p.header);
	free(p.path);
	data->table[EGPR_CSV_SAMPLES].schema = p.schema;
	data->table[EGPR_CSV_SAMPLES].columns = csv_columns(EGPR_CSV_SAMPLES, rundir_version(data));
	return ret;
}

static int load(const char *path, bool samples, struct rundir_data *data, struct data_error *e)
{
	unsigned int i;
	int ret;

	memset(data, 0, sizeof(*data));
	data->path = strdup(path);
	if (!data->path)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = load_meta(data, e);
	for (i = 0; i < EGPR_NR_CSV && !ret; i++)
		ret = i == EGPR_CSV_SAMPLES && !samples ? check_samples(data, e)
							: load_table(data, i, e);
	if (!ret && samples && arms_make(&data->table[EGPR_CSV_SAMPLES], &data->arms))
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	if (ret)
		rundir_free(data);
	return ret;
}

int rundir_load(const char *path, struct rundir_data *data, struct data_error *e)
{
	return load(path, true, data, e);
}

int rundir_load_results(const char *path, struct rundir_data *data, struct data_error *e)
{
	return load(path, false, data, e);
}

void rundir_free(struct rundir_data *data)
{
	unsigned int i;

	arms_free(&data->arms);
	for (i = 0; i < EGPR_NR_CSV; i++)
		csv_table_free(&data->table[i]);
	cJSON_Delete(data->meta);
	free(data->path);
	memset(data, 0, sizeof(*data));
}
