// SPDX-License-Identifier: GPL-2.0-only
/*
 * The signal functions of the C library as the program sees them.
 *
 * SIGILL and SIGSEGV stay ours in the kernel's eyes and are never blocked; the
 * program is told what it asked for. Its other handlers are entered through
 * user_on_other(). Its alternate stack is the kernel's too, so its handlers run
 * where it wants; a trap in one of them needs room there for a second frame.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define EXPORT __attribute__((visibility("default")))

static bool is_ours(int sig)
{
	return sig == SIGILL || sig == SIGSEGV || (sig == SIGTRAP && user_player);
}

static bool is_handler(const struct sigaction *sa)
{
	return sa->sa_handler != SIG_DFL && sa->sa_handler != SIG_IGN;
}

static sigset_t without_ours(const sigset_t *set)
{
	sigset_t s = *set;

	sigdelset(&s, SIGILL);
	sigdelset(&s, SIGSEGV);
	return s;
}

/* Under user_lock(). */
static int change_action(int sig, const struct sigaction *sa, struct sigaction *was)
{
	struct sigaction kernel, before;
	int r = 0;

	*was = user_action[sig];
	if (is_ours(sig)) {
		if (sa)
			user_action[sig] = *sa;
		return 0;
	}
	if (sa) {
		kernel = *sa;
		kernel.sa_mask = without_ours(&sa->sa_mask);
		if (is_handler(sa)) {
			kernel.sa_sigaction = user_on_other;
			kernel.sa_flags |= SA_SIGINFO;
		}
	}
	if (sa && is_handler(sa))
		user_action[sig] = *sa; /* before the kernel can deliver */
	r = user_real_sigaction(sig, sa ? &kernel : NULL, &before);
	if (r)
		user_action[sig] = *was;
	else if (before.sa_sigaction != user_on_other)
		*was = before;
	return r;
}

EXPORT int sigaction(int sig, const struct sigaction *sa, struct sigaction *old)
{
	struct sigaction copy, was;
	uint64_t mask;
	int r, error;

	if (sig <= 0 || sig >= USER_NSIG)
		return user_real_sigaction(sig, sa, old);
	if (sa)
		copy = *sa; /* a bad pointer faults here, without the lock */
	mask = user_mask_set(~USER_NEVER_BLOCK);
	user_lock();
	r = change_action(sig, sa ? &copy : NULL, &was);
	error = errno;
	user_unlock();
	user_mask_set(mask);
	errno = error;
	if (!r && old)
		*old = was;
	return r;
}

static sighandler_t set_handler(int sig, sighandler_t handler, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags }, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&sa.sa_mask);
	if (!(flags & SA_NODEFER))
		sigaddset(&sa.sa_mask, sig);
	return sigaction(sig, &sa, &old) ? SIG_ERR : old.sa_handler;
}

EXPORT sighandler_t signal(int sig, sighandler_t handler)
{
	return set_handler(sig, handler, SA_RESTART);
}

sighandler_t bsd_signal(int sig, sighandler_t handler);
EXPORT sighandler_t bsd_signal(int sig, sighandler_t handler)
{
	return set_handler(sig, handler, SA_RESTART);
}

EXPORT sighandler_t ssignal(int sig, sighandler_t handler)
{
	return set_handler(sig, handler, SA_RESTART);
}

sighandler_t __sysv_signal(int sig, sighandler_t handler);
EXPORT sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
	return set_handler(sig, handler, (int)SA_RESETHAND | SA_NODEFER);
}

EXPORT sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	return __sysv_signal(sig, handler);
}

EXPORT int sigaltstack(const stack_t *ss, stack_t *old)
{
	struct user_thread *t = &user_thread;
	stack_t ours, was;

	if (user_thread_init(t)) {
		errno = ENOMEM;
		return -1;
	}
	ours = user_thread_stack(t);
	if (syscall(SYS_sigaltstack, ss && (ss->ss_flags & SS_DISABLE) ? &ours : ss, &was))
		return -1;
	if (old) {
		*old = was;
		if (was.ss_sp == ours.ss_sp)
			*old = (stack_t){ .ss_flags = SS_DISABLE };
	}
	return 0;
}

static int change_mask(int how, const sigset_t *set, sigset_t *old)
{
	struct user_thread *t = &user_thread;
	uint64_t want = 0, hidden = t->hidden_mask, was;

	if (set)
		memcpy(&want, set, sizeof(want));
	uint64_t kernel = want & ~USER_NEVER_BLOCK;

	if (syscall(SYS_rt_sigprocmask, how, set ? &kernel : NULL, &was, sizeof(kernel)))
		return errno;
	want &= USER_NEVER_BLOCK;
	if (set && how == SIG_BLOCK)
		t->hidden_mask |= want;
	else if (set && how == SIG_UNBLOCK)
		t->hidden_mask &= ~want;
	else if (set)
		t->hidden_mask = want;
	if (old) {
		sigemptyset(old);
		was |= hidden;
		memcpy(old, &was, sizeof(was));
	}
	return 0;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	int saved = errno, r = change_mask(how, set, old);

	errno = saved;
	return r;
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	int r = change_mask(how, set, old);

	if (r)
		errno = r;
	return r ? -1 : 0;
}

/* Calls that replace the mask while they wait: handlers run under it. */
#define NEXT(name)                                                       \
	static __typeof__(name) *_Atomic real;                           \
	__typeof__(name) *fn = real;                                     \
	if (!fn)                                                         \
		real = fn = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
	if (!fn)                                                         \
	abort()

EXPORT int sigsuspend(const sigset_t *mask)
{
	sigset_t kept;

	NEXT(sigsuspend);
	kept = without_ours(mask);
	return fn(&kept);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	sigset_t kept;

	NEXT(ppoll);
	if (mask) {
		kept = without_ours(mask);
		mask = &kept;
	}
	return fn(fds, n, timeout, mask);
}

EXPORT int pselect(int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout,
		   const sigset_t *mask)
{
	sigset_t kept;

	NEXT(pselect);
	if (mask) {
		kept = without_ours(mask);
		mask = &kept;
	}
	return fn(n, r, w, x, timeout, mask);
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask)
{
	sigset_t kept;

	NEXT(epoll_pwait);
	if (mask) {
		kept = without_ours(mask);
		mask = &kept;
	}
	return fn(fd, events, n, timeout, mask);
}
