// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract in user mode: in this process, and in one apart for whoever is about to measure.
 */
#include <cpuid.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include "apart.h"
#include "contract.h"

#define KNOWN_ROUNDS 70 /* more than the 60 after which a fault may come round */
#define DELAY	     3
#define PKU_LEAF     7
#define OSPKE	     (1u << 4) /* CPUID(7,0).ECX */

static uint64_t pkru(void)
{
	static int there = -1;
	uint32_t value, edx;

	if (there < 0) {
		uint32_t eax, ebx, ecx = 0;

		there = __get_cpuid_count(PKU_LEAF, 0, &eax, &ebx, &ecx, &edx) && (ecx & OSPKE);
	}
	if (!there)
		return 0;
	__asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(value), "=d"(edx) : "c"(0)); /* RDPKRU */
	return EGPR_PKRU_THERE | value;
}

/* User mode, in this process. XCR0 cannot be changed here, so it is not looked at. */
static int run_here(const struct contract_place *place, const struct contract_half *h,
		    struct egpr_contract_image *im, struct data_error *e)
{
	struct egpr_sequence seq = egpr_sequence_bind(h->s, h->form, h->state != EGPR_STATE_OFF);
	struct egpr_switch *sw = place->opaque;

	(void)e;
	im->before = *sw;
	im->state.egprs = h->form == EGPR_FORM_HW && h->half == EGPR_RUN_EXIT &&
			  h->state == EGPR_STATE_DIRTY;
	im->pkru_in = pkru();
	egpr_contract_call(&im->state, h->half == EGPR_RUN_EXIT ? seq.exit : seq.entry, sw);
	im->pkru_out = pkru();
	im->after = *sw;
	return 0;
}

void contract_prove(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		    enum egpr_guest_state state, unsigned int rounds, struct contract_result *r)
{
	static struct egpr_switch sw;
	const struct contract_place here = { .run = run_here, .opaque = &sw };
	struct data_error e;

	memset(&sw, 0, sizeof(sw));
	standin_context(&sw, st, form, state);
	sw.delay = DELAY;
	contract_prove_at(&here, s, st, form, state, rounds, r, &e);
}

/*
 * struct asked - a proof as the process that makes it leaves it
 * @half: being run, or NULL
 */
struct asked {
	const struct egpr_strategy *s;
	const struct standin *st;
	enum egpr_form form;
	enum egpr_guest_state state;
	const char *half;
	struct contract_result r;
};

static void prove(void *shared)
{
	struct asked *a = shared;

	contract_tell(&a->half);
	contract_prove(a->s, a->st, a->form, a->state, KNOWN_ROUNDS, &a->r);
}

/* Return: 0 proved, or a status with its @reason. */
static int ask(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
	       enum egpr_guest_state state, char *reason, size_t size)
{
	struct asked *a = apart_alloc(sizeof(*a));
	char how[APART_TEXT];
	int ret = EGPR_INTERNAL;

	if (!a) {
		snprintf(reason, size, "out of memory");
		return ret;
	}
	a->s = s;
	a->st = st;
	a->form = form;
	a->state = state;
	ret = apart_run(prove, a, how);
	if (ret) {
		apart_name_half(how, a->half);
		snprintf(reason, size, "%s", how);
	} else if (contract_failure(&a->r, reason, size)) {
		ret = EGPR_DATA;
	}
	apart_free(a, sizeof(*a));
	return ret;
}

int contract_known(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		   enum egpr_guest_state state, const char **reason)
{
	static struct {
		bool asked;
		int status;
		char reason[CONTRACT_DETAIL + 16];
	} known[EGPR_NR_STRATEGIES][EGPR_NR_FORMS][EGPR_NR_STATES], *k;
	unsigned int i = (unsigned int)(s - egpr_strategies);

	*reason = "not a strategy of the table";
	if (i >= EGPR_NR_STRATEGIES)
		return EGPR_SKIPPED;
	k = &known[i][form][state];
	*reason = k->reason;
	if (k->asked)
		return k->status;
	k->asked = true;
	if (s->needs & EGPR_NEEDS_CPL0) {
		snprintf(k->reason, sizeof(k->reason), "the sequence is privileged");
		k->status = EGPR_SKIPPED;
	} else if (s->family == EGPR_FAMILY_XSAVE &&
		   (s->needs & ~st->has &
		    (EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC))) {
		snprintf(k->reason, sizeof(k->reason), "this CPU lacks the instruction");
		k->status = EGPR_SKIPPED;
	} else {
		k->status = ask(s, st, form, state, k->reason, sizeof(k->reason));
	}
	return k->status;
}

int contract_gate(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		  enum egpr_guest_state state, bool ring0, struct data_error *e)
{
	const char *reason;
	int status = contract_known(s, st, form, state, &reason);

	/* User mode cannot run what is privileged; ring 0 can. */
	if (ring0 && (!status || (status == EGPR_SKIPPED && (s->needs & EGPR_NEEDS_CPL0))))
		status = contract_known_module(s, st, form, state, &reason);
	if (!status)
		return 0;
	return data_fail(e, status,
			 status == EGPR_DATA ? "it changes what is its caller's: %s"
			 : status == EGPR_SKIPPED
				 ? "what it may change cannot be looked at here, so it "
				   "has no number: %s"
				 : "%s",
			 reason);
}
