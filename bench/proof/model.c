// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of KVM around a switch sequence, and the checks. See proof.h.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/uapi.h>

#include "proof.h"
#include "random.h"

#define XCR0_BASE    1 /* x87: in every XCR0, and all of one without XSAVE */
#define XCR0_APX     ((uint64_t)EGPR_XFEATURE_LO)
#define BV_LEGACY    3ull /* of XSTATE_BV: x87 and SSE, which a switch of component 19 leaves alone */
#define FLAGS_STATUS 0x8d5ull /* CF, PF, AF, ZF, SF, OF */

/* Of so many exits one is made twice, with other values in the guest's registers. */
#define TWIN_EXITS 8

static bool switches_xcr0(const struct proof_model *m)
{
	return m->s->needs & EGPR_NEEDS_XSETBV;
}

static bool in_area(const struct proof_model *m)
{
	return m->s->home == EGPR_HOME_XSAVE || m->s->home == EGPR_HOME_XSAVE_COMPACT;
}

static bool all_zero(const __u64 r[EGPR_COUNT])
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		any |= r[i];
	return !any;
}

/* What nobody may change, and what may but does not matter to a sequence. */
static void stir(struct proof_model *m)
{
	m->sw.flags = (uint32_t)proof_random(&m->random) & ~EGPR_SWITCH_GUEST_APX;
	if (m->guest_xcr0 & XCR0_APX)
		m->sw.flags |= EGPR_SWITCH_GUEST_APX;
	m->sw.bh_count = (uint32_t)proof_random(&m->random);
	m->sw.thread_flags = (uint32_t)proof_random(&m->random) & ~EGPR_SWITCH_NEED_FPU_LOAD;
	m->sw.operand = proof_random(&m->random);
	m->sw.access = EGPR_FIRST + m->serial % EGPR_COUNT;
}

/*
 * Every byte has a value of its own but the header of the XSAVE area: XSTATE_BV says that component
 * 19 is not there, so what lies in its place is stale.
 */
static void fill_context(struct proof_model *m)
{
	for (size_t i = 0; i < sizeof(m->sw); i += sizeof(uint64_t)) {
		const uint64_t value = proof_random(&m->random);

		memcpy((char *)&m->sw + i, &value, sizeof(value));
	}
	memset(m->sw.xsave + EGPR_XSAVE_HEADER_OFFSET, 0,
	       EGPR_XSAVE_COMPACT_OFFSET - EGPR_XSAVE_HEADER_OFFSET);
	/* XRSTORS takes nothing but the compacted format; a kernel prepares its areas so. */
	if (m->s->home == EGPR_HOME_XSAVE_COMPACT)
		egpr_area_set(&m->sw, EGPR_XCOMP_BV_OFFSET, EGPR_XCOMP_COMPACTED | XCR0_APX);
	else
		egpr_area_set(&m->sw, EGPR_XSAVE_HEADER_OFFSET,
			      BV_LEGACY & (m->work.st->cpu.xcr0 | XCR0_BASE));
	m->sw.rfbm = XCR0_APX;
	/* The home starts with what the guest has, in the form the strategy expects. */
	if (m->s->home == EGPR_HOME_REGS || (m->s->home != EGPR_HOME_HW && !all_zero(m->guest)))
		egpr_home_write(&m->sw, m->s->home, m->guest);
}

void proof_model_init(struct proof_model *m, const struct egpr_strategy *s, struct egpr_page *page,
		      uint64_t seed)
{
	static struct standin cpu;

	if (!cpu.allowed)
		standin_probe(&cpu, EGPR_STAND_INS_ALL);
	memset(m, 0, sizeof(*m));
	m->s = s;
	m->page = page;
	m->random = seed;
	m->guest_xcr0 = page->xcr0;
	m->host_xcr0 = XCR0_BASE | XCR0_APX;
	m->fixed = proof_fixed();
	if (m->fixed && switches_xcr0(m) && (m->guest_xcr0 & XCR0_APX))
		m->host_xcr0 = m->guest_xcr0;
	memcpy(m->guest, page->r, sizeof(m->guest));
	contract_begin(&m->work, s, &cpu, proof_form(), EGPR_STATE_OFF, &m->contract);
	m->work.seed = proof_random(&m->random);
	fill_context(m);
	stir(m);
}

