// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first screen: the question, what kind of evidence this is, whether the run
 * is sound, and the answer.
 */
#include <math.h>
#include <string.h>

#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include <bench/rundir/launches.h>
#include "report.h"

#define MAX_STRATEGIES 64
#define MAX_KINDS      64

static const char not_recorded[] = "not recorded";

static const char *host_fact(const struct report *r, const char *key)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_HOST);
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(host, key));

	return s ? s : not_recorded;
}

static bool has_provenance(const struct rundir_data *run, const char *id)
{
	const struct report_filter f = { .provenance = id };

	return report_next(&run->table[EGPR_CSV_SUMMARY], 0, &f) <
		       run->table[EGPR_CSV_SUMMARY].rows ||
	       report_next(&run->table[EGPR_CSV_PROOFS], 0, &f) < run->table[EGPR_CSV_PROOFS].rows;
}

static void first_line(struct report *r)
{
	const cJSON *b = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_BACKEND);
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(b, "id"));
	const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(b, "reason"));
	bool rep = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(b, "representative"));
	struct report_group groups[REPORT_MAX_GROUPS];
	char list[128] = "";
	const char *core = host_fact(r, RUNDIR_CORE_TYPE);
	bool hybrid = strcmp(core, not_recorded) && strcmp(core, "uniform");
	unsigned int i, n;

	for (i = 0; i < EGPR_NR_PROVENANCES; i++) {
		if (has_provenance(r->run, egpr_provenances[i].id))
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
				 *list ? ", " : "", egpr_provenances[i].id);
	}
	doc_para(&r->doc,
		 "Host: %s%s%s, kernel %s. Backend: %s. Provenance: %s. Representative: %s%s%s.",
		 host_fact(r, "cpu_name"), hybrid ? ", core type " : "", hybrid ? core : "",
		 host_fact(r, "kernel_release"), id ? id : "not recorded", *list ? list : "none",
		 rep ? "yes" : "no", why ? ": " : "", why ? why : "");
	n = report_groups(r->run, groups);
	for (i = 0; i < n; i++) {
		if (!strcmp(groups[i].provenance, "proxy")) {
			doc_alert(
				&r->doc, DOC_OPEN,
				"Timings of provenance proxy are those of stand-in sequences on "
				"legacy registers: same length and shape, no APX. They estimate what "
				"the switch costs and bound nothing: too low where REX2 costs decode "
				"slots or component 19 has a slow path, too high where the ignored "
				"prefix is what costs or the XSAVE stand-in is larger than 128 bytes.%s",
				rep ? ""
				    : " This backend's exits are not those of real hardware "
				      "either, so the sequences alone (layer prim) come first.");
			break;
		}
	}
}

static bool is_sound(const struct report *r)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_SOUNDNESS);

	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s, "sound"));
}

/*
 * struct tally - self-checks of one layer, or of all
 */
struct tally {
	unsigned int all, failed;
};

/* Is a check, named "... layer/kind/state@context/...", one of a context? */
static bool is_of_context(const char *what, const char *layer, const char *context)
{
	const char *at = strchr(what, '@');
	size_t n = strlen(context);

	if (!*context_mark(layer, context))
		return !at;
	return at && !strncmp(at + 1, context, n) && (!at[n + 1] || at[n + 1] == '/');
}

/*
 * Counts the checks that name a layer as "... layer/..."; NULL counts all. @context: of it only, unless
 * NULL.
 */
static struct tally tally_of(const struct report *r, const char *layer, const char *context)
{
	const cJSON *s = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_SOUNDNESS);
	const cJSON *c;
	struct tally t = { 0, 0 };
	char mark[64];

	snprintf(mark, sizeof(mark), " %s/", layer ? layer : "");
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(s, "checks")) {
		const char *what =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "check"));
		const char *result =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "result"));

		if (!what || !result || (layer && !strstr(what, mark)) ||
		    (context && !is_of_context(what, layer, context)))
			continue;
		t.all++;
		t.failed += !strcmp(result, "fail");
	}
	return t;
}

