// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cost against context: what a strategy adds depends on what stands around its halves.
 *
 * No row of two contexts is ever compared block by block, they were measured in blocks of their own. So
 * the interval of a difference between contexts is made from the two intervals.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "report.h"

#define MAX_STRATEGIES 64
#define MAX_KINDS      64
#define NAME_BYTES     96
#define MAX_OFFSETS    64
#define LINES_GATED    3 /* of the context: flags, and two of regs[] */
#define HALVES	       2

/* A shift with its interval. */
struct shift {
	double at, low, high;
};

/* The columns of verdicts.csv that one lies in. */
struct shift_columns {
	unsigned int at, low, high;
};
static const struct shift_columns whole = { EGPR_VERDICTS_diff, EGPR_VERDICTS_diff_low,
					    EGPR_VERDICTS_diff_high };
static const struct shift_columns exit_half = { EGPR_VERDICTS_exit_diff, EGPR_VERDICTS_exit_low,
						EGPR_VERDICTS_exit_high };
static const struct shift_columns entry_half = { EGPR_VERDICTS_entry_diff, EGPR_VERDICTS_entry_low,
						 EGPR_VERDICTS_entry_high };

/* NaN where it was not measured. @row: receives the row of verdicts.csv. */
static struct shift shift_of(const struct csv_table *t, const struct report_filter *f,
			     const char *context, const char *strategy,
			     const struct shift_columns *c, size_t *row)
{
	struct report_filter one = *f;

	one.context = context;
	one.strategy = strategy;
	*row = report_next(t, 0, &one);
	if (*row == t->rows)
		return (struct shift){ NAN, NAN, NAN };
	return (struct shift){ csv_real(t, *row, c->at), csv_real(t, *row, c->low),
			       csv_real(t, *row, c->high) };
}

/* a - b of two that were measured apart from each other. */
static struct shift minus(struct shift a, struct shift b)
{
	double at = a.at - b.at;

	return (struct shift){ at, at - hypot(a.at - a.low, b.high - b.at),
			       at + hypot(a.high - a.at, b.at - b.low) };
}

static void shift_cells(struct report *r, const struct csv_table *t, size_t row, struct shift s)
{
	const char *href = row < t->rows ? report_href(t, row) : NULL;

	doc_cell(&r->doc, DOC_PLAIN, href, "%s", report_signed(s.at));
	doc_cell(&r->doc, DOC_PLAIN, href, "%s", report_interval(s.low, s.high));
}

/*
 * struct chapter - one layer with one provenance, one exit kind and guest state
 * @f: its rows, whatever their context
 */
struct chapter {
	struct report *r;
	const struct csv_table *t;
	struct report_group g;
	struct report_filter f;
	unsigned int contexts;
	const char *context[EGPR_NR_CONTEXTS];
	unsigned int strategies;
	const char *strategy[MAX_STRATEGIES];
};

static bool has(const struct chapter *c, const char *context)
{
	unsigned int i;

	for (i = 0; i < c->contexts && c->context[i]; i++) {
		if (!strcmp(c->context[i], context))
			return true;
	}
	return false;
}

static const char *id_of(enum egpr_context context)
{
	return egpr_contexts[context].id;
}

/* What a switch costs there; others show how that comes about. */
static bool is_cost(const char *context)
{
	return context && strcmp(context, id_of(EGPR_CONTEXT_APART_WHOLE)) &&
	       strcmp(context, id_of(EGPR_CONTEXT_USE_FREE)) &&
	       strcmp(context, id_of(EGPR_CONTEXT_USE_LAST));
}

static void picture(const struct chapter *c)
{
	char name[NAME_BYTES], legend[256] = "", title[128];
	unsigned int i, x, series, rows = 0;
	size_t row;
	FILE *dat;

	snprintf(name, sizeof(name), "contexts-%s-%s", c->g.layer, c->g.provenance);
	dat = report_plot_open(c->r, name);
	if (!dat)
		return;
	for (x = 0; x < c->contexts; x++) {
		if (is_cost(c->context[x]))
			snprintf(legend + strlen(legend), sizeof(legend) - strlen(legend), "%s%s",
				 *legend ? " " : "", c->context[x]);
	}
	for (i = 0; i < c->strategies; i++, rows++) {
		for (x = series = 0; x < c->contexts; x++) {
			struct shift s =
				shift_of(c->t, &c->f, c->context[x], c->strategy[i], &whole, &row);

			if (!is_cost(c->context[x]))
				continue;
			series++;
			if (!isnan(s.low) && !isnan(s.high))
				fprintf(dat, "%u\t%s\t%.12g\t%.12g\t%.12g\t%u\n", rows,
					c->strategy[i], s.at, s.low, s.high, series);
		}
	}
	snprintf(title, sizeof(title), "Cost against context, layer %s, guest state %s", c->g.layer,
		 c->f.state);
	report_plot_close(c->r, dat, "contexts", name, rows, legend, &c->g, title);
}

