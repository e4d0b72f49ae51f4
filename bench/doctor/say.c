// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: keeping what the checks find, until somebody prints it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "doctor.h"

void doctor_say(struct doctor *d, const char *id, enum doctor_level level, const char *cost,
		const char *fix, const char *fact, ...)
{
	struct doctor_finding *f;
	va_list ap;

	if (d->nr_found == DOCTOR_FINDINGS_MAX)
		return;
	f = &d->found[d->nr_found++];
	f->id = id;
	f->level = level;
	snprintf(f->cost, sizeof(f->cost), "%s", cost);
	snprintf(f->fix, sizeof(f->fix), "%s", fix);
	va_start(ap, fact);
	vsnprintf(f->fact, sizeof(f->fact), fact, ap);
	va_end(ap);
}
