// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of KVM around a switch sequence, and the checks. See proof.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/status.h>

#include <emu/emu.h>
#include <emu/user/user.h>
#include "proof.h"

#define HOST_PATTERN 0x6057000000000000ULL /* with serial and register number below */
#define XCR0_BASE    1			   /* x87: in every XCR0, and all of one without XSAVE */
#define XCR0_APX     ((uint64_t)EGPR_XFEATURE_LO)
#define HALF_OK	     0

#define CHECK_ID(SYM, id, text) [PROOF_##SYM] = id,
const char *const proof_check_ids[PROOF_NR] = { PROOF_CHECKS(CHECK_ID) };

static struct sigaction before[NSIG];
static sigjmp_buf out_of_half;
static volatile sig_atomic_t in_half;
static const char *no_one, **watch = &no_one;

/* What the user host did not take: a genuine #UD or #GP of the sequence. */
static void on_fault(int sig)
{
	if (in_half)
		siglongjmp(out_of_half, sig);
	sigaction(sig, &before[sig], NULL); /* not ours: happens again, to whom it belongs */
}

int proof_start(struct egpr_page *page, const char **why)
{
	struct sigaction sa = { .sa_handler = on_fault };
	int r;

	if (egpr_user_native_apx()) {
		*why = "this CPU has APX, so the trap form would not trap";
		return EGPR_SKIPPED;
	}
	emu_page_init(page);
	page->xcr0 = XCR0_BASE;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGILL, &sa, &before[SIGILL]);
	sigaction(SIGSEGV, &sa, &before[SIGSEGV]);
	r = egpr_user_start(EGPR_USER_TRAPS);
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
	sigaction(SIGILL, &before[SIGILL], NULL);
	sigaction(SIGSEGV, &before[SIGSEGV], NULL);
}

void proof_watch(const char **half)
{
	watch = half;
}

void proof_model_init(struct proof_model *m, const struct egpr_strategy *s, struct egpr_page *page)
{
	memset(m, 0, sizeof(*m));
	m->s = s;
	m->page = page;
	m->guest_xcr0 = page->xcr0;
	m->host_xcr0 = XCR0_BASE | XCR0_APX;
	m->sw.rfbm = XCR0_APX;
	/* XRSTORS takes nothing but the compacted format; a kernel prepares its areas so. */
	if (s->home == EGPR_HOME_XSAVE_COMPACT)
		egpr_area_set(&m->sw, EGPR_XCOMP_BV_OFFSET, EGPR_XCOMP_COMPACTED | XCR0_APX);
	memcpy(m->guest, page->r, sizeof(m->guest));
	/* The home starts with what the guest has, in the form the strategy expects. */
	memcpy(m->sw.regs, page->r, sizeof(m->sw.regs));
	if (s->home == EGPR_HOME_FPSTATE)
		egpr_home_write(&m->sw, s->home, page->r);
}

void proof_note(struct proof_model *m, enum proof_check check, bool ok, const char *format, ...)
{
	va_list ap;

	m->r.tried[check]++;
	if (ok || m->r.failed[check]++)
		return;
	va_start(ap, format);
	vsnprintf(m->r.detail[check], PROOF_DETAIL, format, ap);
	va_end(ap);
}

bool proof_is_control(const struct egpr_strategy *s)
{
	return s->home == EGPR_HOME_HW;
}

/*
 * Call a half with known values in the callee-saved registers and look at them
 * afterwards. Return: 0, or the register (in encoding order, rsp = 4) that differs.
 */
static unsigned int call_half(egpr_switch_fn half, struct egpr_switch *sw)
{
	unsigned int bad;

	__asm__ volatile("push %%rbx\n\t"
			 "push %%rbp\n\t"
			 "mov $0x1111, %%ebx\n\t"
			 "mov $0x2222, %%ebp\n\t"
			 "mov $0x3333, %%r12d\n\t"
			 "mov $0x4444, %%r13d\n\t"
			 "mov $0x5555, %%r14d\n\t"
			 "mov %%rsp, %%r15\n\t"
			 "and $-16, %%rsp\n\t"
			 "call *%%rax\n\t"
			 "xor %%eax, %%eax\n\t"
			 "mov $3, %%ecx\n\t"
			 "cmp $0x1111, %%rbx\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov $5, %%ecx\n\t"
			 "cmp $0x2222, %%rbp\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov $12, %%ecx\n\t"
			 "cmp $0x3333, %%r12\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov $13, %%ecx\n\t"
			 "cmp $0x4444, %%r13\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov $14, %%ecx\n\t"
			 "cmp $0x5555, %%r14\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov %%r15, %%rdx\n\t"
			 "and $-16, %%rdx\n\t"
			 "mov $4, %%ecx\n\t"
			 "cmp %%rdx, %%rsp\n\t"
			 "cmovne %%ecx, %%eax\n\t"
			 "mov %%r15, %%rsp\n\t"
			 "pop %%rbp\n\t"
			 "pop %%rbx\n\t"
			 : "=a"(bad), "+D"(sw)
			 : "0"(half)
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "cc", "memory");
	return bad;
}

