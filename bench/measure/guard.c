// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault and stop signals of the measuring thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <bench/host/cpu.h>

#include "guard.h"

#define STACK_BYTES   65536   /* AVX-512 and AMX frames are larger than MINSIGSTKSZ */
#define MXCSR_CONTROL 0xffc0u /* all but the sticky exception flags (SDM 1, 10.2.3) */
#define FLAGS_DF_AC   (1ul << 10 | 1ul << 18)
#define MESSAGE_BYTES 256

/* SIGALRM is a cell that takes too long, or a stop that does. */
static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGALRM };
static const int stops[] = { SIGINT, SIGTERM, SIGHUP, SIGXFSZ };

#define NR_FAULTS (sizeof(faults) / sizeof(*faults))
#define NR_STOPS  (sizeof(stops) / sizeof(*stops))

/* What the C ABI lets nobody change. */
struct control {
	uint32_t mxcsr;
	uint16_t x87;
	unsigned long flags;
};

static struct sigaction old_fault[NR_FAULTS], old_stop[NR_STOPS];
static stack_t old_stack;
static void *stack;
static volatile sig_atomic_t *stop_flag;
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t armed;
static sigjmp_buf landing;
static void *volatile fault_address, *volatile fault_ip;
static struct control control;
static const char *cell_now, *note_path;
static char *const *restart_argv;

static struct control control_now(void)
{
	struct control c;

	__asm__ volatile("stmxcsr %0" : "=m"(c.mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(c.x87));
	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(c.flags) : : "memory");
	c.mxcsr &= MXCSR_CONTROL;
	c.flags &= FLAGS_DF_AC;
	return c;
}

static void control_restore(void)
{
	uint32_t mxcsr = control.mxcsr;
	unsigned long flags;

	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
	flags &= ~FLAGS_DF_AC;
	__asm__ volatile("pushq %0\n\tpopfq" : : "r"(flags) : "memory", "cc");
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	__asm__ volatile("fnclex\n\tfldcw %0" : : "m"(control.x87));
}

/* Signal-safe text: what @to holds grows by @text. */
static void add(char *to, size_t size, const char *text)
{
	size_t n = strlen(to);

	while (*text && n + 1 < size)
		to[n++] = *text++;
	to[n] = '\0';
}

static const char *name_of(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return "SIGSEGV";
	case SIGBUS:
		return "SIGBUS";
	case SIGILL:
		return "SIGILL";
	case SIGFPE:
		return "SIGFPE";
	case SIGTRAP:
		return "SIGTRAP";
	}
	return "stuck: longer than the cell may take";
}

static void add_address(char *to, size_t size, const void *p)
{
	char digits[2] = "";
	int shift;

	add(to, size, "0x");
	for (shift = 60; shift >= 0; shift -= 4) {
		unsigned int d = ((uintptr_t)p >> shift) & 15;

		if (!d && shift && !((uintptr_t)p >> shift))
			continue;
		digits[0] = "0123456789abcdef"[d];
		add(to, size, digits);
	}
}

/* A note for the process that goes on, and that process. Returns if there is none to be had. */
static void restart(int sig, const void *ip, const void *address)
{
	char text[MESSAGE_BYTES] = "";
	ssize_t done = -1;
	int fd;

	if (!note_path || !cell_now)
		return;
	add(text, sizeof(text), cell_now);
	add(text, sizeof(text), "\n");
	add(text, sizeof(text), name_of(sig));
	add(text, sizeof(text), " between batches, at ");
	add_address(text, sizeof(text), ip);
	if (sig == SIGSEGV || sig == SIGBUS) {
		add(text, sizeof(text), ", of address ");
		add_address(text, sizeof(text), address);
	}
	add(text, sizeof(text), "\n");
	fd = open(note_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		done = write(fd, text, strlen(text));
		close(fd);
	}
	cpu_unpin();
	if (done == (ssize_t)strlen(text))
		execv("/proc/self/exe", restart_argv);
}

