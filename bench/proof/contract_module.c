// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract in ring 0: the module runs the halves.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>
#include <egpr/uapi.h>

#include "contract.h"

#define KNOWN_ROUNDS 15

/*
 * struct ring0 - a place
 * @fresh: EGPR_CONF_FRESH for the first half
 */
struct ring0 {
	struct module_session *m;
	const struct standin *st;
	unsigned int delay;
	unsigned int fresh;
};

static int run_there(const struct contract_place *place, const struct contract_half *h,
		     struct egpr_contract_image *im, struct data_error *e)
{
	struct ring0 *k = place->opaque;
	const struct egpr_contract c = {
		.strategy = (__u32)(h->s - egpr_strategies),
		.form = h->form,
		.guest_state = h->state,
		.delay = k->delay,
		.half = h->half,
		.flags = k->fresh,
		.no_stand_in = standin_barred(k->st),
	};

	k->fresh = 0;
	if (h->form == EGPR_FORM_TRAP) { /* as a CPU with APX has it */
		k->m->page->xcr0 |= 1ull << EGPR_XFEATURE;
		k->m->page->xinuse = 1;
		if (h->half == EGPR_RUN_EXIT)
			memcpy(k->m->page->r, im->state.egpr_in, sizeof(k->m->page->r));
	}
	return module_contract(k->m, c, im, e);
}

int contract_prove_module(struct module_session *m, const struct egpr_strategy *s,
			  const struct standin *st, enum egpr_form form,
			  enum egpr_guest_state state, unsigned int delay, unsigned int rounds,
			  struct contract_result *r, struct data_error *e)
{
	struct ring0 k = { .m = m, .st = st, .delay = delay, .fresh = EGPR_CONF_FRESH };
	const struct contract_place place = { .run = run_there, .opaque = &k, .one_stack = true };

	return contract_prove_at(&place, s, st, form, state, rounds, r, e);
}

int contract_known_module(const struct egpr_strategy *s, const struct standin *st,
			  enum egpr_form form, enum egpr_guest_state state, const char **reason)
{
	static struct {
		bool asked;
		int status;
		char reason[CONTRACT_DETAIL + 16];
	} known[EGPR_NR_STRATEGIES][EGPR_NR_FORMS][EGPR_NR_STATES], *k;
	unsigned int i = (unsigned int)(s - egpr_strategies);
	struct contract_result r;
	struct module_session m;
	struct data_error e;

	*reason = "not a strategy of the table";
	if (i >= EGPR_NR_STRATEGIES)
		return EGPR_SKIPPED;
	k = &known[i][form][state];
	*reason = k->reason;
	if (k->asked)
		return k->status;
	k->asked = true;
	k->status = module_open(&m, &e);
	if (!k->status) {
		k->status = contract_prove_module(&m, s, st, form, state, 0, KNOWN_ROUNDS, &r, &e);
		module_close(&m);
	}
	if (k->status)
		snprintf(k->reason, sizeof(k->reason), "%.*s", (int)sizeof(k->reason) - 1, e.text);
	else if (contract_failure(&r, k->reason, sizeof(k->reason)))
		k->status = EGPR_DATA;
	return k->status;
}
