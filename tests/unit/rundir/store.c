// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: migrations from every older version, refusal of newer and foreign
 * files, adding a run twice, selecting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../scratch.h"
#include <bench/rundir/store.h>

struct place {
	char root[64];
	char db[96];
	char run[96];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	scratch_make(p->root, sizeof(p->root));
	snprintf(p->db, sizeof(p->db), "%s/lab.db", p->root);
	snprintf(p->run, sizeof(p->run), "%s/run", p->root);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	scratch_remove(p->root);
	free(p);
	return 0;
}

static sqlite3 *open_good(const char *path)
{
	struct data_error e = { "" };
	sqlite3 *db;

	if (store_open(path, &db, &e))
		fail_msg("%s", e.text);
	return db;
}

/* Makes a file by hand, as an older or foreign program would have left it. */
static void make_file(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void write_run_as(struct place *p, double diff, bool complete)
{
	struct rundir_options o = { .dir = p->run,
				    .id = "synthetic-store",
				    .host_id = "synthetic" };
	static const struct rundir_key key = { .backend = "vmx",
					       .representative = true,
					       .provenance = EGPR_PROV_PROXY,
					       .layer = EGPR_LAYER_PRIM,
					       .strategy = "gated-mov",
					       .state = EGPR_STATE_DIRTY };
	cJSON *host = cJSON_CreateObject();
	struct rundir *d;
	struct csv_row row;

	cJSON_AddStringToObject(host, "cpu_name", "Synthetic CPU");
	o.host = host;
	o.plan = host;
	d = rundir_create(&o, NULL, NULL);
	assert_non_null(d);
	rundir_row(d, EGPR_CSV_VERDICTS, &key, &row);
	csv_set_text(&row, EGPR_VERDICTS_baseline, "none");
	csv_set_real(&row, EGPR_VERDICTS_diff, diff);
	csv_set_text(&row, EGPR_VERDICTS_verdict, "slower");
	assert_int_equal(rundir_append(d, &row, NULL), 0);
	assert_int_equal(rundir_close(d, complete, NULL), 0);
	cJSON_Delete(host);
}

static void write_run(struct place *p, double diff)
{
	write_run_as(p, diff, true);
}

static void test_add_and_select(void **state)
{
	struct place *p = *state;
	struct store_filter all = { 0 }, other = { .strategy = "xsave" },
			    context = { .context = "fp-0" };
	struct data_error e = { "" };
	struct store_row *rows;
	sqlite3 *db;
	size_t n;

	write_run(p, 12.5);
	assert_int_equal(store_record(p->run, p->db, &e), 0);
	assert_int_equal(store_record(p->run, p->db, &e), 0); /* replaces, does not double */
	db = open_good(p->db);
	assert_int_equal(store_select(db, &all, &rows, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].cpu, "Synthetic CPU");
	assert_string_equal(rows[0].strategy, "gated-mov");
	assert_true(rows[0].diff == 12.5);
	assert_string_equal(rows[0].context, "packed");
	assert_true(rows[0].low != rows[0].low); /* not measured stays not measured */
	assert_int_equal(rows[0].representative, 1);
	assert_int_equal(rows[0].sound, 0);
	store_rows_free(rows, n);
	assert_int_equal(store_select(db, &other, &rows, &n, &e), 0);
	assert_int_equal(n, 0);
	store_rows_free(rows, n);
	assert_int_equal(store_select(db, &context, &rows, &n, &e), 0);
	assert_int_equal(n, 0);
	store_rows_free(rows, n);
	sqlite3_close(db);
}

/* A file as version 1 left it, with a run in it, gains the indices and keeps the run. */
static void test_migration_from_1(void **state)
{
	struct place *p = *state;
	struct store_filter all = { 0 };
	struct data_error e = { "" };
	struct store_row *rows;
	sqlite3 *db;
	size_t n;

	make_file(
		p->db,
		"CREATE TABLE run (run_id TEXT PRIMARY KEY, host_id TEXT NOT NULL, cpu TEXT NOT "
		"NULL, kernel TEXT NOT NULL, start TEXT NOT NULL, state TEXT NOT NULL, sound INTEGER "
		"NOT NULL, path TEXT NOT NULL);"
		"CREATE TABLE verdict (run_id TEXT NOT NULL REFERENCES run(run_id) ON DELETE "
		"CASCADE, backend TEXT NOT NULL, representative INTEGER NOT NULL, provenance TEXT "
		"NOT NULL, layer TEXT NOT NULL, exit_kind TEXT NOT NULL, path TEXT NOT NULL,"
		"strategy TEXT NOT NULL, guest_state TEXT NOT NULL, baseline TEXT NOT NULL,"
		"blocks INTEGER, base_p50 REAL, diff REAL, diff_low REAL, diff_high REAL,"
		"margin REAL, margin_text TEXT, verdict TEXT NOT NULL);"
		"INSERT INTO run VALUES ('old', 'h', 'c', 'k', 's', 'complete', 1, 'p');"
		"INSERT INTO verdict VALUES ('old', 'vmx', 1, 'proxy', 'prim', 'none', 'none', 'dual',"
		"'dirty', 'none', 1, 2, 3, 2, 4, 10, '10 cycles', 'equivalent');"
		"PRAGMA user_version = 1");
	db = open_good(p->db);
	assert_int_equal(store_select(db, &all, &rows, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].run_id, "old");
	assert_string_equal(rows[0].context, "packed");
	assert_string_equal(rows[0].model, "c"); /* the nearest that version 1 kept */
	assert_string_equal(rows[0].machine, "h");
	store_rows_free(rows, n);
	assert_int_equal(
		sqlite3_exec(db, "DROP INDEX verdict_of; DROP INDEX run_on", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

static void refused(const char *path, const char *why)
{
	struct data_error e = { "" };
	sqlite3 *db;

	assert_int_equal(store_open(path, &db, &e), EGPR_DATA);
	if (!strstr(e.text, why) || !strstr(e.text, path))
		fail_msg("'%s' does not say '%s'", e.text, why);
}

static void test_newer(void **state)
{
	struct place *p = *state;

	make_file(p->db, "PRAGMA user_version = 99");
	refused(p->db, "99 is newer than 4");
}

static void test_foreign(void **state)
{
	struct place *p = *state;
	FILE *f;

	make_file(p->db, "CREATE TABLE somebody (other)");
	refused(p->db, "not a store");
	f = fopen(p->db, "w");
	fputs("This is a text that is long enough to be taken for a header of a database file, "
	      "but it is none at all, as SQLite finds out when it reads the first page.\n",
	      f);
	fclose(f);
	refused(p->db, "not a store");
}

static void test_damaged_run_stays_out(void **state)
{
	struct place *p = *state;
	struct data_error e = { "" };
	char path[128];
	FILE *f;

	write_run(p, 1);
	snprintf(path, sizeof(path), "%s/verdicts.csv", p->run);
	f = fopen(path, "a");
	fputs("x\n", f);
	fclose(f);
	assert_int_equal(store_record(p->run, p->db, &e), EGPR_DATA);
	assert_non_null(strstr(e.text, "verdicts.csv"));
	assert_int_not_equal(access(p->db, F_OK), 0);
}

static enum store_added add_as(struct place *p, sqlite3 *db, double diff, bool complete)
{
	struct data_error e = { "" };
	struct rundir_data run;
	enum store_added how;

	scratch_remove(p->run);
	write_run_as(p, diff, complete);
	if (rundir_load(p->run, &run, &e) || store_add(db, &run, &how, &e))
		fail_msg("%s", e.text);
	rundir_free(&run);
	return how;
}

static double only_diff(sqlite3 *db)
{
	struct store_filter all = { 0 };
	struct data_error e = { "" };
	struct store_row *rows;
	double diff;
	size_t n;

	assert_int_equal(store_select(db, &all, &rows, &n, &e), 0);
	assert_int_equal(n, 1);
	diff = rows[0].diff;
	store_rows_free(rows, n);
	return diff;
}

/* A later state of a run takes the place of an earlier one, and not the other way round. */
static void test_complete_stays(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_good(p->db);

	assert_int_equal(add_as(p, db, 1, false), STORE_NEW);
	assert_int_equal(add_as(p, db, 2, true), STORE_REPLACED);
	assert_int_equal(add_as(p, db, 3, false), STORE_KEPT);
	assert_true(only_diff(db) == 2);
	assert_int_equal(add_as(p, db, 4, true), STORE_REPLACED);
	assert_true(only_diff(db) == 4);
	sqlite3_close(db);
}

struct seen {
	unsigned int damaged, unsound;
	char why[128];
};

static void see(const char *kind, const char *path, const char *why, void *arg)
{
	struct seen *s = arg;

	assert_non_null(strstr(path, "/run"));
	if (strcmp(kind, "damaged")) {
		s->unsound++;
		return;
	}
	s->damaged++;
	snprintf(s->why, sizeof(s->why), "%s", why);
}

/* What was refused is remembered until the directory is mended. */
static void test_refused(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_good(p->db);
	struct data_error e = { "" };
	struct store_count c;
	struct seen s = { 0 };

	write_run(p, 1);
	assert_int_equal(store_refuse(db, p->run, "first", &e), 0);
	assert_int_equal(store_refuse(db, p->run, "broken", &e), 0);
	assert_int_equal(store_each_bad(db, see, &s, &e), 0);
	assert_int_equal(s.damaged, 1);
	assert_string_equal(s.why, "broken");
	add_as(p, db, 1, true);
	memset(&s, 0, sizeof(s));
	assert_int_equal(store_each_bad(db, see, &s, &e), 0);
	assert_int_equal(s.damaged, 0);
	assert_int_equal(s.unsound, 1); /* it has no self-checks */
	assert_int_equal(store_count(db, &c, &e), 0);
	assert_int_equal(c.runs, 1);
	assert_int_equal(c.unsound, 1);
	assert_int_equal(c.refused, 0);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_add_and_select, setup, teardown),
		cmocka_unit_test_setup_teardown(test_migration_from_1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_run_stays_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
