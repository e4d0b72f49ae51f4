/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Launches of a run: which boot and which load of the modules each process of it met.
 *
 * A run may go on in another process, after a reload of the modules or after a boot. What that
 * moves (addresses, pages, the kernel's own placement) is no noise of blocks: blocks of a launch
 * have it in common. So every block carries its launch, and meta.json says where that belongs.
 */
#ifndef BENCH_RUNDIR_LAUNCHES_H
#define BENCH_RUNDIR_LAUNCHES_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include <bench/base/error.h>
#include <bench/stats/stats.h>

#define LAUNCH_META "launches" /* array in meta.json */
/* Its members; what is built into the kernel has no load. */
#define LAUNCH_NUMBER	  "launch"
#define LAUNCH_BOOT	  "boot_id"
#define LAUNCH_MODULE	  "module_load"
#define LAUNCH_NOT_LOADED "none"

/**
 * struct launches - the launches of a run
 * @n: how many
 * @groups: different boots, module loads and launches among them
 * @loaded: some launch found a module loaded, and not all of KVM in the kernel itself
 * @place: by number of the launch
 */
struct launches {
	unsigned int n;
	unsigned int groups[STATS_NR_LEVELS];
	bool loaded;
	struct stats_place place[STATS_MAX_LAUNCHES];
};

/**
 * launch_read - the launches that meta.json lists
 * @meta: of a run directory
 * @l: receives them
 * @e: receives the message
 *
 * Return: 0 or EGPR_DATA.
 */
int launch_read(const cJSON *meta, struct launches *l, struct data_error *e);

#endif /* BENCH_RUNDIR_LAUNCHES_H */