/* Run a half. Whatever it does, control comes back here. */
static void run_half(struct proof_model *m, egpr_switch_fn half, const char *name)
{
	const struct egpr_switch was = { .flags = m->sw.flags,
					 .delay = m->sw.delay,
					 .access = m->sw.access,
					 .bh_count = m->sw.bh_count,
					 .xcr0_host = m->sw.xcr0_host,
					 .xcr0_guest = m->sw.xcr0_guest,
					 .rfbm = m->sw.rfbm };
	static unsigned int bad; /* not a local: siglongjmp would lose it */
	int sig;

	bad = 0;
	*watch = name;
	sig = sigsetjmp(out_of_half, 1);
	if (sig == HALF_OK) {
		in_half = 1;
		bad = call_half(half, &m->sw);
	}
	in_half = 0;
	*watch = NULL;
	proof_note(m, PROOF_RUNS, !sig, "the %s half raised %s with XCR0.APX = %d", name,
		   sig == SIGILL ? "#UD" : "#GP or #PF", !!(m->page->xcr0 & XCR0_APX));
	m->broken |= sig != HALF_OK;
	if (sig)
		return;
	proof_note(m, PROOF_CONTEXT,
		   !bad && was.flags == m->sw.flags && was.delay == m->sw.delay &&
			   was.access == m->sw.access && was.bh_count == m->sw.bh_count &&
			   was.xcr0_host == m->sw.xcr0_host && was.xcr0_guest == m->sw.xcr0_guest &&
			   was.rfbm == m->sw.rfbm,
		   bad ? "the %s half changed callee-saved register %u"
		       : "the %s half changed the switch context (%u)",
		   name, bad);
}

static bool switches_xcr0(const struct proof_model *m)
{
	return m->s->needs & EGPR_NEEDS_XSETBV;
}

static struct egpr_sequence bound(const struct proof_model *m)
{
	return egpr_sequence_bind(m->s, EGPR_FORM_TRAP, !!(m->guest_xcr0 & XCR0_APX));
}

void proof_enter(struct proof_model *m)
{
	struct egpr_page *page = m->page;
	bool apx = m->guest_xcr0 & XCR0_APX;

	m->serial++;
	for (unsigned int i = 0; i < EGPR_COUNT; i++)
		m->host[i] = page->r[i] = HOST_PATTERN | m->serial << 8 | (i + EGPR_FIRST);
	page->xinuse = 1;
	/* The kernel's FPU switch has loaded the guest's fpstate, under the host's XCR0. */
	for (unsigned int i = 0; m->s->home == EGPR_HOME_FPSTATE && i < EGPR_COUNT; i++)
		page->r[i] = egpr_home_read(&m->sw, m->s->home, i + EGPR_FIRST);
	m->sw.flags = apx ? EGPR_SWITCH_GUEST_APX : 0;
	m->sw.xcr0_host = m->host_xcr0;
	m->sw.xcr0_guest = m->guest_xcr0;
	page->xcr0 = switches_xcr0(m) ? m->host_xcr0 : m->guest_xcr0;
	run_half(m, bound(m).entry, "entry");
	proof_note(m, PROOF_XCR0, page->xcr0 == m->guest_xcr0,
		   "the guest runs with XCR0.APX = %d, should be %d", !!(page->xcr0 & XCR0_APX),
		   apx);
	page->xcr0 = m->guest_xcr0;
	for (unsigned int i = 0; apx && i < EGPR_COUNT; i++) {
		proof_note(m, PROOF_HOST, page->r[i] != m->host[i], "the guest sees the host's r%u",
			   i + EGPR_FIRST);
		proof_note(m, PROOF_SURVIVES, page->r[i] == m->guest[i],
			   "r%u is %#llx when the guest goes on, was %#llx", i + EGPR_FIRST,
			   (unsigned long long)page->r[i], (unsigned long long)m->guest[i]);
	}
}

