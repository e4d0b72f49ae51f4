// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of a row, which `egprlab list` and the report print, as counts.
 *
 * Words are clauses: "16 stores", "as gated-mov", "LFENCE behind the test". Prose between them
 * is free, but a number must count something known, and whatever is counted must be said.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "situation.h"

struct claim {
	unsigned int count[NR_EVENTS];
	bool one_byte;
};

#define EVENT_WORDS(SYM, words) words,
static const char *const event_words[NR_EVENTS] = { EVENTS(EVENT_WORDS) };

/* Does @clause begin with @words, as whole words? */
static bool says(const char *clause, const char *words)
{
	size_t len = strlen(words);

	return !strncmp(clause, words, len) && !isalnum((unsigned char)clause[len]);
}

static const struct egpr_strategy *row_named(const char *id)
{
	for (size_t i = 0; i < EGPR_NR_STRATEGIES; i++) {
		if (!strcmp(id, twins_rows[i].id))
			return &twins_rows[i];
	}
	return NULL;
}

/* One clause that counts something, or prose. */
static bool claim_clause(const struct egpr_strategy *row, const struct situation *at,
			 const char *clause, struct claim *claim, struct why *why)
{
	unsigned int number = 1;
	bool numbered = false;
	char *end;

	if (says(clause, "and"))
		clause += strlen("and ");
	if (says(clause, "N")) {
		number = at->delay;
		numbered = true;
		clause += strlen("N ");
	} else if (isdigit((unsigned char)*clause)) {
		number = (unsigned int)strtoul(clause, &end, 10);
		numbered = *end == ' '; /* "16-way" counts nothing */
		clause = numbered ? end + 1 : clause;
	}
	if (says(clause, "one byte") || strstr(clause, "of one byte"))
		claim->one_byte = true;
	for (int i = 0; i < NR_EVENTS; i++) {
		if (says(clause, event_words[i])) {
			claim->count[i] += number;
			return true;
		}
	}
	return !numbered ||
	       refuse(why, NULL, -1, "%s: how to count \"%s\"? (EVENTS in tests/twins/machine.h)",
		      row->id, clause);
}

static bool claim_half(const struct egpr_strategy *row, const struct situation *at,
		       struct claim *claim, int depth, struct why *why)
{
	char text[256], *save = NULL;

	snprintf(text, sizeof(text), "%s", at->entry ? row->at_entry : row->at_exit);
	for (char *clause = strtok_r(text, ",;:", &save); clause;
	     clause = strtok_r(NULL, ",;:", &save)) {
		const struct egpr_strategy *other;

		clause += strspn(clause, " ");
		if (!says(clause, "as")) {
			if (!claim_clause(row, at, clause, claim, why))
				return false;
			continue;
		}
		other = row_named(clause + strlen("as "));
		if (!other || depth)
			return refuse(why, NULL, -1, "%s: \"%s\" names no row that says more",
				      row->id, clause);
		if (!claim_half(other, at, claim, depth + 1, why))
			return false;
	}
	return true;
}

bool words_hold(const struct egpr_strategy *row, const struct situation *at,
		const struct machine *m, const struct half *half, unsigned int lead,
		struct why *why)
{
	struct claim claim = { .one_byte = false };
	unsigned int one_byte = 0;

	if (!claim_half(row, at, &claim, 0, why))
		return false;
	for (int i = 0; i < NR_EVENTS; i++) {
		unsigned int got = m->event[i] - (i == EVENT_ADD ? lead : 0);

		if (got != claim.count[i])
			return refuse(why, half, -1, "%d %s, where the table says %u", (int)got,
				      event_words[i], claim.count[i]);
	}
	if (claim.one_byte)
		one_byte = m->event[EVENT_STORE] + m->event[EVENT_LOAD];
	return m->short_displacements == one_byte ||
	       refuse(why, half, -1, "%u displacements of one byte, where the table says %u",
		      m->short_displacements, one_byte);
}
