// SPDX-License-Identifier: GPL-2.0-only
/*
 * Step by step: what stands there, and whether it is what was wanted. See trace_walk.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <emu/emu.h>

#include "trace_walk.h"

#define WORD_TEXT  112
#define HALF_BYTES 2048 /* the largest slot of a copy */

#define ID_ROW(SYM, id, text) [TRACE_##SYM] = id,
const char *const trace_ids[TRACE_NR] = { TRACE_CHECKS(ID_ROW) };

const char *const trace_halves[] = {
	[TRACE_LOOP] = "timed loop",
	[TRACE_EXIT] = "exit half",
	[TRACE_ENTRY] = "entry half",
};

void walk_note(struct walk *w, enum trace_check check, bool ok)
{
	w->r->tried[check]++;
	if (w->r->note && w->at < w->t->nr)
		w->r->note[w->at] = (struct trace_note){ .seen = true,
							 .ok = ok,
							 .check = (uint8_t)check,
							 .half = (uint8_t)w->half,
							 .round = (uint16_t)w->round };
}

bool walk_fail(struct walk *w, enum trace_check check, const char *format, ...)
{
	uint64_t ip = w->at < w->t->nr ? w->t->step[w->at].ip : 0;
	size_t used;
	va_list ap;

	walk_note(w, check, false);
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
	return walk_fail(w, TRACE_KNOWN, "no instruction of sequences begins with%s at 0x%llx",
			 bytes, (unsigned long long)s->ip);
}

/* The step as a word. Return: whether there is one that is known. */
bool walk_fetch(struct walk *w)
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

bool walk_differs(struct walk *w, enum trace_check check, const struct trace_word *want)
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
	return walk_fail(w, check, "%s where %s belongs%s", b, a, more);
}

/* The next step must be this word. */
bool walk_want(struct walk *w, enum trace_check check, const struct trace_word *word)
{
	if (!walk_fetch(w))
		return false;
	if (!trace_word_same(word, &w->w))
		return walk_differs(w, check, word);
	walk_note(w, check, true);
	w->at++;
	return true;
}

bool walk_op(struct walk *w, enum trace_check check, enum trace_op op)
{
	const struct trace_word word = { .op = op, .dst = TRACE_NIL, .src = TRACE_NIL };

	if (!walk_fetch(w))
		return false;
	if (w->w.op != op)
		return walk_differs(w, check, &word);
	walk_note(w, check, true);
	w->at++;
	return true;
}

/* Steps that may stand there, as many as there are: @ops is a bitmap. */
bool walk_skip(struct walk *w, uint64_t ops)
{
	while (walk_fetch(w)) {
		bool memory = w->w.dst == TRACE_MEM || w->w.src == TRACE_MEM;

		if (!(ops & 1ull << w->w.op) || memory)
			return true;
		walk_note(w, TRACE_ROUNDS, true);
		w->at++;
	}
	return false;
}
