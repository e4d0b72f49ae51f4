// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs side by side on one page: sentence, picture, table, as the first screen of a report has them;
 * then what differs and what may be said.
 *
 * Ticks of different hosts are shown beside each other and never subtracted.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/report/plot.h>
#include <bench/report/screen.h>

#include "compare.h"

#define PICTURE	     "screen"
#define NAMES_BYTES  512
#define LABEL_BYTES  24
#define FEW_RUNS     4 /* the columns of further ones are folded first */
#define NS_PER_S     1e9
#define FIRST_COLUMN 1 /* of a table, behind the strategy */

const char *const compare_letters[COMPARE_MOST] = { "A", "B", "C", "D", "E", "F", "G", "H" };
static const char *const changes[COMPARE_MOST] = { "",	    "B - A", "C - A", "D - A",
						   "E - A", "F - A", "G - A", "H - A" };

/*
 * struct side_by_side - the page being made
 * @s: what the first run's first screen speaks of, in a group that all runs have
 * @alike: of @both comparisons with a verdict in all runs, those with the same
 */
struct side_by_side {
	const struct compare_page *p;
	struct report first;
	struct screen s;
	struct doc *d;
	size_t both, alike;
};

static const struct csv_table *verdicts(const struct compare_page *p, unsigned int run)
{
	return &p->run[run].data.table[EGPR_CSV_VERDICTS];
}

/* The comparison that a row of the first run's verdicts.csv is, in another run; its rows if none. */
static size_t row_in(const struct compare_page *p, unsigned int run, size_t row)
{
	const struct csv_table *t = verdicts(p, 0);
	struct report_filter f = {
		.provenance = csv_text(t, row, EGPR_COL_provenance),
		.layer = csv_text(t, row, EGPR_COL_layer),
		.exit_kind = csv_text(t, row, EGPR_COL_exit_kind),
		.state = csv_text(t, row, EGPR_COL_guest_state),
		.context = csv_text(t, row, EGPR_COL_context),
		.strategy = csv_text(t, row, EGPR_COL_strategy),
		.margin = csv_text(t, row, EGPR_VERDICTS_margin_text),
	};

	return run ? report_next(verdicts(p, run), 0, &f) : row;
}

static bool all_have(const struct report_group *g, void *arg)
{
	const struct compare_page *p = arg;
	struct report_filter f = report_filter_of(g);
	unsigned int r;

	for (r = 1; r < p->n; r++) {
		if (report_next(verdicts(p, r), 0, &f) == verdicts(p, r)->rows)
			return false;
	}
	return true;
}

static bool fit(const struct compare_page *p, unsigned int run)
{
	return p->pair[run].n > 0;
}

static bool all_fit(const struct compare_page *p)
{
	unsigned int r;

	for (r = 1; r < p->n && fit(p, r); r++)
		;
	return r == p->n;
}

static const char *fact(const struct compare_page *p, unsigned int run, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(p->run[run].data.meta, RUNDIR_HOST), key));

	return s ? s : "not recorded";
}

/* "A:AMD-EPYC": one word, for the legend. */
static void label(const struct compare_page *p, unsigned int run, char *text)
{
	char *c;

	snprintf(text, LABEL_BYTES, "%s:%s", compare_letters[run], fact(p, run, "cpu_name"));
	for (c = text; (c = strpbrk(c, " _@^&{}")); c++)
		*c = '-';
}

__attribute__((format(printf, 2, 3))) static void say(char *text, const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, SCREEN_WORDS - n, fmt, ap);
	va_end(ap);
}

static const char *verdict_of(const struct compare_page *p, unsigned int run, size_t row)
{
	return row < verdicts(p, run)->rows ? csv_text(verdicts(p, run), row, EGPR_VERDICTS_verdict)
					    : "";
}

static bool alike(const struct compare_page *p, size_t row, bool *everywhere)
{
	const char *first = verdict_of(p, 0, row);
	bool same = true;
	unsigned int r;

	*everywhere = *first != '\0';
	for (r = 1; r < p->n; r++) {
		const char *v = verdict_of(p, r, row_in(p, r, row));

		*everywhere &= *v != '\0';
		same &= !strcmp(v, first);
	}
	return same;
}

static void count_alike(struct side_by_side *x)
{
	const struct csv_table *t = verdicts(x->p, 0);
	size_t row;

	for (row = 0; row < t->rows; row++) {
		bool everywhere, same = alike(x->p, row, &everywhere);

		x->both += everywhere;
		x->alike += everywhere && same;
	}
}

static bool is_sound(const struct compare_page *p, unsigned int run)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(p->run[run].data.meta, RUNDIR_SOUNDNESS),
		"sound"));
}

