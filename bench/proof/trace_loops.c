// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timed loops: asm/batch.S and those of asm/apart.S, around the halves.
 */
#include <egpr/regs.h>
#include <emu/emu.h>

#include <bench/layer/prepare.h>

#include "trace_walk.h"

#define LAST_EGPR (EGPR_FIRST + EGPR_COUNT - 1)
#define EMU_R14	  14
#define USE_CHAIN 8 /* multiplications behind the first use of a register */

/* The counter, and the branch that goes back unless it was the last round. */
static bool goes_on(struct walk *w, unsigned int round, unsigned int rounds)
{
	bool last = round + 1 == rounds;

	if (!walk_op(w, TRACE_ROUNDS, TRACE_OP_DEC) || !walk_fetch(w))
		return false;
	if (w->w.op != TRACE_OP_JCC || w->w.cond != TRACE_CC_NE || w->w.taken == last)
		return walk_fail(w, TRACE_ROUNDS, "the loop %s after round %u of %u",
				 w->w.taken ? "goes on" : "ends", round + 1, rounds);
	walk_note(w, TRACE_ROUNDS, true);
	w->at++;
	return true;
}

static bool stamp(struct walk *w)
{
	return walk_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE) &&
	       walk_op(w, TRACE_ROUNDS, TRACE_OP_RDTSC) &&
	       walk_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE);
}

/* As many words as there are, whatever they work on. */
static bool want_ops(struct walk *w, const enum trace_op *ops, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!walk_op(w, TRACE_ROUNDS, ops[i]))
			return false;
	}
	return true;
}

#define WANT_OPS(w, ...)                                    \
	want_ops(w, (const enum trace_op[]){ __VA_ARGS__ }, \
		 sizeof((const enum trace_op[]){ __VA_ARGS__ }) / sizeof(enum trace_op))

/* A word of two registers, or of one and memory at the stack pointer. */
static bool want_pair(struct walk *w, enum trace_op op, uint8_t dst, uint8_t src)
{
	struct trace_word word = { .op = op, .size = 8, .dst = dst, .src = src };

	if (dst == TRACE_MEM && w->at < w->t->nr)
		word.address = w->t->step[w->at].gpr[EMU_RSP];
	return walk_want(w, TRACE_ROUNDS, &word);
}

/* A stamp of asm/apart.S: stores are out, and nothing is in flight. */
static bool drained_stamp(struct walk *w)
{
	return WANT_OPS(w, TRACE_OP_MFENCE, TRACE_OP_LFENCE, TRACE_OP_RDTSC, TRACE_OP_LFENCE,
			TRACE_OP_SHL, TRACE_OP_OR);
}

/* The preparation that the layer has, for this half. */
static bool prepared(struct walk *w, bool entry)
{
	const struct trace_step *s;

	if (!WANT_OPS(w, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_CALL))
		return false;
	s = &w->t->step[w->at];
	if (w->at < w->t->nr && s->flags & TRACE_LEFT) {
		if (s->ip != (uint64_t)(uintptr_t)prepare_half || s->gpr[EMU_RSI] != entry)
			return walk_fail(w, TRACE_ROUNDS, "0x%llx was called to prepare half %llu",
					 (unsigned long long)s->ip,
					 (unsigned long long)s->gpr[EMU_RSI]);
	}
	w->first++; /* no step */
	return walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED);
}

/* The first use of a register, and what depends on it. */
static bool used(struct walk *w)
{
	const struct trace_word imul = {
		.op = TRACE_OP_IMUL, .size = 8, .dst = EMU_RAX, .src = EMU_RAX
	};
	const bool hw = w->s->c->env->form == EGPR_FORM_HW;
	unsigned int i;

	switch (w->s->image.shape) {
	case LAYOUT_USE_FREE:
		if (!want_pair(w, TRACE_OP_MOV, EMU_RAX, EMU_RBX))
			return false;
		break;
	case LAYOUT_USE_LAST:
		if (!want_pair(w, TRACE_OP_MOV, EMU_RAX, hw ? LAST_EGPR : EMU_RCX))
			return false;
		break;
	default:
		return true;
	}
	for (i = 0; i < USE_CHAIN; i++) {
		if (!walk_want(w, TRACE_ROUNDS, &imul))
			return false;
	}
	return true;
}