/* What the contract found; of its checks one has a row of its own here. */
static void take_over(struct proof_model *m)
{
	struct contract_result *r = &m->contract;
	char text[PROOF_DETAIL];

	if (r->tried[CONTRACT_SCRATCH])
		proof_note(m, PROOF_SCRATCH, !r->failed[CONTRACT_SCRATCH], "%s",
			   r->detail[CONTRACT_SCRATCH]);
	r->failed[CONTRACT_SCRATCH] = 0;
	*text = '\0';
	contract_failure(r, text, sizeof(text));
	proof_note(m, PROOF_CONTEXT, !*text, "%s", text);
	memset(r->tried, 0, sizeof(r->tried));
	memset(r->failed, 0, sizeof(r->failed));
}

static bool run_half(struct proof_model *m, unsigned int half)
{
	const struct contract_place place = proof_place(m);
	struct data_error e;

	m->work.h.state = EGPR_STATE_OFF;
	if (m->guest_xcr0 & XCR0_APX)
		m->work.h.state = all_zero(m->guest) ? EGPR_STATE_INIT : EGPR_STATE_DIRTY;
	memcpy(m->work.im.state.egpr_in, m->guest, sizeof(m->guest));
	m->broken |= contract_run(&place, &m->work, half, &e);
	proof_note(m, PROOF_RUNS, !m->broken, "%s", m->broken ? e.text : "");
	if (!m->broken)
		take_over(m);
	return !m->broken;
}

static bool is_hosts(const struct proof_model *m, uint64_t value)
{
	bool found = false;

	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		found |= value == m->host[i];
	return found;
}

/* With XCR0.APX clear, and no XSETBV of its own, a half cannot have touched a register. */
static void check_idle(struct proof_model *m, const uint64_t was[EGPR_COUNT], const char *half)
{
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		proof_note(m, PROOF_OFF, m->page->r[i] == was[i],
			   "r%u is %#llx behind the %s half, was %#llx", i + EGPR_FIRST,
			   (unsigned long long)m->page->r[i], half, (unsigned long long)was[i]);
}

static void check_guest(struct proof_model *m)
{
	const __u64 *r = m->page->r;

	for (unsigned int i = 0; i < EGPR_COUNT; i++) {
		proof_note(m, PROOF_HOST, !is_hosts(m, r[i]),
			   "the guest sees a host's value in r%u", i + EGPR_FIRST);
		proof_note(m, PROOF_SURVIVES, r[i] == m->guest[i],
			   "r%u is %#llx when the guest goes on, was %#llx", i + EGPR_FIRST,
			   (unsigned long long)r[i], (unsigned long long)m->guest[i]);
	}
}

void proof_enter(struct proof_model *m)
{
	struct egpr_page *page = m->page;
	uint64_t was[EGPR_COUNT], xcr0;
	bool apx = m->guest_xcr0 & XCR0_APX;

	m->serial++;
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		m->host[i] = page->r[i] = proof_random(&m->random);
	page->xinuse = 1;
	/* The kernel's FPU switch has loaded the guest's fpstate, under the host's XCR0. */
	for (unsigned int i = 0; m->s->home == EGPR_HOME_FPSTATE && i < EGPR_COUNT; i++)
		page->r[i] = egpr_home_read(&m->sw, m->s->home, i + EGPR_FIRST);
	stir(m);
	m->sw.xcr0_host = m->host_xcr0;
	m->sw.xcr0_guest = m->guest_xcr0;
	page->xcr0 = switches_xcr0(m) ? m->host_xcr0 : m->guest_xcr0;
	memcpy(was, page->r, sizeof(was));
	if (run_half(m, EGPR_RUN_ENTRY)) {
		xcr0 = page->xcr0;
		if (!m->fixed)
			proof_note(m, PROOF_XCR0, xcr0 == m->guest_xcr0,
				   "the guest runs with XCR0 %#llx, should be %#llx",
				   (unsigned long long)xcr0, (unsigned long long)m->guest_xcr0);
		if (apx)
			check_guest(m);
		else if (!switches_xcr0(m))
			check_idle(m, was, "entry");
	}
	page->xcr0 = m->guest_xcr0;
}

