// SPDX-License-Identifier: GPL-2.0-only
/*
 * A document as one HTML page that asks nobody for anything.
 *
 * Pictures become part of the page as SVG elements. Their ids, which gnuplot
 * repeats from picture to picture, get the picture's number in front.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc.h"
#include <bench/rundir/rundir.h>
#include <bench/rundir/file.h>

/* bench/report_assets.S */
extern const char report_css[];
extern const char report_js[];

#define CONTENTS_LEVEL 2
#define CELLS_MOST     40000 /* of all tables: some 40 bytes each */
#define ROWS_ALL       (SIZE_MAX / CELLS_MOST)
#define ROWS_FIRST     1024
#define ROWS_LEAST     32

static void escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			putc(*s, f);
		}
	}
}

static const char *tone_class(enum doc_tone tone)
{
	static const char *const classes[] = {
		[DOC_PLAIN] = "", [DOC_GOOD] = "good", [DOC_BAD] = "bad", [DOC_OPEN] = "open"
	};

	return classes[tone];
}

static void html_contents(FILE *f, const struct doc *d)
{
	size_t i;

	fputs("<nav aria-label=\"Contents\"><ul>\n", f);
	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		if (b->kind != DOC_HEADING || b->level != CONTENTS_LEVEL)
			continue;
		fprintf(f, "<li><a href=\"#%s\">", b->id);
		escaped(f, b->text);
		fputs("</a></li>\n", f);
	}
	fputs("</ul></nav>\n", f);
}

/* Neighbours that lead to the same place: the first of them does. */
static bool leads(const struct doc_cell *c, const struct doc_cell *before)
{
	return c->href && *c->text && (!before || !before->href || strcmp(before->href, c->href));
}

static void html_cell(FILE *f, const struct doc_cell *c, const struct doc_cell *before,
		      unsigned int flags)
{
	const char *tone = tone_class(c->tone);
	const char *number = flags & DOC_NUMBER ? "n" : "";

	if (*tone || *number)
		fprintf(f, "<td class=\"%s%s%s\">", number, *tone && *number ? " " : "", tone);
	else
		fputs("<td>", f);
	if (leads(c, before)) {
		fprintf(f, "<a href=\"%s\">", c->href);
		escaped(f, c->text);
		fputs("</a>", f);
	} else {
		escaped(f, c->text);
	}
	fputs("</td>", f);
}

/* Rows per table that a page of this document has room for: all, unless it grows too large. */
static size_t row_limit(const struct doc *d)
{
	size_t limit = ROWS_ALL, cells, i;

	for (;; limit = limit == ROWS_ALL ? ROWS_FIRST : limit / 2) {
		for (i = cells = 0; i < d->nblocks; i++) {
			const struct doc_block *b = &d->blocks[i];
			size_t most = limit * b->ncolumns;

			if (b->kind == DOC_TABLE)
				cells += b->ncells < most ? b->ncells : most;
		}
		if (cells <= CELLS_MOST || limit <= ROWS_LEAST)
			return limit;
	}
}

/* How many rows are left out, and where they are. */
static void html_rest(FILE *f, const struct doc_block *b, size_t limit)
{
	size_t rows = b->ncolumns ? b->ncells / b->ncolumns : 0, i;
	const char *href = NULL;

	if (rows <= limit)
		return;
	for (i = 0; i < b->ncells && !href; i++)
		href = b->cells[i].href;
	fprintf(f, "<p class=\"caption\">%zu of %zu rows; ", limit, rows);
	if (href)
		fprintf(f, "<a href=\"%.*s\">%.*s</a> has all.</p>\n", (int)strcspn(href, "#"),
			href, (int)strcspn(href, "#"), href);
	else
		fputs("report.md has all.</p>\n", f);
}

