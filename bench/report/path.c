// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path length: instructions of an exit as an emulator counts them. Not of this
 * run and not a time: provenance `model`, from results/reference/path-length.csv.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include <bench/rundir/file.h>
#include <bench/base/share.h>

#define FILE_NAME     "path-length.csv"
#define REFERENCE_ENV "EGPRLAB_REFERENCE" /* overrides where it is looked for */
#define MAX_MACHINES  16
#define PERCENT	      100

#define COLUMN(column, TYPE, text)    { #column, CSV_##TYPE, text },
#define PATH_ENUM(column, TYPE, text) EGPR_PATH_LENGTH_##column,

static const struct csv_column path_columns[] = { EGPR_COLUMNS_IDENTITY(COLUMN)
							  EGPR_COLUMNS_PATH_LENGTH(COLUMN) };
static const struct csv_schema path_schema = { FILE_NAME, "one row per exit kind and strategy",
					       path_columns,
					       sizeof(path_columns) / sizeof(*path_columns) };
enum {
	EGPR_PATH_LENGTH_BEFORE = EGPR_NR_IDENTITY - 1,
	EGPR_COLUMNS_PATH_LENGTH(PATH_ENUM)
};

/* The host_id stands for the machine: the emulator, its CPU model and the kernel in it. */
static bool on(const struct csv_table *t, size_t row, const char *host)
{
	return !strcmp(csv_text(t, row, EGPR_COL_host_id), host);
}

/* The row without a switch that a row is compared with; t->rows if there is none. */
static size_t baseline(const struct csv_table *t, size_t of)
{
	struct report_filter f = { .layer = csv_text(t, of, EGPR_COL_layer),
				   .exit_kind = csv_text(t, of, EGPR_COL_exit_kind),
				   .state = csv_text(t, of, EGPR_COL_guest_state),
				   .strategy = "none" };
	size_t row;

	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		if (on(t, row, csv_text(t, of, EGPR_COL_host_id)))
			break;
	}
	return row;
}

/* Which KVM was counted: how the host_id ends, as scripts/path-length names it. */
static const char *kvm_of(const char *host)
{
	static const struct {
		const char *end;
		const char *text;
	} kvms[] = {
		{ "-own",
		  "the distribution's KVM with the module at its probes, nothing switched" },
		{ "-edit", "the edited KVM with nothing at its place" },
		{ "-vmenter", "the edited KVM, halves chosen while it is loaded" },
		{ "-inline", "the edited KVM, halves part of its code" },
	};
	size_t i, n = strlen(host);

	for (i = 0; i < sizeof(kvms) / sizeof(*kvms); i++) {
		size_t end = strlen(kvms[i].end);

		if (n > end && !strcmp(host + n - end, kvms[i].end))
			return kvms[i].text;
	}
	return "strategies at the probes of the distribution's KVM";
}

/* The first row of a machine that has one. */
static size_t first_row(const struct csv_table *t, const char *host)
{
	size_t row = 0;

	while (!on(t, row, host))
		row++;
	return row;
}

static void machine_table(struct report *r, const struct csv_table *t, const char *host, FILE *dat,
			  unsigned int *rows)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },
		{ "path", DOC_WIDE },
		{ "strategy", 0 },
		{ "state", 0 },
		{ "instructions", DOC_NUMBER },
		{ "added", DOC_NUMBER },
		{ "added %", DOC_NUMBER },
	};
	static const struct report_filter all = { 0 };
	const char *main_state = report_main_state(t, &all);
	char id[96];
	size_t row, first = first_row(t, host);

	snprintf(id, sizeof(id), "path-%s", host);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Instructions per exit and entry, counted by %s, kernel %s, %s (model: instruction "
		"counts; backend %s).",
		csv_text(t, first, EGPR_PATH_LENGTH_machine),
		csv_text(t, first, EGPR_PATH_LENGTH_kernel), kvm_of(host),
		csv_text(t, first, EGPR_COL_backend));
	for (row = 0; row < t->rows; row++) {
		size_t base = baseline(t, row);
		double insns = csv_real(t, row, EGPR_PATH_LENGTH_insns), without;

		if (!on(t, row, host) || base == t->rows)
			continue;
		without = csv_real(t, base, EGPR_PATH_LENGTH_insns);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_exit_kind));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_path));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_strategy));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_guest_state));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%.0f", insns);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%+.0f", insns - without);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%+.1f", PERCENT * (insns - without) / without);
		/* The picture: what switches something, in the state with the most to switch. */
		if (!report_is_switch(csv_text(t, row, EGPR_COL_strategy)) ||
		    strcmp(csv_text(t, row, EGPR_COL_guest_state), main_state))
			continue;
		fprintf(dat, "%u\t%s  %s (%s)\t%.12g\t%.12g\n", (*rows)++,
			csv_text(t, row, EGPR_COL_exit_kind), csv_text(t, row, EGPR_COL_strategy),
			csv_text(t, row, EGPR_COL_guest_state), without, insns);
	}
}

static void machine_chapter(struct report *r, const struct csv_table *t, const char *host)
{
	static const struct report_group g = { .provenance = "model" };
	char name[96], title[256];
	unsigned int rows = 0;
	size_t row = first_row(t, host);
	FILE *dat;

	snprintf(name, sizeof(name), "path-%s-model", host);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	machine_table(r, t, host, dat, &rows);
	if (!rows) {
		fclose(dat);
		return;
	}
	snprintf(title, sizeof(title), "Path length on %s, kernel %s, %s",
		 csv_text(t, row, EGPR_PATH_LENGTH_machine),
		 csv_text(t, row, EGPR_PATH_LENGTH_kernel), kvm_of(host));
	report_plot_close(r, dat, "path", name, rows, "", &g, title);
}

static int load(struct csv_table *t, struct data_error *e)
{
	char *dir = share_dir(REFERENCE_ENV, "reference", "results/reference"), *path = NULL, *text;
	size_t len;
	int ret;

	if (dir)
		path = rundir_file_path(dir, FILE_NAME);
	ret = path ? rundir_file_slurp(path, &text, &len) : -ENOENT;
	if (ret)
		ret = data_fail(e, EGPR_UNAVAILABLE, "reference/" FILE_NAME ": %s", strerror(-ret));
	else
		ret = csv_parse(&path_schema, CSV_ALL_COLUMNS(&path_schema), text, len, path, t, e);
	free(path);
	free(dir);
	return ret;
}

void report_path_length(struct report *r)
{
	const struct report_filter all = { 0 };
	const char *hosts[MAX_MACHINES];
	struct data_error e;
	struct csv_table t = { 0 };
	unsigned int i, n;

	doc_heading(&r->doc, 2, "path-length", "Path length");
	if (load(&t, &e)) {
		doc_para(&r->doc, "No path lengths: %s.", e.text);
		return;
	}
	doc_para(
		&r->doc,
		"Counted in an emulator whose TSC counts instructions, not measured on this host: "
		"how much longer a switch makes the path, whatever its share of the time. The exit itself includes the probes of "
		"the module, and an instruction counts as one however long it takes.");
	n = report_values(&t, EGPR_COL_host_id, &all, hosts, MAX_MACHINES);
	for (i = 0; i < n; i++)
		machine_chapter(r, &t, hosts[i]);
	csv_table_free(&t);
}
