/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A document of headings, paragraphs, tables and pictures, written once and
 * rendered as HTML, Markdown and narrow plain text.
 *
 * One content for three readers: what the mail says is what the page says. All
 * texts are plain; each renderer escapes for itself. Running out of memory
 * ends the program with EGPR_INTERNAL: half a report would be worse than none.
 */
#ifndef BENCH_DOC_H
#define BENCH_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DOC_TEXT_COLUMNS 70 /* widest line of the plain text: fits a quoted mail */

enum doc_kind {
	DOC_HEADING,
	DOC_PARA,
	DOC_LITERAL,
	DOC_ALERT,
	DOC_TABLE,
	DOC_PICTURE
};

/* What a cell or an alert says at a glance. */
enum doc_tone {
	DOC_PLAIN,
	DOC_GOOD,
	DOC_BAD,
	DOC_OPEN
};

#define DOC_NARROW "-narrow" /* of the name of a picture's twin */

#define DOC_WIDE   (1u << 0) /* left out of the plain text; what the page folds first */
#define DOC_NUMBER (1u << 1) /* aligned right, sorted by value */

struct doc_column {
	const char *name;
	unsigned int flags;
};

struct doc_cell {
	char *text;
	char *href; /* relative to the run directory, NULL for none */
	enum doc_tone tone;
};

/**
 * struct doc_block - one element
 * @kind: which
 * @level: of a heading, 1 is the title
 * @tone: of an alert
 * @id: anchor of a heading or table; file name without suffix of a picture
 * @text: heading, paragraph, caption
 * @columns: of a table
 * @ncolumns: their number
 * @cells: @ncells cells, row by row
 * @ncells: cells so far
 */
struct doc_block {
	enum doc_kind kind;
	int level;
	enum doc_tone tone;
	char *id;
	char *text;
	struct doc_column *columns;
	unsigned int ncolumns;
	struct doc_cell *cells;
	size_t ncells;
};

enum doc_format {
	DOC_SVG,
	DOC_PNG,
	DOC_NR_FORMATS
};

#define DOC_WHY_SIZE 360

/**
 * struct doc - a document
 * @blocks: from top to bottom
 * @nblocks: how many
 * @no_picture: by format, why pictures are missing; "" where they are not
 */
struct doc {
	struct doc_block *blocks;
	size_t nblocks;
	char no_picture[DOC_NR_FORMATS][DOC_WHY_SIZE];
};

void doc_free(struct doc *d);

#define DOC_PRINTF(n) __attribute__((format(printf, n, n + 1)))

void doc_heading(struct doc *d, int level, const char *id, const char *fmt, ...) DOC_PRINTF(4);
void doc_para(struct doc *d, const char *fmt, ...) DOC_PRINTF(2);
/* The paragraph that a reader sees first; has an anchor. */
void doc_lead(struct doc *d, const char *id, const char *fmt, ...) DOC_PRINTF(3);
/* Lines as they are, each with its newline, for the plain text alone: what is copied out of it. */
void doc_literal(struct doc *d, const char *lines);
void doc_alert(struct doc *d, enum doc_tone tone, const char *fmt, ...) DOC_PRINTF(3);
/*
 * @name: the files are RUNDIR_PLOTS/<name>.svg and .png; where there is a <name>-narrow.svg too, it stands for
 * the other in a narrow window.
 */
void doc_picture(struct doc *d, const char *name, const char *fmt, ...) DOC_PRINTF(3);

/**
 * doc_table - start a table; cells follow row by row
 * @columns: copied, but not the names
 */
void doc_table(struct doc *d, const char *id, const struct doc_column *columns, unsigned int n,
	       const char *fmt, ...) DOC_PRINTF(5);
/* The next cell of the table started last. @href may be NULL. */
void doc_cell(struct doc *d, enum doc_tone tone, const char *href, const char *fmt, ...)
	DOC_PRINTF(4);
/* Rows of the table started last. */
size_t doc_rows(const struct doc *d);

/**
 * doc_html - write a self-contained page
 * @d: the document
 * @dir: run directory: where the pictures are
 * @f: where to
 *
 * Style, script and pictures are inside the page; a picture whose file is
 * missing is named instead. Return: 0 or -1 on a write error.
 */
int doc_html(const struct doc *d, const char *dir, FILE *f);
int doc_markdown(const struct doc *d, const char *dir, FILE *f);
/* Without pictures and without DOC_WIDE columns; no line beyond DOC_TEXT_COLUMNS. */
int doc_text(const struct doc *d, FILE *f);
/* Tables aligned, however wide, and paragraphs on a line of their own each: for a terminal. */
void doc_aligned(const struct doc *d, int color, FILE *f);
/*
 * Tables as an object: by id a list of rows, by column; a text of a DOC_NUMBER column that is a number is
 * one, an empty one null. Paragraphs are the list "notes". Return: 0, or -1 on a write error.
 */
int doc_json(const struct doc *d, FILE *f);
/**
 * doc_keep - drop rows of all tables
 * @d: the document
 * @filter: extended regular expression that has to match the cells, joined by '/'; NULL for any
 * @only: comma-separated cells: each column that has any of them anywhere keeps the rows where it has
 *	one, so that ids of several axes narrow each its own; NULL for any
 * @why: DOC_WHY_SIZE bytes; receives what is wrong with @filter
 *
 * Return: rows that are left, -1 where @filter is no expression.
 */
long doc_keep(struct doc *d, const char *filter, const char *only, char *why);
/* The same choice, for what is no document: @stays gets one for each row of all tables, in their order. */
long doc_choose(const struct doc *d, const char *filter, const char *only, bool *stays, char *why);
/* Only the tables, tab-separated: as wide as they are, and ready for cut, sort and awk. */
void doc_tabs(const struct doc *d, FILE *f);
/* Their rows without the line of column names, for a table that is printed in parts. */
void doc_tabs_rows(const struct doc *d, FILE *f);

#endif /* BENCH_DOC_H */
