/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory that stands for "/": tests make the kernel's files in it.
 */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fake_root {
	char path[64];
};

static inline int fake_root_setup(void **state)
{
	struct fake_root *r = calloc(1, sizeof(*r));

	strcpy(r->path, "/tmp/egpr-root-XXXXXX");
	*state = r;
	return mkdtemp(r->path) ? 0 : -1;
}

static inline int fake_root_teardown(void **state)
{
	struct fake_root *r = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", r->path);
	free(r);
	return system(command);
}

/* A file with this content at an absolute path below the root. */
static inline void fake_file(const struct fake_root *r, const char *path, const char *content)
{
	char full[PATH_MAX], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", r->path, path);
	for (slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

#endif /* TESTS_FAKE_ROOT_H */
