// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proofs in front of a run of provenance hw, as rows of its proofs.csv: form hw, on this host, in
 * this build. What could not be tried has a row in skipped.csv.
 */
#include <stdio.h>

#include <bench/proof/ring0.h>
#include "run.h"

struct place {
	enum egpr_layer layer;
	const struct proof_result *(*result)(const struct egpr_strategy *s,
					     enum egpr_guest_state state);
};

static const struct place places[] = {
	{ EGPR_LAYER_PRIM, proof_known_result },
	{ EGPR_LAYER_RING0, ring0_result },
};

static struct rundir_key key_of(enum egpr_layer layer, const struct egpr_strategy *s,
				enum egpr_guest_state state)
{
	return (struct rundir_key){
		.representative = true,
		.provenance = EGPR_PROV_HW,
		.layer = layer,
		.path = EGPR_PATH_NONE,
		.strategy = s->family == EGPR_FAMILY_DELAY ? "delay-0" : s->id,
		.state = state,
	};
}

static int write_result(struct engine *g, const struct rundir_key *key,
			const struct egpr_strategy *s, const struct proof_result *r,
			struct data_error *e)
{
	char detail[PROOF_REASON];
	struct csv_row row;
	unsigned int c;
	int ret = 0;

	for (c = 0; c < PROOF_NR && !ret; c++) {
		bool meant = proof_is_meant(s, key->state, (enum proof_check)c);

		if (!r->tried[c])
			continue;
		snprintf(detail, sizeof(detail), "%s%s",
			 meant && r->failed[c] ? "control, caught: " : "",
			 r->failed[c] ? r->detail[c] : "");
		rundir_row(g->dir, EGPR_CSV_PROOFS, key, &row);
		csv_set_text(&row, EGPR_PROOFS_check, proof_check_ids[c]);
		csv_set_count(&row, EGPR_PROOFS_exits, r->exits);
		csv_set_text(&row, EGPR_PROOFS_result,
			     meant == (r->failed[c] != 0) ? "pass" : "fail");
		csv_set_text(&row, EGPR_PROOFS_detail, detail);
		ret = rundir_append(g->dir, &row, e);
	}
	return ret;
}

static int write_untried(struct engine *g, const struct rundir_key *key,
			 const struct egpr_strategy *s, struct data_error *e)
{
	char reason[PROOF_REASON];
	struct csv_row row;
	const char *what;
	bool all;

	what = key->layer == EGPR_LAYER_PRIM ? proof_untried(s, EGPR_FORM_HW, key->state, &all)
					     : NULL;
	if (!what)
		return 0;
	snprintf(reason, sizeof(reason), "its proof in form hw has not tried: %s", what);
	rundir_row(g->dir, EGPR_CSV_SKIPPED, key, &row);
	csv_set_text(&row, EGPR_SKIPPED_reason, reason);
	return rundir_append(g->dir, &row, e);
}

int run_write_proofs(const struct run *run, struct engine *g, struct data_error *e)
{
	const struct egpr_strategy *s;
	unsigned int p, state;
	int ret = 0;

	if (run->env.form != EGPR_FORM_HW)
		return 0;
	for (p = 0; p < sizeof(places) / sizeof(*places); p++) {
		egpr_for_each_strategy(s) {
			for (state = 0; state < EGPR_NR_STATES && !ret; state++) {
				const struct proof_result *r = places[p].result(s, state);
				const struct rundir_key key = key_of(places[p].layer, s, state);

				if (!r)
					continue;
				ret = write_result(g, &key, s, r, e);
				if (!ret)
					ret = write_untried(g, &key, s, e);
			}
		}
	}
	return ret;
}
