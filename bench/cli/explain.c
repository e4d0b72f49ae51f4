// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab explain DIR ROW`: how one verdict came about: its blocks, its interval, and what widened it.
 *
 * All of it is made anew from samples.csv. What does not come out as verdicts.csv has it is said.
 */
#include <getopt.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include <egpr/status.h>
#include <egpr/strategy.h>

#include "command.h"
#include <bench/measure/blocks.h>
#include <bench/plan/axis.h>
#include <bench/plan/plan.h>
#include <bench/report/report.h>

extern const struct egpr_command egpr_cmd_explain;

#define ROW_MARK   "#row=" /* of a link in the report, RFC 7111: the header is row 1 */
#define FIRST_ROW  2
#define NAME_BYTES 256
#define FAR_BLOCKS 5
#define CLOSE	   1e-6 /* of the value: what text digits lose */

/*
 * struct explaining - one comparison
 * @x: difference of each block, in the order they ran
 * @layout: of each block; NULL where the place of the code is no factor
 * @alpha: one-sided error of each end of the interval
 * @look: that it was decided at, of @looks; 0 where no look gives the row's interval
 */
struct explaining {
	struct rundir_data data;
	struct blocks blocks;
	struct plan plan;
	struct doc d;
	size_t row, n;
	const struct blocks_arm *arm;
	double *x;
	const unsigned int *layout;
	double alpha;
	size_t look, looks;
};

static const struct csv_table *verdicts(const struct explaining *w)
{
	return &w->data.table[EGPR_CSV_VERDICTS];
}

static double real(const struct explaining *w, unsigned int column)
{
	return csv_real(verdicts(w), w->row, column);
}

static const char *text(const struct explaining *w, unsigned int column)
{
	return csv_text(verdicts(w), w->row, column);
}

static void name_of(const struct csv_table *t, size_t row, char *name)
{
	snprintf(name, NAME_BYTES, "%s/%s/%s@%s/%s", csv_text(t, row, EGPR_COL_layer),
		 csv_text(t, row, EGPR_COL_exit_kind), csv_text(t, row, EGPR_COL_guest_state),
		 csv_text(t, row, EGPR_COL_context), csv_text(t, row, EGPR_COL_strategy));
}

/* By a name that matches; the first margin answers. Return: 0 or EGPR_USAGE. */
static int find_name(struct explaining *w, const char *want)
{
	const struct csv_table *t = verdicts(w);
	char name[NAME_BYTES], first[NAME_BYTES] = "";
	size_t row, others = 0;
	regex_t re;

	if (regcomp(&re, want, REG_EXTENDED | REG_NOSUB))
		return egpr_command_usage(&egpr_cmd_explain, "'%s' is no expression", want);
	for (row = 0; row < t->rows; row++) {
		name_of(t, row, name);
		if (regexec(&re, name, 0, NULL, 0))
			continue;
		if (!*first) {
			snprintf(first, sizeof(first), "%s", name);
			w->row = row;
		}
		others += strcmp(first, name) != 0;
	}
	regfree(&re);
	if (!*first)
		return egpr_command_usage(&egpr_cmd_explain,
					  "no comparison layer/exit/state@context/strategy of %s "
					  "matches '%s'",
					  w->data.path, want);
	return others ? egpr_command_usage(
				&egpr_cmd_explain,
				"'%s' matches %s and %zu rows of others: say more of the "
				"name, or the number of the row",
				want, first, others)
		      : 0;
}

static int find_row(struct explaining *w, const char *want)
{
	const char *mark = strstr(want, ROW_MARK), *digits = mark ? mark + strlen(ROW_MARK) : want;
	unsigned long long n;
	char *end;

	n = strtoull(digits, &end, 10);
	if (end == digits || *end)
		return find_name(w, want);
	if (n < FIRST_ROW || n - FIRST_ROW >= verdicts(w)->rows)
		return egpr_command_usage(&egpr_cmd_explain,
					  "verdicts.csv of %s has rows %d to %zu, not %s",
					  w->data.path, FIRST_ROW, verdicts(w)->rows + 1, digits);
	w->row = (size_t)n - FIRST_ROW;
	return 0;
}

