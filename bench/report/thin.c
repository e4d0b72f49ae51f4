// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is drawn where there is more than an eye can follow, and a page should carry.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define ROWS_DRAWN 120

static int descending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

static double size_of(const struct csv_table *t, size_t row)
{
	double d = fabs(csv_real(t, row, EGPR_VERDICTS_diff));

	return isnan(d) ? 0 : d;
}

size_t report_thin(const struct csv_table *t, size_t *row, size_t n)
{
	double *sizes, least;
	size_t i, kept = 0, above = 0;

	if (n <= ROWS_DRAWN)
		return n;
	sizes = malloc(n * sizeof(*sizes));
	if (!sizes)
		return ROWS_DRAWN;
	for (i = 0; i < n; i++)
		sizes[i] = size_of(t, row[i]);
	qsort(sizes, n, sizeof(*sizes), descending);
	least = sizes[ROWS_DRAWN - 1];
	while (above < ROWS_DRAWN && sizes[above] > least)
		above++;
	free(sizes);
	/* Of those that are as large as the last, the first ones. */
	for (i = 0; i < n; i++) {
		double d = size_of(t, row[i]);

		if (d > least || (d == least && above < ROWS_DRAWN)) {
			above += d == least;
			row[kept++] = row[i];
		}
	}
	return kept;
}

const char *report_thinned(size_t shown, size_t all, char *text, size_t size)
{
	*text = '\0';
	if (shown < all)
		snprintf(text, size, "; the %zu largest of %zu", shown, all);
	return text;
}

unsigned int report_few(struct report *r, unsigned int kinds, const char *what)
{
	if (kinds <= REPORT_KINDS_DRAWN)
		return kinds;
	doc_para(&r->doc,
		 "%s: %d of %u exit kinds are drawn, in the order of the table; the tables and "
		 "verdicts.csv have all.",
		 what, REPORT_KINDS_DRAWN, kinds);
	return REPORT_KINDS_DRAWN;
}

void report_each_layer(struct report *r,
		       void (*chapter)(struct report *r, const struct report_group *g))
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, k, n = report_groups(r->run, groups);

	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++) {
			if (!strcmp(groups[k].layer, groups[i].layer) &&
			    !strcmp(groups[k].provenance, groups[i].provenance))
				break;
		}
		if (k == i)
			chapter(r, &groups[i]);
	}
}
