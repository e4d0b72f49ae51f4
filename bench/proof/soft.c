// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that plays the guest: what XCR0.APX must do to r16..r31, without KVM, in a fixed order
 * first and then at random.
 *
 * It acts on the shared register file as a guest's instructions would, and changes
 * the guest's XCR0 as KVM's XSETBV exit would. Enough to decide, in milliseconds
 * and on any x86-64, whether a strategy may be measured at all.
 */
#include <string.h>

#include "proof.h"
#include "random.h"

#define ROUNDS	 3
#define SPECIAL	 8	      /* one value in so many */
#define OFF_MOST 4	      /* exits with APX off in a row */
#define OTHER	 (1ull << 41) /* bits above 31 of an XCR0, of a CPU to come */
#define HOSTS	 (1ull << 40)

/* Mostly values whose every bit tells; now and then one that hides in another's bits. */
static uint64_t value(struct proof_model *m)
{
	static const uint64_t special[] = { 0, 1, ~0ull, 0xffffffffull, 1ull << 63 };
	const uint64_t choice = proof_random(&m->random);

	if (choice % SPECIAL == 0)
		return special[choice / SPECIAL % (sizeof(special) / sizeof(*special))];
	return proof_random_mark(&m->random);
}

static void fill(struct proof_model *m)
{
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		m->page->r[i] = proof_random_mark(&m->random);
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

/* Guest and host have one XCR0, and no instruction of the strategy may change it here. */
static bool is_stuck(const struct proof_model *m)
{
	return m->fixed && (m->s->needs & EGPR_NEEDS_XSETBV);
}

/*
 * XSETBV: an exit; the host changes the guest's XCR0 in its memory; an entry. It is the host's XCR0 but
 * for APX, or differs above bit 31.
 */
static void set_apx(struct proof_model *m, bool on)
{
	if (m->broken || is_stuck(m))
		return;
	proof_leave(m);
	m->guest_xcr0 = m->host_xcr0;
	if (!on)
		m->guest_xcr0 &= ~(uint64_t)EGPR_XFEATURE_LO;
	if (proof_random(&m->random) % 2)
		m->guest_xcr0 ^= HOSTS | OTHER;
	if (!m->broken)
		proof_enter(m);
}

static void first_enable(struct proof_model *m)
{
	static const uint64_t zero[EGPR_COUNT];
	unsigned int reg = EGPR_FIRST;

	round_trip(m); /* exits with APX off come first, as in a booting guest */
	set_apx(m, true);
	if (!is_stuck(m))
		proof_note(m, PROOF_ENABLE, holds(m, zero, &reg),
			   "r%u is %#llx when the guest first sets XCR0.APX", reg,
			   (unsigned long long)m->page->r[reg - EGPR_FIRST]);
	round_trip(m);
}

static void off_and_on(struct proof_model *m)
{
	uint64_t was[EGPR_COUNT];
	unsigned int reg = EGPR_FIRST;

	if (is_stuck(m))
		return;
	memcpy(was, m->page->r, sizeof(was));
	set_apx(m, false);
	for (uint64_t n = proof_random(&m->random) % OFF_MOST + 1; n; n--)
		round_trip(m);
	set_apx(m, true);
	if (m->broken)
		return;
	proof_note(m, PROOF_DISABLE, holds(m, was, &reg),
		   "r%u is %#llx after XCR0.APX went off and on, was %#llx", reg,
		   (unsigned long long)m->page->r[reg - EGPR_FIRST],
		   (unsigned long long)was[reg - EGPR_FIRST]);
}

/* The fastpath reads the source through the accessor before the next entry. */
static void wrmsrns(struct proof_model *m, unsigned int reg)
{
	uint64_t written = value(m), seen;

	if (m->broken)
		return;
	m->page->r[reg - EGPR_FIRST] = written;
	m->page->xinuse = 1;
	proof_leave(m);
	if (m->broken)
		return;
	seen = proof_access(m, reg);
	proof_note(m, PROOF_SOURCE, seen == written,
		   "WRMSRNS from r%u would write %#llx, not %#llx", reg, (unsigned long long)seen,
		   (unsigned long long)written);
	proof_enter(m);
}

/* The host emulates an instruction that writes one of the guest's registers. */
static void host_writes(struct proof_model *m)
{
	__u64 r[EGPR_COUNT];

	if (m->broken || proof_is_control(m->s))
		return;
	proof_leave(m);
	memcpy(r, m->guest, sizeof(r));
	r[proof_random(&m->random) % EGPR_COUNT] = value(m);
	proof_put(m, r);
	if (!m->broken)
		proof_enter(m);
}

/* An XRSTOR in the guest puts the registers into their initial configuration. */
static void init(struct proof_model *m)
{
	memset(m->page->r, 0, sizeof(m->page->r));
	m->page->xinuse = 0;
}

static void random_write(struct proof_model *m)
{
	if (proof_random(&m->random) % 2) {
		fill(m);
		return;
	}
	m->page->r[proof_random(&m->random) % EGPR_COUNT] = value(m);
	m->page->xinuse = 1;
}

/* What a guest in that state may do next, and an exit at least. */
static void random_step(struct proof_model *m, enum egpr_guest_state state)
{
	const uint64_t choice = proof_random(&m->random) % 16;

	if (state == EGPR_STATE_OFF) {
		if (choice < 2)
			set_apx(m, false);
		else
			round_trip(m);
		return;
	}
	if (choice == 0)
		off_and_on(m);
	else if (choice == 1)
		init(m);
	else if (state == EGPR_STATE_DIRTY && choice == 2)
		host_writes(m);
	else if (state == EGPR_STATE_DIRTY && choice == 3)
		wrmsrns(m, EGPR_FIRST + (unsigned int)(proof_random(&m->random) % EGPR_COUNT));
	else if (state == EGPR_STATE_DIRTY)
		random_write(m);
	round_trip(m);
}

static void fixed_steps(struct proof_model *m, enum egpr_guest_state state)
{
	if (state == EGPR_STATE_OFF)
		round_trip(m);
	else
		first_enable(m);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		if (state == EGPR_STATE_DIRTY)
			fill(m);
		round_trip(m);
	}
	if (state != EGPR_STATE_DIRTY)
		return;
	fill(m);
	off_and_on(m);
	round_trip(m);
	for (unsigned int reg = EGPR_FIRST; reg < EGPR_FIRST + EGPR_COUNT; reg++)
		wrmsrns(m, reg);
}

void proof_soft(const struct egpr_strategy *s, enum egpr_guest_state state, struct egpr_page *page,
		const struct proof_length *length, struct proof_result *r)
{
	static struct proof_model model;
	struct proof_model *m = &model;
	uint64_t end;

	memset(page->r, 0, sizeof(page->r));
	page->xinuse = 0;
	page->xcr0 &= ~(uint64_t)EGPR_XFEATURE_LO;
	if (proof_fixed() && (s->needs & EGPR_NEEDS_XSETBV))
		page->xcr0 |= EGPR_XFEATURE_LO;
	proof_model_init(m, s, page, length->seed ^ (uint64_t)state << 56);
	m->host_xcr0 |= HOSTS;
	if (is_stuck(m))
		m->guest_xcr0 = m->host_xcr0;
	proof_enter(m);
	fixed_steps(m, state);
	end = m->r.exits + length->exits;
	while (!m->broken && m->r.exits < end)
		random_step(m, state);
	if (!m->broken)
		proof_leave(m);
	page->xcr0 = m->guest_xcr0 & ~(HOSTS | OTHER);
	*r = m->r;
}