/* The differences again. Return: 0, EGPR_DATA where samples.csv lacks an arm, or EGPR_INTERNAL. */
static int pair(struct explaining *w, struct data_error *e)
{
	const struct egpr_strategy *s = egpr_strategy_find(text(w, EGPR_COL_strategy), NULL);
	const char *state = s && s->family == EGPR_FAMILY_OWN ? egpr_guest_states[EGPR_STATE_OFF].id
							      : NULL;
	const struct blocks_arm *base;
	size_t i;

	w->arm = blocks_find(&w->blocks, verdicts(w), w->row, text(w, EGPR_COL_strategy), NULL);
	base = blocks_find(&w->blocks, verdicts(w), w->row, text(w, EGPR_VERDICTS_baseline), state);
	if (!w->arm || !base)
		return data_fail(e, EGPR_DATA,
				 "%s: samples.csv has no blocks of this comparison; it cannot be "
				 "explained without them",
				 w->data.path);
	w->n = w->arm->n < base->n ? w->arm->n : base->n;
	w->x = malloc((w->n + 1) * sizeof(*w->x));
	if (!w->x)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	for (i = 0; i < w->n; i++)
		w->x[i] = w->arm->mean[i] - base->mean[i];
	/* The writer leaves it empty where one place was tried, or the exit is not the sequence's. */
	w->layout = *text(w, EGPR_VERDICTS_offset_sd) ? w->arm->layout : NULL;
	return 0;
}

static int shift(const struct explaining *w, bool layouts, bool launches, struct stats_shift *s,
		 struct data_error *e)
{
	const struct stats_where where = { layouts ? w->layout : NULL,
					   launches ? w->arm->launch : NULL,
					   w->blocks.launches.place };

	return stats_shift_init(s, w->x, &where, w->n)
		       ? data_fail(e, EGPR_INTERNAL, "out of memory")
		       : 0;
}

static bool close_to(double a, double b)
{
	return (isnan(b) && !isfinite(a)) || fabs(a - b) <= CLOSE * fmax(1, fabs(b));
}

/* The look whose interval the row has; each look has an error of its own. */
static void find_look(struct explaining *w, const struct stats_shift *s)
{
	struct stats_looks looks;
	size_t i;

	w->looks = w->plan.launches > 1 ? w->plan.launches : w->plan.looks;
	w->alpha = STATS_TAIL;
	if (w->looks > 1)
		stats_looks_init(&looks, w->plan.spending, w->looks);
	for (i = w->looks; i-- > 0 && !w->look;) {
		double alpha = w->looks > 1 ? stats_looks_alpha(&looks, i, STATS_TAIL) : STATS_TAIL;
		struct stats_interval ci = stats_shift_interval(s, alpha);

		if (close_to(ci.low, real(w, EGPR_VERDICTS_diff_low)) &&
		    close_to(ci.high, real(w, EGPR_VERDICTS_diff_high))) {
			w->look = i + 1;
			w->alpha = alpha;
		}
	}
}

static void head(struct explaining *w)
{
	char name[NAME_BYTES];

	name_of(verdicts(w), w->row, name);
	doc_heading(&w->d, 1, "title", "%s against %s: %s", name, text(w, EGPR_VERDICTS_baseline),
		    text(w, EGPR_VERDICTS_verdict));
	doc_para(&w->d,
		 "Row %zu of verdicts.csv: %s TSC ticks %s, provenance %s, margin %s (%s TSC "
		 "ticks), p %s after Holm.",
		 w->row + FIRST_ROW, report_signed(real(w, EGPR_VERDICTS_diff)),
		 report_interval(real(w, EGPR_VERDICTS_diff_low), real(w, EGPR_VERDICTS_diff_high)),
		 text(w, EGPR_COL_provenance), text(w, EGPR_VERDICTS_margin_text),
		 report_number(real(w, EGPR_VERDICTS_margin)), text(w, EGPR_VERDICTS_p_value));
}

/* Blocks whose difference lies furthest from the estimate: they are in it all the same. */
static void far_blocks(struct explaining *w, const struct stats_shift *s)
{
	static const struct doc_column columns[] = {
		{ "block", DOC_NUMBER },
		{ "difference", DOC_NUMBER },
		{ "launch", DOC_NUMBER },
		{ "offset mod 64", DOC_NUMBER },
	};
	bool *seen = calloc(w->n + 1, sizeof(*seen));
	size_t i, k, far;

	doc_table(&w->d, "far", columns, 4,
		  "The blocks furthest from the estimate, TSC ticks. They count like all others; "
		  "by ranks, so a few of them move it little.");
	for (k = 0; seen && k < FAR_BLOCKS && k < w->n; k++) {
		for (i = 0, far = w->n; i < w->n; i++) {
			if (!seen[i] && (far == w->n || fabs(w->x[i] - s->estimate) >
								fabs(w->x[far] - s->estimate)))
				far = i;
		}
		seen[far] = true;
		doc_cell(&w->d, DOC_PLAIN, NULL, "%zu", far);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%s", report_signed(w->x[far]));
		doc_cell(&w->d, DOC_PLAIN, NULL, "%u", w->arm->launch[far]);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%u", w->arm->layout[far]);
	}
	free(seen);
}

