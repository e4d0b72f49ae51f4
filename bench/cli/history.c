// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab history`: what the store knows, by comparison and host; --meta combines
 * hosts, with a forest plot per comparison.
 *
 * Within a host, sound runs are combined by inverse variance; across hosts
 * effects are random. Unsound runs are shown and never combined.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include <bench/report/doc/doc.h>
#include <bench/stats/meta_analysis.h>
#include <bench/report/plot.h>
#include <bench/report/report.h>
#include <bench/rundir/store.h>

extern const struct egpr_command egpr_cmd_history;

#define MAX_HOSTS    256
#define LABEL_BYTES  160
#define NAME_BYTES   256
#define HOST_ID_SHOW 12

enum history_option {
	OPTION_DB,
	OPTION_HOST,
	OPTION_KERNEL,
	OPTION_STRATEGY,
	OPTION_LAYER,
	OPTION_EXIT,
	OPTION_STATE,
	OPTION_CONTEXT,
	OPTION_PROVENANCE,
	OPTION_META,
	OPTION_FOREST,
};

static const struct egpr_option history_options[] = {
	[OPTION_DB] = { "db", "FILE", "store to read, instead of " STORE_FILE },
	[OPTION_HOST] = { "host", "ID", "only this host_id" },
	[OPTION_KERNEL] = { "kernel", "RELEASE", "only this kernel" },
	[OPTION_STRATEGY] = { "strategy", "ID", "only this strategy" },
	[OPTION_LAYER] = { "layer", "ID", "only this layer" },
	[OPTION_EXIT] = { "exit", "ID", "only this exit kind" },
	[OPTION_STATE] = { "state", "ID", "only this guest state" },
	[OPTION_CONTEXT] = { "context", "ID", "only this context" },
	[OPTION_PROVENANCE] = { "provenance", "ID", "only this provenance" },
	[OPTION_META] = { "meta", NULL, "combine hosts by random-effects meta-analysis" },
	[OPTION_FOREST] = { "forest", "DIR", "with --meta: a forest plot per comparison into DIR" },
	{ NULL, NULL, NULL },
};

/*
 * struct wish - the command line
 */
struct wish {
	const char *db;
	struct store_filter filter;
	bool meta;
	const char *forest;
};

/*
 * struct host - one host's runs of a comparison, combined
 */
struct host {
	const struct store_row *first;
	double y, v;
};

static bool same_comparison(const struct store_row *a, const struct store_row *b)
{
	return !strcmp(a->provenance, b->provenance) && !strcmp(a->layer, b->layer) &&
	       !strcmp(a->exit_kind, b->exit_kind) && !strcmp(a->state, b->state) &&
	       !strcmp(a->context, b->context) && !strcmp(a->strategy, b->strategy);
}

static bool usable(const struct store_row *r)
{
	return r->sound && isfinite(r->diff) && r->high > r->low;
}

static void history_table(struct doc *d, const struct store_row *rows, size_t n)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "layer", 0 },
		{ "exit", 0 },
		{ "state", 0 },
		{ "context", 0 },
		{ "prov.", 0 },
		{ "host", 0 },
		{ "cpu", 0 },
		{ "kernel", 0 },
		{ "start", 0 },
		{ "sound", 0 },
		{ "diff", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
		{ "verdict", 0 },
		{ "margin", 0 },
	};
	size_t i;

	doc_table(d, "history", columns, sizeof(columns) / sizeof(*columns), "History");
	for (i = 0; i < n; i++) {
		const struct store_row *r = &rows[i];
		const char *const texts[] = { r->strategy,
					      r->layer,
					      r->exit_kind,
					      r->state,
					      r->context,
					      r->provenance,
					      r->host_id,
					      r->cpu,
					      r->kernel,
					      r->start,
					      r->sound ? "yes" : "NO" };
		size_t j;

		for (j = 0; j < sizeof(texts) / sizeof(*texts); j++)
			doc_cell(d, DOC_PLAIN, NULL, "%s", texts[j]);
		doc_cell(d, DOC_PLAIN, NULL, "%s", report_signed(r->diff));
		doc_cell(d, DOC_PLAIN, NULL, "%s", report_interval(r->low, r->high));
		doc_cell(d, DOC_PLAIN, NULL, "%s", r->verdict);
		doc_cell(d, DOC_PLAIN, NULL, "%s", r->margin);
	}
}

