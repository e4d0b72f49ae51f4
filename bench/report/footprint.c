// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost against footprint: what an exit takes, and what a strategy adds to it, by what the guest
 * walks before it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "report.h"

#define MAX_KINDS      64
#define MAX_STRATEGIES 64
#define NAME_BYTES     96
#define LEGEND_BYTES   1024

/*
 * struct footprints - one layer with one provenance and guest state
 * @s: rows of summary.csv, whatever their context and exit kind
 * @v: rows of verdicts.csv, likewise
 * @context: contexts of the walks, the one without first
 * @kind: exit kinds that have any
 */
struct footprints {
	struct report *r;
	struct report_group g;
	struct report_filter s, v;
	unsigned int contexts;
	const char *context[EGPR_NR_CONTEXTS];
	unsigned int kinds;
	const char *kind[MAX_KINDS];
};

static const struct csv_table *summary(const struct footprints *p)
{
	return &p->r->run->table[EGPR_CSV_SUMMARY];
}

static const struct csv_table *verdicts(const struct footprints *p)
{
	return &p->r->run->table[EGPR_CSV_VERDICTS];
}

static bool walks(const char *context)
{
	const struct context *c = context_find(context);

	return c && EGPR_CONTEXT_WALKS(c->timed);
}

/* The row of an arm with a footprint, or the number of rows. */
static size_t row_of(const struct csv_table *t, const struct report_filter *f, const char *context,
		     const char *kind, const char *strategy)
{
	struct report_filter one = *f;

	one.context = context;
	one.exit_kind = kind;
	one.strategy = strategy;
	return report_next(t, 0, &one);
}

static void add_word(char *legend, const char *word)
{
	size_t used = strlen(legend);

	snprintf(legend + used, LEGEND_BYTES - used, "%s%s", used ? " " : "", word);
}

/* Number and name of the points, for scripts/plot/footprint.gp. */
static void begin_legend(const struct footprints *p, const char *what, char *legend)
{
	unsigned int x;

	snprintf(legend, LEGEND_BYTES, "%u %s", p->contexts, what);
	for (x = 0; x < p->contexts; x++)
		add_word(legend, p->context[x]);
}

static void point(FILE *dat, unsigned int x, unsigned int series, double at, double low,
		  double high)
{
	if (isfinite(at) && isfinite(low) && isfinite(high))
		fprintf(dat, "%u\t%.12g\t%.12g\t%.12g\t%u\n", x + 1, at, low, high, series);
}

static void latency_picture(const struct footprints *p)
{
	const char *none = egpr_strategies[EGPR_STRATEGY_none].id;
	char name[NAME_BYTES], legend[LEGEND_BYTES], title[128];
	const struct csv_table *t = summary(p);
	unsigned int k, x;
	FILE *dat;

	snprintf(name, sizeof(name), "footprint-latency-%s-%s", p->g.layer, p->g.provenance);
	dat = report_plot_open(p->r, name);
	if (!dat)
		return;
	begin_legend(p, "latency", legend);
	for (k = 0; k < p->kinds; k++) {
		add_word(legend, p->kind[k]);
		for (x = 0; x < p->contexts; x++) {
			size_t row = row_of(t, &p->s, p->context[x], p->kind[k], none);

			if (row < t->rows)
				point(dat, x, k + 1, csv_real(t, row, EGPR_SUMMARY_p50),
				      csv_real(t, row, EGPR_SUMMARY_p5),
				      csv_real(t, row, EGPR_SUMMARY_p95));
		}
	}
	snprintf(
		title, sizeof(title),
		"Exit latency against footprint, layer %s: median, 5 %% and 95 %% of means of batches",
		p->g.layer);
	report_plot_close(p->r, dat, "footprint", name, p->contexts, legend, &p->g, title);
}

static void cost_picture(const struct footprints *p, const char *kind)
{
	char name[NAME_BYTES], legend[LEGEND_BYTES], title[128];
	const struct csv_table *t = verdicts(p);
	const char *ids[MAX_STRATEGIES];
	struct report_filter f = p->v;
	unsigned int i, n, x, series = 0;
	FILE *dat;

	f.exit_kind = kind;
	f.context = p->context[p->contexts - 1];
	n = report_values(t, EGPR_COL_strategy, &f, ids, MAX_STRATEGIES);
	snprintf(name, sizeof(name), "footprint-%s-%s-%s", p->g.layer, kind, p->g.provenance);
	begin_legend(p, "cost", legend);
	for (i = 0; i < n && !report_is_switch(ids[i]); i++)
		;
	if (i == n)
		return;
	dat = report_plot_open(p->r, name);
	if (!dat)
		return;
	for (i = 0; i < n; i++) {
		if (!report_is_switch(ids[i]))
			continue;
		series++;
		add_word(legend, ids[i]);
		for (x = 0; x < p->contexts; x++) {
			size_t row = row_of(t, &p->v, p->context[x], kind, ids[i]);

			if (row < t->rows)
				point(dat, x, series, csv_real(t, row, EGPR_VERDICTS_diff),
				      csv_real(t, row, EGPR_VERDICTS_diff_low),
				      csv_real(t, row, EGPR_VERDICTS_diff_high));
		}
	}
	snprintf(title, sizeof(title), "Cost against footprint, layer %s, exit kind %s", p->g.layer,
		 kind);
	report_plot_close(p->r, dat, "footprint", name, p->contexts, legend, &p->g, title);
}

