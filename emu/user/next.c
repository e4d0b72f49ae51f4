// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C library's own sigaction behind the name that interpose.c takes. A linked host, which
 * takes no name, has libc.c instead.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "state.h"

typedef int sigaction_fn(int, const struct sigaction *, struct sigaction *);

int user_real_sigaction(int sig, const struct sigaction *sa, struct sigaction *old)
{
	static sigaction_fn *_Atomic real;
	sigaction_fn *fn = real;

	if (!fn) {
		fn = (sigaction_fn *)dlsym(RTLD_NEXT, "sigaction");
		if (!fn)
			abort();
		real = fn;
	}
	return fn(sig, sa, old);
}
