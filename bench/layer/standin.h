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
#include <egpr/strategy.h>
#include <egpr/switch.h>

#define STANDIN_TEXT 96

/**
 * struct standin - XSAVE on this CPU, as user space sees it
 * @xcr0: XCR0, 0 without OSXSAVE
 * @apx: CPUID says APX_F and XCR0 has bit 19
 * @has: EGPR_NEEDS_XSAVE* that are met
 * @rfbm: enabled components whose sizes add up nearest to 128 bytes
 * @bytes: that sum
 * @text: their names and size, for column stand_in
 */
struct standin {
	uint64_t xcr0;
	bool apx;
	unsigned int has;
	uint64_t rfbm;
	unsigned int bytes;
	char text[STANDIN_TEXT];
};

/* Ask the CPU. */
void standin_probe(struct standin *s);

/**
 * standin_context - make a switch context for a cell
 * @sw: to fill
 * @s: the CPU
 * @form: hw or proxy
 * @state: guest state of the EGPRs
 *
 * The XSAVE area is prepared such that a strategy's first XRSTOR puts the component
 * into its initial configuration, or into a used one for `dirty`.
 */
void standin_context(struct egpr_switch *sw, const struct standin *s, enum egpr_form form,
		     enum egpr_guest_state state);

/**
 * standin_force - put the component into the state of the cell, now
 * @sw: from standin_context()
 *
 * The C library leaves vector state behind on most calls, so this belongs right before
 * the timed loop. Does nothing where XSAVE is off.
 */
void standin_force(const struct egpr_switch *sw);

#endif /* BENCH_STANDIN_H */
