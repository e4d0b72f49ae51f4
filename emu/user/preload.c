// SPDX-License-Identifier: GPL-2.0-only
/*
 * The preloaded form: starts the host before any constructor of the program.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include "state.h"

/* A child must not inherit a lock that another thread held, so fork takes it. */
static _Thread_local uint64_t mask_before_fork;

static void before_fork(void)
{
	mask_before_fork = user_mask_set(~USER_NEVER_BLOCK);
	user_lock();
}

static void after_fork(void)
{
	user_unlock();
	user_mask_set(mask_before_fork);
}

static __attribute__((constructor)) void preload(void)
{
	uint64_t mask;
	const char *patch = getenv("EGPR_EXEC_PATCH");
	int r;

	if (egpr_user_native_apx())
		return;
	r = egpr_user_start(patch && !strcmp(patch, "no") ? 0 : EGPR_USER_PATCH);
	if (!r)
		r = -pthread_atfork(before_fork, after_fork, after_fork);
	if (r) {
		fprintf(stderr, "egpr-exec: cannot emulate APX in %s: %s\n",
			program_invocation_name, strerror(-r));
		exit(EGPR_INTERNAL);
	}
	mask = user_mask_set(~USER_NEVER_BLOCK);
	user_mask_set(mask & ~USER_NEVER_BLOCK);
}
