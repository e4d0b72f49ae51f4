// SPDX-License-Identifier: GPL-2.0-only
/*
 * The child, its end, and what its parent makes of it.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <egpr/status.h>

#include "apart.h"

#define STACK_BYTES 65536 /* AVX-512 and AMX frames are larger than MINSIGSTKSZ */

/* SIGPROF is a proof that takes too long. */
static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGPROF };
#define NR_FAULTS (sizeof(faults) / sizeof(*faults))

/* Left by the child's handler; shared. */
static struct end {
	volatile int signal;
	void *volatile ip;
	void *volatile address;
} * end;

void *apart_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	return p;
}

void apart_free(void *shared, size_t size)
{
	if (shared)
		munmap(shared, size);
}

/* Aligns its stack itself: user-mode QEMU (7.2) enters handlers eight bytes off. */
__attribute__((force_align_arg_pointer)) static void on_fault(int sig, siginfo_t *info,
							      void *context)
{
	const ucontext_t *uc = context;

	end->signal = sig;
	end->ip = (void *)uc->uc_mcontext.gregs[REG_RIP];
	end->address = info->si_addr;
	_exit(EGPR_CRASHED);
}

/* Sequences borrow the stack pointer, so handlers need a stack of their own. */
static int catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = STACK_BYTES, .ss_sp = malloc(STACK_BYTES) };
	sigset_t mine;
	size_t i;

	if (!stack.ss_sp || sigaltstack(&stack, NULL))
		return -1;
	sigemptyset(&mine);
	for (i = 0; i < NR_FAULTS; i++) {
		sigaction(faults[i], &sa, NULL);
		sigaddset(&mine, faults[i]);
	}
	return sigprocmask(SIG_UNBLOCK, &mine, NULL);
}

void apart_again(void)
{
	const struct itimerval limit = { .it_value = { .tv_sec = APART_SECONDS } };

	if (setitimer(ITIMER_PROF, &limit, NULL))
		_exit(EGPR_INTERNAL);
}

__attribute__((noreturn)) static void child(void (*work)(void *), void *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (catch_faults())
		_exit(EGPR_INTERNAL);
	apart_again();
	work(shared);
	_exit(EGPR_DONE);
}

static void in_words(int sig, char *how)
{
	const char *name = sigabbrev_np(sig);

	if (sig == SIGPROF)
		snprintf(how, APART_TEXT, "stuck: no end after %d s of CPU time, at %p",
			 APART_SECONDS, end->ip);
	else if (!end->signal)
		snprintf(how, APART_TEXT, "killed by SIG%s", name ? name : "?");
	else
		snprintf(how, APART_TEXT, "SIG%s at %p, address %p", name ? name : "?", end->ip,
			 end->address);
}

void apart_name_half(char *how, const char *half)
{
	size_t used = strlen(how);

	if (half)
		snprintf(how + used, APART_TEXT - used, ", in its %s half", half);
}

int apart_run(void (*work)(void *), void *shared, char *how)
{
	int status, ret = EGPR_INTERNAL;
	pid_t pid;

	*how = '\0';
	end = apart_alloc(sizeof(*end));
	if (!end) {
		snprintf(how, APART_TEXT, "out of memory");
		return ret;
	}
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(work, shared);
	if (pid < 0) {
		snprintf(how, APART_TEXT, "no process of its own for a proof: %s", strerror(errno));
		goto out;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		snprintf(how, APART_TEXT, "lost the process of a proof: %s", strerror(errno));
		goto out;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EGPR_DONE) {
		ret = EGPR_DONE;
	} else if (WIFEXITED(status) && !end->signal) {
		snprintf(how, APART_TEXT, "a proof ended with status %d", WEXITSTATUS(status));
	} else {
		in_words(end->signal ? end->signal : WTERMSIG(status), how);
		ret = EGPR_CRASHED;
	}
out:
	apart_free(end, sizeof(*end));
	end = NULL;
	return ret;
}
