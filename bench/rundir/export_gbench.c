// SPDX-License-Identifier: GPL-2.0-only
/*
 * Google Benchmark's JSON: one "iteration" per batch, blocks as repetitions.
 */
#include <math.h>
#include <string.h>

#include <bench/plan/context.h>
#include "export.h"

#define NS_PER_S 1e9

static const char *host_fact(const struct rundir_data *run, const char *key)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_HOST);
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(host, key));

	return s ? s : "unknown";
}

static void add_context(const struct rundir_data *run, cJSON *doc, double tsc_hz)
{
	cJSON *c = cJSON_AddObjectToObject(doc, "context");

	cJSON_AddStringToObject(c, "date", rundir_meta_text(run, RUNDIR_START));
	cJSON_AddStringToObject(c, "host_name", rundir_meta_text(run, RUNDIR_HOST_ID));
	cJSON_AddStringToObject(c, "executable", "egprlab");
	cJSON_AddNumberToObject(c, "mhz_per_cpu", round(tsc_hz / 1e6));
	cJSON_AddStringToObject(c, "library_build_type", "release");
	cJSON_AddStringToObject(c, "run_id", rundir_meta_text(run, RUNDIR_RUN_ID));
	cJSON_AddStringToObject(c, "cpu_name", host_fact(run, "cpu_name"));
	cJSON_AddStringToObject(c, "kernel_release", host_fact(run, "kernel_release"));
}

static void add_batch(const struct csv_table *t, size_t row, cJSON *list, double tsc_hz)
{
	double exits = csv_real(t, row, EGPR_SAMPLES_exits);
	double cycles = csv_real(t, row, EGPR_SAMPLES_cycles) / exits;
	const char *layer = csv_text(t, row, EGPR_COL_layer);
	const char *context = csv_text(t, row, EGPR_COL_context);
	const char *mark = context_mark(layer, context);
	char name[256];
	cJSON *b;

	if (!(exits > 0) || isnan(cycles))
		return;
	snprintf(name, sizeof(name), "%s/%s/%s%s%s/%s", layer, csv_text(t, row, EGPR_COL_exit_kind),
		 csv_text(t, row, EGPR_COL_guest_state), mark, *mark ? context : "",
		 csv_text(t, row, EGPR_COL_strategy));
	b = cJSON_CreateObject();
	cJSON_AddStringToObject(b, "name", name);
	cJSON_AddStringToObject(b, "run_name", name);
	cJSON_AddStringToObject(b, "run_type", "iteration");
	cJSON_AddNumberToObject(b, "repetition_index",
				(double)csv_count(t, row, EGPR_SAMPLES_block));
	cJSON_AddNumberToObject(b, "threads", 1);
	cJSON_AddNumberToObject(b, "iterations", exits);
	cJSON_AddNumberToObject(b, "real_time", cycles / tsc_hz * NS_PER_S);
	cJSON_AddNumberToObject(b, "cpu_time", cycles / tsc_hz * NS_PER_S);
	cJSON_AddStringToObject(b, "time_unit", "ns");
	cJSON_AddNumberToObject(b, "cycles", cycles);
	cJSON_AddStringToObject(b, "label", csv_text(t, row, EGPR_COL_provenance));
	cJSON_AddItemToArray(list, b);
}

cJSON *export_gbench(const struct rundir_data *run, struct data_error *e)
{
	const cJSON *hz = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_TSC_HZ);
	const struct csv_table *t = &run->table[EGPR_CSV_SAMPLES];
	cJSON *doc, *list;
	size_t row;

	if (!cJSON_IsNumber(hz) || !(hz->valuedouble > 0)) {
		data_fail(e, EGPR_DATA,
			  "%s/" RUNDIR_META ": no \"" RUNDIR_TSC_HZ
			  "\", so TSC ticks cannot be turned into Google Benchmark's nanoseconds",
			  run->path);
		return NULL;
	}
	doc = cJSON_CreateObject();
	add_context(run, doc, hz->valuedouble);
	list = cJSON_AddArrayToObject(doc, "benchmarks");
	for (row = 0; row < t->rows; row++)
		add_batch(t, row, list, hz->valuedouble);
	return doc;
}
