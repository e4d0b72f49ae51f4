/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module itself costs: its probes for a vCPU that is not ours, and for ours under
 * `none`; the instructions and accessors that strategies stand or fall by.
 */
#ifndef BENCH_MODULE_COST_H
#define BENCH_MODULE_COST_H

#include <egpr/uapi.h>

#include <bench/layer/layer.h>
#include <bench/rundir/rundir.h>

/**
 * module_cost_write - time every operation and write its row of module.csv
 * @dir: the run directory
 * @env: of the run
 * @representative: no emulator runs this kernel
 * @launch: number of this launch
 * @e: receives the message
 *
 * An operation that cannot run here becomes a row of skipped.csv with its reason. Without the
 * module nothing is written: layers ring0 and kvm say why.
 *
 * Return: 0, or the status of a failed write.
 */
int module_cost_write(struct rundir *dir, const struct layer_env *env, bool representative,
		      unsigned int launch, struct data_error *e);

#endif /* BENCH_MODULE_COST_H */
