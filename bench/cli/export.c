// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab export DIR`: a verified run on standard output in another format.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include <bench/rundir/export.h>

extern const struct egpr_command egpr_cmd_export;

enum {
	OPTION_FORMAT,
	OPTION_OUT
};
static const struct egpr_option export_options[] = {
	[OPTION_FORMAT] = { "format", "csv|gbench|kcidb|ktap|lkp|openmetrics",
			    "what to write; csv where not given" },
	[OPTION_OUT] = { "out", "FILE", "write there instead of to standard output" },
	{ NULL, NULL, NULL },
};

/* The comparisons: the file that others ask for. */
static int print_csv(const struct rundir_data *run)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	struct csv_row row = { .schema = t->schema };
	char *text;
	size_t i, len;
	int ret = csv_format_header(t->schema, &text, &len);

	for (i = 0; !ret; i++) {
		fwrite(text, 1, len, stdout);
		free(text);
		if (i == t->rows)
			break;
		memcpy((void *)row.cell, (void *)(t->cells + i * t->schema->count),
		       t->schema->count * sizeof(*row.cell));
		ret = csv_format_row(&row, &text, &len);
	}
	return ret ? EGPR_INTERNAL : 0;
}

static int print_json(cJSON *doc)
{
	char *text = cJSON_Print(doc);

	cJSON_Delete(doc);
	if (!text)
		return EGPR_INTERNAL;
	puts(text);
	cJSON_free(text);
	return 0;
}

static int print_gbench(const struct rundir_data *run)
{
	struct data_error e;
	cJSON *doc = export_gbench(run, &e);

	if (!doc) {
		fprintf(stderr, "egprlab export: %s\n", e.text);
		return EGPR_DATA;
	}
	return print_json(doc);
}

static int print_kcidb(const struct rundir_data *run)
{
	return print_json(export_kcidb(run));
}

static int print_lkp(const struct rundir_data *run)
{
	unsigned int left_out;
	cJSON *doc = export_lkp(run, &left_out);

	if (!doc) {
		fputs("egprlab export: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	if (left_out)
		fprintf(stderr,
			"egprlab export: %u arms are not in every launch and left out: their array "
			"would have a hole\n",
			left_out);
	return print_json(doc);
}

static int print_ktap(const struct rundir_data *run)
{
	if (!export_ktap(run, stdout))
		return 0;
	fputs("egprlab export: out of memory\n", stderr);
	return EGPR_INTERNAL;
}

static int print_openmetrics(const struct rundir_data *run)
{
	export_openmetrics(run, stdout);
	return 0;
}

static const struct {
	const char *name;
	int (*print)(const struct rundir_data *run);
	bool samples; /* it looks at them */
} formats[] = {
	{ "csv", print_csv, false },	 { "gbench", print_gbench, true },
	{ "kcidb", print_kcidb, false }, { "ktap", print_ktap, false },
	{ "lkp", print_lkp, true },	 { "openmetrics", print_openmetrics, false },
};

static int export_run(int argc, char **argv)
{
	const char *value, *format = formats[0].name, *out = NULL;
	struct rundir_data run;
	struct data_error e;
	int option, ret;
	size_t i;

	while ((option = egpr_command_option(&egpr_cmd_export, argc, argv, &value)) >= 0) {
		if (option == OPTION_FORMAT)
			format = value;
		else
			out = value;
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_export, "name one run directory");
	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(formats[i].name, format))
			continue;
		ret = formats[i].samples ? rundir_load(argv[optind], &run, &e)
					 : rundir_load_results(argv[optind], &run, &e);
		if (ret) {
			fprintf(stderr, "egprlab export: %s\n", e.text);
			return ret;
		}
		if (out && !freopen(out, "we", stdout)) {
			fprintf(stderr, "egprlab export: cannot write %s: %s\n", out,
				strerror(errno));
			ret = EGPR_UNAVAILABLE;
		} else {
			ret = formats[i].print(&run);
		}
		rundir_free(&run);
		return ret;
	}
	return egpr_command_usage(&egpr_cmd_export, "'%s' is not a format", format);
}

const struct egpr_command egpr_cmd_export = {
	.name = "export",
	.args = "DIR",
	.text = "a run as CSV, or for Google Benchmark, KCIDB, KTAP, LKP, OpenMetrics",
	.options = export_options,
	.run = export_run,
};
