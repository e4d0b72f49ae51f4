// SPDX-License-Identifier: GPL-2.0-only
/*
 * One layer with one provenance: latency per exit kind, differences per
 * strategy as forest plots, distributions of block differences.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "report.h"

#define MAX_KINDS      64
#define NAME_MAX_BYTES 96
#define LABEL_BYTES    128
#define WHERE_BYTES    64

/* A number for gnuplot: NaN where there is none. */
static void dat_number(FILE *f, double v)
{
	if (isnan(v))
		fputs("\tNaN", f);
	else
		fprintf(f, "\t%.12g", v);
}

static const char *layer_text(const char *id)
{
	int i = axis_find(egpr_layers, EGPR_NR_LAYERS, id);

	return i < 0 ? "" : egpr_layers[i].text;
}

static void latency_table(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },
		{ "path", 0 },
		{ "strategy", DOC_WIDE },
		{ "state", 0 },
		{ "blocks", DOC_NUMBER | DOC_WIDE },
		{ "exits", DOC_NUMBER | DOC_WIDE },
		{ "min", DOC_NUMBER | DOC_WIDE },
		{ "p5", DOC_NUMBER | DOC_WIDE },
		{ "p50", DOC_NUMBER },
		{ "p95", DOC_NUMBER },
		{ "p99", DOC_NUMBER },
		{ "p99.9", DOC_NUMBER | DOC_WIDE },
		{ "mean", DOC_NUMBER | DOC_WIDE },
		{ "MAD", DOC_NUMBER | DOC_WIDE },
		{ "stand-in", DOC_WIDE },
	};
	static const unsigned int reals[] = { EGPR_SUMMARY_min,	 EGPR_SUMMARY_p5,
					      EGPR_SUMMARY_p50,	 EGPR_SUMMARY_p95,
					      EGPR_SUMMARY_p99,	 EGPR_SUMMARY_p999,
					      EGPR_SUMMARY_mean, EGPR_SUMMARY_mad };
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = report_filter_of(g);
	char text[256], id[64];
	size_t row, i;

	snprintf(id, sizeof(id), "latency-%s-%s-table", g->place, g->provenance);
	doc_table(&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "Every arm, TSC ticks per exit (%s).",
		  report_group_text(r->run, g, text, sizeof(text)));
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		const char *href = report_href(t, row);

		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_exit_kind));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_path));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_strategy));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_guest_state));
		doc_cell(&r->doc, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_SUMMARY_blocks));
		doc_cell(&r->doc, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_SUMMARY_exits));
		for (i = 0; i < sizeof(reals) / sizeof(*reals); i++)
			doc_cell(&r->doc, DOC_PLAIN, href, "%s",
				 report_number(csv_real(t, row, reals[i])));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_SUMMARY_stand_in));
	}
}

/* Rows are exit kinds; in a layer without a guest they are strategies. */
static void latency_plot(struct report *r, const struct report_group *g)
{
	static const unsigned int reals[] = { EGPR_SUMMARY_p5, EGPR_SUMMARY_p50, EGPR_SUMMARY_p95,
					      EGPR_SUMMARY_p99, EGPR_SUMMARY_p999 };
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = report_filter_of(g);
	const char *states[EGPR_NR_STATES], *kinds[MAX_KINDS];
	char name[NAME_MAX_BYTES];
	unsigned int rows = 0;
	size_t row, i;
	bool guest;
	FILE *dat;

	guest = report_values(t, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS) > 1 ||
		strcmp(kinds[0], "none");
	if (guest)
		f.strategy = "none";
	if (!report_values(t, EGPR_COL_guest_state, &f, states, EGPR_NR_STATES))
		return;
	if (guest)
		f.state = states[0];
	snprintf(name, sizeof(name), "latency-%s-%s", g->place, g->provenance);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		fprintf(dat, "%u\t%s (%s)", rows++,
			csv_text(t, row, guest ? EGPR_COL_exit_kind : EGPR_COL_strategy),
			csv_text(t, row, guest ? EGPR_COL_path : EGPR_COL_guest_state));
		for (i = 0; i < sizeof(reals) / sizeof(*reals); i++)
			dat_number(dat, csv_real(t, row, reals[i]));
		putc('\n', dat);
	}
	report_plot_close(r, dat, "latency", name, rows, "", g,
			  guest ? "Exit latency per kind, nothing switched"
				: "Time of each sequence, exit and entry half");
}

