// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where lines lie: levels of the caches, memory, placement.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"

#define MAX_OFFSETS 64
#define LINES_GATED 3 /* of the context: flags, and two of regs[] */
#define HALVES	    2

static double level_ticks(const struct report *r, enum egpr_context context)
{
	const cJSON *l;

	cJSON_ArrayForEach(l, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_LEVELS)) {
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "context"));
		const cJSON *ticks = cJSON_GetObjectItemCaseSensitive(l, "ticks");

		if (id && !strcmp(id, contexts_id(context)) && cJSON_IsNumber(ticks))
			return ticks->valuedouble;
	}
	return NAN;
}

void contexts_levels(struct report *r)
{
	static const struct doc_column columns[] = {
		{ "level", 0 },
		{ "load, TSC ticks beyond L1", DOC_NUMBER },
		{ "confirmed", 0 },
	};
	const cJSON *levels = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_LEVELS), *l;

	if (!cJSON_GetArraySize(levels))
		return;
	doc_table(
		&r->doc, "cache-levels", columns, 3,
		"What a load takes after each preparation, measured before the cells: is the level "
		"what its name says?");
	cJSON_ArrayForEach(l, levels) {
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "context"));
		const char *why =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "why_not"));
		const cJSON *ticks = cJSON_GetObjectItemCaseSensitive(l, "ticks");

		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", id ? id : "");
		doc_cell(&r->doc, DOC_PLAIN, RUNDIR_META, "%s",
			 report_number(cJSON_IsNumber(ticks) ? ticks->valuedouble : NAN));
		doc_cell(&r->doc, why ? DOC_OPEN : DOC_GOOD, NULL, "%s", why ? why : "yes");
	}
}

void contexts_dram(const struct contexts_chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "dram - l1", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "loads' worth", DOC_NUMBER },
	};
	double ticks = level_ticks(c->r, EGPR_CONTEXT_DRAM);
	unsigned int i;
	char id[64];

	if (!contexts_have(c, contexts_id(EGPR_CONTEXT_DRAM)) ||
	    !contexts_have(c, contexts_id(EGPR_CONTEXT_L1)) || !(ticks > 0))
		return;
	snprintf(id, sizeof(id), "dram-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"What cold data adds, beside a load from memory: %s TSC ticks more than one from "
		"L1. A sequence that gates on a flag and moves 16 registers touches %d lines in "
		"each of its %d halves: from %d loads' worth, if misses go side by side, to %d, one "
		"behind the other, would be expected.",
		report_number(ticks), LINES_GATED, HALVES, HALVES, HALVES * LINES_GATED);
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift d =
			contexts_minus(contexts_shift(c->t, &c->f, contexts_id(EGPR_CONTEXT_DRAM),
						      c->strategy[i], &contexts_whole, &row),
				       contexts_shift(c->t, &c->f, contexts_id(EGPR_CONTEXT_L1),
						      c->strategy[i], &contexts_whole, &other));

		if (row == c->t->rows || other == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		contexts_cells(c->r, c->t, row, d);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", report_number(d.at / ticks));
	}
}

/* The least and the largest of medians at placements, in two cells. */
static void placement_cells(const struct contexts_chapter *c, size_t verdict, unsigned int column)
{
	uint64_t offset[MAX_OFFSETS];
	double median[MAX_OFFSETS];
	unsigned int i, low = 0, high = 0, n;

	n = report_by_offset(c->r->run, verdict, column, offset, median, MAX_OFFSETS);
	for (i = 1; i < n; i++) {
		low = median[i] < median[low] ? i : low;
		high = median[i] > median[high] ? i : high;
	}
	if (n < 2) {
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "one place");
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "");
		return;
	}
	doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s at %llu", report_signed(median[low]),
		 (unsigned long long)offset[low]);
	doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s at %llu", report_signed(median[high]),
		 (unsigned long long)offset[high]);
}

static bool data_moves(const struct contexts_chapter *c)
{
	const cJSON *plan = cJSON_GetObjectItemCaseSensitive(c->r->run->meta, RUNDIR_PLAN);
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(plan, "data_offsets");

	return cJSON_IsNumber(n) && n->valuedouble > 1;
}

void contexts_placement(const struct contexts_chapter *c)
{
	bool moves = data_moves(c);
	unsigned int fold = moves ? DOC_WIDE : 0;
	const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "context", 0 },
		{ "code, best", DOC_NUMBER | fold },
		{ "worst", DOC_NUMBER | fold },
		{ "data, best", DOC_NUMBER },
		{ "worst", DOC_NUMBER },
	};
	static const enum egpr_context shown[] = { EGPR_CONTEXT_PACKED, EGPR_CONTEXT_APART };
	unsigned int i, x;
	char id[64];

	snprintf(id, sizeof(id), "placement-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns) - (moves ? 0 : 2),
		"Median difference to none in TSC ticks at the best and at the worst placement: of "
		"the code, bytes behind the start of a cache line; %s.",
		moves ? "of the data, bytes from the line of the stack that the calls write, "
			"modulo 4096, where 0 is the alias"
		      : "the data had one place");
	for (i = 0; i < c->strategies; i++) {
		for (x = 0; x < sizeof(shown) / sizeof(*shown); x++) {
			size_t row;

			contexts_shift(c->t, &c->f, contexts_id(shown[x]), c->strategy[i],
				       &contexts_whole, &row);
			if (row == c->t->rows)
				continue;
			doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
			doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", contexts_id(shown[x]));
			placement_cells(c, row, EGPR_SAMPLES_offset);
			if (moves)
				placement_cells(c, row, EGPR_SAMPLES_data_offset);
		}
	}
}
