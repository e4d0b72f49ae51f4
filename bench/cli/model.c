// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab model`: what llvm-mca says of every strategy, under every scheduling model of interest.
 * With a run directory the rows belong to that run, and are kept in its model.csv for the report.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bench/host/host.h>
#include <bench/model/cpu.h>
#include <bench/model/rows.h>
#include <bench/plan/plan.h>
#include <bench/rundir/file.h>
#include "command.h"

#define DEFAULT_PROFILE "quick" /* has the delays, where no run has */
#define NO_RUN		"none"
#define MAX_CPUS	32

extern const struct egpr_command egpr_cmd_model;

enum {
	OPTION_MODEL,
	OPTION_LIST,
	OPTION_JSON,
	NR_OPTIONS
};

static const struct egpr_option model_options[] = {
	[OPTION_MODEL] = { "model", "LIST", "CPU models of llvm-mca instead of the lab's choice" },
	[OPTION_LIST] = { "list", NULL, "the lab's choice, and what this llvm-mca knows of it" },
	[OPTION_JSON] = { "json", NULL, "an array of objects instead of CSV" },
	{ NULL, NULL, NULL },
};

/*
 * struct asked - what the command line and the run say
 * @run: the run; @has_run: there is one
 * @host: of this machine, without a run
 * @tools: llvm-mca and llvm-objdump
 * @help: what llvm-mca knows
 * @names: text that @cpus point into
 */
struct asked {
	struct rundir_data run;
	bool has_run;
	struct egpr_host host;
	struct model_tools tools;
	char *help;
	char *names;
	const char *cpus[MAX_CPUS];
	unsigned int nr_cpus;
	unsigned int delays[PLAN_MAX_DELAYS];
	unsigned int nr_delays;
};

static int fail(int status, const struct data_error *e)
{
	fprintf(stderr, "egprlab model: %s\n", e->text);
	return status;
}

static const char *fact(const struct asked *a, enum egpr_host_fact f)
{
	const cJSON *host = a->has_run ? cJSON_GetObjectItemCaseSensitive(a->run.meta, RUNDIR_HOST)
				       : NULL;

	return host ? cJSON_GetStringValue(
			      cJSON_GetObjectItemCaseSensitive(host, egpr_host_keys[f]))
		    : a->host.fact[f];
}

/* The scheduling model of the CPU that measured, or of this one. */
static const char *this_cpu(const struct asked *a)
{
	return model_cpu_of(fact(a, EGPR_HOST_cpu_vendor), fact(a, EGPR_HOST_cpu_family),
			    fact(a, EGPR_HOST_cpu_model));
}

static int choose_cpus(struct asked *a, const char *list)
{
	char *rest = a->names = list ? strdup(list) : NULL, *name;
	const struct model_cpu *c;

	for (c = model_cpus; !list && c->name; c++)
		a->cpus[a->nr_cpus++] = c->name;
	while (list && (name = strsep(&rest, ","))) {
		if (!model_knows(a->help, name))
			return egpr_command_usage(&egpr_cmd_model,
						  "'%s' is not a CPU of llvm-mca of LLVM %s; "
						  "`%s -mcpu=help` lists them",
						  name, a->tools.version, a->tools.mca);
		if (a->nr_cpus == MAX_CPUS)
			return egpr_command_usage(&egpr_cmd_model, "more than %d CPU models",
						  MAX_CPUS);
		a->cpus[a->nr_cpus++] = name;
	}
	return 0;
}

/* Those of the run's plan, so that each delay that was measured has a row. */
static int choose_delays(struct asked *a, struct data_error *e)
{
	const cJSON *plan, *item;
	struct plan p;
	int ret;

	if (a->has_run) {
		plan = cJSON_GetObjectItemCaseSensitive(a->run.meta, RUNDIR_PLAN);
		cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(plan, "delays")) {
			if (cJSON_IsNumber(item) && a->nr_delays < PLAN_MAX_DELAYS)
				a->delays[a->nr_delays++] = (unsigned int)item->valuedouble;
		}
		return 0;
	}
	ret = plan_profile(&p, DEFAULT_PROFILE, e);
	if (!ret) {
		a->nr_delays = p.nr_delays;
		memcpy(a->delays, p.delays, sizeof(a->delays));
	}
	plan_free(&p);
	return ret;
}

