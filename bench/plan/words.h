/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists in a plan's words: what a plan file, the command line and meta.json all hold.
 */
#ifndef BENCH_PLAN_WORDS_H
#define BENCH_PLAN_WORDS_H

#include "plan.h"

#define PLAN_SEPARATE ", \t" /* stands between the words of a list */

/**
 * struct plan_words - reading words into a plan
 * @plan: receives them
 * @problem: the first word that was wrong, and why; "" while there is none
 */
struct plan_words {
	struct plan *plan;
	char problem[512];
};

/* Keep the first problem. Return: -1. */
int plan_problem(struct plan_words *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The lists of ids that a plan has. */
enum plan_list_index {
	PLAN_LAYERS,
	PLAN_STATES,
	PLAN_EXITS,
	PLAN_STRATEGIES,
	PLAN_CONTEXTS,
	PLAN_GROUPS,
	PLAN_NR_LISTS
};

/**
 * struct plan_list - one of them
 * @key: in a plan
 * @axis: on the command line
 * @table: of `egprlab list`
 * @find: index of an id in its table, or -1
 * @all: mask of all
 */
struct plan_list {
	const char *key;
	const char *axis;
	const char *table;
	int (*find)(const char *id);
	unsigned int all;
};

extern const struct plan_list plan_lists[PLAN_NR_LISTS];

/* Spellings of `location`, indexed by enum plan_location. */
extern const char *const plan_locations[PLAN_FAST + 1];

/* Read a list of ids as a mask; delays; margins. Return: 0, or -1 with a problem. */
int plan_read_list(struct plan_words *r, const struct plan_list *l, const char *value,
		   unsigned int *mask);
int plan_read_delays(struct plan_words *r, const char *value);
int plan_read_margins(struct plan_words *r, const char *value);

#endif /* BENCH_PLAN_WORDS_H */
