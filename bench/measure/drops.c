// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule for batches that went astray. See drops.h.
 */
#include <egpr/status.h>

#include <bench/layer/layer.h>
#include "drops.h"

int drops_note(struct drops *d, int ret, struct data_error *e)
{
	struct data_error why;

	d->batches++;
	if (ret != LAYER_ASTRAY) {
		d->in_a_row = 0;
		return ret;
	}
	d->dropped++;
	d->in_a_row++;
	why = *e;
	if (d->in_a_row >= DROPS_IN_A_ROW)
		return data_fail(e, EGPR_DATA, "%.900s; so did %u batches in a row", why.text,
				 d->in_a_row);
	if (d->dropped > DROPS_FREE && (double)d->dropped > DROPS_SHARE * (double)d->batches)
		return data_fail(e, EGPR_DATA, "%.900s; so did %llu of %llu batches", why.text,
				 (unsigned long long)d->dropped, (unsigned long long)d->batches);
	return LAYER_ASTRAY;
}
