// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab merge DIR ...`: run directories of many hosts into the store, what is wrong with
 * some of them, and all hosts combined.
 *
 * One run is in memory at a time and one transaction in the store per run: a merge that is
 * killed leaves whole runs, and goes on when it is called again. Nothing is dropped: what cannot
 * be used is listed with its reason, by this command and by `history --refused` after it.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include <bench/report/hosts.h>
#include <bench/rundir/store.h>

extern const struct egpr_command egpr_cmd_merge;

#define WHY_BYTES 512

enum {
	OPTION_DB,
	OPTION_FOREST
};
static const struct egpr_option merge_options[] = {
	[OPTION_DB] = { "db", "FILE", "store to write, instead of " STORE_FILE },
	[OPTION_FOREST] = { "forest", "DIR", "a forest plot per comparison into DIR" },
	{ NULL, NULL, NULL },
};

/*
 * struct tally - what became of the directories
 * @again: the store had the run already
 * @d: table of what is to be said of them
 */
struct tally {
	unsigned int added, again, unsound, damaged;
	struct doc d;
};

/* A line at once, for a fleet takes its time; as JSON a row. */
__attribute__((format(printf, 4, 5))) static void tell(struct tally *t, const char *what,
						       const char *path, const char *fmt, ...)
{
	char text[2 * WHY_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!egpr_output.json) {
		printf("%s\t%s\t%s\n", what, path, text);
		return;
	}
	doc_cell(&t->d, DOC_PLAIN, NULL, "%s", what);
	doc_cell(&t->d, DOC_PLAIN, NULL, "%s", path);
	doc_cell(&t->d, DOC_PLAIN, NULL, "%s", text);
}

static int add(sqlite3 *db, const struct rundir_data *run, struct tally *t, struct data_error *e)
{
	enum store_added how;
	char why[WHY_BYTES];
	int ret = store_add(db, run, &how, e);

	if (ret)
		return ret;
	store_why_unsound(run, why, sizeof(why));
	if (*why) {
		t->unsound++;
		tell(t, "unsound", run->path, "%s", why);
	}
	if (how == STORE_NEW) {
		t->added++;
		return 0;
	}
	t->again++;
	tell(t, "again", run->path, "run %s counts once%s", rundir_meta_text(run, RUNDIR_RUN_ID),
	     how == STORE_KEPT ? "; the store has it complete" : "");
	return 0;
}

static int merge_one(sqlite3 *db, const char *path, struct tally *t, struct data_error *e)
{
	struct data_error why;
	struct rundir_data run;
	int ret = rundir_load_results(path, &run, &why);

	if (!ret) {
		ret = add(db, &run, t, e);
		rundir_free(&run);
		return ret;
	}
	if (ret != EGPR_DATA) {
		*e = why;
		return ret;
	}
	t->damaged++;
	tell(t, "damaged", path, "%s", why.text);
	return store_refuse(db, path, why.text, e);
}

static int merge(sqlite3 *db, char **dirs, int n, const char *forest, struct tally *t,
		 struct data_error *e)
{
	static const struct store_filter all;
	static const struct doc_column columns[] = { { "what", 0 },
						     { "directory", 0 },
						     { "why", 0 } };
	struct store_count count;
	char number[32];
	int i, ret = 0;

	if (egpr_output.json)
		doc_table(&t->d, "directories", columns, 3, "What is to be said of directories");
	store_many(db, true);
	for (i = 0; i < n && !ret; i++)
		ret = merge_one(db, dirs[i], t, e);
	store_many(db, false);
	if (!ret)
		ret = store_count(db, &count, e);
	if (ret)
		return ret;
	snprintf(number, sizeof(number), "%d directories", n);
	tell(t, "merged", number, "%u new, %u again, %u damaged; %u unsound", t->added, t->again,
	     t->damaged, t->unsound);
	snprintf(number, sizeof(number), "%u runs", count.runs);
	tell(t, "store", number, "%u of them unsound and not combined, %u directories refused",
	     count.unsound, count.refused);
	if (!egpr_output.json)
		putchar('\n');
	ret = hosts_combine(db, &all, forest, &t->d, e);
	return ret ? ret : egpr_command_print(&egpr_cmd_merge, &t->d, EGPR_TABS);
}

static int merge_run(int argc, char **argv)
{
	const char *value, *file = STORE_FILE, *forest = NULL;
	struct tally t = { 0 };
	struct data_error e = { "" };
	int option, ret;
	sqlite3 *db;

	while ((option = egpr_command_option(&egpr_cmd_merge, argc, argv, &value)) >= 0) {
		if (option == OPTION_DB)
			file = value;
		else
			forest = value;
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind == argc)
		return egpr_command_usage(&egpr_cmd_merge, "name a run directory");
	if (!strcmp(file, STORE_FILE))
		mkdir(RUNDIR_ROOT, 0777); /* store_open() says what is wrong if this fails */
	ret = store_open(file, &db, &e);
	if (!ret) {
		ret = merge(db, argv + optind, argc - optind, forest, &t, &e);
		sqlite3_close(db);
	}
	doc_free(&t.d);
	if (ret) {
		if (*e.text)
			fprintf(stderr, "egprlab merge: %s\n", e.text);
		return ret;
	}
	if (t.damaged)
		fprintf(stderr,
			"egprlab merge: %u of %d directories are damaged and not merged; they are "
			"listed above; copy them again from their hosts and merge them\n",
			t.damaged, argc - optind);
	egpr_command_next("egprlab history --meta --db %s", file);
	return t.damaged ? EGPR_DATA : EGPR_DONE;
}

const struct egpr_command egpr_cmd_merge = {
	.name = "merge",
	.args = "DIR ...",
	.text = "runs of many hosts into the store, and all hosts combined",
	.options = merge_options,
	.tables = 1,
	.run = merge_run,
};
