// SPDX-License-Identifier: GPL-2.0-only
/*
 * The runners of each provenance.
 */
#include "prove.h"
#include "provenance.h"

static const struct provenance_ops timed = { run_expand, run_measure, run_print, run_conclude };
static const struct provenance_ops proved = { proof_expand, proof_measure, proof_print,
					      proof_conclude };

static const struct provenance_ops *const runners[EGPR_NR_PROVENANCES] = {
	[EGPR_PROV_HW] = &timed,
	[EGPR_PROV_PROXY] = &timed,
	[EGPR_PROV_EMU] = &proved,
};

const struct provenance_ops *provenance_find(enum egpr_provenance provenance, bool prove)
{
	if (prove)
		return provenance == EGPR_PROV_PROXY ? NULL : &proved;
	return runners[provenance];
}
