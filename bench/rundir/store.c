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

#define BUSY_MS	    60000 /* another egprlab may be writing */
#define MODEL_BYTES 160
#define WHY_BYTES   512

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

	/* Of what older versions did not keep, the nearest that they did. */
	("ALTER TABLE run ADD COLUMN model TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE run ADD COLUMN core_type TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE run ADD COLUMN machine TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE run ADD COLUMN lab TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE run ADD COLUMN why TEXT NOT NULL DEFAULT '';"
	 "UPDATE run SET model = cpu, machine = host_id, core_type = 'uniform';"
	 "CREATE TABLE refused (path TEXT PRIMARY KEY, why TEXT NOT NULL);"
	 "DROP INDEX verdict_of;"
	 "CREATE INDEX verdict_of ON verdict"
	 " (provenance, layer, exit_kind, guest_state, context, strategy, representative, run_id);"),
};

int store_sql_failed(sqlite3 *db, const char *doing, struct data_error *e)
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

/* One version further. Another egprlab may have done it since: only the lock makes that sure. */
static int migrate_step(sqlite3 *db)
{
	char sql[64];
	int version;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) || get_version(db, &version))
		return -1;
	if (version < STORE_VERSION) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version + 1);
		if (sqlite3_exec(db, migrations[version], NULL, NULL, NULL) ||
		    sqlite3_exec(db, sql, NULL, NULL, NULL))
			return -1;
	}
	return sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) ? -1 : 0;
}

static int migrate(sqlite3 *db, int version, struct data_error *e)
{
	for (; version < STORE_VERSION; version++) {
		if (migrate_step(db)) {
			store_sql_failed(db, "migrate", e);
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
	int version = 0, foreign, failed, ret;

	ret = sqlite3_open(path, db);
	if (ret) {
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot open %s: %s", path,
				*db ? sqlite3_errmsg(*db) : "out of memory");
		goto out_close;
	}
	sqlite3_busy_timeout(*db, BUSY_MS);
	/* Both in one transaction: another egprlab may be making this store. */
	ret = sqlite3_exec(*db, "BEGIN", NULL, NULL, NULL);
	if (!ret)
		ret = get_version(*db, &version);
	foreign = !ret && !version && is_foreign(*db);
	failed = ret ? store_sql_failed(*db, "read", e) : 0;
	sqlite3_exec(*db, "COMMIT", NULL, NULL, NULL);
	if (ret == SQLITE_NOTADB || ret == SQLITE_CORRUPT || foreign)
		ret = data_fail(e, EGPR_DATA,
				"%s is not a store of egprlab; name another file with "
				"--db",
				path);
	else if (failed)
		ret = failed;
	else if (version > STORE_VERSION)
		ret = data_fail(
			e, EGPR_DATA,
			"%s: store version %d is newer than %d, the newest that this egprlab "
			"knows; use a newer one",
			path, version, STORE_VERSION);
	else
		ret = migrate(*db, version, e);
	if (!ret && sqlite3_exec(*db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL))
		ret = store_sql_failed(*db, "use", e);
	if (!ret)
		return 0;
out_close:
	sqlite3_close(*db);
	*db = NULL;
	return ret;
}

void store_many(sqlite3 *db, bool on)
{
	sqlite3_exec(db, on ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE", NULL,
		     NULL, NULL);
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

/* What tells one model of CPU from the next: a marketing name covers several. */
static void cpu_model(const struct rundir_data *run, char *text, size_t size)
{
	const char *vendor = host_fact(run, "cpu_vendor"), *family = host_fact(run, "cpu_family");
	const char *model = host_fact(run, "cpu_model"), *name = host_fact(run, "cpu_name");

	if (vendor && family && model)
		snprintf(text, size, "%s family %s model %s", vendor, family, model);
	else
		snprintf(text, size, "%s", name ? name : "unknown");
}

/* Nodes of one make and one kernel have the same facts: their name tells them apart. */
static void machine_name(const struct rundir_data *run, char *text, size_t size)
{
	const char *machine = host_fact(run, "machine"), *node = rundir_meta_text(run, RUNDIR_NODE);

	snprintf(text, size, "%s%s%s", machine ? machine : rundir_meta_text(run, RUNDIR_HOST_ID),
		 *node ? "@" : "", node);
}

void store_why_unsound(const struct rundir_data *run, char *text, size_t size)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_SOUNDNESS), *c;
	size_t n = 0;

	*text = '\0';
	if (strcmp(rundir_meta_text(run, RUNDIR_STATE), RUNDIR_COMPLETE))
		n += (size_t)snprintf(text, size, "interrupted");
	if (!s)
		n += (size_t)snprintf(text + n, size - n, "%sno self-checks", n ? "; " : "");
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(s, "checks")) {
		const char *check =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "check"));
		const char *result =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "result"));

		if (check && result && !strcmp(result, "fail") && n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s failed", n ? "; " : "",
					      check);
	}
	if (!n && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound")))
		snprintf(text, size, "its self-checks did not hold");
}

