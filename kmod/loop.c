// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timed loops (asm/batch.S, asm/apart.S) by context: what the benchmark times, and what is stepped through.
 */
#include "egpr_switch.h"

/**
 * egpr_loop - the timed loop of a context
 * @context: PACKED, APART or APART_WHOLE
 * @fn: the halves
 * @sw: their context
 * @rounds: how many
 * @halves: receives the ticks of the exit halves, where they stand apart
 *
 * Return: TSC ticks.
 */
u64 egpr_loop(u32 context, const struct egpr_sequence *fn, struct egpr_switch *sw, u64 rounds,
	      struct egpr_halves *halves)
{
#ifdef EGPR_MUTANTS
	if (context == EGPR_CONTEXT_APART)
		context = EGPR_CONTEXT_APART_WHOLE;
#endif
	switch (context) {
	case EGPR_CONTEXT_APART:
		return egpr_apart_batch(sw, fn->exit, fn->entry, rounds, halves);
	case EGPR_CONTEXT_APART_WHOLE:
		return egpr_whole_batch(sw, fn->exit, fn->entry, rounds, halves);
	default:
		return egpr_prim_batch(sw, fn->exit, fn->entry, rounds);
	}
}

/**
 * egpr_loop_entry - where that loop begins
 * @context: as above
 *
 * Return: its first instruction.
 */
const void *egpr_loop_entry(u32 context)
{
	switch (context) {
	case EGPR_CONTEXT_APART:
		return egpr_apart_batch;
	case EGPR_CONTEXT_APART_WHOLE:
		return egpr_whole_batch;
	default:
		return egpr_prim_batch;
	}
}