/*
 * struct behind - what stands in the registers that a half may lose
 * @there: the half was run
 */
struct behind {
	bool there;
	uint64_t rsp;
	uint64_t flags;
	uint64_t scratch[EGPR_CONTRACT_SCRATCH];
};

static struct behind behind(const struct proof_model *m)
{
	const struct egpr_contract_state *c = &m->work.im.state;
	struct behind b = { .there = true, .rsp = c->rsp_in, .flags = c->flags_out & FLAGS_STATUS };

	memcpy(b.scratch, c->scratch_out, sizeof(b.scratch));
	return b;
}

/*
 * The same exit with other values in the guest's registers: whatever is derived from them shows as a
 * difference. Leaves the model as it was. The register that the exit is asked to read stays.
 */
static struct behind twin(struct proof_model *m)
{
	static struct contract_result ignored;
	static struct egpr_switch sw;
	const struct egpr_page *page = m->page;
	uint64_t r[EGPR_COUNT], guest[EGPR_COUNT], seed = m->work.seed, xcr0 = page->xcr0;
	uint32_t xinuse = page->xinuse;
	struct behind b = { .there = false };

	memcpy(r, page->r, sizeof(r));
	memcpy(guest, m->guest, sizeof(guest));
	sw = m->sw;
	for (unsigned int i = 0; i < EGPR_COUNT; i++) {
		if (!(m->s->needs & EGPR_READS_OPERAND) || i + EGPR_FIRST != m->sw.access)
			m->guest[i] = m->page->r[i] = proof_random_mark(&m->random);
	}
	m->work.r = &ignored;
	if (run_half(m, EGPR_RUN_EXIT))
		b = behind(m);
	m->work.r = &m->contract;
	m->work.seed = seed;
	m->sw = sw;
	memcpy(m->guest, guest, sizeof(guest));
	memcpy(m->page->r, r, sizeof(r));
	m->page->xcr0 = xcr0;
	m->page->xinuse = xinuse;
	return b;
}

static void check_twin(struct proof_model *m, const struct behind *t)
{
	const struct behind b = behind(m);

	if (!t->there)
		return;
	for (unsigned int i = 0; i < EGPR_CONTRACT_SCRATCH; i++)
		proof_note(m, PROOF_SCRATCH,
			   b.scratch[i] == t->scratch[i] ||
				   b.scratch[i] - b.rsp == t->scratch[i] - t->rsp,
			   "%s is %#llx or %#llx by what the guest has in r16..r31",
			   contract_scratch[i], (unsigned long long)b.scratch[i],
			   (unsigned long long)t->scratch[i]);
	proof_note(m, PROOF_SCRATCH, b.flags == t->flags,
		   "the flags are %#llx or %#llx by what the guest has in r16..r31",
		   (unsigned long long)b.flags, (unsigned long long)t->flags);
}

static void check_header(struct proof_model *m, bool inuse)
{
	const bool compact = m->s->home == EGPR_HOME_XSAVE_COMPACT;
	const uint64_t bv = egpr_area_word(&m->sw, EGPR_XSAVE_HEADER_OFFSET);
	const uint64_t xcomp = egpr_area_word(&m->sw, EGPR_XCOMP_BV_OFFSET);
	const uint64_t others = egpr_area_word(&m->work.im.before, EGPR_XSAVE_HEADER_OFFSET) &
				~XCR0_APX;
	uint64_t want = (inuse ? XCR0_APX : 0) | (compact ? 0 : others);

	/* A CPU may call registers that are all zero unused, or used. */
	if (m->work.im.state.egprs && all_zero(m->guest))
		want = (want & ~XCR0_APX) | (bv & XCR0_APX);

	proof_note(m, PROOF_HOME, bv == want, "XSTATE_BV is %#llx, should be %#llx",
		   (unsigned long long)bv, (unsigned long long)want);
	proof_note(m, PROOF_HOME, xcomp == (compact ? EGPR_XCOMP_COMPACTED | XCR0_APX : 0),
		   "XCOMP_BV is %#llx", (unsigned long long)xcomp);
}

