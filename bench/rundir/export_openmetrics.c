// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenMetrics 1.0 text: quantiles of every arm, every difference with its bounds, verdicts as a
 * state set, and what the run is. A family stands together, and no set of labels twice.
 */
#include <math.h>
#include <string.h>

#include <bench/stats/stats.h>

#include "export.h"

/* Inside the quotes of a label. */
static void escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', f);
		if (*text == '\n')
			fputs("\\n", f);
		else
			fputc(*text, f);
	}
}

static void label(FILE *f, const char *name, const char *text, const char *end)
{
	fprintf(f, "%s=\"", name);
	escaped(f, text);
	fprintf(f, "\"%s", end);
}

/* The identity columns are the labels; they carry the names that they have in the CSV files. */
static void labels(FILE *f, const char *family, const struct csv_table *t, size_t row)
{
	unsigned int i;

	fprintf(f, "%s{", family);
	for (i = 0; i < EGPR_NR_IDENTITY; i++)
		label(f, t->schema->columns[i].name, csv_text(t, row, i), ",");
}

static void family(FILE *f, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(f, "# TYPE %s %s\n", name, type);
	if (*unit)
		fprintf(f, "# UNIT %s %s\n", name, unit);
	fprintf(f, "# HELP %s %s\n", name, help);
}

static void arms(FILE *f, const struct csv_table *t)
{
	static const char name[] = "egpr_exit_ticks";
	static const struct {
		const char *quantile;
		unsigned int column;
	} quantiles[] = {
		{ "0.05", EGPR_SUMMARY_p5 },	{ "0.5", EGPR_SUMMARY_p50 },
		{ "0.95", EGPR_SUMMARY_p95 },	{ "0.99", EGPR_SUMMARY_p99 },
		{ "0.999", EGPR_SUMMARY_p999 },
	};
	size_t row, i;

	family(f, name, "gauge", "ticks",
	       "TSC ticks per exit and entry of an arm: to 0.95 quantiles of means of batches, above of exits stamped one by one where there were any.");
	for (row = 0; row < t->rows; row++) {
		for (i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++) {
			double v = csv_real(t, row, quantiles[i].column);

			if (isnan(v))
				continue;
			labels(f, name, t, row);
			label(f, "quantile", quantiles[i].quantile, "");
			fprintf(f, "} %.9g\n", v);
		}
	}
}

/* A comparison has a row per margin; its difference is the same in all. */
static bool first_margin(const struct csv_table *t, size_t row)
{
	unsigned int i;

	if (!row)
		return true;
	for (i = 0; i < EGPR_NR_IDENTITY; i++) {
		if (strcmp(csv_text(t, row, i), csv_text(t, row - 1, i)))
			return true;
	}
	return strcmp(csv_text(t, row, EGPR_VERDICTS_baseline),
		      csv_text(t, row - 1, EGPR_VERDICTS_baseline)) != 0;
}

static void differences(FILE *f, const struct csv_table *t)
{
	static const char name[] = "egpr_difference_ticks";
	static const struct {
		const char *bound;
		unsigned int column;
	} bounds[] = {
		{ "estimate", EGPR_VERDICTS_diff },
		{ "low", EGPR_VERDICTS_diff_low },
		{ "high", EGPR_VERDICTS_diff_high },
	};
	size_t row, i;

	family(f, name, "gauge", "ticks",
	       "Difference of an arm from its baseline, with its 95 % interval.");
	for (row = 0; row < t->rows; row++) {
		for (i = 0; i < sizeof(bounds) / sizeof(*bounds) && first_margin(t, row); i++) {
			double v = csv_real(t, row, bounds[i].column);

			if (isnan(v))
				continue;
			labels(f, name, t, row);
			label(f, "baseline", csv_text(t, row, EGPR_VERDICTS_baseline), ",");
			label(f, "bound", bounds[i].bound, "");
			fprintf(f, "} %.9g\n", v);
		}
	}
}

static void verdicts(FILE *f, const struct csv_table *t)
{
	static const char name[] = "egpr_verdict";
	enum stats_verdict v;
	size_t row;

	family(f, name, "stateset", "", "What a comparison was decided to be within its margin.");
	for (row = 0; row < t->rows; row++) {
		for (v = 0; v < STATS_NR_VERDICTS; v++) {
			const char *id = stats_verdict_names[v];

			labels(f, name, t, row);
			label(f, "baseline", csv_text(t, row, EGPR_VERDICTS_baseline), ",");
			label(f, "margin", csv_text(t, row, EGPR_VERDICTS_margin_text), ",");
			label(f, name, id, "");
			fprintf(f, "} %d\n", !strcmp(csv_text(t, row, EGPR_VERDICTS_verdict), id));
		}
	}
}

static void about(FILE *f, const struct rundir_data *run)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_SOUNDNESS);
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(run->meta, RUNDIR_HOST), *fact;
	const char *id = rundir_meta_text(run, RUNDIR_RUN_ID);

	family(f, "egpr_run", "info", "", "The run and the facts of its host.");
	fputs("egpr_run_info{", f);
	cJSON_ArrayForEach(fact, host) {
		if (cJSON_IsString(fact))
			label(f, fact->string, fact->valuestring, ",");
	}
	label(f, "start", rundir_meta_text(run, RUNDIR_START), ",");
	label(f, "state", rundir_meta_text(run, RUNDIR_STATE), ",");
	label(f, "run_id", id, "} 1\n");
	family(f, "egpr_run_sound", "gauge", "", "1 where the self-checks of the run held.");
	fputs("egpr_run_sound{", f);
	label(f, "run_id", id, "");
	fprintf(f, "} %d\n", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound")) ? 1 : 0);
}

void export_openmetrics(const struct rundir_data *run, FILE *f)
{
	about(f, run);
	arms(f, &run->table[EGPR_CSV_SUMMARY]);
	differences(f, &run->table[EGPR_CSV_VERDICTS]);
	verdicts(f, &run->table[EGPR_CSV_VERDICTS]);
	fputs("# EOF\n", f);
}
