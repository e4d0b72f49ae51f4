// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab show`: one strategy, all that the tree says of it: its row and source, what its halves are made
 * of, their bytes in every form as they lie in this program, and the command to type next.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <egpr/code.h>
#include <egpr/status.h>
#include <egpr/strategy.h>

#include <bench/base/share.h>
#include <bench/model/code.h>
#include <bench/run/demand.h>
#include "command.h"

#define CACHE_LINE 64
#define LINE_BYTES 512
#define SOURCE_DIR "asm/strategy"
#define TABLE_FILE "include/egpr/strategy.h"
#define HEX_COLUMN 32 /* ten bytes, the longest instruction of a sequence, and a space */

extern const struct egpr_command egpr_cmd_show;

enum {
	OPTION_FORM,
	OPTION_JSON,
	NR_OPTIONS
};

static const struct egpr_option show_options[] = {
	[OPTION_FORM] = { "form", "F", "hw, proxy or trap instead of all" },
	[OPTION_JSON] = { "json", NULL, "an object instead of text" },
	{ NULL, NULL, NULL },
};

/* The row as it stands in the table. */
#define ROW_TEXT(sym, id, family, home, needs, at_exit, at_entry, origin)              \
	[EGPR_STRATEGY_##sym] = "X(" #sym ", " #id ", " #family ", " #home ", " #needs \
				", " #at_exit ", " #at_entry ", " #origin ")",
static const char *const row_texts[EGPR_NR_STRATEGIES] = { EGPR_STRATEGIES(ROW_TEXT) };

#define FORM_ROW(SYM, id, text) { #id, text },
static const struct {
	const char *id;
	const char *text;
} forms[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_ROW) };

static const char *const halves[2] = { "exit", "entry" };

/*
 * struct shown - what is shown
 * @s: the strategy
 * @form: the only form, or EGPR_NR_FORMS
 * @code: disassembly
 * @why: why there is none, "" where there is
 * @counts: of each half, whether its counts are shown
 * @insns: of each half, which instructions are shown; NULL where it is not disassembled
 */
struct shown {
	const struct egpr_strategy *s;
	unsigned int form;
	struct model_code code;
	struct data_error why;
	bool counts[EGPR_NR_FORMS][2];
	bool *insns[EGPR_NR_FORMS][2];
};

static bool is_shown(const struct shown *v, unsigned int form)
{
	return v->form == EGPR_NR_FORMS || v->form == form;
}

static const unsigned char *bytes_of(const struct shown *v, unsigned int form, int entry)
{
	const struct egpr_sequence *q = &v->s->form[form];

	return (const unsigned char *)(uintptr_t)(entry ? q->entry : q->exit);
}

static unsigned int lines_of(const struct egpr_code *c)
{
	return (c->bytes + CACHE_LINE - 1) / CACHE_LINE;
}

static const char *source_file(const struct shown *v, char *name, size_t size)
{
	snprintf(name, size, SOURCE_DIR "/%s.S", v->s->id);
	return name;
}

/* The two halves as they are written; nothing where the sources are not here. */
static void print_source(const struct shown *v)
{
	char *dir = share_dir(NULL, "strategy", SOURCE_DIR), path[4096], line[LINE_BYTES];
	bool inside = false;
	FILE *f;

	printf("Source: %s\n", source_file(v, line, sizeof(line)));
	snprintf(path, sizeof(path), "%s/%s.S", dir ? dir : "", v->s->id);
	free(dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		inside |= !strncmp(line, "SEQ_BEGIN", strlen("SEQ_BEGIN"));
		if (inside)
			printf("  %s", line);
		inside &= strncmp(line, "SEQ_END", strlen("SEQ_END")) != 0;
	}
	if (f)
		fclose(f);
}

static void print_counts(const struct shown *v)
{
	unsigned int form;
	struct demand d;
	bool any = false;
	int entry;

	for (form = 0; form < EGPR_NR_FORMS; form++)
		any |= v->counts[form][0] || v->counts[form][1];
	if (!any)
		return;
	printf("\n%-6s %-6s %6s %6s %6s %7s %7s %6s %6s\n", "form", "half", "bytes", "lines",
	       "insns", "stores", "clears", "loads", "xsaves");
	for (form = 0; form < EGPR_NR_FORMS; form++) {
		for (entry = 0; entry < 2 && is_shown(v, form); entry++) {
			const struct egpr_code *c = egpr_code_find(v->s, form, entry);
			const char *why = demand_of(v->s, form, entry, &d);

			if (!c || !v->counts[form][entry])
				continue;
			printf("%-6s %-6s %6u %6u %6u", forms[form].id, halves[entry], c->bytes,
			       lines_of(c), c->insns);
			if (why)
				printf(" %s\n", why);
			else
				printf(" %7u %7u %6u %6u\n", d.stores, d.clears, d.loads, d.xsaves);
		}
	}
	puts("bytes and insns from the object files, without the return; lines: the fewest cache lines;\n"
	     "stores, clears, loads, xsaves: instructions that the table demands, guest with APX on");
}

