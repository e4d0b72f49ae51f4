// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the launches of a run, and which of them had a boot or a module load in common.
 */
#include <string.h>

#include "launches.h"

/* Members of a launch in meta.json that tell a level's groups apart. */
static const char *const members[STATS_NR_LEVELS] = {
	[STATS_BOOT] = LAUNCH_BOOT,
	[STATS_MODULE] = LAUNCH_MODULE,
	[STATS_LAUNCH] = LAUNCH_NUMBER,
};

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static bool same_at(const cJSON *a, const cJSON *b, enum stats_level level)
{
	unsigned int k;

	if (level == STATS_LAUNCH)
		return a == b;
	/* A load ends with its boot. */
	for (k = STATS_BOOT; k <= level; k++) {
		if (strcmp(text_of(a, members[k]), text_of(b, members[k])))
			return false;
	}
	return true;
}

/* The number of the first launch that is in the same group numbers the group. */
static void place(const cJSON *list, const cJSON *one, struct launches *l)
{
	enum stats_level level;
	const cJSON *o;

	for (level = 0; level < STATS_NR_LEVELS; level++) {
		unsigned int i = 0;

		cJSON_ArrayForEach(o, list) {
			if (same_at(o, one, level))
				break;
			i++;
		}
		l->place[l->n].id[level] = i;
		l->groups[level] += i == l->n;
	}
	l->loaded |= strcmp(text_of(one, members[STATS_MODULE]), LAUNCH_NOT_LOADED) != 0;
	l->n++;
}

int launch_read(const cJSON *meta, struct launches *l, struct data_error *e)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(meta, LAUNCH_META), *o;

	memset(l, 0, sizeof(*l));
	cJSON_ArrayForEach(o, list) {
		if (!text_of(o, members[STATS_BOOT]) || !text_of(o, members[STATS_MODULE]))
			return data_fail(e, EGPR_DATA,
					 "meta.json: a launch has no text \"%s\" or \"%s\"",
					 members[STATS_BOOT], members[STATS_MODULE]);
		if (l->n == STATS_MAX_LAUNCHES)
			return data_fail(e, EGPR_DATA, "meta.json: more than %d launches",
					 STATS_MAX_LAUNCHES);
		place(list, o, l);
	}
	return 0;
}
