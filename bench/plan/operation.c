// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and words of the module's operations, from EGPR_BENCH_OPS.
 */
#include <stdbool.h>
#include <stddef.h>

#include "operation.h"

#define OP_ROW(SYM, id, text) [EGPR_BENCH_##SYM] = { id, text },
static const struct {
	const char *id;
	const char *text;
} ops[EGPR_NR_BENCH_OPS] = { EGPR_BENCH_OPS(OP_ROW) };

/* Halves of a strategy are not the module's; but that of `none` is an empty call. */
static bool is_own(enum egpr_bench_op op)
{
	return op != EGPR_BENCH_SWITCH && op != EGPR_BENCH_ENTRY;
}

const char *module_op_name(enum egpr_bench_op op)
{
	return ops[op].id;
}

const char *module_op_id(enum egpr_bench_op op)
{
	return is_own(op) ? ops[op].id : NULL;
}

const char *module_op_text(enum egpr_bench_op op)
{
	return op == MODULE_OP_EMPTY ? "an empty call: the exit half of `none`" : ops[op].text;
}
