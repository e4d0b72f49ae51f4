// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chapters behind the numbers: code size, state proofs, self-checks, what was
 * skipped, plan, host and files.
 */
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include "report.h"

#define MAX_STRATEGIES 64
#define CACHE_LINE     64
#define MAX_REASONS    256

uint64_t report_lines(uint64_t bytes)
{
	return (bytes + CACHE_LINE - 1) / CACHE_LINE;
}

static void code_of(struct report *r, const char *provenance)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "exit bytes", DOC_NUMBER },
		{ "entry bytes", DOC_NUMBER },
		{ "cache lines", DOC_NUMBER },
		{ "exit insns", DOC_NUMBER },
		{ "entry insns", DOC_NUMBER },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = { .provenance = provenance };
	struct report_group g = { .provenance = provenance };
	const char *strategies[MAX_STRATEGIES];
	char name[64], id[64], text[256];
	unsigned int i, n, rows = 0;
	FILE *dat;

	n = report_values(t, EGPR_COL_strategy, &f, strategies, MAX_STRATEGIES);
	snprintf(name, sizeof(name), "code-%s", provenance);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	snprintf(id, sizeof(id), "code-%s-table", provenance);
	doc_table(&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "Code of each strategy as its object file has it (%s). Cache lines: the fewest "
		  "that hold each half.",
		  report_group_text(r->run, &g, text, sizeof(text)));
	for (i = 0; i < n; i++) {
		uint64_t at_exit, at_entry, lines;
		const char *href;
		size_t row;

		f.strategy = strategies[i];
		row = report_next(t, 0, &f);
		if (!*csv_text(t, row, EGPR_SUMMARY_code_bytes_exit) ||
		    !report_is_switch(strategies[i]))
			continue;
		at_exit = csv_count(t, row, EGPR_SUMMARY_code_bytes_exit);
		at_entry = csv_count(t, row, EGPR_SUMMARY_code_bytes_entry);
		lines = report_lines(at_exit) + report_lines(at_entry);
		href = report_href(t, row);
		fprintf(dat, "%u\t%s\t%llu\t%llu\n", rows++, strategies[i],
			(unsigned long long)at_exit, (unsigned long long)at_entry);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", strategies[i]);
		doc_cell(&r->doc, DOC_PLAIN, href, "%llu", (unsigned long long)at_exit);
		doc_cell(&r->doc, DOC_PLAIN, href, "%llu", (unsigned long long)at_entry);
		doc_cell(&r->doc, DOC_PLAIN, href, "%llu", (unsigned long long)lines);
		doc_cell(&r->doc, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_SUMMARY_insns_exit));
		doc_cell(&r->doc, DOC_PLAIN, href, "%s",
			 csv_text(t, row, EGPR_SUMMARY_insns_entry));
	}
	report_plot_close(r, dat, "code", name, rows, "", &g, "Code bytes per strategy");
}

void report_code(struct report *r)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	const struct report_filter all = { 0 };
	struct report_group groups[REPORT_MAX_GROUPS];
	const char *provenances[EGPR_NR_PROVENANCES];
	unsigned int i, n;

	n = report_values(t, EGPR_COL_provenance, &all, provenances, EGPR_NR_PROVENANCES);
	if (!n || !report_groups(r->run, groups))
		return;
	doc_heading(&r->doc, 2, "code", "Code bytes and cache lines");
	for (i = 0; i < n; i++)
		code_of(r, provenances[i]);
}

