// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit-kind table as data, and the look-ups on both tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/code.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#define DELAY_PREFIX "delay-"
#define DELAY_MAX    255 /* the chains of asm/strategy/delay.S: 8 bits */

#define EXIT_KIND_ROW(sym, id, path, cpl, needs, text) \
	[EGPR_EXIT_##sym] = { id, text, EGPR_PATH_##path, cpl, needs },

const struct egpr_exit_kind egpr_exit_kinds[EGPR_NR_EXIT_KINDS] = { EGPR_EXIT_KINDS(
	EXIT_KIND_ROW) };

static const struct egpr_strategy *find_delay(const char *number, unsigned int *delay)
{
	unsigned long n;
	char *end;

	if (*number < '0' || *number > '9')
		return NULL;
	n = strtoul(number, &end, 10);
	if (*end || n > DELAY_MAX)
		return NULL;
	if (delay)
		*delay = (unsigned int)n;
	return &egpr_strategies[EGPR_STRATEGY_delay];
}

const struct egpr_strategy *egpr_strategy_find(const char *id, unsigned int *delay)
{
	const struct egpr_strategy *s;

	if (delay)
		*delay = 0;
	if (!strncmp(id, DELAY_PREFIX, strlen(DELAY_PREFIX)))
		return find_delay(id + strlen(DELAY_PREFIX), delay);
	egpr_for_each_strategy(s) {
		if (s->family != EGPR_FAMILY_DELAY && !strcmp(s->id, id))
			return s;
	}
	return NULL;
}

const struct egpr_exit_kind *egpr_exit_kind_find(const char *id)
{
	const struct egpr_exit_kind *k;

	egpr_for_each_exit_kind(k) {
		if (!strcmp(k->id, id))
			return k;
	}
	return NULL;
}

#define FORM_NAME(SYM, id, text) [EGPR_FORM_##SYM] = #id,
static const char *const form_names[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_NAME) };

const struct egpr_code *egpr_code_find(const struct egpr_strategy *s, enum egpr_form form,
				       int entry)
{
	char symbol[64];
	unsigned int i;

	snprintf(symbol, sizeof(symbol), "egpr_%s_%s_%s", s->symbol, form_names[form],
		 entry ? "entry" : "exit");
	for (i = 0; i < egpr_nr_codes; i++) {
		if (!strcmp(egpr_codes[i].symbol, symbol))
			return &egpr_codes[i];
	}
	return NULL;
}
