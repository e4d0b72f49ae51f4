// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SQLite store: schema, migrations, adding and selecting.
 *
 * A migration never changes once it is released; a new one is appended and
 * STORE_VERSION raised. Each runs in a transaction with its version number.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define BUSY_MS 10000 /* another egprlab may be writing */

static const char *const migrations[STORE_VERSION] = {
	"CREATE TABLE run ("
	" run_id TEXT PRIMARY KEY, host_id TEXT NOT NULL, cpu TEXT NOT NULL, kernel TEXT NOT NULL,"
	" start TEXT NOT NULL, state TEXT NOT NULL, sound INTEGER NOT NULL, path TEXT NOT NULL);"
	"CREATE TABLE verdict ("
	" run_id TEXT NOT NULL REFERENCES run(run_id) ON DELETE CASCADE,"
	" backend TEXT NOT NULL, representative INTEGER NOT NULL, provenance TEXT NOT NULL,"
	" layer TEXT NOT NULL, exit_kind TEXT NOT NULL, path TEXT NOT NULL,"
	" strategy TEXT NOT NULL, guest_state TEXT NOT NULL, baseline TEXT NOT NULL,"
	" blocks INTEGER, base_p50 REAL, diff REAL, diff_low REAL, diff_high REAL,"
	" margin REAL, margin_text TEXT, verdict TEXT NOT NULL);",

	"CREATE INDEX verdict_of ON verdict"
	" (provenance, layer, exit_kind, guest_state, strategy, run_id);"
	"CREATE INDEX run_on ON run (host_id, start);",

	/* What was measured before contexts had a name. */
	("ALTER TABLE verdict ADD COLUMN context TEXT NOT NULL DEFAULT 'fp-0';"
	 "UPDATE verdict SET context = 'packed' WHERE layer IN ('prim', 'ring0');"),
};

static int sql_fail(sqlite3 *db, const char *doing, struct data_error *e)
{
	return data_fail(e, EGPR_UNAVAILABLE, "cannot %s %s: %s", doing,
			 sqlite3_db_filename(db, "main"), sqlite3_errmsg(db));
}

static int get_version(sqlite3 *db, int *version)
{
	sqlite3_stmt *q;
	int ret = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL);

	if (ret)
		return ret;
	ret = sqlite3_step(q);
	*version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return ret == SQLITE_ROW ? 0 : ret;
}

static int migrate(sqlite3 *db, int version, struct data_error *e)
{
	char sql[64];

	for (; version < STORE_VERSION; version++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; COMMIT", version + 1);
		if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ||
		    sqlite3_exec(db, migrations[version], NULL, NULL, NULL) ||
		    sqlite3_exec(db, sql, NULL, NULL, NULL)) {
			sql_fail(db, "migrate", e);
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			return EGPR_UNAVAILABLE;
		}
	}
	return 0;
}

/* A database that somebody else made has tables but no version of ours. */
static int is_foreign(sqlite3 *db)
{
	sqlite3_stmt *q;
	int found = 0;

	if (!sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_master LIMIT 1", -1, &q, NULL))
		found = sqlite3_step(q) == SQLITE_ROW;
	sqlite3_finalize(q);
	return found;
}

int store_open(const char *path, sqlite3 **db, struct data_error *e)
{
	int version = 0, ret;

	ret = sqlite3_open(path, db);
	if (ret) {
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot open %s: %s", path,
				*db ? sqlite3_errmsg(*db) : "out of memory");
		goto out_close;
	}
	sqlite3_busy_timeout(*db, BUSY_MS);
	ret = get_version(*db, &version);
	if (ret == SQLITE_NOTADB || ret == SQLITE_CORRUPT || (!ret && !version && is_foreign(*db)))
		ret = data_fail(e, EGPR_DATA,
				"%s is not a store of egprlab; name another file with "
				"--db",
				path);
	else if (ret)
		ret = sql_fail(*db, "read", e);
	else if (version > STORE_VERSION)
		ret = data_fail(
			e, EGPR_DATA,
			"%s: store version %d is newer than %d, the newest that this egprlab "
			"knows; use a newer one",
			path, version, STORE_VERSION);
	else
		ret = migrate(*db, version, e);
	if (!ret && sqlite3_exec(*db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL))
		ret = sql_fail(*db, "use", e);
	if (!ret)
		return 0;
out_close:
	sqlite3_close(*db);
	*db = NULL;
	return ret;
}

