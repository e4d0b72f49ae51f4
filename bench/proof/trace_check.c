// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both batches of an arm, held against the table: what the layer does around the halves, or its loop.
 */
#include <string.h>

#include <bench/layer/rounds.h>

#include "trace_walk.h"

/* The layer calls the halves, and once more for the exit that ends the batch. */
static bool around_exits(struct walk *w, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds + 1; i++) {
		w->first = w->at;
		if (!walk_half(w, true) || !walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED) ||
		    !walk_half(w, false) || !walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		w->first += 2; /* the two that are no steps */
		if (!walk_end_round(w))
			return false;
	}
	return true;
}

/*
 * The module's probes call the halves: at the exits asked for, and at those that the host's interrupts
 * bring. Rounds of exits that stay in KVM's inner loop are shorter and not counted.
 */
static bool at_probes(struct walk *w, unsigned int exits, uint8_t flags)
{
	unsigned int seen = 0;

	while (w->at < w->t->nr && (w->t->step[w->at].flags & TRACE_IN_STAMPED) == flags) {
		bool whole = !walk_stays(w, true);

		w->first = w->at;
		if (!walk_half(w, true) || !walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		whole &= !walk_stays(w, false);
		if (!walk_half(w, false) || !walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		w->first += 2;
		seen++;
		if (whole && !walk_end_round(w))
			return false;
	}
	if (seen < exits)
		return walk_fail(w, TRACE_ROUNDS, "%u exits, %u were asked for", seen, exits);
	return true;
}

static bool batches(struct walk *w)
{
	const bool in_loop = w->s->image.loop;
	const bool tells = in_loop && !w->s->in_kernel && layout_tells(w->s->image.shape);
	const unsigned int ahead = layout_prepares(w->s->image.shape) ? ROUNDS_AHEAD : 0;
	unsigned int i;

	if (w->s->in_kernel && !in_loop)
		return at_probes(w, TRACE_PLAIN_EXITS, 0) &&
		       at_probes(w, TRACE_STAMPED_EXITS, TRACE_IN_STAMPED);
	if (tells)
		return walk_loop(w, ahead + TRACE_PLAIN_EXITS) &&
		       walk_loop(w, ahead + TRACE_STAMPED_EXITS);
	if (!(in_loop ? walk_loop(w, TRACE_PLAIN_EXITS) : around_exits(w, TRACE_PLAIN_EXITS)))
		return false;
	w->round = 0;
	if (!in_loop)
		return around_exits(w, TRACE_STAMPED_EXITS);
	for (i = 0; i < TRACE_STAMPED_EXITS; i++) {
		if (!walk_loop(w, 1))
			return false;
	}
	return true;
}

void trace_check(const struct trace_subject *s, const struct trace *t, struct trace_result *r)
{
	struct walk w = { .s = s, .t = t, .r = r };
	struct trace_note *notes = r->note;
	const char *why = trace_want(s, false, &w.exit);

	memset(r, 0, sizeof(*r));
	r->note = notes;
	r->failed = TRACE_NR;
	if (!why)
		why = trace_want(s, true, &w.entry);
	if (why)
		walk_fail(&w, TRACE_KNOWN, "%s", why);
	else if (batches(&w) && w.at < t->nr)
		walk_fail(&w, TRACE_ROUNDS, "called once more than asked for");
	else if (t->lost && w.at >= t->nr)
		walk_fail(&w, TRACE_ROUNDS, "more than %u steps: no end in sight", TRACE_STEPS);
}
