// SPDX-License-Identifier: GPL-2.0-only
/*
 * The groups that this program can run, and what they have in common.
 */
#include <stdio.h>
#include <string.h>

#include <bench/host/clock.h>
#include "group.h"

#define TWIN_SUFFIX "-b" /* as that of none-b, the A/A arm of the layers */
#define STAMPS	    64

/* X(SYM, name): the group group_<name>_ops of EGPR_LAYER_<SYM>. */
/* clang-format off */
#define GROUP_RUNNERS(X)	\
	X(ACCESSORS, accessors)	\
	X(UABI, uabi)		\
	X(XFD, xfd)
/* clang-format on */

#define DECLARE(SYM, name) extern const struct group_ops group_##name##_ops;
GROUP_RUNNERS(DECLARE)

#define ROW(SYM, name) [EGPR_LAYER_##SYM] = &group_##name##_ops,
static const struct group_ops *const groups[EGPR_NR_LAYERS] = { GROUP_RUNNERS(ROW) };

/*
 * What an arm has in place of a row of the table: it switches nothing and has no code in asm/. Two,
 * so that the A/A arm can be told.
 */
static const struct egpr_strategy subject_row = { .id = "", .symbol = "" };
static const struct egpr_strategy twin_row = { .id = "", .symbol = "" };

const struct group_ops *group_find(enum egpr_layer layer)
{
	return groups[layer];
}

const struct group_ops *group_of(const struct cell *c)
{
	return group_find(c->ops->layer);
}

const struct group_operation *group_operation(const struct cell *c)
{
	const struct group_ops *g = group_of(c);
	unsigned int i;

	for (i = 0; g && i < g->nr_operations; i++) {
		if (&g->operations[i].kind == c->kind)
			return &g->operations[i];
	}
	return NULL;
}

static void set_arm(struct plan_arm *a, const struct group_operation *o, unsigned int subject,
		    bool twin)
{
	a->strategy = twin ? &twin_row : &subject_row;
	a->delay = subject;
	a->state = EGPR_STATE_OFF;
	snprintf(a->id, sizeof(a->id), "%s%s", o->subjects[subject].id, twin ? TWIN_SUFFIX : "");
}

unsigned int group_arms(const struct group_operation *o, struct plan_arm *arms)
{
	unsigned int n = 0, i;

	for (i = 0; i < o->nr_subjects; i++) {
		set_arm(&arms[n++], o, i, false);
		if (!i)
			set_arm(&arms[n++], o, i, true);
	}
	return n;
}

unsigned int group_subject(const struct plan_arm *arm)
{
	return arm->delay;
}

bool group_is_twin(const struct plan_arm *arm)
{
	return arm->strategy == &twin_row;
}

unsigned int group_owner(const struct cell *c, unsigned int arm)
{
	return group_is_twin(&c->arms[arm]) ? 0 : arm;
}

size_t group_code(const struct cell *c, const struct plan_arm *arm)
{
	const struct group_ops *g = group_of(c);

	return g && g->code ? g->code(c, group_subject(arm)) : 0;
}

int group_check_cell(struct cell *c, struct data_error *e)
{
	(void)e;
	c->path = EGPR_PATH_NONE;
	strcpy(c->backend, "none");
	c->representative = true;
	return 0;
}

uint64_t group_stamp_cost(void)
{
	uint64_t least = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < STAMPS; i++) {
		uint64_t before = clock_tsc(), cost = clock_tsc() - before;

		least = cost < least ? cost : least;
	}
	return least;
}
