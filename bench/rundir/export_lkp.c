// SPDX-License-Identifier: GPL-2.0-only
/*
 * LKP's matrix: one array per number, one element per repetition. The repetition that LKP means,
 * started anew, is a launch: an element is the median of its batches.
 */
#include <stdlib.h>
#include <string.h>

#include <bench/stats/stats.h>

#include "export.h"

#define NAME_BYTES 512

/*
 * struct arm - what one array is made of
 * @value: ticks per exit of its batches, @n of them, with the launch of each
 */
struct arm {
	char name[NAME_BYTES];
	double *value;
	size_t *launch;
	size_t n, room;
};

struct arms {
	struct arm *arm;
	size_t n, launches;
};

/* "layer.exit.state.context.strategy.provenance.ticks": a dot parts, as in LKP's own names. */
static void name_of(const struct csv_table *t, size_t row, char *name)
{
	snprintf(name, NAME_BYTES, "egprlab.%s.%s.%s.%s.%s.%s.ticks",
		 csv_text(t, row, EGPR_COL_layer), csv_text(t, row, EGPR_COL_exit_kind),
		 csv_text(t, row, EGPR_COL_guest_state), csv_text(t, row, EGPR_COL_context),
		 csv_text(t, row, EGPR_COL_strategy), csv_text(t, row, EGPR_COL_provenance));
}

/* Batches of arms alternate: looked for from the newest on, with the last one first. */
static struct arm *find(struct arms *a, const char *name)
{
	struct arm *grown;
	size_t i;

	for (i = a->n; i-- > 0;) {
		if (!strcmp(a->arm[i].name, name))
			return &a->arm[i];
	}
	grown = realloc(a->arm, (a->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	a->arm = grown;
	memset(&grown[a->n], 0, sizeof(*grown));
	memcpy(grown[a->n].name, name, NAME_BYTES);
	return &grown[a->n++];
}

static int add(struct arm *arm, double value, size_t launch)
{
	if (arm->n == arm->room) {
		size_t room = arm->room ? 2 * arm->room : 64;
		double *v = realloc(arm->value, room * sizeof(*v));
		size_t *l;

		if (!v)
			return -1;
		arm->value = v;
		l = realloc(arm->launch, room * sizeof(*l));
		if (!l)
			return -1;
		arm->launch = l;
		arm->room = room;
	}
	arm->value[arm->n] = value;
	arm->launch[arm->n++] = launch;
	return 0;
}

static int collect(struct arms *a, const struct csv_table *t)
{
	char name[NAME_BYTES] = "";
	size_t row;

	for (row = 0; row < t->rows; row++) {
		double exits = csv_real(t, row, EGPR_SAMPLES_exits);
		double cycles = csv_real(t, row, EGPR_SAMPLES_cycles);
		size_t launch = csv_count(t, row, EGPR_SAMPLES_launch);
		struct arm *arm;

		if (!(exits > 0) || !(cycles >= 0)) /* also where there is no number */
			continue;
		name_of(t, row, name);
		arm = find(a, name);
		if (!arm || add(arm, cycles / exits, launch))
			return -1;
		if (launch >= a->launches)
			a->launches = launch + 1;
	}
	return 0;
}

/* Medians of one arm by launch. Return: whether it was in every launch. */
static bool medians(const struct arm *arm, size_t launches, double *work, double *median)
{
	size_t l, i, n;

	for (l = 0; l < launches; l++) {
		for (i = n = 0; i < arm->n; i++) {
			if (arm->launch[i] == l)
				work[n++] = arm->value[i];
		}
		if (!n)
			return false;
		stats_sort(work, n);
		median[l] = stats_quantile(work, n, 0.5);
	}
	return true;
}

cJSON *export_lkp(const struct rundir_data *run, unsigned int *left_out)
{
	const struct csv_table *t = &run->table[EGPR_CSV_SAMPLES];
	cJSON *doc = cJSON_CreateObject();
	double *work = malloc((t->rows + 1) * sizeof(*work)), *median = NULL;
	struct arms a = { NULL, 0, 0 };
	size_t i;

	*left_out = 0;
	if (!work || collect(&a, t))
		goto out;
	median = malloc((a.launches + 1) * sizeof(*median));
	for (i = 0; median && i < a.n; i++) {
		if (medians(&a.arm[i], a.launches, work, median))
			cJSON_AddItemToObject(doc, a.arm[i].name,
					      cJSON_CreateDoubleArray(median, (int)a.launches));
		else
			++*left_out;
	}
out:
	if (!median) {
		cJSON_Delete(doc);
		doc = NULL;
	}
	for (i = 0; i < a.n; i++) {
		free(a.arm[i].value);
		free(a.arm[i].launch);
	}
	free(a.arm);
	free(median);
	free(work);
	return doc;
}
