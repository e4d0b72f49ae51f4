// SPDX-License-Identifier: GPL-2.0-only
/*
 * The place in the vmenter.S of an edited KVM, where halves run instead of at the probes.
 *
 * There the probes only say whose turn it is: the entry probe leaves the context of its vCPU in a per-CPU
 * word, which the place reads; interrupts are off from there to behind the exit half. A vCPU that is none of the
 * lab's finds nothing in that word. Which halves are called is one choice for the whole KVM, so
 * sessions at the place have the same, or are refused.
 *
 * Design F (EGPR_BIND_OUTER) has the halves of `none` there, and its own where KVM's inner loop is entered and
 * left. KVM tells of these edges, and of its switch of XCR0, for every strategy, so that all pay the same.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "egpr_switch.h"
#include "kvm/place.h"

static DEFINE_MUTEX(place_lock);
static const struct egpr_place *place; /* pinned while not NULL */
static unsigned int users;
static struct egpr_sequence chosen;

bool egpr_place_there(void)
{
	bool found = symbol_get(egpr_place);

	if (found)
		symbol_put(egpr_place);
	return found;
}

#define FORM_ID(SYM, id, text) [EGPR_FORM_##SYM] = #id,
static const char *const form_ids[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_ID) };

/* What is called in vmenter.S. */
static struct egpr_sequence halves_there(const struct egpr_plan *p)
{
	return p->s->needs & EGPR_BIND_OUTER ? p->stay : p->fn;
}

static enum egpr_refusal judge(const struct egpr_place *at, const struct egpr_plan *p)
{
	struct egpr_sequence fn;

	if (at->version != EGPR_PLACE_VERSION || at->context_bytes != sizeof(struct egpr_switch))
		return EGPR_REFUSED_PLACE_OTHER;
	if ((p->s->needs & EGPR_BIND_OUTER) && !at->tell)
		return EGPR_REFUSED_PLACE_OUTER;
	/* Nobody rebinds what is part of the code, unless KVM does. */
	if ((p->s->needs & EGPR_BIND_DUAL) && p->state == EGPR_STATE_OFF &&
	    at->kind == EGPR_PLACE_INLINE && !at->by_flag)
		return EGPR_REFUSED_PLACE_DUAL;
	if (p->form == EGPR_FORM_HW && p->state == EGPR_STATE_OFF &&
	    (p->s->needs & EGPR_NEEDS_XSETBV))
		return EGPR_REFUSED_PLACE_XCR0;
	if (at->kind == EGPR_PLACE_INLINE &&
	    (strcmp(at->strategy, p->s->id) || strcmp(at->form, form_ids[p->form])))
		return EGPR_REFUSED_PLACE_INLINE;
	fn = halves_there(p);
	if (at->choose && users && (fn.exit != chosen.exit || fn.entry != chosen.entry))
		return EGPR_REFUSED_PLACE_TAKEN;
	return EGPR_REFUSED_NONE;
}

/**
 * egpr_place_take - have a plan's halves run at the place
 * @s: the session; the caller holds its vcpu->mutex
 * @p: the plan
 * @edge: called at the edges of KVM's inner loop, ...
 * @xcr0: ... and where KVM switches XCR0, if it tells
 *
 * Return: EGPR_REFUSED_NONE, or the reason why not.
 */
enum egpr_refusal egpr_place_take(struct egpr_session *s, const struct egpr_plan *p,
				  egpr_place_fn edge, egpr_place_fn xcr0)
{
	const struct egpr_place *at;
	enum egpr_refusal why = EGPR_REFUSED_NO_PLACE;

	mutex_lock(&place_lock);
	at = place ? place : symbol_get(egpr_place);
	if (!at)
		goto out;
	why = judge(at, p);
	if (why != EGPR_REFUSED_NONE) {
		if (!place)
			symbol_put(egpr_place);
		goto out;
	}
	chosen = halves_there(p);
	if (at->choose)
		at->choose(chosen.exit, chosen.entry);
	if (at->tell)
		at->tell(edge, xcr0);
	WRITE_ONCE(place, at);
	egpr_virtual_place(at->text);
	users++;
	s->at_place = true;
	s->xcr0_told = at->tell;
out:
	mutex_unlock(&place_lock);
	return why;
}

/**
 * egpr_place_give - no half of this session runs at the place any more
 * @s: the session; the caller holds its vcpu->mutex
 */
void egpr_place_give(struct egpr_session *s)
{
	int cpu;

	if (!s->at_place)
		return;
	mutex_lock(&place_lock);
	for_each_possible_cpu(cpu)
		cmpxchg(per_cpu_ptr(place->context, cpu), &s->ctx->sw, place->idle);
	users--;
	s->at_place = s->xcr0_told = false;
	mutex_unlock(&place_lock);
	egpr_virtual_forget(s);
}

/**
 * egpr_place_release - let go of KVM's place, if nobody is there
 *
 * Text of this module is not called from KVM's afterwards.
 */
void egpr_place_release(void)
{
	mutex_lock(&place_lock);
	if (place && !users) {
		if (place->tell)
			place->tell(NULL, NULL);
		if (place->choose)
			place->choose(NULL, NULL);
		WRITE_ONCE(place, NULL);
		egpr_virtual_place(NULL);
		symbol_put(egpr_place);
	}
	mutex_unlock(&place_lock);
}

/* In the entry probe of a vCPU whose halves do not run at the place. */
void egpr_place_idle(void)
{
	const struct egpr_place *at = READ_ONCE(place);

	if (unlikely(at))
		raw_cpu_write(*at->context, at->idle);
}

/* In the entry probe of one whose halves do. */
void egpr_place_arm(struct egpr_session *s)
{
	raw_cpu_write(*place->context, &s->ctx->sw);
	if (s->plan.form != EGPR_FORM_TRAP)
		return;
	s->ctx->sw.access = EGPR_FIRST + s->counters.exits % EGPR_COUNT;
	s->emulated = s->counters.emulated;
	egpr_virtual_enter(s);
}
