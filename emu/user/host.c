// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SIGILL handler: from an APX instruction that trapped to its effect.
 */
#include <cpuid.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define CPUID_APX_LEAF	7
#define CPUID_APX_SUB	1
#define CPUID_APX_BIT	21 /* EDX: APX_F */
#define CPUID_XSAVE_BIT 27 /* CPUID.1:ECX: OSXSAVE */
#define UD2_BYTES	2
#define SEG_GS		5
#define ARCH_GET_GS	0x1004 /* asm/prctl.h */

unsigned int user_options;
atomic_ulong user_nr_traps, user_nr_slots, user_nr_patched, user_nr_unpatchable;

/* Touch an address as a read and as a write does; made once. */
static struct user_slot fault_slot[2];
/* Where the core runs what it must run natively; under user_lock(). */
static uint8_t *native_slot;

bool egpr_user_native_apx(void)
{
	unsigned int a, b, c, d;
	uint32_t lo, hi;

	if (!__get_cpuid_count(CPUID_APX_LEAF, CPUID_APX_SUB, &a, &b, &c, &d) ||
	    !(d >> CPUID_APX_BIT & 1))
		return false;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> CPUID_XSAVE_BIT & 1))
		return false;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo >> EGPR_XFEATURE & 1;
}

struct egpr_user_counts egpr_user_counts(void)
{
	return (struct egpr_user_counts){ user_nr_traps, user_nr_slots, user_nr_patched,
					  user_nr_unpatchable };
}

/* The bytes at @rip, as many as can be read without crossing into an unmapped page. */
static unsigned int fetch(uint64_t rip, uint8_t *bytes)
{
	unsigned int first = (unsigned int)(USER_PAGE_SIZE - rip % USER_PAGE_SIZE);
	const uint8_t *p = (const uint8_t *)(uintptr_t)rip;

	if (first > EMU_INSN_MAX + UD2_BYTES)
		first = EMU_INSN_MAX + UD2_BYTES;
	if (user_copy(bytes, p, first))
		return 0;
	if (first < EMU_INSN_MAX + UD2_BYTES &&
	    !user_copy(bytes + first, p + first, EMU_INSN_MAX + UD2_BYTES - first))
		first = EMU_INSN_MAX + UD2_BYTES;
	return first;
}

static enum emu_status decode(const uint8_t *bytes, unsigned int len, struct emu_insn *insn)
{
	enum emu_status st;

	if (user_options & EGPR_USER_TRAPS) {
		st = emu_decode_trap(bytes, len, insn);
		if (st != EMU_NOT_APX)
			return st;
	}
	return emu_decode(bytes, len < EMU_INSN_MAX ? len : EMU_INSN_MAX, insn);
}

/** user_is_apx - whether an APX instruction starts at an address. */
bool user_is_apx(uint64_t rip)
{
	uint8_t bytes[EMU_INSN_MAX + UD2_BYTES];
	struct emu_insn insn;
	unsigned int len = fetch(rip, bytes);

	return decode(bytes, len, &insn) == EMU_OK;
}

static struct user_slot *add_slot(const struct user_slot *layout, const uint8_t *code)
{
	struct user_slot *s = user_cache_add(layout);
	uint64_t low, high;
	uint8_t *at;

	if (!s || !layout->len)
		return s;
	user_code_reach(s->rip, &low, &high);
	at = user_code_alloc(s->len + USER_JUMP_MAX, low, high, s);
	if (!at)
		at = user_code_alloc(s->len + USER_JUMP_MAX, 0, UINT64_MAX, s);
	if (!at)
		return s;
	memcpy(at, code, s->len);
	if (s->rip)
		user_build_jump(at + s->len, (uint64_t)(uintptr_t)(at + s->len),
				s->rip + s->insn.len);
	__atomic_store_n(&s->code, at, __ATOMIC_RELEASE);
	user_nr_slots++;
	return s;
}

/**
 * user_slot_make - decode the instruction at an address and make its slot
 * @rip: the address
 *
 * Under user_lock(). Return: the slot, or NULL if no APX instruction is there.
 */