static void say_who(const struct side_by_side *x, char *text)
{
	static const char *const words[] = {
		[COMPARE_SAME] = "One host",
		[COMPARE_KERNELS] = "One machine, different kernels or settings",
		[COMPARE_CORES] = "Cores of different types",
		[COMPARE_HOSTS] = "Different hosts",
	};
	enum compare_kind kind = COMPARE_SAME;
	unsigned int r;

	for (r = 1; r < x->p->n; r++)
		kind = x->p->kind[r] > kind ? x->p->kind[r] : kind;
	say(text, "%s:", words[kind]);
	for (r = 0; r < x->p->n; r++)
		say(text, " %s is %s (family %s, model %s), Linux %s%s%s", compare_letters[r],
		    fact(x->p, r, "cpu_name"), fact(x->p, r, "cpu_family"),
		    fact(x->p, r, "cpu_model"), fact(x->p, r, "kernel_release"),
		    is_sound(x->p, r) ? "" : ", UNSOUND", r + 1 < x->p->n ? ";" : ".");
}

/* Where the cost lies among the field's lines; once, where it is the same for all. */
static void say_places(const struct side_by_side *x, char *text, unsigned int strategy)
{
	char place[COMPARE_MOST][256] = { "" };
	bool one = true;
	unsigned int r;

	for (r = 0; r < x->p->n; r++) {
		const struct csv_table *t = verdicts(x->p, r);
		size_t row = row_in(x->p, r, x->s.row[strategy]);

		if (row < t->rows)
			field_place(csv_real(t, row, EGPR_VERDICTS_diff_low),
				    csv_real(t, row, EGPR_VERDICTS_diff_high), place[r],
				    sizeof(place[r]));
		one &= !strcmp(place[r], place[0]);
	}
	for (r = 0; r < x->p->n; r++) {
		if (one && !r)
			say(text, " In all it lies %s, if those are TSC ticks.", place[0]);
		else if (!one && *place[r])
			say(text, " On %s it lies %s, if those are TSC ticks.", compare_letters[r],
			    place[r]);
	}
}

static void say_costs(const struct side_by_side *x, char *text)
{
	unsigned int gated = x->s.gated < x->s.n ? x->s.gated : 0, r;

	say(text, " %s adds", screen_strategy(&x->s, gated));
	for (r = 0; r < x->p->n; r++) {
		const struct csv_table *t = verdicts(x->p, r);
		size_t row = row_in(x->p, r, x->s.row[gated]);

		if (row == t->rows)
			say(text, "%s nothing that was measured on %s", r ? "," : "",
			    compare_letters[r]);
		else
			say(text, "%s %s TSC ticks %s on %s", r ? "," : "",
			    report_signed(csv_real(t, row, EGPR_VERDICTS_diff)),
			    report_interval(csv_real(t, row, EGPR_VERDICTS_diff_low),
					    csv_real(t, row, EGPR_VERDICTS_diff_high)),
			    compare_letters[r]);
	}
	say(text, " (layer %s, in context %s, guest state %s; %s, %s%s).", x->s.g.layer,
	    x->s.g.context, x->s.f.state, x->s.g.provenance,
	    egpr_provenances[axis_find(egpr_provenances, EGPR_NR_PROVENANCES, x->s.g.provenance)]
		    .text,
	    strcmp(x->s.g.provenance, egpr_provenances[EGPR_PROV_PROXY].id)
		    ? ""
		    : ": an estimate by shape");
	say_places(x, text, gated);
}

static void say_changes(const struct side_by_side *x, char *text, unsigned int run)
{
	const struct compare_pair *k = &x->p->pair[run];
	size_t i, n[STATS_NR_VERDICTS] = { 0 };

	for (i = 0; i < k->n; i++)
		n[k->change[i].verdict]++;
	say(text,
	    " From A to %s, of %zu arms %zu became slower by their margin, %zu faster, %zu "
	    "stayed within it, %zu are open.",
	    compare_letters[run], k->n, n[STATS_SLOWER], n[STATS_FASTER], n[STATS_EQUIVALENT],
	    n[STATS_INCONCLUSIVE]);
}

static void sentence(const struct side_by_side *x)
{
	char text[SCREEN_WORDS] = "";
	unsigned int r;

	say_who(x, text);
	say_costs(x, text);
	for (r = 1; r < x->p->n; r++) {
		if (fit(x->p, r))
			say_changes(x, text, r);
	}
	if (!all_fit(x->p))
		say(text, " No difference between those runs is given: ticks of different hosts or "
			  "cores are not one unit.");
	say(text, " Of %zu verdicts that all runs have, %zu are alike.", x->both, x->alike);
	doc_lead(x->d, PICTURE "-sentence", "%s", text);
}

