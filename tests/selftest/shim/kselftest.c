// SPDX-License-Identifier: GPL-2.0-only
/*
 * TAP as kselftests print it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest.h"

static unsigned int planned, done, failed;

void ksft_print_header(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
}

void ksft_set_plan(unsigned int n)
{
	planned = n;
	printf("1..%u\n", n);
}

void ksft_print_msg(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

void ksft_test_result(bool ok, const char *format, ...)
{
	va_list args;

	failed += !ok;
	printf("%s %u ", ok ? "ok" : "not ok", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

void ksft_test_result_skip(const char *format, ...)
{
	va_list args;

	printf("ok %u # SKIP ", ++done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

void ksft_finished(void)
{
	printf("# %u of %u results, %u failed\n", done, planned, failed);
	exit(failed || done != planned);
}
