// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost against context: what a strategy adds depends on what stands around its halves. See contexts.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include "contexts.h"

#define MAX_KINDS  64
#define NAME_BYTES 96

const struct shift_columns contexts_whole = { EGPR_VERDICTS_diff, EGPR_VERDICTS_diff_low,
					      EGPR_VERDICTS_diff_high };
const struct shift_columns contexts_exit = { EGPR_VERDICTS_exit_diff, EGPR_VERDICTS_exit_low,
					     EGPR_VERDICTS_exit_high };
const struct shift_columns contexts_entry = { EGPR_VERDICTS_entry_diff, EGPR_VERDICTS_entry_low,
					      EGPR_VERDICTS_entry_high };

struct shift contexts_shift(const struct csv_table *t, const struct report_filter *f,
			    const char *context, const char *strategy,
			    const struct shift_columns *c, size_t *row)
{
	struct report_filter one = *f;

	one.context = context;
	one.strategy = strategy;
	*row = report_next(t, 0, &one);
	if (*row == t->rows)
		return (struct shift){ NAN, NAN, NAN };
	return (struct shift){ csv_real(t, *row, c->at), csv_real(t, *row, c->low),
			       csv_real(t, *row, c->high) };
}

struct shift contexts_minus(struct shift a, struct shift b)
{
	double at = a.at - b.at;

	return (struct shift){ at, at - hypot(a.at - a.low, b.high - b.at),
			       at + hypot(a.high - a.at, b.at - b.low) };
}

void contexts_cells(struct report *r, const struct csv_table *t, size_t row, struct shift s)
{
	const char *href = row < t->rows ? report_href(t, row) : NULL;

	doc_cell(&r->doc, DOC_PLAIN, href, "%s", report_signed(s.at));
	doc_cell(&r->doc, DOC_PLAIN, href, "%s", report_interval(s.low, s.high));
}

bool contexts_have(const struct contexts_chapter *c, const char *context)
{
	unsigned int i;

	for (i = 0; i < c->contexts && c->context[i]; i++) {
		if (!strcmp(c->context[i], context))
			return true;
	}
	return false;
}

const char *contexts_id(enum egpr_context context)
{
	return egpr_contexts[context].id;
}

/* What a switch costs there; others show how that comes about. */
static bool is_cost(const char *context)
{
	return context && strcmp(context, contexts_id(EGPR_CONTEXT_APART_WHOLE)) &&
	       strcmp(context, contexts_id(EGPR_CONTEXT_USE_FREE)) &&
	       strcmp(context, contexts_id(EGPR_CONTEXT_USE_LAST));
}

static void picture(const struct contexts_chapter *c)
{
	char name[NAME_BYTES], legend[256] = "", title[128];
	unsigned int i, x, series, rows = 0;
	size_t row;
	FILE *dat;

	snprintf(name, sizeof(name), "contexts-%s-%s", c->g.layer, c->g.provenance);
	dat = report_plot_open(c->r, name);
	if (!dat)
		return;
	for (x = 0; x < c->contexts; x++) {
		if (is_cost(c->context[x]))
			snprintf(legend + strlen(legend), sizeof(legend) - strlen(legend), "%s%s",
				 *legend ? " " : "", c->context[x]);
	}
	for (i = 0; i < c->strategies; i++, rows++) {
		for (x = series = 0; x < c->contexts; x++) {
			struct shift s = contexts_shift(c->t, &c->f, c->context[x], c->strategy[i],
							&contexts_whole, &row);

			if (!is_cost(c->context[x]))
				continue;
			series++;
			if (!isnan(s.low) && !isnan(s.high))
				fprintf(dat, "%u\t%s\t%.12g\t%.12g\t%.12g\t%u\n", rows,
					c->strategy[i], s.at, s.low, s.high, series);
		}
	}
	snprintf(title, sizeof(title), "Cost against context, layer %s, guest state %s", c->g.layer,
		 c->f.state);
	report_plot_close(c->r, dat, "contexts", name, rows, legend, &c->g, title);
}

/* The text has room for what the first screen speaks of. */
static unsigned int narrow(const char *context)
{
	bool main = !strcmp(context, contexts_id(EGPR_CONTEXT_APART)) ||
		    !strcmp(context, contexts_id(EGPR_CONTEXT_LEGACY_WARM));

	return main ? DOC_NUMBER : DOC_NUMBER | DOC_WIDE;
}

