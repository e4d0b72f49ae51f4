// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the forms of strategies against each other and against the table.
 *
 * usage: twins HW PROXY TRAP [ID]
 * Files hold `llvm-objdump -d -r` of all objects of a form, or of one strategy, whose ID is
 * then given. Prints a line per check and row: `ok trap gated-mov ...`, or `not ok` and why.
 *
 *   trap   form trap is form hw with a UD2 before what the emulator acts on
 *   proxy  form proxy is form hw on legacy registers
 *   table  form hw does what the row says
 *
 * Exit status: 0 all ok, 1 a check failed, 64 usage, 65 a file cannot be understood.
 */
#include <stdlib.h>
#include <string.h>

#include "twins.h"

#define USAGE 64
#define DATA  65

#define FORM_NAME(SYM, id, text) #id,
static const char *const form_names[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_NAME) };

static bool load(const char *path, struct form *form, struct why *why)
{
	FILE *file = fopen(path, "r");
	bool good;

	if (!file)
		return refuse(why, NULL, -1, "cannot be opened");
	good = form_read(file, form, why);
	fclose(file);
	return good;
}

/* The halves of a row, all forms: [form][0] exit, [form][1] entry. */
static bool find(const struct egpr_strategy *row, const struct form form[EGPR_NR_FORMS],
		 const struct half *half[EGPR_NR_FORMS][2], struct why *why)
{
	for (int f = 0; f < EGPR_NR_FORMS; f++) {
		for (int h = 0; h < 2; h++) {
			char symbol[64];

			snprintf(symbol, sizeof(symbol), "egpr_%s_%s_%s", row->symbol,
				 form_names[f], h ? "entry" : "exit");
			half[f][h] = form_half(&form[f], symbol);
			if (!half[f][h])
				return refuse(why, NULL, -1, "%s: not there", symbol);
		}
	}
	return true;
}

static bool report(bool good, const char *check, const char *id, const struct why *why,
		   unsigned int insns)
{
	if (good)
		printf("ok %s %s (%u instructions)\n", check, id, insns);
	else
		printf("not ok %s %s: %s\n", check, id, why->text);
	return good;
}

static bool check_row(const struct egpr_strategy *row, const struct form form[EGPR_NR_FORMS])
{
	const struct half *half[EGPR_NR_FORMS][2] = { { NULL } };
	const struct half **hw = half[EGPR_FORM_HW], **proxy = half[EGPR_FORM_PROXY];
	const struct half **trap = half[EGPR_FORM_TRAP];
	struct why why;
	bool good;

	if (!find(row, form, half, &why))
		return report(false, "there", row->id, &why, 0);
	good = report(twin_trap(hw[0], trap[0], &why) && twin_trap(hw[1], trap[1], &why), "trap",
		      row->id, &why, trap[0]->nr + trap[1]->nr);
	good &= report(twin_proxy(hw[0], proxy[0], &why) && twin_proxy(hw[1], proxy[1], &why),
		       "proxy", row->id, &why, proxy[0]->nr + proxy[1]->nr);
	return report(row_check(row, hw[0], hw[1], &why), "table", row->id, &why,
		      hw[0]->nr + hw[1]->nr) &&
	       good;
}

int main(int argc, char **argv)
{
	struct form form[EGPR_NR_FORMS] = { { .nr = 0 } };
	const char *id = argc == EGPR_NR_FORMS + 2 ? argv[argc - 1] : NULL;
	int status = 0, rows = 0;

	if (argc != EGPR_NR_FORMS + 1 && !id) {
		fputs("usage: twins HW PROXY TRAP [ID]\n", stderr);
		return USAGE;
	}
	for (int f = 0; f < EGPR_NR_FORMS; f++) {
		struct why why;

		if (!load(argv[1 + f], &form[f], &why)) {
			fprintf(stderr, "twins: %s: %s\n", argv[1 + f], why.text);
			status = DATA;
			goto out;
		}
		if (!id && form[f].nr != 2 * EGPR_NR_STRATEGIES) {
			printf("not ok there %s: %u halves, where the table has %d rows\n",
			       form_names[f], form[f].nr, EGPR_NR_STRATEGIES);
			status = 1;
		}
	}
	for (size_t i = 0; i < EGPR_NR_STRATEGIES; i++) {
		if (id && strcmp(id, twins_rows[i].id))
			continue;
		rows++;
		if (!check_row(&twins_rows[i], form))
			status = 1;
	}
	if (!rows) {
		fprintf(stderr, "twins: %s: no such row\n", id);
		status = USAGE;
	}
out:
	for (int f = 0; f < EGPR_NR_FORMS; f++)
		form_free(&form[f]);
	return status;
}
