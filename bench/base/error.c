// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing an error message.
 */
#include <stdarg.h>
#include <stdio.h>

#include "error.h"

int data_fail(struct data_error *e, int status, const char *fmt, ...)
{
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return status;
}
