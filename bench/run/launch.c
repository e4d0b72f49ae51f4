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

/* "kvm:8542 egpr_switch:9001"; "none" where nothing is loaded. */
static void module_load(const char *root, char *id, size_t size)
{
	char path[128], state[16];
	size_t i, used = 0;
	struct stat st;

	snprintf(id, size, "%s", LAUNCH_NOT_LOADED);
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
	cJSON_AddNumberToObject(o, LAUNCH_NUMBER, cJSON_GetArraySize(list));
	cJSON_AddStringToObject(o, LAUNCH_BOOT, boot);
	cJSON_AddStringToObject(o, LAUNCH_MODULE, load);
	cJSON_AddNumberToObject(o, "cpu", cpu);
	cJSON_AddStringToObject(o, "start", now);
	cJSON_AddItemToArray(list, o);
	return launch_read(meta, l, e);
}
