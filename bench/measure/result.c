// SPDX-License-Identifier: GPL-2.0-only
/*
 * What came of a cell: its room, its name and identity, its medians.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bench/plan/axis.h>
#include "engine.h"

void cell_name(const struct cell *c, char *name, size_t size)
{
	const char *layer = egpr_layers[c->ops->layer].id, *context = cell_context(c)->id;
	const char *mark = context_mark(layer, context);

	snprintf(name, size, "%s/%s/%s%s%s", layer, c->kind ? c->kind->id : "none",
		 egpr_guest_states[c->state].id, mark, *mark ? context : "");
}

struct rundir_key cell_key(const struct cell *c, const char *strategy)
{
	struct rundir_key k = {
		.backend = c->backend,
		.representative = c->representative,
		.provenance = c->env->provenance,
		.layer = c->ops->layer,
		.exit_kind = c->kind ? c->kind->id : NULL,
		.path = c->path,
		.strategy = strategy,
		.state = c->state,
		.context = cell_context(c)->id,
	};

	return k;
}

struct rundir_key cell_arm_key(const struct cell *c, const struct plan_arm *arm)
{
	struct rundir_key k = cell_key(c, arm->id);

	k.state = cell_arm_state(c, arm);
	return k;
}

bool cell_same_arm(const struct cell *c, const struct plan_arm *arm, const struct cell *other,
		   const struct plan_arm *other_arm)
{
	return c->state == other->state && cell_context(c) == cell_context(other) &&
	       cell_arm_state(c, arm) == cell_arm_state(other, other_arm) &&
	       !strcmp(arm->id, other_arm->id);
}

int engine_reserve(struct cell_result *r, unsigned int arms, unsigned int blocks)
{
	unsigned int *layout, *launch, a;
	bool *contended;

	if (blocks <= r->room)
		return 0;
	if (blocks < 2 * r->room)
		blocks = 2 * r->room;
	layout = realloc(r->layout, blocks * sizeof(*layout));
	if (!layout)
		return EGPR_INTERNAL;
	r->layout = layout;
	launch = realloc(r->launch, blocks * sizeof(*launch));
	if (!launch)
		return EGPR_INTERNAL;
	r->launch = launch;
	contended = realloc(r->contended, blocks * sizeof(*contended));
	if (!contended)
		return EGPR_INTERNAL;
	r->contended = contended;
	for (a = 0; a < arms; a++) {
		double *mean = realloc(r->mean[a], blocks * sizeof(*mean));

		if (!mean)
			return EGPR_INTERNAL;
		r->mean[a] = mean;
		mean = realloc(r->exit_mean[a], blocks * sizeof(*mean));
		if (!mean)
			return EGPR_INTERNAL;
		r->exit_mean[a] = mean;
	}
	r->room = blocks;
	return 0;
}

void engine_result_free(struct cell_result *r)
{
	unsigned int i;

	for (i = 0; i < PLAN_MAX_ARMS; i++) {
		free(r->mean[i]);
		free(r->exit_mean[i]);
	}
	for (i = 0; i < r->nr_comparisons; i++)
		stats_shift_free(&r->comparisons[i].shift);
	free(r->layout);
	free(r->launch);
	free(r->contended);
	memset(r, 0, sizeof(*r));
}

bool engine_has_halves(const struct engine *g, const struct cell *c)
{
	enum egpr_timed timed = cell_context(c)->timed;

	return timed != EGPR_TIMED_BATCH && !EGPR_CONTEXT_WALKS(timed) && !plan_stamps(g->plan);
}

double engine_median_of(const struct cell_result *r, unsigned int arm, unsigned int blocks)
{
	double *copy = malloc((blocks ? blocks : 1) * sizeof(*copy)), median;

	if (!copy)
		return NAN;
	memcpy(copy, r->mean[arm], blocks * sizeof(*copy));
	stats_sort(copy, blocks);
	median = stats_quantile(copy, blocks, 0.5);
	free(copy);
	return median;
}

double engine_median(const struct cell_result *r, unsigned int arm)
{
	return engine_median_of(r, arm, r->blocks);
}
