// SPDX-License-Identifier: GPL-2.0-only
/*
 * The halves apart: each by itself, their sum, and the first use behind them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"

void contexts_halves(const struct contexts_chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "exit", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "entry", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "sum", DOC_NUMBER | DOC_WIDE },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "whole", DOC_NUMBER | DOC_WIDE },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "sum - whole", DOC_NUMBER },
	};
	const char *apart = contexts_id(EGPR_CONTEXT_APART),
		   *ends = contexts_id(EGPR_CONTEXT_APART_WHOLE);
	bool both = contexts_have(c, ends);
	unsigned int i;
	char id[64];

	if (!contexts_have(c, apart))
		return;
	snprintf(id, sizeof(id), "halves-%s-%s", c->g.layer, c->g.provenance);
	doc_table(&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "Context %s: each half alone, difference to none in TSC ticks%s%s%s.", apart,
		  both ? ", and rounds that were timed from end to end (" : "", both ? ends : "",
		  both ? "), which their sum has to agree with" : "");
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift e =
			contexts_shift(c->t, &c->f, apart, c->strategy[i], &contexts_exit, &row);
		struct shift n =
			contexts_shift(c->t, &c->f, apart, c->strategy[i], &contexts_entry, &row);
		struct shift s =
			contexts_shift(c->t, &c->f, apart, c->strategy[i], &contexts_whole, &row);
		struct shift w =
			contexts_shift(c->t, &c->f, ends, c->strategy[i], &contexts_whole, &other);
		struct shift d = contexts_minus(s, w);
		bool agree = d.low <= 0 && d.high >= 0;

		if (row == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		contexts_cells(c->r, c->t, row, e);
		contexts_cells(c->r, c->t, row, n);
		contexts_cells(c->r, c->t, row, s);
		contexts_cells(c->r, c->t, other, w);
		doc_cell(&c->r->doc,
			 isnan(d.low) ? DOC_PLAIN
			 : agree      ? DOC_GOOD
				      : DOC_OPEN,
			 NULL, "%s %s", report_signed(d.at), report_interval(d.low, d.high));
	}
}

void contexts_use(const struct contexts_chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "first use in the host", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "first use in the guest", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
	};
	const char *last = contexts_id(EGPR_CONTEXT_USE_LAST),
		   *lone = contexts_id(EGPR_CONTEXT_USE_FREE);
	unsigned int i;
	char id[64];

	if (!contexts_have(c, last) || !contexts_have(c, lone))
		return;
	snprintf(id, sizeof(id), "use-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Latency of use, TSC ticks: a chain of multiplications behind each half, begun with "
		"the last register that it writes (%s), less the same begun with one that it "
		"leaves alone (%s). Host: behind the clears. Guest: behind the loads.",
		last, lone);
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift e = contexts_minus(
			contexts_shift(c->t, &c->f, last, c->strategy[i], &contexts_exit, &row),
			contexts_shift(c->t, &c->f, lone, c->strategy[i], &contexts_exit, &other));
		struct shift n = contexts_minus(
			contexts_shift(c->t, &c->f, last, c->strategy[i], &contexts_entry, &row),
			contexts_shift(c->t, &c->f, lone, c->strategy[i], &contexts_entry, &other));

		if (row == c->t->rows || other == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		contexts_cells(c->r, c->t, row, e);
		contexts_cells(c->r, c->t, row, n);
	}
}
