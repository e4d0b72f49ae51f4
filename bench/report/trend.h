/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trends: where the runs of one machine changed, and between which commits of the lab.
 *
 * A series is one comparison on one machine and kind of core, sound runs in the order of their
 * start; nothing is put together across machines. Changes are found by bench/stats/change.h.
 */
#ifndef BENCH_REPORT_TREND_H
#define BENCH_REPORT_TREND_H

#include <bench/report/doc/doc.h>
#include <bench/rundir/store.h>

/**
 * struct trend_count - what was looked at
 * @series: long enough for a change
 * @shorter: that were not
 * @cut: of which only the newest CHANGE_MOST runs were looked at
 * @changes: rows of the table
 */
struct trend_count {
	unsigned int series, shorter, cut, changes;
};

/**
 * trend_changes - one table row per change
 * @db: the store
 * @f: which comparisons
 * @d: receives the table
 * @count: receives what was looked at
 * @e: receives the message
 *
 * Return: 0, EGPR_UNAVAILABLE or EGPR_INTERNAL.
 */
int trend_changes(sqlite3 *db, const struct store_filter *f, struct doc *d,
		  struct trend_count *count, struct data_error *e);

#endif /* BENCH_REPORT_TREND_H */
