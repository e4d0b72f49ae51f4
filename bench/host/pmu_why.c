// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why perf_event_open(2) refuses, and what mends it: a number that is not available must
 * come with a reason, never as 0.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pmu.h"
#include "sysfile.h"

#define PARANOID	"/proc/sys/kernel/perf_event_paranoid"
#define PARANOID_KERNEL 2 /* from here on no event of a user may see the kernel */
#define PARANOID_ALL	3 /* from here on (Debian, Android, Ubuntu) a user has no event at all */
#define PARANOID_ENOUGH 1

/* Not permitted by the level, or by something else although the level would do. */
static void say_permission(const char *root, const char *event, char *why)
{
	long level;

	if (egpr_sysfile_long(root, &level, PARANOID)) {
		snprintf(why, EGPR_PMU_WHY_SIZE, "%s: not permitted; run as root", event);
		return;
	}
	if (level < PARANOID_KERNEL) {
		snprintf(why, EGPR_PMU_WHY_SIZE,
			 "%s: not permitted, though kernel.perf_event_paranoid is %ld: a seccomp "
			 "filter or security module refuses, as in containers; run outside of it",
			 event, level);
		return;
	}
	snprintf(why, EGPR_PMU_WHY_SIZE,
		 "%s: not permitted: kernel.perf_event_paranoid is %ld (%s); run as root, or as "
		 "root: sysctl kernel.perf_event_paranoid=%d",
		 event, level,
		 level >= PARANOID_ALL ? "no event at all for users" : "no kernel events for users",
		 PARANOID_ENOUGH);
}

int egpr_pmu_explain(const char *root, const char *event, int err, char *why)
{
	switch (err) {
	case -ENOSYS:
		snprintf(why, EGPR_PMU_WHY_SIZE,
			 "%s: this kernel was built without CONFIG_PERF_EVENTS", event);
		return -ENODEV;
	case -ENOENT:
	case -EOPNOTSUPP:
	case -ENXIO:
	case -ENODEV:
		snprintf(why, EGPR_PMU_WHY_SIZE,
			 "%s: neither this CPU nor its kernel counts it (%s)", event,
			 strerror(-err));
		return -ENODEV;
	case -EACCES:
	case -EPERM:
		say_permission(root, event, why);
		return -EACCES;
	default:
		snprintf(why, EGPR_PMU_WHY_SIZE, "%s: %s", event, strerror(-err));
		return err;
	}
}
