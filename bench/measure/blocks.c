// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading block means. Rows of an arm come in the order of its blocks, one or (ABBA) two
 * per block.
 */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include <bench/stats/stats.h>

/* What makes an arm the same arm, beside strategy and guest state: not run, host or version of the lab. */
static const unsigned int identity[] = { EGPR_COL_provenance, EGPR_COL_layer, EGPR_COL_exit_kind,
					 EGPR_COL_context };

static bool same_cell(const struct csv_table *a, size_t i, const struct csv_table *b, size_t j)
{
	size_t c;

	for (c = 0; c < sizeof(identity) / sizeof(*identity); c++) {
		if (strcmp(csv_text(a, i, identity[c]), csv_text(b, j, identity[c])))
			return false;
	}
	return true;
}

const struct blocks_arm *blocks_find(const struct blocks *b, const struct csv_table *samples,
				     size_t row, const char *strategy, const char *state)
{
	size_t i;

	if (!state)
		state = csv_text(samples, row, EGPR_COL_guest_state);
	for (i = 0; i < b->n; i++) {
		size_t of = b->arm[i].row;

		if (same_cell(b->samples, of, samples, row) &&
		    !strcmp(csv_text(b->samples, of, EGPR_COL_guest_state), state) &&
		    !strcmp(csv_text(b->samples, of, EGPR_COL_strategy), strategy))
			return &b->arm[i];
	}
	return NULL;
}

static int add(struct blocks_arm *arm, size_t block, double mean, unsigned int layout,
	       unsigned int launch)
{
	double *m;
	unsigned int *l, *number;

	if (arm->mean && block + 1 == arm->n) {
		/* The second batch of an ABBA block. */
		arm->mean[block] = 0.5 * (arm->mean[block] + mean);
		return 0;
	}
	if (block != arm->n)
		return EGPR_DATA;
	m = realloc(arm->mean, (block + 1) * sizeof(*m));
	if (m)
		arm->mean = m;
	l = realloc(arm->layout, (block + 1) * sizeof(*l));
	if (l)
		arm->layout = l;
	number = realloc(arm->launch, (block + 1) * sizeof(*number));
	if (number)
		arm->launch = number;
	if (!m || !l || !number)
		return EGPR_INTERNAL;
	m[block] = mean;
	l[block] = layout;
	number[block] = launch;
	arm->n++;
	return 0;
}

int blocks_read(const struct rundir_data *data, struct blocks *b, struct data_error *e)
{
	const struct csv_table *t = &data->table[EGPR_CSV_SAMPLES];
	size_t i;
	int ret;

	memset(b, 0, sizeof(*b));
	b->samples = t;
	ret = launch_read(data->meta, &b->launches, e);
	if (ret)
		return ret;
	b->arm = calloc(data->arms.n + 1, sizeof(*b->arm));
	if (!b->arm)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	b->n = data->arms.n;
	for (i = 0; i < b->n; i++)
		b->arm[i].row = data->arms.arm[i].row[0];
	for (i = 0; i < t->rows; i++) {
		double exits = (double)csv_count(t, i, EGPR_SAMPLES_exits);
		uint64_t launch = csv_count(t, i, EGPR_SAMPLES_launch);
		struct blocks_arm *arm = &b->arm[data->arms.of_row[i]];

		if (launch >= b->launches.n)
			return data_fail(e, EGPR_DATA,
					 "%s/samples.csv line %u: launch %llu is not in meta.json",
					 data->path, t->line[i], (unsigned long long)launch);
		ret = exits > 0 ? add(arm, csv_count(t, i, EGPR_SAMPLES_block),
				      csv_real(t, i, EGPR_SAMPLES_cycles) / exits,
				      (unsigned int)csv_count(t, i, EGPR_SAMPLES_offset) %
					      STATS_MAX_LAYOUTS,
				      (unsigned int)launch)
				: EGPR_DATA;
		if (ret)
			return data_fail(e, ret,
					 "%s/samples.csv line %u: block %llu does not follow the "
					 "one before it",
					 data->path, t->line[i],
					 (unsigned long long)csv_count(t, i, EGPR_SAMPLES_block));
	}
	return 0;
}

void blocks_free(struct blocks *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		free(b->arm[i].mean);
		free(b->arm[i].layout);
		free(b->arm[i].launch);
	}
	free(b->arm);
	memset(b, 0, sizeof(*b));
}
