// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts combined: the store is read in the order of its comparisons, and one comparison at a
 * time is in memory.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <bench/stats/meta_analysis.h>

#include "hosts.h"
#include "plot.h"
#include "report.h"

#define LABEL_BYTES 160
#define NAME_BYTES  256
#define SHOW_HOSTS  40 /* of a group in a picture; its combined row has all */
#define NORMAL_95   1.96

/* What a row of a forest plot is; column 6 of its data. */
enum forest_kind {
	FOREST_HOST,
	FOREST_GROUP,
	FOREST_ALL
};

/*
 * struct machine - one machine's runs of a comparison, combined
 * @w: sum of weights
 * @sum: of weighted differences
 */
struct machine {
	char label[LABEL_BYTES];
	double w, sum;
};

struct group {
	char model[LABEL_BYTES], core[32];
	size_t first, n; /* its machines */
};

enum key {
	KEY_STRATEGY,
	KEY_LAYER,
	KEY_EXIT,
	KEY_STATE,
	KEY_CONTEXT,
	KEY_PROVENANCE,
	KEY_GUESTS,
	NR_KEYS
};

/*
 * struct combining - the comparison that is being read
 * @open: there is one, named by @key
 * @machines: with something to combine, in the order of @groups
 */
struct combining {
	struct doc *d;
	const char *forest;
	char *scripts;
	struct data_error *e;
	bool open;
	char key[NR_KEYS][NAME_BYTES];
	char machine_of_last[NAME_BYTES], run_of_last[NAME_BYTES];
	struct machine *machines;
	size_t n;
	struct group *groups;
	size_t ngroups;
};

static const struct doc_column columns[] = {
	{ "strategy", 0 },
	{ "layer", 0 },
	{ "exit", 0 },
	{ "state", 0 },
	{ "context", 0 },
	{ "prov.", 0 },
	{ "guests", 0 },
	{ "cpu model", 0 },
	{ "core", 0 },
	{ "hosts", DOC_NUMBER },
	{ "combined", DOC_NUMBER },
	{ "95 % interval", DOC_NUMBER },
	{ "tau", DOC_NUMBER },
	{ "I2 %", DOC_NUMBER },
};

static void keys_of(const struct store_row *r, const char **key)
{
	key[KEY_STRATEGY] = r->strategy;
	key[KEY_LAYER] = r->layer;
	key[KEY_EXIT] = r->exit_kind;
	key[KEY_STATE] = r->state;
	key[KEY_CONTEXT] = r->context;
	key[KEY_PROVENANCE] = r->provenance;
	key[KEY_GUESTS] = r->representative ? "real" : "interpreted";
}

/* Machines [from, from + n) as random effects. Return: 0, or -1 where nothing can be said. */
static int combine(const struct combining *c, size_t from, size_t n, struct meta *m)
{
	double *y = malloc(2 * (n + 1) * sizeof(*y)), *v;
	size_t i;
	int ret;

	if (!y)
		return -1;
	v = y + n;
	for (i = 0; i < n; i++) {
		y[i] = c->machines[from + i].sum / c->machines[from + i].w;
		v[i] = 1 / c->machines[from + i].w;
	}
	ret = meta_combine(y, v, n, m);
	free(y);
	return ret;
}

static void table_row(const struct combining *c, const char *model, const char *core, size_t n,
		      const struct meta *m)
{
	unsigned int i;

	for (i = 0; i < NR_KEYS; i++)
		doc_cell(c->d, DOC_PLAIN, NULL, "%s", c->key[i]);
	doc_cell(c->d, DOC_PLAIN, NULL, "%s", model);
	doc_cell(c->d, DOC_PLAIN, NULL, "%s", core);
	doc_cell(c->d, DOC_PLAIN, NULL, "%zu", n);
	doc_cell(c->d, DOC_PLAIN, NULL, "%s", report_signed(m->estimate));
	doc_cell(c->d, DOC_PLAIN, NULL, "%s",
		 n > 1 ? report_interval(m->low, m->high) : "one host");
	doc_cell(c->d, DOC_PLAIN, NULL, "%s", report_number(sqrt(m->tau2)));
	doc_cell(c->d, DOC_PLAIN, NULL, "%.0f", m->i2);
}

