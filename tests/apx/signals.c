// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals around code that keeps values in r16..r31.
 *
 * The program's own handlers use the registers too; what the interrupted code
 * held must be there again afterwards. A genuine SIGILL must reach the program's
 * handler, a fault must name the address that was touched, an alternate stack
 * must be the one the handler runs on, and fork must copy the registers.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define LANES	  18
#define PAGE	  4096ul
#define ALT_BYTES (64ul * 1024)

static volatile sig_atomic_t handled;
static uint64_t in_handler;

static __attribute__((noinline)) uint64_t churn(uint64_t seed, unsigned int rounds)
{
	uint64_t v[LANES], sum = 0;

	for (int i = 0; i < LANES; i++)
		v[i] = seed * (uint64_t)(2 * i + 1);
	while (rounds--) {
#pragma clang loop unroll(full)
		for (int i = 0; i < LANES; i++)
			v[i] = (v[i] << 7 | v[i] >> 57) + (v[(i + 5) % LANES] ^ seed);
	}
	for (int i = 0; i < LANES; i++)
		sum = sum * 3 + v[i];
	return sum;
}

static void busy(int sig)
{
	(void)sig;
	in_handler ^= churn(0x1234, 3);
	handled++;
}

static void test_interrupted(void)
{
	struct sigaction sa = { .sa_handler = busy, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 700 }, { 0, 700 } }, off = { { 0, 0 }, { 0, 0 } };
	uint64_t want = churn(77, 20);
	int wrong = 0, raised;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (handled < 40)
		wrong += churn(77, 20) != want;
	setitimer(ITIMER_REAL, &off, NULL);
	handled = 0;
	for (raised = 0; raised < 5; raised++) {
		raise(SIGALRM);
		wrong += churn(77, 20) != want;
	}
	printf("interrupted: %s, raised %d\n", wrong ? "WRONG" : "right", (int)handled);
}

#ifdef __APX_F__
static __attribute__((noinline)) uint64_t hold(uint64_t v)
{
	register uint64_t out;

	__asm__ volatile("mov %1, %%r20\n\tmov %%r20, %%r29\n\tud2\n\tmov %%r29, %0"
			 : "=r"(out)
			 : "r"(v)
			 : "r20", "r29", "memory");
	return out;
}
#else
static __attribute__((noinline)) uint64_t hold(uint64_t v)
{
	__asm__ volatile("ud2" : : : "memory");
	return v;
}
#endif

static void on_ill(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	const uint8_t *rip = (const uint8_t *)uc->uc_mcontext.gregs[REG_RIP];

	(void)sig;
	in_handler = churn(5, 2);
	handled = si->si_addr == (void *)rip && rip[0] == 0x0f && rip[1] == 0x0b;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
}

static void test_own_sigill(void)
{
	struct sigaction sa = { .sa_sigaction = on_ill, .sa_flags = SA_SIGINFO }, old;
	uint64_t got;

	sigaction(SIGILL, NULL, &old);
	printf("sigill before: %s\n", old.sa_handler == SIG_DFL ? "default" : "WRONG");
	sigaction(SIGILL, &sa, NULL);
	handled = 0;
	got = hold(4711);
	sigaction(SIGILL, NULL, &old);
	printf("own sigill: %s %" PRIu64 " %s\n", handled ? "seen" : "MISSED", got,
	       old.sa_sigaction == on_ill ? "kept" : "LOST");
	signal(SIGILL, SIG_DFL);
}

static sigjmp_buf out;
static void *fault_address;
static int rip_in_text;
extern char __executable_start, etext;

static void on_segv(int sig, siginfo_t *si, void *context)
{
	const ucontext_t *uc = context;
	const char *rip = (const char *)uc->uc_mcontext.gregs[REG_RIP];

	(void)sig;
	fault_address = si->si_addr;
	rip_in_text = rip >= &__executable_start && rip < &etext;
	siglongjmp(out, 1);
}

static __attribute__((noinline)) uint64_t touch(volatile uint64_t *p)
{
#ifdef __APX_F__
	uint64_t v;

	__asm__ volatile(
		"mov %1, %%r17\n\tmov $3, %%r18\n\tadd 16(%%r17,%%r18,8), %%r18\n\tmov %%r18, %0"
		: "=r"(v)
		: "r"(p)
		: "r17", "r18", "memory", "cc");
	return v;
#else
	return p[5] + 3;
#endif
}

static void test_fault(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	uint64_t *last;

	if (p == MAP_FAILED || mprotect(p + PAGE, PAGE, PROT_NONE))
		exit(EXIT_FAILURE);
	last = (uint64_t *)(void *)(p + PAGE - 40);
	last[4] = 39;
	sigaction(SIGSEGV, &sa, NULL);
	for (int i = 0; i < 3; i++) {
		/* Often enough that a patched instruction faults as well as a trapped one. */
		for (int k = 0; k < 100; k++)
			touch(last - 1);
		printf("no fault: %" PRIu64 "\n", touch(last - 1));
		if (!sigsetjmp(out, 1))
			touch(last);
		printf("fault at page end: %s, rip in text: %s\n",
		       (char *)fault_address == p + PAGE ? "right" : "WRONG",
		       rip_in_text ? "yes" : "NO");
	}
	signal(SIGSEGV, SIG_DFL);
	munmap(p, 2 * PAGE);
}

static char *alt_base;

static void on_alt(int sig)
{
	volatile char here = 0;

	(void)sig;
	in_handler ^= churn(99, 2);
	handled = &here > alt_base && &here < alt_base + ALT_BYTES;
}

static void test_altstack(void)
{
	struct sigaction sa = { .sa_handler = on_alt, .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_size = ALT_BYTES }, old;

	sigaltstack(NULL, &old);
	printf("no alternate stack: %s\n", old.ss_flags & SS_DISABLE ? "right" : "WRONG");
	ss.ss_sp = alt_base = malloc(ALT_BYTES);
	sigaltstack(&ss, NULL);
	sigaltstack(NULL, &old);
	sigaction(SIGUSR1, &sa, NULL);
	handled = 0;
	raise(SIGUSR1);
	printf("alternate stack: %s, handler on it: %s\n", old.ss_sp == alt_base ? "kept" : "LOST",
	       handled ? "yes" : "NO");
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
	printf("after: %016" PRIx64 "\n", churn(3, 9));
	free(alt_base);
}

static void test_fork(void)
{
	uint64_t want = churn(8, 8);
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(churn(8, 8) == want ? 7 : 8);
	waitpid(pid, &status, 0);
	printf("fork: child %d, parent %s\n", WEXITSTATUS(status),
	       churn(8, 8) == want ? "right" : "WRONG");
}

int main(void)
{
	test_interrupted();
	test_own_sigill();
	test_fault();
	test_altstack();
	test_fork();
	return 0;
}
