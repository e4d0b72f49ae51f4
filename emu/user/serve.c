// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an APX instruction that trapped to its effect: resume in its slot, or execute it
 * on the signal's context.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define SEG_GS	    5
#define ARCH_GET_GS 0x1004 /* asm/prctl.h */
#define XCR0_HIGH   0xffffffff00000000ull

atomic_ulong user_nr_traps;

/* Touch an address as a read and as a write does; made once. */
static struct user_slot fault_slot[2];
/* Where the core runs what it must run natively; under user_lock(). */
static uint8_t *native_slot;

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
static enum emu_status execute(struct user_thread *t, ucontext_t *uc, const struct emu_insn *insn)
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

	ctx.xcr0_real = user_real_xcr0();
	/* The virtual XSETBV of a switch sequence is privileged; its host stands for ring 0. */
	if (insn->flags & EMU_F_TRAP)
		ctx.cpl = 0;
	if ((insn->flags & EMU_F_TRAP) && (user_options & EGPR_USER_XCR0_HIGH))
		ctx.xcr0_real |= XCR0_HIGH;
	host.native = in_handler_native;
	if (insn->seg == SEG_GS)
		syscall(SYS_arch_prctl, ARCH_GET_GS, &ctx.gs_base);
	for (unsigned int i = 0; i < 16; i++)
		ctx.gpr[i] = (uint64_t)g[user_greg[i]];
	st = emu_execute(&ctx, insn);
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

/** user_is_fault_slot - whether the context was sent there for the fault of its instruction */
bool user_is_fault_slot(uint64_t rip)
{
	return rip == (uint64_t)(uintptr_t)fault_slot[0].code ||
	       rip == (uint64_t)(uintptr_t)fault_slot[1].code;
}

/**
 * user_execute - execute an instruction on a context, without a slot
 * @t: the thread
 * @uc: its context, which stands at the instruction; then behind it, or where its fault is made
 * @insn: the instruction
 *
 * Return: USER_GENUINE for #UD and what cannot be emulated; else USER_DONE.
 */
enum user_outcome user_execute(struct user_thread *t, ucontext_t *uc, const struct emu_insn *insn)
{
	switch (execute(t, uc, insn)) {
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

static struct user_slot *slot_at(uint64_t rip, const uint8_t *bytes, unsigned int len)
{
	struct user_slot *s;

	user_lock();
	s = user_cache_find(rip);
	if (!s || !user_slot_matches(s, bytes, len))
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
	uint8_t bytes[USER_FETCH_BYTES];
	struct user_slot *s = user_cache_find((uint64_t)*rip);
	unsigned int len = user_fetch((uint64_t)*rip, bytes);

	if (!len)
		return USER_GENUINE;
	if (s && s->state != USER_COLD && s->state != USER_FIXED &&
	    (bytes[0] == USER_PATCH_BYTE || bytes[0] == USER_OP_JMP)) {
		sched_yield(); /* another thread is patching it, or just has */
		return USER_DONE;
	}
	if (!s || !user_slot_matches(s, bytes, len)) {
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
	return user_execute(t, uc, &s->insn);
}

/** user_serve_setup - once per process, before anything is served. Return: 0 or -errno. */
int user_serve_setup(void)
{
	if (native_slot)
		return 0;
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
