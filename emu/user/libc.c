// SPDX-License-Identifier: GPL-2.0-only
/*
 * The C library's sigaction, for programs that link the host statically.
 * The preloaded form, which interposes the name, has its own (next.c).
 */
#include "state.h"

int user_real_sigaction(int sig, const struct sigaction *sa, struct sigaction *old)
{
	return sigaction(sig, sa, old);
}
