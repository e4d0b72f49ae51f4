/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plausibility net: differences that no CPU can have. A number may be proved and still be that of
 * something else, such as a loop that ran half its rounds; here it has to be possible.
 */
#ifndef BENCH_RUN_PLAUSIBLE_H
#define BENCH_RUN_PLAUSIBLE_H

#include <stdbool.h>
#include <stddef.h>

#include <egpr/axis.h>
#include <egpr/strategy.h>

/*
 * Core cycles. What a core of any make can do at best and at worst; far from what one does, for this is
 * a net and no model.
 */
#define PLAUSIBLE_STORES      2	  /* per cycle: store ports (Golden Cove, Zen 4) */
#define PLAUSIBLE_STORE_BYTES 64  /* of one store: a whole line */
#define PLAUSIBLE_INSNS	      12  /* retired per cycle; the widest today retires 8 to 12 */
#define PLAUSIBLE_INSN_CYCLES 400 /* one instruction whose every operand comes from memory */
#define PLAUSIBLE_XSTATE_CYCLES \
	4000 /* an XSAVE or XRSTOR likewise, of a few lines and in microcode */

/**
 * struct plausible - an arm against `none`
 * @low: interval of its difference, TSC ticks per round
 * @high: likewise
 * @margin: what is taken for nothing, TSC ticks
 * @round: the arm's round itself, TSC ticks
 * @tsc_per_core: TSC ticks per core cycle
 * @least: instructions that it executes and `none` does not, both halves, at least; 0 for an arm of
 *	which nothing can be said
 * @insns: and at most
 * @xstate: of these, XSAVE* and XRSTOR*
 * @stored: bytes that it stores
 * @exits: it has an instruction that may be an exit to a hypervisor (XSETBV): no ceiling
 * @alone: the round is the sequence alone, so that all of the difference is the sequence's
 */
struct plausible {
	double low;
	double high;
	double margin;
	double round;
	double tsc_per_core;
	unsigned int least;
	unsigned int insns;
	unsigned int xstate;
	unsigned int stored;
	bool exits;
	bool alone;
};

/**
 * plausible - can this be?
 * @p: the arm
 * @why: receives a sentence that says why not
 * @size: of @why
 */
bool plausible(const struct plausible *p, char *why, size_t size);

/**
 * plausible_code - fill in what the tables and the objects say of a strategy
 * @p: receives @least, @insns, @xstate, @stored, @exits and @alone
 * @s: the strategy
 * @form: hw or proxy
 * @layer: where it runs
 * @state: guest state
 */
void plausible_code(struct plausible *p, const struct egpr_strategy *s, enum egpr_form form,
		    enum egpr_layer layer, enum egpr_guest_state state);

#endif /* BENCH_RUN_PLAUSIBLE_H */
