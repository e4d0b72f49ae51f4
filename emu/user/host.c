// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host as its users see it: start, stop, attach, count.
 */
#include <cpuid.h>
#include <errno.h>

#include "state.h"

#define CPUID_APX_LEAF 7
#define CPUID_APX_SUB  1
#define CPUID_APX_BIT  21 /* EDX: APX_F */

bool egpr_user_native_apx(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(CPUID_APX_LEAF, CPUID_APX_SUB, &a, &b, &c, &d) &&
	       (d >> CPUID_APX_BIT & 1) && (user_real_xcr0() & EGPR_XFEATURE_LO);
}

struct egpr_user_counts egpr_user_counts(void)
{
	return (struct egpr_user_counts){ user_nr_traps, user_nr_slots, user_nr_patched,
					  user_nr_unpatchable };
}

int user_take_signal(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGSEGV);
	sigdelset(&sa.sa_mask, SIGBUS);
	sigdelset(&sa.sa_mask, SIGFPE);
	return user_real_sigaction(sig, &sa, &user_action[sig]) ? -errno : 0;
}

int egpr_user_start(unsigned int options)
{
	int r = user_thread_setup();

	if (!r)
		r = user_cache_setup();
	if (!r)
		r = user_serve_setup();
	if (!r)
		r = user_thread_init(&user_thread);
	if (r)
		return r;
	if ((options & EGPR_USER_PATCH) && user_patch_setup())
		options &= ~EGPR_USER_PATCH;
	user_options = options;
	user_stack_ready(&user_thread);
	r = user_take_signal(SIGSEGV, user_on_sigsegv);
	if (r)
		return r;
	r = user_take_signal(SIGILL, user_on_sigill);
	if (r)
		user_real_sigaction(SIGSEGV, &user_action[SIGSEGV], NULL);
	return r;
}

void egpr_user_stop(void)
{
	user_real_sigaction(SIGILL, &user_action[SIGILL], NULL);
	user_real_sigaction(SIGSEGV, &user_action[SIGSEGV], NULL);
}

int egpr_user_attach(struct egpr_page *page)
{
	int r;

	user_thread.page = page;
	r = user_thread_init(&user_thread);
	if (!r)
		user_stack_ready(&user_thread);
	return r;
}
