// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SQLite store, read: comparisons one by one or as an array, and what is not to be combined.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define NR_TEXTS 18

static double real_column(sqlite3_stmt *q, int i)
{
	return sqlite3_column_type(q, i) == SQLITE_NULL ? NAN : sqlite3_column_double(q, i);
}

/* The texts of a row, in the order of the columns that store_each() asks for. */
static void texts_of(struct store_row *r, char ***texts)
{
	char **const list[NR_TEXTS] = { &r->run_id,    &r->host_id,  &r->cpu,	     &r->kernel,
					&r->start,     &r->backend,  &r->provenance, &r->layer,
					&r->exit_kind, &r->strategy, &r->state,	     &r->context,
					&r->verdict,   &r->margin,   &r->model,	     &r->core_type,
					&r->machine,   &r->lab };

	memcpy(texts, list, sizeof(list));
}

/* The texts are SQLite's: they hold until the next step. */
static void look_at_row(sqlite3_stmt *q, struct store_row *r)
{
	static char nothing[] = "";
	char **texts[NR_TEXTS];
	int i;

	texts_of(r, texts);
	for (i = 0; i < NR_TEXTS; i++) {
		char *s = (char *)sqlite3_column_text(q, i);

		*texts[i] = s ? s : nothing;
	}
	r->representative = sqlite3_column_int(q, i);
	r->sound = sqlite3_column_int(q, i + 1);
	r->diff = real_column(q, i + 2);
	r->low = real_column(q, i + 3);
	r->high = real_column(q, i + 4);
}

int store_each(sqlite3 *db, const struct store_filter *f,
	       int (*each)(const struct store_row *row, void *arg), void *arg, struct data_error *e)
{
	static const char sql[] =
		"SELECT r.run_id, r.host_id, r.cpu, r.kernel, r.start, v.backend, v.provenance,"
		" v.layer, v.exit_kind, v.strategy, v.guest_state, v.context, v.verdict, v.margin_text,"
		" r.model, r.core_type, r.machine, r.lab,"
		" v.representative,"
		" r.sound, v.diff, v.diff_low, v.diff_high"
		" FROM verdict v JOIN run r USING (run_id)"
		" WHERE (?1 IS NULL OR r.host_id = ?1) AND (?2 IS NULL OR v.strategy = ?2)"
		" AND (?3 IS NULL OR v.layer = ?3) AND (?4 IS NULL OR v.exit_kind = ?4)"
		" AND (?5 IS NULL OR v.guest_state = ?5) AND (?6 IS NULL OR v.provenance = ?6)"
		" AND (?7 IS NULL OR r.kernel = ?7) AND (?8 IS NULL OR v.context = ?8)"
		" ORDER BY v.provenance, v.layer, v.exit_kind, v.guest_state, v.context, v.strategy,"
		" v.representative DESC, r.model, r.core_type, r.machine, r.start, r.run_id,"
		" v.rowid";
	const char *const values[] = { f->host,	 f->strategy,	f->layer,  f->exit_kind,
				       f->state, f->provenance, f->kernel, f->context };
	struct store_row row;
	sqlite3_stmt *q;
	int i, step, ret = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return store_sql_failed(db, "read", e);
	for (i = 0; i < (int)(sizeof(values) / sizeof(*values)); i++) {
		if (values[i])
			sqlite3_bind_text(q, i + 1, values[i], -1, SQLITE_STATIC);
	}
	while ((step = sqlite3_step(q)) == SQLITE_ROW && !ret) {
		look_at_row(q, &row);
		ret = each(&row, arg);
	}
	if (!ret && step != SQLITE_DONE)
		ret = store_sql_failed(db, "read", e);
	sqlite3_finalize(q);
	return ret;
}

struct collection {
	struct store_row *rows;
	size_t n;
};

static int collect(const struct store_row *row, void *arg)
{
	struct collection *c = arg;
	struct store_row *grown;
	char **texts[NR_TEXTS];
	int i, bad = 0;

	if ((c->n & (c->n - 1)) == 0) { /* full at every power of two */
		grown = realloc(c->rows, (c->n ? 2 * c->n : 1) * sizeof(*grown));
		if (!grown)
			return EGPR_INTERNAL;
		c->rows = grown;
	}
	c->rows[c->n] = *row;
	texts_of(&c->rows[c->n++], texts);
	for (i = 0; i < NR_TEXTS; i++) {
		*texts[i] = strdup(*texts[i]);
		bad |= !*texts[i];
	}
	return bad ? EGPR_INTERNAL : 0;
}

int store_select(sqlite3 *db, const struct store_filter *f, struct store_row **rows, size_t *n,
		 struct data_error *e)
{
	struct collection c = { NULL, 0 };
	int ret = store_each(db, f, collect, &c, e);

	if (ret == EGPR_INTERNAL)
		data_fail(e, ret, "out of memory");
	if (ret) {
		store_rows_free(c.rows, c.n);
		c.rows = NULL;
		c.n = 0;
	}
	*rows = c.rows;
	*n = c.n;
	return ret;
}

void store_rows_free(struct store_row *rows, size_t n)
{
	char **texts[NR_TEXTS];
	size_t i, j;

	for (i = 0; i < n; i++) {
		texts_of(&rows[i], texts);
		for (j = 0; j < NR_TEXTS; j++)
			free(*texts[j]);
	}
	free(rows);
}

int store_count(sqlite3 *db, struct store_count *c, struct data_error *e)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM run),"
				  " (SELECT count(*) FROM run WHERE NOT sound),"
				  " (SELECT count(*) FROM refused)";
	sqlite3_stmt *q;
	int ret = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return store_sql_failed(db, "read", e);
	if (sqlite3_step(q) == SQLITE_ROW) {
		c->runs = (unsigned int)sqlite3_column_int(q, 0);
		c->unsound = (unsigned int)sqlite3_column_int(q, 1);
		c->refused = (unsigned int)sqlite3_column_int(q, 2);
	} else {
		ret = store_sql_failed(db, "read", e);
	}
	sqlite3_finalize(q);
	return ret;
}

int store_each_bad(sqlite3 *db,
		   void (*each)(const char *kind, const char *path, const char *why, void *arg),
		   void *arg, struct data_error *e)
{
	static const char sql[] =
		"SELECT 'unsound' AS kind, path, why FROM run WHERE NOT sound UNION ALL"
		" SELECT 'damaged', path, why FROM refused ORDER BY kind DESC, path";
	sqlite3_stmt *q;
	int step, ret = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL))
		return store_sql_failed(db, "read", e);
	while ((step = sqlite3_step(q)) == SQLITE_ROW)
		each((const char *)sqlite3_column_text(q, 0),
		     (const char *)sqlite3_column_text(q, 1),
		     (const char *)sqlite3_column_text(q, 2), arg);
	if (step != SQLITE_DONE)
		ret = store_sql_failed(db, "read", e);
	sqlite3_finalize(q);
	return ret;
}
