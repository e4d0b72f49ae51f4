// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the static model predicts, beside what was measured. The two meet in one table here and
 * nowhere else; no verdict knows of it.
 *
 * The model speaks of core cycles over `none`, so what was measured is put in core cycles too, by
 * the TSC ticks per core cycle that the cell found.
 */
#include <math.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/context.h>
#include "predicted.h"

#define NEAR	0.2 /* of what was measured */
#define NOTHING 1.0 /* core cycle: below it on both sides nothing is compared */

/*
 * struct part - what is compared: where the model and the verdicts have it
 * @name: of it
 * @model: column of model.csv; the baseline's is subtracted
 * @floor: likewise, its reciprocal throughput
 * @diff, @low, @high: columns of verdicts.csv
 */
struct part {
	const char *name;
	unsigned int model, floor;
	unsigned int diff, low, high;
};

static const struct part alone[] = {
	{ "exit half", EGPR_MODEL_exit_cycles, EGPR_MODEL_exit_rthroughput, EGPR_VERDICTS_exit_diff,
	  EGPR_VERDICTS_exit_low, EGPR_VERDICTS_exit_high },
	{ "entry half", EGPR_MODEL_entry_cycles, EGPR_MODEL_entry_rthroughput,
	  EGPR_VERDICTS_entry_diff, EGPR_VERDICTS_entry_low, EGPR_VERDICTS_entry_high },
	{ "sum", EGPR_MODEL_cycles, EGPR_MODEL_rthroughput, EGPR_VERDICTS_diff,
	  EGPR_VERDICTS_diff_low, EGPR_VERDICTS_diff_high },
};
static const struct part rounds[] = {
	{ "round", EGPR_MODEL_round_cycles, EGPR_MODEL_rthroughput, EGPR_VERDICTS_diff,
	  EGPR_VERDICTS_diff_low, EGPR_VERDICTS_diff_high },
};

/* What a model of one iteration is held against: halves that stand alone; without them, rounds. */
static const enum egpr_context wanted[] = { EGPR_CONTEXT_APART, EGPR_CONTEXT_PACKED };

/*
 * struct pairing - what the chapter goes by
 * @model: model.csv
 * @f: the comparisons that were measured
 * @cpu: scheduling model of the CPU that measured
 * @per: TSC ticks per core cycle
 * @pairs, @near: counted, of sequences that the model knows
 * @guessed, @guessed_near: the same of those with an instruction that it has no model of
 */
struct pairing {
	const struct csv_table *model;
	struct report_filter f;
	const char *cpu;
	double per;
	unsigned int pairs, near, guessed, guessed_near;
};

/* The first of the contexts above that was measured, into the filter; NULL where none was. */
static const char *choose_context(const struct csv_table *t, struct report_filter *f)
{
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		f->context = egpr_contexts[wanted[i]].id;
		if (report_next(t, 0, f) < t->rows)
			return f->context;
	}
	f->context = NULL;
	return NULL;
}

/* TSC ticks per core cycle of the cell; NaN where the run did not keep it. */
static double ticks_per_cycle(const struct report *r, const struct pairing *p)
{
	const char *mark = context_mark(p->f.layer, p->f.context);
	const cJSON *c, *per;
	char name[96];

	snprintf(name, sizeof(name), "%s/none/%s%s%s", p->f.layer, p->f.state, mark,
		 *mark ? p->f.context : "");
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_CELLS)) {
		const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name"));

		per = cJSON_GetObjectItemCaseSensitive(c, "tsc_per_core_cycle");
		if (is && !strcmp(is, name) && cJSON_IsNumber(per) && per->valuedouble > 0)
			return per->valuedouble;
	}
	return NAN;
}

/* A figure of a row over that of `none`; NaN where one of them is missing. */
static double over_none(const struct pairing *p, size_t row, unsigned int column)
{
	size_t none = predicted_row(p->model, "proxy", p->cpu, "none");

	return none == p->model->rows
		       ? NAN
		       : csv_real(p->model, row, column) - csv_real(p->model, none, column);
}

