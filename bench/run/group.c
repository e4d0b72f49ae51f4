// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a group to cells: one per operation, with the subjects that can run here, and what is counted of
 * them. There is no proof in front of them: no subject holds a guest's registers across an exit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/host/pmu.h>
#include <bench/measure/guard.h>
#include "run.h"

#define COUNTED_ROUNDS 4096

static int fill_arms(struct run *run, struct cell *c, const struct group_operation *o)
{
	struct plan_arm all[PLAN_MAX_ARMS];
	unsigned int n = group_arms(o, all), i;
	struct data_error why;

	for (i = 0; i < n; i++) {
		if (!c->ops->check_arm(c, &all[i], &why))
			c->arms[c->nr_arms++] = all[i];
		else if (run_skip_add_arm(run, c, &all[i], 0, why.text))
			return EGPR_INTERNAL;
	}
	return 0;
}

static int add_cell(struct run *run, const struct cell *c, double weight)
{
	struct run_cell *cells = realloc(run->cells, (run->nr_cells + 1) * sizeof(*cells));

	if (!cells)
		return EGPR_INTERNAL;
	run->cells = cells;
	cells += run->nr_cells++;
	memset(cells, 0, sizeof(*cells));
	cells->cell = *c;
	cells->compares = c->nr_arms > 2;
	cells->weight = weight;
	return 0;
}

int run_expand_group(struct run *run, const struct group_ops *group, const struct plan_layer *l)
{
	const struct layer_ops *ops = &group->layer;
	struct data_error why, none;
	unsigned int i;
	int ret = 0, skipped = ops->probe(&run->env, &run->host[ops->layer], &none);

	for (i = 0; i < group->nr_operations && !ret; i++) {
		struct cell c = {
			.ops = ops,
			.host = run->host[ops->layer],
			.env = &run->env,
			.kind = &group->operations[i].kind,
			.state = EGPR_STATE_OFF,
			.offsets = 1,
		};

		group_check_cell(&c, &why);
		if (skipped) {
			ret = run_skip_add(run, &c, "", 0, none.text);
			continue;
		}
		if (ops->check_cell(&c, &why)) {
			ret = run_skip_add(run, &c, "", 0, why.text);
			continue;
		}
		ret = fill_arms(run, &c, &group->operations[i]);
		/* A subject alone has nothing to be compared with, yet it is a number. */
		if (!ret && c.nr_arms)
			ret = add_cell(run, &c, l->weight);
	}
	return ret;
}

/* Events of a batch. Return: 0; -1 where the counter gave none; another status. */
static int count_batch(const struct run_cell *rc, void *layer, struct egpr_pmu *pmu,
		       unsigned int arm, uint32_t rounds, double *count, struct data_error *e)
{
	struct layer_batch b = { .arm = arm, .exits = rounds };
	uint64_t before, after;
	int ret;

	if (egpr_pmu_read(pmu, &before))
		return -1;
	ret = guard_batch(&rc->cell, layer, &b, e);
	if (ret)
		return ret;
	if (egpr_pmu_read(pmu, &after))
		return -1;
	*count = (double)(after - before);
	return 0;
}

/* Per round: what twice as many rounds have more. */
static int count_arm(struct run_cell *rc, void *layer, struct egpr_pmu *pmu, unsigned int arm,
		     struct data_error *e)
{
	double one, two;
	int ret = count_batch(rc, layer, pmu, arm, COUNTED_ROUNDS, &one, e);

	if (!ret)
		ret = count_batch(rc, layer, pmu, arm, 2 * COUNTED_ROUNDS, &two, e);
	if (!ret)
		rc->trace.misses[arm] = (two - one) / COUNTED_ROUNDS;
	return ret;
}

int run_count_group(struct run_cell *rc, void *layer, struct data_error *e)
{
	static const char *const event[] = { "branch-misses" };
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	unsigned int a;
	int ret = 0;

	memset(&rc->trace, 0, sizeof(rc->trace));
	if (egpr_pmu_open(event, 1, &pmu, why)) {
		snprintf(rc->trace.counter, sizeof(rc->trace.counter), "%.*s",
			 (int)sizeof(rc->trace.counter) - 1, why);
		return 0;
	}
	for (a = 0; a < rc->cell.nr_arms && !ret; a++)
		ret = count_arm(rc, layer, pmu, a, e);
	if (ret < 0)
		snprintf(rc->trace.counter, sizeof(rc->trace.counter),
			 "branch-misses: the counter can be opened and is shared");
	egpr_pmu_close(pmu);
	return ret < 0 ? 0 : ret;
}
