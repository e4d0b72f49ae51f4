// SPDX-License-Identifier: GPL-2.0-only
/*
 * A document as Markdown: pipe tables, pictures as PNG beside the file.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "doc.h"
#include <bench/rundir/rundir.h>

static void escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (strchr("\\|*_<>[]`", *s))
			putc('\\', f);
		putc(*s == '\n' ? ' ' : *s, f);
	}
}

static void markdown_cell(FILE *f, const struct doc_cell *c)
{
	fputs("| ", f);
	if (c->href && *c->text) {
		putc('[', f);
		escaped(f, c->text);
		fprintf(f, "](%s) ", c->href);
	} else {
		escaped(f, c->text);
		putc(' ', f);
	}
}

static void markdown_table(FILE *f, const struct doc_block *b)
{
	unsigned int c;
	size_t i;

	escaped(f, b->text);
	fputs("\n\n", f);
	for (c = 0; c < b->ncolumns; c++) {
		fputs("| ", f);
		escaped(f, b->columns[c].name);
		putc(' ', f);
	}
	fputs("|\n", f);
	for (c = 0; c < b->ncolumns; c++)
		fputs(b->columns[c].flags & DOC_NUMBER ? "|-:" : "|-", f);
	fputs("|\n", f);
	for (i = 0; i < b->ncells; i += b->ncolumns) {
		for (c = 0; c < b->ncolumns; c++)
			markdown_cell(f, &b->cells[i + c]);
		fputs("|\n", f);
	}
}

static void markdown_picture(FILE *f, const struct doc_block *b, const char *dir, const char *why)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" RUNDIR_PLOTS "/%s.png", dir, b->id);
	if (access(path, R_OK)) {
		fprintf(f, "(no picture %s: ", b->id);
		escaped(f, b->text);
		if (*why) {
			fputs(". Why: ", f);
			escaped(f, why);
		}
		fputs(")\n", f);
		return;
	}
	fputs("![", f);
	escaped(f, b->text);
	fprintf(f, "](" RUNDIR_PLOTS "/%s.png)\n", b->id);
}

int doc_markdown(const struct doc *d, const char *dir, FILE *f)
{
	bool first = true;
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		if (b->kind == DOC_LITERAL)
			continue;
		if (!first)
			putc('\n', f);
		first = false;
		switch (b->kind) {
		case DOC_HEADING:
			fprintf(f, "%.*s ", b->level, "######");
			escaped(f, b->text);
			putc('\n', f);
			break;
		case DOC_ALERT:
			fputs("> ", f);
			escaped(f, b->text);
			putc('\n', f);
			break;
		case DOC_LITERAL:
			break;
		case DOC_PARA:
			escaped(f, b->text);
			putc('\n', f);
			break;
		case DOC_TABLE:
			markdown_table(f, b);
			break;
		case DOC_PICTURE:
			markdown_picture(f, b, dir, d->no_picture[DOC_PNG]);
			break;
		}
	}
	return ferror(f) ? -1 : 0;
}