static void bind_text(sqlite3_stmt *q, int i, const char *text)
{
	sqlite3_bind_text(q, i, text ? text : "", -1, SQLITE_TRANSIENT);
}

static void bind_real(sqlite3_stmt *q, int i, double v)
{
	if (isnan(v))
		sqlite3_bind_null(q, i);
	else
		sqlite3_bind_double(q, i, v);
}

static const char *host_fact(const struct rundir_data *run, const char *key)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_HOST);

	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(host, key));
}

/* Steps a statement that returns no row, and frees it. */
static int finish(sqlite3_stmt *q)
{
	int ret = sqlite3_step(q);

	sqlite3_finalize(q);
	return ret == SQLITE_DONE ? 0 : -1;
}

static int add_run(sqlite3 *db, const struct rundir_data *run)
{
	static const char sql[] = "INSERT INTO run VALUES (?,?,?,?,?,?,?,?)";
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_SOUNDNESS);
	const char *id = rundir_meta_text(run, RUNDIR_RUN_ID);
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(db, "DELETE FROM run WHERE run_id = ?", -1, &q, NULL))
		return -1;
	bind_text(q, 1, id);
	if (finish(q) || sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return -1;
	bind_text(q, 1, id);
	bind_text(q, 2, rundir_meta_text(run, RUNDIR_HOST_ID));
	bind_text(q, 3, host_fact(run, "cpu_name"));
	bind_text(q, 4, host_fact(run, "kernel_release"));
	bind_text(q, 5, rundir_meta_text(run, RUNDIR_START));
	bind_text(q, 6, rundir_meta_text(run, RUNDIR_STATE));
	sqlite3_bind_int(q, 7, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound")));
	bind_text(q, 8, run->path);
	return finish(q);
}

static int add_verdict(sqlite3 *db, const struct csv_table *t, size_t row)
{
	static const char sql[] =
		"INSERT INTO verdict VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
	static const unsigned int texts[] = { EGPR_COL_layer,	    EGPR_COL_exit_kind,
					      EGPR_COL_path,	    EGPR_COL_strategy,
					      EGPR_COL_guest_state, EGPR_VERDICTS_baseline };
	static const unsigned int reals[] = { EGPR_VERDICTS_base_p50, EGPR_VERDICTS_diff,
					      EGPR_VERDICTS_diff_low, EGPR_VERDICTS_diff_high,
					      EGPR_VERDICTS_margin };
	sqlite3_stmt *q;
	size_t i;
	int at = 1;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return -1;
	bind_text(q, at++, csv_text(t, row, EGPR_COL_run_id));
	bind_text(q, at++, csv_text(t, row, EGPR_COL_backend));
	sqlite3_bind_int(q, at++, !strcmp(csv_text(t, row, EGPR_COL_representative), "yes"));
	bind_text(q, at++, csv_text(t, row, EGPR_COL_provenance));
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		bind_text(q, at++, csv_text(t, row, texts[i]));
	sqlite3_bind_int64(q, at++, (sqlite3_int64)csv_count(t, row, EGPR_VERDICTS_blocks));
	for (i = 0; i < sizeof(reals) / sizeof(*reals); i++)
		bind_real(q, at++, csv_real(t, row, reals[i]));
	bind_text(q, at++, csv_text(t, row, EGPR_VERDICTS_margin_text));
	bind_text(q, at++, csv_text(t, row, EGPR_VERDICTS_verdict));
	bind_text(q, at++, csv_text(t, row, EGPR_COL_context));
	return finish(q);
}

int store_add(sqlite3 *db, const struct rundir_data *run, struct data_error *e)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	size_t row;
	int bad = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (!bad)
		bad = add_run(db, run);
	for (row = 0; row < t->rows && !bad; row++)
		bad = add_verdict(db, t, row);
	if (!bad && !sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
		return 0;
	sql_fail(db, "write", e);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return EGPR_UNAVAILABLE;
}

int store_record(const char *path, const char *file, struct data_error *e)
{
	struct rundir_data run;
	sqlite3 *db;
	int ret = rundir_load(path, &run, e);

	if (ret)
		return ret;
	ret = store_open(file ? file : STORE_FILE, &db, e);
	if (!ret) {
		ret = store_add(db, &run, e);
		sqlite3_close(db);
	}
	rundir_free(&run);
	return ret;
}

static char *column(sqlite3_stmt *q, int i)
{
	const char *s = (const char *)sqlite3_column_text(q, i);

	return strdup(s ? s : "");
}

static double real_column(sqlite3_stmt *q, int i)
{
	return sqlite3_column_type(q, i) == SQLITE_NULL ? NAN : sqlite3_column_double(q, i);
}

static void take_row(sqlite3_stmt *q, struct store_row *r)
{
	char **const texts[] = { &r->run_id,	&r->host_id,  &r->cpu,	      &r->kernel,
				 &r->start,	&r->backend,  &r->provenance, &r->layer,
				 &r->exit_kind, &r->strategy, &r->state,      &r->context,
				 &r->verdict,	&r->margin };
	int i, n = sizeof(texts) / sizeof(*texts);

	for (i = 0; i < n; i++)
		*texts[i] = column(q, i);
	r->representative = sqlite3_column_int(q, n);
	r->sound = sqlite3_column_int(q, n + 1);
	r->diff = real_column(q, n + 2);
	r->low = real_column(q, n + 3);
	r->high = real_column(q, n + 4);
}

static int collect(sqlite3_stmt *q, struct store_row **rows, size_t *n)
{
	struct store_row *grown;
	int step;

	while ((step = sqlite3_step(q)) == SQLITE_ROW) {
		if ((*n & (*n - 1)) == 0) { /* full at every power of two */
			grown = realloc(*rows, (*n ? 2 * *n : 1) * sizeof(**rows));
			if (!grown)
				return -1;
			*rows = grown;
		}
		take_row(q, &(*rows)[(*n)++]);
	}
	return step == SQLITE_DONE ? 0 : -1;
}

int store_select(sqlite3 *db, const struct store_filter *f, struct store_row **rows, size_t *n,
		 struct data_error *e)
{
	static const char sql[] =
		"SELECT r.run_id, r.host_id, r.cpu, r.kernel, r.start, v.backend, v.provenance,"
		" v.layer, v.exit_kind, v.strategy, v.guest_state, v.context, v.verdict, v.margin_text,"
		" v.representative,"
		" r.sound, v.diff, v.diff_low, v.diff_high"
		" FROM verdict v JOIN run r USING (run_id)"
		" WHERE (?1 IS NULL OR r.host_id = ?1) AND (?2 IS NULL OR v.strategy = ?2)"
		" AND (?3 IS NULL OR v.layer = ?3) AND (?4 IS NULL OR v.exit_kind = ?4)"
		" AND (?5 IS NULL OR v.guest_state = ?5) AND (?6 IS NULL OR v.provenance = ?6)"
		" AND (?7 IS NULL OR r.kernel = ?7) AND (?8 IS NULL OR v.context = ?8)"
		" ORDER BY v.provenance, v.layer, v.exit_kind, v.guest_state, v.context, v.strategy,"
		" r.host_id, r.start, r.run_id, v.rowid";
	const char *const values[] = { f->host,	 f->strategy,	f->layer,  f->exit_kind,
				       f->state, f->provenance, f->kernel, f->context };
	sqlite3_stmt *q;
	size_t i;
	int ret = 0;

	*rows = NULL;
	*n = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return sql_fail(db, "read", e);
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (values[i])
			bind_text(q, (int)i + 1, values[i]);
	}
	if (collect(q, rows, n)) {
		ret = sql_fail(db, "read", e);
		store_rows_free(*rows, *n);
		*rows = NULL;
		*n = 0;
	}
	sqlite3_finalize(q);
	return ret;
}

void store_rows_free(struct store_row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct store_row *r = &rows[i];

		free(r->run_id);
		free(r->host_id);
		free(r->cpu);
		free(r->kernel);
		free(r->start);
		free(r->backend);
		free(r->provenance);
		free(r->layer);
		free(r->exit_kind);
		free(r->strategy);
		free(r->state);
		free(r->context);
		free(r->verdict);
		free(r->margin);
	}
	free(rows);
}
