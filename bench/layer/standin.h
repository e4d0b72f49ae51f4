/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the XSAVE strategies save: component 19, or in a proxy what stands in for it.
 */
#ifndef BENCH_STANDIN_H
#define BENCH_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <egpr/axis.h>
#include <egpr/standin.h>
#include <egpr/strategy.h>
#include <egpr/switch.h>

#define STANDIN_TEXT 96

/**
 * struct standin - XSAVE on this CPU, as user space sees it
 * @cpu: XCR0 (0 without OSXSAVE) and the components
 * @apx: CPUID says APX_F and XCR0 has bit 19
 * @has: EGPR_NEEDS_XSAVE* that are met
 * @allowed: components that may stand in
 * @chosen: those that do, see egpr_stand_in_choose()
 * @text: their names and size, for column stand_in
 */
struct standin {
	struct egpr_xsave_cpu cpu;
	bool apx;
	unsigned int has;
	uint32_t allowed;
	struct egpr_stand_in chosen;
	char text[STANDIN_TEXT];
};

/* Ask the CPU, and choose among @allowed; EGPR_STAND_INS_ALL for no restriction. */
void standin_probe(struct standin *s, uint32_t allowed);

/* What must not stand in, as the module wants to hear it. */
static inline uint32_t standin_barred(const struct standin *s)
{
	return EGPR_STAND_INS_ALL & ~s->allowed;
}

/* Choose among @s->allowed of @s->cpu; fills @chosen and @text. For a CPU that is made up. */
void standin_choose(struct standin *s);

/**
 * standin_context - make a switch context for a cell
 * @sw: to fill
 * @s: the CPU
 * @form: hw or proxy
 * @state: guest state of the EGPRs
 *
 * The XSAVE area is prepared such that a strategy's first XRSTOR puts the component
 * into its initial configuration, or into a used one for `dirty`. Its MXCSR is the caller's.
 */
void standin_context(struct egpr_switch *sw, const struct standin *s, enum egpr_form form,
		     enum egpr_guest_state state);

/* Give the area the MXCSR of now: before an entry half that no exit half went before. */
void standin_sync(struct egpr_switch *sw);

/**
 * standin_force - put the component into the state of the cell, now
 * @sw: from standin_context()
 *
 * The C library leaves vector state behind on most calls, so this belongs right before
 * the timed loop. Changes the components of RFBM and nothing else. Does nothing where XSAVE
 * is off or no component stands in.
 */
void standin_force(struct egpr_switch *sw);

#endif /* BENCH_STANDIN_H */
