// SPDX-License-Identifier: GPL-2.0-only
/*
 * A walk through a trace with what the table demands in the other hand. It ends at the first step
 * that differs: behind that nothing can be told any more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <emu/emu.h>

#include "trace_want.h"

#define WORD_TEXT  112
#define DELAY_BITS 8 /* of N in the module's delay-N, and its additions in front and behind */
#define DELAY_LEAD 64
#define HALF_BYTES 2048 /* the largest slot of a copy */

#define ID_ROW(SYM, id, text) [TRACE_##SYM] = id,
const char *const trace_ids[TRACE_NR] = { TRACE_CHECKS(ID_ROW) };

const char *const trace_halves[] = {
	[TRACE_LOOP] = "timed loop",
	[TRACE_EXIT] = "exit half",
	[TRACE_ENTRY] = "entry half",
};

/*
 * struct walk - where the walk is
 * @at: step
 * @w: that step as a word
 * @len: its length, 0 if nobody knows it
 * @half: where it should lie, and @base: where that begins
 * @round: of its batch
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
	unsigned int first; /* step of the round */
	struct trace_wants exit;
	struct trace_wants entry;
};

static void note(struct walk *w, enum trace_check check, bool ok)
{
	w->r->tried[check]++;
	if (w->r->note && w->at < w->t->nr)
		w->r->note[w->at] = (struct trace_note){ .seen = true,
							 .ok = ok,
							 .check = (uint8_t)check,
							 .half = (uint8_t)w->half,
							 .round = (uint16_t)w->round };
}

__attribute__((format(printf, 3, 4))) static bool fail(struct walk *w, enum trace_check check,
						       const char *format, ...)
{
	uint64_t ip = w->at < w->t->nr ? w->t->step[w->at].ip : 0;
	size_t used;
	va_list ap;

	note(w, check, false);
	w->r->failed = check;
	used = (size_t)snprintf(w->r->detail, TRACE_REASON, "round %u, %s", w->round,
				trace_halves[w->half]);
	if (ip - w->base < HALF_BYTES)
		used += (size_t)snprintf(w->r->detail + used, TRACE_REASON - used, " + 0x%llx",
					 (unsigned long long)(ip - w->base));
	used += (size_t)snprintf(w->r->detail + used, TRACE_REASON - used, ": ");
	va_start(ap, format);
	vsnprintf(w->r->detail + used, TRACE_REASON - used, format, ap);
	va_end(ap);
	return false;
}

static bool unknown(struct walk *w)
{
	const struct trace_step *s = &w->t->step[w->at];
	char bytes[3 * TRACE_BYTES + 1] = "";
	size_t i;

	for (i = 0; i < TRACE_BYTES; i++)
		snprintf(bytes + 3 * i, 4, " %02x", s->bytes[i]);
	return fail(w, TRACE_KNOWN, "no instruction of sequences begins with%s at 0x%llx", bytes,
		    (unsigned long long)s->ip);
}

/* The step as a word. Return: whether there is one that is known. */
static bool fetch(struct walk *w)
{
	const struct trace_step *s = &w->t->step[w->at];
	uint64_t next = w->at + 1 < w->t->nr ? s[1].ip : 0;

	if (w->at >= w->t->nr) {
		w->w = (struct trace_word){ .op = TRACE_OP_RETURNED };
		w->len = 0;
		return true;
	}
	w->len = trace_word(s, next, &w->w);
	if (w->w.op == TRACE_OP_UNKNOWN)
		return unknown(w);
	w->r->tried[TRACE_KNOWN]++;
	return true;
}

static bool differs(struct walk *w, enum trace_check check, const struct trace_word *want)
{
	char a[WORD_TEXT], b[WORD_TEXT], more[64] = "";

	trace_word_text(want, w->s->image.sw, a, sizeof(a));
	trace_word_text(&w->w, w->s->image.sw, b, sizeof(b));
	if (!strcmp(a, b) && want->disp_len != w->w.disp_len)
		snprintf(more, sizeof(more), " (%u bytes of displacement instead of %u)",
			 w->w.disp_len, want->disp_len);
	else if (want->op == w->w.op && want->imm != w->w.imm)
		snprintf(more, sizeof(more), " (0x%llx instead of 0x%llx)",
			 (unsigned long long)w->w.imm, (unsigned long long)want->imm);
	return fail(w, check, "%s where %s belongs%s", b, a, more);
}

/* The next step must be this word. */
static bool want(struct walk *w, enum trace_check check, const struct trace_word *word)
{
	if (!fetch(w))
		return false;
	if (!trace_word_same(word, &w->w))
		return differs(w, check, word);
	note(w, check, true);
	w->at++;
	return true;
}

