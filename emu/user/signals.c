// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: which are ours, and how the program gets the others.
 *
 * The program's handlers are called from ours. They see a context that stands at
 * an instruction of the program, and registers as APX hardware would leave them:
 * all EGPRs zero on entry, and those of the interrupted code back on return,
 * where hardware has them in the frame's XSAVE area. A handler that leaves by
 * siglongjmp keeps what it had, again as on hardware.
 *
 * A kernel clears DF for a handler and leaves AC as it was. Ours are compiled code, whose accesses
 * need not be aligned: AC is off in them and on again for the program's. The frame has
 * the program's flags, which sigreturn brings back.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define FLAG_AC 0x40000ull

struct sigaction user_action[USER_NSIG];
bool (*user_player)(struct user_thread *t, ucontext_t *uc);

static void check_alignment(bool on)
{
	uint64_t flags = __builtin_ia32_readeflags_u64() & ~FLAG_AC;

	__builtin_ia32_writeeflags_u64(on ? flags | FLAG_AC : flags);
}

/** user_stack_ready - give the calling thread our signal stack unless it has one. */
void user_stack_ready(struct user_thread *t)
{
	stack_t ours = user_thread_stack(t), now;

	if (!syscall(SYS_sigaltstack, NULL, &now) && (now.ss_flags & SS_DISABLE))
		syscall(SYS_sigaltstack, &ours, NULL);
}

/* The frame's copy, which sigreturn installs: inside a handler the call would be undone. */
static void stack_on_return(struct user_thread *t, ucontext_t *uc)
{
	if (uc->uc_stack.ss_flags & SS_DISABLE)
		uc->uc_stack = user_thread_stack(t);
}

static uint64_t mask_of(const sigset_t *set)
{
	uint64_t m;

	memcpy(&m, set, sizeof(m));
	return m;
}

static struct sigaction action_of(int sig)
{
	struct sigaction sa;
	uint64_t was = user_mask_set(~USER_NEVER_BLOCK);

	user_lock();
	sa = user_action[sig];
	if (sa.sa_flags & (int)SA_RESETHAND)
		user_action[sig].sa_handler = SIG_DFL;
	user_unlock();
	user_mask_set(was);
	return sa;
}

/* The default action, by the kernel: a fault happens again, anything else is sent again. */
static void die_of(int sig, const siginfo_t *si)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	user_real_sigaction(sig, &dfl, NULL);
	if (si->si_code <= 0)
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static void call_program(const struct sigaction *sa, int sig, siginfo_t *si, ucontext_t *uc)
{
	struct user_thread *t = &user_thread;
	bool had_page = t->page;
	uint64_t r[EGPR_COUNT], mask;

	if (had_page) {
		memcpy(r, t->page->r, sizeof(r));
		memset(t->page->r, 0, sizeof(r));
	}
	check_alignment((uint64_t)uc->uc_mcontext.gregs[REG_EFL] & FLAG_AC);
	if (sa->sa_flags & SA_SIGINFO)
		sa->sa_sigaction(sig, si, uc);
	else
		sa->sa_handler(sig);
	check_alignment(false);
	if (had_page)
		memcpy(t->page->r, r, sizeof(r));
	else if (t->page)
		memset(t->page->r, 0, sizeof(r));
	mask = mask_of(&uc->uc_sigmask) & ~USER_NEVER_BLOCK;
	memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
}

/* SIGILL or SIGSEGV that is the program's own; we were entered with everything blocked. */
static void deliver(int sig, siginfo_t *si, ucontext_t *uc)
{
	struct sigaction sa;
	uint64_t mask;

	if (user_lock_is_mine()) {
		/* Our own fault, or this would not be locked: waiting would be for ever. */
		die_of(sig, si);
		return;
	}
	sa = action_of(sig);
	mask = mask_of(&uc->uc_sigmask) | mask_of(&sa.sa_mask);
	if (sa.sa_handler == SIG_IGN && si->si_code <= 0)
		return;
	if (sa.sa_handler == SIG_DFL || sa.sa_handler == SIG_IGN) {
		die_of(sig, si);
		return;
	}
	user_mask_set(mask & ~USER_NEVER_BLOCK);
	call_program(&sa, sig, si, uc);
}

static __attribute__((noinline)) void on_sigill(int sig, siginfo_t *si, void *context)
{
	struct user_thread *t = &user_thread;
	ucontext_t *uc = context;
	int saved = errno;

	/* Sent by a process; or the CPU lacks even the legacy instruction in the slot. */
	if (si->si_code <= 0 || user_unwind(t, uc)) {
		si->si_addr = si->si_code > 0 ? (void *)uc->uc_mcontext.gregs[REG_RIP]
					      : si->si_addr;
		deliver(sig, si, uc);
		return;
	}
	if (!user_thread_init(t)) {
		stack_on_return(t, uc);
		if ((user_player && user_player(t, uc)) || user_serve(t, uc) == USER_DONE) {
			errno = saved;
			return;
		}
	}
	errno = saved;
	deliver(sig, si, uc);
}

static __attribute__((noinline)) void on_sigsegv(int sig, siginfo_t *si, void *context)
{
	struct user_thread *t = &user_thread;
	ucontext_t *uc = context;
	const char *rip = (const char *)uc->uc_mcontext.gregs[REG_RIP];
	bool no_page = !t->page;

	if (rip >= user_access_begin && rip < user_access_end) {
		t->access = *si;
		uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)user_access_failed;
		return;
	}
	if (user_unwind(t, uc) && no_page) {
		/* A new thread in a patched instruction: now it has its registers. */
		stack_on_return(t, uc);
		return;
	}
	deliver(sig, si, uc);
}

static __attribute__((noinline)) void on_other(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	void *rip = (void *)uc->uc_mcontext.gregs[REG_RIP];
	struct sigaction sa;

	if (user_unwind(&user_thread, uc) && si->si_code > 0 && si->si_addr == rip)
		si->si_addr = (void *)uc->uc_mcontext.gregs[REG_RIP];
	sa = action_of(sig);
	if (sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN)
		call_program(&sa, sig, si, uc);
}

/* Nothing that the compiler could make an unaligned access of comes before AC is off. */
#define HANDLER(name)                                                           \
	USER_HANDLER void user_on_##name(int sig, siginfo_t *si, void *context) \
	{                                                                       \
		check_alignment(false);                                         \
		on_##name(sig, si, context);                                    \
	}
HANDLER(sigill)
HANDLER(sigsegv)
HANDLER(other)
