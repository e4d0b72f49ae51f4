// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault and stop signals of the measuring thread.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"

#define STACK_BYTES 65536 /* AVX-512 and AMX frames are larger than MINSIGSTKSZ */

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
static const int stops[] = { SIGINT, SIGTERM };

#define NR_FAULTS (sizeof(faults) / sizeof(*faults))
#define NR_STOPS  (sizeof(stops) / sizeof(*stops))

static struct sigaction old_fault[NR_FAULTS], old_stop[NR_STOPS];
static stack_t old_stack;
static void *stack;
static volatile sig_atomic_t *stop_flag;
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t armed;
static sigjmp_buf landing;
static void *volatile fault_address;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!armed) {
		/* Not in a batch: a fault of the lab itself, which must not be hidden. */
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	fault_address = info->si_addr;
	siglongjmp(landing, sig);
}

static void on_stop(int sig)
{
	if (*stop_flag) {
		/* Asked twice: at once. */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	*stop_flag = 1;
	stop_signal = sig;
}

int guard_start(volatile sig_atomic_t *stop, struct data_error *e)
{
	struct sigaction fault = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct sigaction end = { .sa_flags = SA_ONSTACK | SA_RESTART };
	stack_t s = { .ss_size = STACK_BYTES };
	size_t i;

	stack = malloc(STACK_BYTES);
	s.ss_sp = stack;
	if (!stack || sigaltstack(&s, &old_stack)) {
		free(stack);
		return data_fail(e, EGPR_INTERNAL, "no stack for signal handlers: %s",
				 strerror(errno));
	}
	stop_flag = stop;
	stop_signal = 0;
	fault.sa_sigaction = on_fault;
	end.sa_handler = on_stop;
	for (i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i], &fault, &old_fault[i]);
	for (i = 0; i < NR_STOPS; i++)
		sigaction(stops[i], &end, &old_stop[i]);
	return 0;
}

void guard_end(void)
{
	size_t i;

	for (i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i], &old_fault[i], NULL);
	for (i = 0; i < NR_STOPS; i++)
		sigaction(stops[i], &old_stop[i], NULL);
	sigaltstack(&old_stack, NULL);
	free(stack);
	stack = NULL;
}

int guard_signal(void)
{
	return stop_signal;
}

int guard_batch(const struct layer_ops *ops, void *run, struct layer_batch *b, struct data_error *e)
{
	int sig = sigsetjmp(landing, 0), ret;

	if (sig) {
		armed = 0;
		return data_fail(e, EGPR_INTERNAL, "the batch ended with %s at %p", strsignal(sig),
				 fault_address);
	}
	armed = 1;
	ret = ops->batch(run, b, e);
	armed = 0;
	return ret;
}
