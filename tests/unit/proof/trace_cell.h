/* SPDX-License-Identifier: GPL-2.0-only */
/* A cell of layer prim, as the tests of traces make it. */
#ifndef TESTS_UNIT_PROOF_TRACE_CELL_H
#define TESTS_UNIT_PROOF_TRACE_CELL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <egpr/status.h>

#include <bench/layer/layer.h>
#include <bench/proof/trace.h>

#define OFFSETS 4

static struct layer_env env;
static struct cell cell;
static struct layer_ops ops; /* of layer prim, with what a mutant changes */
static void *run;

static inline void add_arm(const char *id)
{
	struct plan_arm *a = &cell.arms[cell.nr_arms++];

	a->strategy = egpr_strategy_find(id, &a->delay);
	assert_non_null(a->strategy);
	snprintf(a->id, sizeof(a->id), "%s", id);
}

static inline void make_cell(enum egpr_form form, enum egpr_guest_state state)
{
	memset(&cell, 0, sizeof(cell));
	memset(&env, 0, sizeof(env));
	standin_probe(&env.standin, EGPR_STAND_INS_ALL);
	env.form = form;
	env.provenance = form == EGPR_FORM_HW ? EGPR_PROV_HW : EGPR_PROV_PROXY;
	ops = *layer_find(EGPR_LAYER_PRIM);
	cell.ops = &ops;
	cell.env = &env;
	cell.state = state;
	cell.offsets = OFFSETS;
}

static inline void open_cell(const struct cell *c)
{
	struct data_error e = { "" };

	if (ops.open(c, &run, &e))
		fail_msg("%s", e.text);
}

#define ARM 1 /* the mutant; arm 0 is the baseline, arm 2 another strategy */

static inline struct layer_image image_at(unsigned int offset)
{
	struct layer_image i;

	ops.image(run, ARM, offset, &i);
	return i;
}

static inline void writable(const struct layer_image *i, bool yes)
{
	mprotect(i->memory, i->bytes, PROT_READ | (yes ? PROT_WRITE : PROT_EXEC));
}

#endif /* TESTS_UNIT_PROOF_TRACE_CELL_H */
