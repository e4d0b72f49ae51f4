// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab history`: what the store knows, by comparison and host; --meta combines
 * hosts, with a forest plot per comparison; --changes finds where a machine's runs changed.
 *
 * How hosts are combined says bench/report/hosts.h, how changes are found
 * bench/report/trend.h. Unsound runs are shown and never combined.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include <bench/report/doc/doc.h>
#include <bench/report/hosts.h>
#include <bench/report/report.h>
#include <bench/report/trend.h>
#include <bench/rundir/store.h>
#include <bench/stats/change.h>

extern const struct egpr_command egpr_cmd_history;

enum history_option {
	OPTION_DB,
	OPTION_HOST,
	OPTION_KERNEL,
	OPTION_STRATEGY,
	OPTION_LAYER,
	OPTION_EXIT,
	OPTION_STATE,
	OPTION_CONTEXT,
	OPTION_PROVENANCE,
	OPTION_META,
	OPTION_FOREST,
	OPTION_REFUSED,
	OPTION_CHANGES,
};

static const struct egpr_option history_options[] = {
	[OPTION_DB] = { "db", "FILE", "store to read, instead of " STORE_FILE },
	[OPTION_HOST] = { "host", "ID", "only this host_id" },
	[OPTION_KERNEL] = { "kernel", "RELEASE", "only this kernel" },
	[OPTION_STRATEGY] = { "strategy", "ID", "only this strategy" },
	[OPTION_LAYER] = { "layer", "ID", "only this layer" },
	[OPTION_EXIT] = { "exit", "ID", "only this exit kind" },
	[OPTION_STATE] = { "state", "ID", "only this guest state" },
	[OPTION_CONTEXT] = { "context", "ID", "only this context" },
	[OPTION_PROVENANCE] = { "provenance", "ID", "only this provenance" },
	[OPTION_META] = { "meta", NULL, "combine hosts by random-effects meta-analysis" },
	[OPTION_FOREST] = { "forest", "DIR", "with --meta: a forest plot per comparison into DIR" },
	[OPTION_REFUSED] = { "refused", NULL,
			     "instead: what is not combined, and why: unsound runs, damaged directories" },
	[OPTION_CHANGES] = { "changes", NULL,
			     "where the runs of one machine changed, with the range of commits" },
	{ NULL, NULL, NULL },
};

/*
 * struct wish - the command line
 */
struct wish {
	const char *db;
	struct store_filter filter;
	bool meta;
	bool refused;
	bool changes;
	const char *forest;
};

static void begin_table(struct doc *d)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "layer", 0 },
		{ "exit", 0 },
		{ "state", 0 },
		{ "context", 0 },
		{ "prov.", 0 },
		{ "host", 0 },
		{ "cpu", 0 },
		{ "kernel", 0 },
		{ "start", 0 },
		{ "sound", 0 },
		{ "diff", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
		{ "verdict", 0 },
		{ "margin", 0 },
	};

	doc_table(d, "history", columns, sizeof(columns) / sizeof(*columns), "History");
}

static void add_row(struct doc *d, const struct store_row *r)
{
	const char *const texts[] = { r->strategy,
				      r->layer,
				      r->exit_kind,
				      r->state,
				      r->context,
				      r->provenance,
				      r->host_id,
				      r->cpu,
				      r->kernel,
				      r->start,
				      r->sound ? "yes" : "NO" };
	size_t j;

	for (j = 0; j < sizeof(texts) / sizeof(*texts); j++)
		doc_cell(d, DOC_PLAIN, NULL, "%s", texts[j]);
	doc_cell(d, DOC_PLAIN, NULL, "%s", report_signed(r->diff));
	doc_cell(d, DOC_PLAIN, NULL, "%s", report_interval(r->low, r->high));
	doc_cell(d, DOC_PLAIN, NULL, "%s", r->verdict);
	doc_cell(d, DOC_PLAIN, NULL, "%s", r->margin);
}

static int whole_table(const struct wish *w, sqlite3 *db, struct doc *d, struct data_error *e)
{
	struct store_row *rows;
	size_t n, i;
	int ret = store_select(db, &w->filter, &rows, &n, e);

	if (ret)
		return ret;
	begin_table(d);
	for (i = 0; i < n; i++)
		add_row(d, &rows[i]);
	store_rows_free(rows, n);
	return 0;
}

/* A table of one row, and only that row is printed. */
static int print_row(const struct store_row *r, void *arg)
{
	struct doc d = { 0 };

	(void)arg;
	begin_table(&d);
	add_row(&d, r);
	doc_tabs_rows(&d, stdout);
	doc_free(&d);
	return 0;
}

/* Every row as it comes: a store may have more of them than memory has room for. */
static int print_each(const struct wish *w, sqlite3 *db, struct data_error *e)
{
	struct doc d = { 0 };

	begin_table(&d);
	doc_tabs(&d, stdout);
	doc_free(&d);
	return store_each(db, &w->filter, print_row, NULL, e);
}

