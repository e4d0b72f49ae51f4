// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors as data: the thing, the reason, the fix.
 *
 * The library prints nothing by itself; a program may want the reason in a row of a
 * table instead of on stderr.
 */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

int vmm_fail(struct vmm_error *e, int status, const char *thing, const char *fix, const char *why,
	     ...)
{
	va_list args;

	e->status = status;
	snprintf(e->thing, sizeof(e->thing), "%s", thing);
	snprintf(e->fix, sizeof(e->fix), "%s", fix ? fix : "");
	va_start(args, why);
	vsnprintf(e->reason, sizeof(e->reason), why, args);
	va_end(args);
	return status;
}

void vmm_error_print(FILE *out, const char *program, const struct vmm_error *e)
{
	fprintf(out, "%s: %s: %s\n", program, e->thing, e->reason);
	if (e->fix[0])
		fprintf(out, "%s: fix: %s\n", program, e->fix);
}