static bool want_op(struct walk *w, enum trace_check check, enum trace_op op)
{
	const struct trace_word word = { .op = op, .dst = TRACE_NIL, .src = TRACE_NIL };

	if (!fetch(w))
		return false;
	if (w->w.op != op)
		return differs(w, check, &word);
	note(w, check, true);
	w->at++;
	return true;
}

/* Steps that may stand there, as many as there are: @ops is a bitmap. */
static bool skip(struct walk *w, uint32_t ops)
{
	while (fetch(w)) {
		bool memory = w->w.dst == TRACE_MEM || w->w.src == TRACE_MEM;

		if (!(ops & 1u << w->w.op) || memory)
			return true;
		note(w, TRACE_ROUNDS, true);
		w->at++;
	}
	return false;
}

#define OP(name) (1u << TRACE_OP_##name)

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

	if (!fetch(w))
		return false;
	turns = set.imm = w->w.imm;
	if (!want(w, TRACE_DELAY, &set))
		return false;
	for (i = 1; i <= turns; i++) {
		jump.taken = i < turns;
		if (!want(w, TRACE_DELAY, &imul) || !want(w, TRACE_DELAY, &dec) ||
		    !want(w, TRACE_DELAY, &jump))
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
		if (!want(w, TRACE_DELAY, &add))
			return false;
	}
	return true;
}

/* LFENCE, multiplications, N additions and then no-ops, multiplications, LFENCE. */
static bool delay_row(struct walk *w, unsigned int n)
{
	if (!want_op(w, TRACE_DELAY, TRACE_OP_LFENCE) || !delay_turns(w) || !additions(w, n))
		return false;
	return skip(w, OP(NOP)) && delay_turns(w) && want_op(w, TRACE_DELAY, TRACE_OP_LFENCE);
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

	if (!want(w, TRACE_DELAY, &load) || !want(w, TRACE_DELAY, &copy) ||
	    !additions(w, DELAY_LEAD))
		return false;
	while (bit--) {
		test.imm = 1 << bit;
		jump.taken = !(n & 1u << bit);
		if (!want(w, TRACE_DELAY, &test) || !want(w, TRACE_DELAY, &jump) ||
		    !additions(w, n & 1u << bit))
			return false;
	}
	return additions(w, DELAY_LEAD);
}

/* What the kernel's build puts where a call may lead (ENDBR64), and around one. */
static bool skip_marks(struct walk *w, uint32_t ops)
{
	return !w->s->in_kernel || skip(w, ops);
}

/* The half of an exit that stays in KVM's inner loop: a return. */
static bool stays(const struct walk *w, bool entry)
{
	const struct trace_subject *s = w->s;
	egpr_switch_fn fn = entry ? s->stay.entry : s->stay.exit;

	return s->c->arms[s->arm].strategy->needs & EGPR_BIND_OUTER && fn && w->at < w->t->nr &&
	       w->t->step[w->at].ip == (uint64_t)(uintptr_t)fn;
}

/* One half, up to its return. */
static bool half(struct walk *w, bool entry)
{
	static const struct trace_wants nothing;
	const struct layer_image *image = &w->s->image;
	const bool stayed = stays(w, entry);
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
		return fail(w, TRACE_ROUNDS, "it was not called");
	if (s->ip != w->base)
		return fail(w, TRACE_ROUNDS, "0x%llx was called instead of 0x%llx",
			    (unsigned long long)s->ip, (unsigned long long)w->base);
	if (s->gpr[EMU_RDI] != (uint64_t)(uintptr_t)image->sw)
		return fail(w, TRACE_CONTEXT, "it got 0x%llx, the context is at 0x%llx",
			    (unsigned long long)s->gpr[EMU_RDI],
			    (unsigned long long)(uintptr_t)image->sw);
	if (s->owner != w->s->arm)
		return fail(w, TRACE_CONTEXT, "it got the context of %s",
			    s->owner < w->s->c->nr_arms ? w->s->c->arms[s->owner].id : "nobody");
	w->r->tried[TRACE_CONTEXT]++;
	if (!skip_marks(w, OP(NOP)))
		return false;
	if (words->delay &&
	    !(w->s->in_kernel ? delay_cascade(w, words->n) : delay_row(w, words->n)))
		return false;
	for (i = 0; i < words->nr; i++) {
		if (!want(w, words->want[i].check, &words->want[i].w))
			return false;
	}
	if (!fetch(w))
		return false;
	if (w->w.op != TRACE_OP_RET)
		return differs(w, TRACE_REST, &ret);
	note(w, TRACE_REST, true);
	w->at++;
	w->half = before;
	w->base = base;
	return true;
}

/* All rounds of an arm are as long as the first. */
static bool end_round(struct walk *w)
{
	unsigned int insns = w->at - w->first, i;

	for (i = w->first; i < w->at && w->s->in_kernel; i++)
		insns += w->t->step[i].away;
	if (!w->r->insns)
		w->r->insns = insns;
	if (insns != w->r->insns)
		return fail(w, TRACE_ROUNDS, "%u instructions, %u in the first", insns,
			    w->r->insns);
	w->r->rounds++;
	w->round++;
	return true;
}