static void print_hex(const unsigned char *b, unsigned long from, unsigned long to)
{
	unsigned long i;

	for (i = from; i < to; i++)
		printf("%02x ", b[i]);
	printf("%*s", (int)(to - from) * 3 < HEX_COLUMN ? HEX_COLUMN - (int)(to - from) * 3 : 0,
	       "");
}

/* Without a disassembler the bytes alone, sixteen to a line. */
static void print_bytes(const unsigned char *b, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i += 16) {
		printf("    +0x%02x  ", i);
		print_hex(b, i, i + 16 < n ? i + 16 : n);
		putchar('\n');
	}
}

/* An instruction as text; a branch goes to an offset in its half. */
static const char *insn_text(const struct model_half *h, unsigned int i, char *text, size_t size)
{
	const struct model_insn *insn = &h->insns[i];

	if (insn->op[0] == 'j')
		snprintf(text, size, "%s +0x%lx", insn->op,
			 strtoul(insn->args, NULL, 16) - h->insns[0].at);
	else
		snprintf(text, size, "%s%s%s", insn->op, *insn->args ? " " : "", insn->args);
	return text;
}

static const struct model_half *half_of(const struct shown *v, unsigned int form, int entry)
{
	char symbol[64];

	model_symbol(v->s, form, entry, symbol, sizeof(symbol));
	return model_code_find(&v->code, symbol);
}

/* Is there anything of a half that --filter and --only leave? */
static bool has_rows(const struct shown *v, unsigned int form, int entry)
{
	const struct model_half *h = half_of(v, form, entry);
	bool any = v->counts[form][entry];
	unsigned int i;

	for (i = 0; h && i + 1 < h->n; i++)
		any |= v->insns[form][entry][i];
	return any;
}

static void print_half(const struct shown *v, unsigned int form, int entry)
{
	const unsigned char *b = bytes_of(v, form, entry);
	const struct egpr_code *c = egpr_code_find(v->s, form, entry);
	const struct model_half *h = half_of(v, form, entry);
	char symbol[64], text[128];
	unsigned int i;

	if (!has_rows(v, form, entry))
		return;
	model_symbol(v->s, form, entry, symbol, sizeof(symbol));
	printf("  %s half, %s:\n", halves[entry], symbol);
	if (!h) {
		print_bytes(b, c ? c->bytes : 0);
		return;
	}
	for (i = 0; i + 1 < h->n; i++) {
		unsigned long at = h->insns[i].at - h->insns[0].at;

		if (!v->insns[form][entry][i])
			continue;
		printf("    +0x%02lx  ", at);
		print_hex(b, at, h->insns[i + 1].at - h->insns[0].at);
		puts(insn_text(h, i, text, sizeof(text)));
	}
	if (h->n == 1)
		puts("    (nothing but its return)");
}

static void print_text(const struct shown *v)
{
	unsigned int form;
	int entry;

	printf("%s, origin: %s\n  at exit:  %s\n  at entry: %s\n", v->s->id, v->s->origin,
	       v->s->at_exit, v->s->at_entry);
	printf("\nRow: " TABLE_FILE "\n  %s\n\n", row_texts[v->s - egpr_strategies]);
	print_source(v);
	print_counts(v);
	for (form = 0; form < EGPR_NR_FORMS; form++) {
		if (!is_shown(v, form))
			continue;
		if (has_rows(v, form, 0) || has_rows(v, form, 1))
			printf("\nForm %s: %s\n", forms[form].id, forms[form].text);
		for (entry = 0; entry < 2; entry++)
			print_half(v, form, entry);
	}
	if (*v->why.text)
		printf("\nNot disassembled: %s\n", v->why.text);
}