static void proofs_of(struct report *r, const char *provenance)
{
	static const struct doc_column columns[] = {
		{ "check", 0 },
		{ "strategies", DOC_NUMBER },
		{ "exit kinds", DOC_NUMBER },
		{ "exits", DOC_NUMBER },
		{ "pass", DOC_NUMBER },
		{ "fail", DOC_NUMBER },
		{ "first failure", DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_PROOFS];
	struct report_filter f = { .provenance = provenance };
	const char *checks[MAX_STRATEGIES], *values[MAX_REASONS];
	unsigned int i, n = report_values(t, EGPR_PROOFS_check, &f, checks, MAX_STRATEGIES);
	unsigned int strategies = report_values(t, EGPR_COL_strategy, &f, values, MAX_REASONS);
	unsigned int kinds = report_values(t, EGPR_COL_exit_kind, &f, values, MAX_REASONS);
	char id[64];

	snprintf(id, sizeof(id), "proofs-%s", provenance);
	doc_table(&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "State proofs of provenance %s: no time, only whether registers survive and stay "
		  "apart.",
		  provenance);
	for (i = 0; i < n; i++) {
		unsigned int pass = 0, fail = 0;
		uint64_t exits = 0;
		size_t row, first = t->rows;

		for (row = report_next(t, 0, &f); row < t->rows;
		     row = report_next(t, row + 1, &f)) {
			if (strcmp(csv_text(t, row, EGPR_PROOFS_check), checks[i]))
				continue;
			exits += csv_count(t, row, EGPR_PROOFS_exits);
			if (!strcmp(csv_text(t, row, EGPR_PROOFS_result), "pass")) {
				pass++;
			} else {
				first = fail++ ? first : row;
			}
		}
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", checks[i]);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%u", strategies);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%u", kinds);
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%llu", (unsigned long long)exits);
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%u", pass);
		doc_cell(&r->doc, fail ? DOC_BAD : DOC_PLAIN, t->schema->name, "%u", fail);
		if (fail)
			doc_cell(&r->doc, DOC_BAD, report_href(t, first), "%s %s %s: %s",
				 csv_text(t, first, EGPR_COL_strategy),
				 csv_text(t, first, EGPR_COL_exit_kind),
				 csv_text(t, first, EGPR_COL_guest_state),
				 csv_text(t, first, EGPR_PROOFS_detail));
		else
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
	}
}

void report_proofs(struct report *r)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_PROOFS];
	const struct report_filter all = { 0 };
	const char *provenances[EGPR_NR_PROVENANCES];
	unsigned int i, n;

	doc_heading(&r->doc, 2, "proofs", "State proofs");
	n = report_values(t, EGPR_COL_provenance, &all, provenances, EGPR_NR_PROVENANCES);
	for (i = 0; i < n; i++)
		proofs_of(r, provenances[i]);
	if (!n)
		doc_para(&r->doc,
			 "proofs.csv is empty. What was proved before anything was timed is check "
			 "registers under Self-checks.");
}

void report_checks(struct report *r)
{
	static const struct doc_column columns[] = {
		{ "check", 0 },
		{ "outcome", 0 },
		{ "detail", 0 },
	};
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_SOUNDNESS);
	const cJSON *c, *checks = cJSON_GetObjectItemCaseSensitive(s, "checks");

	doc_heading(&r->doc, 2, "checks", "Self-checks");
	if (!cJSON_GetArraySize(checks)) {
		doc_para(&r->doc, "This run recorded no self-checks.");
		return;
	}
	doc_table(&r->doc, "checks-table", columns, 3,
		  "What the run checked about itself: A/A arm, injected delays, counters, "
		  "registers.");
	cJSON_ArrayForEach(c, checks) {
		const char *what =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "check"));
		const char *got =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "result"));
		const char *detail =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "detail"));
		enum doc_tone tone = DOC_OPEN;

		if (got && strcmp(got, "skip"))
			tone = strcmp(got, "pass") ? DOC_BAD : DOC_GOOD;
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", what ? what : "");
		doc_cell(&r->doc, tone, NULL, "%s", got ? got : "");
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", detail ? detail : "");
	}
}