static void cost_table(const struct contexts_chapter *c)
{
	struct doc_column columns[EGPR_NR_CONTEXTS + 1] = { { "strategy", 0 } };
	unsigned int i, x;
	char text[256], id[64];
	size_t row;

	for (x = 0; x < c->contexts && c->context[x]; x++)
		columns[x + 1] = (struct doc_column){ c->context[x], narrow(c->context[x]) };
	snprintf(id, sizeof(id), "contexts-%s-%s-table", c->g.layer, c->g.provenance);
	doc_table(&c->r->doc, id, columns, c->contexts + 1,
		  "Difference to none in the same context, TSC ticks per exit and entry with its "
		  "95 %% interval; guest state %s (%s).",
		  c->f.state, report_group_text(c->r->run, &c->g, text, sizeof(text)));
	for (i = 0; i < c->strategies; i++) {
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		for (x = 0; x < c->contexts; x++) {
			struct shift s = contexts_shift(c->t, &c->f, c->context[x], c->strategy[i],
							&contexts_whole, &row);

			doc_cell(&c->r->doc, DOC_PLAIN,
				 row < c->t->rows ? report_href(c->t, row) : NULL, "%s %s",
				 report_signed(s.at), report_interval(s.low, s.high));
		}
	}
}

/* The exit kind that was measured in most contexts, or "none". */
static const char *kind_of(const struct contexts_chapter *c)
{
	const char *kinds[MAX_KINDS], *best = NULL, *contexts[EGPR_NR_CONTEXTS];
	unsigned int k, most = 0,
			n = report_values(c->t, EGPR_COL_exit_kind, &c->f, kinds, MAX_KINDS);

	for (k = 0; k < n; k++) {
		struct report_filter f = c->f;
		unsigned int found;

		f.exit_kind = kinds[k];
		found = report_values(c->t, EGPR_COL_context, &f, contexts, EGPR_NR_CONTEXTS);
		if (found > most) {
			most = found;
			best = kinds[k];
		}
	}
	return best;
}

static void chapter(struct report *r, const struct report_group *g)
{
	struct contexts_chapter c = { .r = r, .t = &r->run->table[EGPR_CSV_VERDICTS], .g = *g };
	const char *ids[CONTEXTS_STRATEGIES];
	unsigned int i, n;
	char id[64];

	c.g.context = NULL;
	c.f = report_filter_of(&c.g);
	c.f.exit_kind = kind_of(&c);
	c.f.state = report_main_state(c.t, &c.f);
	c.contexts = report_values(c.t, EGPR_COL_context, &c.f, c.context, EGPR_NR_CONTEXTS);
	if (c.contexts < 2)
		return;
	n = report_values(c.t, EGPR_COL_strategy, &c.f, ids, CONTEXTS_STRATEGIES);
	for (i = 0; i < n; i++) {
		if (report_is_switch(ids[i]))
			c.strategy[c.strategies++] = ids[i];
	}
	snprintf(id, sizeof(id), "contexts-of-%s-%s", g->layer, g->provenance);
	doc_heading(&r->doc, 2, id, "Cost against context, layer %s (%s)", g->layer, g->provenance);
	for (i = 0; i < c.contexts; i++)
		doc_para(&r->doc, "%s: %s.", c.context[i], context_find(c.context[i])->text);
	picture(&c);
	cost_table(&c);
	contexts_halves(&c);
	contexts_use(&c);
	contexts_dram(&c);
	contexts_placement(&c);
	contexts_ruler(&c);
}

void report_contexts(struct report *r)
{
	report_each_layer(r, chapter);
	contexts_levels(r);
}

bool report_answers(const struct rundir_data *run, const struct report_group *g)
{
	struct report_filter apart = { .provenance = g->provenance,
				       .layer = g->layer,
				       .context = contexts_id(EGPR_CONTEXT_APART) };
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	int layer = axis_find(egpr_layers, EGPR_NR_LAYERS, g->layer);

	if (!strcmp(g->context, contexts_id(EGPR_CONTEXT_APART)) ||
	    !strcmp(g->context, contexts_id(EGPR_CONTEXT_LEGACY_WARM)))
		return true;
	return !strcmp(g->context, context_default((enum egpr_layer)layer)->id) &&
	       report_next(t, 0, &apart) == t->rows;
}
