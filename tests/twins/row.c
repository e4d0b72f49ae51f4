// SPDX-License-Identifier: GPL-2.0-only
/*
 * A row of the table as a contract, and its halves executed against it.
 *
 * What must hold follows from family, home, needs and words of the row, so a new row is
 * checked without a line here.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/home.h>

#include "situation.h"

#define APX	   (1ULL << EGPR_XFEATURE)
#define XCR0	   0xe7ULL /* of a host without APX: x87 to AVX-512 */
#define XCR0_PKU   (1ULL << 9)
#define DELAYS	   256
#define CACHE_LINE 64

#define ROW(sym, id, family, home, needs, at_exit, at_entry, origin) \
	{ id,                                                        \
	  #sym,                                                      \
	  at_exit,                                                   \
	  at_entry,                                                  \
	  origin,                                                    \
	  EGPR_FAMILY_##family,                                      \
	  EGPR_HOME_##home,                                          \
	  needs,                                                     \
	  { { NULL, NULL } } },
const struct egpr_strategy twins_rows[EGPR_NR_STRATEGIES] = { EGPR_STRATEGIES(ROW) };

/* Does the row's home lie in the context? */
static bool in_context(const struct egpr_strategy *row)
{
	return row->home != EGPR_HOME_HW && row->home != EGPR_HOME_FPSTATE &&
	       row->home != EGPR_HOME_KVM;
}

static bool moves_regs(const struct egpr_strategy *row, const struct situation *at)
{
	if (!in_context(row))
		return false;
	return at->guest_apx || row->family == EGPR_FAMILY_UNCOND;
}

static bool reads_operand(const struct egpr_strategy *row, const struct situation *at)
{
	return (row->needs & EGPR_READS_OPERAND) && !at->entry && at->guest_apx &&
	       !at->fpu_elsewhere;
}

/* A value of its own for every register and slot. */
static uint64_t mark(unsigned int n)
{
	return 0x9e3779b97f4a7c15ULL * (n + 1);
}

static void set_up(const struct egpr_strategy *row, const struct situation *at, struct machine *m)
{
	__u64 guest[EGPR_COUNT];

	memset(m, 0, sizeof(*m));
	for (unsigned int n = 0; n < NR_REGS; n++)
		m->r[n] = mark(n);
	m->r[RDI] = MACHINE_CONTEXT;
	m->r[RSP] = MACHINE_STACK;
	for (unsigned int n = 0; n < EGPR_COUNT; n++)
		guest[n] = mark(NR_REGS + n);
	memset(m->sw.xsave, 0, sizeof(m->sw.xsave));
	for (unsigned int n = 0; n < EGPR_COUNT; n++)
		m->sw.regs[n] = mark(2 * NR_REGS + n);
	if (at->entry && in_context(row))
		egpr_home_write(&m->sw, row->home, guest);
	m->sw.flags = at->guest_apx ? EGPR_SWITCH_GUEST_APX : 0;
	m->sw.thread_flags = at->fpu_elsewhere ? EGPR_SWITCH_NEED_FPU_LOAD : 0;
	m->sw.access = at->access;
	m->sw.delay = at->delay;
	m->sw.rfbm = APX;
	m->sw.xcr0_host = XCR0 | APX;
	m->sw.xcr0_guest = XCR0 | (at->guest_apx ? APX : 0) | (at->xcr0_differs ? XCR0_PKU : 0);
	/* At entry the others find that KVM has loaded the guest's. */
	m->xcr0 = at->entry && (row->needs & EGPR_NEEDS_XSETBV) ? m->sw.xcr0_host
								: m->sw.xcr0_guest;
}

/* Each register @want times. */
static bool counted(const unsigned int count[EGPR_COUNT], unsigned int want, const char *what,
		    const struct half *half, struct why *why)
{
	for (unsigned int n = 0; n < EGPR_COUNT; n++) {
		if (count[n] != want)
			return refuse(why, half, -1, "%s r%u %u times, not %u", what,
				      n + EGPR_FIRST, count[n], want);
	}
	return true;
}

/* Every register moved as often as the row's home says. */
static bool moved_once(const struct egpr_strategy *row, const struct situation *at,
		       const struct machine *m, const struct half *half, struct why *why)
{
	bool moves = moves_regs(row, at), slots = moves && row->home == EGPR_HOME_REGS;
	unsigned int reads[EGPR_COUNT];

	memcpy(reads, m->read, sizeof(reads));
	if (reads_operand(row, at) && reads[at->access - EGPR_FIRST]-- != 1)
		return refuse(why, half, -1, "does not read r%u, of which it is asked", at->access);
	return counted(m->stored, slots && !at->entry, "stores", half, why) &&
	       counted(m->loaded, slots && at->entry, "loads", half, why) &&
	       counted(m->cleared, moves && !at->entry, "clears", half, why) &&
	       counted(reads, false, "reads", half, why);
}