static void add_insns(cJSON *o, const struct shown *v, unsigned int form, int entry)
{
	const struct model_half *h;
	char symbol[64], text[128];
	cJSON *array;
	unsigned int i;

	model_symbol(v->s, form, entry, symbol, sizeof(symbol));
	cJSON_AddStringToObject(o, "symbol", symbol);
	h = half_of(v, form, entry);
	if (!h)
		return;
	array = cJSON_AddArrayToObject(o, "insns");
	for (i = 0; i + 1 < h->n; i++) {
		if (!v->insns[form][entry][i])
			continue;
		insn_text(h, i, text, sizeof(text));
		cJSON_AddItemToArray(array, cJSON_CreateString(text));
	}
}

static void add_half(cJSON *array, const struct shown *v, unsigned int form, int entry)
{
	const struct egpr_code *c = egpr_code_find(v->s, form, entry);
	const unsigned char *b = bytes_of(v, form, entry);
	char *hex = c ? calloc(c->bytes + 1, 2) : NULL;
	cJSON *o = cJSON_CreateObject();
	struct demand d;
	unsigned int i;

	cJSON_AddItemToArray(array, o);
	cJSON_AddStringToObject(o, "form", forms[form].id);
	cJSON_AddStringToObject(o, "half", halves[entry]);
	for (i = 0; hex && i < c->bytes; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", b[i]);
	if (hex) {
		cJSON_AddNumberToObject(o, "bytes", c->bytes);
		cJSON_AddNumberToObject(o, "lines", lines_of(c));
		cJSON_AddNumberToObject(o, "insns_count", c->insns);
		cJSON_AddStringToObject(o, "code", hex);
	}
	if (!demand_of(v->s, form, entry, &d)) {
		cJSON_AddNumberToObject(o, "stores", d.stores);
		cJSON_AddNumberToObject(o, "clears", d.clears);
		cJSON_AddNumberToObject(o, "loads", d.loads);
		cJSON_AddNumberToObject(o, "xsaves", d.xsaves);
	}
	add_insns(o, v, form, entry);
	free(hex);
}

static int print_json(const struct shown *v)
{
	cJSON *o = cJSON_CreateObject(), *array;
	char name[LINE_BYTES], *text;
	unsigned int form;
	int entry;

	cJSON_AddStringToObject(o, "id", v->s->id);
	cJSON_AddStringToObject(o, "at_exit", v->s->at_exit);
	cJSON_AddStringToObject(o, "at_entry", v->s->at_entry);
	cJSON_AddStringToObject(o, "origin", v->s->origin);
	cJSON_AddStringToObject(o, "row", row_texts[v->s - egpr_strategies]);
	cJSON_AddStringToObject(o, "source", source_file(v, name, sizeof(name)));
	array = cJSON_AddArrayToObject(o, "halves");
	for (form = 0; form < EGPR_NR_FORMS; form++) {
		for (entry = 0; entry < 2 && is_shown(v, form); entry++) {
			if (has_rows(v, form, entry))
				add_half(array, v, form, entry);
		}
	}
	if (*v->why.text)
		cJSON_AddStringToObject(o, "not_disassembled", v->why.text);
	text = cJSON_Print(o);
	cJSON_Delete(o);
	if (!text) {
		fputs("egprlab show: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	puts(text);
	free(text);
	return 0;
}

/* Without a disassembler there is still much to show. What it printed and we cannot read is an error. */
static int disassemble(struct shown *v)
{
	struct model_tools tools;
	int ret = model_tools_find(&tools, &v->why);

	if (!ret) {
		ret = model_code_read(&tools, &v->code, &v->why);
		if (ret == EGPR_UNAVAILABLE)
			ret = EGPR_SKIPPED;
	}
	if (!ret || ret == EGPR_SKIPPED)
		return 0;
	fprintf(stderr, "egprlab show: %s\n", v->why.text);
	return ret;
}

/* The rows as they are printed: counts of each half, then instructions. Return: how many. */
static size_t all_rows(struct doc *d, const struct shown *v)
{
	static const struct doc_column counts[] = {
		{ "form", 0 }, { "half", 0 }, { "bytes", 0 }, { "lines", 0 }, { "insns", 0 }
	};
	static const struct doc_column code[] = {
		{ "form", 0 }, { "half", 0 }, { "offset", 0 }, { "instruction", 0 }
	};
	unsigned int k, i, n = v->form == EGPR_NR_FORMS ? 2 * EGPR_NR_FORMS : 2;
	unsigned int first = v->form == EGPR_NR_FORMS ? 0 : 2 * v->form;
	char text[128];
	size_t rows;

	doc_table(d, "counts", counts, sizeof(counts) / sizeof(*counts), "%s", "");
	for (k = first; k < first + n; k++) {
		const struct egpr_code *c = egpr_code_find(v->s, k / 2, (int)k % 2);

		doc_cell(d, DOC_PLAIN, NULL, "%s", forms[k / 2].id);
		doc_cell(d, DOC_PLAIN, NULL, "%s", halves[k % 2]);
		doc_cell(d, DOC_PLAIN, NULL, "%u", c ? c->bytes : 0);
		doc_cell(d, DOC_PLAIN, NULL, "%u", c ? lines_of(c) : 0);
		doc_cell(d, DOC_PLAIN, NULL, "%u", c ? c->insns : 0);
	}
	rows = doc_rows(d);
	doc_table(d, "code", code, sizeof(code) / sizeof(*code), "%s", "");
	for (k = first; k < first + n; k++) {
		const struct model_half *h = half_of(v, k / 2, (int)k % 2);

		for (i = 0; h && i + 1 < h->n; i++) {
			doc_cell(d, DOC_PLAIN, NULL, "%s", forms[k / 2].id);
			doc_cell(d, DOC_PLAIN, NULL, "%s", halves[k % 2]);
			doc_cell(d, DOC_PLAIN, NULL, "+0x%02lx", h->insns[i].at - h->insns[0].at);
			doc_cell(d, DOC_PLAIN, NULL, "%s", insn_text(h, i, text, sizeof(text)));
		}
	}
	return rows + doc_rows(d);
}

/* What --filter and --only leave of each half. @stays backs the lists of instructions. */
static int choose(struct shown *v, bool **stays)
{
	struct doc d = { 0 };
	size_t rows = all_rows(&d, v);
	bool *counts = *stays = calloc(rows + 1, sizeof(*counts)), *insns;
	unsigned int form;
	int entry, ret;

	ret = counts ? egpr_command_choose(&egpr_cmd_show, &d, counts) : EGPR_INTERNAL;
	insns = ret ? NULL : counts + d.blocks[0].ncells / d.blocks[0].ncolumns;
	for (form = 0; form < EGPR_NR_FORMS && !ret; form++) {
		for (entry = 0; entry < 2 && is_shown(v, form); entry++) {
			const struct model_half *h = half_of(v, form, entry);

			v->counts[form][entry] = *counts++;
			v->insns[form][entry] = insns;
			insns += h ? h->n - 1 : 0;
		}
	}
	doc_free(&d);
	return ret;
}

static int show_run(int argc, char **argv)
{
	const char *value, *given[NR_OPTIONS] = { NULL }, *id;
	struct shown v = { .form = EGPR_NR_FORMS };
	bool *stays = NULL;
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_show, argc, argv, &value)) >= 0)
		given[option] = value ? value : "";
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_show, "name one strategy");
	id = strcmp(argv[optind], "delay-N") ? argv[optind] : "delay-0";
	v.s = egpr_strategy_find(id, NULL);
	if (!v.s)
		return egpr_command_usage(&egpr_cmd_show,
					  "'%s' is not a strategy; see `egprlab list strategies`",
					  id);
	if (given[OPTION_FORM]) {
		for (v.form = 0;
		     v.form < EGPR_NR_FORMS && strcmp(forms[v.form].id, given[OPTION_FORM]);
		     v.form++)
			;
		if (v.form == EGPR_NR_FORMS)
			return egpr_command_usage(&egpr_cmd_show,
						  "'%s' is not a form: hw, proxy or trap",
						  given[OPTION_FORM]);
	}
	ret = disassemble(&v);
	if (!ret)
		ret = choose(&v, &stays);
	if (!ret && given[OPTION_JSON])
		ret = print_json(&v);
	else if (!ret)
		print_text(&v);
	if (!ret)
		egpr_command_next("egprlab trace --strategy %s%s", v.s->id,
				  v.s->family == EGPR_FAMILY_DELAY ? "-20" : "");
	free(stays);
	model_code_free(&v.code);
	return ret;
}

const struct egpr_command egpr_cmd_show = {
	.name = "show",
	.args = "STRATEGY",
	.text = "one strategy: row, source, counts, bytes and disassembly in every form",
	.options = show_options,
	.tables = 1,
	.run = show_run,
};