static bool is_guess(const struct pairing *p, size_t row)
{
	return *csv_text(p->model, row, EGPR_MODEL_not_modelled);
}

/* Why the two differ, so far as the figures show it. */
static void left_out(const struct pairing *p, const struct part *part, size_t row, double measured,
		     char *text, size_t size)
{
	const struct egpr_strategy *s =
		egpr_strategy_find(csv_text(p->model, row, EGPR_COL_strategy), NULL);
	double predicted = over_none(p, row, part->model), floor = over_none(p, row, part->floor);
	unsigned int needs = s ? s->needs : 0;

	if (is_guess(p, row))
		snprintf(text, size, "no model of %s: 100 cycles are a placeholder",
			 csv_text(p->model, row, EGPR_MODEL_not_modelled));
	else if (needs & EGPR_MOVES_FENCE && predicted < measured)
		snprintf(text, size, "LFENCE holds back loads in the model, everything in the CPU");
	else if (needs & EGPR_MOVES_PAIRS && predicted - floor > floor)
		snprintf(text, size,
			 "no stack engine: in the model each POP waits for the one before");
	else if (predicted > measured && floor > measured)
		snprintf(text, size,
			 "units alone take %s cycles by LLVM's table: it is too strict, or the "
			 "time hides behind call, return and stamp",
			 report_number(floor));
	else if (predicted > measured)
		snprintf(text, size, "the model lets nothing hide behind call, return and stamp");
	else
		snprintf(text, size,
			 "not in the model: fetch, decode, mispredicted branches, caches, loads "
			 "that wait for a store");
}

static void pair(struct report *r, struct pairing *p, const struct part *part, size_t verdict,
		 size_t row)
{
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	double predicted = over_none(p, row, part->model);
	double measured = csv_real(v, verdict, part->diff) / p->per;
	const char *href = report_href(v, verdict);
	bool counts = fabs(predicted) >= NOTHING || fabs(measured) >= NOTHING;
	bool near = fabs(predicted - measured) <= NEAR * fabs(measured), guess = is_guess(p, row);
	char why[192] = "";

	if (isnan(predicted) || isnan(measured))
		return;
	if (counts) {
		p->pairs += !guess;
		p->near += near && !guess;
		p->guessed += guess;
		p->guessed_near += near && guess;
	}
	if (counts && (guess || !near))
		left_out(p, part, row, measured, why, sizeof(why));
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", csv_text(v, verdict, EGPR_COL_strategy));
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", part->name);
	doc_cell(&r->doc, DOC_PLAIN, RUNDIR_MODEL, "%s%s", report_signed(predicted),
		 guess ? " ?" : "");
	doc_cell(&r->doc, DOC_PLAIN, href, "%s", report_signed(measured));
	doc_cell(&r->doc, DOC_PLAIN, href, "%s",
		 report_interval(csv_real(v, verdict, part->low) / p->per,
				 csv_real(v, verdict, part->high) / p->per));
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", counts ? report_number(predicted / measured) : "");
	doc_cell(&r->doc,
		 counts && near && !guess ? DOC_GOOD
		 : counts		  ? DOC_OPEN
					  : DOC_PLAIN,
		 NULL, "%s",
		 !counts ? "under a cycle"
		 : near	 ? (guess ? "by chance" : "yes")
			 : "no");
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", why);
}

/* How many pairs are near, and what the others are. */
static void tally(struct report *r, const struct pairing *p, unsigned int other)
{
	doc_para(&r->doc, "%u of %u pairs lie within 20 %% of what was measured.%s", p->near,
		 p->pairs,
		 p->pairs > p->near ? " The others are in the table, with what can be said of why."
				    : "");
	if (p->guessed)
		doc_para(
			&r->doc,
			"%u further pairs (?) have an instruction that LLVM has no model of: their "
			"predictions are placeholders of 100 cycles each, and the %u that lie "
			"within 20 %% do so by chance.",
			p->guessed, p->guessed_near);
	if (other)
		doc_para(&r->doc,
			 "%u strategies are not compared: the model was made of other bytes than "
			 "those that were timed.",
			 other);
}

