// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a mail: what fits a reply on a list, and one line per exit kind as kvm-unit-tests' vmexit prints it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/plan/axis.h>
#include "screen.h"

#define LINES_MAX 30 /* of the block, its marks included */
#define ROWS_MAX  11 /* strategies in it */
#define MAX_KINDS 64

/* Words as lines of at most DOC_TEXT_COLUMNS. Return: how many lines. */
static unsigned int wrapped(FILE *f, const char *words)
{
	unsigned int column = 0, lines = 1;

	while (*words) {
		size_t n = strcspn(words, " ");

		if (column && column + 1 + n > DOC_TEXT_COLUMNS) {
			putc('\n', f);
			column = 0;
			lines++;
		}
		fprintf(f, "%s%.*s", column ? " " : "", (int)n, words);
		column += (unsigned int)n + (column != 0);
		words += n;
		words += strspn(words, " ");
	}
	putc('\n', f);
	return lines;
}

static const char *fact(const struct report *r, const char *key)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_HOST);
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(host, key));

	return s ? s : "not recorded";
}

/* The first of what has no numbers though it was wanted; the page has all, with reasons. */
static unsigned int missing(const struct report *r, FILE *f)
{
	const cJSON *meta = r->run->meta, *c;
	const char *word = NULL, *name = NULL;
	unsigned int n = 0;
	char words[256];

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_CELLS)) {
		if (cJSON_HasObjectItem(c, "failed") && cJSON_HasObjectItem(c, "crashes") && !n++) {
			word = report_missing_word(EGPR_CRASHED);
			name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));
		}
	}
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(meta, RUNDIR_REFUSED)) {
		const cJSON *status = cJSON_GetObjectItemCaseSensitive(c, "status");

		if (cJSON_IsNumber(status) && !n++) {
			word = report_missing_word(status->valueint);
			name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));
		}
	}
	if (!name)
		return 0;
	snprintf(words, sizeof(words), "%s: %s has no numbers", word, name);
	if (n > 1)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "; nor have %u more",
			 n - 1);
	return wrapped(f, words);
}

/* What keeps this from being evidence, in one line each. */
static unsigned int doubts(const struct report *r, FILE *f)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_SOUNDNESS);
	unsigned int lines = missing(r, f);

	if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound")))
		lines += wrapped(f,
				 "UNSOUND: self-checks of this run failed; decide nothing by it.");
	if (strcmp(rundir_meta_text(r->run, RUNDIR_STATE), RUNDIR_COMPLETE))
		lines += wrapped(f, "INTERRUPTED: the plan was not finished.");
	return lines;
}

/* Halves that were not measured apart have no columns. */
static void rows(const struct screen *s, FILE *f, unsigned int most)
{
	bool apart = screen_has_halves(s);
	unsigned int i;

	fprintf(f, "%-16s ", "TSC ticks");
	if (apart)
		fprintf(f, "%7s %7s ", "exit", "entry");
	fprintf(f, "%7s  %-18s %s\n", "sum", "95 %", s->g.margin);
	for (i = 0; i < s->n && i < most; i++) {
		size_t row = s->row[i];

		fprintf(f, "%-16s ", screen_strategy(s, i));
		if (apart)
			fprintf(f, "%7s %7s ",
				report_signed(csv_real(s->t, row, EGPR_VERDICTS_exit_diff)),
				report_signed(csv_real(s->t, row, EGPR_VERDICTS_entry_diff)));
		fprintf(f, "%7s  %-18s %s\n",
			report_signed(csv_real(s->t, row, EGPR_VERDICTS_diff)),
			report_interval(csv_real(s->t, row, EGPR_VERDICTS_diff_low),
					csv_real(s->t, row, EGPR_VERDICTS_diff_high)),
			screen_verdict(csv_text(s->t, row, EGPR_VERDICTS_verdict)));
	}
	if (i < s->n)
		fprintf(f, "(%u dearer ones are in the table below)\n", s->n - i);
}

static void block(const struct screen *s, FILE *f)
{
	char words[SCREEN_WORDS];
	unsigned int lines = 4; /* marks, head and last line of the rows */

	fputs("--- for the list ---\n", f);
	snprintf(words, sizeof(words), "Host: %s, kernel %s; run %s.", fact(s->r, "cpu_name"),
		 fact(s->r, "kernel_release"), rundir_meta_text(s->r->run, RUNDIR_RUN_ID));
	lines += wrapped(f, words);
	lines += doubts(s->r, f);
	lines += wrapped(f, screen_words(s, words));
	lines += wrapped(f, screen_place(s, words));
	rows(s, f, lines + ROWS_MAX <= LINES_MAX ? ROWS_MAX : LINES_MAX - lines);
	fputs("--- end ---\n", f);
}

void report_list(struct report *r)
{
	struct screen s;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!screen_make(r, &s))
		return;
	f = open_memstream(&text, &size);
	if (!f)
		return;
	block(&s, f);
	if (!fclose(f))
		doc_literal(&r->doc, text);
	free(text);
}

/* The first group of the report with a guest. */
static bool with_guest(const struct rundir_data *run, struct report_group *g)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(run, groups);

	for (i = 0; i < n; i++) {
		struct report_filter f = report_filter_of(&groups[i]);
		size_t row;

		f.strategy = egpr_strategies[EGPR_STRATEGY_none].id;
		row = report_next(t, 0, &f);
		if (row < t->rows && strcmp(csv_text(t, row, EGPR_COL_exit_kind), "none")) {
			*g = groups[i];
			return true;
		}
	}
	return false;
}

const char *report_vmexit_lines(const struct rundir_data *run, struct report_group *g, FILE *out)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SUMMARY];
	const char *kinds[MAX_KINDS];
	struct report_filter f;
	unsigned int k, n;

	if (!with_guest(run, g))
		return NULL;
	f = report_filter_of(g);
	f.strategy = egpr_strategies[EGPR_STRATEGY_none].id;
	n = report_values(t, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS);
	for (k = 0; k < n; k++) {
		struct report_filter one = f;
		double mean;
		size_t row;

		one.exit_kind = kinds[k];
		one.state = report_main_state(t, &one);
		row = report_next(t, 0, &one);
		mean = csv_real(t, row, EGPR_SUMMARY_mean);
		/* The control that takes no exit at all is no line of it. */
		if (!isnan(mean) &&
		    strcmp(csv_text(t, row, EGPR_COL_path), egpr_paths[EGPR_PATH_NONE].id))
			fprintf(out, "%s %.0f\n", kinds[k], mean);
	}
	return g->layer;
}

void report_vmexit(struct report *r)
{
	char *text = NULL, about[256];
	struct report_group g;
	bool found;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	found = report_vmexit_lines(r->run, &g, f);
	if (!fclose(f) && found) {
		doc_heading(&r->doc, 2, "vmexit", "Exits as kvm-unit-tests' vmexit prints them");
		doc_para(
			&r->doc,
			"Mean TSC ticks per exit and entry without a switch, layer %s (%s). Not every PAUSE "
			"exits. The lines alone: `egprlab report --vmexit %s`.",
			g.layer, report_group_text(r->run, &g, about, sizeof(about)), r->run->path);
		doc_literal(&r->doc, text);
	}
	free(text);
}