/* "exit-kind strategy (state)", shortened where one of them does not vary. */
static void label_of(const struct csv_table *t, size_t row, bool one_kind, char *label)
{
	const char *kind = csv_text(t, row, EGPR_COL_exit_kind);

	snprintf(label, LABEL_BYTES, "%s%s%s (%s)", one_kind ? "" : kind, one_kind ? "" : "  ",
		 csv_text(t, row, EGPR_COL_strategy), csv_text(t, row, EGPR_COL_guest_state));
}

/* "prim, context apart". */
static void where_of(const struct report_group *g, char *where)
{
	snprintf(where, WHERE_BYTES, "%s, context %s", g->layer, g->context);
}

/* Rows of verdicts.csv for one picture: filter, and only switches. */
static size_t next_switch(const struct csv_table *t, size_t row, const struct report_filter *f)
{
	for (row = report_next(t, row, f); row < t->rows; row = report_next(t, row + 1, f)) {
		if (report_is_switch(csv_text(t, row, EGPR_COL_strategy)))
			return row;
	}
	return t->rows;
}

static void forest_plot(struct report *r, const struct report_group *g, const char *path)
{
	static const unsigned int reals[] = { EGPR_VERDICTS_diff, EGPR_VERDICTS_diff_low,
					      EGPR_VERDICTS_diff_high, EGPR_VERDICTS_margin };
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	char name[NAME_MAX_BYTES], title[128], label[LABEL_BYTES], where[WHERE_BYTES];
	const char *kinds[MAX_KINDS];
	unsigned int rows = 0;
	bool one_kind;
	size_t row, i;
	FILE *dat;

	f.path = path;
	one_kind = report_values(t, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS) == 1;
	row = next_switch(t, 0, &f);
	if (row == t->rows)
		return;
	snprintf(name, sizeof(name), "forest-%s-%s-%s", g->place, path, g->provenance);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	for (; row < t->rows; row = next_switch(t, row + 1, &f)) {
		label_of(t, row, one_kind, label);
		fprintf(dat, "%u\t%s", rows++, label);
		for (i = 0; i < sizeof(reals) / sizeof(*reals); i++)
			dat_number(dat, csv_real(t, row, reals[i]));
		fprintf(dat, "\t%d\n",
			report_verdict_index(csv_text(t, row, EGPR_VERDICTS_verdict)));
	}
	where_of(g, where);
	if (strcmp(path, "none"))
		snprintf(title, sizeof(title), "Difference to none, layer %s, path %s", where,
			 path);
	else
		snprintf(title, sizeof(title), "Difference to none, layer %s", where);
	report_plot_close(r, dat, "forest", name, rows, "", g, title);
}

