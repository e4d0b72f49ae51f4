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

int proof_quick(const struct egpr_strategy *s, char *reason)
{
	struct egpr_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct proof_length length = { .seed = proof_seed(), .exits = QUICK_EXITS };
	char text[PROOF_VERDICT];
	struct proof_result r;
	const char *why;
	int status;

	if (page == MAP_FAILED) {
		snprintf(reason, PROOF_REASON, "out of memory");
		return EGPR_INTERNAL;
	}
	status = proof_start(page, PROOF_PATCHED, &why);
	if (status) {
		snprintf(reason, PROOF_REASON, "%s", why);
		goto out_unmap;
	}
	for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
		proof_soft(s, (enum egpr_guest_state)state, page, &length, &r);
		if (proof_passes(&r, s, (enum egpr_guest_state)state, text))
			continue;
		snprintf(reason, PROOF_REASON, "%s (seed %llu)", text,
			 (unsigned long long)length.seed);
		status = EGPR_DATA;
	}
	proof_stop();
out_unmap:
	munmap(page, sizeof(*page));
	return status;
}

struct asked {
	const struct egpr_strategy *s;
	const char *half;
	int status;
	char reason[PROOF_REASON];
};

static void prove(void *shared)
{
	struct asked *a = shared;

	contract_tell(&a->half);
	a->status = proof_quick(a->s, a->reason);
}

int proof_known(const struct egpr_strategy *s, const char **reason)
{
	static struct asked known[EGPR_NR_STRATEGIES];
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

int proof_gate(const struct egpr_strategy *s, struct data_error *e)
{
	const char *reason;
	int status = proof_known(s, &reason);

	if (!status || status == EGPR_SKIPPED)
		return 0;
	return data_fail(e, status, "its state proof fails in this build: %s", reason);
}