static void check_registers(struct proof_model *m, bool apx)
{
	struct egpr_page *page = m->page;

	for (unsigned int i = 0; i < EGPR_COUNT; i++) {
		/* Left in the registers on purpose until the FPU switch: no claim about a leak. */
		if (apx && m->guest[i] && m->s->home != EGPR_HOME_FPSTATE)
			proof_note(m, PROOF_NO_LEAK, page->r[i] != m->guest[i],
				   "the guest's r%u is still in the register", i + EGPR_FIRST);
		if (apx && !m->guest[i] && m->s->home != EGPR_HOME_FPSTATE)
			proof_note(m, PROOF_NO_LEAK, !page->r[i] || proof_is_control(m->s),
				   "r%u is %#llx after the exit half, should be 0", i + EGPR_FIRST,
				   (unsigned long long)page->r[i]);
		if (apx || !proof_is_control(m->s))
			proof_note(m, PROOF_HOME, proof_access(m, i + EGPR_FIRST) == m->guest[i],
				   "r%u reads %#llx from its home, is %#llx", i + EGPR_FIRST,
				   (unsigned long long)proof_access(m, i + EGPR_FIRST),
				   (unsigned long long)m->guest[i]);
	}
}

void proof_leave(struct proof_model *m)
{
	struct egpr_page *page = m->page;
	bool apx;

	m->guest_xcr0 = page->xcr0;
	apx = m->guest_xcr0 & XCR0_APX;
	if (apx)
		memcpy(m->guest, page->r, sizeof(m->guest));
	m->sw.access = EGPR_FIRST + m->serial % EGPR_COUNT;
	m->sw.operand = ~0ULL;
	run_half(m, bound(m).exit, "exit");
	m->r.exits++;
	if (apx && (m->s->needs & EGPR_READS_OPERAND))
		proof_note(m, PROOF_SOURCE, m->sw.operand == m->guest[m->sw.access - EGPR_FIRST],
			   "the exit half read %#llx from r%u, which is %#llx",
			   (unsigned long long)m->sw.operand, m->sw.access,
			   (unsigned long long)m->guest[m->sw.access - EGPR_FIRST]);
	if (switches_xcr0(m))
		proof_note(m, PROOF_XCR0, page->xcr0 == m->host_xcr0,
			   "the host goes on with XCR0.APX = %d", !!(page->xcr0 & XCR0_APX));
	page->xcr0 = m->host_xcr0;
	/* The kernel's FPU switch saves what is in the registers, whoever left it there, ... */
	if (m->s->home == EGPR_HOME_FPSTATE)
		egpr_home_write(&m->sw, m->s->home, page->r);
	check_registers(m, apx);
	/* ... and brings the host's own values, from its XSAVE area. */
	memcpy(page->r, m->host, sizeof(m->host));
}

uint64_t proof_access(const struct proof_model *m, unsigned int reg)
{
	if (m->s->home == EGPR_HOME_HW)
		return m->page->r[reg - EGPR_FIRST];
	return egpr_home_read(&m->sw, m->s->home, reg);
}

bool proof_is_meant(const struct egpr_strategy *s, enum egpr_guest_state state,
		    enum proof_check check)
{
	if (!proof_is_control(s) || state == EGPR_STATE_OFF)
		return false;
	return check == PROOF_SURVIVES || check == PROOF_NO_LEAK || check == PROOF_HOST ||
	       check == PROOF_ENABLE || check == PROOF_DISABLE || check == PROOF_SOURCE;
}

bool proof_passes(const struct proof_result *r, const struct egpr_strategy *s,
		  enum egpr_guest_state state, char *reason)
{
	bool control = proof_is_control(s) && state != EGPR_STATE_OFF;

	for (unsigned int i = 0; i < PROOF_NR; i++) {
		if (!r->failed[i] || proof_is_meant(s, state, (enum proof_check)i))
			continue;
		snprintf(reason, PROOF_REASON, "%s: %s", proof_check_ids[i], r->detail[i]);
		return false;
	}
	if (!r->exits) {
		snprintf(reason, PROOF_REASON, "no exit took place, so nothing is proved");
		return false;
	}
	if (control && !r->failed[PROOF_SURVIVES]) {
		snprintf(reason, PROOF_REASON,
			 "the control kept the registers: the checks see nothing");
		return false;
	}
	if (control && state == EGPR_STATE_DIRTY && !r->failed[PROOF_NO_LEAK]) {
		snprintf(reason, PROOF_REASON, "the control did not leak: the checks see nothing");
		return false;
	}
	return true;
}
