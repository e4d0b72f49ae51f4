// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speed of the lab's own parts, each beside a bare program that does the same.
 *
 * The two sides alternate as ours, bare, bare, ours within one benchmark, so that
 * what drifts on the host drifts for both, and each block gives one paired
 * ratio or difference. These are figures about the lab: never part of a result
 * about switching.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/stats/stats.h>
#include "suite.h"

/* X(name): the case speed_<name>, in the order of the summary. */
/* clang-format off */
#define SPEED_CASES(X)	\
	X(exit)		\
	X(process)	\
	X(trap)		\
	X(patch)
/* clang-format on */

#define DECLARE(name) extern const struct speed_case speed_##name;
SPEED_CASES(DECLARE)

#define ROW(name) &speed_##name,
const struct speed_case *const speed_cases[] = { SPEED_CASES(ROW) NULL };

#define MAX_CASES    16
#define MAX_BLOCKS   4096
#define WARM_BLOCKS  2
#define ALPHA_SIDE   0.025 /* of each end of a 95 % interval */
#define NAME_SIZE    64
#define FEWEST_PAIRS 6 /* below it the signed-rank interval has no ends */

struct bench {
	const struct suite *suite;
	const struct speed_case *speed;
};

struct blocks {
	double compared[MAX_BLOCKS];
	double ours[MAX_BLOCKS];
	double bare[MAX_BLOCKS];
	size_t n;
};

/* One block. Return: 0 or -1. */
static int run_block(const struct speed_case *c, void *context, double *ours, double *bare)
{
	double first, second, third, fourth;

	if (c->ours(context, &first) || c->bare(context, &second) || c->bare(context, &third) ||
	    c->ours(context, &fourth))
		return -1;
	*ours = (first + fourth) / 2;
	*bare = (second + third) / 2;
	return 0;
}

static void report(struct gbench_state *state, const struct speed_case *c, struct blocks *b)
{
	struct stats_interval ci;
	double value;

	stats_sort(b->compared, b->n);
	stats_sort(b->ours, b->n);
	stats_sort(b->bare, b->n);
	value = stats_hl(b->compared, b->n);
	ci = stats_hl_interval(b->compared, b->n, ALPHA_SIDE);
	if (c->kind == SPEED_RATIO) { /* compared as logarithms */
		value = exp(value);
		ci.low = exp(ci.low);
		ci.high = exp(ci.high);
	}
	gbench_counter(state, SPEED_VALUE, value);
	gbench_counter(state, SPEED_LOW, ci.low);
	gbench_counter(state, SPEED_HIGH, ci.high);
	gbench_counter(state, SPEED_OURS, stats_quantile(b->ours, b->n, 0.5));
	gbench_counter(state, SPEED_BARE, stats_quantile(b->bare, b->n, 0.5));
	gbench_counter(state, SPEED_BLOCKS, (double)b->n);
	gbench_counter(state, SPEED_GOAL, c->goal);
	gbench_label(state, c->text);
}

static void run(struct gbench_state *state, void *context)
{
	const struct bench *bench = context;
	const struct speed_case *c = bench->speed;
	char why[SPEED_WHY_SIZE] = "";
	struct blocks *b = calloc(1, sizeof(*b));
	void *sides = NULL;
	double ours, bare;
	int i, status;

	status = b ? c->open(&sides, why) : EGPR_INTERNAL;
	if (status) {
		if (status == EGPR_SKIPPED)
			gbench_skip(state, why);
		else
			gbench_fail(state, *why ? why : "out of memory");
		free(b);
		return;
	}
	for (i = 0; i < WARM_BLOCKS; i++) {
		if (run_block(c, sides, &ours, &bare))
			goto out_fail;
	}
	while (gbench_batch(state, 2 * c->units)) {
		if (run_block(c, sides, &ours, &bare) || !(ours > 0) || !(bare > 0))
			goto out_fail;
		gbench_seconds(state, 2 * c->units * ours / bench->suite->tsc_hz);
		if (b->n == MAX_BLOCKS)
			continue;
		b->ours[b->n] = ours;
		b->bare[b->n] = bare;
		b->compared[b->n++] = c->kind == SPEED_RATIO ? log(ours / bare) : ours - bare;
	}
	if (b->n >= FEWEST_PAIRS)
		report(state, c, b);
	c->close(sides);
	free(b);
	return;

out_fail:
	gbench_fail(state, "a side of the comparison ended early");
	c->close(sides);
	free(b);
}