/* Tab-separated: as wide as it is, and ready for cut, sort and awk. */
static void print_table(const struct doc *d)
{
	const struct doc_block *b = &d->blocks[0];
	unsigned int c;
	size_t i;

	if (!b->ncolumns)
		return;
	for (c = 0; c < b->ncolumns; c++)
		printf("%s%c", b->columns[c].name, c + 1 < b->ncolumns ? '\t' : '\n');
	for (i = 0; i + b->ncolumns <= b->ncells; i += b->ncolumns) {
		for (c = 0; c < b->ncolumns; c++)
			printf("%s%c", b->cells[i + c].text, c + 1 < b->ncolumns ? '\t' : '\n');
	}
}

/*
 * Combines the runs of each host; rows are sorted by host and run. A run's
 * difference is the same for each of its margins and counts once.
 * Return: number of hosts.
 */
static size_t by_host(const struct store_row *rows, size_t n, struct host *hosts)
{
	size_t i, k = 0;
	double w = 0, sum = 0;

	for (i = 0; i < n; i++) {
		const struct store_row *r = &rows[i];
		double v;

		if (!usable(r) || (i && !strcmp(rows[i - 1].run_id, r->run_id)))
			continue;
		if (!k || strcmp(hosts[k - 1].first->host_id, r->host_id)) {
			if (k == MAX_HOSTS)
				break;
			hosts[k++].first = r;
			w = sum = 0;
		}
		v = meta_variance(r->low, r->high);
		w += 1 / v;
		sum += r->diff / v;
		hosts[k - 1].y = sum / w;
		hosts[k - 1].v = 1 / w;
	}
	return k;
}

static void forest_row(FILE *f, size_t row, const char *label, double y, double low, double high,
		       int combined)
{
	fprintf(f, "%zu\t%s\t%.12g\t%.12g\t%.12g\t%d\n", row, label, y, low, high, combined);
}

static int forest(const struct wish *w, const char *scripts, const struct host *hosts, size_t k,
		  const struct meta *m)
{
	static const char *const suffixes[] = { "svg", "png" };
	const struct store_row *r = hosts[0].first;
	char name[NAME_BYTES], dat[4096], out[4096], title[NAME_BYTES], caption[NAME_BYTES];
	char label[LABEL_BYTES];
	struct plot p = { dat, title, caption, "", (unsigned int)k + 1 };
	size_t i;
	FILE *f;
	int ret = 0;

	snprintf(name, sizeof(name), "meta-%s-%s-%s-%s-%s-%s", r->layer, r->exit_kind, r->state,
		 r->context, r->strategy, r->provenance);
	snprintf(dat, sizeof(dat), "%s/%s.dat", w->forest, name);
	f = fopen(dat, "we");
	if (!f) {
		fprintf(stderr, "egprlab history: cannot write %s: %s\n", dat, strerror(errno));
		return EGPR_UNAVAILABLE;
	}
	for (i = 0; i < k; i++) {
		double half = 1.96 * sqrt(hosts[i].v);

		snprintf(label, sizeof(label), "%s (%.*s)", hosts[i].first->cpu, HOST_ID_SHOW,
			 hosts[i].first->host_id);
		forest_row(f, i, label, hosts[i].y, hosts[i].y - half, hosts[i].y + half, 0);
	}
	forest_row(f, k, "combined", m->estimate, m->low, m->high, 1);
	if (fclose(f))
		return EGPR_UNAVAILABLE;
	snprintf(title, sizeof(title), "%s against none: layer %s, exit %s, state %s, context %s",
		 r->strategy, r->layer, r->exit_kind, r->state, r->context);
	snprintf(caption, sizeof(caption), "provenance %s; %zu hosts; tau2 %.3g; I2 %.0f %%",
		 r->provenance, k, m->tau2, m->i2);
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !ret; i++) {
		snprintf(out, sizeof(out), "%s/%s.%s", w->forest, name, suffixes[i]);
		ret = plot_draw(scripts, "meta", &p, out);
	}
	return ret;
}

