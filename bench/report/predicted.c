// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a static model says of every strategy and CPU model: from model.csv, provenance `model`.
 */
#include <string.h>

#include "predicted.h"

#define MAX_CPUS  32
#define MAX_ARMS  64
#define ROW_BYTES 64

size_t predicted_row(const struct csv_table *t, const char *form, const char *cpu,
		     const char *strategy)
{
	size_t row;

	for (row = 0; row < t->rows; row++) {
		if (!strcmp(csv_text(t, row, EGPR_MODEL_form), form) &&
		    !strcmp(csv_text(t, row, EGPR_MODEL_cpu), cpu) &&
		    !strcmp(csv_text(t, row, EGPR_COL_strategy), strategy))
			break;
	}
	return row;
}

const char *predicted_cpu(const struct csv_table *t)
{
	size_t row;

	for (row = 0; row < t->rows; row++) {
		if (!strcmp(csv_text(t, row, EGPR_MODEL_this_cpu), "yes"))
			return csv_text(t, row, EGPR_MODEL_cpu);
	}
	return NULL;
}

/* CPU models with figures of a form, the host's own first. Return: how many. */
static unsigned int cpus_of(const struct csv_table *t, const char *form, const char **cpus)
{
	const char *here = predicted_cpu(t);
	unsigned int i, n = 0;
	size_t row;

	if (here && predicted_row(t, form, here, "none") < t->rows &&
	    !*csv_text(t, predicted_row(t, form, here, "none"), EGPR_MODEL_reason))
		cpus[n++] = here;
	for (row = 0; row < t->rows && n < MAX_CPUS; row++) {
		const char *cpu = csv_text(t, row, EGPR_MODEL_cpu);

		if (strcmp(csv_text(t, row, EGPR_MODEL_form), form) ||
		    *csv_text(t, row, EGPR_MODEL_reason))
			continue;
		for (i = 0; i < n && strcmp(cpus[i], cpu); i++)
			;
		if (i == n)
			cpus[n++] = cpu;
	}
	return n;
}

static void figure(struct report *r, const struct csv_table *t, size_t row)
{
	char text[ROW_BYTES];

	if (row == t->rows || *csv_text(t, row, EGPR_MODEL_reason)) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", "");
		return;
	}
	snprintf(text, sizeof(text), "%s / %s%s",
		 report_signed(csv_real(t, row, EGPR_MODEL_over_none)),
		 report_number(csv_real(t, row, EGPR_MODEL_rthroughput)),
		 *csv_text(t, row, EGPR_MODEL_not_modelled) ? " ?" : "");
	doc_cell(&r->doc, DOC_PLAIN, RUNDIR_MODEL, "%s", text);
}

static void form_table(struct report *r, const struct csv_table *t, const char *form)
{
	struct report_filter all = { 0 };
	const char *cpus[MAX_CPUS], *strategies[MAX_ARMS];
	struct doc_column head[1 + MAX_CPUS] = { { "strategy", 0 } };
	unsigned int i, k, n = cpus_of(t, form, cpus);
	unsigned int arms = report_values(t, EGPR_COL_strategy, &all, strategies, MAX_ARMS);
	char id[64];

	if (!n)
		return;
	for (i = 0; i < n; i++)
		head[1 + i] = (struct doc_column){ cpus[i], DOC_NUMBER | (i ? DOC_WIDE : 0) };
	snprintf(id, sizeof(id), "predicted-%s", form);
	doc_table(
		&r->doc, id, head, 1 + n,
		"Form %s (model: %s): core cycles of both halves alone over none, and their "
		"reciprocal throughput. ?: with LLVM's placeholder of 100 cycles for what it has "
		"no model of.%s",
		form, csv_text(t, 0, EGPR_MODEL_tool),
		strcmp(form, "hw")
			? ""
			: " None of these CPUs has APX: each is modelled as if its legacy units took r16 to r31.");
	for (k = 0; k < arms; k++) {
		if (!report_is_switch(strategies[k]))
			continue;
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", strategies[k]);
		for (i = 0; i < n; i++)
			figure(r, t, predicted_row(t, form, cpus[i], strategies[k]));
	}
}

/* What has no figures, by reason. */
static void reasons(struct report *r, const struct csv_table *t)
{
	static const struct doc_column columns[] = { { "rows", DOC_NUMBER }, { "why", 0 } };
	const struct report_filter all = { 0 };
	const char *why[MAX_ARMS];
	unsigned int i, count, n = report_values(t, EGPR_MODEL_reason, &all, why, MAX_ARMS);
	size_t row;

	if (n < 2 && (!n || !*why[0]))
		return;
	doc_table(&r->doc, "predicted-without", columns, 2,
		  "Rows of " RUNDIR_MODEL " without figures, by reason.");
	for (i = 0; i < n; i++) {
		for (row = count = 0; row < t->rows; row++)
			count += !strcmp(csv_text(t, row, EGPR_MODEL_reason), why[i]);
		if (!*why[i])
			continue;
		doc_cell(&r->doc, DOC_PLAIN, RUNDIR_MODEL, "%u", count);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", why[i]);
	}
}

void report_predicted(struct report *r)
{
	const struct csv_table *t = &r->model;
	struct data_error e;
	int ret = model_load(r->run, &r->model, &e);

	doc_heading(&r->doc, 2, "predicted", "Static model: predicted against measured");
	if (ret == EGPR_SKIPPED) {
		doc_para(&r->doc, "Not asked: %s.", e.text);
		return;
	}
	if (ret) {
		doc_alert(&r->doc, DOC_BAD, "The static model is not shown: %s.", e.text);
		return;
	}
	doc_para(&r->doc,
		 "llvm-mca simulates the sequences from LLVM's tables of units and latencies; "
		 "nothing runs. Alone means one iteration, from the dispatch of its first "
		 "instruction to the retirement of its last in an empty pipeline: that is how a "
		 "half stands between two serialising points. The reciprocal throughput is what "
		 "units and dispatch demand when the sequence is repeated for ever, so no latency; "
		 "a cost beside other code lies between the two.");
	predicted_pairs(r, t);
	form_table(r, t, "proxy");
	form_table(r, t, "hw");
	reasons(r, t);
}