static void html_table(FILE *f, const struct doc_block *b, size_t limit)
{
	unsigned int c;
	size_t i;

	fprintf(f, "<p class=\"caption\" id=\"%s-caption\">", b->id);
	escaped(f, b->text);
	fprintf(f,
		"</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-labelledby=\"%s-caption\"><table id=\"%s\" aria-labelledby=\"%s-caption\">\n"
		"<thead><tr>",
		b->id, b->id, b->id);
	for (c = 0; c < b->ncolumns; c++) {
		fprintf(f, "<th scope=\"col\"%s%s>",
			b->columns[c].flags & DOC_NUMBER ? " class=\"n\"" : "",
			b->columns[c].flags & DOC_WIDE ? " data-rare" : "");
		escaped(f, b->columns[c].name);
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (i = 0; i < b->ncells && i < limit * b->ncolumns; i += b->ncolumns) {
		fputs("<tr>", f);
		for (c = 0; c < b->ncolumns; c++)
			html_cell(f, &b->cells[i + c], c ? &b->cells[i + c - 1] : NULL,
				  b->columns[c].flags);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div>\n", f);
	html_rest(f, b, limit);
}

/* Copies SVG text, putting @own in front of every id and reference to one. */
static void svg_with_own_ids(FILE *f, const char *svg, const char *own)
{
	static const char *const marks[] = { " id=\"", " id='", "href='#", "href=\"#", "url(#" };
	size_t i;

	while (*svg) {
		for (i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
			size_t n = strlen(marks[i]);

			if (strncmp(svg, marks[i], n))
				continue;
			fprintf(f, "%s%s", marks[i], own);
			svg += n;
			break;
		}
		if (i == sizeof(marks) / sizeof(*marks))
			putc(*svg++, f);
	}
}

/* The text of a picture from its <svg on; NULL where there is none. @text is to be freed. */
static char *svg_of(const char *dir, const char *name, const char *twin, char **text)
{
	char path[4096];
	size_t len;

	*text = NULL;
	snprintf(path, sizeof(path), "%s/" RUNDIR_PLOTS "/%s%s.svg", dir, name, twin);
	return access(path, R_OK) || rundir_file_slurp(path, text, &len) ? NULL
									 : strstr(*text, "<svg");
}

static void html_drawing(FILE *f, const struct doc_block *b, const char *svg, const char *class,
			 const char *number)
{
	fprintf(f, "<div class=\"scroll%s\" tabindex=\"0\" role=\"img\" aria-label=\"", class);
	escaped(f, b->text);
	fputs("\">\n", f);
	svg_with_own_ids(f, svg, number);
	fputs("</div>\n", f);
}

static void html_picture(FILE *f, const struct doc_block *b, const char *dir, size_t number,
			 const char *why)
{
	char *text, *twin, own[32];
	const char *svg = svg_of(dir, b->id, "", &text);
	const char *narrow = svg_of(dir, b->id, DOC_NARROW, &twin);

	if (svg) {
		fprintf(f, "<figure id=\"%s\">", b->id);
		snprintf(own, sizeof(own), "p%zu-", number);
		html_drawing(f, b, svg, narrow ? " of-wide" : "", own);
		snprintf(own, sizeof(own), "p%zun-", number);
		if (narrow)
			html_drawing(f, b, narrow, " of-narrow", own);
		fputs("<figcaption>", f);
		escaped(f, b->text);
		fputs("</figcaption></figure>\n", f);
	} else {
		fprintf(f, "<p class=\"caption\">No picture %s: ", b->id);
		escaped(f, b->text);
		if (*why) {
			fputs(". Why: ", f);
			escaped(f, why);
		}
		fputs("</p>\n", f);
	}
	free(text);
	free(twin);
}

static void html_block(FILE *f, const struct doc_block *b, const char *dir, size_t number,
		       size_t limit, const char *why)
{
	switch (b->kind) {
	case DOC_HEADING:
		fprintf(f, "<h%d id=\"%s\">", b->level, b->id);
		escaped(f, b->text);
		fprintf(f, "</h%d>\n", b->level);
		break;
	case DOC_LITERAL:
		break;
	case DOC_PARA:
		if (b->id)
			fprintf(f, "<p class=\"lead\" id=\"%s\">", b->id);
		else
			fputs("<p>", f);
		escaped(f, b->text);
		fputs("</p>\n", f);
		break;
	case DOC_ALERT:
		fprintf(f, "<p class=\"alert %s\">", tone_class(b->tone));
		escaped(f, b->text);
		fputs("</p>\n", f);
		break;
	case DOC_TABLE:
		html_table(f, b, limit);
		break;
	case DOC_PICTURE:
		html_picture(f, b, dir, number, why);
		break;
	}
}

/* What the first heading says. */
static const char *title(const struct doc *d)
{
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		if (d->blocks[i].kind == DOC_HEADING)
			return d->blocks[i].text;
	}
	return "";
}

int doc_html(const struct doc *d, const char *dir, FILE *f)
{
	size_t i, limit = row_limit(d);
	int contents = 0;

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      f);
	escaped(f, title(d));
	fprintf(f,
		"</title>\n<style>\n%s</style></head><body>\n"
		"<a class=\"skip\" href=\"#main\">Skip to the answer</a>\n<main id=\"main\">\n",
		report_css);
	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		/* The list of contents stands behind the first section: first the answer. */
		if (b->kind == DOC_HEADING && b->level == CONTENTS_LEVEL && contents++ == 1)
			html_contents(f, d);
		html_block(f, b, dir, i, limit, d->no_picture[DOC_SVG]);
	}
	fprintf(f, "</main>\n<script>\n%s</script>\n</body></html>\n", report_js);
	return ferror(f) ? -1 : 0;
}
