// SPDX-License-Identifier: GPL-2.0-only
/*
 * One layer with one provenance: latency per exit kind, differences per
 * strategy as forest plots, distributions of block differences.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "report.h"

#define MAX_KINDS      64
#define NAME_MAX_BYTES 96
#define LABEL_BYTES    128
#define WHERE_BYTES    64
#define CELL_BYTES     128
#define MAX_MARGINS    16
#define MAX_COLUMNS    (MAX_MARGINS + 11)

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

/* Were exits stamped one by one for the tails? Then those are latencies, and of no batch. */
static bool stamped(const struct report *r)
{
	const cJSON *plan = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_PLAN);
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(plan, "per_exit");

	return cJSON_IsNumber(n) && n->valuedouble > 0;
}

static void arm_cells(struct report *r, size_t row, const unsigned int *reals, size_t n)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	static const unsigned int texts[] = { EGPR_COL_exit_kind, EGPR_COL_path, EGPR_COL_strategy,
					      EGPR_COL_guest_state };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, texts[i]));
	for (i = 0; i < n; i++)
		doc_cell(&r->doc, DOC_PLAIN, report_href(t, row), "%s",
			 report_number(csv_real(t, row, reals[i])));
}

/* Means of batches: their spread is that of means, and their least is no latency of an exit. */
static void means_table(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },
		{ "path", DOC_WIDE },
		{ "strategy", 0 },
		{ "state", 0 },
		{ "p50 of means", DOC_NUMBER },
		{ "p95 of means", DOC_NUMBER },
		{ "mean", DOC_NUMBER },
		{ "MAD of means", DOC_NUMBER | DOC_WIDE },
		{ "blocks", DOC_NUMBER | DOC_WIDE },
		{ "exits", DOC_NUMBER | DOC_WIDE },
		{ "least mean", DOC_NUMBER | DOC_WIDE },
		{ "p5 of means", DOC_NUMBER | DOC_WIDE },
		{ "stand-in", DOC_WIDE },
	};
	static const unsigned int reals[] = { EGPR_SUMMARY_p50, EGPR_SUMMARY_p95, EGPR_SUMMARY_mean,
					      EGPR_SUMMARY_mad };
	static const unsigned int rare[] = { EGPR_SUMMARY_min, EGPR_SUMMARY_p5 };
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = report_filter_of(g);
	char text[256], id[64];
	size_t row, i;

	snprintf(id, sizeof(id), "latency-%s-%s-table", g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Every arm, means of batches in TSC ticks per exit. Percentiles and the least are of these "
		"means, not of single exits, which lie further apart (%s).",
		report_group_text(r->run, g, text, sizeof(text)));
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		const char *href = report_href(t, row);

		arm_cells(r, row, reals, sizeof(reals) / sizeof(*reals));
		doc_cell(&r->doc, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_SUMMARY_blocks));
		doc_cell(&r->doc, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_SUMMARY_exits));
		for (i = 0; i < sizeof(rare) / sizeof(*rare); i++)
			doc_cell(&r->doc, DOC_PLAIN, href, "%s",
				 report_number(csv_real(t, row, rare[i])));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_SUMMARY_stand_in));
	}
}

/* Did any exit of an arm have stamps of its own? Older runs did not keep it. */
static const char *tail_of(const struct report *r, size_t row)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	const char *strategy = csv_text(t, row, EGPR_COL_strategy);
	bool own = !strcmp(strategy, egpr_strategies[EGPR_STRATEGY_kvm_own].id);
	const char *layer = csv_text(t, row, EGPR_COL_layer);
	char name[CELL_BYTES];
	const cJSON *c, *means, *arm;

	if (!stamped(r))
		return "means";
	snprintf(name, sizeof(name), "%s/%s/%s%s", layer, csv_text(t, row, EGPR_COL_exit_kind),
		 own ? egpr_guest_states[EGPR_STATE_OFF].id
		     : csv_text(t, row, EGPR_COL_guest_state),
		 context_mark(layer, csv_text(t, row, EGPR_COL_context)));
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_CELLS)) {
		const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));

		if (!is || strcmp(is, name))
			continue;
		means = cJSON_GetObjectItemCaseSensitive(c, RUNDIR_MEANS);
		if (!means)
			break;
		cJSON_ArrayForEach(arm, means) {
			if (!strcmp(cJSON_GetStringValue(arm), strategy))
				return "means";
		}
		return "single exits";
	}
	return "not recorded";
}

