// SPDX-License-Identifier: GPL-2.0-only
/*
 * A half, word by word, and the call in front of it.
 */
#include <emu/emu.h>

#include "trace_walk.h"

#define DELAY_BITS 8 /* of N in the module's delay-N, and its additions in front and behind */
#define DELAY_LEAD 64
#define EXIT_REG   12 /* of the loops: the exit half; the next has the entry half */

/* A loop of multiplications: the only one that a sequence has. */
static bool delay_turns(struct walk *w)
{
	const struct trace_word imul = {
		.op = TRACE_OP_IMUL, .size = 8, .dst = EMU_RAX, .src = EMU_RAX
	};
	const struct trace_word dec = {
		.op = TRACE_OP_DEC, .size = 4, .dst = EMU_RCX, .src = TRACE_NIL
	};
	struct trace_word jump = {
		.op = TRACE_OP_JCC, .dst = TRACE_NIL, .src = TRACE_NIL, .cond = TRACE_CC_NE
	};
	struct trace_word set = { .op = TRACE_OP_MOV, .size = 4, .dst = EMU_RCX, .src = TRACE_IMM };
	int64_t i, turns;

	if (!walk_fetch(w))
		return false;
	turns = set.imm = w->w.imm;
	if (!walk_want(w, TRACE_DELAY, &set))
		return false;
	for (i = 1; i <= turns; i++) {
		jump.taken = i < turns;
		if (!walk_want(w, TRACE_DELAY, &imul) || !walk_want(w, TRACE_DELAY, &dec) ||
		    !walk_want(w, TRACE_DELAY, &jump))
			return false;
	}
	return true;
}

static bool additions(struct walk *w, unsigned int n)
{
	const struct trace_word add = {
		.op = TRACE_OP_ADD, .size = 8, .dst = EMU_RAX, .src = EMU_RAX
	};
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!walk_want(w, TRACE_DELAY, &add))
			return false;
	}
	return true;
}

/* LFENCE, multiplications, N additions and then no-ops, multiplications, LFENCE. */
static bool delay_row(struct walk *w, unsigned int n)
{
	if (!walk_op(w, TRACE_DELAY, TRACE_OP_LFENCE) || !delay_turns(w) || !additions(w, n))
		return false;
	return walk_skip(w, WALK_OP(NOP)) && delay_turns(w) &&
	       walk_op(w, TRACE_DELAY, TRACE_OP_LFENCE);
}

/*
 * The module's delay (asm/strategy/delay.S): N out of the context, additions, 2^k of them for each bit
 * of N, additions.
 */
static bool delay_cascade(struct walk *w, unsigned int n)
{
	const struct trace_word load = { .op = TRACE_OP_MOV,
					 .size = 4,
					 .dst = EMU_RCX,
					 .src = TRACE_MEM,
					 .address = (uint64_t)(uintptr_t)w->s->image.sw +
						    offsetof(struct egpr_switch, delay) };
	const struct trace_word copy = {
		.op = TRACE_OP_MOV, .size = 8, .dst = EMU_RAX, .src = EMU_RCX
	};
	struct trace_word test = {
		.op = TRACE_OP_TEST, .size = 4, .dst = EMU_RCX, .src = TRACE_IMM
	};
	struct trace_word jump = {
		.op = TRACE_OP_JCC, .dst = TRACE_NIL, .src = TRACE_NIL, .cond = TRACE_CC_E
	};
	unsigned int bit = DELAY_BITS;

	if (!walk_want(w, TRACE_DELAY, &load) || !walk_want(w, TRACE_DELAY, &copy) ||
	    !additions(w, DELAY_LEAD))
		return false;
	while (bit--) {
		test.imm = 1 << bit;
		jump.taken = !(n & 1u << bit);
		if (!walk_want(w, TRACE_DELAY, &test) || !walk_want(w, TRACE_DELAY, &jump) ||
		    !additions(w, n & 1u << bit))
			return false;
	}
	return additions(w, DELAY_LEAD);
}

/* What the kernel's build puts where a call may lead (ENDBR64), and around one. */
static bool skip_marks(struct walk *w, uint64_t ops)
{
	return !w->s->in_kernel || walk_skip(w, ops);
}

/* The half of an exit that stays in KVM's inner loop: a return. */
bool walk_stays(const struct walk *w, bool entry)
{
	const struct trace_subject *s = w->s;
	egpr_switch_fn fn = entry ? s->stay.entry : s->stay.exit;

	return s->c->arms[s->arm].strategy->needs & EGPR_BIND_OUTER && fn && w->at < w->t->nr &&
	       w->t->step[w->at].ip == (uint64_t)(uintptr_t)fn;
}