static int insert_run(sqlite3 *db, const struct rundir_data *run)
{
	static const char sql[] = "INSERT INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
	const cJSON *versions = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_VERSIONS);
	const char *core = host_fact(run, RUNDIR_CORE_TYPE);
	char model[MODEL_BYTES], machine[MODEL_BYTES], why[WHY_BYTES];
	char *path = realpath(run->path, NULL);
	sqlite3_stmt *q;

	cpu_model(run, model, sizeof(model));
	machine_name(run, machine, sizeof(machine));
	store_why_unsound(run, why, sizeof(why));
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL)) {
		free(path);
		return -1;
	}
	bind_text(q, 1, rundir_meta_text(run, RUNDIR_RUN_ID));
	bind_text(q, 2, rundir_meta_text(run, RUNDIR_HOST_ID));
	bind_text(q, 3, host_fact(run, "cpu_name"));
	bind_text(q, 4, host_fact(run, "kernel_release"));
	bind_text(q, 5, rundir_meta_text(run, RUNDIR_START));
	bind_text(q, 6, rundir_meta_text(run, RUNDIR_STATE));
	sqlite3_bind_int(q, 7, !*why);
	bind_text(q, 8, path ? path : run->path);
	bind_text(q, 9, model);
	bind_text(q, 10, core ? core : "uniform");
	bind_text(q, 11, machine);
	bind_text(q, 12,
		  cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(versions, RUNDIR_LAB)));
	bind_text(q, 13, why);
	free(path);
	return finish(q);
}

/* Steps a statement with one text. */
static int one_text(sqlite3 *db, const char *sql, const char *text)
{
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return -1;
	bind_text(q, 1, text);
	return finish(q);
}

/* What is to be done with a run, given what the store has under its name. */
static int look_up(sqlite3 *db, const struct rundir_data *run, enum store_added *how)
{
	sqlite3_stmt *q;
	int step;

	if (sqlite3_prepare_v2(db, "SELECT state FROM run WHERE run_id = ?", -1, &q, NULL))
		return -1;
	bind_text(q, 1, rundir_meta_text(run, RUNDIR_RUN_ID));
	step = sqlite3_step(q);
	*how = STORE_NEW;
	if (step == SQLITE_ROW) {
		*how = STORE_REPLACED;
		if (!strcmp((const char *)sqlite3_column_text(q, 0), RUNDIR_COMPLETE) &&
		    strcmp(rundir_meta_text(run, RUNDIR_STATE), RUNDIR_COMPLETE))
			*how = STORE_KEPT;
	}
	sqlite3_finalize(q);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
}

static int add_run(sqlite3 *db, const struct rundir_data *run, enum store_added *how)
{
	char *path = realpath(run->path, NULL);
	int bad = one_text(db, "DELETE FROM refused WHERE path = ?", path ? path : run->path);

	free(path);
	if (bad || look_up(db, run, how))
		return -1;
	if (*how == STORE_KEPT)
		return 0;
	if (*how == STORE_REPLACED &&
	    one_text(db, "DELETE FROM run WHERE run_id = ?", rundir_meta_text(run, RUNDIR_RUN_ID)))
		return -1;
	return insert_run(db, run);
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

int store_add(sqlite3 *db, const struct rundir_data *run, enum store_added *how,
	      struct data_error *e)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	enum store_added added = STORE_NEW;
	size_t row;
	int bad = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (!bad)
		bad = add_run(db, run, &added);
	for (row = 0; row < t->rows && !bad && added != STORE_KEPT; row++)
		bad = add_verdict(db, t, row);
	if (!bad && !sqlite3_exec(db, "COMMIT", NULL, NULL, NULL)) {
		if (how)
			*how = added;
		return 0;
	}
	store_sql_failed(db, "write", e);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return EGPR_UNAVAILABLE;
}

int store_refuse(sqlite3 *db, const char *path, const char *why, struct data_error *e)
{
	static const char sql[] = "INSERT OR REPLACE INTO refused VALUES (?,?)";
	char *real = realpath(path, NULL);
	sqlite3_stmt *q;
	int bad = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	if (!bad) {
		bind_text(q, 1, real ? real : path);
		bind_text(q, 2, why);
		bad = finish(q);
	}
	free(real);
	return bad ? store_sql_failed(db, "write", e) : 0;
}

int store_record(const char *path, const char *file, struct data_error *e)
{
	struct rundir_data run;
	sqlite3 *db;
	int ret = rundir_load_results(path, &run, e);

	if (ret)
		return ret;
	ret = store_open(file ? file : STORE_FILE, &db, e);
	if (!ret) {
		ret = store_add(db, &run, NULL, e);
		sqlite3_close(db);
	}
	rundir_free(&run);
	return ret;
}
