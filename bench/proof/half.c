// SPDX-License-Identifier: GPL-2.0-only
/*
 * One half in user mode: in form trap under the user host of emu/, or natively in form hw, where the
 * registers are loaded and stored around it by APX instructions. Whatever it does, control comes back.
 */
#include <cpuid.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <egpr/status.h>

#include <emu/emu.h>
#include <emu/user/user.h>
#include "proof.h"

#define FAULTS	    2
#define STACK_BYTES 65536 /* AVX-512 and AMX frames are larger than MINSIGSTKSZ */

static const int faults[FAULTS] = { SIGILL, SIGSEGV };
static struct sigaction before[FAULTS];
static sigset_t mask;
static sigjmp_buf out_of_half;
static const struct egpr_contract_image *volatile in_half;
static enum egpr_form form = EGPR_FORM_TRAP;
static const struct contract_place *elsewhere;

static int proof_half(const struct contract_place *place, const struct contract_half *h,
		      struct egpr_contract_image *im, struct data_error *e);

enum egpr_form proof_form(void)
{
	return form;
}

bool proof_fixed(void)
{
	return form == EGPR_FORM_HW && !elsewhere;
}

void proof_start_at(const struct contract_place *place, enum egpr_form f, struct egpr_page *page)
{
	emu_page_init(page);
	form = f;
	elsewhere = place;
}

void proof_stop_at(void)
{
	elsewhere = NULL;
	form = EGPR_FORM_TRAP;
}

struct contract_place proof_place(struct proof_model *m)
{
	return (struct contract_place){ .run = elsewhere ? elsewhere->run : proof_half,
					.opaque = m,
					.one_stack = elsewhere && elsewhere->one_stack };
}

/* What the user host did not take: a genuine #UD or #GP of the sequence. */
static void on_fault(int sig)
{
	if (in_half)
		siglongjmp(out_of_half, sig);
	/* not ours: happens again, to whom it belongs */
	sigaction(sig, &before[sig == SIGSEGV], NULL);
}

/* Sequences borrow the stack pointer, so a fault needs a stack of its own. */
static int have_stack(void)
{
	static char room[STACK_BYTES];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) }, now;

	if (sigaltstack(NULL, &now))
		return -errno;
	return (now.ss_flags & SS_DISABLE) && sigaltstack(&stack, NULL) ? -errno : 0;
}

/* The lab knows one place of component 19: a CPU that has another is refused, not trusted. */
static const char *misplaced(void)
{
	static char why[PROOF_DETAIL];
	unsigned int size, offset, ecx, edx;

	if (!egpr_user_native_apx())
		return NULL;
	__cpuid_count(EGPR_XSAVE_LEAF, EGPR_XFEATURE, size, offset, ecx, edx);
	if (size == EGPR_BYTES && offset == EGPR_XSAVE_STD_OFFSET)
		return NULL;
	snprintf(
		why, sizeof(why),
		"CPUID(0xd, %d) puts component %d at offset %u, %u bytes: not where this lab has it",
		EGPR_XFEATURE, EGPR_XFEATURE, offset, size);
	return why;
}

bool proof_native(void)
{
	return egpr_user_native_apx() || egpr_user_played();
}

static int start_native(const char **why)
{
	int r;

	*why = "form hw runs where the CPU has APX, or where `egprlab exec` plays one";
	if (!proof_native())
		return EGPR_SKIPPED;
	*why = misplaced();
	if (*why)
		return EGPR_SKIPPED;
	r = have_stack();
	if (!r && egpr_user_played())
		r = egpr_user_play(egpr_contract_loads, egpr_contract_stored);
	*why = strerror(-r);
	return r ? EGPR_INTERNAL : 0;
}

static int start_emulated(struct egpr_page *page, unsigned int how, const char **why)
{
	int r;

	*why = "this CPU has APX, so the trap form would not trap";
	if (egpr_user_native_apx())
		return EGPR_SKIPPED;
	*why = "`egprlab exec` plays a CPU with APX here, so the trap form would not trap";
	if (egpr_user_played())
		return EGPR_SKIPPED;
	r = egpr_user_start(EGPR_USER_TRAPS | EGPR_USER_XCR0_HIGH |
			    (how & PROOF_PATCHED ? EGPR_USER_PATCH : 0));
	if (!r)
		r = egpr_user_attach(page);
	*why = strerror(-r);
	return r ? EGPR_INTERNAL : 0;
}

int proof_start(struct egpr_page *page, unsigned int how, const char **why)
{
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_ONSTACK };
	int status;

	emu_page_init(page);
	form = how & PROOF_NATIVE ? EGPR_FORM_HW : EGPR_FORM_TRAP;
	sigemptyset(&sa.sa_mask);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (unsigned int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &sa, &before[i]);
	status = how & PROOF_NATIVE ? start_native(why) : start_emulated(page, how, why);
	if (status)
		proof_stop();
	return status;
}

void proof_stop(void)
{
	if (form == EGPR_FORM_TRAP && !proof_native()) {
		egpr_user_stop();
		egpr_user_attach(NULL);
	}
	for (unsigned int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &before[i], NULL);
}

uint64_t proof_half_stack(void)
{
	return in_half ? in_half->state.rsp_in : 0;
}

static int proof_half(const struct contract_place *place, const struct contract_half *h,
		      struct egpr_contract_image *im, struct data_error *e)
{
	struct proof_model *m = place->opaque;
	const struct egpr_sequence seq =
		egpr_sequence_bind(h->s, h->form, h->state != EGPR_STATE_OFF);
	__u64 guest[EGPR_COUNT];
	int sig;

	im->before = m->sw;
	im->state.rsp_in = 0;
	im->state.egprs = h->form == EGPR_FORM_HW;
	memcpy(guest, im->state.egpr_in, sizeof(guest));
	if (im->state.egprs)
		memcpy(im->state.egpr_in, m->page->r, sizeof(m->page->r));
	sig = sigsetjmp(out_of_half, 0);
	if (!sig) {
		in_half = im;
		egpr_contract_call(&im->state, h->half == EGPR_RUN_EXIT ? seq.exit : seq.entry,
				   &m->sw);
	}
	in_half = NULL;
	memcpy(im->state.egpr_in, guest, sizeof(guest));
	if (sig) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
		return data_fail(e, EGPR_CRASHED, "the %s half raised %s with XCR0.APX = %d",
				 h->half == EGPR_RUN_EXIT ? "exit" : "entry",
				 sig == SIGILL ? "#UD" : "#GP or #PF",
				 !!(m->page->xcr0 & EGPR_XFEATURE_LO));
	}
	im->after = m->sw;
	if (im->state.egprs)
		memcpy(m->page->r, im->state.egpr_out, sizeof(m->page->r));
	return 0;
}
