/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations that the kernel module times, as rows of module.csv name them.
 */
#ifndef BENCH_PLAN_OPERATION_H
#define BENCH_PLAN_OPERATION_H

#include <egpr/uapi.h>

/* Spelling of any operation. */
const char *module_op_name(enum egpr_bench_op op);
/* An operation of the module, or NULL: its half of a strategy is what layer ring0 measures. */
const char *module_op_id(enum egpr_bench_op op);
const char *module_op_text(enum egpr_bench_op op);
/* The operation with an empty call in it: what a round takes by itself. */
#define MODULE_OP_EMPTY EGPR_BENCH_EXIT

#endif /* BENCH_PLAN_OPERATION_H */