static void check_registers(struct proof_model *m, const uint64_t was[EGPR_COUNT], bool apx)
{
	const __u64 *r = m->page->r;

	if (!apx && !switches_xcr0(m))
		check_idle(m, was, "exit");
	/* Of fpstate: left in the registers on purpose until the FPU switch, no claim about a leak. */
	for (unsigned int i = 0; m->s->home != EGPR_HOME_FPSTATE && i < EGPR_COUNT; i++) {
		if (apx || switches_xcr0(m))
			proof_note(
				m, PROOF_NO_LEAK, !r[i],
				"r%u is %#llx behind the exit half, should be 0; the guest had %#llx",
				i + EGPR_FIRST, (unsigned long long)r[i],
				(unsigned long long)m->guest[i]);
	}
	for (unsigned int i = 0; i < EGPR_COUNT; i++) {
		const uint64_t home = proof_access(m, i + EGPR_FIRST);

		if (apx || !proof_is_control(m->s))
			proof_note(m, PROOF_HOME, home == m->guest[i],
				   "r%u reads %#llx from its home, is %#llx", i + EGPR_FIRST,
				   (unsigned long long)home, (unsigned long long)m->guest[i]);
	}
}

static void check_exit(struct proof_model *m, const uint64_t was[EGPR_COUNT], bool inuse)
{
	struct egpr_page *page = m->page;
	const bool apx = m->guest_xcr0 & XCR0_APX;
	const uint64_t guest = m->guest[m->sw.access - EGPR_FIRST];
	const uint64_t xcr0 = switches_xcr0(m) ? m->host_xcr0 : m->guest_xcr0;

	if (apx && (m->s->needs & EGPR_READS_OPERAND))
		proof_note(m, PROOF_SOURCE, m->sw.operand == guest,
			   "the exit half read %#llx from r%u, which is %#llx",
			   (unsigned long long)m->sw.operand, m->sw.access,
			   (unsigned long long)guest);
	if (!m->fixed)
		proof_note(m, PROOF_XCR0, page->xcr0 == xcr0,
			   "XCR0 is %#llx behind the exit half, not %#llx",
			   (unsigned long long)page->xcr0, (unsigned long long)xcr0);
	if (apx && in_area(m))
		check_header(m, inuse);
	/* The kernel's FPU switch saves what is in the registers, whoever left it there. */
	if (m->s->home == EGPR_HOME_FPSTATE)
		egpr_home_write(&m->sw, m->s->home, page->r);
	check_registers(m, was, apx);
}

void proof_leave(struct proof_model *m)
{
	struct egpr_page *page = m->page;
	struct behind other = { .there = false };
	uint64_t was[EGPR_COUNT];
	bool inuse = page->xinuse, apx;

	m->guest_xcr0 = page->xcr0;
	apx = m->guest_xcr0 & XCR0_APX;
	if (apx)
		memcpy(m->guest, page->r, sizeof(m->guest));
	memcpy(was, page->r, sizeof(was));
	stir(m);
	if (apx && !all_zero(m->guest) && m->serial % TWIN_EXITS == 0)
		other = twin(m);
	if (!m->broken && run_half(m, EGPR_RUN_EXIT)) {
		check_twin(m, &other);
		check_exit(m, was, inuse);
	}
	m->r.exits++;
	page->xcr0 = m->host_xcr0;
	/* The FPU switch brings the host's own values, from its XSAVE area. */
	memcpy(page->r, m->host, sizeof(m->host));
}

void proof_put(struct proof_model *m, const __u64 r[EGPR_COUNT])
{
	memcpy(m->guest, r, sizeof(m->guest));
	egpr_home_write(&m->sw, m->s->home, m->guest);
}

uint64_t proof_access(const struct proof_model *m, unsigned int reg)
{
	if (m->s->home == EGPR_HOME_HW)
		return m->page->r[reg - EGPR_FIRST];
	return egpr_home_read(&m->sw, m->s->home, reg);
}