static const struct doc_column bad_columns[] = { { "what", 0 }, { "directory", 0 }, { "why", 0 } };

static void add_bad(const char *kind, const char *path, const char *why, void *arg)
{
	doc_cell(arg, DOC_PLAIN, NULL, "%s", kind);
	doc_cell(arg, DOC_PLAIN, NULL, "%s", path);
	doc_cell(arg, DOC_PLAIN, NULL, "%s", why);
}

/* What the table of changes cannot say: in how many series nothing was found. */
static void print_trend_count(const struct trend_count *c)
{
	printf("%u series of at least %d runs, %u changes; %u series are shorter\n", c->series,
	       2 * CHANGE_MIN_SEGMENT, c->changes, c->shorter);
	if (c->cut)
		printf("of %u series the newest %d runs were looked at\n", c->cut, CHANGE_MOST);
	printf("at %.0f %% per series, about %.0f would be found in as many series of noise\n",
	       100 * CHANGE_ALPHA, CHANGE_ALPHA * c->series);
}

static int show(const struct wish *w, sqlite3 *db, struct data_error *e)
{
	struct trend_count count = { 0 };
	struct doc d = { 0 };
	int ret;

	/* JSON is one document, and --filter and --only look at all rows before they keep one. */
	if (!w->refused && !w->meta && !w->changes && !egpr_output.json && !egpr_output.filter &&
	    !egpr_output.only)
		return print_each(w, db, e);
	if (w->refused) {
		doc_table(&d, "refused", bad_columns, 3, "What is not combined, and why");
		ret = store_each_bad(db, add_bad, &d, e);
		if (!ret)
			ret = egpr_command_print(&egpr_cmd_history, &d, EGPR_TABS);
		doc_free(&d);
		return ret;
	}
	if (w->meta) {
		ret = hosts_combine(db, &w->filter, w->forest, &d, e);
	} else if (w->changes) {
		ret = trend_changes(db, &w->filter, &d, &count, e);
	} else {
		ret = whole_table(w, db, &d, e);
	}
	if (!ret)
		ret = egpr_command_print(&egpr_cmd_history, &d, EGPR_TABS);
	if (!ret && w->changes && !egpr_output.json)
		print_trend_count(&count);
	doc_free(&d);
	return ret;
}

static int parse(int argc, char **argv, struct wish *w)
{
	const char **const values[] = {
		[OPTION_DB] = &w->db,
		[OPTION_HOST] = &w->filter.host,
		[OPTION_KERNEL] = &w->filter.kernel,
		[OPTION_STRATEGY] = &w->filter.strategy,
		[OPTION_LAYER] = &w->filter.layer,
		[OPTION_EXIT] = &w->filter.exit_kind,
		[OPTION_STATE] = &w->filter.state,
		[OPTION_CONTEXT] = &w->filter.context,
		[OPTION_PROVENANCE] = &w->filter.provenance,
		[OPTION_META] = NULL,
		[OPTION_FOREST] = &w->forest,
		[OPTION_REFUSED] = NULL,
		[OPTION_CHANGES] = NULL,
	};
	const char *value;
	int option;

	while ((option = egpr_command_option(&egpr_cmd_history, argc, argv, &value)) >= 0) {
		if (option == OPTION_META)
			w->meta = true;
		else if (option == OPTION_REFUSED)
			w->refused = true;
		else if (option == OPTION_CHANGES)
			w->changes = true;
		else
			*values[option] = value;
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind < argc)
		return egpr_command_usage(&egpr_cmd_history, "no argument is taken, not '%s'",
					  argv[optind]);
	if (w->forest && !w->meta)
		return egpr_command_usage(&egpr_cmd_history, "--forest needs --meta");
	if (w->meta + w->refused + w->changes > 1)
		return egpr_command_usage(&egpr_cmd_history,
					  "only one of --meta, --changes and --refused");
	return 0;
}

static int history_run(int argc, char **argv)
{
	struct wish w = { .db = STORE_FILE };
	struct data_error e = { "" };
	struct stat st;
	sqlite3 *db;
	int ret = parse(argc, argv, &w);

	if (ret)
		return ret;
	if (stat(w.db, &st)) {
		fprintf(stderr,
			"egprlab history: no store %s: %s; `egprlab import DIR` makes one from a run\n",
			w.db, strerror(errno));
		return EGPR_UNAVAILABLE;
	}
	ret = store_open(w.db, &db, &e);
	if (!ret) {
		ret = show(&w, db, &e);
		sqlite3_close(db);
	}
	if (ret && *e.text)
		fprintf(stderr, "egprlab history: %s\n", e.text);
	return ret;
}

const struct egpr_command egpr_cmd_history = {
	.name = "history",
	.args = "",
	.text = "comparisons of all runs in the store, by host, or combined",
	.options = history_options,
	.tables = 1,
	.run = history_run,
};
