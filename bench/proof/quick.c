// SPDX-License-Identifier: GPL-2.0-only
/*
 * May a strategy be measured: its state proof, asked once, in a process apart.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <egpr/status.h>

#include "apart.h"
#include "proof.h"
#include "ring0.h"

#define QUICK_EXITS 64

static uint64_t seed_used;
static bool seed_known;

void proof_use_seed(uint64_t seed)
{
	seed_used = seed;
	seed_known = true;
}

uint64_t proof_seed(void)
{
	if (!seed_known && getrandom(&seed_used, sizeof(seed_used), 0) > 0)
		seed_known = true;
	return seed_used;
}

/*
 * struct asked - a strategy's proof, from the process that made it
 * @half: being run, or NULL
 * @ran: states that were tried
 */
struct asked {
	const struct egpr_strategy *s;
	const char *half;
	int status;
	bool ran[EGPR_NR_STATES];
	struct proof_result r[EGPR_NR_STATES];
	char reason[PROOF_REASON];
};

/* Return: status; whatever was not tried is in @a->reason. */
static int in_states(const struct egpr_strategy *s, struct egpr_page *page, struct asked *a)
{
	const struct proof_length length = { .seed = proof_seed(), .exits = QUICK_EXITS };
	char text[PROOF_VERDICT];
	bool none, tried = false;
	const char *untried;

	for (int state = 0; state < EGPR_NR_STATES; state++) {
		untried = proof_untried(s, proof_form(), (enum egpr_guest_state)state, &none);
		if (untried)
			snprintf(a->reason, sizeof(a->reason), "not tried: %s", untried);
		if (none)
			continue;
		tried = a->ran[state] = true;
		proof_soft(s, (enum egpr_guest_state)state, page, &length, &a->r[state]);
		if (proof_passes(&a->r[state], s, (enum egpr_guest_state)state, text))
			continue;
		snprintf(a->reason, sizeof(a->reason), "%s (seed %llu)", text,
			 (unsigned long long)length.seed);
		return EGPR_DATA;
	}
	return tried ? 0 : EGPR_SKIPPED;
}

static int quick(const struct egpr_strategy *s, struct asked *a)
{
	struct egpr_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *why;
	int status;

	*a->reason = '\0';
	if (page == MAP_FAILED) {
		snprintf(a->reason, sizeof(a->reason), "out of memory");
		return EGPR_INTERNAL;
	}
	status = proof_start(page, proof_native() ? PROOF_NATIVE : PROOF_PATCHED, &why);
	if (status) {
		snprintf(a->reason, sizeof(a->reason), "%s", why);
	} else {
		status = in_states(s, page, a);
		proof_stop();
	}
	munmap(page, sizeof(*page));
	return status;
}

int proof_quick(const struct egpr_strategy *s, char *reason)
{
	static struct asked a;

	memset(&a, 0, sizeof(a));
	a.status = quick(s, &a);
	snprintf(reason, PROOF_REASON, "%s", a.reason);
	return a.status;
}

static void prove(void *shared)
{
	struct asked *a = shared;

	contract_tell(&a->half);
	a->status = quick(a->s, a);
}

static struct asked known[EGPR_NR_STRATEGIES];

int proof_known(const struct egpr_strategy *s, const char **reason)
{
	unsigned int i = (unsigned int)(s - egpr_strategies);
	struct asked *k, *a;
	char how[APART_TEXT];

	*reason = "not a strategy of the table";
	if (i >= EGPR_NR_STRATEGIES)
		return EGPR_SKIPPED;
	k = &known[i];
	*reason = k->reason;
	if (k->s)
		return k->status;
	k->s = s;
	proof_seed(); /* the same in all children */
	a = apart_alloc(sizeof(*a));
	if (a) {
		*a = *k;
		k->status = apart_run(prove, a, how);
		if (!k->status) {
			*k = *a;
		} else {
			apart_name_half(how, a->half);
			snprintf(k->reason, sizeof(k->reason), "%s", how);
		}
		apart_free(a, sizeof(*a));
	} else {
		k->status = EGPR_INTERNAL;
		snprintf(k->reason, sizeof(k->reason), "out of memory");
	}
	return k->status;
}

const struct proof_result *proof_known_result(const struct egpr_strategy *s,
					      enum egpr_guest_state state)
{
	unsigned int i = (unsigned int)(s - egpr_strategies);

	return i < EGPR_NR_STRATEGIES && known[i].ran[state] ? &known[i].r[state] : NULL;
}

int proof_state(const struct egpr_strategy *s, enum egpr_form form, bool ring0, const char **reason)
{
	bool only_there = proof_native() && (s->needs & EGPR_NEEDS_CPL0);
	int status = 0;

	if (!only_there)
		status = proof_known(s, reason);
	if (!status && (only_there || (ring0 && form == EGPR_FORM_HW)))
		status = ring0_known(s, reason);
	return status;
}

int proof_gate(const struct egpr_strategy *s, enum egpr_form form, bool ring0, struct data_error *e)
{
	const char *reason;
	int status;

	/* What KVM does to its registers the guest itself finds out, at every batch. */
	if (s->family == EGPR_FAMILY_OWN)
		return 0;
	status = proof_state(s, form, ring0, &reason);
	if (!status)
		return 0;
	return data_fail(e, status,
			 status == EGPR_SKIPPED
				 ? "its state proof cannot run here, so it has no number: %s"
				 : "its state proof fails in this build: %s",
			 reason);
}