struct user_slot *user_slot_make(uint64_t rip)
{
	uint8_t bytes[EMU_INSN_MAX + UD2_BYTES], code[USER_SLOT_MAX];
	struct user_slot layout = { .rip = rip };
	unsigned int len = fetch(rip, bytes);

	if (decode(bytes, len, &layout.insn) != EMU_OK)
		return NULL;
	if ((layout.insn.flags & EMU_F_TRAP) || !user_build(&layout, code)) {
		layout.len = 0;
		layout.state = USER_FIXED;
	}
	return add_slot(&layout, code);
}

static bool same_bytes(const struct user_slot *s, const uint8_t *bytes, unsigned int len)
{
	unsigned int trap = s->insn.flags & EMU_F_TRAP ? UD2_BYTES : 0;

	return len >= s->insn.len && !memcmp(s->insn.bytes, bytes + trap, s->insn.blen) &&
	       (!trap || (bytes[0] == 0x0f && bytes[1] == 0x0b));
}

static enum emu_status in_handler_native(struct emu_ctx *ctx, struct emu_native *n)
{
	int abandoned;

	if (n->vector) {
		ctx->fault.reason = "vector state is not at hand in a signal handler";
		return EMU_UNSUPPORTED;
	}
	user_lock();
	abandoned = emu_native_run(n, native_slot, native_slot);
	user_unlock();
	return abandoned ? EMU_UNSUPPORTED : EMU_OK;
}

/* Execute on the signal's context: what has no slot. */
static enum emu_status execute(struct user_thread *t, ucontext_t *uc, const struct user_slot *s)
{
	greg_t *g = uc->uc_mcontext.gregs;
	struct emu_host host = user_memory_host;
	struct emu_ctx ctx = { .rip = (uint64_t)g[REG_RIP],
			       .rflags = (uint64_t)g[REG_EFL],
			       .page = t->page,
			       .cpl = 3,
			       .host = &host,
			       .fs_base = (uint64_t)(uintptr_t)__builtin_thread_pointer() };
	enum emu_status st;

	/* The virtual XSETBV of a switch sequence is privileged; its host stands for ring 0. */
	if (s->insn.flags & EMU_F_TRAP)
		ctx.cpl = 0;
	ctx.xcr0_real = user_real_xcr0();
	host.native = in_handler_native;
	if (s->insn.seg == SEG_GS)
		syscall(SYS_arch_prctl, ARCH_GET_GS, &ctx.gs_base);
	for (unsigned int i = 0; i < 16; i++)
		ctx.gpr[i] = (uint64_t)g[user_greg[i]];
	st = emu_execute(&ctx, &s->insn);
	if (st == EMU_OK) {
		for (unsigned int i = 0; i < 16; i++)
			g[user_greg[i]] = (greg_t)ctx.gpr[i];
		g[REG_RIP] = (greg_t)ctx.rip;
		g[REG_EFL] = (greg_t)ctx.rflags;
	}
	t->fault_addr = st == EMU_PF ? ctx.fault.addr : UINT64_C(1) << 63;
	t->fault_write = st != EMU_PF || (ctx.fault.code & 2);
	return st;
}

/* Let the kernel deliver the fault that the instruction would have had. */
static void touch(struct user_thread *t, ucontext_t *uc)
{
	t->fault_rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)fault_slot[t->fault_write].code;
}

static struct user_slot *slot_at(uint64_t rip, const uint8_t *bytes, unsigned int len)
{
	struct user_slot *s;

	user_lock();
	s = user_cache_find(rip);
	if (!s || !same_bytes(s, bytes, len))
		s = user_slot_make(rip);
	user_unlock();
	return s;
}

/**
 * user_serve - carry out the instruction that a context stands at
 * @t: the thread
 * @uc: the context; changed to resume in a slot or behind the instruction
 *
 * Return: USER_DONE, or USER_GENUINE if it is not an APX instruction, may not be
 * executed now, or cannot be emulated.
 */
