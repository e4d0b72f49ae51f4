// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision about KVM's own switch; see own.h.
 */
#include <stdio.h>
#include <string.h>

#include "module.h"
#include "own.h"

static void refuse(bool *may, char *to, size_t size, const char *why, const char *more)
{
	*may = false;
	snprintf(to, size, "%s%s%s", why, *more ? ": " : "", more);
}

static void refuse_strategies(struct own_verdict *v, const char *why, const char *more)
{
	refuse(&v->strategies, v->why_strategies, sizeof(v->why_strategies), why, more);
}

static void refuse_own(struct own_verdict *v, const char *why, const char *more)
{
	refuse(&v->own, v->why_own, sizeof(v->why_own), why, more);
}

static void refuse_both(const struct own_facts *f, struct own_verdict *v, const char *why,
			const char *more)
{
	/* Around KVM_RUN the lab's halves are out of KVM's way, whatever it does. */
	if (f->probes)
		refuse_strategies(v, why, more);
	refuse_own(v, why, more);
}

/* What a pattern at the probes told of a KVM that offers APX. */
static void by_finding(const struct own_facts *f, struct own_verdict *v)
{
	const char *failed = f->failed ? f->failed : "";

	if (!f->xcr0_set && !*failed) {
		refuse_both(f, v,
			    "KVM says that it offers guests APX, but XCR0.APX of a guest that "
			    "set it is 0; nothing can be told of such a KVM",
			    "");
		return;
	}
	switch (f->found) {
	case EGPR_KVM_LEAVES:
		return;
	case EGPR_KVM_SWITCHES:
		refuse_strategies(v, module_refusal(EGPR_REFUSED_KVM_SWITCHES), "");
		return;
	case EGPR_KVM_UNCLEAR:
		refuse_both(f, v, module_refusal(EGPR_REFUSED_KVM_UNCLEAR), failed);
		return;
	default:
		refuse_both(f, v, module_refusal(EGPR_REFUSED_KVM_UNTOLD), failed);
	}
}

void own_decide(const struct own_facts *f, struct own_verdict *v)
{
	char answers[256] = "";

	memset(v, 0, sizeof(*v));
	v->strategies = v->own = true;
	if (f->apx)
		vmm_apx_text(f->apx, answers, sizeof(answers));
	if (f->form == EGPR_FORM_PROXY) {
		refuse_own(v,
			   "nothing stands in for KVM's own switch of r16..r31: it is measured "
			   "with provenance hw, on a CPU and a KVM with APX",
			   "");
		return;
	}
	switch (f->offer) {
	case VMM_APX_NONE:
		refuse_own(v, module_refusal(EGPR_REFUSED_KVM_OFFERS_NONE), answers);
		return;
	case VMM_APX_PART:
		refuse_both(f, v,
			    "KVM's answers about APX contradict each other, so what it does "
			    "with r16..r31 cannot be told",
			    answers);
		return;
	default:
		if (f->probes)
			by_finding(f, v);
	}
}

bool own_is_of_the_lab(const struct egpr_strategy *s)
{
	return s->family != EGPR_FAMILY_BASE && s->family != EGPR_FAMILY_DELAY &&
	       s->family != EGPR_FAMILY_OWN;
}
