// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's halves by EGPR_IOC_CONTRACT, on the context and the registers that the kernel has.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/status.h>
#include <egpr/uapi.h>

#include "ring0.h"

#define KNOWN_EXITS 64

/*
 * struct session - what runs the halves of the model
 * @fresh: EGPR_CONF_FRESH for the first half
 * @ud: refused instructions so far
 * @status: why no half could be run
 */
static struct session {
	struct module_session *m;
	unsigned int fresh;
	uint64_t ud;
	int status;
	struct data_error why;
} now;

bool ring0_applies(const struct egpr_strategy *s)
{
	return s->home != EGPR_HOME_HW && s->home != EGPR_HOME_FPSTATE && s->home != EGPR_HOME_KVM;
}

static void home_of(const struct egpr_switch *sw, enum egpr_home home, __u64 r[EGPR_COUNT])
{
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		r[i] = egpr_home_read(sw, home, EGPR_FIRST + i);
}

/* What the model's host wrote to the guest's home since the last half. */
static int bring_home(const struct proof_model *m, const struct egpr_contract_image *im,
		      struct data_error *e)
{
	__u64 is[EGPR_COUNT], was[EGPR_COUNT];

	if (now.fresh)
		return 0;
	home_of(&m->sw, m->s->home, is);
	home_of(&im->after, m->s->home, was);
	return memcmp(is, was, sizeof(is)) ? module_set_regs(now.m, is, e) : 0;
}

/* The model's words for the XCR0 that the half left. */
static uint64_t in_model(const struct proof_model *m, const struct egpr_contract_image *im)
{
	if (im->xcr0_out == im->before.xcr0_guest)
		return m->guest_xcr0;
	return im->xcr0_out == im->before.xcr0_host ? m->host_xcr0 : im->xcr0_out;
}

static int refused(struct data_error *e)
{
	struct egpr_counters c;
	uint64_t before = now.ud;

	if (module_counters(now.m, &c, false, e))
		return EGPR_SKIPPED;
	now.ud = c.ud;
	return c.ud == before ? 0
			      : data_fail(e, EGPR_CRASHED, "%llu instructions raised #UD",
					  (unsigned long long)(c.ud - before));
}

static int run_there(const struct contract_place *place, const struct contract_half *h,
		     struct egpr_contract_image *im, struct data_error *e)
{
	struct proof_model *m = place->opaque;
	const struct egpr_contract c = {
		.strategy = (__u32)(h->s - egpr_strategies),
		.form = h->form,
		.guest_state = h->state,
		.half = h->half,
		.flags = now.fresh,
		.no_stand_in = standin_barred(m->work.st),
	};
	__u64 guest[EGPR_COUNT];
	int ret = bring_home(m, im, e);

	memcpy(guest, im->state.egpr_in, sizeof(guest));
	memcpy(im->state.egpr_in, m->page->r, sizeof(m->page->r));
	im->state.egprs = 1;
	if (!ret)
		ret = module_contract(now.m, c, im, e);
	memcpy(im->state.egpr_in, guest, sizeof(guest));
	if (ret) {
		now.status = ret;
		now.why = *e;
		return ret;
	}
	now.fresh = 0;
	m->sw = im->after;
	m->page->xcr0 = in_model(m, im);
	memcpy(m->page->r, im->state.egpr_out, sizeof(m->page->r));
	return refused(e);
}

int ring0_soft(struct module_session *m, const struct egpr_strategy *s, enum egpr_form form,
	       enum egpr_guest_state state, const struct proof_length *length,
	       struct proof_result *r, struct data_error *e)
{
	static const struct contract_place place = { .run = run_there, .one_stack = true };
	static struct egpr_page page;

	now = (struct session){ .m = m, .fresh = EGPR_CONF_FRESH };
	if (refused(e))
		now.status = 0; /* only to learn where the count stands */
	proof_start_at(&place, form, &page);
	proof_soft(s, state, &page, length, r);
	proof_stop_at();
	if (now.status)
		*e = now.why;
	return now.status;
}

static struct known {
	bool asked;
	int status;
	bool ran[EGPR_NR_STATES];
	struct proof_result r[EGPR_NR_STATES];
	char reason[PROOF_REASON];
} known[EGPR_NR_STRATEGIES];

static void ask(const struct egpr_strategy *s, struct known *k)
{
	const struct proof_length length = { .seed = proof_seed(), .exits = KNOWN_EXITS };
	char text[PROOF_VERDICT];
	struct module_session m;
	struct data_error e;

	k->status = module_open(&m, &e);
	if (k->status)
		goto out;
	for (int state = 0; state < EGPR_NR_STATES && !k->status; state++) {
		k->status = ring0_soft(&m, s, EGPR_FORM_HW, (enum egpr_guest_state)state, &length,
				       &k->r[state], &e);
		k->ran[state] = !k->status;
		if (k->status || proof_passes(&k->r[state], s, (enum egpr_guest_state)state, text))
			continue;
		k->status = data_fail(&e, EGPR_DATA, "%s (seed %llu)", text,
				      (unsigned long long)length.seed);
	}
	module_close(&m);
out:
	if (k->status)
		snprintf(k->reason, sizeof(k->reason), "%.*s", PROOF_REASON - 1, e.text);
}

int ring0_known(const struct egpr_strategy *s, const char **reason)
{
	unsigned int i = (unsigned int)(s - egpr_strategies);
	struct known *k;

	*reason = "not a strategy of the table";
	if (i >= EGPR_NR_STRATEGIES)
		return EGPR_SKIPPED;
	k = &known[i];
	*reason = k->reason;
	if (!k->asked && ring0_applies(s))
		ask(s, k);
	k->asked = true;
	return k->status;
}

const struct proof_result *ring0_result(const struct egpr_strategy *s, enum egpr_guest_state state)
{
	unsigned int i = (unsigned int)(s - egpr_strategies);

	return i < EGPR_NR_STRATEGIES && known[i].ran[state] ? &known[i].r[state] : NULL;
}