static void unsound(struct report *r)
{
	struct tally all = tally_of(r, NULL, NULL), t;
	char layers[256] = "";
	unsigned int i;

	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		t = tally_of(r, egpr_layers[i].id, NULL);
		if (t.all)
			snprintf(layers + strlen(layers), sizeof(layers) - strlen(layers),
				 "%s%s %u of %u", *layers ? ", " : ": ", egpr_layers[i].id,
				 t.failed, t.all);
	}
	doc_alert(&r->doc, DOC_BAD,
		  "UNSOUND: %u of %u self-checks of this run failed%s. Decide nothing by %s; "
		  "see Self-checks.",
		  all.failed, all.all, layers,
		  *layers ? "a layer whose checks failed" : "this run");
}

static const char *text_of(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

const char *report_missing_word(int status)
{
	return status == EGPR_CRASHED	? "CRASHED"
	       : status == EGPR_SKIPPED ? "NOT PROVED"
					: "REFUSED";
}

/* Strategies that a proof kept from being measured, by cell. */
static void refused(struct report *r)
{
	const cJSON *c, *status;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_REFUSED)) {
		const char *name = text_of(c, "name"), *why = text_of(c, "reason");

		status = cJSON_GetObjectItemCaseSensitive(c, "status");
		if (name && why && cJSON_IsNumber(status))
			doc_alert(&r->doc, DOC_BAD, "%s: %s has no numbers: %s.",
				  report_missing_word(status->valueint), name, why);
	}
}

/* Cells that crashed and have no number, by name. */
static void crashes(struct report *r)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_CELLS)) {
		const char *name = text_of(c, "name"), *why = text_of(c, "failed");

		if (name && why && cJSON_HasObjectItem(c, "crashes"))
			doc_alert(&r->doc, DOC_BAD, "CRASHED: %s has no numbers: %s.", name, why);
	}
}

/* An interval without the level of launches says nothing of the next launch. */
static void one_launch(struct report *r)
{
	struct launches l;
	struct data_error e;

	if (!r->run->table[EGPR_CSV_VERDICTS].rows || launch_read(r->run->meta, &l, &e) || l.n > 1)
		return;
	doc_alert(
		&r->doc, DOC_BAD,
		"ONE LAUNCH: what differs from launch to launch is not estimable, so every interval "
		"holds for this launch only, and `egprlab compare` decides nothing by it. "
		"`egprlab run --launches 5` has what it takes.");
}

/* A CPU with APX that was played: proofs of the bytes, and nothing of hardware. */
static void played(struct report *r)
{
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_PLAYED)))
		doc_alert(
			&r->doc, DOC_OPEN,
			"PLAYED: egprlab exec played a CPU with APX. Form hw was proved on it, in "
			"software; nothing was timed and nothing of this is hardware.");
}

/* What must be read before any number: crashed, unsound, unfinished. */
static void warnings(struct report *r)
{
	played(r);
	refused(r);
	crashes(r);
	if (!cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_SOUNDNESS))
		doc_alert(&r->doc, DOC_BAD,
			  "UNSOUND: this run recorded no self-checks. Decide nothing by it.");
	else if (!is_sound(r))
		unsound(r);
	if (strcmp(rundir_meta_text(r->run, RUNDIR_STATE), RUNDIR_COMPLETE))
		doc_alert(
			&r->doc, DOC_BAD,
			"INTERRUPTED: the plan was not finished; `egprlab run --resume %s` goes on.",
			r->run->path);
}