static struct bench benches[MAX_CASES];

void suite_speed_register(const struct suite *s)
{
	const struct speed_case *const *c;
	struct bench *b = benches;

	for (c = speed_cases; *c; c++, b++) {
		char name[NAME_SIZE];

		b->suite = s;
		b->speed = *c;
		snprintf(name, sizeof(name), SPEED_PREFIX "%s", (*c)->name);
		gbench_register(name, run, b, NULL);
	}
}

/* The summary ------------------------------------------------------------------------- */

struct line {
	const struct speed_case *speed;
	char reason[SPEED_WHY_SIZE];
	double value, low, high, ours, bare, blocks;
};

static struct line lines[MAX_CASES];
static size_t nr_lines;

void speed_take_row(void *context, const struct gbench_row *row)
{
	const struct speed_case *const *c;
	struct line *l = &lines[nr_lines];

	(void)context;
	if (*row->aggregate || nr_lines == MAX_CASES ||
	    strncmp(row->name, SPEED_PREFIX, strlen(SPEED_PREFIX)))
		return;
	for (c = speed_cases; *c; c++) {
		const char *rest = row->name + strlen(SPEED_PREFIX);
		size_t len = strlen((*c)->name);

		/* The library adds "/manual_time". */
		if (!strncmp(rest, (*c)->name, len) && (!rest[len] || rest[len] == '/'))
			break;
	}
	if (!*c)
		return;
	l->speed = *c;
	snprintf(l->reason, sizeof(l->reason), "%s", row->reason);
	if (!*l->reason && (gbench_row_counter(row, SPEED_VALUE, &l->value) ||
			    gbench_row_counter(row, SPEED_LOW, &l->low) ||
			    gbench_row_counter(row, SPEED_HIGH, &l->high) ||
			    gbench_row_counter(row, SPEED_OURS, &l->ours) ||
			    gbench_row_counter(row, SPEED_BARE, &l->bare) ||
			    gbench_row_counter(row, SPEED_BLOCKS, &l->blocks)))
		snprintf(l->reason, sizeof(l->reason), "fewer than %d blocks fitted into the time",
			 FEWEST_PAIRS);
	nr_lines++;
}

static void format_time(char *out, size_t size, double cycles, double hz)
{
	double seconds = cycles / hz;

	if (cycles < 1e4)
		snprintf(out, size, "%.1f ticks", cycles);
	else if (seconds < 1e-3)
		snprintf(out, size, "%.2f us", seconds * 1e6);
	else
		snprintf(out, size, "%.2f ms", seconds * 1e3);
}

static void print_line(const struct line *l, double hz)
{
	const struct speed_case *c = l->speed;
	const char *verdict = "undecided";
	char ours[32], bare[32];

	printf("    %s\n", c->text);
	if (*l->reason) {
		printf("        not measured: %s\n", l->reason);
		return;
	}
	format_time(ours, sizeof(ours), l->ours, hz);
	format_time(bare, sizeof(bare), l->bare, hz);
	if (l->high <= c->goal)
		verdict = "met";
	else if (l->low > c->goal)
		verdict = "not met";
	if (c->kind == SPEED_RATIO)
		printf("        lab %s, bare %s: ratio %.3f [%.3f, %.3f], goal %.2f: %s\n", ours,
		       bare, l->value, l->low, l->high, c->goal, verdict);
	else
		printf("        lab %s, bare %s: %.1f TSC ticks more [%.1f, %.1f], goal %.0f: %s\n",
		       ours, bare, l->value, l->low, l->high, c->goal, verdict);
}

void speed_print(const struct suite *s)
{
	const char *heading = "";
	size_t i;

	puts("Speed of the lab itself (no result about switching; 95 % intervals over blocks)");
	for (i = 0; i < nr_lines; i++) {
		if (strcmp(heading, lines[i].speed->heading)) {
			heading = lines[i].speed->heading;
			printf("\n  %s\n", heading);
		}
		print_line(&lines[i], s->tsc_hz);
	}
}
