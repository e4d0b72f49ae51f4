// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash table of arms; each has its rows one behind the other in one array.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arms.h"

#define LEAST_SLOTS 64
#define FNV_BASIS   14695981039346656037ull /* Fowler, Noll and Vo's hash, 64 bits */
#define FNV_PRIME   1099511628211ull

static const unsigned int columns[ARMS_NR_KEYS] = {
	[ARMS_PROVENANCE] = EGPR_COL_provenance, [ARMS_LAYER] = EGPR_COL_layer,
	[ARMS_EXIT_KIND] = EGPR_COL_exit_kind,	 [ARMS_CONTEXT] = EGPR_COL_context,
	[ARMS_STATE] = EGPR_COL_guest_state,	 [ARMS_STRATEGY] = EGPR_COL_strategy,
};

static size_t hash(const char *const *key)
{
	uint64_t h = FNV_BASIS;
	const char *c;
	int i;

	for (i = 0; i < ARMS_NR_KEYS; i++) {
		for (c = key[i]; *c; c++)
			h = (h ^ (unsigned char)*c) * FNV_PRIME;
		h = (h ^ '/') * FNV_PRIME;
	}
	return (size_t)(h ^ (h >> 32));
}

static void key_of(const struct csv_table *t, size_t row, const char **key)
{
	int i;

	for (i = 0; i < ARMS_NR_KEYS; i++)
		key[i] = csv_text(t, row, columns[i]);
}

static bool is(const struct csv_table *t, size_t row, const char *const *key)
{
	int i;

	for (i = 0; i < ARMS_NR_KEYS; i++) {
		if (strcmp(csv_text(t, row, columns[i]), key[i]))
			return false;
	}
	return true;
}

/* The slot of a key: with its arm plus one, or 0 where it is free. @first: an arm's first row. */
static size_t *slot_of(const struct arm_index *a, const size_t *first, const struct csv_table *t,
		       const char *const *key)
{
	size_t i = hash(key) % a->slots;

	while (a->slot[i] && !is(t, first[a->slot[i] - 1], key))
		i = (i + 1) % a->slots;
	return &a->slot[i];
}

/* Twice as many slots, with the arms so far. */
static int grow(struct arm_index *a, const size_t *first, const struct csv_table *t)
{
	size_t slots = a->slots ? 2 * a->slots : LEAST_SLOTS, i;
	size_t *slot = calloc(slots, sizeof(*slot));
	const char *key[ARMS_NR_KEYS];

	if (!slot)
		return -1;
	free(a->slot);
	a->slot = slot;
	a->slots = slots;
	for (i = 0; i < a->n; i++) {
		key_of(t, first[i], key);
		*slot_of(a, first, t, key) = i + 1;
	}
	return 0;
}

/* Numbers every row; @first and @count by arm, with room for as many arms as rows. */
static int number(struct arm_index *a, const struct csv_table *t, size_t *first, size_t *count)
{
	const char *key[ARMS_NR_KEYS];
	size_t row, *slot;

	for (row = 0; row < t->rows; row++) {
		if (2 * (a->n + 1) > a->slots && grow(a, first, t))
			return -1;
		key_of(t, row, key);
		slot = slot_of(a, first, t, key);
		if (!*slot) {
			first[a->n] = row;
			*slot = ++a->n;
		}
		a->of_row[row] = *slot - 1;
		count[*slot - 1]++;
	}
	return 0;
}

int arms_make(const struct csv_table *t, struct arm_index *a)
{
	size_t *first = calloc(t->rows + 1, sizeof(*first));
	size_t *count = calloc(t->rows + 1, sizeof(*count)), i, at = 0;
	int ret = -1;

	memset(a, 0, sizeof(*a));
	a->of_row = malloc((t->rows + 1) * sizeof(*a->of_row));
	a->rows = malloc((t->rows + 1) * sizeof(*a->rows));
	if (!first || !count || !a->of_row || !a->rows || number(a, t, first, count))
		goto out;
	a->arm = calloc(a->n + 1, sizeof(*a->arm));
	if (!a->arm)
		goto out;
	for (i = 0; i < a->n; i++) {
		a->arm[i].row = a->rows + at;
		at += count[i];
	}
	for (i = 0; i < t->rows; i++) {
		struct arm_rows *arm = &a->arm[a->of_row[i]];

		a->rows[arm->row - a->rows + (ptrdiff_t)arm->rows++] = i;
	}
	ret = 0;
out:
	free(count);
	free(first);
	return ret;
}

void arms_free(struct arm_index *a)
{
	free(a->arm);
	free(a->of_row);
	free(a->rows);
	free(a->slot);
	memset(a, 0, sizeof(*a));
}

size_t arms_find(const struct arm_index *a, const struct csv_table *t, const char *const *key)
{
	size_t i;

	if (!a->slots)
		return a->n;
	for (i = hash(key) % a->slots; a->slot[i]; i = (i + 1) % a->slots) {
		const struct arm_rows *arm = &a->arm[a->slot[i] - 1];

		if (is(t, arm->row[0], key))
			return a->slot[i] - 1;
	}
	return a->n;
}