static void end_by(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Aligns its stack itself: user-mode QEMU (7.2) enters handlers eight bytes off. */
#define HANDLER __attribute__((force_align_arg_pointer))

static HANDLER void on_fault(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	if (sig == SIGALRM && stop_signal) {
		static const char said[] = "egprlab: asked to end, and busy: ended at once; "
					   "--resume goes on from the last block kept\n";

		if (write(STDERR_FILENO, said, sizeof(said) - 1) >= 0)
			end_by(stop_signal);
		end_by(stop_signal);
	}
	fault_ip = (void *)uc->uc_mcontext.gregs[REG_RIP];
	fault_address = info->si_addr;
	if (armed)
		siglongjmp(landing, sig);
	restart(sig, fault_ip, fault_address);
	/* No cell: a fault of the lab itself, which must not be hidden. */
	if (sig != SIGALRM)
		end_by(sig);
}

static void set_timer(double seconds)
{
	struct itimerval t = { .it_value = {
				       (time_t)seconds,
				       (suseconds_t)(1e6 * (seconds - (double)(time_t)seconds)) } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static HANDLER void on_stop(int sig)
{
	if (*stop_flag)
		end_by(sig); /* asked twice: at once */
	*stop_flag = 1;
	stop_signal = sig;
	set_timer(GUARD_STOP_SECONDS);
}

int guard_start(volatile sig_atomic_t *stop, struct data_error *e)
{
	struct sigaction fault = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct sigaction end = { .sa_flags = SA_ONSTACK | SA_RESTART };
	stack_t s = { .ss_size = STACK_BYTES };
	sigset_t mine;
	size_t i;

	stack = malloc(STACK_BYTES);
	s.ss_sp = stack;
	if (!stack || sigaltstack(&s, &old_stack)) {
		free(stack);
		return data_fail(e, EGPR_INTERNAL, "no stack for signal handlers: %s",
				 strerror(errno));
	}
	control = control_now();
	stop_flag = stop;
	stop_signal = 0;
	fault.sa_sigaction = on_fault;
	end.sa_handler = on_stop;
	sigemptyset(&mine);
	for (i = 0; i < NR_FAULTS; i++) {
		sigaction(faults[i], &fault, &old_fault[i]);
		sigaddset(&mine, faults[i]);
	}
	for (i = 0; i < NR_STOPS; i++) {
		sigaction(stops[i], NULL, &old_stop[i]);
		/* nohup stays nohup */
		if (stops[i] != SIGHUP || old_stop[i].sa_handler != SIG_IGN)
			sigaction(stops[i], &end, NULL);
	}
	/* A process that a handler started anew has the handler's mask. */
	sigprocmask(SIG_UNBLOCK, &mine, NULL);
	return 0;
}

void guard_end(void)
{
	size_t i;

	set_timer(0);
	guard_cell(NULL, 0);
	guard_restart(NULL, NULL);
	for (i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i], &old_fault[i], NULL);
	for (i = 0; i < NR_STOPS; i++)
		sigaction(stops[i], &old_stop[i], NULL);
	sigaltstack(&old_stack, NULL);
	free(stack);
	stack = NULL;
}

void guard_cell(const char *name, double seconds)
{
	cell_now = name;
	if (!stop_signal)
		set_timer(name ? seconds : 0);
}

void guard_restart(const char *note, char *const *argv)
{
	note_path = note;
	restart_argv = argv;
}

int guard_signal(void)
{
	return stop_signal;
}

/* "arm gated-mov, its exit half + 0x1c"; the layer knows where its halves lie. */
static void sequence_text(const struct cell *c, void *run, const struct layer_batch *b, char *text,
			  size_t size)
{
	char half[64] = "";

	if (c->ops->locate)
		c->ops->locate(run, b, (uintptr_t)fault_ip, half, sizeof(half));
	snprintf(text, size, "arm %s%s%s", c->arms[b->arm].id, *half ? ", " : "", half);
}

static int check_control(const struct cell *c, const struct layer_batch *b, struct data_error *e)
{
	struct control now = control_now();

	if (now.mxcsr == control.mxcsr && now.x87 == control.x87 && !now.flags)
		return 0;
	control_restore();
	return data_fail(
		e, EGPR_CRASHED,
		"arm %s left MXCSR 0x%x, x87 control word 0x%x%s%s where 0x%x and 0x%x had "
		"been",
		c->arms[b->arm].id, now.mxcsr, now.x87, now.flags & 1 << 10 ? ", DF set" : "",
		now.flags & 1 << 18 ? ", AC set" : "", control.mxcsr, control.x87);
}

int guard_batch(const struct cell *c, void *run, struct layer_batch *b, struct data_error *e)
{
	int sig = sigsetjmp(landing, 0), ret;
	char sequence[128];

	if (sig) {
		armed = 0;
		control_restore();
		sequence_text(c, run, b, sequence, sizeof(sequence));
		return data_fail(e, EGPR_CRASHED, "%s at %p, address %p, in %s", name_of(sig),
				 fault_ip, sig == SIGALRM ? NULL : fault_address, sequence);
	}
	armed = 1;
	ret = c->ops->batch(run, b, e);
	armed = 0;
	if (ret && ret != LAYER_ASTRAY)
		return ret;
	sig = check_control(c, b, e);
	return sig ? sig : ret;
}
