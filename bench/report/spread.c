// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a difference moves with guest state and with code placement, and what
 * the ruler itself reads: injected delays and the A/A arm.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_fit.h>

#include <bench/plan/axis.h>
#include "report.h"

#define MAX_OFFSETS 64
#define MAX_DELAYS  64
#define NAME_BYTES  96
#define SLOPE_SEEN  10 /* a slope of so many standard errors says something of the ruler */

static bool differs(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

/* Rows: exit kind and strategy; series: guest states. Only where there are two states or more. */
static void states_plot(struct report *r, const struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	const char *states[EGPR_NR_STATES];
	char name[NAME_BYTES], legend[64] = "";
	char title[128] = "Difference per guest state", few[64];
	size_t row, other, *drawn, all = 0, shown, k;
	unsigned int i, n, rows = 0;
	FILE *dat;

	n = report_values(t, EGPR_COL_guest_state, &f, states, EGPR_NR_STATES);
	if (n < 2)
		return;
	snprintf(name, sizeof(name), "states-%s-%s", g->place, g->provenance);
	drawn = malloc((t->rows + 1) * sizeof(*drawn));
	dat = drawn ? report_plot_open(r, name) : NULL;
	if (!dat) {
		free(drawn);
		return;
	}
	for (i = 0; i < n; i++)
		snprintf(legend + strlen(legend), sizeof(legend) - strlen(legend), "%s%s",
			 i ? " " : "", states[i]);
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		struct report_filter same = { .provenance = g->provenance,
					      .layer = g->layer,
					      .context = g->context,
					      .margin = g->margin,
					      .exit_kind = csv_text(t, row, EGPR_COL_exit_kind),
					      .strategy = csv_text(t, row, EGPR_COL_strategy) };

		/* One row of the picture for all its states. */
		if (report_is_switch(same.strategy) && report_next(t, 0, &same) == row)
			drawn[all++] = row;
	}
	shown = report_thin(t, drawn, all);
	for (k = 0; k < shown; k++) {
		struct report_filter same = {
			.provenance = g->provenance,
			.layer = g->layer,
			.context = g->context,
			.margin = g->margin,
			.exit_kind = csv_text(t, drawn[k], EGPR_COL_exit_kind),
			.strategy = csv_text(t, drawn[k], EGPR_COL_strategy),
		};

		for (i = 0; i < n; i++) {
			same.state = states[i];
			other = report_next(t, 0, &same);
			if (other == t->rows)
				continue;
			fprintf(dat, "%u\t%s%s%s\t%.12g\t%u\n", rows,
				differs(same.exit_kind, "none") ? same.exit_kind : "",
				differs(same.exit_kind, "none") ? "  " : "", same.strategy,
				csv_real(t, other, EGPR_VERDICTS_diff), i + 1);
		}
		rows++;
	}
	free(drawn);
	snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s",
		 report_thinned(shown, all, few, sizeof(few)));
	report_plot_close(r, dat, "spread", name, rows, legend, g, title);
}

static void layout_plot(struct report *r, const struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	uint64_t offset[MAX_OFFSETS];
	double median[MAX_OFFSETS];
	char name[NAME_BYTES];
	char title[128] = "Median block difference at each code offset", few[64];
	size_t row, *drawn, all = 0, shown, k;
	unsigned int i, n, most = 0, rows = 0;
	FILE *dat;

	f.state = report_main_state(t, &f);
	snprintf(name, sizeof(name), "layout-%s-%s", g->place, g->provenance);
	drawn = malloc((t->rows + 1) * sizeof(*drawn));
	dat = drawn ? report_plot_open(r, name) : NULL;
	if (!dat) {
		free(drawn);
		return;
	}
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		if (report_delay(csv_text(t, row, EGPR_COL_strategy)) < 0)
			drawn[all++] = row;
	}
	shown = report_thin(t, drawn, all);
	for (k = 0; k < shown; k++) {
		const char *kind = csv_text(t, drawn[k], EGPR_COL_exit_kind);

		row = drawn[k];
		n = report_by_offset(r->run, row, EGPR_SAMPLES_offset, offset, median, MAX_OFFSETS);
		most = n > most ? n : most;
		for (i = 0; i < n; i++)
			fprintf(dat, "%u\t%s%s%s (%s)\t%.12g\t1\n", rows,
				differs(kind, "none") ? kind : "",
				differs(kind, "none") ? "  " : "",
				csv_text(t, row, EGPR_COL_strategy),
				csv_text(t, row, EGPR_COL_guest_state), median[i]);
		rows += n > 0;
	}
	free(drawn);
	if (most < 2) {
		fclose(dat);
		doc_para(&r->doc, "Layout: every block of this layer ran at one code offset, so "
				  "placement is not separated from the difference.");
		return;
	}
	snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s",
		 report_thinned(shown, all, few, sizeof(few)));
	report_plot_close(r, dat, "spread", name, rows, "", g, title);
}

static void slope_text(struct report *r, const double *x, const double *y, size_t n)
{
	double c0, c1, v00, v01, v11, rss;
	size_t i, distinct = 1;

	for (i = 1; i < n; i++)
		distinct += x[i] != x[0];
	if (n < 3 || distinct < 2)
		return;
	gsl_fit_linear(x, 1, y, 1, n, &c0, &c1, &v00, &v01, &v11, &rss);
	doc_para(
		&r->doc,
		"Injected delays: slope %.3f TSC ticks per operation (standard error %.3f), offset %s "
		"TSC ticks, from %zu points.%s",
		c1, sqrt(v11), report_signed(c0), n,
		c1 > SLOPE_SEEN * sqrt(v11)
			? " A ruler without error has as many TSC ticks per operation as a core cycle has; "
			  "the self-check takes that from a chain of operations in the same cell."
			: " That tells nothing of the ruler: here such delays are lost in what the exits "
			  "vary by.");
}

static void delays_plot(struct report *r, const struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	double x[MAX_DELAYS], y[MAX_DELAYS];
	char name[NAME_BYTES];
	unsigned int n = 0;
	size_t row;
	FILE *dat;

	snprintf(name, sizeof(name), "delays-%s-%s", g->place, g->provenance);
	dat = report_plot_open(r, name);
	if (!dat)
		return;
	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		int delay = report_delay(csv_text(t, row, EGPR_COL_strategy));
		int base = report_delay(csv_text(t, row, EGPR_VERDICTS_baseline));

		/* Against a delay, so that the ruler's own call and return cancel out. */
		if (delay < 0 || base < 0 || n == MAX_DELAYS ||
		    isnan(csv_real(t, row, EGPR_VERDICTS_diff)))
			continue;
		x[n] = delay - base;
		y[n++] = csv_real(t, row, EGPR_VERDICTS_diff);
		fprintf(dat, "%g\t%.12g\t%.12g\t%.12g\n", x[n - 1], y[n - 1],
			csv_real(t, row, EGPR_VERDICTS_diff_low),
			csv_real(t, row, EGPR_VERDICTS_diff_high));
	}
	if (n < 2) {
		fclose(dat);
		return;
	}
	report_plot_close(r, dat, "calibration", name, n, "", g,
			  "Injected delays and what was measured");
	slope_text(r, x, y, n);
}

void report_spread(struct report *r, const struct report_group *g)
{
	states_plot(r, g);
	layout_plot(r, g);
	report_levels(r, g);
	delays_plot(r, g);
}
