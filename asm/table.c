// SPDX-License-Identifier: GPL-2.0-only
/*
 * The strategy and exit-kind tables as data, and the look-ups on them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/code.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#define DELAY_PREFIX "delay-"
#define DELAY_MAX    255 /* the chains of asm/strategy/delay.S: 8 bits */

#define DECLARE_FORM(sym, form)                                  \
	void egpr_##sym##_##form##_exit(struct egpr_switch *sw); \
	void egpr_##sym##_##form##_entry(struct egpr_switch *sw);
#define DECLARE_STRATEGY(sym, ...) \
	DECLARE_FORM(sym, hw)      \
	DECLARE_FORM(sym, proxy)   \
	DECLARE_FORM(sym, trap)
EGPR_STRATEGIES(DECLARE_STRATEGY)

#define SEQUENCE(sym, form)                                             \
	{                                                               \
		egpr_##sym##_##form##_exit, egpr_##sym##_##form##_entry \
	}
#define STRATEGY_ROW(sym, id, family, home, needs, at_exit, at_entry, origin)     \
	[EGPR_STRATEGY_##sym] = {                                                 \
		id,                                                               \
		#sym,                                                             \
		at_exit,                                                          \
		at_entry,                                                         \
		origin,                                                           \
		EGPR_FAMILY_##family,                                             \
		EGPR_HOME_##home,                                                 \
		needs,                                                            \
		{ SEQUENCE(sym, hw), SEQUENCE(sym, proxy), SEQUENCE(sym, trap) }, \
	},

const struct egpr_strategy egpr_strategies[EGPR_NR_STRATEGIES] = { EGPR_STRATEGIES(STRATEGY_ROW) };

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

struct egpr_sequence egpr_sequence_bind(const struct egpr_strategy *s, enum egpr_form form,
					int guest_apx)
{
	if ((s->needs & EGPR_BIND_DUAL) && !guest_apx)
		s = &egpr_strategies[EGPR_STRATEGY_none];
	return s->form[form];
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
