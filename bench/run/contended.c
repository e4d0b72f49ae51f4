// SPDX-License-Identifier: GPL-2.0-only
/*
 * See contended.h.
 */
#include <math.h>
#include <stdlib.h>

#include "contended.h"

/* Standard error of a median, its spread taken from the MAD: both as for normal noise, which is kind. */
#define MAD_TO_SIGMA  1.4826
#define MEDIAN_TO_SE  1.2533
#define STANDARD_ERRS 4.0

int contended_strata(const struct cell_result *r, unsigned int arm, unsigned int baseline,
		     double margin, struct contended *out)
{
	double *d = malloc((r->blocks + 1) * sizeof(*d));
	double *scratch = malloc((r->blocks + 1) * sizeof(*scratch)), se, error = 0;
	unsigned int which, b, n;
	int ret = d && scratch ? 0 : EGPR_INTERNAL;

	for (which = 0; which < 2 && !ret; which++) {
		for (b = n = 0; b < r->blocks; b++) {
			if (r->contended[b] == which)
				d[n++] = r->mean[arm][b] - r->mean[baseline][b];
		}
		stats_sort(d, n);
		out->blocks[which] = n;
		out->shift[which] = n ? stats_quantile(d, n, 0.5) : NAN;
		se = n ? MEDIAN_TO_SE * MAD_TO_SIGMA * stats_mad(d, n, scratch) / sqrt(n) : 0;
		error = hypot(error, se);
	}
	free(d);
	free(scratch);
	if (ret)
		return ret;
	out->apart = out->blocks[0] >= CONTENDED_LEAST && out->blocks[1] >= CONTENDED_LEAST &&
		     fabs(out->shift[0] - out->shift[1]) > margin + STANDARD_ERRS * error;
	return 0;
}