static int list_cpus(const struct asked *a)
{
	static const struct doc_column columns[] = { { "id", 0 }, { "text", 0 }, { "note", 0 } };
	const char *here = this_cpu(a);
	const struct model_cpu *c;
	struct doc d = { 0 };
	char note[96];
	int ret;

	doc_table(&d, "models", columns, 3, "llvm-mca of LLVM %s", a->tools.version);
	for (c = model_cpus; c->name; c++) {
		snprintf(note, sizeof(note), "%s%s",
			 here && !strcmp(here, c->name) ? "[this CPU]" : "",
			 model_knows(a->help, c->name) ? "" : "[not known to this llvm-mca]");
		doc_cell(&d, DOC_PLAIN, NULL, "%s", c->name);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", c->text);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", note);
	}
	ret = egpr_command_print(&egpr_cmd_model, &d, EGPR_ALIGNED);
	doc_free(&d);
	return ret;
}

/* Empty cells are left out; what is a number in the schema is one here. */
static void json_row(cJSON *array, const struct csv_row *row)
{
	cJSON *o = cJSON_CreateObject();
	unsigned int i;

	for (i = 0; i < row->schema->count; i++) {
		const struct csv_column *c = &row->schema->columns[i];
		const char *cell = row->cell[i];

		if (!cell || !*cell)
			continue;
		if (c->type == CSV_TEXT)
			cJSON_AddStringToObject(o, c->name, cell);
		else
			cJSON_AddNumberToObject(o, c->name, strtod(cell, NULL));
	}
	cJSON_AddItemToArray(array, o);
}

/* The row as --filter and --only see it: all of its cells. */
static void doc_row(struct doc *d, const struct csv_row *row)
{
	unsigned int i;

	for (i = 0; i < row->schema->count; i++)
		doc_cell(d, DOC_PLAIN, NULL, "%s", row->cell[i] ? row->cell[i] : "");
}

/* One row into all outputs. What does not fit the schema is a bug of ours. */
static int put_row(FILE *csv, cJSON *array, struct doc *d, struct csv_row *row,
		   struct data_error *e)
{
	char *line = NULL;
	size_t len;
	int ret = csv_cells_check(row->schema, row->cell, RUNDIR_MODEL, e) ? EGPR_INTERNAL : 0;

	if (!ret && csv_format_row(row, &line, &len))
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!ret) {
		fputs(line, csv);
		json_row(array, row);
		doc_row(d, row);
	}
	free(line);
	csv_row_reset(row);
	return ret;
}

static void doc_head(struct doc *d)
{
	struct doc_column columns[CSV_MAX_COLUMNS] = { { NULL, 0 } };
	unsigned int i;

	for (i = 0; i < model_schema.count; i++)
		columns[i].name = model_schema.columns[i].name;
	doc_table(d, "model", columns, model_schema.count, "%s", "");
}

/* Rows as CSV into @text, as objects into @array, as cells into @d. */
static int format_rows(const struct asked *a, const struct model_rows *rows, char **text,
		       cJSON *array, struct doc *d, struct data_error *e)
{
	char tool[64], *header = NULL;
	const struct model_identity id = {
		.run_id = a->has_run ? rundir_meta_text(&a->run, RUNDIR_RUN_ID) : NO_RUN,
		.host_id = a->has_run ? rundir_meta_text(&a->run, RUNDIR_HOST_ID) : a->host.id,
		.cpu = this_cpu(a),
		.tool = tool,
	};
	struct csv_row row;
	size_t len, i;
	FILE *m = open_memstream(text, &len);
	int ret = 0;

	if (!m || csv_format_header(&model_schema, &header, &len))
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	else
		fputs(header, m);
	free(header);
	snprintf(tool, sizeof(tool), "llvm-mca %s", a->tools.version);
	doc_head(d);
	for (i = 0; i < rows->n && !ret; i++) {
		model_row_fill(&row, &rows->row[i], &id);
		ret = put_row(m, array, d, &row, e);
	}
	if (m && fclose(m) && !ret)
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	return ret;
}

