// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trends, read from the store one series at a time.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bench/stats/change.h>
#include <bench/stats/stats.h>

#include "report.h"
#include "trend.h"

#define SEED	  1 /* of the permutations: the same store says the same twice */
#define KEY_BYTES 160
#define LAB_BYTES 48

enum key {
	KEY_STRATEGY,
	KEY_LAYER,
	KEY_EXIT,
	KEY_STATE,
	KEY_CONTEXT,
	KEY_PROVENANCE,
	KEY_GUESTS,
	KEY_CORE,
	KEY_MACHINE,
	NR_KEYS
};

struct run {
	double diff;
	char start[32], lab[LAB_BYTES];
};

/*
 * struct series - the one that is being read
 * @run: of it, @n so far
 */
struct series {
	struct doc *d;
	struct trend_count *count;
	struct data_error *e;
	bool open;
	char key[NR_KEYS][KEY_BYTES];
	char run_of_last[KEY_BYTES];
	struct run *run;
	size_t n;
};

static const struct doc_column columns[] = {
	{ "strategy", 0 },	  { "layer", 0 },	   { "exit", 0 },	{ "state", 0 },
	{ "context", 0 },	  { "prov.", 0 },	   { "guests", 0 },	{ "core", 0 },
	{ "machine", 0 },	  { "runs", DOC_NUMBER },  { "changed at", 0 }, { "commits", 0 },
	{ "before", DOC_NUMBER }, { "after", DOC_NUMBER }, { "p", DOC_NUMBER },
};

static double median(const double *x, size_t n)
{
	double *copy = malloc(n * sizeof(*copy)), m;

	if (!copy)
		return NAN;
	memcpy(copy, x, n * sizeof(*copy));
	stats_sort(copy, n);
	m = stats_quantile(copy, n, 0.5);
	free(copy);
	return m;
}

/* One change; its neighbours, or the ends, say how far before and after reach. */
static void row(const struct series *s, const struct run *run, const double *x, size_t from,
		const struct change_point *c, size_t to)
{
	unsigned int i;

	for (i = 0; i < NR_KEYS; i++)
		doc_cell(s->d, DOC_PLAIN, NULL, "%s", s->key[i]);
	doc_cell(s->d, DOC_PLAIN, NULL, "%zu", s->n);
	doc_cell(s->d, DOC_PLAIN, NULL, "%s", run[c->at].start);
	doc_cell(s->d, DOC_PLAIN, NULL, "%s..%s", run[c->at - 1].lab, run[c->at].lab);
	doc_cell(s->d, DOC_PLAIN, NULL, "%s", report_signed(median(x + from, c->at - from)));
	doc_cell(s->d, DOC_PLAIN, NULL, "%s", report_signed(median(x + c->at, to - c->at)));
	doc_cell(s->d, DOC_PLAIN, NULL, "%.3f", c->p);
}

static int finish(struct series *s)
{
	size_t n = s->n < CHANGE_MOST ? s->n : CHANGE_MOST, found = 0, i;
	const struct run *run = s->run + (s->n - n);
	struct change_point *points;
	double *x;
	int ret = 0;

	if (!n)
		return 0;
	if (n < (size_t)2 * CHANGE_MIN_SEGMENT) {
		s->count->shorter++;
		s->n = 0;
		return 0;
	}
	points = calloc(n / CHANGE_MIN_SEGMENT + 1, sizeof(*points));
	x = malloc(n * sizeof(*x));
	for (i = 0; x && i < n; i++)
		x[i] = run[i].diff;
	if (!points || !x || change_points(x, n, SEED, points, &found))
		ret = data_fail(s->e, EGPR_INTERNAL, "out of memory");
	for (i = 0; i < found && !ret; i++)
		row(s, run, x, i ? points[i - 1].at : 0, &points[i],
		    i + 1 < found ? points[i + 1].at : n);
	s->count->series++;
	s->count->cut += s->n > n;
	s->count->changes += (unsigned int)found;
	free(x);
	free(points);
	s->n = 0;
	return ret;
}

static int take(const struct store_row *r, void *arg)
{
	const char *const key[NR_KEYS] = {
		[KEY_STRATEGY] = r->strategy,
		[KEY_LAYER] = r->layer,
		[KEY_EXIT] = r->exit_kind,
		[KEY_STATE] = r->state,
		[KEY_CONTEXT] = r->context,
		[KEY_PROVENANCE] = r->provenance,
		[KEY_GUESTS] = r->representative ? "real" : "interpreted",
		[KEY_CORE] = r->core_type,
		[KEY_MACHINE] = r->machine,
	};
	struct series *s = arg;
	bool same = s->open;
	struct run *grown;
	unsigned int i;
	int ret;

	for (i = 0; i < NR_KEYS && same; i++)
		same = !strcmp(s->key[i], key[i]);
	if (!same) {
		ret = finish(s);
		if (ret)
			return ret;
		for (i = 0; i < NR_KEYS; i++)
			snprintf(s->key[i], sizeof(s->key[i]), "%s", key[i]);
		*s->run_of_last = '\0';
		s->open = true;
	}
	/* A run's difference is the same for each of its margins. */
	if (!r->sound || !isfinite(r->diff) || !strcmp(s->run_of_last, r->run_id))
		return 0;
	snprintf(s->run_of_last, sizeof(s->run_of_last), "%s", r->run_id);
	if ((s->n & (s->n - 1)) == 0) { /* full at every power of two */
		grown = realloc(s->run, (s->n ? 2 * s->n : 1) * sizeof(*grown));
		if (!grown)
			return data_fail(s->e, EGPR_INTERNAL, "out of memory");
		s->run = grown;
	}
	s->run[s->n].diff = r->diff;
	snprintf(s->run[s->n].start, sizeof(s->run->start), "%s", r->start);
	snprintf(s->run[s->n++].lab, sizeof(s->run->lab), "%s", *r->lab ? r->lab : "unknown");
	return 0;
}

int trend_changes(sqlite3 *db, const struct store_filter *f, struct doc *d,
		  struct trend_count *count, struct data_error *e)
{
	struct series *s = calloc(1, sizeof(*s));
	int ret;

	memset(count, 0, sizeof(*count));
	if (!s)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	s->d = d;
	s->count = count;
	s->e = e;
	doc_table(d, "trend", columns, sizeof(columns) / sizeof(*columns), "Changes");
	ret = store_each(db, f, take, s, e);
	if (!ret)
		ret = finish(s);
	free(s->run);
	free(s);
	return ret;
}
