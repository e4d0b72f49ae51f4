// SPDX-License-Identifier: GPL-2.0-only
/*
 * What differences vary with: blocks, code offsets, launches, module loads, boots.
 *
 * The numbers are those of verdicts.csv. A level with one value, or with no values of its own,
 * has no number: that is said in words, and never as 0.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/rundir/launches.h>
#include "report.h"

#define MAX_OFFSETS 64
#define SMALL	    0.1 /* ticks: two digits behind the point say too little below */

/*
 * struct component - one level over all comparisons of a layer
 * @n: comparisons in which it was estimated
 * @median: of its standard deviation, TSC ticks per exit
 * @largest: row of verdicts.csv with the largest
 */
struct component {
	size_t n;
	double median;
	size_t largest;
};

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Comparisons of switches and of the A/A arm: delays are the ruler and not what is measured. */
static bool counts(const struct csv_table *t, size_t row)
{
	return report_delay(csv_text(t, row, EGPR_COL_strategy)) < 0;
}

static struct component component_of(const struct csv_table *t, const struct report_group *g,
				     unsigned int column)
{
	struct report_filter f = report_filter_of(g);
	double *sd = malloc((t->rows + 1) * sizeof(*sd));
	struct component c = { .largest = t->rows };
	size_t row;

	for (row = report_next(t, 0, &f); sd && row < t->rows; row = report_next(t, row + 1, &f)) {
		double v = csv_real(t, row, column);

		if (isnan(v) || !counts(t, row))
			continue;
		if (c.largest == t->rows || v > csv_real(t, c.largest, column))
			c.largest = row;
		sd[c.n++] = v;
	}
	if (c.n) {
		qsort(sd, c.n, sizeof(*sd), ascending);
		c.median = report_quantile(sd, c.n, 0.5);
	}
	free(sd);
	return c;
}

/* Like report_number(), but what is small and not 0 does not look like 0. */
static const char *sd_text(double v, char *text, size_t size)
{
	if (v < SMALL)
		snprintf(text, size, "%.2g", v);
	else
		snprintf(text, size, "%s", report_number(v));
	return text;
}

static void component_row(struct report *r, const struct report_group *g, const char *name,
			  unsigned int values, unsigned int column, const char *why)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct component c = component_of(t, g, column);
	const char *href = c.n ? report_href(t, c.largest) : NULL;
	char text[32];

	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", name);
	if (values)
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%u", values);
	else
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
	if (!c.n) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
		doc_cell(&r->doc, DOC_OPEN, NULL, "not estimable: %s", why);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
		return;
	}
	doc_cell(&r->doc, DOC_PLAIN, href, "%s", sd_text(c.median, text, sizeof(text)));
	doc_cell(&r->doc, DOC_PLAIN, href, "%s",
		 sd_text(csv_real(t, c.largest, column), text, sizeof(text)));
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s %s (%s)", csv_text(t, c.largest, EGPR_COL_strategy),
		 csv_text(t, c.largest, EGPR_COL_exit_kind),
		 csv_text(t, c.largest, EGPR_COL_guest_state));
}

/* Why a level has no number of its own. */
static void level_reason(const struct launches *l, enum stats_level level, char *why, size_t size)
{
	const char *name = stats_level_names[level];

	if (level == STATS_MODULE && l->n && !l->loaded)
		snprintf(why, size, "no module loaded");
	else if (l->groups[level] < 2)
		snprintf(why, size, "one %s", name);
	else if (level && l->groups[level] == l->groups[level - 1])
		snprintf(why, size, "one per %s", stats_level_names[level - 1]);
	else
		snprintf(why, size, "no cell has two");
}

static unsigned int offsets_of(const struct rundir_data *run, const struct report_group *g)
{
	struct report_filter f = report_filter_of(g);
	const char *values[MAX_OFFSETS];

	return report_values(&run->table[EGPR_CSV_SAMPLES], EGPR_SAMPLES_offset, &f, values,
			     MAX_OFFSETS);
}

void report_levels(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "varies with", 0 },
		{ "values", DOC_NUMBER },
		{ "median sd", DOC_NUMBER },
		{ "largest", DOC_NUMBER },
		{ "note", 0 },
		{ "largest at", DOC_WIDE },
	};
	static const unsigned int column[STATS_NR_LEVELS] = {
		[STATS_BOOT] = EGPR_VERDICTS_boot_sd,
		[STATS_MODULE] = EGPR_VERDICTS_module_sd,
		[STATS_LAUNCH] = EGPR_VERDICTS_launch_sd,
	};
	char text[256], id[64], why[128];
	struct launches l;
	struct data_error e;
	unsigned int offsets = offsets_of(r->run, g), k;

	if (launch_read(r->run->meta, &l, &e)) {
		doc_para(&r->doc, "Variance components: %s.", e.text);
		return;
	}
	snprintf(id, sizeof(id), "levels-%s-%s", g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Variance components: standard deviation of a difference from one block, code "
		"offset, launch, module load or boot to the next, TSC ticks per exit; median and "
		"largest of all comparisons (%s). Intervals and verdicts include what has a "
		"number and say nothing of what has none; a level with one value per value of the "
		"level around it is in that one's number.",
		report_group_text(r->run, g, text, sizeof(text)));
	component_row(r, g, "block", 0, EGPR_VERDICTS_block_sd, "too few blocks");
	component_row(r, g, "code offset", offsets, EGPR_VERDICTS_offset_sd,
		      offsets > 1 ? "no sequence runs" : "one offset");
	for (k = STATS_NR_LEVELS; k-- > 0;) {
		level_reason(&l, k, why, sizeof(why));
		component_row(r, g, stats_level_names[k], l.groups[k], column[k], why);
	}
}