static void tails_table(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "exit kind", 0 },    { "path", DOC_WIDE },	{ "strategy", 0 }, { "state", 0 },
		{ "p99", DOC_NUMBER }, { "p99.9", DOC_NUMBER }, { "of", 0 },
	};
	static const unsigned int reals[] = { EGPR_SUMMARY_p99, EGPR_SUMMARY_p999 };
	const struct csv_table *t = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = report_filter_of(g);
	size_t row;
	char id[64];

	snprintf(id, sizeof(id), "tails-%s-%s-table", g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Every arm, tails in TSC ticks: %s. Column \"of\" says which; no row has percentiles of "
		"both.",
		stamped(r)
			? "of single exits, stamped one by one in a pass of their own, or of means "
			  "of batches where there was no time for that"
			: "of means of batches, for the plan had no exit stamped by itself");
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		arm_cells(r, row, reals, sizeof(reals) / sizeof(*reals));
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", tail_of(r, row));
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
	char name[NAME_MAX_BYTES], title[128];
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
	snprintf(title, sizeof(title), "%s: p5 to p95 of means of batches, tails of %s",
		 guest ? "Exits per kind, nothing switched" : "Each sequence, exit and entry half",
		 stamped(r) ? "single exits" : "means too");
	report_plot_close(r, dat, "latency", name, rows,
			  stamped(r) ? "single exits" : "means of batches", g, title);
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
	char name[NAME_MAX_BYTES], title[192], label[LABEL_BYTES], where[WHERE_BYTES], few[64];
	const char *kinds[MAX_KINDS];
	size_t row, i, all = 0, n, k;
	unsigned int rows = 0;
	bool one_kind;
	size_t *drawn;
	FILE *dat;

	f.path = path;
	one_kind = report_values(t, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS) == 1;
	row = next_switch(t, 0, &f);
	if (row == t->rows)
		return;
	snprintf(name, sizeof(name), "forest-%s-%s-%s", g->place, path, g->provenance);
	drawn = malloc(t->rows * sizeof(*drawn));
	dat = drawn ? report_plot_open(r, name) : NULL;
	if (!dat) {
		free(drawn);
		return;
	}
	for (; row < t->rows; row = next_switch(t, row + 1, &f))
		drawn[all++] = row;
	n = report_thin(t, drawn, all);
	for (k = 0; k < n; k++) {
		row = drawn[k];
		label_of(t, row, one_kind, label);
		fprintf(dat, "%u\t%s", rows++, label);
		for (i = 0; i < sizeof(reals) / sizeof(*reals); i++)
			dat_number(dat, csv_real(t, row, reals[i]));
		fprintf(dat, "\t%d\n",
			report_verdict_index(csv_text(t, row, EGPR_VERDICTS_verdict)));
	}
	free(drawn);
	report_thinned(n, all, few, sizeof(few));
	where_of(g, where);
	if (strcmp(path, "none"))
		snprintf(title, sizeof(title), "Difference to none, layer %s, path %s%s", where,
			 path, few);
	else
		snprintf(title, sizeof(title), "Difference to none, layer %s%s", where, few);
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

struct comparisons {
	const char *margins[MAX_MARGINS];
	unsigned int n;
};

static void margin_cell(struct report *r, size_t row, const char *margin)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = {
		.provenance = csv_text(t, row, EGPR_COL_provenance),
		.layer = csv_text(t, row, EGPR_COL_layer),
		.exit_kind = csv_text(t, row, EGPR_COL_exit_kind),
		.strategy = csv_text(t, row, EGPR_COL_strategy),
		.state = csv_text(t, row, EGPR_COL_guest_state),
		.context = csv_text(t, row, EGPR_COL_context),
		.margin = margin,
	};
	size_t one = report_next(t, 0, &f);
	const char *verdict = one < t->rows ? csv_text(t, one, EGPR_VERDICTS_verdict) : "";

	if (*verdict)
		doc_cell(&r->doc, report_tone(verdict), report_href(t, one), "%s (%.6s)", verdict,
			 csv_text(t, one, EGPR_VERDICTS_p_value));
	else
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
}

