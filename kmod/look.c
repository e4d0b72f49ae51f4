// SPDX-License-Identifier: GPL-2.0-only
/*
 * EGPR_IOC_LOOK: from what user space sent to the two steps of a look, while the vCPU is out.
 */
#include <linux/errno.h>
#include <linux/mutex.h>

#include "egpr_switch.h"

static bool valid(const struct egpr_look *l)
{
	unsigned int i;

	if (l->reserved || l->guest_has_it > 1 ||
	    (l->form != EGPR_FORM_HW && l->form != EGPR_FORM_TRAP))
		return false;
	if (l->step == EGPR_LOOK_END)
		return true;
	for (i = 0; i < EGPR_COUNT; i++) {
		if (!l->pattern[i] || !~l->pattern[i])
			return false;
	}
	return l->step == EGPR_LOOK_BEGIN && !l->exits && !l->guest_has_it;
}

/**
 * egpr_look - begin or end a look
 * @s: the session
 * @l: the request
 *
 * Return: 0 or an errno, with the refusal in @l.
 */
int egpr_look(struct egpr_session *s, struct egpr_look *l)
{
	int err;

	l->refusal = EGPR_REFUSED_NONE;
	if (!valid(l))
		return -EINVAL;
	if (!s->vcpu)
		return -ENOTCONN;
	if (!mutex_trylock(&s->vcpu->mutex)) {
		l->refusal = EGPR_REFUSED_BUSY;
		return -EBUSY;
	}
	if (l->step == EGPR_LOOK_BEGIN) {
		egpr_session_disarm(s);
		err = egpr_own_begin(s, l);
	} else {
		err = egpr_own_end(s, l);
	}
	mutex_unlock(&s->vcpu->mutex);
	return err;
}