/* Its ticks to where they are told one by one. */
static bool kept(struct walk *w)
{
	return WANT_OPS(w, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_ADD, TRACE_OP_MOV);
}

/* A half with stamps around it, and its ticks to their sum. */
static bool timed_half(struct walk *w, bool entry)
{
	const bool prepares = layout_prepares(w->s->image.shape);
	const bool tells = !w->s->in_kernel && layout_tells(w->s->image.shape);
	const bool sum = entry && w->s->image.shape != LAYOUT_WHOLE;

	if (prepares && !prepared(w, entry))
		return false;
	return drained_stamp(w) && want_pair(w, TRACE_OP_MOV, EMU_R14, EMU_RAX) &&
	       walk_call(w, entry) && used(w) && drained_stamp(w) &&
	       want_pair(w, TRACE_OP_SUB, EMU_RAX, EMU_R14) && (!tells || kept(w)) &&
	       want_pair(w, TRACE_OP_ADD, sum ? TRACE_MEM : EMU_R15, EMU_RAX);
}

/* What stands around the rounds where they are timed from end to end. */
static bool begin_whole(struct walk *w)
{
	return drained_stamp(w) && WANT_OPS(w, TRACE_OP_PUSH, TRACE_OP_PUSH);
}

static bool end_whole(struct walk *w)
{
	return drained_stamp(w) && WANT_OPS(w, TRACE_OP_POP, TRACE_OP_POP) &&
	       want_pair(w, TRACE_OP_SUB, EMU_RAX, EMU_RCX) &&
	       want_pair(w, TRACE_OP_MOV, TRACE_MEM, EMU_RAX) && WANT_OPS(w, TRACE_OP_XOR);
}

/* One call of a loop of asm/apart.S. */
static bool loop_apart(struct walk *w, unsigned int rounds)
{
	const bool whole = w->s->image.shape == LAYOUT_WHOLE;
	unsigned int i;

	if (!walk_skip(w, WALK_OP(PUSH) | WALK_OP(MOV) | WALK_OP(XOR) | WALK_OP(NOP)))
		return false;
	if ((whole && !begin_whole(w)) || !walk_skip(w, WALK_OP(NOP)))
		return false;
	for (i = 0; i < rounds; i++) {
		w->first = w->at;
		if (!timed_half(w, false) || !timed_half(w, true) || !goes_on(w, i, rounds) ||
		    !walk_end_round(w))
			return false;
	}
	if (whole && !end_whole(w))
		return false;
	return WANT_OPS(w, TRACE_OP_POP, TRACE_OP_POP, TRACE_OP_MOV, TRACE_OP_MOV, TRACE_OP_ADD,
			TRACE_OP_POP, TRACE_OP_SUB) &&
	       walk_skip(w, WALK_OP(POP)) && WANT_OPS(w, TRACE_OP_RET, TRACE_OP_RETURNED);
}

/* One call of the timed loop. */
bool walk_loop(struct walk *w, unsigned int rounds)
{
	unsigned int i;

	w->half = TRACE_LOOP;
	w->base = (uint64_t)(uintptr_t)w->s->image.site->loop;
	if (w->at >= w->t->nr || w->t->step[w->at].ip != w->base)
		return walk_fail(w, TRACE_ROUNDS, "the loop was not called");
	if (w->s->image.shape != LAYOUT_PACKED)
		return loop_apart(w, rounds);
	if (!walk_skip(w, WALK_OP(PUSH) | WALK_OP(MOV) | WALK_OP(NOP)) || !stamp(w) ||
	    !walk_skip(w, WALK_OP(SHL) | WALK_OP(OR) | WALK_OP(MOV) | WALK_OP(NOP)))
		return false;
	for (i = 0; i < rounds; i++) {
		w->first = w->at;
		if (!walk_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE) || !walk_call(w, false) ||
		    !walk_call(w, true) || !goes_on(w, i, rounds) || !walk_end_round(w))
			return false;
	}
	return stamp(w) && walk_skip(w, WALK_OP(SHL) | WALK_OP(OR) | WALK_OP(SUB) | WALK_OP(POP)) &&
	       walk_op(w, TRACE_ROUNDS, TRACE_OP_RET) &&
	       walk_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED);
}
