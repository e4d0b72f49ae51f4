// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the arms of a cell execute, looked at between opening it and its first batch: in the very
 * copies that are timed next. An arm that executes something else than its row of the table
 * demands has no number.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bench/host/pmu.h>
#include <bench/measure/guard.h>
#include <bench/proof/trace.h>
#include "run.h"

#define COUNTED_ROUNDS 256
#define TRACED_OFFSET  0

/* Retired instructions of a batch. Return: 0; -1 where the counter gave none; another status. */
static int count_batch(const struct cell *c, void *run, struct egpr_pmu *pmu, unsigned int arm,
		       uint32_t exits, double *count, struct data_error *e)
{
	struct layer_batch b = { .arm = arm, .layout = TRACED_OFFSET, .exits = exits };
	uint64_t before, after;
	int ret;

	if (egpr_pmu_read(pmu, &before))
		return -1;
	ret = guard_batch(c, run, &b, e);
	if (ret)
		return ret;
	if (egpr_pmu_read(pmu, &after) || after == before)
		return -1;
	*count = (double)(after - before);
	return 0;
}

/* Per round: what twice as many rounds have more. Return: as count_batch(). */
static int count_arm(const struct cell *c, void *run, struct egpr_pmu *pmu, unsigned int arm,
		     double *per, struct data_error *e)
{
	double one, two;
	int ret = count_batch(c, run, pmu, arm, COUNTED_ROUNDS, &one, e);

	if (!ret)
		ret = count_batch(c, run, pmu, arm, 2 * COUNTED_ROUNDS, &two, e);
	if (!ret)
		*per = (two - one) / COUNTED_ROUNDS;
	return ret;
}

/* The CPU's counter beside the trace, where there is one. Return: 0, or a batch's status. */
static int check_counts(struct run_cell *rc, void *run, struct traced *t, struct data_error *e)
{
	static const char *const event[] = { "instructions:user" };
	const struct cell *c = &rc->cell;
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	double per = NAN, base = NAN;
	unsigned int a;
	int ret = 0;

	if (c->ops->module) {
		snprintf(rc->trace.counter, sizeof(rc->trace.counter),
			 "instructions: in the kernel the counter takes those of interrupts along");
		return 0;
	}
	if (egpr_pmu_open(event, 1, &pmu, why)) {
		snprintf(rc->trace.counter, sizeof(rc->trace.counter), "%.*s",
			 (int)sizeof(rc->trace.counter) - 1, why);
		return 0;
	}
	for (a = 0; a < c->nr_arms && !ret; a++) {
		if (t->arm[a].status)
			continue;
		ret = count_arm(c, run, pmu, a, &per, e);
		if (ret < 0)
			break;
		base = a ? base : per;
		if (!ret)
			trace_check_count(c, run, a, per, base, t);
	}
	if (ret < 0)
		snprintf(rc->trace.counter, sizeof(rc->trace.counter),
			 "instructions: the counter can be opened and stands still, or is shared");
	egpr_pmu_close(pmu);
	return ret < 0 ? 0 : ret;
}

/* Arms that failed go to the skips. Return: the mask of them, or -1 without memory. */
static int64_t refuse(struct run *run, struct run_cell *rc, const struct traced *t,
		      struct engine *g, struct data_error *e)
{
	int64_t mask = 0;
	unsigned int a;

	for (a = 0; a < rc->cell.nr_arms; a++) {
		const struct traced_arm *arm = &t->arm[a];
		char reason[sizeof(arm->reason) + 64];

		if (!arm->status)
			continue;
		snprintf(reason, sizeof(reason), "%s%s",
			 arm->status == EGPR_DATA ? "it does not execute what the table says: "
						  : "",
			 arm->reason);
		if (run_skip_add_arm(run, &rc->cell, &rc->cell.arms[a], arm->status, reason)) {
			data_fail(e, EGPR_INTERNAL, "out of memory");
			return -1;
		}
		if (g->dir && run_write_skip(&run->skips[run->nr_skips - 1], g, e))
			return -1;
		mask |= 1ll << a;
	}
	return mask;
}

static void keep(struct run_cell *rc, const struct traced *t)
{
	unsigned int a;

	rc->trace.done = true;
	for (a = 0; a < rc->cell.nr_arms; a++) {
		rc->trace.insns[a] = t->arm[a].r.insns;
		rc->trace.rounds += t->arm[a].r.rounds;
		rc->trace.sites += t->arm[a].r.sites + 1;
	}
}

