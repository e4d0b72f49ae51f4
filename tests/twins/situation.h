/* SPDX-License-Identifier: GPL-2.0-only */
/* What a row of the table distinguishes, and its words as counts. */
#ifndef TESTS_TWINS_SITUATION_H
#define TESTS_TWINS_SITUATION_H

#include "machine.h"

struct situation {
	bool entry;
	bool guest_apx;
	bool xcr0_differs;
	bool fpu_elsewhere; /* a live register would have to be loaded first */
	unsigned int access;
	unsigned int delay;
};

/**
 * words_hold - does what happened have the counts that the row states in words
 * @row: the row
 * @at: a situation whose path is taken in full
 * @m: after it
 * @half: for @why
 * @lead: additions that stand around a delay, whatever its N
 */
bool words_hold(const struct egpr_strategy *row, const struct situation *at,
		const struct machine *m, const struct half *half, unsigned int lead,
		struct why *why);

#endif /* TESTS_TWINS_SITUATION_H */
