// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of bench/proof/trace_want.c, counted for readers.
 */
#include <string.h>

#include <bench/proof/trace_want.h>
#include "demand.h"

/* Words that only make a stack of the context, or load a mask, move no register of the guest. */
static void count(struct demand *d, const struct trace_want *want)
{
	const struct trace_word *w = &want->w;
	bool moves = w->op == TRACE_OP_MOV && (w->dst == TRACE_MEM || w->src == TRACE_MEM);

	if (want->check == TRACE_STORES)
		d->stores += moves || w->op == TRACE_OP_PUSH || w->op == TRACE_OP_PUSH2P;
	if (want->check == TRACE_LOADS)
		d->loads += moves || w->op == TRACE_OP_POP || w->op == TRACE_OP_POP2P;
	d->clears += want->check == TRACE_CLEARS;
	d->xsaves += want->check == TRACE_XSAVE && !moves;
}

const char *demand_of(const struct egpr_strategy *s, enum egpr_form form, int entry,
		      struct demand *d)
{
	static struct egpr_switch sw;
	const struct layer_env env = { .form = form };
	struct cell c = { .env = &env, .state = EGPR_STATE_DIRTY, .nr_arms = 1 };
	const struct trace_subject subject = { .c = &c, .image = { .sw = &sw } };
	struct trace_wants wants;
	const char *why;
	unsigned int i;

	memset(d, 0, sizeof(*d));
	c.arms[0].strategy = s;
	why = trace_want(&subject, entry, &wants);
	for (i = 0; !why && i < wants.nr; i++)
		count(d, &wants.want[i]);
	return why;
}
