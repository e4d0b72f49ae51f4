// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per cent of a CPU per vCPU and cores per million vCPUs, interval carried through.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "doc.h"

#define MAX_STRATEGIES 64
#define PERCENT	       100

static const char *percent_interval(double low, double high, char *text, size_t size)
{
	snprintf(text, size, "[%+.3g, %+.3g]", low, high);
	return text;
}

static void cost_row(struct report *r, const struct report_group *g, const struct cost_profile *p,
		     const char *strategy, double tsc_hz)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	struct cost_source s = { g->provenance, g->layer, NULL, strategy, g->margin, g->context };
	const char *href;
	struct cost c;
	char text[64];

	f.strategy = strategy;
	s.state = report_main_state(t, &f);
	href = report_href(t, report_next(t, 0, &f));
	if (cost_of(r->run, p, &s, tsc_hz, &c))
		return;
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", strategy);
	doc_cell(&r->doc, DOC_PLAIN, href, "%+.3g", c.percent);
	doc_cell(&r->doc, DOC_PLAIN, href, "%s",
		 percent_interval(c.low, c.high, text, sizeof(text)));
	doc_cell(&r->doc, DOC_PLAIN, href, "%+.0f", c.percent / PERCENT * COST_VCPUS);
	doc_cell(&r->doc, DOC_PLAIN, href, "[%+.0f, %+.0f]", c.low / PERCENT * COST_VCPUS,
		 c.high / PERCENT * COST_VCPUS);
	doc_cell(&r->doc, DOC_PLAIN, NULL, "%.0f %%", PERCENT * c.covered);
}

static void profile_table(struct report *r, const struct report_group *g,
			  const struct cost_profile *p, double tsc_hz)
{
	static const struct doc_column columns[] = {
		{ "strategy", 0 },
		{ "% CPU", DOC_NUMBER },
		{ "interval", DOC_NUMBER },
		{ "cores", DOC_NUMBER },
		{ "of 1e6 vCPUs", DOC_NUMBER },
		{ "exits covered", DOC_NUMBER | DOC_WIDE },
	};
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	const char *strategies[MAX_STRATEGIES];
	char text[256], id[2 * COST_NAME_BYTES];
	unsigned int i, n;
	double all = p->other;

	for (i = 0; i < EGPR_NR_EXIT_KINDS; i++)
		all += p->rate[i];
	snprintf(id, sizeof(id), "cost-%s-%s-%s", p->name, g->place, g->provenance);
	doc_table(
		&r->doc, id, columns, sizeof(columns) / sizeof(*columns),
		"Profile %s (%s: %s; %.0f exits/s per vCPU). Per cent of a CPU per vCPU, cores per "
		"million vCPUs. (%s)",
		p->name, p->kind, p->text, all, report_group_text(r->run, g, text, sizeof(text)));
	n = report_values(t, EGPR_COL_strategy, &f, strategies, MAX_STRATEGIES);
	for (i = 0; i < n; i++) {
		if (report_is_switch(strategies[i]))
			cost_row(r, g, p, strategies[i], tsc_hz);
	}
}

static int shipped(struct report *r, const struct report_group *g, double tsc_hz,
		   struct data_error *e)
{
	char pattern[4096], *dir = cost_profiles_dir();
	struct cost_profile p;
	glob_t found;
	size_t i;
	int ret = 0;

	if (!dir)
		return data_fail(e, EGPR_UNAVAILABLE,
				 "no shipped profiles found; name one by --rates");
	snprintf(pattern, sizeof(pattern), "%s/*.ini", dir);
	free(dir);
	if (glob(pattern, 0, NULL, &found))
		return data_fail(e, EGPR_UNAVAILABLE, "no profile matches %s", pattern);
	for (i = 0; i < found.gl_pathc && !ret; i++) {
		ret = cost_profile_read(found.gl_pathv[i], &p, e);
		if (!ret)
			profile_table(r, g, &p, tsc_hz);
	}
	globfree(&found);
	return ret;
}

int report_cost_of(struct report *r, const struct report_group *g, const char *rates,
		   struct data_error *e)
{
	const cJSON *hz = cJSON_GetObjectItemCaseSensitive(r->run->meta, RUNDIR_TSC_HZ);
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_filter f = report_filter_of(g);
	struct cost_profile p;
	int ret;

	if (!cJSON_IsNumber(hz) || !(hz->valuedouble > 0))
		return data_fail(e, EGPR_DATA,
				 "%s/" RUNDIR_META ": no \"" RUNDIR_TSC_HZ
				 "\", so TSC ticks cannot be turned into shares of a CPU",
				 r->run->path);
	doc_para(
		&r->doc,
		"Exit rates times measured differences of layer %s, context %s, guest state %s, by the TSC's "
		"rate. The ends of an interval are the sums of the ends of the differences' 95 %% intervals. %s",
		g->layer, g->context, report_main_state(t, &f),
		strcmp(g->layer, "prim") && strcmp(g->layer, "ring0")
			? ""
			: "In this layer no guest ran: each exit is charged the sequence alone.");
	if (!rates)
		return shipped(r, g, hz->valuedouble, e);
	ret = cost_profile_read(rates, &p, e);
	if (!ret)
		profile_table(r, g, &p, hz->valuedouble);
	return ret;
}