/* One half, up to its return. */
bool walk_half(struct walk *w, bool entry)
{
	static const struct trace_wants nothing;
	const struct layer_image *image = &w->s->image;
	const bool stayed = walk_stays(w, entry);
	const struct trace_wants *words = stayed ? &nothing : entry ? &w->entry : &w->exit;
	const struct trace_step *s = &w->t->step[w->at];
	const struct trace_word ret = {
		.op = TRACE_OP_RET, .size = 8, .dst = TRACE_NIL, .src = TRACE_NIL
	};
	enum trace_half before = w->half;
	uint64_t base = w->base;
	unsigned int i;

	w->half = entry ? TRACE_ENTRY : TRACE_EXIT;
	w->base = (uint64_t)(uintptr_t)(entry ? image->site->seq.entry : image->site->seq.exit);
	if (stayed)
		w->base = s->ip;
	if (w->at >= w->t->nr || s->flags & TRACE_LEFT)
		return walk_fail(w, TRACE_ROUNDS, "it was not called");
	if (s->ip != w->base)
		return walk_fail(w, TRACE_ROUNDS, "0x%llx was called instead of 0x%llx",
				 (unsigned long long)s->ip, (unsigned long long)w->base);
	if (s->gpr[EMU_RDI] != (uint64_t)(uintptr_t)image->sw)
		return walk_fail(w, TRACE_CONTEXT, "it got 0x%llx, the context is at 0x%llx",
				 (unsigned long long)s->gpr[EMU_RDI],
				 (unsigned long long)(uintptr_t)image->sw);
	if (s->owner != w->s->arm)
		return walk_fail(w, TRACE_CONTEXT, "it got the context of %s",
				 s->owner < w->s->c->nr_arms ? w->s->c->arms[s->owner].id
							     : "nobody");
	w->r->tried[TRACE_CONTEXT]++;
	if (!skip_marks(w, WALK_OP(NOP)))
		return false;
	if (words->delay &&
	    !(w->s->in_kernel ? delay_cascade(w, words->n) : delay_row(w, words->n)))
		return false;
	for (i = 0; i < words->nr; i++) {
		if (!walk_want(w, words->want[i].check, &words->want[i].w))
			return false;
	}
	if (!walk_fetch(w))
		return false;
	if (w->w.op != TRACE_OP_RET)
		return walk_differs(w, TRACE_REST, &ret);
	walk_note(w, TRACE_REST, true);
	w->at++;
	w->half = before;
	w->base = base;
	return true;
}

/* All rounds of an arm are as long as the first. */
bool walk_end_round(struct walk *w)
{
	unsigned int insns = w->at - w->first, i;

	for (i = w->first; i < w->at && w->s->in_kernel; i++)
		insns += w->t->step[i].away;
	if (!w->r->insns)
		w->r->insns = insns;
	if (insns != w->r->insns)
		return walk_fail(w, TRACE_ROUNDS, "%u instructions, %u in the first", insns,
				 w->r->insns);
	w->r->rounds++;
	w->round++;
	return true;
}

/* Of a call that nothing fetches ahead of: the half's address over a return address, and a return to it. */
static bool late(struct walk *w, bool entry)
{
	struct trace_word put = { .op = TRACE_OP_MOV,
				  .size = 8,
				  .dst = TRACE_MEM,
				  .src = entry ? EXIT_REG + 1 : EXIT_REG };

	if (!walk_op(w, TRACE_ROUNDS, TRACE_OP_CALL))
		return false;
	if (w->at < w->t->nr)
		put.address = w->t->step[w->at].gpr[EMU_RSP];
	return walk_want(w, TRACE_ROUNDS, &put) && walk_op(w, TRACE_ROUNDS, TRACE_OP_RET);
}

/* The context to its register, and a call; the return is to the step behind it. */
bool walk_call(struct walk *w, bool entry)
{
	const bool fetch = w->s->image.loop && w->s->image.shape == LAYOUT_FETCH;
	uint64_t back;

	if (!walk_fetch(w))
		return false;
	if (w->w.op != TRACE_OP_MOV || w->w.dst != EMU_RDI || w->w.src > EMU_R15)
		return walk_fail(w, TRACE_CONTEXT, "the context is not handed over");
	walk_note(w, TRACE_CONTEXT, true);
	w->at++;
	if (!skip_marks(w, WALK_OP(NOP) | WALK_OP(LFENCE)) || !walk_fetch(w))
		return false;
	back = w->t->step[w->at].ip + w->len;
	if (!walk_op(w, TRACE_ROUNDS, TRACE_OP_CALL) || (fetch && !late(w, entry)) ||
	    !walk_half(w, entry))
		return false;
	if (w->at >= w->t->nr || w->t->step[w->at].ip != back)
		return walk_fail(w, TRACE_REST, "the %s half did not return to its caller",
				 entry ? "entry" : "exit");
	return fetch ? walk_op(w, TRACE_ROUNDS, TRACE_OP_JMP) : skip_marks(w, WALK_OP(NOP));
}