/* One row per strategy: how its comparisons came out, and the worst of them. */
static void answer_counts(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "largest", DOC_NUMBER },
		{ "95 % interval", DOC_NUMBER },
		{ "equal", DOC_NUMBER },
		{ "faster", DOC_NUMBER },
		{ "slower", DOC_NUMBER },
		{ "open", DOC_NUMBER },
		{ "largest at", DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	static const enum doc_tone tones[] = { DOC_GOOD, DOC_GOOD, DOC_BAD, DOC_OPEN };
	const char *strategies[MAX_STRATEGIES];
	unsigned int i, k, n;
	char text[256], id[64];

	snprintf(id, sizeof(id), "answer-%s-%s", g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"How the comparisons of each strategy with none came out, over exit kinds and guest "
		"states, and the largest difference in TSC ticks per exit and entry. equal: "
		"equivalent within %s; open: inconclusive. (%s)",
		g->margin, report_group_text(r->run, g, text, sizeof(text)));
	n = report_values(t, EGPR_COL_strategy, &f, strategies, MAX_STRATEGIES);
	for (i = 0; i < n; i++) {
		unsigned int count[4] = { 0 };
		size_t row, first, worst;
		double most = -INFINITY;

		if (!report_is_switch(strategies[i]))
			continue;
		f.strategy = strategies[i];
		first = worst = report_next(t, 0, &f);
		for (row = first; row < t->rows; row = report_next(t, row + 1, &f)) {
			count[report_verdict_index(csv_text(t, row, EGPR_VERDICTS_verdict)) - 1]++;
			if (csv_real(t, row, EGPR_VERDICTS_diff) > most) {
				most = csv_real(t, row, EGPR_VERDICTS_diff);
				worst = row;
			}
		}
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", strategies[i]);
		doc_cell(&r->doc, DOC_PLAIN, report_href(t, worst), "%s",
			 report_signed(csv_real(t, worst, EGPR_VERDICTS_diff)));
		doc_cell(&r->doc, DOC_PLAIN, report_href(t, worst), "%s",
			 report_interval(csv_real(t, worst, EGPR_VERDICTS_diff_low),
					 csv_real(t, worst, EGPR_VERDICTS_diff_high)));
		for (k = 0; k < 4; k++)
			doc_cell(&r->doc, count[k] ? tones[k] : DOC_PLAIN, report_href(t, first),
				 "%u", count[k]);
		if (strcmp(csv_text(t, worst, EGPR_COL_exit_kind), "none"))
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s (%s)",
				 csv_text(t, worst, EGPR_COL_exit_kind),
				 csv_text(t, worst, EGPR_COL_guest_state));
		else
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s",
				 csv_text(t, worst, EGPR_COL_guest_state));
	}
}

static void matrix_cell(struct report *r, struct report_filter *f)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	size_t row = report_next(t, 0, f);
	const char *verdict;

	if (row == t->rows) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "not measured");
		return;
	}
	verdict = csv_text(t, row, EGPR_VERDICTS_verdict);
	doc_cell(&r->doc, report_tone(verdict), report_href(t, row), "%s %s %s", verdict,
		 report_signed(csv_real(t, row, EGPR_VERDICTS_diff)),
		 report_interval(csv_real(t, row, EGPR_VERDICTS_diff_low),
				 csv_real(t, row, EGPR_VERDICTS_diff_high)));
}

static bool has_switch(const struct csv_table *t, const struct report_filter *f)
{
	size_t row;

	for (row = report_next(t, 0, f); row < t->rows; row = report_next(t, row + 1, f)) {
		if (report_is_switch(csv_text(t, row, EGPR_COL_strategy)))
			return true;
	}
	return false;
}

