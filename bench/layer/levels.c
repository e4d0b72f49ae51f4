// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads after each preparation of a cache level. A level is what its name says if a load from it takes
 * longer than one from the level before, by as much as no noise of a middle half does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "levels.h"
#include "prepare.h"

#define ROUNDS	 256
#define ATTEMPTS 5
#define WARM_UP	 16

/* Ascending. @more: TSC ticks at least that a load takes more than from the level before. */
static const struct {
	enum egpr_context context;
	enum prepare_level level;
	double more;
} rows[LEVELS_NR] = {
	{ EGPR_CONTEXT_L1, PREPARE_L1, 0 },
	{ EGPR_CONTEXT_L2, PREPARE_L2, 3 },
	{ EGPR_CONTEXT_LLC, PREPARE_LLC, 8 },
	{ EGPR_CONTEXT_DRAM, PREPARE_DRAM, 40 },
};

void levels_judge(struct levels *l)
{
	double last = -INFINITY;
	unsigned int i;

	for (i = 0; i < LEVELS_NR; i++) {
		const char *id = egpr_contexts[rows[i].context].id;

		l->level[i].context = rows[i].context;
		if (isnan(l->level[i].ticks)) {
			l->level[i].ok = false;
			continue; /* and its reason is there */
		}
		l->level[i].ok = l->level[i].ticks - last >= rows[i].more;
		if (!l->level[i].ok)
			snprintf(
				l->level[i].why, sizeof(l->level[i].why),
				"a load after the preparation for %s takes %.1f TSC ticks more than "
				"from L1, after that of the level before %.1f: less than %g more",
				id, l->level[i].ticks, last, rows[i].more);
		else
			last = l->level[i].ticks;
	}
}

void levels_measure(struct levels *l)
{
	const size_t bytes =
		(LAYER_PLACE + sizeof(struct egpr_switch)) / LAYER_PAGE * LAYER_PAGE + LAYER_PAGE;
	uint8_t *room = aligned_alloc(LAYER_PAGE, bytes);
	double ticks[ROUNDS], from_l1 = 0;
	struct standin none;
	unsigned int i;

	memset(l, 0, sizeof(*l));
	memset(&none, 0, sizeof(none));
	if (room)
		memset(room, 0, bytes);
	for (i = 0; i < LEVELS_NR; i++) {
		struct data_error e = { "out of memory" };
		struct prepare *p = NULL;
		int status;

		if (room)
			p = prepare_open(rows[i].level, &status, &e);
		l->level[i].ticks = NAN;
		if (!p) {
			snprintf(l->level[i].why, sizeof(l->level[i].why), "%.190s", e.text);
			continue;
		}
		prepare_data(p, (struct egpr_switch *)(void *)(room + LAYER_PLACE), &none);
		prepare_latency(p, WARM_UP, ticks);
		l->level[i].ticks = prepare_latency(p, ROUNDS, ticks);
		if (!i)
			from_l1 = l->level[i].ticks;
		l->level[i].ticks -= from_l1;
		prepare_close(p);
	}
	free(room);
	levels_judge(l);
}

static struct levels here;
static bool known;

static bool all_confirmed(const struct levels *l)
{
	unsigned int i;

	for (i = 0; i < LEVELS_NR && l->level[i].ok; i++)
		;
	return i == LEVELS_NR;
}

const struct levels *levels_here(void)
{
	unsigned int i;

	for (i = 0; i < ATTEMPTS && !known; i++) {
		levels_measure(&here);
		known = all_confirmed(&here) || i + 1 == ATTEMPTS;
	}
	return &here;
}

void levels_restore(const cJSON *json)
{
	const cJSON *o, *ticks, *why;
	unsigned int i = 0;

	cJSON_ArrayForEach(o, json) {
		ticks = cJSON_GetObjectItemCaseSensitive(o, "ticks");
		why = cJSON_GetObjectItemCaseSensitive(o, "why_not");
		if (i == LEVELS_NR)
			break;
		here.level[i].context = rows[i].context;
		here.level[i].ticks = cJSON_IsNumber(ticks) ? ticks->valuedouble : NAN;
		here.level[i].ok = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "confirmed"));
		snprintf(here.level[i].why, sizeof(here.level[i].why), "%s",
			 cJSON_IsString(why) ? why->valuestring : "");
		known = ++i == LEVELS_NR;
	}
}

const char *levels_refuse(const struct levels *l, enum egpr_context context)
{
	const enum egpr_context level = context == EGPR_CONTEXT_LEGACY_WARM ? EGPR_CONTEXT_DRAM
									    : context;
	unsigned int i;

	for (i = 0; i < LEVELS_NR; i++) {
		if (l->level[i].context == level && !l->level[i].ok)
			return l->level[i].why;
	}
	return NULL;
}

cJSON *levels_json(const struct levels *l)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int i;

	for (i = 0; i < LEVELS_NR; i++) {
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "context", egpr_contexts[l->level[i].context].id);
		if (isfinite(l->level[i].ticks))
			cJSON_AddNumberToObject(o, "ticks", l->level[i].ticks);
		cJSON_AddBoolToObject(o, "confirmed", l->level[i].ok);
		if (!l->level[i].ok)
			cJSON_AddStringToObject(o, "why_not", l->level[i].why);
		cJSON_AddItemToArray(a, o);
	}
	return a;
}
