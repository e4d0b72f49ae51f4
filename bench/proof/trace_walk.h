/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk through a trace with what the table demands in the other hand. It ends at the first step
 * that differs: behind that nothing can be told any more.
 */
#ifndef BENCH_PROOF_TRACE_WALK_H
#define BENCH_PROOF_TRACE_WALK_H

#include "trace_want.h"

/**
 * struct walk - where the walk is
 * @s: the arm
 * @t: its trace
 * @r: receives the verdict
 * @at: step
 * @w: that step as a word
 * @len: its length, 0 if nobody knows it
 * @half: where it should lie
 * @base: where that begins
 * @round: of its batch
 * @first: step of the round
 * @exit: what the exit half has to be
 * @entry: likewise
 */
struct walk {
	const struct trace_subject *s;
	const struct trace *t;
	struct trace_result *r;
	unsigned int at;
	struct trace_word w;
	unsigned int len;
	enum trace_half half;
	uint64_t base;
	unsigned int round;
	unsigned int first;
	struct trace_wants exit;
	struct trace_wants entry;
};

/* What became of the step. */
void walk_note(struct walk *w, enum trace_check check, bool ok);
/* The walk ends here. Return: false, as all of these do then. */
bool walk_fail(struct walk *w, enum trace_check check, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool walk_differs(struct walk *w, enum trace_check check, const struct trace_word *want);

/* The step as a word. Return: whether there is one that is known. */
bool walk_fetch(struct walk *w);
/* The next step must be this word, or one with this instruction. */
bool walk_want(struct walk *w, enum trace_check check, const struct trace_word *word);
bool walk_op(struct walk *w, enum trace_check check, enum trace_op op);

#define WALK_OP(name) (1ull << TRACE_OP_##name)

/* Steps that may stand there, as many as there are: @ops is a bitmap of WALK_OP(). */
bool walk_skip(struct walk *w, uint64_t ops);

/* Is the next step the half of an exit that stays in KVM's inner loop, a return? */
bool walk_stays(const struct walk *w, bool entry);
/* One half, up to its return; and with the call in front, which it has to return to (trace_half.c). */
bool walk_half(struct walk *w, bool entry);
bool walk_call(struct walk *w, bool entry);
/* All rounds of an arm are as long as the first. */
bool walk_end_round(struct walk *w);

/* One call of the timed loop (trace_loops.c). */
bool walk_loop(struct walk *w, unsigned int rounds);

#endif /* BENCH_PROOF_TRACE_WALK_H */
