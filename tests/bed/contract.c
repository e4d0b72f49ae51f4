// SPDX-License-Identifier: GPL-2.0-only
/*
 * In ring 0 every half of every strategy leaves alone what is its caller's: x87, SSE, MXCSR, the
 * components outside of RFBM, PKRU, XCR0, callee-saved registers, flags with IF, stack, frame and
 * context; and no exit half leaves a guest's value in the registers that it may lose.
 *
 * usage: contract ROUNDS [mutants]: with a test build's module the planted faults of
 * mutants/contract.h, each of which its check has to see.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/plan/axis.h>
#include <bench/proof/contract.h>
#include "mutants/contract.h"
#include "tap.h"

#define MUTANT_ROUNDS 20
#define TEXT	      256

#define FORM_NAME(SYM, form, text) #form,
static const char *const forms[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_NAME) };

static struct module_session m;
static struct standin st;

static void prove(const struct egpr_strategy *s, enum egpr_form form, unsigned int rounds)
{
	struct contract_result r;
	struct data_error e;
	unsigned int state;
	char text[TEXT];

	for (state = 0; state < EGPR_NR_STATES; state++) {
		if (contract_prove_module(&m, s, &st, form, state, 0, rounds, &r, &e)) {
			tap_skip(e.text, "%s, %s, %s", s->id, forms[form],
				 egpr_guest_states[state].id);
			return;
		}
		if (!tap_ok(!contract_failure(&r, text, sizeof(text)) && r.halves == 2 * rounds &&
				    r.tried[CONTRACT_XCR0] == r.halves &&
				    (form != EGPR_FORM_TRAP || state != EGPR_STATE_DIRTY ||
				     r.tried[CONTRACT_SCRATCH]),
			    "%s, %s, %s: nothing of its caller's in %llu halves", s->id,
			    forms[form], egpr_guest_states[state].id, (unsigned long long)r.halves))
			tap_note("%s", text);
	}
}

/* X-macro rows as data. */
#define MUTANT_ROW(n, name, check) { n, #name, CONTRACT_##check },
static const struct mutant {
	unsigned int n;
	const char *name;
	enum contract_check check;
} mutants[] = { CONTRACT_MUTANTS(MUTANT_ROW) };

static void catch (const struct mutant *x, unsigned int half)
{
	const struct egpr_strategy *s = &egpr_strategies[EGPR_STRATEGY_delay];
	const char *name = half ? "entry" : "exit";
	/* A proxy's stand-ins are what a guest's value may not be left in. */
	enum egpr_form form = x->check == CONTRACT_SCRATCH ? EGPR_FORM_TRAP : EGPR_FORM_PROXY;
	struct contract_result r, nothing;
	struct data_error e;

	/* Without its fault first: what is never tried cannot fail here. */
	if (contract_prove_module(&m, s, &st, form, EGPR_STATE_DIRTY, 0, 1, &nothing, &e)) {
		tap_ok(false, "%s: %s", x->name, e.text);
		return;
	}
	if (!nothing.tried[x->check] ||
	    (x->check == CONTRACT_XCR0 && !(st.cpu.xcr0 & ~(uint64_t)3))) {
		tap_skip("this CPU does not have it", "%s in the %s half is seen by %s", x->name,
			 name, contract_ids[x->check]);
		return;
	}
	if (contract_prove_module(&m, s, &st, form, EGPR_STATE_DIRTY,
				  x->n + half * CONTRACT_MUTANT_ENTRY, MUTANT_ROUNDS, &r, &e)) {
		tap_ok(false, "%s: %s", x->name, e.text);
		return;
	}
	tap_ok(r.failed[x->check] && !nothing.failed[x->check],
	       "%s in the %s half is seen by %s: %s", x->name, name, contract_ids[x->check],
	       r.detail[x->check]);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	const struct egpr_strategy *s;
	struct data_error e;
	unsigned int form;
	size_t i;

	if (!rounds || argc > 3 || (argc == 3 && strcmp(argv[2], "mutants"))) {
		fprintf(stderr, "usage: contract ROUNDS [mutants]\n");
		return EGPR_USAGE;
	}
	if (module_open(&m, &e)) {
		fprintf(stderr, "contract: %s\n", e.text);
		return EGPR_UNAVAILABLE;
	}
	standin_probe(&st, EGPR_STAND_INS_ALL);
	if (argc == 3) {
		for (i = 0; i < sizeof(mutants) / sizeof(*mutants); i++) {
			catch (&mutants[i], 0);
			if (mutants[i].check != CONTRACT_SCRATCH) /* which is about exits */
				catch (&mutants[i], 1);
		}
		module_close(&m);
		return tap_done();
	}
	for (form = 0; form < EGPR_NR_FORMS; form++) {
		if (form == EGPR_FORM_HW && !(m.query.features & EGPR_HAS_APX)) {
			tap_skip(module_refusal(EGPR_REFUSED_NO_APX), "every strategy in form hw");
			continue;
		}
		egpr_for_each_strategy(s)
			prove(s, form, rounds);
	}
	module_close(&m);
	return tap_done();
}
