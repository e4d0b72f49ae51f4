/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hosts combined: from the store to a table and forest plots.
 *
 * Of a machine, sound runs are combined by inverse variance. Ticks of different machines are
 * never pooled: machines of one CPU model and kind of core are combined as random effects, and
 * so are all together. Unsound runs are not combined, nor guests that were interpreted with
 * others.
 */
#ifndef BENCH_REPORT_HOSTS_H
#define BENCH_REPORT_HOSTS_H

#include <bench/report/doc/doc.h>
#include <bench/rundir/store.h>

/**
 * hosts_combine - one table row per comparison, CPU model and kind of core, and one for all
 * @db: the store
 * @f: which comparisons
 * @forest: directory that gets a forest plot per comparison with several machines, made if
 *	need be; NULL for none
 * @d: receives the table
 * @e: receives the message
 *
 * Memory grows with the machines of one comparison and the rows of the table, not with runs.
 * Return: 0, EGPR_UNAVAILABLE (no gnuplot, no place) or EGPR_INTERNAL.
 */
int hosts_combine(sqlite3 *db, const struct store_filter *f, const char *forest, struct doc *d,
		  struct data_error *e);

#endif /* BENCH_REPORT_HOSTS_H */
