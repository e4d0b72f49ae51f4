// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: a payload that does not come back is fetched back.
 *
 * A timer signal makes KVM_RUN return EINTR. If it arrives just before KVM_RUN is
 * entered it would be lost, so the handler also sets immediate_exit, which KVM checks
 * on entry. The handler runs on its own stack: switch sequences borrow the stack
 * pointer while they push registers.
 */
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define WATCHDOG_SIGNAL (SIGRTMIN + 3)
#define REPEAT_NS	100000000 /* again, until it is disarmed */
#define STACK_EXTRA	16384	  /* beside what the kernel needs for a frame */
#define NS_PER_S	1000000000.0

/* The thread's signal stack, made when its first VM needs one, shared by its VMs. */
static __thread struct {
	stack_t stack;
	unsigned int users;
} alternate;

static int take_stack(void)
{
	stack_t now;
	long minimum = sysconf(_SC_MINSIGSTKSZ);

	if (alternate.users++ || (!sigaltstack(NULL, &now) && !(now.ss_flags & SS_DISABLE)))
		return 0;
	alternate.stack.ss_size = (minimum > 0 ? (size_t)minimum : MINSIGSTKSZ) + STACK_EXTRA;
	alternate.stack.ss_sp = mmap(NULL, alternate.stack.ss_size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (alternate.stack.ss_sp == MAP_FAILED) {
		alternate.stack.ss_sp = NULL;
		return -1;
	}
	return sigaltstack(&alternate.stack, NULL);
}

static void drop_stack(void)
{
	const stack_t off = { .ss_flags = SS_DISABLE };

	if (--alternate.users || !alternate.stack.ss_sp)
		return;
	sigaltstack(&off, NULL);
	munmap(alternate.stack.ss_sp, alternate.stack.ss_size);
	alternate.stack.ss_sp = NULL;
}

static void on_timer(int sig, siginfo_t *info, void *context)
{
	struct vmm *vm = info->si_value.sival_ptr;

	(void)sig;
	(void)context;
	if (info->si_code != SI_TIMER)
		return;
	vm->expired = 1;
	vm->run->immediate_exit = 1;
}

void vmm_interrupt(struct vmm *vm)
{
	vm->interrupted = 1;
	vm->run->immediate_exit = 1;
}

int vmm_watchdog_open(struct vmm *vm, struct vmm_error *e)
{
	struct sigaction sa = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WATCHDOG_SIGNAL };
	sigset_t set;

	event.sigev_value.sival_ptr = vm;
	event.sigev_notify_thread_id = gettid();
	sigemptyset(&set);
	sigaddset(&set, WATCHDOG_SIGNAL);
	if (take_stack() || sigaction(WATCHDOG_SIGNAL, &sa, NULL) ||
	    pthread_sigmask(SIG_UNBLOCK, &set, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &vm->timer)) {
		vmm_fail(e, EGPR_UNAVAILABLE, "watchdog", NULL, "cannot set it up: %s",
			 strerror(errno));
		drop_stack();
		return e->status;
	}
	vm->has_timer = true;
	return 0;
}

/* Start it, or stop it with 0. */
void vmm_watchdog_arm(struct vmm *vm, double seconds)
{
	struct itimerspec t = { 0 };

	t.it_value.tv_sec = (time_t)seconds;
	t.it_value.tv_nsec = (long)((seconds - (double)t.it_value.tv_sec) * NS_PER_S);
	if (seconds > 0)
		t.it_interval.tv_nsec = REPEAT_NS;
	timer_settime(vm->timer, 0, &t, NULL);
}

void vmm_watchdog_close(struct vmm *vm)
{
	if (!vm->has_timer)
		return;
	/* A signal still pending for this thread is taken on return from this call, VM in place. */
	timer_delete(vm->timer);
	drop_stack();
	vm->has_timer = false;
}
