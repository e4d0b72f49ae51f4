// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does KVM switch r16..r31 by itself? Asked with a pattern in a guest's registers, at the probes.
 *
 * Where KVM offers guests APX, nobody but KVM knows what it does with them; a strategy beside a switch
 * of KVM's own would be timed with it, and its registers be overwritten. So there the strategies are
 * refused until a look has found that KVM leaves the registers alone.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/fpu/api.h>
#include <asm/thread_info.h>

#include <egpr/look.h>

#include "egpr_switch.h"

/* Of the kvm.ko that is loaded now. */
static enum egpr_kvm_finding finding = EGPR_KVM_UNTOLD;

void egpr_own_forget(void)
{
	WRITE_ONCE(finding, EGPR_KVM_UNTOLD);
}

/* Is this vCPU offered APX, by KVM itself and not by lend()? In form proxy none can be. */
static bool offered(const struct egpr_session *s, enum egpr_form form)
{
	switch (form) {
	case EGPR_FORM_HW:
		return s->vcpu->arch.guest_supported_xcr0 & BIT_ULL(EGPR_XFEATURE);
	case EGPR_FORM_TRAP:
		return egpr_played_offers();
	default:
		return false;
	}
}

/**
 * egpr_own_refusal - why a plan must not run beside what this KVM does
 * @s: a session with a vCPU
 * @p: the plan
 *
 * Return: EGPR_REFUSED_NONE, or the reason.
 */
enum egpr_refusal egpr_own_refusal(const struct egpr_session *s, const struct egpr_plan *p)
{
	enum egpr_kvm_finding found = READ_ONCE(finding);
	bool offers = offered(s, p->form), own = p->s->family == EGPR_FAMILY_OWN;

	if (!offers)
		return own ? EGPR_REFUSED_KVM_OFFERS_NONE : EGPR_REFUSED_NONE;
	if (p->s->family == EGPR_FAMILY_BASE || p->s->family == EGPR_FAMILY_DELAY)
		return EGPR_REFUSED_NONE;
	switch (found) {
	case EGPR_KVM_LEAVES:
		return EGPR_REFUSED_NONE;
	case EGPR_KVM_SWITCHES:
		return own ? EGPR_REFUSED_NONE : EGPR_REFUSED_KVM_SWITCHES;
	case EGPR_KVM_UNCLEAR:
		return EGPR_REFUSED_KVM_UNCLEAR;
	default:
		return EGPR_REFUSED_KVM_UNTOLD;
	}
}

/* The registers are the guest's or will be, and touching them is no #UD. */
static bool touchable(const struct egpr_session *s)
{
	if (!irqs_disabled())
		return false;
	return s->look.form == EGPR_FORM_TRAP ||
	       ((egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE)) && !test_thread_flag(TIF_NEED_FPU_LOAD));
}

static void get(const struct egpr_session *s, u64 r[EGPR_COUNT])
{
	unsigned int i;

	if (s->look.form == EGPR_FORM_TRAP) {
		memcpy(r, s->page->r, sizeof(s->page->r));
		return;
	}
	for (i = 0; i < EGPR_COUNT; i++)
		r[i] = egpr_live_read(EGPR_FORM_HW, EGPR_FIRST + i);
}

static void put(struct egpr_session *s, const u64 r[EGPR_COUNT])
{
	unsigned int i;

	if (s->look.form == EGPR_FORM_TRAP) {
		memcpy(s->page->r, r, sizeof(s->page->r));
		return;
	}
	for (i = 0; i < EGPR_COUNT; i++)
		egpr_live_write(EGPR_FORM_HW, EGPR_FIRST + i, r[i]);
}

/**
 * egpr_own_entry - the last that the entry probe does while somebody looks
 * @s: the session
 */
void egpr_own_entry(struct egpr_session *s)
{
	u64 r[EGPR_COUNT], is[EGPR_COUNT];
	unsigned int i;

	if (!touchable(s)) {
		s->look.blind++;
		return;
	}
	for (i = 0; i < EGPR_COUNT; i++)
		r[i] = ~s->look.pattern[i];
	put(s, r);
	get(s, is);
	if (memcmp(r, is, sizeof(r)))
		s->look.blind++;
	s->look.put++;
}

/**
 * egpr_own_exit - the first that the exit probe does while somebody looks
 * @s: the session
 */
void egpr_own_exit(struct egpr_session *s)
{
	bool pattern = true, written = true, zero = true;
	u64 r[EGPR_COUNT];
	unsigned int i;

	if (!touchable(s)) {
		s->look.blind++;
		return;
	}
	get(s, r);
	for (i = 0; i < EGPR_COUNT; i++) {
		pattern &= r[i] == s->look.pattern[i];
		written &= r[i] == ~s->look.pattern[i];
		zero &= !r[i];
	}
	s->look.saw_pattern += pattern;
	s->look.saw_put += written;
	s->look.saw_zero += zero;
	s->look.saw_other += !pattern && !written && !zero;
}

static enum egpr_refusal look_refusal(const struct egpr_session *s, enum egpr_form form)
{
	if (form == EGPR_FORM_TRAP && !egpr_emulate)
		return EGPR_REFUSED_NO_EMULATE;
	if (form == EGPR_FORM_HW && !(egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE)))
		return EGPR_REFUSED_NO_APX;
	return offered(s, form) ? EGPR_REFUSED_NONE : EGPR_REFUSED_KVM_OFFERS_NONE;
}

/**
 * egpr_own_begin - look from the next entry on
 * @s: a session that has a vCPU and switches nothing; the caller holds vcpu->mutex
 * @l: the request
 *
 * Return: 0, or -EOPNOTSUPP with the refusal in @l.
 */
int egpr_own_begin(struct egpr_session *s, struct egpr_look *l)
{
	l->refusal = look_refusal(s, l->form);
	if (l->refusal != EGPR_REFUSED_NONE)
		return -EOPNOTSUPP;
	s->look = *l;
	s->look.put = s->look.blind = s->look.saw_pattern = s->look.saw_put = 0;
	s->look.saw_zero = s->look.saw_other = 0;
	s->looking = true;
	return 0;
}

/**
 * egpr_own_end - look no more, and judge
 * @s: the session; the caller holds vcpu->mutex
 * @l: what the guest says; receives what was seen
 *
 * Return: 0, or -EINVAL where nobody looks.
 */
int egpr_own_end(struct egpr_session *s, struct egpr_look *l)
{
	if (!s->looking || l->form != s->look.form)
		return -EINVAL;
	s->looking = false;
	s->look.step = l->step;
	s->look.exits = l->exits;
	s->look.guest_has_it = l->guest_has_it;
	s->look.refusal = EGPR_REFUSED_NONE;
	s->look.finding = egpr_look_judge(&s->look);
	WRITE_ONCE(finding, s->look.finding);
	*l = s->look;
	return 0;
}