void report_skipped(struct report *r)
{
	static const struct doc_column columns[] = {
		{ "layer", 0 },	       { "exit kind", 0 },	   { "strategy", 0 },
		{ "state", DOC_WIDE }, { "provenance", DOC_WIDE }, { "reason", 0 },
	};
	static const unsigned int texts[] = { EGPR_COL_layer, EGPR_COL_exit_kind, EGPR_COL_strategy,
					      EGPR_COL_guest_state, EGPR_COL_provenance };
	const struct csv_table *t = &r->run->table[EGPR_CSV_SKIPPED];
	size_t row, i;

	doc_heading(&r->doc, 2, "skipped", "Skipped");
	if (!t->rows) {
		doc_para(&r->doc, "Nothing was skipped.");
		return;
	}
	doc_table(&r->doc, "skipped-table", columns, 6, "What did not run here, and why.");
	for (row = 0; row < t->rows; row++) {
		for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, texts[i]));
		doc_cell(&r->doc, DOC_PLAIN, report_href(t, row), "%s",
			 csv_text(t, row, EGPR_SKIPPED_reason));
	}
}

/* Members of a JSON object as rows; nested values as JSON. */
static void json_table(struct report *r, const char *id, const cJSON *object, const char *what)
{
	static const struct doc_column columns[] = { { "name", 0 }, { "value", 0 } };
	const cJSON *item;
	char *text;

	doc_table(&r->doc, id, columns, 2, "%s", what);
	cJSON_ArrayForEach(item, object) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", item->string ? item->string : "");
		text = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", text ? text : cJSON_GetStringValue(item));
		cJSON_free(text);
	}
}

static void run_table(struct report *r)
{
	static const struct doc_column columns[] = { { "name", 0 }, { "value", 0 } };
	static const char *const names[] = { RUNDIR_RUN_ID, RUNDIR_HOST_ID, RUNDIR_START,
					     RUNDIR_END,    RUNDIR_STATE,   RUNDIR_SEED };
	const cJSON *f, *files = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_FILES);
	size_t i;

	doc_table(&r->doc, "run-table", columns, 2, "This run, from meta.json.");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", names[i]);
		doc_cell(&r->doc, DOC_PLAIN, RUNDIR_META, "%s", rundir_meta_text(r->run, names[i]));
	}
	cJSON_ArrayForEach(f, files) {
		const char *sha =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(f, "sha256"));

		doc_cell(&r->doc, DOC_PLAIN, f->string, "%s", f->string);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "SHA-256 %s", sha ? sha : "");
	}
}

/* Who says how fast the TSC ticks; a run of before it was recorded has the number alone. */
static void tsc_words(struct report *r)
{
	const cJSON *tsc = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_TSC);
	const cJSON *hz = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_TSC_HZ);

	if (cJSON_IsObject(tsc))
		json_table(
			r, "tsc-table", tsc,
			"Rate of the TSC in ticks per second, and who says so. Measured: against "
			"CLOCK_MONOTONIC_RAW, with the spread of the measurements as a share.");
	else if (cJSON_IsNumber(hz))
		doc_para(&r->doc,
			 "The TSC ticks %.0f times a second; this run did not record who says so.",
			 hz->valuedouble);
	else
		doc_para(&r->doc, "This run did not record how fast the TSC ticks.");
}

/* The text has no pictures, but its reader may look for the files. */
static void missing_pictures(struct report *r)
{
	if (*r->doc.no_picture[DOC_SVG])
		doc_para(&r->doc, "No SVG pictures: %s.", r->doc.no_picture[DOC_SVG]);
	if (*r->doc.no_picture[DOC_PNG])
		doc_para(&r->doc, "No PNG pictures: %s.", r->doc.no_picture[DOC_PNG]);
}

void report_context(struct report *r)
{
	const cJSON *meta = r->run->meta;
	const cJSON *versions = cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_VERSIONS);

	doc_heading(&r->doc, 2, "plan", "Plan");
	json_table(r, "plan-table", cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_PLAN),
		   "Fixed before the run.");
	doc_heading(&r->doc, 2, "host", "Host");
	json_table(r, "host-table", cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_HOST),
		   "Stable facts of the host.");
	tsc_words(r);
	doc_heading(&r->doc, 2, "run", "Run and files");
	run_table(r);
	if (cJSON_GetArraySize(versions))
		json_table(r, "versions-table", versions, "Versions.");
	missing_pictures(r);
}