static int launch_rows(struct explaining *w, struct data_error *e)
{
	static const struct doc_column columns[] = {
		{ "launch", DOC_NUMBER }, { "blocks", DOC_NUMBER }, { "from", DOC_NUMBER },
		{ "to", DOC_NUMBER },	  { "shift", DOC_NUMBER },
	};
	double *part = malloc((w->n + 1) * sizeof(*part));
	unsigned int l;

	if (!part)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	doc_table(&w->d, "launches", columns, sizeof(columns) / sizeof(*columns),
		  "Which blocks: by launch, with the Hodges-Lehmann shift of each, TSC ticks.");
	for (l = 0; l < w->blocks.launches.n; l++) {
		size_t i, m = 0, from = 0, to = 0;

		for (i = 0; i < w->n; i++) {
			if (w->arm->launch[i] != l)
				continue;
			from = m ? from : i;
			to = i;
			part[m++] = w->x[i];
		}
		if (!m)
			continue;
		stats_sort(part, m);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%u", l);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%zu", m);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%zu", from);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%zu", to);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%s", report_signed(stats_hl(part, m)));
	}
	free(part);
	return 0;
}

static double width(struct stats_interval ci)
{
	return ci.high - ci.low;
}

/* The interval by blocks alone, then with each of what else spreads, then with all. */
static int widths(struct explaining *w, const struct stats_shift *all, struct data_error *e)
{
	static const struct doc_column columns[] = {
		{ "with", 0 },
		{ "interval", DOC_NUMBER },
		{ "width", DOC_NUMBER },
		{ "times", DOC_NUMBER },
	};
	static const struct {
		const char *what;
		bool layouts, launches;
	} rows[] = { { "blocks alone", false, false },
		     { "and code offsets", true, false },
		     { "and launches", false, true },
		     { "all of it", true, true } };
	const char *most = NULL;
	double least = 0, widest = 0;
	size_t i;

	doc_table(&w->d, "widths", columns, 4,
		  "The row's interval, and what widened it, TSC ticks. It is one of %.3g %%%s.",
		  100 * (1 - 2 * w->alpha),
		  w->look && w->looks > 1
			  ? " at this look, so that over all looks it is one of 95 %"
			  : "");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stats_shift s;
		struct stats_interval ci;
		int ret = shift(w, rows[i].layouts, rows[i].launches, &s, e);

		if (ret)
			return ret;
		ci = stats_shift_interval(&s, w->alpha);
		stats_shift_free(&s);
		if (!i)
			least = width(ci);
		else if (i + 1 < sizeof(rows) / sizeof(*rows) && width(ci) > widest) {
			widest = width(ci);
			most = rows[i].what + strlen("and ");
		}
		doc_cell(&w->d, DOC_PLAIN, NULL, "%s", rows[i].what);
		doc_cell(&w->d, DOC_PLAIN, NULL, "%s", report_interval(ci.low, ci.high));
		doc_cell(&w->d, DOC_PLAIN, NULL, "%s", report_number(width(ci)));
		doc_cell(&w->d, DOC_PLAIN, NULL, "%.2f", width(ci) / least);
	}
	if (widest > least * (1 + CLOSE))
		doc_para(&w->d, "What widened it most: %s, %.2f times what the blocks alone give.",
			 most, widest / least);
	else
		doc_para(&w->d, "Nothing widened it: it is that of the blocks.");
	doc_para(&w->d,
		 "Blocks: %zu, %zu neighbours to an independent value. Standard deviation between "
		 "blocks %s, code offsets %s, launches %s TSC ticks (empty: not estimable from "
		 "what was tried).",
		 all->n, all->group, report_number(all->se * sqrt((double)all->n)),
		 w->layout ? report_number(all->layout_sd) : "",
		 report_number(all->level_sd[STATS_LAUNCH]));
	return 0;
}

