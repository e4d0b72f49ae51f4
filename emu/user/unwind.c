// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a signal context out of a slot.
 *
 * A signal may find a thread anywhere in a slot. Before the program sees the
 * context, the instruction is undone (up to the rewritten instruction, which
 * includes every fault it raises) or finished (behind it), so that RIP and all
 * registers are those of an instruction boundary of the program.
 */
#include <stdlib.h>

#include "state.h"

#define FLAGS_LAHF 0xd5u /* SF ZF AF PF CF */
#define FLAG_OF	   0x800u

const int user_greg[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* RFLAGS with the status flags of a LAHF/SETO image (AH, AL). */
static uint64_t merge_flags(uint64_t rflags, uint64_t image)
{
	rflags &= ~(uint64_t)(FLAGS_LAHF | FLAG_OF);
	return rflags | (image >> 8 & FLAGS_LAHF) | (image & 1 ? FLAG_OF : 0);
}

static void undo(struct user_thread *t, const struct user_slot *s, unsigned int at, greg_t *g)
{
	for (unsigned int i = 0; i < s->nsaved; i++) {
		if (at >= s->saved_end[i])
			g[user_greg[s->saved[i]]] = (greg_t)t->save[i];
	}
	if (s->flags_rax && at >= s->flags_begin && at < s->flags_end)
		g[REG_RAX] = (greg_t)t->rax;
	g[REG_RIP] = (greg_t)(s->rip ? s->rip : t->fault_rip);
}

static void finish(struct user_thread *t, const struct user_slot *s, unsigned int at, greg_t *g)
{
	bool flags_due = false;

	for (unsigned int i = 0; i < s->nsteps; i++) {
		const struct user_step *p = &s->step[i];
		greg_t *legacy = &g[user_greg[p->legacy]];

		if (p->kind == USER_STEP_FLAGS)
			flags_due = true;
		if (at >= p->end)
			continue;
		switch (p->kind) {
		case USER_STEP_ZEXT:
			*legacy &= p->arg == 1 ? 0xff : 0xffff;
			break;
		case USER_STEP_STORE:
			t->page->r[p->arg] = (uint64_t)*legacy;
			break;
		case USER_STEP_STORE_REG:
			g[user_greg[p->arg]] = *legacy;
			break;
		case USER_STEP_STORE_SAVE:
		case USER_STEP_KEEP:
			t->save[p->arg] = (uint64_t)*legacy;
			break;
		case USER_STEP_RESTORE:
			*legacy = (greg_t)t->save[p->arg];
			break;
		default:
			break;
		}
	}
	if (flags_due)
		g[REG_EFL] = (greg_t)merge_flags((uint64_t)g[REG_EFL], t->flags);
	g[REG_RIP] = (greg_t)s->rip + s->insn.len;
}

/**
 * user_unwind - move a context that stands in a slot to the program's text
 * @t: the thread it belongs to
 * @uc: the context
 *
 * Return: whether it stood in a slot.
 */
bool user_unwind(struct user_thread *t, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const struct user_slot *s = user_code_owner((uint64_t)g[REG_RIP]);
	unsigned int at;

	if (!s)
		return false;
	if (!t->page && user_thread_init(t))
		abort(); /* no memory for r16..r31, and nowhere to report it */
	at = (unsigned int)((uint64_t)g[REG_RIP] - (uint64_t)(uintptr_t)s->code);
	if (at > (unsigned int)s->len + USER_JUMP_MAX)
		at = 0; /* on the way: a relay of patch.c */
	if (!s->rip && at >= s->native_end)
		g[REG_EFL] = (greg_t)merge_flags((uint64_t)g[REG_EFL], t->flags);
	if (s->dfv_from && at >= s->dfv_from && at < s->native) {
		if (at >= s->dfv_rax)
			g[REG_RAX] = (greg_t)t->rax;
		g[REG_EFL] = (greg_t)merge_flags((uint64_t)g[REG_EFL], s->dfv);
		at = s->native_end;
	}
	if (!s->rip || at < s->native_end)
		undo(t, s, at, g);
	else
		finish(t, s, at, g);
	return true;
}
