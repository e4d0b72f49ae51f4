// SPDX-License-Identifier: GPL-2.0-only
/*
 * See plausible.h.
 */
#include <stdio.h>

#include <egpr/code.h>
#include <egpr/regs.h>

#include "plausible.h"

static double floor_cycles(const struct plausible *p)
{
	double stores = (double)p->stored / (PLAUSIBLE_STORES * PLAUSIBLE_STORE_BYTES);
	double insns = (double)p->least / PLAUSIBLE_INSNS;

	return stores > insns ? stores : insns;
}

static double ceiling_cycles(const struct plausible *p)
{
	return (double)(p->insns - p->xstate) * PLAUSIBLE_INSN_CYCLES +
	       (double)p->xstate * PLAUSIBLE_XSTATE_CYCLES;
}

bool plausible(const struct plausible *p, char *why, size_t size)
{
	double low = floor_cycles(p) * p->tsc_per_core;
	double high = ceiling_cycles(p) * p->tsc_per_core;

	if (!p->least)
		return true;
	if (p->high < -p->margin) {
		snprintf(
			why, size,
			"it executes %u instructions or more that none does not, and comes out faster by %.3g .. "
			"%.3g TSC ticks, more than the margin of %.3g",
			p->least, -p->high, -p->low, p->margin);
		return false;
	}
	if (p->round < low) {
		snprintf(
			why, size,
			"its round takes %.3g TSC ticks; %u instructions and %u stored bytes cannot "
			"take less than %.3g",
			p->round, p->least, p->stored, low);
		return false;
	}
	if (p->alone && !p->exits && p->low > high) {
		snprintf(
			why, size,
			"it comes out slower than none by %.3g TSC ticks or more; its %u instructions "
			"cannot take more than %.3g",
			p->low, p->insns, high);
		return false;
	}
	return true;
}

/* Does the half move registers in this state, or find at its gate that there is nothing to move? */
static bool moves(const struct egpr_strategy *s, enum egpr_guest_state state)
{
	return s->family == EGPR_FAMILY_UNCOND || state != EGPR_STATE_OFF;
}

void plausible_code(struct plausible *p, const struct egpr_strategy *s, enum egpr_form form,
		    enum egpr_layer layer, enum egpr_guest_state state)
{
	int half;

	p->least = p->insns = p->xstate = p->stored = 0;
	p->exits = s->needs & EGPR_NEEDS_XSETBV;
	p->alone = layer == EGPR_LAYER_PRIM || layer == EGPR_LAYER_RING0;
	/* What is bound as `none`, or not run for every exit. A delay is compared with delays. */
	if (s->family == EGPR_FAMILY_BASE || s->family == EGPR_FAMILY_DELAY ||
	    ((s->needs & EGPR_BIND_DUAL) && state == EGPR_STATE_OFF) ||
	    ((s->needs & EGPR_BIND_OUTER) && layer == EGPR_LAYER_KVM))
		return;
	for (half = 0; half < 2; half++) {
		const struct egpr_code *c = egpr_code_find(s, form, half);

		p->insns += c ? c->insns : 0;
	}
	p->least = p->insns ? 1 : 0;
	if (!p->insns || !moves(s, state))
		return;
	if (s->home == EGPR_HOME_REGS) {
		p->least = EGPR_COUNT; /* PUSH2 and POP2 move two each */
		p->stored = EGPR_BYTES;
	}
	p->xstate = s->family == EGPR_FAMILY_XSAVE ? 2 : 0;
}