/* The text has room for what the first screen speaks of. */
static unsigned int narrow(const char *context)
{
	bool main = !strcmp(context, id_of(EGPR_CONTEXT_APART)) ||
		    !strcmp(context, id_of(EGPR_CONTEXT_LEGACY_WARM));

	return main ? DOC_NUMBER : DOC_NUMBER | DOC_WIDE;
}

static void cost_table(const struct chapter *c)
{
	struct doc_column columns[EGPR_NR_CONTEXTS + 1] = { { "strategy", 0 } };
	unsigned int i, x;
	char text[256], id[64];
	size_t row;

	for (x = 0; x < c->contexts && c->context[x]; x++)
		columns[x + 1] = (struct doc_column){ c->context[x], narrow(c->context[x]) };
	snprintf(id, sizeof(id), "contexts-%s-%s-table", c->g.layer, c->g.provenance);
	doc_table(&c->r->doc, id, columns, c->contexts + 1,
		  "Difference to none in the same context, TSC ticks per exit and entry with its "
		  "95 %% interval; guest state %s (%s).",
		  c->f.state, report_group_text(c->r->run, &c->g, text, sizeof(text)));
	for (i = 0; i < c->strategies; i++) {
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		for (x = 0; x < c->contexts; x++) {
			struct shift s =
				shift_of(c->t, &c->f, c->context[x], c->strategy[i], &whole, &row);

			doc_cell(&c->r->doc, DOC_PLAIN,
				 row < c->t->rows ? report_href(c->t, row) : NULL, "%s %s",
				 report_signed(s.at), report_interval(s.low, s.high));
		}
	}
}

/* Exit and entry by themselves, and whether their sum is what a round takes. */
static void halves_table(const struct chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "exit", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "entry", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "sum", DOC_NUMBER | DOC_WIDE },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "whole", DOC_NUMBER | DOC_WIDE },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "sum - whole", DOC_NUMBER },
	};
	const char *apart = id_of(EGPR_CONTEXT_APART), *ends = id_of(EGPR_CONTEXT_APART_WHOLE);
	bool both = has(c, ends);
	unsigned int i;
	char id[64];

	if (!has(c, apart))
		return;
	snprintf(id, sizeof(id), "halves-%s-%s", c->g.layer, c->g.provenance);
	doc_table(&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		  "Context %s: each half alone, difference to none in TSC ticks%s%s%s.", apart,
		  both ? ", and rounds that were timed from end to end (" : "", both ? ends : "",
		  both ? "), which their sum has to agree with" : "");
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift e = shift_of(c->t, &c->f, apart, c->strategy[i], &exit_half, &row);
		struct shift n = shift_of(c->t, &c->f, apart, c->strategy[i], &entry_half, &row);
		struct shift s = shift_of(c->t, &c->f, apart, c->strategy[i], &whole, &row);
		struct shift w = shift_of(c->t, &c->f, ends, c->strategy[i], &whole, &other);
		struct shift d = minus(s, w);
		bool agree = d.low <= 0 && d.high >= 0;

		if (row == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		shift_cells(c->r, c->t, row, e);
		shift_cells(c->r, c->t, row, n);
		shift_cells(c->r, c->t, row, s);
		shift_cells(c->r, c->t, other, w);
		doc_cell(&c->r->doc,
			 isnan(d.low) ? DOC_PLAIN
			 : agree      ? DOC_GOOD
				      : DOC_OPEN,
			 NULL, "%s %s", report_signed(d.at), report_interval(d.low, d.high));
	}
}

