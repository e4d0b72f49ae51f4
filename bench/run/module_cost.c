// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring-0 operations of EGPR_BENCH_OPS that belong to no strategy, timed once per launch.
 */
#include <stdlib.h>

#include <bench/layer/module.h>
#include <bench/plan/operation.h>
#include "module_cost.h"
#include <bench/stats/stats.h>

#define SAMPLES 501
#define ROUNDS	32 /* of the slowest operations, XSETBV under a hypervisor, a millisecond */

static int skip(struct rundir *dir, const struct rundir_key *key, enum egpr_bench_op op,
		const char *why, struct data_error *e)
{
	struct csv_row row;
	char reason[600];

	snprintf(reason, sizeof(reason), "operation %s: %.512s", module_op_name(op), why);
	rundir_row(dir, EGPR_CSV_SKIPPED, key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(dir, &row, e);
}

static int write_row(struct rundir *dir, const struct rundir_key *key, enum egpr_bench_op op,
		     double *per_round, unsigned int launch, struct data_error *e)
{
	static const struct {
		unsigned int column;
		double quantile;
	} of[] = { { EGPR_MODULE_min, 0 },    { EGPR_MODULE_p5, 0.05 },	 { EGPR_MODULE_p50, 0.5 },
		   { EGPR_MODULE_p95, 0.95 }, { EGPR_MODULE_p99, 0.99 }, { EGPR_MODULE_max, 1 } };
	struct csv_row row;
	size_t i;

	stats_sort(per_round, SAMPLES);
	rundir_row(dir, EGPR_CSV_MODULE, key, &row);
	csv_set_text(&row, EGPR_MODULE_op, module_op_name(op));
	csv_set_count(&row, EGPR_MODULE_samples, SAMPLES);
	csv_set_count(&row, EGPR_MODULE_rounds, ROUNDS);
	for (i = 0; i < sizeof(of) / sizeof(*of); i++)
		csv_set_real(&row, of[i].column,
			     stats_quantile(per_round, SAMPLES, of[i].quantile));
	csv_set_count(&row, EGPR_MODULE_launch, launch);
	return rundir_append(dir, &row, e);
}

static int time_op(struct module_session *m, struct rundir *dir, const struct layer_env *env,
		   const struct rundir_key *key, enum egpr_bench_op op, unsigned int launch,
		   struct data_error *e)
{
	uint64_t cycles[SAMPLES] = { 0 };
	struct egpr_bench b = {
		.op = op,
		.strategy = EGPR_STRATEGY_none,
		.form = env->form,
		.guest_state = key->state,
		.samples = SAMPLES,
		.rounds = ROUNDS,
		.buffer = (uintptr_t)cycles,
		.reg = EGPR_FIRST,
	};
	double per_round[SAMPLES];
	struct data_error why;
	unsigned int i;

	if (module_bench(m, &b, &why))
		return skip(dir, key, op, why.text, e);
	for (i = 0; i < SAMPLES; i++)
		per_round[i] = (double)cycles[i] / ROUNDS;
	return write_row(dir, key, op, per_round, launch, e);
}

int module_cost_write(struct rundir *dir, const struct layer_env *env, bool representative,
		      unsigned int launch, struct data_error *e)
{
	const struct rundir_key key = {
		.representative = representative,
		.provenance = env->provenance,
		.layer = EGPR_LAYER_RING0,
		.path = EGPR_PATH_NONE,
		.strategy = egpr_strategies[EGPR_STRATEGY_none].id,
		.state = EGPR_STATE_OFF,
	};
	struct module_session m;
	struct data_error why;
	enum egpr_bench_op op;
	int ret = 0;

	if (module_open(&m, &why))
		return 0;
	for (op = 0; op < EGPR_NR_BENCH_OPS && !ret; op++) {
		if (module_op_id(op))
			ret = time_op(&m, dir, env, &key, op, launch, e);
	}
	module_close(&m);
	return ret;
}
