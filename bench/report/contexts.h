/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tables of the chapter on contexts share.
 *
 * No row of two contexts is ever compared block by block, they were measured in blocks of their own. So
 * the interval of a difference between contexts is made from the two intervals.
 */
#ifndef BENCH_REPORT_CONTEXTS_H
#define BENCH_REPORT_CONTEXTS_H

#include <egpr/strategy.h>

#include <bench/plan/context.h>
#include "report.h"

#define CONTEXTS_STRATEGIES 64

/* A shift with its interval. */
struct shift {
	double at, low, high;
};

/* The columns of verdicts.csv that one lies in. */
struct shift_columns {
	unsigned int at, low, high;
};
extern const struct shift_columns contexts_whole, contexts_exit, contexts_entry;

/**
 * struct contexts_chapter - one layer with one provenance, one exit kind and guest state
 * @f: its rows, whatever their context
 */
struct contexts_chapter {
	struct report *r;
	const struct csv_table *t;
	struct report_group g;
	struct report_filter f;
	unsigned int contexts;
	const char *context[EGPR_NR_CONTEXTS];
	unsigned int strategies;
	const char *strategy[CONTEXTS_STRATEGIES];
};

/* NaN where it was not measured. @row: receives the row of verdicts.csv. */
struct shift contexts_shift(const struct csv_table *t, const struct report_filter *f,
			    const char *context, const char *strategy,
			    const struct shift_columns *c, size_t *row);
/* a - b of two that were measured apart from each other. */
struct shift contexts_minus(struct shift a, struct shift b);
/* A shift and its interval, as two cells. */
void contexts_cells(struct report *r, const struct csv_table *t, size_t row, struct shift s);
bool contexts_have(const struct contexts_chapter *c, const char *context);
const char *contexts_id(enum egpr_context context);

/* Exit and entry by themselves, and whether their sum is what a round takes (context_halves.c). */
void contexts_halves(const struct contexts_chapter *c);
/* What the first use of a register waits, beyond what the halves themselves take. */
void contexts_use(const struct contexts_chapter *c);
/* Memory against L1, beside what the latency of a load explains (context_places.c). */
void contexts_dram(const struct contexts_chapter *c);
void contexts_levels(struct report *r);
/* What the best and the worst placement cost, of the code within its line and of the data in its page. */
void contexts_placement(const struct contexts_chapter *c);
/* The ruler itself: what it reads where nothing differs, and where ten cycles do (context_ruler.c). */
void contexts_ruler(const struct contexts_chapter *c);

#endif /* BENCH_REPORT_CONTEXTS_H */
