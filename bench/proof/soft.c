// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that plays the guest: what XCR0.APX must do to r16..r31, without KVM.
 *
 * It acts on the shared register file as a guest's instructions would, and changes
 * the guest's XCR0 as KVM's XSETBV exit would. Enough to decide, in milliseconds
 * and on any x86-64, whether a strategy may be measured at all.
 */
#include <string.h>
#include <sys/mman.h>

#include <stdio.h>

#include <egpr/status.h>

#include "apart.h"
#include "proof.h"

#define ROUNDS	      3
#define GUEST_PATTERN 0x6e57000000000000ULL

static void fill(struct proof_model *m, unsigned int round)
{
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		m->page->r[i] = GUEST_PATTERN | (uint64_t)(round + 1) << 16 |
				(uint64_t)(i + EGPR_FIRST) * 0x101;
	m->page->xinuse = 1;
}

static bool holds(const struct proof_model *m, const uint64_t *want, unsigned int *reg)
{
	for (unsigned int i = 0; i < EGPR_COUNT; i++) {
		*reg = i + EGPR_FIRST;
		if (m->page->r[i] != want[i])
			return false;
	}
	return true;
}

static void round_trip(struct proof_model *m)
{
	if (!m->broken)
		proof_leave(m);
	if (!m->broken)
		proof_enter(m);
}

/* XSETBV: an exit; the host changes the guest's XCR0 in its memory; an entry. */
static void set_apx(struct proof_model *m, bool on)
{
	if (m->broken)
		return;
	proof_leave(m);
	if (on)
		m->guest_xcr0 |= EGPR_XFEATURE_LO;
	else
		m->guest_xcr0 &= ~(uint64_t)EGPR_XFEATURE_LO;
	if (!m->broken)
		proof_enter(m);
}

static void first_enable(struct proof_model *m)
{
	static const uint64_t zero[EGPR_COUNT];
	unsigned int reg = EGPR_FIRST;

	round_trip(m); /* exits with APX off come first, as in a booting guest */
	set_apx(m, true);
	proof_note(m, PROOF_ENABLE, holds(m, zero, &reg),
		   "r%u is %#llx when the guest first sets XCR0.APX", reg,
		   (unsigned long long)m->page->r[reg - EGPR_FIRST]);
	round_trip(m);
}

static void off_and_on(struct proof_model *m)
{
	uint64_t was[EGPR_COUNT];
	unsigned int reg = EGPR_FIRST;

	fill(m, ROUNDS);
	memcpy(was, m->page->r, sizeof(was));
	set_apx(m, false);
	round_trip(m);
	round_trip(m);
	set_apx(m, true);
	proof_note(m, PROOF_DISABLE, holds(m, was, &reg),
		   "r%u is %#llx after XCR0.APX went off and on, was %#llx", reg,
		   (unsigned long long)m->page->r[reg - EGPR_FIRST],
		   (unsigned long long)was[reg - EGPR_FIRST]);
	round_trip(m);
}

/* The fastpath reads the source through the accessor before the next entry. */
static void wrmsrns(struct proof_model *m)
{
	for (unsigned int reg = EGPR_FIRST; reg < EGPR_FIRST + EGPR_COUNT && !m->broken; reg++) {
		uint64_t value = GUEST_PATTERN ^ reg * 0x01010101ULL, seen;

		m->page->r[reg - EGPR_FIRST] = value;
		proof_leave(m);
		seen = proof_access(m, reg);
		proof_note(m, PROOF_SOURCE, seen == value,
			   "WRMSRNS from r%u would write %#llx, not %#llx", reg,
			   (unsigned long long)seen, (unsigned long long)value);
		if (!m->broken)
			proof_enter(m);
	}
}

void proof_soft(const struct egpr_strategy *s, enum egpr_guest_state state, struct egpr_page *page,
		struct proof_result *r)
{
	static struct proof_model model;
	struct proof_model *m = &model;

	memset(page->r, 0, sizeof(page->r));
	page->xinuse = 0;
	page->xcr0 &= ~(uint64_t)EGPR_XFEATURE_LO;
	proof_model_init(m, s, page);
	proof_enter(m);
	if (state == EGPR_STATE_OFF)
		round_trip(m);
	else
		first_enable(m);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (state == EGPR_STATE_DIRTY)
			fill(m, i);
		round_trip(m);
	}
	if (state == EGPR_STATE_DIRTY) {
		off_and_on(m);
		wrmsrns(m);
	}
	if (!m->broken)
		proof_leave(m);
	*r = m->r;
}

int proof_quick(const struct egpr_strategy *s, char *reason)
{
	struct egpr_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct proof_result r;
	const char *why;
	int status;

	if (page == MAP_FAILED) {
		snprintf(reason, PROOF_REASON, "out of memory");
		return EGPR_INTERNAL;
	}
	status = proof_start(page, &why);
	if (status) {
		snprintf(reason, PROOF_REASON, "%s", why);
		goto out_unmap;
	}
	for (int state = 0; state < EGPR_NR_STATES && !status; state++) {
		proof_soft(s, (enum egpr_guest_state)state, page, &r);
		if (!proof_passes(&r, s, (enum egpr_guest_state)state, reason))
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

	proof_watch(&a->half);
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