/* The context to its register, and a call; the return is to the step behind it. */
static bool call(struct walk *w, bool entry)
{
	uint64_t back;

	if (!fetch(w))
		return false;
	if (w->w.op != TRACE_OP_MOV || w->w.dst != EMU_RDI || w->w.src > EMU_R15)
		return fail(w, TRACE_CONTEXT, "the context is not handed over");
	note(w, TRACE_CONTEXT, true);
	w->at++;
	if (!skip_marks(w, OP(NOP) | OP(LFENCE)) || !fetch(w))
		return false;
	back = w->t->step[w->at].ip + w->len;
	if (!want_op(w, TRACE_ROUNDS, TRACE_OP_CALL) || !half(w, entry))
		return false;
	if (w->at >= w->t->nr || w->t->step[w->at].ip != back)
		return fail(w, TRACE_REST, "the %s half did not return to its caller",
			    entry ? "entry" : "exit");
	return skip_marks(w, OP(NOP));
}

static bool stamp(struct walk *w)
{
	return want_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE) &&
	       want_op(w, TRACE_ROUNDS, TRACE_OP_RDTSC) &&
	       want_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE);
}

/* One call of the timed loop. */
static bool loop(struct walk *w, unsigned int rounds)
{
	unsigned int i;

	w->half = TRACE_LOOP;
	w->base = (uint64_t)(uintptr_t)w->s->image.site->loop;
	if (w->at >= w->t->nr || w->t->step[w->at].ip != w->base)
		return fail(w, TRACE_ROUNDS, "the loop was not called");
	if (!skip(w, OP(PUSH) | OP(MOV) | OP(NOP)) || !stamp(w) ||
	    !skip(w, OP(SHL) | OP(OR) | OP(MOV) | OP(NOP)))
		return false;
	for (i = 0; i < rounds; i++) {
		bool last = i + 1 == rounds;

		w->first = w->at;
		if (!want_op(w, TRACE_ROUNDS, TRACE_OP_LFENCE) || !call(w, false) ||
		    !call(w, true) || !want_op(w, TRACE_ROUNDS, TRACE_OP_DEC) || !fetch(w))
			return false;
		if (w->w.op != TRACE_OP_JCC || w->w.cond != TRACE_CC_NE || w->w.taken == last)
			return fail(w, TRACE_ROUNDS, "the loop %s after round %u of %u",
				    w->w.taken ? "goes on" : "ends", i + 1, rounds);
		note(w, TRACE_ROUNDS, true);
		w->at++;
		if (!end_round(w))
			return false;
	}
	return stamp(w) && skip(w, OP(SHL) | OP(OR) | OP(SUB) | OP(POP)) &&
	       want_op(w, TRACE_ROUNDS, TRACE_OP_RET) &&
	       want_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED);
}

/* The layer calls the halves, and once more for the exit that ends the batch. */
static bool around_exits(struct walk *w, unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds + 1; i++) {
		w->first = w->at;
		if (!half(w, true) || !want_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED) ||
		    !half(w, false) || !want_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		w->first += 2; /* the two that are no steps */
		if (!end_round(w))
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
		bool whole = !stays(w, true);

		w->first = w->at;
		if (!half(w, true) || !want_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		whole &= !stays(w, false);
		if (!half(w, false) || !want_op(w, TRACE_ROUNDS, TRACE_OP_RETURNED))
			return false;
		w->first += 2;
		seen++;
		if (whole && !end_round(w))
			return false;
	}
	if (seen < exits)
		return fail(w, TRACE_ROUNDS, "%u exits, %u were asked for", seen, exits);
	return true;
}

static bool batches(struct walk *w)
{
	const bool in_loop = w->s->image.loop;
	unsigned int i;

	if (w->s->in_kernel && !in_loop)
		return at_probes(w, TRACE_PLAIN_EXITS, 0) &&
		       at_probes(w, TRACE_STAMPED_EXITS, TRACE_IN_STAMPED);
	if (!(in_loop ? loop(w, TRACE_PLAIN_EXITS) : around_exits(w, TRACE_PLAIN_EXITS)))
		return false;
	w->round = 0;
	if (!in_loop)
		return around_exits(w, TRACE_STAMPED_EXITS);
	for (i = 0; i < TRACE_STAMPED_EXITS; i++) {
		if (!loop(w, 1))
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
		fail(&w, TRACE_KNOWN, "%s", why);
	else if (batches(&w) && w.at < t->nr)
		fail(&w, TRACE_ROUNDS, "called once more than asked for");
	else if (t->lost && w.at >= t->nr)
		fail(&w, TRACE_ROUNDS, "more than %u steps: no end in sight", TRACE_STEPS);
}
