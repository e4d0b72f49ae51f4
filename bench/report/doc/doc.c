// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building a document.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include "doc.h"

#define GROW 64

static void *must(void *p)
{
	if (!p) {
		fputs("egprlab report: out of memory\n", stderr);
		exit(EGPR_INTERNAL);
	}
	return p;
}

static char *vtext(const char *fmt, va_list ap)
{
	char *text, *at;

	if (vasprintf(&text, fmt, ap) < 0)
		must(NULL);
	for (at = text; (at = strpbrk(at, "\r\n\t")); at++)
		*at = ' ';
	return text;
}

static struct doc_block *add(struct doc *d, enum doc_kind kind, const char *id)
{
	struct doc_block *b;

	if (d->nblocks % GROW == 0)
		d->blocks = must(realloc(d->blocks, (d->nblocks + GROW) * sizeof(*d->blocks)));
	b = &d->blocks[d->nblocks++];
	memset(b, 0, sizeof(*b));
	b->kind = kind;
	b->id = id ? must(strdup(id)) : NULL;
	return b;
}

/* The text of a block from the arguments behind fmt. */
#define SET_TEXT(b)                         \
	do {                                \
		va_list ap;                 \
		va_start(ap, fmt);          \
		(b)->text = vtext(fmt, ap); \
		va_end(ap);                 \
	} while (0)

void doc_heading(struct doc *d, int level, const char *id, const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_HEADING, id);

	b->level = level;
	SET_TEXT(b);
}

void doc_para(struct doc *d, const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_PARA, NULL);

	SET_TEXT(b);
}

void doc_lead(struct doc *d, const char *id, const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_PARA, id);

	SET_TEXT(b);
}

void doc_literal(struct doc *d, const char *lines)
{
	add(d, DOC_LITERAL, NULL)->text = must(strdup(lines));
}

void doc_alert(struct doc *d, enum doc_tone tone, const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_ALERT, NULL);

	b->tone = tone;
	SET_TEXT(b);
}

void doc_picture(struct doc *d, const char *name, const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_PICTURE, name);

	SET_TEXT(b);
}

void doc_table(struct doc *d, const char *id, const struct doc_column *columns, unsigned int n,
	       const char *fmt, ...)
{
	struct doc_block *b = add(d, DOC_TABLE, id);

	b->columns = must(calloc(n, sizeof(*columns)));
	memcpy(b->columns, columns, n * sizeof(*columns));
	b->ncolumns = n;
	SET_TEXT(b);
}

void doc_cell(struct doc *d, enum doc_tone tone, const char *href, const char *fmt, ...)
{
	struct doc_block *b = &d->blocks[d->nblocks - 1];
	struct doc_cell *c;

	if (b->ncells % GROW == 0)
		b->cells = must(realloc(b->cells, (b->ncells + GROW) * sizeof(*b->cells)));
	c = &b->cells[b->ncells++];
	c->tone = tone;
	c->href = href ? must(strdup(href)) : NULL;
	SET_TEXT(c);
}

size_t doc_rows(const struct doc *d)
{
	const struct doc_block *b = &d->blocks[d->nblocks - 1];

	return b->ncells / b->ncolumns;
}

void doc_free(struct doc *d)
{
	size_t i, j;

	for (i = 0; i < d->nblocks; i++) {
		struct doc_block *b = &d->blocks[i];

		for (j = 0; j < b->ncells; j++) {
			free(b->cells[j].text);
			free(b->cells[j].href);
		}
		free(b->cells);
		free(b->columns);
		free(b->id);
		free(b->text);
	}
	free(d->blocks);
	memset(d, 0, sizeof(*d));
}
