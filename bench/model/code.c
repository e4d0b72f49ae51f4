// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions read back with llvm-objdump. No second list of bytes: what is modelled is what this
 * program would run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <egpr/code.h>

#include "code.h"

#define SYMBOL_OPTION "--disassemble-symbols="
#define EXE_BYTES     4096

#define FORM_NAME(SYM, id, text) [EGPR_FORM_##SYM] = #id,
static const char *const form_names[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_NAME) };

void model_symbol(const struct egpr_strategy *s, enum egpr_form form, int entry, char *symbol,
		  size_t size)
{
	snprintf(symbol, size, "egpr_%s_%s_%s", s->symbol, form_names[form],
		 entry ? "entry" : "exit");
}

void model_code_free(struct model_code *c)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		free(c->halves[i].insns);
	free(c->halves);
	memset(c, 0, sizeof(*c));
}

const struct model_half *model_code_find(const struct model_code *c, const char *symbol)
{
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		if (!strcmp(c->halves[i].symbol, symbol))
			return &c->halves[i];
	}
	return NULL;
}

/* "0000000000001240 <symbol>:"; else NULL. */
static struct model_half *take_symbol(struct model_code *c, const char *line)
{
	struct model_half *more, *h;
	char symbol[64];

	if (sscanf(line, "%*[0-9a-f] <%63[^>]>:", symbol) != 1)
		return NULL;
	more = realloc(c->halves, (c->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	c->halves = more;
	h = memset(&more[c->n++], 0, sizeof(*h));
	snprintf(h->symbol, sizeof(h->symbol), "%s", symbol);
	return h;
}

/* Cuts what objdump adds for readers: "<symbol+0x10>" behind a target, "# imm = 0x200". */
static void trim(char *args)
{
	size_t n = strcspn(args, "<#");

	while (n && strchr(" \t", args[n - 1]))
		n--;
	args[n] = '\0';
}

/* "    1240:      \tmovq\t%rax, (%rdi)". Return: 0, or -1 where it is no such line. */
static int parse_insn(const char *line, struct model_insn *i)
{
	char *end;

	memset(i, 0, sizeof(*i));
	i->at = strtoul(line, &end, 16);
	if (end == line || *end != ':')
		return -1;
	end += 1 + strspn(end + 1, " \t");
	if (sscanf(end, "%23s", i->op) != 1)
		return -1;
	end += strlen(i->op);
	end += strspn(end, " \t");
	if (snprintf(i->args, sizeof(i->args), "%s", end) >= (int)sizeof(i->args))
		return -1;
	trim(i->args);
	return 0;
}

static int take_insn(struct model_half *h, const struct model_insn *i)
{
	struct model_insn *more = realloc(h->insns, (h->n + 1) * sizeof(*more));

	if (!more)
		return -1;
	h->insns = more;
	more[h->n++] = *i;
	return 0;
}

static int is_return(const struct model_insn *i)
{
	return !strncmp(i->op, "ret", 3);
}

static int take_line(struct model_code *c, struct model_half **h, const char *line,
		     struct data_error *e)
{
	struct model_half *next = take_symbol(c, line);
	struct model_insn i;

	if (next) {
		*h = next;
		return 0;
	}
	/* What stands between a return and the next half is never executed. */
	if (!*h || ((*h)->n && is_return(&(*h)->insns[(*h)->n - 1])) || line[0] != ' ')
		return 0;
	if (parse_insn(line, &i))
		return data_fail(e, EGPR_DATA,
				 "llvm-objdump printed '%.80s' in %s, which is no instruction",
				 line, (*h)->symbol);
	return take_insn(*h, &i) ? data_fail(e, EGPR_INTERNAL, "out of memory") : 0;
}

int model_code_parse(const char *text, struct model_code *c, struct data_error *e)
{
	char *copy = strdup(text), *line, *rest = copy;
	struct model_half *h = NULL;
	unsigned int i;
	int ret = 0;

	memset(c, 0, sizeof(*c));
	if (!copy)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	while (!ret && (line = strsep(&rest, "\n")))
		ret = take_line(c, &h, line, e);
	for (i = 0; i < c->n && !ret; i++) {
		h = &c->halves[i];
		if (!h->n || !is_return(&h->insns[h->n - 1]))
			ret = data_fail(e, EGPR_DATA, "llvm-objdump shows no return in %s",
					h->symbol);
	}
	free(copy);
	return ret;
}

/* What the build found in the object files must be what was read here. */
static int compare(const struct model_code *c, const struct egpr_strategy *s, enum egpr_form form,
		   int entry, const char *exe, struct data_error *e)
{
	const struct egpr_code *built = egpr_code_find(s, form, entry);
	const struct model_half *h;
	unsigned long bytes;
	char symbol[64];

	model_symbol(s, form, entry, symbol, sizeof(symbol));
	h = model_code_find(c, symbol);
	if (!h)
		return data_fail(e, EGPR_UNAVAILABLE,
				 "%s has no symbol %s to disassemble: was it stripped? Use the one "
				 "that make built",
				 exe, symbol);
	bytes = h->insns[h->n - 1].at - h->insns[0].at;
	if (!built || built->bytes != bytes || built->insns != h->n - 1)
		return data_fail(
			e, EGPR_INTERNAL,
			"%s has %lu bytes in %u instructions as llvm-objdump reads it, the "
			"object file had %u in %u",
			symbol, bytes, h->n - 1, built ? built->bytes : 0,
			built ? built->insns : 0);
	return 0;
}

static int compare_all(const struct model_code *c, const char *exe, struct data_error *e)
{
	const struct egpr_strategy *s;
	unsigned int form;
	int entry, ret = 0;

	egpr_for_each_strategy(s) {
		for (form = 0; form < EGPR_NR_FORMS && !ret; form++) {
			for (entry = 0; entry < 2 && !ret; entry++)
				ret = compare(c, s, form, entry, exe, e);
		}
	}
	return ret;
}

/* The option that names every half, to be freed. */
static char *symbols(void)
{
	const struct egpr_strategy *s;
	char *text = NULL, symbol[64];
	size_t len;
	FILE *m = open_memstream(&text, &len);
	unsigned int form;
	int entry;

	if (!m)
		return NULL;
	fputs(SYMBOL_OPTION, m);
	egpr_for_each_strategy(s) {
		for (form = 0; form < EGPR_NR_FORMS; form++) {
			for (entry = 0; entry < 2; entry++) {
				model_symbol(s, form, entry, symbol, sizeof(symbol));
				fprintf(m, "%s,", symbol);
			}
		}
	}
	return fclose(m) ? NULL : text;
}

int model_code_read(const struct model_tools *t, struct model_code *c, struct data_error *e)
{
	char exe[EXE_BYTES], *wanted = symbols();
	char *argv[] = {
		(char *)t->objdump, (char *)"-d", (char *)"--no-show-raw-insn", wanted, exe, NULL
	};
	struct tool_said said = { 0 };
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int ret;

	memset(c, 0, sizeof(*c));
	if (!wanted || n <= 0) {
		free(wanted);
		return data_fail(e, EGPR_INTERNAL, "cannot find this program's own file");
	}
	exe[n] = '\0';
	ret = model_tool_run(argv, "", &said, e);
	if (!ret && said.status)
		ret = data_fail(e, EGPR_UNAVAILABLE, "%s could not read %s: %.300s", t->objdump,
				exe, said.err);
	if (!ret)
		ret = model_code_parse(said.out, c, e);
	if (!ret)
		ret = compare_all(c, exe, e);
	tool_said_free(&said);
	free(wanted);
	return ret;
}
