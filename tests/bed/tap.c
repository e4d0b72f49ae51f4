// SPDX-License-Identifier: GPL-2.0-only
/*
 * TAP; see tap.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int points, failures;

static void point(const char *word, const char *fmt, va_list args)
{
	printf("%s %u - ", word, ++points);
	vprintf(fmt, args);
}

bool tap_ok(bool ok, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	point(ok ? "ok" : "not ok", fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	failures += !ok;
	return ok;
}

void tap_skip(const char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	point("ok", fmt, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

void tap_note(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int tap_done(void)
{
	printf("1..%u\n", points);
	return failures ? 1 : 0;
}
