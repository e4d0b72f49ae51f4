// SPDX-License-Identifier: GPL-2.0-only
/*
 * See contended.h.
 */
#include <math.h>
#include <stdlib.h>

#include "contended.h"

int contended_strata(const struct cell_result *r, unsigned int arm, unsigned int baseline,
		     double margin, struct contended *out)
{
	double *d = malloc((r->blocks + 1) * sizeof(*d));
	unsigned int which, b, n;

	if (!d)
		return EGPR_INTERNAL;
	for (which = 0; which < 2; which++) {
		for (b = n = 0; b < r->blocks; b++) {
			if (r->contended[b] == which)
				d[n++] = r->mean[arm][b] - r->mean[baseline][b];
		}
		stats_sort(d, n);
		out->blocks[which] = n;
		out->shift[which] = n ? stats_quantile(d, n, 0.5) : NAN;
	}
	free(d);
	out->apart = out->blocks[0] >= CONTENDED_LEAST && out->blocks[1] >= CONTENDED_LEAST &&
		     fabs(out->shift[0] - out->shift[1]) > margin;
	return 0;
}
