// SPDX-License-Identifier: GPL-2.0-only
/*
 * A document for a terminal and for programs; and only some rows of it.
 */
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <egpr/status.h>

#include "doc.h"

#define GAP	    2
#define NAME_BYTES  128
#define LINE_BYTES  4096
#define WORDS	    "," /* between those of --only */
#define MAX_COLUMNS 64

static const char *const colors[] = {
	[DOC_PLAIN] = "", [DOC_GOOD] = "\033[32m", [DOC_BAD] = "\033[31m", [DOC_OPEN] = "\033[33m"
};

/* Characters on the screen of UTF-8 text. */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void cell(FILE *f, const char *text, int w, unsigned int flags, bool last)
{
	int pad = w - width(text);

	fprintf(f, "%*s%s", flags & DOC_NUMBER ? pad : 0, "", text);
	if (!last)
		fprintf(f, "%*s", (flags & DOC_NUMBER ? 0 : pad) + GAP, "");
}

static void aligned(const struct doc_block *b, int color, FILE *f)
{
	int w[MAX_COLUMNS];
	unsigned int c;
	size_t i;

	for (c = 0; c < b->ncolumns && c < MAX_COLUMNS; c++)
		w[c] = width(b->columns[c].name);
	for (i = 0; i < b->ncells; i++) {
		int n = width(b->cells[i].text);

		c = (unsigned int)(i % b->ncolumns);
		if (c < MAX_COLUMNS && n > w[c])
			w[c] = n;
	}
	for (c = 0; c < b->ncolumns && c < MAX_COLUMNS; c++)
		cell(f, b->columns[c].name, w[c], b->columns[c].flags, c + 1 == b->ncolumns);
	putc('\n', f);
	for (i = 0; i + b->ncolumns <= b->ncells; i += b->ncolumns) {
		for (c = 0; c < b->ncolumns && c < MAX_COLUMNS; c++) {
			const struct doc_cell *one = &b->cells[i + c];
			const char *paint = color ? colors[one->tone] : "";

			fputs(paint, f);
			cell(f, one->text, w[c], b->columns[c].flags, c + 1 == b->ncolumns);
			fputs(*paint ? "\033[0m" : "", f);
		}
		putc('\n', f);
	}
}

void doc_aligned(const struct doc *d, int color, FILE *f)
{
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		if (b->kind == DOC_PICTURE)
			continue;
		if (i && b->kind != DOC_PARA)
			putc('\n', f);
		if (b->kind == DOC_TABLE && b->ncolumns)
			aligned(b, color, f);
		/* The words of a table stand below it: first what was asked for. */
		fprintf(f, "%s%s\n", b->kind == DOC_TABLE ? "\n" : "", b->text);
	}
}

/* "95 %" behind "exit" is "exit 95 %": no key twice. */
static const char *key_of(const struct doc_block *b, unsigned int column, char *name)
{
	unsigned int c;

	for (c = 0; c < b->ncolumns; c++) {
		if (c != column && !strcmp(b->columns[c].name, b->columns[column].name))
			break;
	}
	if (c == b->ncolumns || !column)
		return b->columns[column].name;
	snprintf(name, NAME_BYTES, "%s %s", b->columns[column - 1].name, b->columns[column].name);
	return name;
}

static cJSON *json_value(const struct doc_cell *c, unsigned int flags)
{
	char *end;
	double v;

	if (!*c->text)
		return cJSON_CreateNull();
	v = flags & DOC_NUMBER ? strtod(c->text, &end) : 0;
	return flags & DOC_NUMBER && end != c->text && !*end ? cJSON_CreateNumber(v)
							     : cJSON_CreateString(c->text);
}

static void json_table(cJSON *all, const struct doc_block *b)
{
	cJSON *rows = cJSON_AddArrayToObject(all, b->id), *row = NULL;
	char name[NAME_BYTES];
	size_t i;

	for (i = 0; i < b->ncells; i++) {
		unsigned int c = (unsigned int)(i % b->ncolumns);

		if (!c) {
			row = cJSON_CreateObject();
			cJSON_AddItemToArray(rows, row);
		}
		cJSON_AddItemToObject(row, key_of(b, c, name),
				      json_value(&b->cells[i], b->columns[c].flags));
	}
}

int doc_json(const struct doc *d, FILE *f)
{
	cJSON *all = cJSON_CreateObject(), *notes = cJSON_CreateArray();
	char *text;
	size_t i;

	for (i = 0; i < d->nblocks; i++) {
		const struct doc_block *b = &d->blocks[i];

		if (b->kind == DOC_TABLE)
			json_table(all, b);
		if (b->kind != DOC_PICTURE && b->kind != DOC_LITERAL && *b->text)
			cJSON_AddItemToArray(notes, cJSON_CreateString(b->text));
	}
	cJSON_AddItemToObject(all, "notes", notes);
	text = cJSON_Print(all);
	cJSON_Delete(all);
	if (!text)
		return -1;
	fprintf(f, "%s\n", text);
	free(text);
	return ferror(f) ? -1 : 0;
}

