/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of samples.csv by arm, found without reading the others: a long run has millions of rows, and
 * the report asks for the rows of an arm for every comparison.
 */
#ifndef BENCH_RUNDIR_ARMS_H
#define BENCH_RUNDIR_ARMS_H

#include <stddef.h>

#include "csv.h"

/* What makes a row that of an arm. */
enum arms_key {
	ARMS_PROVENANCE,
	ARMS_LAYER,
	ARMS_EXIT_KIND,
	ARMS_CONTEXT,
	ARMS_STATE,
	ARMS_STRATEGY,
	ARMS_NR_KEYS
};

/**
 * struct arm_rows - one of them
 * @row: its rows, ascending
 * @rows: how many
 */
struct arm_rows {
	const size_t *row;
	size_t rows;
};

/**
 * struct arm_index - all of a table
 * @n: their number
 * @arm: in the order in which they first appear
 * @of_row: index of the arm, by row
 */
struct arm_index {
	size_t n;
	struct arm_rows *arm;
	size_t *of_row;
	size_t *rows;
	size_t *slot;
	size_t slots;
};

/* Return: 0, or -1 when memory is short. */
int arms_make(const struct csv_table *t, struct arm_index *a);
void arms_free(struct arm_index *a);

/* Index of an arm by its key; a->n where there is none. @t: the table it was made from. */
size_t arms_find(const struct arm_index *a, const struct csv_table *t, const char *const *key);

#endif /* BENCH_RUNDIR_ARMS_H */
