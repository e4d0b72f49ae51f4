// SPDX-License-Identifier: GPL-2.0-only
/*
 * An installed command finds its files relative to itself, so that a prefix can
 * be moved; one run from the build directory finds those of its source tree.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "share.h"

char *share_dir(const char *env, const char *installed, const char *source)
{
	const char *named = env ? getenv(env) : NULL;
	char exe[PATH_MAX], path[2 * PATH_MAX], *slash, *dir;
	static const char *const above[] = { "..", "../.." }; /* from bin, from lib/egprlab */
	ssize_t n;
	size_t i;

	if (named)
		return realpath(named, NULL);
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		if (slash)
			*slash = '\0';
		for (i = 0; i < sizeof(above) / sizeof(*above); i++) {
			snprintf(path, sizeof(path), "%s/%s/share/egprlab/%s", exe, above[i],
				 installed);
			dir = realpath(path, NULL);
			if (dir)
				return dir;
		}
	}
	snprintf(path, sizeof(path), EGPR_SOURCE_DIR "/%s", source);
	return realpath(path, NULL);
}