/* A number that meta.json has of a cell, NaN without. */
static double of_cell(const struct footprints *p, const char *kind, const char *context,
		      const char *key)
{
	char name[160];
	const cJSON *c;

	snprintf(name, sizeof(name), "%s/%s/%s@%s", p->g.layer, kind, p->s.state, context);
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(p->r->run->meta, RUNDIR_CELLS)) {
		const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));
		const cJSON *n = cJSON_GetObjectItemCaseSensitive(c, key);

		if (id && !strcmp(id, name))
			return cJSON_IsNumber(n) ? n->valuedouble : NAN;
	}
	return NAN;
}

static void table(const struct footprints *p)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },
		{ "footprint", 0 },
		{ "walk, KiB", DOC_NUMBER },
		{ "ticks per line", DOC_NUMBER },
		{ "exit, p50 of means", DOC_NUMBER },
		{ "p5 of means", DOC_NUMBER | DOC_WIDE },
		{ "p95 of means", DOC_NUMBER | DOC_WIDE },
		{ "A/A, 95 %", DOC_NUMBER | DOC_WIDE },
	};
	const struct csv_table *t = summary(p), *v = verdicts(p);
	struct doc *d = &p->r->doc;
	unsigned int k, x;
	char text[256], id[64];

	snprintf(id, sizeof(id), "footprint-%s-%s-table", p->g.layer, p->g.provenance);
	doc_table(
		d, id, columns, sizeof(columns) / sizeof(*columns),
		"What the guest walks before each exit, what one line costs where it lies (walked by "
		"chance in the guest, before the cell), and what an exit takes then without any "
		"switch, TSC ticks, percentiles of means of batches (%s).",
		report_group_text(p->r->run, &p->g, text, sizeof(text)));
	for (k = 0; k < p->kinds; k++) {
		for (x = 0; x < p->contexts; x++) {
			const char *context = p->context[x], *kind = p->kind[k];
			size_t row = row_of(t, &p->s, context, kind,
					    egpr_strategies[EGPR_STRATEGY_none].id);
			size_t aa = row_of(v, &p->v, context, kind,
					   egpr_strategies[EGPR_STRATEGY_none_b].id);

			if (row == t->rows)
				continue;
			doc_cell(d, DOC_PLAIN, NULL, "%s", kind);
			doc_cell(d, DOC_PLAIN, NULL, "%s", context);
			doc_cell(d, DOC_PLAIN, RUNDIR_META, "%s",
				 report_number(of_cell(p, kind, context, "walk_bytes") / 1024));
			doc_cell(d, DOC_PLAIN, RUNDIR_META, "%s",
				 report_number(of_cell(p, kind, context, "line_ticks")));
			doc_cell(d, DOC_PLAIN, report_href(t, row), "%s",
				 report_number(csv_real(t, row, EGPR_SUMMARY_p50)));
			doc_cell(d, DOC_PLAIN, report_href(t, row), "%s",
				 report_number(csv_real(t, row, EGPR_SUMMARY_p5)));
			doc_cell(d, DOC_PLAIN, report_href(t, row), "%s",
				 report_number(csv_real(t, row, EGPR_SUMMARY_p95)));
			doc_cell(d, DOC_PLAIN, NULL, "%s",
				 aa == v->rows ? ""
					       : report_interval(
							 csv_real(v, aa, EGPR_VERDICTS_diff_low),
							 csv_real(v, aa, EGPR_VERDICTS_diff_high)));
		}
	}
}

/* Contexts with a walk that were measured, in the order of the table, behind the default of the layer. */
static void find_contexts(struct footprints *p, enum egpr_layer layer)
{
	const struct context *none = context_default(layer);
	struct report_filter f = p->s;
	unsigned int i;

	p->context[p->contexts++] = none->id;
	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		f.context = egpr_contexts[i].id;
		if (walks(f.context) && report_next(summary(p), 0, &f) < summary(p)->rows)
			p->context[p->contexts++] = f.context;
	}
}

static void find_kinds(struct footprints *p)
{
	const char *kinds[MAX_KINDS];
	unsigned int i, x, n;

	n = report_values(summary(p), EGPR_COL_exit_kind, &p->s, kinds, MAX_KINDS);
	for (i = 0; i < n; i++) {
		for (x = 1; x < p->contexts; x++) {
			if (row_of(summary(p), &p->s, p->context[x], kinds[i], NULL) <
			    summary(p)->rows)
				break;
		}
		if (x < p->contexts)
			p->kind[p->kinds++] = kinds[i];
	}
}

static void chapter(struct report *r, const struct report_group *g)
{
	struct footprints p = { .r = r, .g = *g };
	int layer = axis_find(egpr_layers, EGPR_NR_LAYERS, g->layer);
	unsigned int i, few;
	char id[64];

	if (layer < 0 || !context_mask((enum egpr_layer)layer))
		return;
	p.g.context = NULL;
	p.v = report_filter_of(&p.g);
	p.s = p.v;
	p.s.state = p.v.state = report_main_state(verdicts(&p), &p.v);
	find_contexts(&p, (enum egpr_layer)layer);
	if (p.contexts < 2)
		return;
	find_kinds(&p);
	snprintf(id, sizeof(id), "footprint-of-%s-%s", g->layer, g->provenance);
	doc_heading(&r->doc, 2, id, "Cost against footprint, layer %s (%s)", g->layer,
		    g->provenance);
	doc_para(
		&r->doc,
		"The guest stamps its exits one by one and walks outside of the stamps. Under %s, where it "
		"walks nothing, a batch is timed from end to end.",
		p.context[0]);
	latency_picture(&p);
	few = report_few(r, p.kinds, "Cost against footprint");
	for (i = 0; i < few; i++)
		cost_picture(&p, p.kind[i]);
	table(&p);
}

void report_footprints(struct report *r)
{
	report_each_layer(r, chapter);
}