/* Exit kind by strategy, for the state with the most to switch that was measured. */
static void answer_matrix(struct report *r, const struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	struct doc_column columns[MAX_STRATEGIES + 1] = { { "exit kind", 0 } };
	const char *strategies[MAX_STRATEGIES], *kinds[MAX_KINDS];
	unsigned int i, k, n, all, nkinds = 0, ncolumns = 1;
	char text[256], id[64];
	bool own = false;

	f.state = report_main_state(t, &f);
	all = report_values(t, EGPR_COL_exit_kind, &f, kinds, MAX_KINDS);
	for (k = 0; k < all; k++) {
		f.exit_kind = kinds[k];
		if (has_switch(t, &f))
			kinds[nkinds++] = kinds[k];
	}
	f.exit_kind = NULL;
	n = report_values(t, EGPR_COL_strategy, &f, strategies, MAX_STRATEGIES);
	for (i = 0; i < n; i++) {
		if (report_is_switch(strategies[i]))
			columns[ncolumns++] = (struct doc_column){ strategies[i], DOC_WIDE };
	}
	if (ncolumns < 2 || !strcmp(kinds[0], "none"))
		return;
	snprintf(id, sizeof(id), "matrix-%s-%s", g->place, g->provenance);
	doc_table(&r->doc, id, columns, ncolumns,
		  "Verdict per exit kind and strategy, difference to none in TSC ticks with its "
		  "95 %% interval; margin %s, guest state %s (%s).",
		  g->margin, f.state, report_group_text(r->run, g, text, sizeof(text)));
	for (i = 1; i < ncolumns; i++)
		own |= !strcmp(columns[i].name, egpr_strategies[EGPR_STRATEGY_kvm_own].id);
	for (k = 0; k < nkinds; k++) {
		f.exit_kind = kinds[k];
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", kinds[k]);
		for (i = 1; i < ncolumns; i++) {
			f.strategy = columns[i].name;
			matrix_cell(r, &f);
		}
	}
	if (own)
		doc_para(&r->doc,
			 "%s is what KVM itself takes for a guest that uses APX: its difference "
			 "is to none with guest state off.",
			 egpr_strategies[EGPR_STRATEGY_kvm_own].id);
	if (all > nkinds)
		doc_para(&r->doc,
			 "%u further exit kinds were measured without any switch; their latency is "
			 "in the chapter of the layer.",
			 all - nkinds);
}

/* The answer of a group in a sentence: outcomes, cheapest and dearest. */
static void answer_words(struct report *r, const struct report_group *g)
{
	static const char *const words[] = { "equivalent", "faster", "slower", "inconclusive" };
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	size_t row, low = t->rows, high = t->rows;
	unsigned int i, count[4] = { 0 }, total = 0;
	char list[160] = "";

	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		double diff = csv_real(t, row, EGPR_VERDICTS_diff);

		if (!report_is_switch(csv_text(t, row, EGPR_COL_strategy)) || isnan(diff))
			continue;
		total++;
		count[report_verdict_index(csv_text(t, row, EGPR_VERDICTS_verdict)) - 1]++;
		if (low == t->rows || diff < csv_real(t, low, EGPR_VERDICTS_diff))
			low = row;
		if (high == t->rows || diff > csv_real(t, high, EGPR_VERDICTS_diff))
			high = row;
	}
	if (!total)
		return;
	for (i = 0; i < 4; i++) {
		if (count[i])
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%u %s",
				 *list ? ", " : "", count[i], words[i]);
	}
	doc_para(
		&r->doc,
		"%u comparisons with none, over exit kinds and guest states, by margin %s: %s. Smallest "
		"difference: %s with %s TSC ticks %s; largest: %s with %s TSC ticks %s.",
		total, g->margin, list, csv_text(t, low, EGPR_COL_strategy),
		report_signed(csv_real(t, low, EGPR_VERDICTS_diff)),
		report_interval(csv_real(t, low, EGPR_VERDICTS_diff_low),
				csv_real(t, low, EGPR_VERDICTS_diff_high)),
		csv_text(t, high, EGPR_COL_strategy),
		report_signed(csv_real(t, high, EGPR_VERDICTS_diff)),
		report_interval(csv_real(t, high, EGPR_VERDICTS_diff_low),
				csv_real(t, high, EGPR_VERDICTS_diff_high)));
}