enum user_outcome user_serve(struct user_thread *t, ucontext_t *uc)
{
	greg_t *rip = &uc->uc_mcontext.gregs[REG_RIP];
	uint8_t bytes[EMU_INSN_MAX + UD2_BYTES];
	struct user_slot *s = user_cache_find((uint64_t)*rip);
	unsigned int len = fetch((uint64_t)*rip, bytes);

	if (!len)
		return USER_GENUINE;
	if (s && s->state != USER_COLD && s->state != USER_FIXED &&
	    (bytes[0] == USER_PATCH_BYTE || bytes[0] == USER_OP_JMP)) {
		sched_yield(); /* another thread is patching it, or just has */
		return USER_DONE;
	}
	if (!s || !same_bytes(s, bytes, len)) {
		s = slot_at((uint64_t)*rip, bytes, len);
		if (!s)
			return USER_GENUINE;
	}
	if (!(s->insn.flags & EMU_F_TRAP) && !(t->page->xcr0 & EGPR_XFEATURE_LO)) {
		t->page->ud++;
		return USER_GENUINE;
	}
	user_nr_traps++;
	if ((user_options & EGPR_USER_PATCH) && ++s->hits % USER_HOT == 0 && s->state == USER_COLD)
		user_patch(s);
	if (s->code) {
		t->page->emulated++;
		if (s->writes_egpr)
			t->page->xinuse = 1;
		*rip = (greg_t)(uintptr_t)s->code;
		return USER_DONE;
	}
	switch (execute(t, uc, s)) {
	case EMU_OK:
		return USER_DONE;
	case EMU_PF:
	case EMU_GP:
	case EMU_SS:
	case EMU_AC:
		touch(t, uc);
		return USER_DONE;
	default:
		return USER_GENUINE;
	}
}

static int make_fault_slots(void)
{
	for (int write = 0; write < 2; write++) {
		struct user_slot layout = { .state = USER_FIXED };
		uint8_t code[USER_SLOT_MAX];
		struct user_slot *s;

		user_build_fault(&layout, code, write);
		fault_slot[write] = layout;
		s = &fault_slot[write];
		s->code = user_code_alloc(s->len, 0, UINT64_MAX, s);
		if (!s->code)
			return -ENOMEM;
		memcpy((void *)(uintptr_t)s->code, code, s->len);
	}
	native_slot = user_code_alloc(EMU_SLOT_SIZE, 0, UINT64_MAX, NULL);
	return native_slot ? 0 : -ENOMEM;
}

static int take_signal(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGSEGV);
	sigdelset(&sa.sa_mask, SIGBUS);
	sigdelset(&sa.sa_mask, SIGFPE);
	return user_real_sigaction(sig, &sa, &user_action[sig]) ? -errno : 0;
}

int egpr_user_start(unsigned int options)
{
	int r = user_thread_setup();

	if (!r)
		r = user_cache_setup();
	if (!r && !native_slot)
		r = make_fault_slots();
	if (!r)
		r = user_thread_init(&user_thread);
	if (r)
		return r;
	if ((options & EGPR_USER_PATCH) && user_patch_setup())
		options &= ~EGPR_USER_PATCH;
	user_options = options;
	user_stack_ready(&user_thread);
	r = take_signal(SIGSEGV, user_on_sigsegv);
	if (r)
		return r;
	r = take_signal(SIGILL, user_on_sigill);
	if (r)
		user_real_sigaction(SIGSEGV, &user_action[SIGSEGV], NULL);
	return r;
}

void egpr_user_stop(void)
{
	user_real_sigaction(SIGILL, &user_action[SIGILL], NULL);
	user_real_sigaction(SIGSEGV, &user_action[SIGSEGV], NULL);
}

int egpr_user_attach(struct egpr_page *page)
{
	int r;

	user_thread.page = page;
	r = user_thread_init(&user_thread);
	if (!r)
		user_stack_ready(&user_thread);
	return r;
}
