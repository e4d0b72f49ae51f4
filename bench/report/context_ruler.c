// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each context claims to tell, and what it told.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"

/* TSC ticks that the plan's first margin is in a context. */
static double first_margin(const struct contexts_chapter *c, const struct context *x)
{
	const cJSON *plan = cJSON_GetObjectItemCaseSensitive(c->r->run->meta, RUNDIR_PLAN);
	const cJSON *margins = cJSON_GetObjectItemCaseSensitive(plan, "margins");
	struct report_filter one = c->f;
	size_t row;

	one.context = x->id;
	one.strategy = egpr_strategies[EGPR_STRATEGY_none_b].id;
	one.margin = cJSON_GetStringValue(cJSON_GetArrayItem(margins, 0));
	row = report_next(c->t, 0, &one);
	return row < c->t->rows ? csv_real(c->t, row, EGPR_VERDICTS_margin) : NAN;
}

/* What the row claims of A/A, and whether the interval keeps it. */
static void aa_claim(const struct contexts_chapter *c, const struct context *x, struct shift aa)
{
	double within = x->aa == EGPR_AA_PLAN ? first_margin(c, x) : x->aa;
	bool keeps = -within < aa.low && aa.high < within;

	if (x->aa == EGPR_AA_NOTHING)
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "nothing");
	else if (isnan(aa.low) || isnan(within))
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "");
	else
		doc_cell(&c->r->doc, keeps ? DOC_GOOD : DOC_OPEN, NULL, "within %s%s",
			 report_number(within), keeps ? "" : ": not shown");
}

static void ten_claim(const struct contexts_chapter *c, const struct context *x, struct shift ten)
{
	if (!x->ten)
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 x->timed == EGPR_TIMED_FETCH
				 ? "no: late code hides a delay, so none is injected"
				 : "no");
	else
		doc_cell(&c->r->doc, ten.low > 0 ? DOC_GOOD : DOC_OPEN, NULL, "%s",
			 isnan(ten.low) ? "yes; not measured"
			 : ten.low > 0	? "yes"
					: "yes: not found");
}

void contexts_ruler(const struct contexts_chapter *c)
{
	static const struct doc_column columns[] = {
		{ "context", 0 },
		{ "timed", DOC_WIDE },
		{ "none", DOC_NUMBER | DOC_WIDE },
		{ "A/A", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "claimed", DOC_NUMBER },
		{ "delay-10", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "claimed", 0 },
	};
	static const char *const timed[] = {
		[EGPR_TIMED_BATCH] = "batch from end to end",
		[EGPR_TIMED_HALVES] = "each half, summed over a batch",
		[EGPR_TIMED_FETCH] = "likewise, called so that nothing is fetched ahead",
		[EGPR_TIMED_ONCE] = "each half after a preparation, summed over a batch",
		[EGPR_TIMED_EXITS] = "each exit, by the guest, summed over a batch",
	};
	unsigned int x;
	char id[64];

	snprintf(id, sizeof(id), "ruler-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"What a round of none takes in each context, and what is read where nothing differs (%s against none) and where ten "
		"core cycles do (delay-10 against delay-0), TSC ticks. A run in which a context does not show what it claims is unsound.",
		egpr_strategies[EGPR_STRATEGY_none_b].id);
	for (x = 0; x < c->contexts; x++) {
		size_t aa_row, row;
		struct shift aa = contexts_shift(c->t, &c->f, c->context[x],
						 egpr_strategies[EGPR_STRATEGY_none_b].id,
						 &contexts_whole, &aa_row);
		struct shift ten = contexts_shift(c->t, &c->f, c->context[x], "delay-10",
						  &contexts_whole, &row);

		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->context[x]);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 timed[context_find(c->context[x])->timed]);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 aa_row == c->t->rows
				 ? ""
				 : report_number(csv_real(c->t, aa_row, EGPR_VERDICTS_base_p50)));
		contexts_cells(c->r, c->t, aa_row, aa);
		aa_claim(c, context_find(c->context[x]), aa);
		contexts_cells(c->r, c->t, row, ten);
		ten_claim(c, context_find(c->context[x]), ten);
	}
}