static void forest_row(FILE *f, unsigned int *row, const char *label, double y, double low,
		       double high, enum forest_kind kind)
{
	fprintf(f, "%u\t%s\t%.12g\t%.12g\t%.12g\t%d\n", (*row)++, label, y, low, high, kind);
}

/* One line of a combination; of one machine alone there is no interval. */
static void forest_combined(FILE *f, unsigned int *row, const char *label, const struct meta *m,
			    enum forest_kind kind)
{
	bool alone = isnan(m->low);

	forest_row(f, row, label, m->estimate, alone ? m->estimate : m->low,
		   alone ? m->estimate : m->high, kind);
}

static void forest_group(const struct combining *c, FILE *f, unsigned int *row,
			 const struct group *g)
{
	char label[2 * LABEL_BYTES];
	struct meta m;
	size_t i;

	for (i = g->first; i < g->first + g->n && i < g->first + SHOW_HOSTS; i++) {
		const struct machine *h = &c->machines[i];
		double half = NORMAL_95 / sqrt(h->w), y = h->sum / h->w;

		forest_row(f, row, h->label, y, y - half, y + half, FOREST_HOST);
	}
	if (combine(c, g->first, g->n, &m))
		return;
	snprintf(label, sizeof(label), "%s, %s core: %zu hosts", g->model, g->core, g->n);
	forest_combined(f, row, label, &m, FOREST_GROUP);
}

static int forest(const struct combining *c, const struct meta *all)
{
	static const char *const suffixes[] = { "svg", "png" };
	char name[8 * NAME_BYTES], dat[4096], out[4096 + 8], title[8 * NAME_BYTES],
		caption[8 * NAME_BYTES];
	struct plot p = { dat, title, caption, "", 0 };
	size_t i;
	FILE *f;
	int ret = 0;

	snprintf(name, sizeof(name), "meta-%s-%s-%s-%s-%s-%s%s", c->key[KEY_LAYER],
		 c->key[KEY_EXIT], c->key[KEY_STATE], c->key[KEY_CONTEXT], c->key[KEY_STRATEGY],
		 c->key[KEY_PROVENANCE], strcmp(c->key[KEY_GUESTS], "real") ? "-interpreted" : "");
	snprintf(dat, sizeof(dat), "%s/%s.dat", c->forest, name);
	f = fopen(dat, "we");
	if (!f)
		return data_fail(c->e, EGPR_UNAVAILABLE, "cannot write %s: %s", dat,
				 strerror(errno));
	for (i = 0; i < c->ngroups; i++)
		forest_group(c, f, &p.rows, &c->groups[i]);
	forest_combined(f, &p.rows, "all combined", all, FOREST_ALL);
	if (fclose(f))
		return data_fail(c->e, EGPR_UNAVAILABLE, "cannot write %s: %s", dat,
				 strerror(errno));
	snprintf(title, sizeof(title), "%s against none: layer %s, exit %s, state %s, context %s",
		 c->key[KEY_STRATEGY], c->key[KEY_LAYER], c->key[KEY_EXIT], c->key[KEY_STATE],
		 c->key[KEY_CONTEXT]);
	snprintf(caption, sizeof(caption),
		 "provenance %s; guests %s; %zu hosts, at most %d of a group drawn; tau2 %.3g; "
		 "I2 %.0f %%",
		 c->key[KEY_PROVENANCE], c->key[KEY_GUESTS], c->n, SHOW_HOSTS, all->tau2, all->i2);
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !ret; i++) {
		snprintf(out, sizeof(out), "%s/%s.%s", c->forest, name, suffixes[i]);
		ret = plot_draw(c->scripts, "meta", &p, out);
	}
	return ret ? data_fail(c->e, ret, "no forest plot %s", out) : 0;
}

/* The comparison is read: its rows. */
static int finish(struct combining *c)
{
	struct meta m;
	size_t i;
	int ret = 0;

	for (i = 0; i < c->ngroups; i++) {
		const struct group *g = &c->groups[i];

		if (!combine(c, g->first, g->n, &m))
			table_row(c, g->model, g->core, g->n, &m);
	}
	if (c->n && !combine(c, 0, c->n, &m)) {
		if (c->ngroups > 1)
			table_row(c, "all", "all", c->n, &m);
		if (c->scripts && c->n > 1)
			ret = forest(c, &m);
	}
	c->n = c->ngroups = 0;
	*c->machine_of_last = *c->run_of_last = '\0';
	return ret;
}

