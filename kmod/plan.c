// SPDX-License-Identifier: GPL-2.0-only
/*
 * From numbers that user space sent to a sequence that may be called: every index is
 * checked against its table here, and nowhere else.
 */
#include <linux/errno.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "egpr_switch.h"

#define DELAY_MAX 255
#define CONF_ALL  (EGPR_CONF_GUEST_XCR0 | EGPR_CONF_FRESH | EGPR_CONF_PLACE)

/* Components that every guest with AVX enables: a guest XCR0 that differs from most hosts'. */
#define TYPICAL_GUEST_XCR0 0x7ULL

#define XCR0_MPX (BIT_ULL(3) | BIT_ULL(4))

int egpr_plan_make(struct egpr_plan *p, u32 strategy, u32 form, u32 state, u32 delay, u32 flags,
		   u32 no_stand_in, u32 *refusal)
{
	*refusal = EGPR_REFUSED_NONE;
	if (strategy >= EGPR_NR_STRATEGIES || form >= EGPR_NR_FORMS || state >= EGPR_NR_STATES)
		return -EINVAL;
	if ((flags & ~CONF_ALL) || ((flags & EGPR_CONF_GUEST_XCR0) && form != EGPR_FORM_TRAP))
		return -EINVAL;
	if (no_stand_in & ~EGPR_STAND_INS_ALL)
		return -EINVAL;
	strategy = array_index_nospec(strategy, EGPR_NR_STRATEGIES);
	form = array_index_nospec(form, EGPR_NR_FORMS);

	p->s = &egpr_strategies[strategy];
	if (delay > DELAY_MAX || (delay && p->s->family != EGPR_FAMILY_DELAY))
		return -EINVAL;
	p->form = form;
	p->state = state;
	p->delay = delay;
	p->flags = flags;
	p->stand_in = (struct egpr_stand_in){ .rfbm = 0 };
	p->fn = egpr_sequence_bind(p->s, form, state != EGPR_STATE_OFF);
	p->stay = egpr_strategies[EGPR_STRATEGY_none].form[form];
	/* CPUID costs an exit in a VM: only for whom it matters. */
	if (p->s->family == EGPR_FAMILY_XSAVE && form == EGPR_FORM_PROXY)
		p->stand_in = egpr_stand_in(no_stand_in);
	*refusal = egpr_strategy_refusal(p->s, form, &p->stand_in);
	return *refusal == EGPR_REFUSED_NONE ? 0 : -EOPNOTSUPP;
}

/**
 * egpr_plan_guest_refusal - why a plan cannot run while the registers are a guest's
 * @p: the plan
 *
 * Return: EGPR_REFUSED_NONE, or the reason; see EGPR_STAND_INS.
 */
enum egpr_refusal egpr_plan_guest_refusal(const struct egpr_plan *p)
{
	return p->stand_in.rfbm & ~(u64)EGPR_STAND_INS_GUESTS ? EGPR_REFUSED_STAND_IN_GUEST
							      : EGPR_REFUSED_NONE;
}

/**
 * egpr_plan_context - set what the sequences read beside the registers
 * @p: the plan
 * @sw: the context
 * @xcr0_guest: XCR0 that the guest runs with, without lent or virtual bits
 */
void egpr_plan_context(const struct egpr_plan *p, struct egpr_switch *sw, u64 xcr0_guest)
{
	sw->flags = p->state == EGPR_STATE_OFF ? 0 : EGPR_SWITCH_GUEST_APX;
	sw->delay = p->delay;
	sw->access = EGPR_SWITCH_ACCESS;
	sw->xcr0_host = egpr_xgetbv();
	sw->xcr0_guest = xcr0_guest;
	sw->rfbm = BIT_ULL(EGPR_XFEATURE);
	if (p->form == EGPR_FORM_PROXY) {
		sw->rfbm = p->stand_in.rfbm;
		return;
	}
	if (p->form == EGPR_FORM_TRAP) {
		/* A CPU with APX has no MPX, whose place component 19 took. */
		sw->xcr0_host = (sw->xcr0_host & ~XCR0_MPX) | BIT_ULL(EGPR_XFEATURE);
		sw->xcr0_guest &= ~XCR0_MPX;
	}
	if (p->state == EGPR_STATE_OFF)
		sw->xcr0_guest &= ~BIT_ULL(EGPR_XFEATURE);
	else
		sw->xcr0_guest |= BIT_ULL(EGPR_XFEATURE);
}

/* The XCR0 of a guest that is not there. */
u64 egpr_plan_typical_xcr0(void)
{
	return egpr_xgetbv() & TYPICAL_GUEST_XCR0;
}

/* Every home of the guest's registers to what a new vCPU has: zero, in initial configuration. */
void egpr_plan_forget(const struct egpr_plan *p, struct egpr_switch *sw)
{
	memset(sw->regs, 0, sizeof(sw->regs));
	memset(sw->xsave, 0, sizeof(sw->xsave));
	egpr_stand_in_mxcsr(sw, EGPR_MXCSR_DEFAULT); /* as kernel_fpu_begin() sets it */
	if (p->s->home == EGPR_HOME_XSAVE_COMPACT)
		egpr_area_set(sw, EGPR_XCOMP_BV_OFFSET, EGPR_XCOMP_COMPACTED | sw->rfbm);
}
