// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first screen of the page: a sentence, a picture, a table, in this order.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "screen.h"

#define NAME	   "screen"
#define HALVES	   2
#define COLUMNS	   11 /* beside those of the margins */
#define NAMES_SIZE 512

/* Words with typographic quotation marks, for gnuplot takes the others as its own. */
static void put_quoted(const char *words, FILE *dat)
{
	bool open = false;

	for (; *words; words++) {
		if (*words != '"')
			putc(*words, dat);
		else
			fputs((open = !open) ? "“" : "”", dat);
	}
}

void screen_bands(FILE *dat)
{
	unsigned int i;

	fputs("\n\n", dat);
	for (i = 0; i < field_nr_lines; i++) {
		fprintf(dat, "%g\t%g\t%u\t%s ", field_lines[i].low, field_lines[i].high, i,
			field_lines[i].cycles);
		put_quoted(field_lines[i].says, dat);
		fprintf(dat, " (%s)\n", field_lines[i].source);
	}
}

static void mark(const struct screen *s, FILE *dat, unsigned int at, size_t row, unsigned int x)
{
	double low = csv_real(s->t, row, EGPR_VERDICTS_diff_low);
	double high = csv_real(s->t, row, EGPR_VERDICTS_diff_high);

	if (!isnan(low) && !isnan(high))
		fprintf(dat, "%u\t%s\t%.12g\t%.12g\t%.12g\t%u\n", at,
			csv_text(s->t, row, EGPR_COL_strategy),
			csv_real(s->t, row, EGPR_VERDICTS_diff), low, high, x + 1);
}

/* Has a context a mark beside those of the sentence? What has none lies between two that have, or explains one. */
static bool has_mark(const char *context)
{
	static const enum egpr_context drawn[] = {
		EGPR_CONTEXT_PACKED,	EGPR_CONTEXT_LLC,     EGPR_CONTEXT_DRAM,
		EGPR_CONTEXT_CODE_COLD, EGPR_CONTEXT_FP_L2,   EGPR_CONTEXT_FP_LLC,
		EGPR_CONTEXT_FP_DRAM,	EGPR_CONTEXT_FP_CODE,
	};
	size_t i;

	for (i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
		if (!strcmp(egpr_contexts[drawn[i]].id, context))
			return true;
	}
	return false;
}

/* Contexts that a picture has a mark for, that of the sentence first. @measured: how many there are. */
static unsigned int marks(const struct screen *s, const char **contexts, char *names,
			  unsigned int *measured)
{
	const char *all[EGPR_NR_CONTEXTS];
	struct report_filter f = s->f;
	unsigned int i, k, n = 0;

	f.context = NULL;
	for (i = 0; i < s->ncontexts; i++)
		contexts[n++] = s->contexts[i];
	k = *measured = report_values(s->t, EGPR_COL_context, &f, all, EGPR_NR_CONTEXTS);
	for (i = 0; i < k; i++) {
		if (has_mark(all[i]) && strcmp(all[i], s->contexts[0]) &&
		    (s->ncontexts < 2 || strcmp(all[i], s->contexts[1])))
			contexts[n++] = all[i];
	}
	*names = '\0';
	for (i = 0; i < n; i++)
		snprintf(names + strlen(names), NAMES_SIZE - strlen(names), "%s%s", i ? " " : "",
			 contexts[i]);
	return n;
}

static void wide(const struct screen *s)
{
	const char *contexts[EGPR_NR_CONTEXTS];
	char names[NAMES_SIZE], title[160], few[48] = "";
	FILE *dat = report_plot_open(s->r, NAME);
	unsigned int i, x, measured, n = marks(s, contexts, names, &measured);

	if (!dat)
		return;
	for (i = 0; i < s->n; i++) {
		for (x = 0; x < n; x++) {
			size_t row = screen_in(s, i, contexts[x]);

			if (row < s->t->rows)
				mark(s, dat, i, row, x);
		}
	}
	screen_bands(dat);
	if (n < measured)
		snprintf(few, sizeof(few), "; %u of %u contexts", n, measured);
	snprintf(title, sizeof(title), "Cost of a switch, guest state %s%s", s->f.state, few);
	report_plot_close(s->r, dat, "screen", NAME, s->n, names, &s->g, title);
}

/* Does a strategy stand for its family: the one that the sentence names, else the cheapest? */
static bool stands_for(const struct screen *s, unsigned int i)
{
	const struct egpr_strategy *is = egpr_strategy_find(screen_strategy(s, i), NULL);
	unsigned int k, first = s->n;

	for (k = s->n; k-- > 0;) {
		const struct egpr_strategy *other = egpr_strategy_find(screen_strategy(s, k), NULL);

		if (!is || !other || other->family != is->family)
			continue;
		if (k == s->gated || k == s->xsave)
			return i == k;
		first = k;
	}
	return i == first;
}

/* For a narrow window: one of each family. */
static void narrow(const struct screen *s)
{
	FILE *dat = report_plot_open(s->r, NAME DOC_NARROW);
	unsigned int i, x, rows = 0;
	char names[NAMES_SIZE] = "";

	if (!dat)
		return;
	for (x = 0; x < s->ncontexts; x++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", x ? " " : "",
			 s->contexts[x]);
	for (i = 0; i < s->n; i++) {
		if (!stands_for(s, i))
			continue;
		for (x = 0; x < s->ncontexts; x++) {
			size_t row = screen_in(s, i, s->contexts[x]);

			if (row < s->t->rows)
				mark(s, dat, rows, row, x);
		}
		rows++;
	}
	screen_bands(dat);
	report_plot_twin(s->r, dat, "screen-narrow", NAME DOC_NARROW, rows, names,
			 "One of each family");
}

