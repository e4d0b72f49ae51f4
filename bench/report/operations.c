// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a run says of a group: a table of all that has a number, one arm in a clause, branch misses.
 */
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include "report.h"

#define MAX_OPERATIONS 32
#define MAX_SUBJECTS   16
#define MAX_MARGINS    16

/* Rows of one arm: its time, and where it is none of the first its difference. */
static void subject_row(struct report *r, struct report_filter *f, const char *margin)
{
	const struct csv_table *s = &r->run->table[EGPR_CSV_SUMMARY];
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	size_t row = report_next(s, 0, f), verdict;

	f->margin = margin;
	verdict = report_next(v, 0, f);
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", f->exit_kind);
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", f->strategy);
	doc_cell(&r->doc, DOC_PLAIN, report_href(s, row), "%s",
		 report_number(csv_real(s, row, EGPR_SUMMARY_p50)));
	if (verdict == v->rows) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "the others are compared with it");
		doc_cell(&r->doc, DOC_PLAIN, NULL, " ");
	} else {
		const char *word = csv_text(v, verdict, EGPR_VERDICTS_verdict);

		doc_cell(&r->doc, DOC_PLAIN, report_href(v, verdict), "%s %s",
			 report_signed(csv_real(v, verdict, EGPR_VERDICTS_diff)),
			 report_interval(csv_real(v, verdict, EGPR_VERDICTS_diff_low),
					 csv_real(v, verdict, EGPR_VERDICTS_diff_high)));
		doc_cell(&r->doc, report_tone(word), report_href(v, verdict), "%s", word);
	}
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(s, row, EGPR_SUMMARY_code_bytes_exit));
	f->margin = NULL;
}

/* The margin that answers: the first in per cent for calls that take long, else the first in ticks. */
static const char *margin_of(const struct report *r, const struct report_filter *f, bool share)
{
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	const char *margins[MAX_MARGINS];
	unsigned int i, n = report_values(v, EGPR_VERDICTS_margin_text, f, margins, MAX_MARGINS);

	for (i = 0; i < n; i++) {
		if (!strchr(margins[i], '%') == !share)
			return margins[i];
	}
	return n ? margins[0] : NULL;
}

static void why_not(struct report *r, const char *group)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_SKIPPED];
	struct report_filter f = { .layer = group };
	size_t row = report_next(t, 0, &f);

	if (row < t->rows)
		doc_para(&r->doc, "Group %s has no number here: %s.", group,
			 csv_text(t, row, EGPR_SKIPPED_reason));
	else
		doc_para(&r->doc,
			 "Group %s was not part of this run; `egprlab run --group %s` measures it.",
			 group, group);
}

bool report_operations(struct report *r, enum egpr_layer group, bool share, const char *what)
{
	const struct csv_table *s = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = { .layer = egpr_layers[group].id };
	const char *kinds[MAX_OPERATIONS], *subjects[MAX_SUBJECTS], *margin;
	unsigned int i, j, n, k = report_values(s, EGPR_COL_exit_kind, &f, kinds, MAX_OPERATIONS);
	static const struct doc_column columns[] = {
		{ "operation", 0 },    { "subject", 0 },
		{ "p50", DOC_NUMBER }, { "difference", DOC_NUMBER },
		{ "verdict", 0 },      { "code bytes", DOC_NUMBER | DOC_WIDE },
	};

	if (!k) {
		why_not(r, f.layer);
		return false;
	}
	margin = margin_of(r, &f, share);
	doc_table(
		&r->doc, f.layer, columns, sizeof(columns) / sizeof(*columns),
		"Group %s: %s. p50: median of means of batches, TSC ticks per round. Difference to the operation's first "
		"subject with its 95 %% interval; margin %s. A subject in -b is the first again: "
		"the A/A arm.",
		f.layer, what, margin ? margin : "none");
	for (i = 0; i < k; i++) {
		f.exit_kind = kinds[i];
		n = report_values(s, EGPR_COL_strategy, &f, subjects, MAX_SUBJECTS);
		for (j = 0; j < n; j++) {
			f.strategy = subjects[j];
			subject_row(r, &f, margin);
		}
		f.strategy = NULL;
	}
	return true;
}

const char *report_outcome(struct report *r, enum egpr_layer group, const char *operation,
			   const char *subject, bool share, char *text, size_t size)
{
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = { .layer = egpr_layers[group].id,
				   .exit_kind = operation,
				   .strategy = subject };
	size_t row;

	f.margin = margin_of(r, &f, share);
	row = report_next(v, 0, &f);
	*text = '\0';
	if (row < v->rows)
		snprintf(text, size, "%s in %s: %s by margin %s, %s TSC ticks %s", subject,
			 operation, csv_text(v, row, EGPR_VERDICTS_verdict), f.margin,
			 report_signed(csv_real(v, row, EGPR_VERDICTS_diff)),
			 report_interval(csv_real(v, row, EGPR_VERDICTS_diff_low),
					 csv_real(v, row, EGPR_VERDICTS_diff_high)));
	return text;
}

static void cell_misses(struct report *r, const char *name, const cJSON *trace)
{
	const cJSON *why = cJSON_GetObjectItemCaseSensitive(trace, RUNDIR_NO_COUNTER), *arm;
	char list[256] = "";

	cJSON_ArrayForEach(arm, cJSON_GetObjectItemCaseSensitive(trace, RUNDIR_MISSES)) {
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s %.3f",
			 *list ? ", " : "", arm->string, arm->valuedouble);
	}
	doc_para(&r->doc, "Branch misses per round, %s: %s.", name,
		 cJSON_IsString(why) ? why->valuestring : list);
}

void report_misses(struct report *r, enum egpr_layer layer)
{
	const char *group = egpr_layers[layer].id, *name;
	const cJSON *c;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_CELLS)) {
		name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));
		if (name && !strncmp(name, group, strlen(group)) && name[strlen(group)] == '/')
			cell_misses(r, name, cJSON_GetObjectItemCaseSensitive(c, RUNDIR_TRACE));
	}
}