static void block_plot(struct report *r, const struct report_group *g, const char *kind)
{
	static const double quantiles[] = { 0, 0.05, 0.25, 0.5, 0.75, 0.95, 1 };
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	char name[NAME_MAX_BYTES], title[128], label[LABEL_BYTES], where[WHERE_BYTES];
	unsigned int rows = 0;
	size_t row, i, n;
	double *diff;
	FILE *dat;

	f.exit_kind = kind;
	row = report_next(t, 0, &f);
	if (row == t->rows)
		return;
	snprintf(name, sizeof(name), "blocks-%s-%s-%s", g->place, kind, g->provenance);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	for (; row < t->rows; row = report_next(t, row + 1, &f)) {
		n = report_block_differences(r->run, row, &diff);
		if (n) {
			label_of(t, row, true, label);
			fprintf(dat, "%u\t%s", rows++, label);
			for (i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
				dat_number(dat, report_quantile(diff, n, quantiles[i]));
			putc('\n', dat);
		}
		free(diff);
	}
	if (!rows) {
		fclose(dat);
		return;
	}
	where_of(g, where);
	if (strcmp(kind, "none"))
		snprintf(title, sizeof(title), "Block differences, layer %s, %s", where, kind);
	else
		snprintf(title, sizeof(title), "Block differences, layer %s", where);
	report_plot_close(r, dat, "blocks", name, rows, "", g, title);
}

static void verdict_table(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },
		{ "strategy", 0 },
		{ "state", DOC_WIDE },
		{ "verdict", 0 },
		{ "difference", DOC_NUMBER | DOC_WIDE },
		{ "95 % interval", DOC_NUMBER },
		{ "%", DOC_NUMBER | DOC_WIDE },
		{ "bootstrap interval", DOC_NUMBER | DOC_WIDE },
		{ "margin", DOC_WIDE },
		{ "margin, TSC ticks", DOC_NUMBER | DOC_WIDE },
		{ "p (Holm)", DOC_NUMBER | DOC_WIDE },
		{ "smallest margin", DOC_NUMBER | DOC_WIDE },
		{ "blocks", DOC_NUMBER | DOC_WIDE },
		{ "blocks needed", DOC_NUMBER | DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	char text[256], id[64];
	size_t row;

	f.margin = NULL;
	snprintf(id, sizeof(id), "verdicts-%s-%s", g->place, g->provenance);
	doc_table(&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "Every comparison, TSC ticks per exit and entry (%s).",
		  report_group_text(r->run, g, text, sizeof(text)));
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		const char *verdict = csv_text(t, row, EGPR_VERDICTS_verdict);
		const char *href = report_href(t, row);
		struct doc *d = &r->doc;

		doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_exit_kind));
		doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_strategy));
		doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_guest_state));
		doc_cell(d, report_tone(verdict), href, "%s", verdict);
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_signed(csv_real(t, row, EGPR_VERDICTS_diff)));
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_interval(csv_real(t, row, EGPR_VERDICTS_diff_low),
					 csv_real(t, row, EGPR_VERDICTS_diff_high)));
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_signed(csv_real(t, row, EGPR_VERDICTS_diff_pct)));
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_interval(csv_real(t, row, EGPR_VERDICTS_boot_low),
					 csv_real(t, row, EGPR_VERDICTS_boot_high)));
		doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_VERDICTS_margin_text));
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_number(csv_real(t, row, EGPR_VERDICTS_margin)));
		doc_cell(d, DOC_PLAIN, href, "%.8s", csv_text(t, row, EGPR_VERDICTS_p_value));
		doc_cell(d, DOC_PLAIN, href, "%s",
			 report_number(csv_real(t, row, EGPR_VERDICTS_smallest_margin)));
		doc_cell(d, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_VERDICTS_blocks));
		doc_cell(d, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_VERDICTS_blocks_needed));
	}
}

void report_layer(struct report *r, const struct report_group *g)
{
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	const char *kinds[MAX_KINDS];
	unsigned int i, n;
	char text[256], id[64];

	snprintf(id, sizeof(id), "layer-%s-%s", g->place, g->provenance);
	doc_heading(&r->doc, 2, id, "Layer %s, context %s (%s)", g->layer, g->context,
		    g->provenance);
	doc_para(&r->doc, "%s: %s. Context %s: %s. Evidence: %s.", g->layer, layer_text(g->layer),
		 g->context, context_find(g->context)->text,
		 report_group_text(r->run, g, text, sizeof(text)));
	/* Of other contexts there is a chapter that has them side by side. */
	if (!report_answers(r->run, g)) {
		verdict_table(r, g);
		return;
	}
	latency_plot(r, g);
	latency_table(r, g);
	if (report_next(v, 0, &f) == v->rows)
		return;
	for (i = 0; i < EGPR_NR_PATHS; i++)
		forest_plot(r, g, egpr_paths[i].id);
	verdict_table(r, g);
	n = report_values(v, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS);
	for (i = 0; i < n; i++)
		block_plot(r, g, kinds[i]);
	report_spread(r, g);
}
