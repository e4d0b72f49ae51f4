/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's test_util.h, as far as apx_state_test.c goes. See shim.h. */
#ifndef SHIM_TEST_UTIL_H
#define SHIM_TEST_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT_ULL(n)	 (1ull << (n))
#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof(*(a)))
#define __stringify_1(x) #x
#define __stringify(x)	 __stringify_1(x)

#define SHIM_SKIP 4 /* KSFT_SKIP */

#define TEST_ASSERT(condition, ...)                                                       \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "# %s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                     \
			fputc('\n', stderr);                                              \
			exit(254);                                                        \
		}                                                                         \
	} while (0)

#define TEST_REQUIRE(condition)                                                        \
	do {                                                                           \
		if (!(condition)) {                                                    \
			printf("1..0 # SKIP - Requirement not met: %s\n", #condition); \
			exit(SHIM_SKIP);                                               \
		}                                                                      \
	} while (0)

#endif /* SHIM_TEST_UTIL_H */
