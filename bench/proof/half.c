// SPDX-License-Identifier: GPL-2.0-only
/*
 * One half in form trap under the user host of emu/. Whatever it does, control comes back.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include <egpr/status.h>

#include <emu/emu.h>
#include <emu/user/user.h>
#include "proof.h"

#define FAULTS 2

static const int faults[FAULTS] = { SIGILL, SIGSEGV };
static struct sigaction before[FAULTS];
static sigset_t mask;
static sigjmp_buf out_of_half;
static const struct egpr_contract_image *volatile in_half;

/* What the user host did not take: a genuine #UD or #GP of the sequence. */
static void on_fault(int sig)
{
	if (in_half)
		siglongjmp(out_of_half, sig);
	/* not ours: happens again, to whom it belongs */
	sigaction(sig, &before[sig == SIGSEGV], NULL);
}

int proof_start(struct egpr_page *page, unsigned int how, const char **why)
{
	struct sigaction sa = { .sa_handler = on_fault };
	int r;

	if (egpr_user_native_apx()) {
		*why = "this CPU has APX, so the trap form would not trap";
		return EGPR_SKIPPED;
	}
	emu_page_init(page);
	sigemptyset(&sa.sa_mask);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (unsigned int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &sa, &before[i]);
	r = egpr_user_start(EGPR_USER_TRAPS | EGPR_USER_XCR0_HIGH |
			    (how & PROOF_PATCHED ? EGPR_USER_PATCH : 0));
	if (!r)
		r = egpr_user_attach(page);
	if (!r)
		return 0;
	*why = strerror(-r);
	proof_stop();
	return EGPR_INTERNAL;
}

void proof_stop(void)
{
	egpr_user_stop();
	egpr_user_attach(NULL);
	for (unsigned int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &before[i], NULL);
}

uint64_t proof_half_stack(void)
{
	return in_half ? in_half->state.rsp_in : 0;
}

int proof_half(const struct contract_place *place, const struct contract_half *h,
	       struct egpr_contract_image *im, struct data_error *e)
{
	struct proof_model *m = place->opaque;
	const struct egpr_sequence seq =
		egpr_sequence_bind(h->s, h->form, h->state != EGPR_STATE_OFF);
	int sig;

	im->before = m->sw;
	im->state.rsp_in = 0;
	sig = sigsetjmp(out_of_half, 0);
	if (!sig) {
		in_half = im;
		egpr_contract_call(&im->state, h->half == EGPR_RUN_EXIT ? seq.exit : seq.entry,
				   &m->sw);
	}
	in_half = NULL;
	if (sig) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
		return data_fail(e, EGPR_CRASHED, "the %s half raised %s with XCR0.APX = %d",
				 h->half == EGPR_RUN_EXIT ? "exit" : "entry",
				 sig == SIGILL ? "#UD" : "#GP or #PF",
				 !!(m->page->xcr0 & EGPR_XFEATURE_LO));
	}
	im->after = m->sw;
	return 0;
}
