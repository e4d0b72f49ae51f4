/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs side by side: what changed between two of one host, and what may be said of those of
 * different ones.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>

#include <bench/measure/blocks.h>
#include <bench/plan/plan.h>
#include <bench/report/doc/doc.h>
#include <bench/rundir/rundir.h>

#define COMPARE_MOST 8 /* runs on one page: no picture shows more marks in a row */

extern const char *const compare_letters[COMPARE_MOST]; /* what a page calls them */

struct compare_run {
	struct rundir_data data;
	struct blocks blocks;
};

int compare_run_load(const char *path, struct compare_run *r, struct data_error *e);
void compare_run_free(struct compare_run *r);

/* How a run stands to the first one. */
enum compare_kind {
	COMPARE_SAME,	 /* one host: their ticks compare */
	COMPARE_KERNELS, /* one machine, but another kernel, or settings of it */
	COMPARE_CORES,	 /* cores of two kinds */
	COMPARE_HOSTS	 /* different hosts */
};

/**
 * compare_fits - do ticks of two runs compare?
 * @first: the first run
 * @second: another one
 * @kernels: two kernels of one machine do
 * @kind: receives how they stand to each other
 * @e: receives why not
 *
 * Return: 0 or EGPR_USAGE.
 */
int compare_fits(const struct rundir_data *first, const struct rundir_data *second, bool kernels,
		 enum compare_kind *kind, struct data_error *e);

/**
 * struct compare_change - one arm, second run against first
 * @row: of the first run's samples
 * @baseline: strategy, or "" for the baseline itself
 * @estimate: second minus first, TSC ticks per exit
 * @se: its standard error
 * @df: degrees of freedom
 * @half: half of its 95 % interval
 * @base: median of the first run's baseline, TSC ticks per exit
 * @margin: in TSC ticks
 * @margin_text: as the plan has it
 * @launches: of the first and of the second run
 * @d: evidence
 * @verdict: by Holm across exit kinds
 */
struct compare_change {
	size_t row;
	const char *baseline;
	double estimate;
	double se;
	double df;
	double half;
	double base;
	double margin;
	char margin_text[32];
	size_t launches[2];
	struct stats_decision d;
	enum stats_verdict verdict;
};

/**
 * struct compare_pair - two runs of one host
 * @first: with this one
 * @second: that one is compared
 * @plan: of the first
 * @n: arms that both have
 * @change: of each
 * @only_one: arms that only one of the runs has
 */
struct compare_pair {
	const struct compare_run *first, *second;
	struct plan plan;
	struct compare_change *change;
	size_t n;
	size_t only_one;
};

/**
 * compare_pair_make - what changed
 * @k: with @first and @second; compare_pair_free() it, after a failure too
 * @e: receives the message
 *
 * Return: 0, EGPR_DATA where they have no arm in common, or EGPR_INTERNAL.
 */
int compare_pair_make(struct compare_pair *k, struct data_error *e);
void compare_pair_free(struct compare_pair *k);
/* EGPR_SLOWER, EGPR_INCONCLUSIVE or 0. */
int compare_pair_status(const struct compare_pair *k);
/* A table of all changes, and what they do not say. */
void compare_pair_table(const struct compare_pair *k, const char *id, struct doc *d);
/* The change of an arm that a row of a table of the first run names; NULL where there is none. */
const struct compare_change *compare_pair_find(const struct compare_pair *k,
					       const struct csv_table *t, size_t row);

/* A table of what differs between hosts, kernels and plans, and how much does not. */
void compare_differences(const struct compare_run *run, unsigned int n, struct doc *d);

/**
 * struct compare_page - the runs of a page
 * @run: all of them
 * @n: 2..COMPARE_MOST
 * @kind: how each stands to the first
 * @pair: the first against each; n == 0 where their ticks do not compare
 */
struct compare_page {
	const struct compare_run *run;
	unsigned int n;
	enum compare_kind kind[COMPARE_MOST];
	struct compare_pair pair[COMPARE_MOST];
};

/**
 * compare_page_make - sentence, picture, table, and what differs
 * @p: the runs
 * @dir: existing directory for the picture's files; NULL for a document without
 * @d: receives the document
 *
 * Return: 0, or EGPR_DATA where no strategy was measured in all of them.
 */
int compare_page_make(const struct compare_page *p, const char *dir, struct doc *d,
		      struct data_error *e);

#endif /* BENCH_COMPARE_H */