/* What the first use of a register waits, beyond what the halves themselves take. */
static void use_table(const struct chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "first use in the host", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
		{ "first use in the guest", DOC_NUMBER },
		{ "95 %", DOC_NUMBER | DOC_WIDE },
	};
	const char *last = id_of(EGPR_CONTEXT_USE_LAST), *lone = id_of(EGPR_CONTEXT_USE_FREE);
	unsigned int i;
	char id[64];

	if (!has(c, last) || !has(c, lone))
		return;
	snprintf(id, sizeof(id), "use-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Latency of use, TSC ticks: a chain of multiplications behind each half, begun with "
		"the last register that it writes (%s), less the same begun with one that it "
		"leaves alone (%s). Host: behind the clears. Guest: behind the loads.",
		last, lone);
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift e =
			minus(shift_of(c->t, &c->f, last, c->strategy[i], &exit_half, &row),
			      shift_of(c->t, &c->f, lone, c->strategy[i], &exit_half, &other));
		struct shift n =
			minus(shift_of(c->t, &c->f, last, c->strategy[i], &entry_half, &row),
			      shift_of(c->t, &c->f, lone, c->strategy[i], &entry_half, &other));

		if (row == c->t->rows || other == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		shift_cells(c->r, c->t, row, e);
		shift_cells(c->r, c->t, row, n);
	}
}

static double level_ticks(const struct report *r, enum egpr_context context)
{
	const cJSON *l;

	cJSON_ArrayForEach(l, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_LEVELS)) {
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "context"));
		const cJSON *ticks = cJSON_GetObjectItemCaseSensitive(l, "ticks");

		if (id && !strcmp(id, id_of(context)) && cJSON_IsNumber(ticks))
			return ticks->valuedouble;
	}
	return NAN;
}

static void levels_table(struct report *r)
{
	static const struct doc_column columns[] = {
		{ "level", 0 },
		{ "load, TSC ticks beyond L1", DOC_NUMBER },
		{ "confirmed", 0 },
	};
	const cJSON *levels = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_LEVELS), *l;

	if (!cJSON_GetArraySize(levels))
		return;
	doc_table(
		&r->doc, "cache-levels", columns, 3,
		"What a load takes after each preparation, measured before the cells: is the level "
		"what its name says?");
	cJSON_ArrayForEach(l, levels) {
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "context"));
		const char *why =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(l, "why_not"));
		const cJSON *ticks = cJSON_GetObjectItemCaseSensitive(l, "ticks");

		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", id ? id : "");
		doc_cell(&r->doc, DOC_PLAIN, RUNDIR_META, "%s",
			 report_number(cJSON_IsNumber(ticks) ? ticks->valuedouble : NAN));
		doc_cell(&r->doc, why ? DOC_OPEN : DOC_GOOD, NULL, "%s", why ? why : "yes");
	}
}

/* Memory against L1, beside what the latency of a load explains. */
static void dram_table(const struct chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "dram - l1", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "loads' worth", DOC_NUMBER },
	};
	double ticks = level_ticks(c->r, EGPR_CONTEXT_DRAM);
	unsigned int i;
	char id[64];

	if (!has(c, id_of(EGPR_CONTEXT_DRAM)) || !has(c, id_of(EGPR_CONTEXT_L1)) || !(ticks > 0))
		return;
	snprintf(id, sizeof(id), "dram-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"What cold data adds, beside a load from memory: %s TSC ticks more than one from "
		"L1. A sequence that gates on a flag and moves 16 registers touches %d lines in "
		"each of its %d halves, so it adds from %d loads' worth (misses side by side) to %d "
		"(one behind the other).",
		report_number(ticks), LINES_GATED, HALVES, HALVES, HALVES * LINES_GATED);
	for (i = 0; i < c->strategies; i++) {
		size_t row, other;
		struct shift d = minus(shift_of(c->t, &c->f, id_of(EGPR_CONTEXT_DRAM),
						c->strategy[i], &whole, &row),
				       shift_of(c->t, &c->f, id_of(EGPR_CONTEXT_L1), c->strategy[i],
						&whole, &other));

		if (row == c->t->rows || other == c->t->rows)
			continue;
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
		shift_cells(c->r, c->t, row, d);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", report_number(d.at / ticks));
	}
}

/* The least and the largest of medians at placements, in two cells. */
static void placement_cells(const struct chapter *c, size_t verdict, unsigned int column)
{
	uint64_t offset[MAX_OFFSETS];
	double median[MAX_OFFSETS];
	unsigned int i, low = 0, high = 0, n;

	n = report_by_offset(c->r->run, verdict, column, offset, median, MAX_OFFSETS);
	for (i = 1; i < n; i++) {
		low = median[i] < median[low] ? i : low;
		high = median[i] > median[high] ? i : high;
	}
	if (n < 2) {
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "one place");
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "");
		return;
	}
	doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s at %llu", report_signed(median[low]),
		 (unsigned long long)offset[low]);
	doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s at %llu", report_signed(median[high]),
		 (unsigned long long)offset[high]);
}

