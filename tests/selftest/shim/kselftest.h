/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's kselftest.h, as far as apx_state_test.c goes: TAP. See shim.h. */
#ifndef SHIM_KSELFTEST_H
#define SHIM_KSELFTEST_H

#include <stdbool.h>

void ksft_print_header(void);
void ksft_set_plan(unsigned int n);
void ksft_print_msg(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ksft_test_result(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ksft_test_result_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Exit status 0, or 1 where a result was not ok or one is missing. */
void ksft_finished(void) __attribute__((noreturn));

#endif /* SHIM_KSELFTEST_H */
