// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preloaded host as a CPU with APX for code that nobody marked: sequences in form hw, whose
 * XSAVE and XRSTOR a CPU without APX executes, leaving component 19 out.
 *
 * The program names one stretch of its code that loads r16..r31, calls such a sequence and stores them
 * again (egpr_exec_play()). From the first APX instruction in it to its end every instruction is
 * looked at before it runs, one at a time with the trap flag: APX and the XSAVE family, where it is about
 * component 19, are executed here, at CPL 3; the rest runs as it is. No byte of the program changes.
 *
 * That a program finds this function is how it knows that its APX is played; nothing else is.
 */
#include <errno.h>
#include <string.h>

#include "state.h"

#define EXPORT __attribute__((visibility("default")))

#define FLAG_TF	  0x100u
#define UD2_FIRST 0x0f
#define UD2_LAST  0x0b

static uint64_t play_begin, play_end;
static _Thread_local bool stepping;

/* What is to be executed here. Return: whether it is; @len: what RIP advances by. */
static bool ours(uint64_t rip, const greg_t *g, struct emu_insn *insn, unsigned int *len)
{
	uint8_t bytes[USER_UD2_BYTES + USER_FETCH_BYTES] = { UD2_FIRST, UD2_LAST };
	const struct user_slot *s = user_cache_find(rip);
	uint64_t mask = (uint32_t)g[REG_RAX] | (uint64_t)g[REG_RDX] << 32;
	unsigned int n;

	if (s && s->state == USER_PATCHED) {
		*insn = s->insn;
		*len = insn->len;
		return true;
	}
	n = user_fetch(rip, bytes + USER_UD2_BYTES);
	if (emu_decode_trap(bytes, n + USER_UD2_BYTES, insn) == EMU_OK) {
		*len = insn->len - USER_UD2_BYTES;
		return insn->nops && mask & EGPR_XFEATURE_LO; /* has an area, and takes 19 along */
	}
	if (emu_decode(bytes + USER_UD2_BYTES, n < EMU_INSN_MAX ? n : EMU_INSN_MAX, insn) != EMU_OK)
		return false;
	*len = insn->len;
	return true;
}

/* To the end, or to an instruction that runs as it is. */
static void go_on(struct user_thread *t, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;
	struct emu_insn insn;
	unsigned int len;

	g[REG_EFL] &= ~(greg_t)FLAG_TF;
	while ((uint64_t)g[REG_RIP] != play_end) {
		if (!ours((uint64_t)g[REG_RIP], g, &insn, &len)) {
			g[REG_EFL] |= FLAG_TF;
			return;
		}
		insn.flags &= ~EMU_F_TRAP;
		insn.len = (uint8_t)len;
		/* A fault ends it here, and arrives as the program's own. */
		if (user_execute(t, uc, &insn) != USER_DONE)
			break;
		if (user_is_fault_slot((uint64_t)g[REG_RIP]))
			break;
	}
	stepping = false;
}

static bool play(struct user_thread *t, ucontext_t *uc)
{
	uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];

	if (rip < play_begin || rip >= play_end)
		return false;
	stepping = true;
	go_on(t, uc);
	return true;
}

USER_HANDLER static void on_sigtrap(int sig, siginfo_t *si, void *context)
{
	int saved = errno;

	if (stepping && si->si_code == TRAP_TRACE)
		go_on(&user_thread, context);
	else
		user_on_other(sig, si, context);
	errno = saved;
}

/**
 * egpr_exec_play - play a CPU with APX for a stretch of code
 * @begin: where its loads of r16..r31 begin
 * @end: behind its stores; control goes there whatever happens between, or to a signal handler
 *
 * Of the calling process, from now on. SIGTRAP is taken. Return: 0 or -errno.
 */
EXPORT int egpr_exec_play(const void *begin, const void *end);
int egpr_exec_play(const void *begin, const void *end)
{
	play_begin = (uint64_t)(uintptr_t)begin;
	play_end = (uint64_t)(uintptr_t)end;
	if (user_player)
		return 0;
	user_player = play;
	return user_take_signal(SIGTRAP, on_sigtrap);
}
