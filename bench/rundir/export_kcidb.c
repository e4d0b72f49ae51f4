// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCIDB 5.3: checkout, build and tests. Objects are identified by
 * "origin:something"; a test's path is made of dots.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <bench/plan/context.h>
#include "export.h"

#define ORIGIN	     "egprlab"
#define KCIDB_MAJOR  5
#define KCIDB_MINOR  3
#define ARCHITECTURE "x86_64"
#define ID_BYTES     512

struct build {
	char id[ID_BYTES];
	const char *run_id;
	const char *start;
	cJSON *environment;
};

static cJSON *object_in(cJSON *list, const char *id)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "id", id);
	cJSON_AddStringToObject(o, "origin", ORIGIN);
	cJSON_AddItemToArray(list, o);
	return o;
}

/* A step of a test path: letters, digits, '_' and '-'. */
static void add_step(char *path, size_t size, const char *step)
{
	size_t n = strlen(path);

	if (n && n + 1 < size)
		path[n++] = '.';
	for (; *step && n + 1 < size; step++)
		path[n++] = isalnum((unsigned char)*step) || *step == '-' ? *step : '_';
	path[n] = '\0';
}

/* One row as a test; @more makes it unique beyond the identity columns. */
static cJSON *add_test(const struct build *b, cJSON *tests, const struct csv_table *t, size_t row,
		       const char *more, const char *status)
{
	static const unsigned int steps[] = { EGPR_COL_provenance, EGPR_COL_layer,
					      EGPR_COL_exit_kind, EGPR_COL_guest_state };
	const char *context = csv_text(t, row, EGPR_COL_context);
	char path[ID_BYTES] = "egpr", id[2 * ID_BYTES];
	size_t i;
	cJSON *o;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		add_step(path, sizeof(path), csv_text(t, row, steps[i]));
	if (*context_mark(csv_text(t, row, EGPR_COL_layer), context))
		add_step(path, sizeof(path), context);
	add_step(path, sizeof(path), csv_text(t, row, EGPR_COL_strategy));
	add_step(path, sizeof(path), more);
	snprintf(id, sizeof(id), ORIGIN ":%s.%s.%zu", b->run_id, path, row);
	o = object_in(tests, id);
	cJSON_AddStringToObject(o, "build_id", b->id);
	cJSON_AddStringToObject(o, "path", path);
	cJSON_AddStringToObject(o, "status", status);
	cJSON_AddStringToObject(o, "start_time", b->start);
	cJSON_AddItemToObject(o, "environment", cJSON_Duplicate(b->environment, 1));
	return o;
}

static void add_arms(const struct build *b, const struct rundir_data *run, cJSON *tests)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	size_t row;
	cJSON *n;

	for (row = 0; row < t->rows; row++) {
		double p50 = csv_real(t, row, EGPR_SUMMARY_p50);

		if (isnan(p50))
			continue;
		n = cJSON_AddObjectToObject(add_test(b, tests, t, row, "p50", "DONE"), "number");
		cJSON_AddNumberToObject(n, "value", p50);
		cJSON_AddStringToObject(n, "unit", "TSC ticks");
	}
}

static void add_comparisons(const struct build *b, const struct rundir_data *run, cJSON *tests)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	size_t row;

	for (row = 0; row < t->rows; row++) {
		double diff = csv_real(t, row, EGPR_VERDICTS_diff);
		cJSON *o, *n, *misc;

		if (isnan(diff))
			continue;
		o = add_test(b, tests, t, row, "difference", "DONE");
		n = cJSON_AddObjectToObject(o, "number");
		cJSON_AddNumberToObject(n, "value", diff);
		cJSON_AddStringToObject(n, "unit", "TSC ticks");
		misc = cJSON_AddObjectToObject(o, "misc");
		cJSON_AddStringToObject(misc, "verdict", csv_text(t, row, EGPR_VERDICTS_verdict));
		cJSON_AddStringToObject(misc, "margin",
					csv_text(t, row, EGPR_VERDICTS_margin_text));
		cJSON_AddStringToObject(misc, "interval_low",
					csv_text(t, row, EGPR_VERDICTS_diff_low));
		cJSON_AddStringToObject(misc, "interval_high",
					csv_text(t, row, EGPR_VERDICTS_diff_high));
	}
}

static void add_proofs_and_skips(const struct build *b, const struct rundir_data *run, cJSON *tests)
{
	const struct csv_table *t = &run->table[EGPR_CSV_PROOFS];
	size_t row;

	for (row = 0; row < t->rows; row++) {
		bool pass = !strcmp(csv_text(t, row, EGPR_PROOFS_result), "pass");

		add_test(b, tests, t, row, csv_text(t, row, EGPR_PROOFS_check),
			 pass ? "PASS" : "FAIL");
	}
	t = &run->table[EGPR_CSV_SKIPPED];
	for (row = 0; row < t->rows; row++)
		cJSON_AddStringToObject(add_test(b, tests, t, row, "skipped", "SKIP"), "comment",
					csv_text(t, row, EGPR_SKIPPED_reason));
}

cJSON *export_kcidb(const struct rundir_data *run)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_HOST);
	const char *kernel =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(host, "kernel_release"));
	struct build b = { .run_id = rundir_meta_text(run, RUNDIR_RUN_ID),
			   .start = rundir_meta_text(run, RUNDIR_START) };
	cJSON *doc = cJSON_CreateObject(), *o, *tests;
	char checkout[ID_BYTES / 2];

	if (!kernel)
		kernel = "unknown";
	o = cJSON_AddObjectToObject(doc, "version");
	cJSON_AddNumberToObject(o, "major", KCIDB_MAJOR);
	cJSON_AddNumberToObject(o, "minor", KCIDB_MINOR);
	snprintf(checkout, sizeof(checkout), ORIGIN ":kernel-%s", kernel);
	o = object_in(cJSON_AddArrayToObject(doc, "checkouts"), checkout);
	cJSON_AddStringToObject(o, "comment", kernel);
	snprintf(b.id, sizeof(b.id), "%s-" ARCHITECTURE, checkout);
	o = object_in(cJSON_AddArrayToObject(doc, "builds"), b.id);
	cJSON_AddStringToObject(o, "checkout_id", checkout);
	cJSON_AddStringToObject(o, "architecture", ARCHITECTURE);
	b.environment = cJSON_CreateObject();
	cJSON_AddStringToObject(b.environment, "comment", rundir_meta_text(run, RUNDIR_HOST_ID));
	tests = cJSON_AddArrayToObject(doc, "tests");
	add_arms(&b, run, tests);
	add_comparisons(&b, run, tests);
	add_proofs_and_skips(&b, run, tests);
	cJSON_Delete(b.environment);
	return doc;
}