static bool matches(const struct doc_block *b, size_t from, const regex_t *re)
{
	char line[LINE_BYTES] = "";
	size_t used = 0;
	unsigned int c;

	for (c = 0; c < b->ncolumns && used < sizeof(line); c++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", c ? "/" : "",
					 b->cells[from + c].text);
	return !regexec(re, line, 0, NULL, 0);
}

/* Is @text one of the comma-separated words? */
static bool is_word(const char *text, const char *words)
{
	size_t n = strlen(text);

	while (*words) {
		size_t len = strcspn(words, WORDS);

		if (len && len == n && !strncmp(text, words, len))
			return true;
		words += len + (words[len] != '\0');
	}
	return false;
}

/* Columns that have any of the words: each narrows by its own. Return: their number. */
static unsigned int word_columns(const struct doc_block *b, const char *words, bool *has)
{
	unsigned int c, n = 0;
	size_t i;

	memset(has, 0, MAX_COLUMNS * sizeof(*has));
	for (i = 0; i < b->ncells; i++) {
		c = (unsigned int)(i % b->ncolumns);
		if (c < MAX_COLUMNS && !has[c] && is_word(b->cells[i].text, words)) {
			has[c] = true;
			n++;
		}
	}
	return n;
}

static bool in_all(const struct doc_block *b, size_t from, const char *words, const bool *has)
{
	unsigned int c;

	for (c = 0; c < b->ncolumns && c < MAX_COLUMNS; c++) {
		if (has[c] && !is_word(b->cells[from + c].text, words))
			return false;
	}
	return true;
}

/*
 * struct words - what rows are asked for
 * @filter: expression
 * @re: the same, compiled
 * @only: ids
 */
struct words {
	const char *filter, *only;
	regex_t re;
};

/* Return: 0, or -1 with @why. */
static int words_open(struct words *w, const char *filter, const char *only, char *why)
{
	int err = filter ? regcomp(&w->re, filter, REG_EXTENDED | REG_NOSUB) : 0;

	w->filter = filter;
	w->only = only;
	if (err)
		regerror(err, &w->re, why, DOC_WHY_SIZE);
	return err ? -1 : 0;
}

static void words_close(struct words *w)
{
	if (w->filter)
		regfree(&w->re);
}

/* Which rows of a table stay: @stays has one for each. Return: how many. */
static size_t choose(const struct doc_block *b, const struct words *w, bool *stays)
{
	bool has[MAX_COLUMNS];
	bool any = w->only && word_columns(b, w->only, has);
	size_t from, row = 0, rows = 0;

	for (from = 0; from + b->ncolumns <= b->ncells; from += b->ncolumns, row++) {
		stays[row] = (!w->filter || matches(b, from, &w->re)) &&
			     (!w->only || (any && in_all(b, from, w->only, has)));
		rows += stays[row];
	}
	return rows;
}

static void drop(struct doc_block *b, const bool *stays)
{
	size_t from, to = 0, row = 0;
	unsigned int c;

	for (from = 0; from + b->ncolumns <= b->ncells; from += b->ncolumns, row++) {
		for (c = 0; c < b->ncolumns; c++) {
			if (stays[row]) {
				b->cells[to++] = b->cells[from + c];
				continue;
			}
			free(b->cells[from + c].text);
			free(b->cells[from + c].href);
		}
	}
	b->ncells = to;
}

static size_t rows_of(const struct doc_block *b)
{
	return b->kind == DOC_TABLE && b->ncolumns ? b->ncells / b->ncolumns : 0;
}

long doc_choose(const struct doc *d, const char *filter, const char *only, bool *stays, char *why)
{
	size_t i, rows = 0, at = 0;
	struct words w;

	if (words_open(&w, filter, only, why))
		return -1;
	for (i = 0; i < d->nblocks; at += rows_of(&d->blocks[i]), i++) {
		if (rows_of(&d->blocks[i]))
			rows += choose(&d->blocks[i], &w, stays + at);
	}
	words_close(&w);
	return (long)rows;
}

long doc_keep(struct doc *d, const char *filter, const char *only, char *why)
{
	size_t i, all = 1, at = 0;
	bool *stays;
	long rows;

	for (i = 0; i < d->nblocks; i++)
		all += rows_of(&d->blocks[i]);
	stays = calloc(all, sizeof(*stays));
	if (!stays) {
		fputs("egprlab: out of memory\n", stderr);
		exit(EGPR_INTERNAL);
	}
	rows = doc_choose(d, filter, only, stays, why);
	for (i = 0; i < d->nblocks && rows >= 0; i++) {
		size_t n = rows_of(&d->blocks[i]);

		if (n)
			drop(&d->blocks[i], stays + at);
		at += n;
	}
	free(stays);
	return rows;
}