static void mark(const struct side_by_side *x, FILE *dat, unsigned int at, unsigned int strategy)
{
	unsigned int r;

	for (r = 0; r < x->p->n; r++) {
		const struct csv_table *t = verdicts(x->p, r);
		size_t row = row_in(x->p, r, x->s.row[strategy]);
		double low, high;

		if (row == t->rows)
			continue;
		low = csv_real(t, row, EGPR_VERDICTS_diff_low);
		high = csv_real(t, row, EGPR_VERDICTS_diff_high);
		if (!isnan(low) && !isnan(high))
			fprintf(dat, "%u\t%s\t%.12g\t%.12g\t%.12g\t%u\n", at,
				screen_strategy(&x->s, strategy),
				csv_real(t, row, EGPR_VERDICTS_diff), low, high, r + 1);
	}
}

/* One picture; a narrow one has the cheapest of each family. Return: 0 or a status. */
static int draw(const struct side_by_side *x, const char *dir, const char *scripts, bool narrow,
		struct data_error *e)
{
	bool seen[EGPR_NR_FAMILIES + 1] = { false };
	char dat[4096], out[4096], names[NAMES_BYTES] = "", one[LABEL_BYTES];
	struct plot plot = { dat, "Cost of a switch, by run", "", names, 0 };
	unsigned int i;
	FILE *f;

	for (i = 0; i < x->p->n; i++) {
		label(x->p, i, one);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "",
			 one);
	}
	snprintf(dat, sizeof(dat), "%s/" RUNDIR_PLOTS "/" PICTURE "%s.dat", dir,
		 narrow ? DOC_NARROW : "");
	snprintf(out, sizeof(out), "%s/" RUNDIR_PLOTS "/" PICTURE "%s.svg", dir,
		 narrow ? DOC_NARROW : "");
	f = fopen(dat, "we");
	if (!f)
		return data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %m", dat);
	for (i = 0; i < x->s.n; i++) {
		const struct egpr_strategy *is =
			egpr_strategy_find(screen_strategy(&x->s, i), NULL);

		if (narrow && (!is || seen[is->family]))
			continue;
		seen[is ? is->family : EGPR_NR_FAMILIES] = true;
		mark(x, f, plot.rows++, i);
	}
	screen_bands(f);
	if (fclose(f))
		return data_fail(e, EGPR_UNAVAILABLE, "cannot write %s: %m", dat);
	return plot_draw(scripts, narrow ? "screen-narrow" : "screen", &plot, out)
		       ? data_fail(e, EGPR_INTERNAL, "no picture %s", out)
		       : 0;
}

static int picture(const struct side_by_side *x, const char *dir, struct data_error *e)
{
	char *scripts = plot_available() ? plot_scripts() : NULL;
	int ret = 0;

	if (scripts) {
		ret = draw(x, dir, scripts, false, e);
		if (!ret)
			ret = draw(x, dir, scripts, true, e);
	} else {
		snprintf(x->d->no_picture[DOC_SVG], sizeof(x->d->no_picture[DOC_SVG]),
			 "gnuplot or scripts/plot is missing; install the package gnuplot-nox");
	}
	doc_picture(x->d, PICTURE,
		    "Difference to none by strategy, a mark per run, each in TSC ticks of its own "
		    "host; layer %s, context %s, guest state %s",
		    x->s.g.layer, x->s.g.context, x->s.f.state);
	free(scripts);
	return ret;
}

static void cost_cell(const struct side_by_side *x, unsigned int run, size_t row)
{
	const struct csv_table *t = verdicts(x->p, run);
	const char *v = verdict_of(x->p, run, row);

	if (row == t->rows)
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", "");
	else
		doc_cell(x->d, report_tone(v), NULL, "%s %s",
			 report_signed(csv_real(t, row, EGPR_VERDICTS_diff)),
			 report_interval(csv_real(t, row, EGPR_VERDICTS_diff_low),
					 csv_real(t, row, EGPR_VERDICTS_diff_high)));
}

/* What the runs say together: the change where ticks compare, else whether the verdicts are alike. */
static void together_cell(const struct side_by_side *x, size_t row)
{
	char text[SCREEN_WORDS] = "";
	bool everywhere, same = alike(x->p, row, &everywhere);
	unsigned int r;

	if (everywhere && same) {
		doc_cell(x->d, DOC_PLAIN, NULL, "all %s", screen_verdict(verdict_of(x->p, 0, row)));
		return;
	}
	for (r = 0; r < x->p->n; r++) {
		const char *v = verdict_of(x->p, r, row_in(x->p, r, row));

		say(text, "%s%s", r ? ", " : "", *v ? screen_verdict(v) : "not measured");
	}
	doc_cell(x->d, DOC_OPEN, NULL, "%s", text);
}