static void why_verdict(struct explaining *w, const struct stats_shift *s)
{
	double low = real(w, EGPR_VERDICTS_diff_low), high = real(w, EGPR_VERDICTS_diff_high);
	double margin = real(w, EGPR_VERDICTS_margin);
	const char *where = "reaches over an end of the margin";
	const char *needed = text(w, EGPR_VERDICTS_blocks_needed);

	if (low >= -margin && high <= margin)
		where = "lies within the margin on both sides";
	else if (low > margin)
		where = "lies above the margin";
	else if (high < -margin)
		where = "lies below the margin";
	doc_para(&w->d,
		 "Why %s: the interval %s %s, +-%s TSC ticks. The verdict is by the p-value, which "
		 "has to be below %g after Holm across exit kinds%s.",
		 text(w, EGPR_VERDICTS_verdict), report_interval(low, high), where,
		 report_number(margin), w->plan.alpha,
		 w->looks > 1 ? " and holds whichever look it was decided at" : "");
	if (!strcmp(text(w, EGPR_VERDICTS_verdict), stats_verdict_names[STATS_INCONCLUSIVE]))
		doc_para(&w->d,
			 *needed ? "To decide it some %s blocks more would be needed, if the "
				   "estimate stays. The smallest margin that would be equivalent "
				   "now is %s TSC ticks."
				 : "More blocks%s are not expected to decide it: what is between "
				   "places and launches does not shrink with them, and the "
				   "estimate may lie on the margin. The smallest margin that "
				   "would be equivalent now is %s TSC ticks; try more launches.",
			 needed, report_number(real(w, EGPR_VERDICTS_smallest_margin)));
	if (w->look)
		doc_para(&w->d,
			 "Made anew from samples.csv: shift %s and this interval, at look %zu of "
			 "%zu.",
			 report_signed(s->estimate), w->look, w->looks);
	else
		doc_alert(&w->d, DOC_BAD,
			  "samples.csv gives shift %s, but at no look this interval: the row is "
			  "not explained by these blocks.",
			  report_signed(s->estimate));
}

static int explain(struct explaining *w, struct data_error *e)
{
	struct stats_shift s = { 0 };
	int ret = pair(w, e);

	if (!ret)
		ret = shift(w, true, true, &s, e);
	if (ret)
		return ret;
	find_look(w, &s);
	head(w);
	why_verdict(w, &s);
	ret = widths(w, &s, e);
	if (!ret)
		ret = launch_rows(w, e);
	if (!ret)
		far_blocks(w, &s);
	stats_shift_free(&s);
	if (!ret)
		ret = egpr_command_print(&egpr_cmd_explain, &w->d, EGPR_MAIL);
	if (!ret && !w->look)
		ret = data_fail(e, EGPR_DATA,
				"%s: verdicts.csv row %zu is not what samples.csv gives; one of "
				"them was changed, or written by another version of the lab",
				w->data.path, w->row + FIRST_ROW);
	if (!ret)
		egpr_command_next("egprlab run --only %s,%s,%s,%s --launches 4",
				  text(w, EGPR_COL_layer), text(w, EGPR_COL_guest_state),
				  text(w, EGPR_COL_context), text(w, EGPR_COL_strategy));
	return ret;
}

static int explain_run(int argc, char **argv)
{
	struct explaining w = { 0 };
	struct data_error e = { "" };
	const char *value;
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_explain, argc, argv, &value)) >= 0)
		;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 2)
		return egpr_command_usage(&egpr_cmd_explain,
					  "name a run directory and a row of its verdicts.csv");
	gsl_set_error_handler_off();
	ret = rundir_load(argv[optind], &w.data, &e);
	if (!ret)
		ret = find_row(&w, argv[optind + 1]);
	if (!ret)
		ret = blocks_read(&w.data, &w.blocks, &e);
	if (!ret)
		ret = plan_restore(&w.plan,
				   cJSON_GetObjectItemCaseSensitive(w.data.meta, RUNDIR_PLAN), &e);
	if (!ret)
		ret = explain(&w, &e);
	if (*e.text)
		fprintf(stderr, "egprlab explain: %s\n", e.text);
	free(w.x);
	doc_free(&w.d);
	plan_free(&w.plan);
	blocks_free(&w.blocks);
	rundir_free(&w.data);
	return ret;
}

const struct egpr_command egpr_cmd_explain = {
	.name = "explain",
	.args = "DIR ROW",
	.text = "how one verdict came about: its blocks, its interval, what widened it",
	.tables = 1,
	.run = explain_run,
};
