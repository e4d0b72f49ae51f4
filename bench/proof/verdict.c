// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the checks of a state proof add up to.
 */
#include <stdarg.h>
#include <stdio.h>

#include "proof.h"

#define CHECK_ID(SYM, id, text) [PROOF_##SYM] = id,
const char *const proof_check_ids[PROOF_NR] = { PROOF_CHECKS(CHECK_ID) };

void proof_note(struct proof_model *m, enum proof_check check, bool ok, const char *format, ...)
{
	va_list ap;

	m->r.tried[check]++;
	if (ok || m->r.failed[check]++)
		return;
	va_start(ap, format);
	vsnprintf(m->r.detail[check], PROOF_DETAIL, format, ap);
	va_end(ap);
}

bool proof_is_control(const struct egpr_strategy *s)
{
	return s->home == EGPR_HOME_HW;
}

bool proof_is_meant(const struct egpr_strategy *s, enum egpr_guest_state state,
		    enum proof_check check)
{
	if (!proof_is_control(s) || state == EGPR_STATE_OFF)
		return false;
	return check == PROOF_SURVIVES || check == PROOF_NO_LEAK || check == PROOF_HOST ||
	       check == PROOF_ENABLE || check == PROOF_DISABLE || check == PROOF_SOURCE;
}

bool proof_passes(const struct proof_result *r, const struct egpr_strategy *s,
		  enum egpr_guest_state state, char *reason)
{
	bool control = proof_is_control(s) && state != EGPR_STATE_OFF;

	for (unsigned int i = 0; i < PROOF_NR; i++) {
		if (!r->failed[i] || proof_is_meant(s, state, (enum proof_check)i))
			continue;
		snprintf(reason, PROOF_VERDICT, "%s: %s", proof_check_ids[i], r->detail[i]);
		return false;
	}
	if (!r->exits) {
		snprintf(reason, PROOF_VERDICT, "no exit took place, so nothing is proved");
		return false;
	}
	if (control && !r->failed[PROOF_SURVIVES]) {
		snprintf(reason, PROOF_VERDICT,
			 "the control kept the registers: the checks see nothing");
		return false;
	}
	if (control && state == EGPR_STATE_DIRTY && !r->failed[PROOF_NO_LEAK]) {
		snprintf(reason, PROOF_VERDICT, "the control did not leak: the checks see nothing");
		return false;
	}
	return true;
}

const char *proof_untried(const struct egpr_strategy *s, enum egpr_form form,
			  enum egpr_guest_state state, bool *all)
{
	*all = form == EGPR_FORM_HW && (s->needs & EGPR_NEEDS_CPL0);
	if (*all)
		return "the sequence is privileged: user mode cannot run it";
	if (form != EGPR_FORM_HW || !(s->needs & EGPR_NEEDS_XSETBV))
		return NULL;
	*all = state == EGPR_STATE_OFF;
	return "XCR0 cannot be changed in user mode: XSETBV, first enable, off and on again";
}
