// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of stand-in components to masks and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/standin.h>
#include <egpr/status.h>

#include "stand_in.h"

struct component {
	const char *name;
	uint32_t bit;
};

#define ROW(SYM, number, text) { text, 1u << (number) },
static const struct component components[] = { EGPR_STAND_INS(ROW){ NULL, 0 } };

static uint32_t find(const char *name)
{
	const struct component *c;

	for (c = components; c->name; c++) {
		if (!strcasecmp(c->name, name))
			return c->bit;
	}
	return 0;
}

/* "AVX, opmask, ..." */
static int unknown(const char *source, const char *name, struct data_error *e)
{
	char known[STAND_IN_TEXT] = "";
	const struct component *c;
	size_t used = 0;

	for (c = components; c->name; c++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s, ", c->name);
	return data_fail(e, EGPR_USAGE,
			 "%s: '%s' is no component that can stand in; give a list of %sor all or "
			 "none",
			 source, name, known);
}

int stand_in_parse(const char *list, const char *source, uint32_t *mask, struct data_error *e)
{
	char copy[2 * STAND_IN_TEXT], *name, *rest = copy;

	*mask = 0;
	if (!strcasecmp(list, "all")) {
		*mask = EGPR_STAND_INS_ALL;
		return 0;
	}
	if (!strcasecmp(list, "none"))
		return 0;
	if (strlen(list) >= sizeof(copy))
		return unknown(source, list, e);
	snprintf(copy, sizeof(copy), "%s", list);
	while ((name = strsep(&rest, ","))) {
		uint32_t bit = find(name);

		if (!bit)
			return unknown(source, name, e);
		*mask |= bit;
	}
	return 0;
}

int stand_in_from_env(uint32_t *mask, struct data_error *e)
{
	const char *list = getenv(STAND_IN_ENV);

	return stand_in_parse(list && *list ? list : "all", STAND_IN_ENV, mask, e);
}

void stand_in_text(uint32_t mask, char *text, size_t size)
{
	const struct component *c;
	size_t used = 0;

	if (mask == EGPR_STAND_INS_ALL || !mask) {
		snprintf(text, size, "%s", mask ? "all" : "none");
		return;
	}
	*text = '\0';
	for (c = components; c->name; c++) {
		if (mask & c->bit)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "",
						 c->name);
	}
}
