/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first screen: a sentence, a picture, a table; and the same for a mail.
 *
 * screen_make() asks the tables once, so that the page and the mail cannot say different things.
 */
#ifndef BENCH_SCREEN_H
#define BENCH_SCREEN_H

#include "report.h"

#include <egpr/context.h>
#include <egpr/strategy.h>

#define SCREEN_STRATEGIES 64
#define SCREEN_MARGINS	  8
#define SCREEN_WORDS	  2048

/**
 * struct field_line - what a difference was held against in public
 * @low: cycles
 * @high: cycles, the same as @low for a single figure
 * @cycles: both in words
 * @says: what was said of it, in quotation marks, or what was done about it
 * @source: where
 */
struct field_line {
	double low, high;
	const char *cycles;
	const char *says;
	const char *source;
};
extern const struct field_line field_lines[];
extern const unsigned int field_nr_lines;

/* Where an interval lies among them, in words. Return: @text. */
const char *field_place(double low, double high, char *text, size_t size);
/* All of them with their sources. Return: @text. */
const char *field_sources(char *text, size_t size);

/**
 * struct screen - what the first screen speaks of
 * @r: the report
 * @t: verdicts.csv
 * @g: the group that answers first
 * @f: its rows: one exit kind, one guest state, one margin
 * @n: strategies that switch something and have a difference, cheapest first
 * @row: their rows of verdicts.csv
 * @contexts: contexts in which this was measured, that of @g first
 * @ncontexts: their number
 * @margins: of the plan
 * @nmargins: their number
 * @gated: index of the gated switch that the sentence speaks of, @n where none was measured
 * @xsave: likewise of XSAVE
 * @ten: row of what ten core cycles were read as; t->rows where no delay was measured
 */
struct screen {
	struct report *r;
	const struct csv_table *t;
	struct report_group g;
	struct report_filter f;
	unsigned int n;
	size_t row[SCREEN_STRATEGIES];
	unsigned int ncontexts;
	const char *contexts[EGPR_NR_CONTEXTS];
	unsigned int nmargins;
	const char *margins[SCREEN_MARGINS];
	unsigned int gated, xsave;
	size_t ten;
};

/* Return: whether anything was compared that a first screen could show. */
bool screen_make(struct report *r, struct screen *s);

/**
 * screen_make_where - the same of a group that somebody wants
 * @wants: whether a group may answer
 * @arg: for @wants
 */
bool screen_make_where(struct report *r, bool (*wants)(const struct report_group *g, void *arg),
		       void *arg, struct screen *s);

/* Behind the marks of its picture: the field's own lines, for scripts/plot/screen.gp. */
void screen_bands(FILE *dat);
/* Id of the strategy at an index. */
const char *screen_strategy(const struct screen *s, unsigned int i);
/* Row of the same comparison in another context; t->rows where it was not measured. */
size_t screen_in(const struct screen *s, unsigned int i, const char *context);
/* Row of the same comparison with another margin. */
size_t screen_with(const struct screen *s, unsigned int i, const char *margin);
/* The sentence. Return: @text, SCREEN_WORDS bytes. */
const char *screen_words(const struct screen *s, char *text);
/* What it is held against. Return: @text, SCREEN_WORDS bytes. */
const char *screen_place(const struct screen *s, char *text);
/* Were exit and entry half told apart? */
bool screen_has_halves(const struct screen *s);
/* A verdict in one short word. */
const char *screen_verdict(const char *verdict);

#endif /* BENCH_SCREEN_H */