/* Room for one more of something, doubled at every power of two. */
static void *room(void *array, size_t n, size_t size)
{
	return n & (n - 1) ? array : realloc(array, (n ? 2 * n : 1) * size);
}

static bool new_group(const struct combining *c, const struct store_row *r)
{
	const struct group *g = c->ngroups ? &c->groups[c->ngroups - 1] : NULL;

	return !g || strcmp(g->model, r->model) || strcmp(g->core, r->core_type);
}

static int add_machine(struct combining *c, const struct store_row *r)
{
	struct machine *m;
	struct group *g;

	if (new_group(c, r)) {
		g = room(c->groups, c->ngroups, sizeof(*g));
		if (!g)
			return EGPR_INTERNAL;
		c->groups = g;
		g += c->ngroups++;
		snprintf(g->model, sizeof(g->model), "%s", r->model);
		snprintf(g->core, sizeof(g->core), "%s", r->core_type);
		g->first = c->n;
		g->n = 0;
	}
	m = room(c->machines, c->n, sizeof(*m));
	if (!m)
		return EGPR_INTERNAL;
	c->machines = m;
	m += c->n++;
	memset(m, 0, sizeof(*m));
	snprintf(m->label, sizeof(m->label), "%.80s (%s)", r->cpu, r->machine);
	c->groups[c->ngroups - 1].n++;
	snprintf(c->machine_of_last, sizeof(c->machine_of_last), "%s", r->machine);
	return 0;
}

/* A row of the store, in the order of store_each(). A run has one difference, whatever its margins. */
static int take(const struct store_row *r, void *arg)
{
	struct combining *c = arg;
	const char *key[NR_KEYS];
	bool same = c->open;
	unsigned int i;
	double v;
	int ret;

	keys_of(r, key);
	for (i = 0; i < NR_KEYS && same; i++)
		same = !strcmp(c->key[i], key[i]);
	if (!same) {
		ret = c->open ? finish(c) : 0;
		if (ret)
			return ret;
		for (i = 0; i < NR_KEYS; i++)
			snprintf(c->key[i], sizeof(c->key[i]), "%s", key[i]);
		c->open = true;
	}
	if (!r->sound || !isfinite(r->diff) || !(r->high > r->low) ||
	    !strcmp(c->run_of_last, r->run_id))
		return 0;
	snprintf(c->run_of_last, sizeof(c->run_of_last), "%s", r->run_id);
	if (new_group(c, r) || strcmp(c->machine_of_last, r->machine)) {
		ret = add_machine(c, r);
		if (ret)
			return data_fail(c->e, ret, "out of memory");
	}
	v = meta_variance(r->low, r->high);
	c->machines[c->n - 1].w += 1 / v;
	c->machines[c->n - 1].sum += r->diff / v;
	return 0;
}

static int open_forest(struct combining *c)
{
	c->scripts = plot_available() ? plot_scripts() : NULL;
	if (!c->scripts)
		return data_fail(c->e, EGPR_UNAVAILABLE,
				 "no forest plots without gnuplot and scripts/plot; install the "
				 "package gnuplot-nox");
	if (mkdir(c->forest, 0777) && errno != EEXIST)
		return data_fail(c->e, EGPR_UNAVAILABLE, "cannot make %s: %s", c->forest,
				 strerror(errno));
	return 0;
}

int hosts_combine(sqlite3 *db, const struct store_filter *f, const char *dir, struct doc *d,
		  struct data_error *e)
{
	struct combining *c = calloc(1, sizeof(*c));
	int ret = 0;

	if (!c)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	c->d = d;
	c->e = e;
	c->forest = dir;
	doc_table(d, "meta", columns, sizeof(columns) / sizeof(*columns), "Hosts combined");
	if (dir)
		ret = open_forest(c);
	if (!ret)
		ret = store_each(db, f, take, c, e);
	if (!ret && c->open)
		ret = finish(c);
	free(c->machines);
	free(c->groups);
	free(c->scripts);
	free(c);
	return ret;
}