static void change_cell(const struct side_by_side *x, unsigned int run, size_t row)
{
	const struct compare_change *c =
		compare_pair_find(&x->p->pair[run], verdicts(x->p, 0), row);

	if (!c)
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", "");
	else
		doc_cell(x->d, report_tone(stats_verdict_names[c->verdict]), NULL, "%s %s %s",
			 report_signed(c->estimate),
			 report_interval(c->estimate - c->half, c->estimate + c->half),
			 screen_verdict(stats_verdict_names[c->verdict]));
}

/* Columns of runs, of their verdicts together, and of what changed where that can be said. */
static unsigned int run_columns(const struct side_by_side *x, struct doc_column *columns)
{
	unsigned int r, n = 0;

	for (r = 0; r < x->p->n; r++)
		columns[n++] = (struct doc_column){ compare_letters[r],
						    DOC_NUMBER | (r < FEW_RUNS ? 0 : DOC_WIDE) };
	columns[n++] = (struct doc_column){ "verdicts", 0 };
	for (r = 1; r < x->p->n; r++) {
		if (fit(x->p, r))
			columns[n++] = (struct doc_column){ changes[r], DOC_NUMBER };
	}
	return n;
}

static void run_cells(const struct side_by_side *x, size_t row)
{
	unsigned int r;

	for (r = 0; r < x->p->n; r++)
		cost_cell(x, r, row_in(x->p, r, row));
	together_cell(x, row);
	for (r = 1; r < x->p->n; r++) {
		if (fit(x->p, r))
			change_cell(x, r, row);
	}
}

static void first_table(const struct side_by_side *x)
{
	struct doc_column columns[2 * COMPARE_MOST + 2] = { { "strategy", 0 } };
	unsigned int i, n = FIRST_COLUMN + run_columns(x, columns + FIRST_COLUMN);

	doc_table(
		x->d, PICTURE "-table", columns, n,
		"Added to none, TSC ticks with the 95 %% interval, by run, each in ticks of its own "
		"host; layer %s, context %s, guest state %s; verdicts for margin %s.",
		x->s.g.layer, x->s.g.context, x->s.f.state, x->s.g.margin);
	for (i = 0; i < x->s.n; i++) {
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", screen_strategy(&x->s, i));
		run_cells(x, x->s.row[i]);
	}
}

static void runs_table(const struct side_by_side *x)
{
	static const struct doc_column columns[] = {
		{ "run", 0 },	 { "directory", 0 },	{ "CPU", 0 },
		{ "kernel", 0 }, { "begun", 0 },	{ "launches", DOC_NUMBER },
		{ "sound", 0 },	 { "state", DOC_WIDE }, { "a tick, ns", DOC_NUMBER },
	};
	unsigned int r;

	doc_table(x->d, "runs", columns, sizeof(columns) / sizeof(*columns), "The runs");
	for (r = 0; r < x->p->n; r++) {
		const struct rundir_data *d = &x->p->run[r].data;
		const cJSON *hz = cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_TSC_HZ);
		bool sound = is_sound(x->p, r);

		doc_cell(x->d, DOC_PLAIN, NULL, "%s", compare_letters[r]);
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", d->path);
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", fact(x->p, r, "cpu_name"));
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", fact(x->p, r, "kernel_release"));
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", rundir_meta_text(d, RUNDIR_START));
		doc_cell(x->d, DOC_PLAIN, NULL, "%u", x->p->run[r].blocks.launches.n);
		doc_cell(x->d, sound ? DOC_PLAIN : DOC_BAD, NULL, "%s", sound ? "yes" : "NO");
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", rundir_meta_text(d, RUNDIR_STATE));
		doc_cell(x->d, DOC_PLAIN, NULL, "%s",
			 report_number(cJSON_IsNumber(hz) ? NS_PER_S / hz->valuedouble : NAN));
	}
}

/* Which of two strategies is dearer in a run: by intervals that do not overlap; 0 if they do. */
static int order(const struct compare_page *p, unsigned int run, size_t a, size_t b)
{
	const struct csv_table *t = verdicts(p, run);

	if (a == t->rows || b == t->rows)
		return 0;
	if (csv_real(t, a, EGPR_VERDICTS_diff_low) > csv_real(t, b, EGPR_VERDICTS_diff_high))
		return 1;
	return csv_real(t, a, EGPR_VERDICTS_diff_high) < csv_real(t, b, EGPR_VERDICTS_diff_low) ? -1
												: 0;
}

