// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a thread needs before its first APX instruction: a register file and a
 * signal stack.
 *
 * Made when a thread first needs it, inside the handler, so no thread has to be
 * announced; freed by a key's destructor. One mapping: guard page, stack, page.
 */
#include <cpuid.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"

#define CPUID_FEATURES 1
#define CPUID_OSXSAVE  27 /* ECX */
#define XCR0_RESET     1  /* x87 */
#define KERNEL_SIGSET  8  /* bytes of the kernel's sigset_t */
#define OWN_SIZE       (USER_PAGE_SIZE + USER_STACK_SIZE + sizeof(struct egpr_page))

_Thread_local struct user_thread user_thread;
static pthread_key_t key;
static bool have_key;

/** user_mask_set - set the thread's kernel signal mask. Return: the one before. */
uint64_t user_mask_set(uint64_t mask)
{
	uint64_t was = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &was, KERNEL_SIGSET);
	return was;
}

stack_t user_thread_stack(const struct user_thread *t)
{
	return (stack_t){ .ss_sp = t->own + USER_PAGE_SIZE, .ss_size = USER_STACK_SIZE };
}

static uint64_t ask_xcr0(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(CPUID_FEATURES, &a, &b, &c, &d) || !(c >> CPUID_OSXSAVE & 1))
		return XCR0_RESET;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (uint64_t)d << 32;
}

/**
 * user_real_xcr0 - the CPU's XCR0; where there is none, what one holds after reset
 *
 * It does not change, and CPUID leaves a virtual machine, so it is asked once.
 */
uint64_t user_real_xcr0(void)
{
	static _Atomic uint64_t known; /* 0 is no XCR0 */

	if (!known)
		known = ask_xcr0();
	return known;
}

/**
 * user_thread_init - give a thread its register file and signal stack
 * @t: the calling thread's state
 *
 * Async-signal-safe. XINUSE is set from the start: slots do not track it, and
 * the architecture allows "in use" for zero registers.
 *
 * Return: 0 or -errno.
 */
int user_thread_init(struct user_thread *t)
{
	uint8_t *own;

	if (!t->own) {
		own = mmap(NULL, OWN_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (own == MAP_FAILED)
			return -errno;
		if (mprotect(own, USER_PAGE_SIZE, PROT_NONE)) {
			munmap(own, OWN_SIZE);
			return -ENOMEM;
		}
		t->own = own;
		if (have_key)
			pthread_setspecific(key, t);
	}
	if (!t->page) {
		t->page = (struct egpr_page *)(void *)(t->own + USER_PAGE_SIZE + USER_STACK_SIZE);
		emu_page_init(t->page);
		t->page->xcr0 = user_real_xcr0() | EGPR_XFEATURE_LO;
		t->page->xinuse = 1;
	}
	return 0;
}

/* By system calls: the preloaded form interposes the functions and would show us the program's view. */
static void thread_exit(void *arg)
{
	struct user_thread *t = arg;
	stack_t off = { .ss_flags = SS_DISABLE }, now;
	uint64_t was = user_mask_set(~UINT64_C(0));
	uint8_t *own = t->own;

	if (!syscall(SYS_sigaltstack, NULL, &now) && now.ss_sp == own + USER_PAGE_SIZE)
		syscall(SYS_sigaltstack, &off, NULL);
	t->page = NULL;
	t->own = NULL;
	munmap(own, OWN_SIZE);
	user_mask_set(was);
}

/** user_thread_setup - once per process, before any thread is served. Return: 0 or -errno. */
int user_thread_setup(void)
{
	int r;

	if (have_key)
		return 0;
	r = pthread_key_create(&key, thread_exit);
	if (r)
		return -r;
	have_key = true;
	return 0;
}
