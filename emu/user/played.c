// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a program that links the host: does `egprlab exec` play a CPU with APX for it? The preloaded
 * library says so by being there, so nothing in the environment can say it without.
 */
#include <dlfcn.h>
#include <errno.h>

#include "user.h"

typedef int player_fn(const void *begin, const void *end);

static player_fn *player(void)
{
	return (player_fn *)dlsym(RTLD_DEFAULT, "egpr_exec_play");
}

bool egpr_user_played(void)
{
	return player() && !egpr_user_native_apx();
}

int egpr_user_play(const void *begin, const void *end)
{
	return egpr_user_played() ? player()(begin, end) : -ENOSYS;
}