static void comparison_cells(struct report *r, size_t row, const struct comparisons *c, bool delay)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	const char *href = report_href(t, row);
	struct doc *d = &r->doc;
	unsigned int i;

	doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_exit_kind));
	doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_strategy));
	if (delay)
		doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_VERDICTS_baseline));
	doc_cell(d, DOC_PLAIN, NULL, "%s", csv_text(t, row, EGPR_COL_guest_state));
	doc_cell(d, DOC_PLAIN, href, "%s", report_signed(csv_real(t, row, EGPR_VERDICTS_diff)));
	doc_cell(d, DOC_PLAIN, href, "%s",
		 report_interval(csv_real(t, row, EGPR_VERDICTS_diff_low),
				 csv_real(t, row, EGPR_VERDICTS_diff_high)));
	for (i = 0; i < c->n; i++)
		margin_cell(r, row, c->margins[i]);
	doc_cell(d, DOC_PLAIN, href, "%s", report_signed(csv_real(t, row, EGPR_VERDICTS_diff_pct)));
	doc_cell(d, DOC_PLAIN, href, "%s",
		 report_interval(csv_real(t, row, EGPR_VERDICTS_boot_low),
				 csv_real(t, row, EGPR_VERDICTS_boot_high)));
	doc_cell(d, DOC_PLAIN, href, "%s",
		 report_number(csv_real(t, row, EGPR_VERDICTS_smallest_margin)));
	doc_cell(d, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_VERDICTS_blocks));
	doc_cell(d, DOC_PLAIN, href, "%s", csv_text(t, row, EGPR_VERDICTS_blocks_needed));
}

/* One row per comparison, the margins as columns; delays by themselves, as their baseline is a delay. */
static void comparison_table(struct report *r, const struct report_group *g, bool delays)
{
	static const struct doc_column behind[] = {
		{ "%", DOC_NUMBER | DOC_WIDE },
		{ "bootstrap interval", DOC_NUMBER | DOC_WIDE },
		{ "smallest margin", DOC_NUMBER | DOC_WIDE },
		{ "blocks", DOC_NUMBER | DOC_WIDE },
		{ "blocks needed", DOC_NUMBER | DOC_WIDE },
	};
	struct doc_column columns[MAX_COLUMNS] = { { "exit kind", 0 },
						   { delays ? "delay" : "strategy", 0 } };
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	struct comparisons c;
	unsigned int i, n = 2;
	char text[256], id[64];
	size_t row;

	f.margin = NULL;
	c.n = report_values(t, EGPR_VERDICTS_margin_text, &f, c.margins, MAX_MARGINS);
	f.margin = g->margin;
	if (delays)
		columns[n++] = (struct doc_column){ "baseline", 0 };
	/* Without it rows of the text would differ in nothing but their numbers. */
	columns[n++] = (struct doc_column){ "state", 0 };
	columns[n++] = (struct doc_column){ "diff", DOC_NUMBER };
	columns[n++] = (struct doc_column){ "95 % interval", DOC_NUMBER };
	for (i = 0; i < c.n; i++)
		columns[n++] = (struct doc_column){ c.margins[i], DOC_WIDE };
	for (i = 0; i < sizeof(behind) / sizeof(*behind); i++)
		columns[n++] = behind[i];
	snprintf(id, sizeof(id), "%s-%s-%s", delays ? "injected" : "verdicts", g->place,
		 g->provenance);
	doc_table(&r->doc, id, columns, n,
		  "%s, TSC ticks per exit and entry; by margin: verdict and p after Holm (%s).",
		  delays ? "Every injected delay with its baseline"
			 : "Every comparison of a strategy with none",
		  report_group_text(r->run, g, text, sizeof(text)));
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		if ((report_delay(csv_text(t, row, EGPR_COL_strategy)) >= 0) == delays)
			comparison_cells(r, row, &c, delays);
	}
}

static bool has_delays(const struct csv_table *t, const struct report_group *g)
{
	struct report_filter f = report_filter_of(g);
	size_t row;

	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		if (report_delay(csv_text(t, row, EGPR_COL_strategy)) >= 0)
			return true;
	}
	return false;
}

static void verdict_table(struct report *r, const struct report_group *g)
{
	comparison_table(r, g, false);
	if (has_delays(&r->run->table[EGPR_CSV_VERDICTS], g))
		comparison_table(r, g, true);
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
	means_table(r, g);
	tails_table(r, g);
	if (report_next(v, 0, &f) == v->rows)
		return;
	for (i = 0; i < EGPR_NR_PATHS; i++)
		forest_plot(r, g, egpr_paths[i].id);
	verdict_table(r, g);
	n = report_few(r, report_values(v, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS),
		       "Block differences");
	for (i = 0; i < n; i++)
		block_plot(r, g, kinds[i]);
	report_spread(r, g);
}
