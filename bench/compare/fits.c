// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether two runs compare: one host, one kind of core.
 */
#include <stdio.h>
#include <string.h>

#include <bench/host/core_type.h>
#include <bench/host/host.h>
#include <bench/report/report.h>

#include "compare.h"

#define HOST_FACTS "machine" /* of the host object in meta.json: its facts without the lab's */

int compare_run_load(const char *path, struct compare_run *r, struct data_error *e)
{
	int ret = rundir_load(path, &r->data, e);

	if (ret)
		return ret;
	report_margins(&r->data);
	return blocks_read(&r->data, &r->blocks, e);
}

void compare_run_free(struct compare_run *r)
{
	blocks_free(&r->blocks);
	rundir_free(&r->data);
}

static const char *fact_of(const struct rundir_data *d, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST), key));

	return s ? s : "";
}

/* A performance and an efficiency core are two CPUs; a run of before kinds were known is uniform. */
static const char *core_type_of_run(const struct rundir_data *d)
{
	const char *s = fact_of(d, RUNDIR_CORE_TYPE);

	return *s ? s : core_type_ids[CORE_UNIFORM];
}

/* Two kernels of one machine: all that is not the kernel's must be the same. */
static int same_hardware(const struct rundir_data *first, const struct rundir_data *second,
			 struct data_error *e)
{
	static const enum egpr_host_fact facts[] = {
		EGPR_HOST_cpu_vendor,	EGPR_HOST_cpu_family, EGPR_HOST_cpu_model,
		EGPR_HOST_cpu_stepping, EGPR_HOST_cpu_name,   EGPR_HOST_microcode,
		EGPR_HOST_hypervisor,	EGPR_HOST_cpus,	      EGPR_HOST_smt,
	};
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *key = egpr_host_keys[facts[i]];

		if (strcmp(fact_of(first, key), fact_of(second, key)))
			return data_fail(
				e, EGPR_USAGE,
				"%s has %s '%s' and %s '%s': two machines, not two kernels "
				"of one",
				first->path, key, fact_of(first, key), second->path,
				fact_of(second, key));
	}
	if (strcmp(rundir_meta_text(first, RUNDIR_NODE), rundir_meta_text(second, RUNDIR_NODE)))
		return data_fail(e, EGPR_USAGE, "%s is of node '%s' and %s of '%s'", first->path,
				 rundir_meta_text(first, RUNDIR_NODE), second->path,
				 rundir_meta_text(second, RUNDIR_NODE));
	return 0;
}

int compare_fits(const struct rundir_data *first, const struct rundir_data *second, bool kernels,
		 enum compare_kind *kind, struct data_error *e)
{
	const char *one = core_type_of_run(first), *other = core_type_of_run(second);
	const char *uniform = core_type_ids[CORE_UNIFORM];
	int hardware;

	*kind = COMPARE_CORES;
	if (strcmp(one, other) && strcmp(one, uniform) && strcmp(other, uniform))
		return data_fail(e, EGPR_USAGE,
				 "%s was measured on a core of type %s and %s on %s: they do not "
				 "compare; measure the second again with `--cpu` of a core of the "
				 "first type",
				 first->path, one, second->path, other);
	*kind = COMPARE_SAME;
	if (!strcmp(fact_of(first, HOST_FACTS), fact_of(second, HOST_FACTS)) && !kernels)
		return 0;
	hardware = same_hardware(first, second, e);
	*kind = hardware ? COMPARE_HOSTS : COMPARE_KERNELS;
	if (kernels)
		return hardware;
	return data_fail(e, EGPR_USAGE,
			 "%s is of machine %s and %s of %s: TSC ticks of different hosts do "
			 "not compare; `egprlab merge` combines hosts, --kernels compares two "
			 "kernels of one machine",
			 first->path, fact_of(first, HOST_FACTS), second->path,
			 fact_of(second, HOST_FACTS));
}
