// SPDX-License-Identifier: GPL-2.0-only
/*
 * A document as plain text for a mail: at most DOC_TEXT_COLUMNS wide.
 *
 * A table too wide for that gets its widest text columns wrapped inside their
 * cells, never cut: a shortened number would be a wrong number.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"

#define MAX_COLUMNS 32
#define GAP	    2  /* blanks between columns */
#define TIGHT_GAP   1  /* where the table is too wide */
#define ROWS_MAX    40 /* a longer table is only named */
#define NARROWEST   8  /* a wrapped column keeps at least this */

/* Width on the screen of UTF-8 text: characters, as no wide ones are written. */
static int width(const char *s, size_t bytes)
{
	int n = 0;
	size_t i;

	for (i = 0; i < bytes; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static int width_of(const char *s)
{
	return width(s, strlen(s));
}

/* Bytes of @s that fit @room, cut behind a blank or hyphen where there is one. */
static size_t fit(const char *s, int room)
{
	size_t i, best = 0, hard = 0;

	for (i = 0; s[i]; i++) {
		if (((unsigned char)s[i + 1] & 0xc0) == 0x80)
			continue;
		if (width(s, i + 1) > room && s[i] != ' ')
			break;
		hard = i + 1;
		if (s[i] == ' ' || s[i] == '-' || !s[i + 1])
			best = i + 1;
	}
	return best ? best : hard;
}

static size_t trimmed(const char *s, size_t n)
{
	while (n && s[n - 1] == ' ')
		n--;
	return n;
}

static void fill(FILE *f, const char *first, const char *s)
{
	int room = DOC_TEXT_COLUMNS - width(first, strlen(first));
	const char *lead = first;
	size_t n;

	do {
		n = fit(s, room);
		fprintf(f, "%s%.*s\n", lead, (int)trimmed(s, n), s);
		s += n;
		while (*s == ' ')
			s++;
		lead = *first ? "  " : "";
	} while (*s);
}

static void rule(FILE *f, int n, char c)
{
	while (n-- > 0)
		putc(c, f);
	putc('\n', f);
}

/* Sets the width of each column, 0 for those left out. Return: the gap between columns. */
static int column_widths(const struct doc_block *b, int *w)
{
	int gap = GAP, total, widest;
	unsigned int c;
	size_t i;

	for (c = 0; c < b->ncolumns; c++)
		w[c] = b->columns[c].flags & DOC_WIDE ? 0 : width_of(b->columns[c].name);
	for (i = 0; i < b->ncells; i++) {
		int n = width_of(b->cells[i].text);

		c = (unsigned int)(i % b->ncolumns);
		if (w[c] && n > w[c])
			w[c] = n;
	}
	for (;;) {
		total = -gap;
		widest = -1;
		for (c = 0; c < b->ncolumns; c++) {
			if (!w[c])
				continue;
			total += w[c] + gap;
			if (w[c] > NARROWEST && !(b->columns[c].flags & DOC_NUMBER) &&
			    (widest < 0 || w[c] > w[widest]))
				widest = (int)c;
		}
		if (total <= DOC_TEXT_COLUMNS || (gap == TIGHT_GAP && widest < 0))
			return gap;
		if (gap != TIGHT_GAP)
			gap = TIGHT_GAP;
		else
			w[widest]--;
	}
}

/* One table row, over as many lines as its fullest cell needs. */
static void text_row(FILE *f, const struct doc_block *b, const int *w, int gap, const char **cell)
{
	char line[1024];
	bool more = true;
	unsigned int c;

	while (more) {
		size_t at = 0;

		more = false;
		for (c = 0; c < b->ncolumns; c++) {
			size_t n = fit(cell[c], w[c]), shown = trimmed(cell[c], n);
			int pad = w[c] - width(cell[c], shown);
			bool right = b->columns[c].flags & DOC_NUMBER;

			if (!w[c] || at + shown + (size_t)pad + (size_t)gap + 1 > sizeof(line))
				continue;
			at += (size_t)sprintf(line + at, "%*s%.*s%*s", right ? pad : 0, "",
					      (int)shown, cell[c], (right ? 0 : pad) + gap, "");
			cell[c] += n;
			more |= *cell[c] != '\0';
		}
		fprintf(f, "%.*s\n", (int)trimmed(line, at), line);
	}
}

static void text_table(FILE *f, const struct doc_block *b)
{
	const char *cell[MAX_COLUMNS];
	int w[MAX_COLUMNS], total, gap;
	unsigned int c, shown = 0;
	size_t i, rows;

	if (!b->ncolumns)
		return;
	rows = b->ncells / b->ncolumns;
	fill(f, "", b->text);
	for (c = 0; c < b->ncolumns; c++)
		shown += !(b->columns[c].flags & DOC_WIDE);
	if (b->ncolumns > MAX_COLUMNS || shown < 2 || rows > ROWS_MAX) {
		fprintf(f, "(%zu rows: see report.html)\n", rows);
		return;
	}
	gap = column_widths(b, w);
	total = -gap;
	for (c = 0; c < b->ncolumns; c++) {
		cell[c] = b->columns[c].name;
		total += w[c] ? w[c] + gap : 0;
	}
	putc('\n', f);
	text_row(f, b, w, gap, cell);
	rule(f, total < DOC_TEXT_COLUMNS ? total : DOC_TEXT_COLUMNS, '-');
	for (i = 0; i < b->ncells; i += b->ncolumns) {
		for (c = 0; c < b->ncolumns; c++)
			cell[c] = b->cells[i + c].text;
		text_row(f, b, w, gap, cell);
	}
}

int doc_text(const struct doc *d, FILE *f)
{
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		if (b->kind == DOC_PICTURE)
			continue;
		if (i)
			putc('\n', f);
		if (b->kind == DOC_TABLE)
			text_table(f, b);
		else if (b->kind == DOC_LITERAL)
			fputs(b->text, f);
		else
			fill(f, b->kind == DOC_ALERT ? "! " : "", b->text);
		if (b->kind == DOC_HEADING)
			rule(f,
			     width_of(b->text) < DOC_TEXT_COLUMNS ? width_of(b->text)
								  : DOC_TEXT_COLUMNS,
			     b->level == 1 ? '=' : '-');
	}
	return ferror(f) ? -1 : 0;
}