/* Registers and context are what the row leaves of them. */
static bool left_right(const struct egpr_strategy *row, const struct situation *at,
		       const struct machine *before, const struct machine *m,
		       const struct half *half, struct why *why)
{
	static const int kept[] = { RBX, RSP, RBP, R12, R13, R14, R15 };
	bool moves = moves_regs(row, at);
	struct machine want;

	memcpy(&want, before, sizeof(want)); /* with its padding: it is compared byte by byte */

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (m->r[kept[i]] != before->r[kept[i]])
			return refuse(why, half, -1, "changes register %d, its caller's", kept[i]);
	}
	if (moves && !at->entry)
		egpr_home_write(&want.sw, row->home, before->r + EGPR_FIRST);
	if (reads_operand(row, at))
		want.sw.operand = before->r[at->access];
	for (unsigned int n = EGPR_FIRST; n < NR_REGS; n++) {
		uint64_t value = before->r[n];

		if (moves)
			value = at->entry ? egpr_home_read(&want.sw, row->home, n) : 0;
		if (m->r[n] != value)
			return refuse(why, half, -1, "leaves r%u wrong", n);
	}
	for (unsigned int n = EGPR_FIRST; n < NR_REGS; n++) {
		if (m->sw.regs[n - EGPR_FIRST] != want.sw.regs[n - EGPR_FIRST])
			return refuse(why, half, -1, "leaves the slot of r%u wrong", n);
	}
	if (memcmp((const char *)&m->sw, (const char *)&want.sw, sizeof(m->sw)))
		return refuse(why, half, -1, "changes the context beside its registers");
	if (row->needs & EGPR_NEEDS_XSETBV)
		want.xcr0 = at->entry ? m->sw.xcr0_guest : m->sw.xcr0_host;
	if (m->xcr0 != want.xcr0)
		return refuse(why, half, -1, "leaves the wrong XCR0");
	return true;
}

/* One situation of one half; @lead: additions around a delay, as N = 0 shows them. */
static bool situation_holds(const struct egpr_strategy *row, const struct situation *at,
			    const struct half *half, bool *reached, unsigned int *lead,
			    struct why *why)
{
	static struct machine m, before;
	bool differ, full = at->guest_apx && at->xcr0_differs && !at->fpu_elsewhere;

	set_up(row, at, &m);
	m.reached = reached;
	memcpy(&before, &m, sizeof(m));
	if (!machine_run(&m, half, why))
		return false;
	if (!moved_once(row, at, &m, half, why) || !left_right(row, at, &before, &m, half, why))
		return false;
	differ = (row->needs & EGPR_NEEDS_XSETBV) && m.sw.xcr0_host != m.sw.xcr0_guest;
	if (m.event[EVENT_XSETBV] != differ)
		return refuse(why, half, -1, "%u XSETBV where XCR0 %s", m.event[EVENT_XSETBV],
			      differ ? "differs" : "need not change");
	if (row->family == EGPR_FAMILY_DELAY && !at->delay)
		*lead = m.event[EVENT_ADD];
	return !full || words_hold(row, at, &m, half, *lead, why);
}

/* Every situation that the row distinguishes, and those that it must not. */
static bool situations_hold(const struct egpr_strategy *row, bool entry, const struct half *half,
			    bool *reached, struct why *why)
{
	unsigned int delays = row->family == EGPR_FAMILY_DELAY ? DELAYS : 1, lead = 0;
	unsigned int accesses = row->needs & EGPR_READS_OPERAND ? EGPR_COUNT : 1;
	struct situation at = { .entry = entry };

	for (unsigned int bits = 0; bits < 8; bits++) {
		at.guest_apx = bits & 1;
		at.xcr0_differs = bits & 2;
		at.fpu_elsewhere = bits & 4;
		/* Bound to `none` as long as the guest has no APX. */
		if (!at.guest_apx && (row->needs & EGPR_BIND_DUAL))
			continue;
		for (at.delay = 0; at.delay < delays; at.delay++) {
			for (at.access = EGPR_FIRST; at.access < EGPR_FIRST + accesses;
			     at.access++) {
				if (!situation_holds(row, &at, half, reached, &lead, why))
					return false;
			}
		}
	}
	return true;
}

/* The same, and no instruction is there for nothing. */
static bool half_holds(const struct egpr_strategy *row, bool entry, const struct half *half,
		       struct why *why)
{
	bool *reached = calloc(half->nr, sizeof(*reached));
	bool good;

	if (!reached)
		return refuse(why, half, -1, "no memory");
	good = situations_hold(row, entry, half, reached, why);
	for (unsigned int i = 0; good && i < half->nr; i++) {
		if (!reached[i])
			good = refuse(why, half, (int)i, "is never executed");
	}
	free(reached);
	if (good && half->address % CACHE_LINE)
		good = refuse(why, half, -1, "does not begin on a cache line");
	return good;
}

/* What the instructions of a half need, in the bits of the table. */
static unsigned int needs_of(const struct half *half)
{
	static const struct {
		const char *name;
		unsigned int needs;
	} all[] = {
		{ "xsaveopt", EGPR_NEEDS_XSAVEOPT },
		{ "xsavec", EGPR_NEEDS_XSAVEC },
		{ "xsaves", EGPR_NEEDS_XSAVES | EGPR_NEEDS_CPL0 },
		{ "xrstors", EGPR_NEEDS_XSAVES | EGPR_NEEDS_CPL0 },
		{ "xsave", EGPR_NEEDS_XSAVE },
		{ "xrstor", EGPR_NEEDS_XSAVE },
		{ "xsetbv", EGPR_NEEDS_XSETBV },
	};
	unsigned int needs = 0;

	for (unsigned int i = 0; i < half->nr; i++) {
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			if (!strncmp(half->insn[i].name, all[k].name, strlen(all[k].name)))
				needs |= all[k].needs;
		}
	}
	return needs;
}

#define NEEDS                                                                             \
	(EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC | EGPR_NEEDS_XSAVES | \
	 EGPR_NEEDS_CPL0 | EGPR_NEEDS_XSETBV)

bool row_check(const struct egpr_strategy *row, const struct half *exit, const struct half *entry,
	       struct why *why)
{
	unsigned int needs = needs_of(exit) | needs_of(entry);

	if (!half_holds(row, false, exit, why) || !half_holds(row, true, entry, why))
		return false;
	return (row->needs & NEEDS) == needs ||
	       refuse(why, NULL, -1, "%s: needs %#x by its instructions, %#x in the table", row->id,
		      needs, row->needs & NEEDS);
}
