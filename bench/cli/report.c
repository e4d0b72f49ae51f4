// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab report DIR`: pictures, report.html, report.md and report.txt from a run
 * directory, and nothing but what its files say.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include <bench/report/report.h>
#include <bench/report/cost/doc.h>
#include <bench/rundir/file.h>

extern const struct egpr_command egpr_cmd_report;

enum format {
	FORMAT_HTML,
	FORMAT_MARKDOWN,
	FORMAT_TEXT
};

static int render(const struct report *r, enum format format, FILE *f)
{
	switch (format) {
	case FORMAT_HTML:
		return doc_html(&r->doc, r->run->path, f);
	case FORMAT_MARKDOWN:
		return doc_markdown(&r->doc, r->run->path, f);
	case FORMAT_TEXT:
		return doc_text(&r->doc, f);
	}
	return -1;
}

/* Written beside and renamed, so that a failure leaves the old report. */
static int write_report(const struct report *r, enum format format, const char *name)
{
	char *path = rundir_file_path(r->run->path, name);
	char *tmp = NULL;
	int ret = EGPR_INTERNAL;
	FILE *f;

	if (!path || asprintf(&tmp, "%s.tmp", path) < 0)
		goto out;
	f = fopen(tmp, "we");
	if (!f || render(r, format, f) | fclose(f) || rename(tmp, path)) {
		fprintf(stderr, "egprlab report: cannot write %s: %s\n", path, strerror(errno));
		unlink(tmp);
		ret = EGPR_UNAVAILABLE;
		goto out;
	}
	printf("%s\n", path);
	ret = 0;
out:
	free(tmp);
	free(path);
	return ret;
}

/* Of the first group only: the one whose answer comes first. */
static void report_costs(struct report *r)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i = 0, n = report_groups(r->run, groups);
	struct data_error e;

	while (i < n && !report_answers(r->run, &groups[i]))
		i++;
	if (i == n || !groups[i].margin)
		return;
	doc_heading(&r->doc, 2, "cost", "What it costs a workload");
	if (report_cost_of(r, &groups[i], NULL, &e))
		doc_para(&r->doc, "Not derived: %s.", e.text);
}

static void write_chapters(struct report *r)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(r->run, groups);

	report_list(r);
	report_front(r);
	report_contexts(r);
	report_footprints(r);
	for (i = 0; i < n; i++)
		report_layer(r, &groups[i]);
	report_vmexit(r);
	report_costs(r);
	report_module(r);
	report_path_length(r);
	report_predicted(r);
	report_code(r);
	report_counters(r);
	report_properties(r);
	report_models(r);
	report_posts(r);
	report_proofs(r);
	report_checks(r);
	report_skipped(r);
	report_context(r);
}

static int make_report(const char *dir)
{
	static const char *const names[] = { [FORMAT_HTML] = "report.html",
					     [FORMAT_MARKDOWN] = "report.md",
					     [FORMAT_TEXT] = "report.txt" };
	struct report r = { 0 };
	struct rundir_data run;
	struct data_error e;
	enum format format;
	int ret = rundir_load(dir, &run, &e);

	if (ret) {
		fprintf(stderr, "egprlab report: %s\n", e.text);
		return ret;
	}
	report_margins(&run);
	r.run = &run;
	report_plot_init(&r);
	write_chapters(&r);
	for (format = FORMAT_HTML; format <= FORMAT_TEXT && !ret; format++)
		ret = write_report(&r, format, names[format]);
	if (!ret) {
		printf("%u pictures in %s/" RUNDIR_PLOTS "\n", r.pictures, dir);
		egpr_command_next("xdg-open %s/%s; egprlab explain %s ROW", dir, names[FORMAT_HTML],
				  dir);
	}
	free(r.plots);
	doc_free(&r.doc);
	csv_table_free(&r.model);
	rundir_free(&run);
	return ret;
}

enum {
	OPTION_VMEXIT
};

static const struct egpr_option report_options[] = {
	[OPTION_VMEXIT] = { "vmexit", NULL,
			    "only print `kind mean` per exit kind, as kvm-unit-tests' vmexit does" },
	{ NULL, NULL, NULL },
};

/* Standard output has the lines alone; what they are goes to standard error. */
static int print_vmexit(const char *dir)
{
	struct report_group g;
	struct rundir_data run;
	struct data_error e;
	char text[256];
	int ret = rundir_load(dir, &run, &e);

	if (ret) {
		fprintf(stderr, "egprlab report: %s\n", e.text);
		return ret;
	}
	if (report_vmexit_lines(&run, &g, stdout)) {
		fprintf(stderr, "egprlab report: TSC ticks, layer %s (%s)\n", g.layer,
			report_group_text(&run, &g, text, sizeof(text)));
	} else {
		fprintf(stderr,
			"egprlab report: %s has no exit kinds, because no guest ran; measure layer boundary or kvm\n",
			dir);
		ret = EGPR_UNAVAILABLE;
	}
	rundir_free(&run);
	return ret;
}

static int report_run(int argc, char **argv)
{
	bool vmexit = false;
	const char *value;
	int option;

	while ((option = egpr_command_option(&egpr_cmd_report, argc, argv, &value)) >= 0)
		vmexit |= option == OPTION_VMEXIT;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_report, "name one run directory");
	return vmexit ? print_vmexit(argv[optind]) : make_report(argv[optind]);
}

const struct egpr_command egpr_cmd_report = {
	.name = "report",
	.args = "DIR",
	.text = "pictures and report.html, .md and .txt from a run directory",
	.options = report_options,
	.run = report_run,
};
