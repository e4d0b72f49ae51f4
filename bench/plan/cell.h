/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell: what the engine measures together and a layer sets up.
 */
#ifndef BENCH_PLAN_CELL_H
#define BENCH_PLAN_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include <egpr/axis.h>
#include <egpr/exit_kind.h>

#include "context.h"
#include "plan.h"

struct layer_env;
struct layer_ops;

/**
 * struct cell - what is measured together: one layer, exit kind, guest state and context
 * @ops: the layer
 * @host: from @ops->probe()
 * @env: of the run
 * @kind: exit kind; NULL in a layer without a guest
 * @state: guest state; of the baseline where arms have their own, see cell_arm_state()
 * @context: what stands around the halves; NULL for the layer's default, see cell_context()
 * @path: who handles the exit; set by @ops->check_cell()
 * @cpl: privilege level of the guest; likewise
 * @backend: what runs the guest, "none" without one; likewise
 * @representative: whether exits here say anything about hardware; likewise
 * @guest_timed: TSC is read in the guest, because KVM handles the exits; likewise
 * @line_ticks: TSC ticks per line of the guest's working set when it walks it by chance; likewise, 0
 *	where it walks none
 * @walk_bytes: of the set that one walk takes; likewise
 * @nr_arms: arms that can run here
 * @arms: the first is the baseline
 * @offsets: code offsets to go through
 * @places: places of the data to go through, in lines of a page from that of the stack on; 0 or 1
 *	for one that is clear of the code
 */
struct cell {
	const struct layer_ops *ops;
	void *host;
	const struct layer_env *env;
	const struct egpr_exit_kind *kind;
	enum egpr_guest_state state;
	const struct context *context;
	enum egpr_path path;
	unsigned int cpl;
	char backend[16];
	bool representative;
	bool guest_timed;
	double line_ticks;
	size_t walk_bytes;
	unsigned int nr_arms;
	struct plan_arm arms[PLAN_MAX_ARMS];
	unsigned int offsets;
	unsigned int places;
};

/* The guest state of an arm: the cell's, but for KVM's own switch, which is compared with it. */
static inline enum egpr_guest_state cell_arm_state(const struct cell *c, const struct plan_arm *arm)
{
	return arm->strategy->family == EGPR_FAMILY_OWN ? arm->state : c->state;
}

/* Do the arms differ in their guest's state, so that it changes between batches? */
static inline bool cell_mixes_states(const struct cell *c)
{
	unsigned int a;

	for (a = 0; a < c->nr_arms; a++) {
		if (cell_arm_state(c, &c->arms[a]) != c->state)
			return true;
	}
	return false;
}

#endif /* BENCH_PLAN_CELL_H */