/* What the best and the worst placement cost, of the code within its line and of the data in its page. */
static void placement_table(const struct chapter *c)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "context", 0 },
		{ "code, best", DOC_NUMBER | DOC_WIDE },
		{ "worst", DOC_NUMBER | DOC_WIDE },
		{ "data, best", DOC_NUMBER },
		{ "worst", DOC_NUMBER },
	};
	static const enum egpr_context shown[] = { EGPR_CONTEXT_PACKED, EGPR_CONTEXT_APART };
	unsigned int i, x;
	char id[64];

	snprintf(id, sizeof(id), "placement-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Median difference to none in TSC ticks at the best and at the worst placement: of "
		"the code, bytes behind the start of a cache line; of the data, bytes from the line "
		"of the stack that the calls write, modulo 4096, where 0 is the alias.");
	for (i = 0; i < c->strategies; i++) {
		for (x = 0; x < sizeof(shown) / sizeof(*shown); x++) {
			size_t row;

			shift_of(c->t, &c->f, id_of(shown[x]), c->strategy[i], &whole, &row);
			if (row == c->t->rows)
				continue;
			doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->strategy[i]);
			doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", id_of(shown[x]));
			placement_cells(c, row, EGPR_SAMPLES_offset);
			placement_cells(c, row, EGPR_SAMPLES_data_offset);
		}
	}
}

/* TSC ticks that the plan's first margin is in a context. */
static double first_margin(const struct chapter *c, const struct context *x)
{
	const cJSON *plan = cJSON_GetObjectItemCaseSensitive(c->r->run->meta, RUNDIR_PLAN);
	const cJSON *margins = cJSON_GetObjectItemCaseSensitive(plan, "margins");
	struct report_filter one = c->f;
	size_t row;

	one.context = x->id;
	one.strategy = egpr_strategies[EGPR_STRATEGY_none_b].id;
	one.margin = cJSON_GetStringValue(cJSON_GetArrayItem(margins, 0));
	row = report_next(c->t, 0, &one);
	return row < c->t->rows ? csv_real(c->t, row, EGPR_VERDICTS_margin) : NAN;
}

/* What the row claims of A/A, and whether the interval keeps it. */
static void aa_claim(const struct chapter *c, const struct context *x, struct shift aa)
{
	double within = x->aa == EGPR_AA_PLAN ? first_margin(c, x) : x->aa;
	bool keeps = -within < aa.low && aa.high < within;

	if (x->aa == EGPR_AA_NOTHING)
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "nothing");
	else if (isnan(aa.low) || isnan(within))
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", "");
	else
		doc_cell(&c->r->doc, keeps ? DOC_GOOD : DOC_OPEN, NULL, "within %s%s",
			 report_number(within), keeps ? "" : ": not shown");
}

static void ten_claim(const struct chapter *c, const struct context *x, struct shift ten)
{
	if (!x->ten)
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 x->timed == EGPR_TIMED_FETCH
				 ? "no: late code hides a delay, so none is injected"
				 : "no");
	else
		doc_cell(&c->r->doc, ten.low > 0 ? DOC_GOOD : DOC_OPEN, NULL, "%s",
			 isnan(ten.low) ? "yes; not measured"
			 : ten.low > 0	? "yes"
					: "yes: not found");
}

