// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was counted beside the clock: core cycles where there is a PMU, and what
 * disturbed the batches.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define MAX_STRATEGIES 64
#define US_PER_MS      1000.0

/*
 * struct counted - one strategy's batches in a group
 */
struct counted {
	size_t batches, flagged, contended, with_core;
	double cycles, core, exits;	 /* of the batches that carry core cycles */
	double switches, irqs, steal_us; /* NaN where no batch carries them */
};

/* Adds a cell to a sum that is NaN until a cell holds something. */
static void add_known(double *sum, double v)
{
	if (!isnan(v))
		*sum = isnan(*sum) ? v : *sum + v;
}

static struct counted count(const struct csv_table *t, const struct report_filter *f)
{
	struct counted c = { .switches = NAN, .irqs = NAN, .steal_us = NAN };
	size_t row;

	for (row = report_next(t, 0, f); row < t->rows; row = report_next(t, row + 1, f)) {
		double core = csv_real(t, row, EGPR_SAMPLES_core_cycles);

		c.batches++;
		c.flagged += *csv_text(t, row, EGPR_SAMPLES_flags) != '\0';
		c.contended += strstr(csv_text(t, row, EGPR_SAMPLES_flags), EGPR_FLAG_CONTENDED) !=
			       NULL;
		add_known(&c.switches, csv_real(t, row, EGPR_SAMPLES_ctx_switches));
		add_known(&c.irqs, csv_real(t, row, EGPR_SAMPLES_irqs));
		add_known(&c.steal_us, csv_real(t, row, EGPR_SAMPLES_steal_us));
		if (isnan(core))
			continue;
		c.with_core++;
		c.core += core;
		c.cycles += csv_real(t, row, EGPR_SAMPLES_cycles);
		c.exits += csv_real(t, row, EGPR_SAMPLES_exits);
	}
	return c;
}

/* A count as text, "unknown" where nobody counted. */
static const char *whole(double v)
{
	static char text[2][32];
	static unsigned int next;
	char *b = text[next++ % 2];

	if (isnan(v))
		return "unknown";
	snprintf(b, sizeof(text[0]), "%.0f", v);
	return b;
}

static size_t counters_of(struct report *r, const struct report_group *g)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "batches", DOC_NUMBER },
		{ "flagged", DOC_NUMBER },
		{ "contended", DOC_NUMBER },
		{ "ctx sw.", DOC_NUMBER },
		{ "irqs", DOC_NUMBER },
		{ "steal ms", DOC_NUMBER },
		{ "core cycles per exit", DOC_NUMBER | DOC_WIDE },
		{ "TSC per core cycle", DOC_NUMBER | DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_SAMPLES];
	struct report_filter f = report_filter_of(g);
	const char *strategies[MAX_STRATEGIES];
	char text[256], id[64];
	size_t with_core = 0;
	unsigned int i, n;

	n = report_values(t, EGPR_COL_strategy, &f, strategies, MAX_STRATEGIES);
	if (!n)
		return 0;
	snprintf(id, sizeof(id), "counters-%s-%s", g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Layer %s, context %s: batches, those flagged as disturbed, and what disturbed them. Flagged "
		"batches stay in. (%s)",
		g->layer, g->context, report_group_text(r->run, g, text, sizeof(text)));
	for (i = 0; i < n; i++) {
		struct counted c;

		f.strategy = strategies[i];
		c = count(t, &f);
		with_core += c.with_core;
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", strategies[i]);
		doc_cell(&r->doc, DOC_PLAIN, report_href(t, report_next(t, 0, &f)), "%zu",
			 c.batches);
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%zu", c.flagged);
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%zu", c.contended);
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%s", whole(c.switches));
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%s", whole(c.irqs));
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%s",
			 report_number(c.steal_us / US_PER_MS));
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%s",
			 c.with_core ? report_number(c.core / c.exits) : "not available");
		doc_cell(&r->doc, DOC_PLAIN, t->schema->name, "%s",
			 c.with_core ? report_number(c.cycles / c.core) : "not available");
	}
	return with_core;
}

void report_counters(struct report *r)
{
	const char *why = rundir_meta_text(r->run, RUNDIR_NO_CORE);
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(r->run, groups);
	size_t with_core = 0;

	if (!n)
		return;
	doc_heading(&r->doc, 2, "counters", "Counters");
	for (i = 0; i < n; i++)
		with_core += counters_of(r, &groups[i]);
	if (!with_core)
		doc_para(&r->doc,
			 "Core cycles are not available: %s. So frequency changes cannot be told "
			 "from differences in work.",
			 *why ? why : "this run had no PMU");
}