/* Written beside and renamed, so that a failure leaves the old file. */
static int keep(const char *dir, const char *text, struct data_error *e)
{
	char *path = rundir_file_path(dir, RUNDIR_MODEL), *tmp = NULL;
	int ret = 0;
	FILE *f;

	if (!path || asprintf(&tmp, "%s.tmp", path) < 0) {
		free(path);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	f = fopen(tmp, "we");
	if (!f || (fputs(text, f) < 0) | fclose(f) || rename(tmp, path)) {
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %s", path, strerror(errno));
		unlink(tmp);
	}
	free(tmp);
	free(path);
	return ret;
}

static int print_json(const cJSON *array)
{
	char *text = cJSON_Print(array);

	if (!text) {
		fputs("egprlab model: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	puts(text);
	free(text);
	return 0;
}

/* What --filter and --only leave, as CSV or JSON. What is kept has every row. */
static int print_rows(const char *text, cJSON *array, const struct doc *d, bool json)
{
	bool *stays = calloc(doc_rows(d) + 1, sizeof(*stays));
	int ret = stays ? egpr_command_choose(&egpr_cmd_model, d, stays) : EGPR_INTERNAL;
	cJSON *row = array->child, *next;
	size_t i, len;

	for (i = 0; row && !ret; i++, row = next) {
		next = row->next;
		if (!stays[i])
			cJSON_Delete(cJSON_DetachItemViaPointer(array, row));
	}
	if (!ret && json)
		ret = print_json(array);
	/* The header stays, and no cell has a newline in it. */
	for (i = 0; *text && !ret && !json; i++, text += len) {
		len = strcspn(text, "\n") + 1;
		if (!i || stays[i - 1])
			fwrite(text, 1, len, stdout);
	}
	free(stays);
	return ret;
}

/* Nothing is printed or kept before all of it is there. */
static int model(struct asked *a, bool json)
{
	struct model_want want = { .cpus = a->cpus, .nr_cpus = a->nr_cpus };
	cJSON *array = cJSON_CreateArray();
	struct model_rows rows = { 0 };
	struct doc d = { 0 };
	char *text = NULL;
	struct data_error e;
	int ret = choose_delays(a, &e);

	want.delays = a->delays;
	want.nr_delays = a->nr_delays;
	if (!ret)
		ret = model_run(&a->tools, &want, &rows, &e);
	if (!ret)
		ret = format_rows(a, &rows, &text, array, &d, &e);
	if (!ret && a->has_run)
		ret = keep(a->run.path, text, &e);
	if (ret)
		fail(ret, &e);
	else
		ret = print_rows(text, array, &d, json);
	free(text);
	doc_free(&d);
	model_rows_free(&rows);
	cJSON_Delete(array);
	return ret;
}

static int open_all(struct asked *a, const char *dir)
{
	struct data_error e;
	int ret = dir ? rundir_load(dir, &a->run, &e) : 0;

	if (ret)
		return fail(ret, &e);
	a->has_run = dir != NULL;
	if (!dir && egpr_host_read("", -1, &a->host)) {
		fputs("egprlab model: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	ret = model_tools_find(&a->tools, &e);
	if (ret)
		return fail(ret, &e);
	a->help = model_help(&a->tools, &e);
	return a->help ? 0 : fail(EGPR_UNAVAILABLE, &e);
}

static int model_run_command(int argc, char **argv)
{
	const char *value, *given[NR_OPTIONS] = { NULL };
	struct asked a = { .has_run = false };
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_model, argc, argv, &value)) >= 0)
		given[option] = value ? value : "";
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind > 1)
		return egpr_command_usage(&egpr_cmd_model, "name one run directory, or none");
	ret = open_all(&a, optind < argc ? argv[optind] : NULL);
	if (!ret && given[OPTION_LIST]) {
		egpr_output.json = given[OPTION_JSON] != NULL;
		ret = list_cpus(&a);
	} else if (!ret) {
		ret = choose_cpus(&a, given[OPTION_MODEL]);
		if (!ret)
			ret = model(&a, given[OPTION_JSON] != NULL);
	}
	free(a.help);
	free(a.names);
	egpr_host_free(&a.host);
	if (a.has_run)
		rundir_free(&a.run);
	return ret;
}

const struct egpr_command egpr_cmd_model = {
	.name = "model",
	.args = "[DIR]",
	.text = "what llvm-mca says of every strategy; with DIR, into its model.csv",
	.options = model_options,
	.tables = 1,
	.run = model_run_command,
};