static void say_order(const struct side_by_side *x)
{
	const struct screen *s = &x->s;
	unsigned int i, k, r, told = 0, same = 0;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < i; k++) {
			int first = order(x->p, 0, s->row[i], s->row[k]);
			bool all = first != 0, agree = true;

			for (r = 1; r < x->p->n && all; r++) {
				int other = order(x->p, r, row_in(x->p, r, s->row[i]),
						  row_in(x->p, r, s->row[k]));

				all = other != 0;
				agree &= other == first;
			}
			told += all;
			same += all && agree;
		}
	}
	doc_para(x->d,
		 "The order of strategies: of %u pairs of the table above that every run tells "
		 "apart (their intervals do not overlap), %u come in the same order in all.",
		 told, same);
}

static void may_be_said(const struct side_by_side *x)
{
	doc_heading(x->d, 2, "may", "What may be said");
	doc_para(x->d,
		 "Of each run: its own differences to its own none, in ticks of its own host, "
		 "with their intervals; and its verdicts by its own margins.");
	doc_para(x->d, "Of all together: whether those verdicts are alike: %zu of %zu are.",
		 x->alike, x->both);
	say_order(x);
	if (all_fit(x->p))
		doc_para(x->d,
			 "From one run to another: the changes below, for they are in the same "
			 "ticks. A verdict needs several launches in both.");
	else
		doc_para(
			x->d,
			"Not from one host, or type of core, to another: that a strategy costs more "
			"on one by so many ticks. A tick of each lasts another time, and a core cycle "
			"is another number of ticks. `egprlab merge` combines hosts, with what lies "
			"between them in the interval.");
}

/* Every comparison that all runs have, whatever its context. */
static void all_table(const struct side_by_side *x)
{
	static const unsigned int identity[] = { EGPR_COL_layer,       EGPR_COL_exit_kind,
						 EGPR_COL_guest_state, EGPR_COL_context,
						 EGPR_COL_strategy,    EGPR_VERDICTS_margin_text };
	struct doc_column columns[2 * COMPARE_MOST + 8] = { { "layer", 0 },    { "exit kind", 0 },
							    { "state", 0 },    { "context", 0 },
							    { "strategy", 0 }, { "margin", 0 } };
	const unsigned int before = sizeof(identity) / sizeof(*identity);
	const struct csv_table *t = verdicts(x->p, 0);
	unsigned int i, n = before + run_columns(x, columns + before);
	size_t row;

	doc_heading(x->d, 2, "all", "Every comparison that all runs have");
	doc_table(x->d, "comparisons", columns, n,
		  "TSC ticks beyond the baseline with the 95 %% interval, by run.");
	for (row = 0; row < t->rows; row++) {
		bool everywhere;

		alike(x->p, row, &everywhere);
		for (i = 0; i < before && everywhere; i++)
			doc_cell(x->d, DOC_PLAIN, NULL, "%s", csv_text(t, row, identity[i]));
		if (everywhere)
			run_cells(x, row);
	}
}

int compare_page_make(const struct compare_page *p, const char *dir, struct doc *d,
		      struct data_error *e)
{
	struct side_by_side x = { .p = p, .first.run = &p->run[0].data, .d = d };
	unsigned int r;
	int ret = 0;

	if (!screen_make_where(&x.first, all_have, (void *)p, &x.s))
		return data_fail(e, EGPR_DATA,
				 "no strategy was compared in the same layer and context in all "
				 "of these runs; measure them by one plan");
	count_alike(&x);
	doc_heading(d, 1, "title", "Runs side by side: what does switching r16-r31 cost in each?");
	sentence(&x);
	if (dir)
		ret = picture(&x, dir, e);
	first_table(&x);
	doc_heading(d, 2, "differ", "What differs");
	runs_table(&x);
	compare_differences(p->run, p->n, d);
	may_be_said(&x);
	for (r = 1; r < p->n && dir; r++) {
		char id[32];

		if (!fit(p, r))
			continue;
		snprintf(id, sizeof(id), "changes-%s", compare_letters[r]);
		doc_heading(d, 2, id, "From A to %s", compare_letters[r]);
		snprintf(id, sizeof(id), "changes-%s-table", compare_letters[r]);
		compare_pair_table(&p->pair[r], id, d);
	}
	if (dir)
		all_table(&x);
	doc_free(&x.first.doc);
	return ret;
}
