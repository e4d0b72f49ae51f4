// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of a document for other programs: a header line, then a line per row.
 */
#include <stdbool.h>

#include "doc.h"

static void names(const struct doc_block *b, FILE *f)
{
	unsigned int c;

	for (c = 0; c < b->ncolumns; c++)
		fprintf(f, "%s%c", b->columns[c].name, c + 1 < b->ncolumns ? '\t' : '\n');
}

static void rows(const struct doc_block *b, FILE *f)
{
	unsigned int c;
	size_t i;

	for (i = 0; i + b->ncolumns <= b->ncells; i += b->ncolumns) {
		for (c = 0; c < b->ncolumns; c++)
			fprintf(f, "%s%c", b->cells[i + c].text, c + 1 < b->ncolumns ? '\t' : '\n');
	}
}

static void tables(const struct doc *d, bool named, FILE *f)
{
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		if (d->blocks[i].kind != DOC_TABLE || !d->blocks[i].ncolumns)
			continue;
		if (named)
			names(&d->blocks[i], f);
		rows(&d->blocks[i], f);
	}
}

void doc_tabs(const struct doc *d, FILE *f)
{
	tables(d, true, f);
}

void doc_tabs_rows(const struct doc *d, FILE *f)
{
	tables(d, false, f);
}