/* The ruler itself: what it reads where nothing differs, and where ten cycles do. */
static void ruler_table(const struct chapter *c)
{
	static const struct doc_column columns[] = {
		{ "context", 0 },
		{ "timed", DOC_WIDE },
		{ "none", DOC_NUMBER | DOC_WIDE },
		{ "A/A", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "claimed", DOC_NUMBER },
		{ "delay-10", DOC_NUMBER },
		{ "95 %", DOC_NUMBER },
		{ "claimed", 0 },
	};
	static const char *const timed[] = {
		[EGPR_TIMED_BATCH] = "batch from end to end",
		[EGPR_TIMED_HALVES] = "each half, summed over a batch",
		[EGPR_TIMED_FETCH] = "likewise, called so that nothing is fetched ahead",
		[EGPR_TIMED_ONCE] = "each half after a preparation, summed over a batch",
		[EGPR_TIMED_EXITS] = "each exit, by the guest, summed over a batch",
	};
	unsigned int x;
	char id[64];

	snprintf(id, sizeof(id), "ruler-%s-%s", c->g.layer, c->g.provenance);
	doc_table(
		&c->r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"What a round of none takes in each context, and what is read where nothing differs (%s against none) and where ten "
		"core cycles do (delay-10 against delay-0), TSC ticks. A run in which a context does not show what it claims is unsound.",
		egpr_strategies[EGPR_STRATEGY_none_b].id);
	for (x = 0; x < c->contexts; x++) {
		size_t aa_row, row;
		struct shift aa = shift_of(c->t, &c->f, c->context[x],
					   egpr_strategies[EGPR_STRATEGY_none_b].id, &whole,
					   &aa_row);
		struct shift ten = shift_of(c->t, &c->f, c->context[x], "delay-10", &whole, &row);

		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s", c->context[x]);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 timed[context_find(c->context[x])->timed]);
		doc_cell(&c->r->doc, DOC_PLAIN, NULL, "%s",
			 aa_row == c->t->rows
				 ? ""
				 : report_number(csv_real(c->t, aa_row, EGPR_VERDICTS_base_p50)));
		shift_cells(c->r, c->t, aa_row, aa);
		aa_claim(c, context_find(c->context[x]), aa);
		shift_cells(c->r, c->t, row, ten);
		ten_claim(c, context_find(c->context[x]), ten);
	}
}

/* The exit kind that was measured in most contexts, or "none". */
static const char *kind_of(const struct chapter *c)
{
	const char *kinds[MAX_KINDS], *best = NULL, *contexts[EGPR_NR_CONTEXTS];
	unsigned int k, most = 0,
			n = report_values(c->t, EGPR_COL_exit_kind, &c->f, kinds, MAX_KINDS);

	for (k = 0; k < n; k++) {
		struct report_filter f = c->f;
		unsigned int found;

		f.exit_kind = kinds[k];
		found = report_values(c->t, EGPR_COL_context, &f, contexts, EGPR_NR_CONTEXTS);
		if (found > most) {
			most = found;
			best = kinds[k];
		}
	}
	return best;
}

static void chapter(struct report *r, const struct report_group *g)
{
	struct chapter c = { .r = r, .t = &r->run->table[EGPR_CSV_VERDICTS], .g = *g };
	const char *ids[MAX_STRATEGIES];
	unsigned int i, n;
	char id[64];

	c.g.context = NULL;
	c.f = report_filter_of(&c.g);
	c.f.exit_kind = kind_of(&c);
	c.f.state = report_main_state(c.t, &c.f);
	c.contexts = report_values(c.t, EGPR_COL_context, &c.f, c.context, EGPR_NR_CONTEXTS);
	if (c.contexts < 2)
		return;
	n = report_values(c.t, EGPR_COL_strategy, &c.f, ids, MAX_STRATEGIES);
	for (i = 0; i < n; i++) {
		if (report_is_switch(ids[i]))
			c.strategy[c.strategies++] = ids[i];
	}
	snprintf(id, sizeof(id), "contexts-of-%s-%s", g->layer, g->provenance);
	doc_heading(&r->doc, 2, id, "Cost against context, layer %s (%s)", g->layer, g->provenance);
	for (i = 0; i < c.contexts; i++)
		doc_para(&r->doc, "%s: %s.", c.context[i], context_find(c.context[i])->text);
	picture(&c);
	cost_table(&c);
	halves_table(&c);
	use_table(&c);
	dram_table(&c);
	placement_table(&c);
	ruler_table(&c);
}

void report_contexts(struct report *r)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, k, n = report_groups(r->run, groups);

	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++) {
			if (!strcmp(groups[k].layer, groups[i].layer) &&
			    !strcmp(groups[k].provenance, groups[i].provenance))
				break;
		}
		if (k == i)
			chapter(r, &groups[i]);
	}
	levels_table(r);
}

bool report_answers(const struct rundir_data *run, const struct report_group *g)
{
	struct report_filter apart = { .provenance = g->provenance,
				       .layer = g->layer,
				       .context = id_of(EGPR_CONTEXT_APART) };
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	int layer = axis_find(egpr_layers, EGPR_NR_LAYERS, g->layer);

	if (!strcmp(g->context, id_of(EGPR_CONTEXT_APART)) ||
	    !strcmp(g->context, id_of(EGPR_CONTEXT_LEGACY_WARM)))
		return true;
	return !strcmp(g->context, context_default((enum egpr_layer)layer)->id) &&
	       report_next(t, 0, &apart) == t->rows;
}
