// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling boots and module loads apart.
 *
 * The kernel draws a new boot_id at every boot. It gives the directory of a module in /sys a
 * number that it does not give again before the next boot, so the number tells one load from
 * the next, without a word of the module. What is built into the kernel has no loads.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <egpr/status.h>

#include "launch.h"
#include <bench/host/sysfile.h>

#define TIME_FORMAT "%Y-%m-%dT%H:%M:%SZ"
#define ID_BYTES    256

/* Modules whose placement is that of code which runs at an exit. */
static const char *const modules[] = { "kvm", "kvm_intel", "kvm_amd", "kvm_pvm", "egpr_switch" };

/* Members of a launch in meta.json that tell a level's groups apart. */
static const char *const members[STATS_NR_LEVELS] = {
	[STATS_BOOT] = "boot_id",
	[STATS_MODULE] = "module_load",
	[STATS_LAUNCH] = "launch",
};

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static const char not_loaded[] = "none";

/* "kvm:8542 egpr_switch:9001"; "none" where nothing is loaded. */
static void module_load(const char *root, char *id, size_t size)
{
	char path[128], state[16];
	size_t i, used = 0;
	struct stat st;

	snprintf(id, size, "%s", not_loaded);
	for (i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		/* Built in, it has no state. */
		if (egpr_sysfile_read(root, state, sizeof(state), "/sys/module/%s/initstate",
				      modules[i]) <= 0)
			continue;
		snprintf(path, sizeof(path), "%s/sys/module/%s", root, modules[i]);
		if (!stat(path, &st) && used < size)
			used += (size_t)snprintf(id + used, size - used, "%s%s:%llu",
						 used ? " " : "", modules[i],
						 (unsigned long long)st.st_ino);
	}
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
	l->loaded |= strcmp(text_of(one, members[STATS_MODULE]), not_loaded) != 0;
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

int launch_add(const char *root, cJSON *meta, int cpu, struct launches *l, struct data_error *e)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(meta, LAUNCH_META), *o;
	char boot[64], load[ID_BYTES], now[32];
	time_t t = time(NULL);
	struct tm tm;

	if (cJSON_GetArraySize(list) >= STATS_MAX_LAUNCHES)
		return data_fail(e, EGPR_USAGE,
				 "this run has had %d launches, as many as it may; start a new run",
				 STATS_MAX_LAUNCHES);
	if (egpr_sysfile_read(root, boot, sizeof(boot), "/proc/sys/kernel/random/boot_id") <= 0)
		snprintf(boot, sizeof(boot), "unknown");
	module_load(root, load, sizeof(load));
	gmtime_r(&t, &tm);
	strftime(now, sizeof(now), TIME_FORMAT, &tm);
	if (!list)
		list = cJSON_AddArrayToObject(meta, LAUNCH_META);
	o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, members[STATS_LAUNCH], cJSON_GetArraySize(list));
	cJSON_AddStringToObject(o, members[STATS_BOOT], boot);
	cJSON_AddStringToObject(o, members[STATS_MODULE], load);
	cJSON_AddNumberToObject(o, "cpu", cpu);
	cJSON_AddStringToObject(o, "start", now);
	cJSON_AddItemToArray(list, o);
	return launch_read(meta, l, e);
}