static int meta_table(struct doc *d, const struct wish *w, const char *scripts,
		      const struct store_row *rows, size_t n)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "layer", 0 },
		{ "exit", 0 },
		{ "state", 0 },
		{ "context", 0 },
		{ "prov.", 0 },
		{ "hosts", DOC_NUMBER },
		{ "combined", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
		{ "tau", DOC_NUMBER },
		{ "I2 %", DOC_NUMBER },
	};
	struct host hosts[MAX_HOSTS];
	double y[MAX_HOSTS], v[MAX_HOSTS];
	size_t i, j, h, k;
	struct meta m;
	int ret = 0;

	doc_table(d, "meta", columns, sizeof(columns) / sizeof(*columns), "Hosts combined");
	for (i = 0; i < n && !ret; i = j) {
		for (j = i; j < n && same_comparison(&rows[i], &rows[j]); j++)
			;
		k = by_host(rows + i, j - i, hosts);
		for (h = 0; h < k; h++) {
			y[h] = hosts[h].y;
			v[h] = hosts[h].v;
		}
		if (meta_combine(y, v, k, &m))
			continue;
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].strategy);
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].layer);
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].exit_kind);
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].state);
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].context);
		doc_cell(d, DOC_PLAIN, NULL, "%s", rows[i].provenance);
		doc_cell(d, DOC_PLAIN, NULL, "%zu", k);
		doc_cell(d, DOC_PLAIN, NULL, "%s", report_signed(m.estimate));
		doc_cell(d, DOC_PLAIN, NULL, "%s",
			 k > 1 ? report_interval(m.low, m.high) : "one host");
		doc_cell(d, DOC_PLAIN, NULL, "%s", report_number(sqrt(m.tau2)));
		doc_cell(d, DOC_PLAIN, NULL, "%.0f", m.i2);
		if (scripts && k > 1)
			ret = forest(w, scripts, hosts, k, &m);
	}
	return ret;
}

static int show(const struct wish *w, const struct store_row *rows, size_t n)
{
	struct doc d = { 0 };
	char *scripts = NULL;
	int ret = 0;

	if (w->forest) {
		scripts = plot_available() ? plot_scripts() : NULL;
		if (!scripts) {
			fputs("egprlab history: no forest plots without gnuplot and scripts/plot; "
			      "install the package gnuplot-nox\n",
			      stderr);
			return EGPR_UNAVAILABLE;
		}
		if (mkdir(w->forest, 0777) && errno != EEXIST) {
			fprintf(stderr, "egprlab history: cannot make %s: %s\n", w->forest,
				strerror(errno));
			free(scripts);
			return EGPR_UNAVAILABLE;
		}
	}
	if (w->meta)
		ret = meta_table(&d, w, scripts, rows, n);
	else
		history_table(&d, rows, n);
	if (!ret)
		print_table(&d);
	free(scripts);
	doc_free(&d);
	return ret;
}

static int parse(int argc, char **argv, struct wish *w)
{
	const char **const values[] = {
		[OPTION_DB] = &w->db,
		[OPTION_HOST] = &w->filter.host,
		[OPTION_KERNEL] = &w->filter.kernel,
		[OPTION_STRATEGY] = &w->filter.strategy,
		[OPTION_LAYER] = &w->filter.layer,
		[OPTION_EXIT] = &w->filter.exit_kind,
		[OPTION_STATE] = &w->filter.state,
		[OPTION_CONTEXT] = &w->filter.context,
		[OPTION_PROVENANCE] = &w->filter.provenance,
		[OPTION_META] = NULL,
		[OPTION_FOREST] = &w->forest,
	};
	const char *value;
	int option;

	while ((option = egpr_command_option(&egpr_cmd_history, argc, argv, &value)) >= 0) {
		if (option == OPTION_META)
			w->meta = true;
		else
			*values[option] = value;
	}
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind < argc)
		return egpr_command_usage(&egpr_cmd_history, "no argument is taken, not '%s'",
					  argv[optind]);
	if (w->forest && !w->meta)
		return egpr_command_usage(&egpr_cmd_history, "--forest needs --meta");
	return 0;
}

static int history_run(int argc, char **argv)
{
	struct wish w = { .db = STORE_FILE };
	struct store_row *rows;
	struct data_error e;
	struct stat st;
	sqlite3 *db;
	size_t n;
	int ret = parse(argc, argv, &w);

	if (ret)
		return ret;
	if (stat(w.db, &st)) {
		fprintf(stderr,
			"egprlab history: no store %s: %s; `egprlab import DIR` makes one from a run\n",
			w.db, strerror(errno));
		return EGPR_UNAVAILABLE;
	}
	ret = store_open(w.db, &db, &e);
	if (!ret) {
		ret = store_select(db, &w.filter, &rows, &n, &e);
		sqlite3_close(db);
	}
	if (ret) {
		fprintf(stderr, "egprlab history: %s\n", e.text);
		return ret;
	}
	ret = show(&w, rows, n);
	store_rows_free(rows, n);
	return ret;
}

const struct egpr_command egpr_cmd_history = {
	.name = "history",
	.args = "",
	.text = "comparisons of all runs in the store, by host, or combined",
	.options = history_options,
	.run = history_run,
};
