// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads what llvm-objdump prints.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "twins.h"

#define LINE_CHARS   512
#define PREFIX	     "egpr_"
#define RETURN_THUNK "__x86_return_thunk"

bool refuse(struct why *why, const struct half *half, int i, const char *format, ...)
{
	size_t len = 0;
	va_list args;

	why->text[0] = 0;
	if (half && i >= 0 && i < (int)half->nr)
		snprintf(why->text, sizeof(why->text), "%s, instruction %d (%s %s): ", half->symbol,
			 i, half->insn[i].name, half->insn[i].operands);
	else if (half)
		snprintf(why->text, sizeof(why->text), "%s: ", half->symbol);
	len = strlen(why->text);
	va_start(args, format);
	vsnprintf(why->text + len, sizeof(why->text) - len, format, args);
	va_end(args);
	return false;
}

bool insn_is_extended_state(const struct insn *insn)
{
	return !strncmp(insn->name, "xsave", 5) || !strncmp(insn->name, "xrstor", 6) ||
	       !strcmp(insn->name, "xsetbv") || !strcmp(insn->name, "xgetbv");
}

/* One more of @size at the end of @list, zeroed, or NULL. */
static void *more(void **list, unsigned int *nr, size_t size)
{
	/* Doubles whenever the count is a power of two. */
	if (!*list || !(*nr & (*nr - 1))) {
		void *larger = realloc(*list, (*nr ? 2 * (size_t)*nr : 1) * size);

		if (!larger)
			return NULL;
		*list = larger;
	}
	return memset((char *)*list + (*nr)++ * size, 0, size);
}

/* `ADDRESS <NAME>:` begins a symbol. */
static bool begins_symbol(const char *line, char *name, size_t size)
{
	const char *at = strstr(line, " <"), *end = strstr(line, ">:");

	if (line[0] == ' ' || line[0] == '\t' || !at || !end || end < at)
		return false;
	snprintf(name, size, "%.*s", (int)(end - at - 2), at + 2);
	return true;
}

/* `  ADDRESS: BYTES<tab>NAME<tab>OPERANDS`; comments and names of targets are cut off. */
static bool parse_insn(char *line, struct insn *insn)
{
	char *rest, *tab = strchr(line, '\t'), *operands;

	insn->address = (unsigned int)strtoul(line, &rest, 16);
	if (rest == line || *rest != ':' || !tab)
		return false;
	for (rest++; insn->size < INSN_BYTES; insn->size++) {
		char *end;
		unsigned long byte = strtoul(rest, &end, 16);

		if (end == rest || end > tab)
			break;
		insn->byte[insn->size] = (uint8_t)byte;
		rest = end;
	}
	operands = strchr(tab + 1, '\t');
	if (operands) {
		*operands++ = 0;
		operands[strcspn(operands, "#<\n")] = 0;
		for (rest = operands + strlen(operands); rest > operands && rest[-1] <= ' ';)
			*--rest = 0;
		if (strlen(operands) >= sizeof(insn->operands))
			return false;
		strcpy(insn->operands, operands);
	}
	tab[1 + strcspn(tab + 1, "\n")] = 0;
	for (rest = tab + 1 + strlen(tab + 1); rest > tab + 1 && rest[-1] <= ' ';)
		*--rest = 0;
	if (strlen(tab + 1) >= sizeof(insn->name))
		return false;
	strcpy(insn->name, tab + 1);
	insn->target = -1;
	return insn->size > 0;
}

/* Drops what the place asks for and no strategy says: ENDBR before, INT3 behind. */
static void trim(struct half *half)
{
	half->address = half->nr ? half->insn[0].address : 0;
	while (half->nr && !strcmp(half->insn[half->nr - 1].name, "int3"))
		half->nr--;
	if (half->nr && !strcmp(half->insn[0].name, "endbr64")) {
		half->endbr = true;
		half->nr--;
		memmove(half->insn, half->insn + 1, half->nr * sizeof(*half->insn));
	}
}

static bool resolve(struct half *half, struct why *why)
{
	for (unsigned int i = 0; i < half->nr; i++) {
		struct insn *insn = &half->insn[i];
		unsigned long address;

		if (!strncmp(insn->name, "ret", 3))
			strcpy(insn->name, "ret");
		if (insn->name[0] != 'j' && strncmp(insn->name, "call", 4) &&
		    strncmp(insn->name, "loop", 4))
			continue;
		address = strtoul(insn->operands, NULL, 16);
		for (unsigned int t = 0; t < half->nr; t++) {
			if (half->insn[t].address == address)
				insn->target = (int)t;
		}
		if (insn->operands[0] != '0' || insn->target < 0)
			return refuse(why, half, (int)i, "leads out of the half");
	}
	if (!half->nr || strcmp(half->insn[half->nr - 1].name, "ret"))
		return refuse(why, half, (int)half->nr - 1, "does not end in a return");
	return true;
}

/* A relocation belongs to the instruction before it. */
static bool relocate(struct half *half, const char *line, struct why *why)
{
	struct insn *insn = half->nr ? &half->insn[half->nr - 1] : NULL;

	if (!insn || strcmp(insn->name, "jmp") || !strstr(line, RETURN_THUNK))
		return refuse(why, half, (int)half->nr - 1, "refers to something else: %s", line);
	strcpy(insn->name, "ret");
	insn->operands[0] = 0;
	return true;
}

bool form_read(FILE *file, struct form *form, struct why *why)
{
	char line[LINE_CHARS], name[LINE_CHARS];
	struct half *half = NULL;

	while (fgets(line, sizeof(line), file)) {
		struct insn *insn;

		if (begins_symbol(line, name, sizeof(name))) {
			half = NULL;
			if (strncmp(name, PREFIX, strlen(PREFIX)))
				continue;
			if (form_half(form, name))
				return refuse(why, NULL, -1, "%s: there twice", name);
			half = more((void **)&form->half, &form->nr, sizeof(*half));
			if (!half)
				return refuse(why, NULL, -1, "no memory");
			snprintf(half->symbol, sizeof(half->symbol), "%.60s", name);
			continue;
		}
		if (!half || line[0] == '\n' || strstr(line, "file format") ||
		    !strncmp(line, "Disassembly", 11))
			continue;
		if (strstr(line, "R_X86_64_")) {
			if (!relocate(half, line, why))
				return false;
			continue;
		}
		insn = more((void **)&half->insn, &half->nr, sizeof(*insn));
		if (!insn)
			return refuse(why, NULL, -1, "no memory");
		if (strstr(line, "<unknown>") || !parse_insn(line, insn))
			return refuse(why, NULL, -1, "%s: not understood: %s", half->symbol, line);
	}
	for (unsigned int i = 0; i < form->nr; i++) {
		trim(&form->half[i]);
		if (!resolve(&form->half[i], why))
			return false;
	}
	return true;
}

const struct half *form_half(const struct form *form, const char *symbol)
{
	for (unsigned int i = 0; i < form->nr; i++) {
		if (!strcmp(form->half[i].symbol, symbol))
			return &form->half[i];
	}
	return NULL;
}

void form_free(struct form *form)
{
	for (unsigned int i = 0; i < form->nr; i++)
		free(form->half[i].insn);
	free(form->half);
}