/* How far the plain gated switch is from none at most, in its context. */
static void within_words(struct report *r, const struct report_group *g)
{
	const char *strategy = egpr_strategies[EGPR_STRATEGY_gated_mov_disp8].id;
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	const char *kinds[2];
	size_t row;

	f.strategy = strategy;
	f.state = report_main_state(t, &f);
	row = report_next(t, 0, &f);
	/* One number for one kind of exit. */
	if (row == t->rows || report_values(t, EGPR_COL_exit_kind, &f, kinds, 2) > 1 ||
	    isnan(csv_real(t, row, EGPR_VERDICTS_smallest_margin)))
		return;
	doc_para(&r->doc,
		 "In context %s (%s) %s is within %s TSC ticks of none by the test of equivalence, "
		 "guest state %s.",
		 g->context, context_find(g->context)->text, strategy,
		 report_number(csv_real(t, row, EGPR_VERDICTS_smallest_margin)), f.state);
}

void report_answer(struct report *r, const struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	int layer = axis_find(egpr_layers, EGPR_NR_LAYERS, g->layer);
	struct tally t_layer;
	char id[64];

	if (report_next(t, 0, &f) == t->rows)
		return;
	snprintf(id, sizeof(id), "answer-of-%s-%s", g->place, g->provenance);
	doc_heading(&r->doc, 3, id, "Layer %s, context %s, %s: %s", g->layer, g->context,
		    g->provenance, egpr_layers[layer].text);
	t_layer = tally_of(r, g->layer, g->context);
	if (t_layer.failed)
		doc_alert(
			&r->doc, DOC_BAD,
			"%u of %u self-checks of layer %s, context %s failed: its comparisons decide nothing.",
			t_layer.failed, t_layer.all, g->layer, g->context);
	within_words(r, g);
	answer_words(r, g);
	answer_counts(r, g);
	answer_matrix(r, g);
}

/* Correctness before speed: how the state proofs came out. */
static void proofs_words(struct report *r)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_PROOFS];
	size_t row, failed = 0;
	bool ended =
		!cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_REFUSED));

	for (row = 0; row < t->rows; row++)
		failed += strcmp(csv_text(t, row, EGPR_PROOFS_result), "pass") != 0;
	if (failed)
		doc_alert(
			&r->doc, DOC_BAD,
			"%zu of %zu state proofs failed: a strategy loses or leaks registers. See "
			"State proofs.",
			failed, t->rows);
	else if (t->rows)
		doc_para(&r->doc,
			 "State proofs: all %zu%s passed: no register was lost or leaked in the "
			 "exits that they made. See State proofs.",
			 t->rows, ended ? "" : " that came to an end");
}

void report_front(struct report *r)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(r->run, groups);

	doc_heading(&r->doc, 1, "title", "What does switching r16-r31 cost at each VM exit?");
	warnings(r);
	report_screen(r);
	first_line(r);
	one_launch(r);
	doc_para(&r->doc,
		 "The question: what does each way of switching r16-r31 at VM entry and exit cost, "
		 "for each kind of exit, and is the difference in the noise?%s",
		 is_sound(r) ? " The run's own checks held (see Self-checks)." : "");
	doc_heading(&r->doc, 2, "answer", "Answer");
	proofs_words(r);
	for (i = 0; i < n; i++) {
		if (report_answers(r->run, &groups[i]))
			report_answer(r, &groups[i]);
	}
	if (!n && r->run->table[EGPR_CSV_SUMMARY].rows)
		doc_para(&r->doc,
			 "No layer was part of this run, so no switch was timed. What it says "
			 "of its groups is under The posts.");
	else if (!n)
		doc_para(&r->doc, "This run carries no timing; what did not run is under Skipped.");
	else if (!r->run->table[EGPR_CSV_VERDICTS].rows)
		doc_para(&r->doc, "This run compared nothing: verdicts.csv is empty.");
}
