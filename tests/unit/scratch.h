/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory for the files of one test. For cmocka tests, behind <cmocka.h>.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

static inline void scratch_make(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, size, "%s/egpr-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(path));
}

static inline void scratch_remove(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

#endif /* TESTS_SCRATCH_H */
