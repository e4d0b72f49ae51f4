// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module itself costs: above all its probes for a vCPU that is not ours.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/uapi.h>

#include <bench/plan/axis.h>
#include <bench/plan/operation.h>
#include "report.h"

#define MAX_LAUNCHES 64

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Median over launches of a column; NaN where the operation has no row. @row: its first. */
static double over_launches(const struct csv_table *t, const char *provenance, const char *op,
			    unsigned int column, size_t *row)
{
	const struct report_filter f = { .provenance = provenance };
	double v[MAX_LAUNCHES];
	size_t n = 0, i;

	*row = t->rows;
	for (i = report_next(t, 0, &f); i < t->rows; i = report_next(t, i + 1, &f)) {
		if (strcmp(csv_text(t, i, EGPR_MODULE_op), op) || isnan(csv_real(t, i, column)) ||
		    n == MAX_LAUNCHES)
			continue;
		*row = n ? *row : i;
		v[n++] = csv_real(t, i, column);
	}
	if (!n)
		return NAN;
	qsort(v, n, sizeof(*v), ascending);
	return report_quantile(v, n, 0.5);
}

static void op_row(struct report *r, const char *provenance, enum egpr_bench_op op)
{
	static const unsigned int columns[] = { EGPR_MODULE_p5, EGPR_MODULE_p50, EGPR_MODULE_p95,
						EGPR_MODULE_p99 };
	const struct csv_table *t = &r->run->table[EGPR_CSV_MODULE];
	const char *id = module_op_id(op);
	size_t row, i;

	if (isnan(over_launches(t, provenance, id, EGPR_MODULE_p50, &row)))
		return;
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", op == MODULE_OP_EMPTY ? "(empty)" : id);
	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		double v = over_launches(t, provenance, id, columns[i], &row);

		doc_cell(&r->doc, DOC_PLAIN, report_href(t, row), "%s", report_number(v));
	}
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", module_op_text(op));
}

static void module_table(struct report *r, const char *provenance)
{
	static const struct doc_column columns[] = {
		{ "operation", 0 },
		{ "p5", DOC_NUMBER },
		{ "p50", DOC_NUMBER },
		{ "p95", DOC_NUMBER },
		{ "p99", DOC_NUMBER | DOC_WIDE },
		{ "what", DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_MODULE];
	const struct report_filter f = { .provenance = provenance };
	const char *launches[MAX_LAUNCHES];
	unsigned int n = report_values(t, EGPR_MODULE_launch, &f, launches, MAX_LAUNCHES);
	size_t row = report_next(t, 0, &f);
	enum egpr_bench_op op;
	char id[64];

	snprintf(id, sizeof(id), "module-%s", provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"TSC ticks per operation in ring 0, interrupts off; median of %u launch%s. (empty) "
		"is an empty call: what a round and its LFENCE take is in every row. probe-other "
		"is what every other vCPU of the host pays per exit and entry while one is "
		"attached, probe-none what ours pays before a strategy does anything. (%s%s)",
		n, n == 1 ? "" : "es", provenance,
		strcmp(csv_text(t, row, EGPR_COL_representative), "yes")
			? "; an emulator runs this kernel, so these say nothing of hardware"
			: "");
	for (op = 0; op < EGPR_NR_BENCH_OPS; op++) {
		if (module_op_id(op))
			op_row(r, provenance, op);
	}
}

void report_module(struct report *r)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_MODULE];
	const struct csv_table *skipped = &r->run->table[EGPR_CSV_SKIPPED];
	const struct report_filter all = { 0 },
				   ring0 = { .layer = egpr_layers[EGPR_LAYER_RING0].id };
	const char *provenances[EGPR_NR_PROVENANCES];
	unsigned int i,
		n = report_values(t, EGPR_COL_provenance, &all, provenances, EGPR_NR_PROVENANCES);
	size_t row = report_next(skipped, 0, &ring0);

	if (!n && row == skipped->rows)
		return;
	doc_heading(&r->doc, 2, "module", "What the module itself costs");
	for (i = 0; i < n; i++)
		module_table(r, provenances[i]);
	if (!n)
		doc_para(&r->doc, "Not measured: %s.", csv_text(skipped, row, EGPR_SKIPPED_reason));
}