/* Whether the model is of the bytes that were timed. */
static bool same_code(const struct report *r, const struct pairing *p, const char *strategy,
		      size_t row)
{
	const struct csv_table *s = &r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = p->f;
	size_t at;

	f.strategy = strategy;
	at = report_next(s, 0, &f);
	return at < s->rows &&
	       csv_count(s, at, EGPR_SUMMARY_code_bytes_exit) ==
		       csv_count(p->model, row, EGPR_MODEL_exit_bytes) &&
	       csv_count(s, at, EGPR_SUMMARY_code_bytes_entry) ==
		       csv_count(p->model, row, EGPR_MODEL_entry_bytes);
}

static void pairs(struct report *r, struct pairing *p)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "part", 0 },
		{ "predicted", DOC_NUMBER },
		{ "measured", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER | DOC_WIDE },
		{ "predicted/measured", DOC_NUMBER | DOC_WIDE },
		{ "within 20 %", 0 },
		{ "why not", DOC_WIDE },
	};
	bool halves = !strcmp(p->f.context, egpr_contexts[EGPR_CONTEXT_APART].id);
	const struct part *part = halves ? alone : rounds;
	size_t i, n = halves ? sizeof(alone) / sizeof(*alone) : sizeof(rounds) / sizeof(*rounds);
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	unsigned int other = 0;
	size_t verdict, row;

	doc_table(&r->doc, "predicted-table", columns, sizeof(columns) / sizeof(*columns),
		  "Core cycles over none: predicted (model: llvm-mca's %s) and measured (proxy, "
		  "layer prim, state %s, context %s; one core cycle took %s TSC ticks).",
		  p->cpu, p->f.state, p->f.context, report_number(p->per));
	for (verdict = report_next(v, 0, &p->f); verdict < v->rows;
	     verdict = report_next(v, verdict + 1, &p->f)) {
		const char *strategy = csv_text(v, verdict, EGPR_COL_strategy);

		row = predicted_row(p->model, "proxy", p->cpu, strategy);
		if (!report_is_switch(strategy) || row == p->model->rows ||
		    *csv_text(p->model, row, EGPR_MODEL_reason))
			continue;
		if (!same_code(r, p, strategy, row)) {
			other++;
			continue;
		}
		for (i = 0; i < n; i++)
			pair(r, p, &part[i], verdict, row);
	}
	tally(r, p, other);
}

void predicted_pairs(struct report *r, const struct csv_table *model)
{
	const struct csv_table *v = &r->run->table[EGPR_CSV_VERDICTS];
	struct pairing p = { .model = model,
			     .f = { .provenance = "proxy", .layer = "prim", .state = "dirty" },
			     .cpu = predicted_cpu(model) };
	const char *context = choose_context(v, &p.f);

	if (!p.cpu || !context) {
		doc_para(&r->doc, "Not compared with anything: %s.",
			 p.cpu ? "this run measured no proxy in layer prim, state dirty and "
				 "context apart or packed"
			       : "the lab knows no scheduling model of this host's CPU "
				 "(`egprlab model --list`)");
		return;
	}
	/* Each comparison once, whatever the margins. */
	p.f.margin = csv_text(v, report_next(v, 0, &p.f), EGPR_VERDICTS_margin_text);
	p.per = ticks_per_cycle(r, &p);
	if (isnan(p.per)) {
		doc_para(&r->doc, "Not compared with anything: this run did not keep how many TSC "
				  "ticks a core cycle takes.");
		return;
	}
	pairs(r, &p);
}