static void number_cell(const struct screen *s, size_t row, unsigned int column)
{
	doc_cell(&s->r->doc, DOC_PLAIN, report_href(s->t, row), "%s",
		 report_signed(csv_real(s->t, row, column)));
}

/* Where it costs the most, of all contexts that were measured. */
static void worst_cell(const struct screen *s, unsigned int i)
{
	struct report_filter f = s->f;
	size_t row, worst = s->row[i];
	unsigned int n = 0;

	f.strategy = screen_strategy(s, i);
	f.context = NULL;
	for (row = report_next(s->t, 0, &f); row < s->t->rows;
	     row = report_next(s->t, row + 1, &f)) {
		n++;
		if (csv_real(s->t, row, EGPR_VERDICTS_diff) >
		    csv_real(s->t, worst, EGPR_VERDICTS_diff))
			worst = row;
	}
	if (n < 2)
		doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", "only this one");
	else
		doc_cell(&s->r->doc, DOC_PLAIN, report_href(s->t, worst), "%s %s",
			 csv_text(s->t, worst, EGPR_COL_context),
			 report_signed(csv_real(s->t, worst, EGPR_VERDICTS_diff)));
}

static void code_cells(const struct screen *s, unsigned int i)
{
	const struct csv_table *t = &s->r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = s->f;
	uint64_t at_exit, at_entry, bytes, lines;
	const char *href;
	size_t row;

	f.strategy = screen_strategy(s, i);
	row = report_next(t, 0, &f);
	if (row == t->rows || !*csv_text(t, row, EGPR_SUMMARY_code_bytes_exit)) {
		doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", "");
		doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", "");
		return;
	}
	at_exit = csv_count(t, row, EGPR_SUMMARY_code_bytes_exit);
	at_entry = csv_count(t, row, EGPR_SUMMARY_code_bytes_entry);
	bytes = at_exit + at_entry;
	lines = report_lines(at_exit) + report_lines(at_entry);
	href = report_href(t, row);
	doc_cell(&s->r->doc, DOC_PLAIN, href, "%llu", (unsigned long long)bytes);
	doc_cell(&s->r->doc, DOC_PLAIN, href, "%llu", (unsigned long long)lines);
}

static void row_of(const struct screen *s, unsigned int i)
{
	const char *memory, *may_not;
	size_t row = s->row[i];
	unsigned int m;

	report_property_words(screen_strategy(s, i), &memory, &may_not);
	doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", screen_strategy(s, i));
	if (screen_has_halves(s)) {
		number_cell(s, row, EGPR_VERDICTS_exit_diff);
		number_cell(s, row, EGPR_VERDICTS_entry_diff);
	}
	number_cell(s, row, EGPR_VERDICTS_diff);
	doc_cell(&s->r->doc, DOC_PLAIN, report_href(s->t, row), "%s",
		 report_interval(csv_real(s->t, row, EGPR_VERDICTS_diff_low),
				 csv_real(s->t, row, EGPR_VERDICTS_diff_high)));
	for (m = 0; m < s->nmargins; m++) {
		size_t one = screen_with(s, i, s->margins[m]);
		const char *verdict = one < s->t->rows ? csv_text(s->t, one, EGPR_VERDICTS_verdict)
						       : "";

		doc_cell(&s->r->doc, *verdict ? report_tone(verdict) : DOC_PLAIN,
			 *verdict ? report_href(s->t, one) : NULL, "%s",
			 *verdict ? screen_verdict(verdict) : "");
	}
	worst_cell(s, i);
	code_cells(s, i);
	doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", memory);
	doc_cell(&s->r->doc, DOC_PLAIN, NULL, "%s", may_not);
}

static void table(const struct screen *s)
{
	static const struct doc_column before[] = {
		{ "exit", DOC_NUMBER },
		{ "entry", DOC_NUMBER },
		{ "sum", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
	};
	static const struct doc_column behind[] = {
		{ "worst context", DOC_WIDE },
		{ "code bytes", DOC_NUMBER | DOC_WIDE },
		{ "lines", DOC_NUMBER | DOC_WIDE },
		{ "extra memory", DOC_WIDE },
		{ "may not", DOC_WIDE },
	};
	struct doc_column columns[COLUMNS + SCREEN_MARGINS];
	unsigned int m, n = 1, skipped = screen_has_halves(s) ? 0 : HALVES;

	columns[0] = (struct doc_column){ "strategy", 0 };
	for (m = skipped; m < sizeof(before) / sizeof(*before); m++)
		columns[n++] = before[m];
	for (m = 0; m < s->nmargins; m++)
		columns[n++] = (struct doc_column){ s->margins[m], 0 };
	memcpy(columns + n, behind, sizeof(behind));
	n += sizeof(behind) / sizeof(*behind);
	doc_table(&s->r->doc, NAME "-table", columns, n,
		  "Added to none, TSC ticks (%s; layer %s, context %s, guest state %s); by margin: "
		  "equal, faster, slower or open.%s",
		  s->g.provenance, s->g.layer, s->g.context, s->f.state,
		  screen_has_halves(s) ? "" : " Exit and entry were not measured apart.");
	for (m = 0; m < s->n; m++)
		row_of(s, m);
}

void report_screen(struct report *r)
{
	char words[SCREEN_WORDS], place[SCREEN_WORDS], sources[512];
	struct screen s;

	if (!screen_make(r, &s))
		return;
	screen_words(&s, words);
	screen_place(&s, place);
	doc_lead(&r->doc, NAME "-sentence", "%s %s", words, place);
	narrow(&s);
	wide(&s);
	table(&s);
	doc_para(
		&r->doc,
		"The field's own lines, from public mail and commits (cycles; nobody said of which clock): %s.",
		field_sources(sources, sizeof(sources)));
}