int run_trace(struct run *run, struct run_cell *rc, void *layer, struct engine *g,
	      struct data_error *e)
{
	struct traced *t = calloc(1, sizeof(*t));
	int64_t refused;
	int ret;

	memset(&rc->trace, 0, sizeof(rc->trace));
	if (!t)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	ret = trace_cell(&rc->cell, layer, TRACED_OFFSET, t, e);
	if (ret == EGPR_SKIPPED) {
		snprintf(rc->trace.why, sizeof(rc->trace.why), "%.*s",
			 (int)sizeof(rc->trace.why) - 1, e->text);
		ret = 0;
		goto out;
	}
	if (!ret || ret == EGPR_DATA || ret == EGPR_CRASHED) {
		int counted = check_counts(rc, layer, t, e);

		ret = counted;
		/* Blocks of a cell have the same arms throughout. */
		refused = ret || rc->r.blocks ? 0 : refuse(run, rc, t, g, e);
		if (refused < 0) {
			ret = EGPR_INTERNAL;
		} else if (refused) {
			rc->trace.refused = (uint64_t)refused;
			ret = EGPR_DATA;
		}
		for (unsigned int a = 0; a < rc->cell.nr_arms && !ret; a++) {
			if (t->arm[a].status)
				ret = data_fail(e, EGPR_CRASHED,
						"arm %s, measured in an earlier launch: %.400s",
						rc->cell.arms[a].id, t->arm[a].reason);
		}
	}
	if (!ret)
		keep(rc, t);
out:
	trace_free(t);
	free(t);
	return ret;
}

void run_drop_refused(struct run_cell *rc)
{
	unsigned int a = rc->cell.nr_arms;

	while (a--) {
		if (rc->trace.refused & 1ull << a)
			run_drop_arm(&rc->cell, a);
	}
	rc->trace.refused = 0;
}

static void add_misses(cJSON *o, const struct run_cell *rc)
{
	cJSON *misses;
	unsigned int a;

	if (*rc->trace.counter)
		cJSON_AddStringToObject(o, RUNDIR_NO_COUNTER, rc->trace.counter);
	misses = cJSON_AddObjectToObject(o, RUNDIR_MISSES);
	for (a = 0; a < rc->cell.nr_arms && !*rc->trace.counter; a++)
		cJSON_AddNumberToObject(misses, rc->cell.arms[a].id, rc->trace.misses[a]);
}

cJSON *run_trace_json(const struct run_cell *rc)
{
	cJSON *o = cJSON_CreateObject(), *insns;
	unsigned int a;

	cJSON_AddBoolToObject(o, "done", rc->trace.done);
	if (*rc->trace.why)
		cJSON_AddStringToObject(o, "why_not", rc->trace.why);
	if (group_of(&rc->cell))
		add_misses(o, rc);
	if (!rc->trace.done)
		return o;
	cJSON_AddNumberToObject(o, "rounds", rc->trace.rounds);
	cJSON_AddNumberToObject(o, "copies", rc->trace.sites);
	insns = cJSON_AddArrayToObject(o, "insns_round");
	for (a = 0; a < rc->cell.nr_arms; a++)
		cJSON_AddItemToArray(insns, cJSON_CreateNumber(rc->trace.insns[a]));
	if (*rc->trace.counter)
		cJSON_AddStringToObject(o, RUNDIR_NO_COUNTER, rc->trace.counter);
	return o;
}

void run_trace_restore(struct run_cell *rc, const cJSON *json)
{
	const cJSON *insns, *why, *rounds, *copies;
	unsigned int a = 0;

	memset(&rc->trace, 0, sizeof(rc->trace));
	rc->trace.done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "done"));
	rounds = cJSON_GetObjectItemCaseSensitive(json, "rounds");
	copies = cJSON_GetObjectItemCaseSensitive(json, "copies");
	why = cJSON_GetObjectItemCaseSensitive(json, "why_not");
	if (cJSON_IsString(why))
		snprintf(rc->trace.why, sizeof(rc->trace.why), "%s", why->valuestring);
	if (cJSON_IsNumber(rounds) && rounds->valueint > 0)
		rc->trace.rounds = (unsigned int)rounds->valueint;
	if (cJSON_IsNumber(copies) && copies->valueint > 0)
		rc->trace.sites = (unsigned int)copies->valueint;
	cJSON_ArrayForEach(insns, cJSON_GetObjectItemCaseSensitive(json, "insns_round")) {
		if (a < rc->cell.nr_arms && cJSON_IsNumber(insns) && insns->valueint > 0)
			rc->trace.insns[a++] = (unsigned int)insns->valueint;
	}
}
