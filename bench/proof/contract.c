// SPDX-License-Identifier: GPL-2.0-only
/*
 * The marks, and what must be left of them.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/status.h>
#include <egpr/uapi.h>

#include "contract.h"
#include "random.h"

#define FLAGS_IF (1ul << 9)
#define FLAGS_DF (1ul << 10)
#define FLAGS_AC (1ul << 18)
#define LEGACY	 3ull /* x87 and SSE: in the FXSAVE image */
#define PKRU_BIT (1ull << 9)
/* PKRU and AMX change what a process may do, APX is what is switched, MPX has reserved bits. */
#define NOT_MARKED (3ull << 3 | PKRU_BIT | 3ull << 17 | 1ull << EGPR_XFEATURE)
#define EVERY_BYTE 0x0101010101010101ull

#define ID_ROW(SYM, id, text) [CONTRACT_##SYM] = id,
const char *const contract_ids[CONTRACT_NR] = { CONTRACT_CHECKS(ID_ROW) };

const char *const contract_scratch[EGPR_CONTRACT_SCRATCH] = { "rax", "rcx", "rdx", "rsi", "rdi",
							      "r8",  "r9",  "r10", "r11" };

/* Where the half being run is told, for whoever learns of a crash; may be NULL. */
static const char **now;

void contract_tell(const char **half)
{
	now = half;
}

static uint64_t mark(struct contract_work *w)
{
	return proof_random(&w->seed);
}

static void mark_bytes(struct contract_work *w, uint8_t *to, size_t n)
{
	while (n) {
		uint64_t m = mark(w) | EVERY_BYTE; /* never the initial configuration */
		size_t part = n < sizeof(m) ? n : sizeof(m);

		memcpy(to, &m, part);
		to += part;
		n -= part;
	}
}

__attribute__((format(printf, 4, 5))) static void
note(struct contract_work *w, enum contract_check check, int ok, const char *format, ...)
{
	va_list ap;
	size_t used;

	w->r->tried[check]++;
	if (ok || w->r->failed[check]++)
		return;
	used = (size_t)snprintf(w->r->detail[check], CONTRACT_DETAIL, "the %s half: ", w->half);
	va_start(ap, format);
	vsnprintf(w->r->detail[check] + used, CONTRACT_DETAIL - used, format, ap);
	va_end(ap);
}

/* Marks that a half keeps over a round: the exit half stores the MXCSR that the entry half loads. */
static void mark_control(struct contract_work *w)
{
	uint32_t mxcsr = EGPR_MXCSR_DEFAULT | (mark(w) & EGPR_MXCSR_ROUNDING);
	uint16_t cw = (uint16_t)(EGPR_CW_DEFAULT ^ (mark(w) & EGPR_CW_ROUNDING));

	memcpy(w->im.state.fx_in + EGPR_FX_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(w->im.state.fx_in + EGPR_FX_CW, &cw, sizeof(cw));
}

static uint8_t *st_of(uint8_t *fx, size_t i)
{
	return fx + EGPR_FX_ST + EGPR_FX_ST_STEP * i;
}

static void mark_all(struct contract_work *w)
{
	struct egpr_contract_state *c = &w->im.state;
	size_t i;

	for (i = 0; i < EGPR_CONTRACT_SAVED; i++)
		c->saved_in[i] = mark(w);
	for (i = 0; i < EGPR_CONTRACT_FRAME; i++)
		c->frame_in[i] = mark(w);
	for (i = 0; i < EGPR_CONTRACT_SCRATCH; i++)
		c->scratch_in[i] = mark(w);
	for (i = 0; i < EGPR_FX_STS; i++)
		mark_bytes(w, st_of(c->fx_in, i), EGPR_FX_ST_BYTES);
	c->fx_in[EGPR_FX_TW] = (uint8_t)mark(w); /* abridged: full or empty, register by register */
	mark_bytes(w, c->fx_in + EGPR_FX_XMM, EGPR_FX_XMM_BYTES);
	memcpy(c->x_in + EGPR_FX_MXCSR, c->fx_in + EGPR_FX_MXCSR, sizeof(uint32_t));
	memcpy(c->x_in + EGPR_XSAVE_HEADER_OFFSET, &c->mask, sizeof(c->mask));
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &w->st->cpu.component[i];

		if (c->mask & 1ull << i)
			mark_bytes(w, c->x_in + x->offset, x->bytes);
	}
}

static void check_fx(struct contract_work *w)
{
	uint8_t *in = w->im.state.fx_in, *out = w->im.state.fx_out;
	uint32_t was, is;
	int same = out[EGPR_FX_TW] == in[EGPR_FX_TW];
	size_t i;

	memcpy(&was, in + EGPR_FX_MXCSR, sizeof(was));
	memcpy(&is, out + EGPR_FX_MXCSR, sizeof(is));
	note(w, CONTRACT_MXCSR, was == is, "MXCSR is 0x%x, was 0x%x", is, was);
	for (i = 0; i < EGPR_FX_STS; i++)
		same &= !memcmp(st_of(in, i), st_of(out, i), EGPR_FX_ST_BYTES);
	note(w, CONTRACT_X87,
	     same && !memcmp(in + EGPR_FX_CW, out + EGPR_FX_CW, 2) &&
		     !memcmp(in + EGPR_FX_SW, out + EGPR_FX_SW, 2),
	     "control word %02x%02x, status word %02x%02x, tags %02x; were %02x%02x, %02x%02x, %02x",
	     out[EGPR_FX_CW + 1], out[EGPR_FX_CW], out[EGPR_FX_SW + 1], out[EGPR_FX_SW],
	     out[EGPR_FX_TW], in[EGPR_FX_CW + 1], in[EGPR_FX_CW], in[EGPR_FX_SW + 1],
	     in[EGPR_FX_SW], in[EGPR_FX_TW]);
	note(w, CONTRACT_XMM, !memcmp(in + EGPR_FX_XMM, out + EGPR_FX_XMM, EGPR_FX_XMM_BYTES),
	     "an XMM register has changed");
}

static void check_components(struct contract_work *w)
{
	const struct egpr_contract_state *c = &w->im.state;
	uint64_t seen = c->mask & ~w->may;
	unsigned int i;

	/* XRSTOR and XSAVE leave out what XCR0 lacks at the time. */
	if (w->im.xcr0_in)
		seen &= w->im.xcr0_in & w->im.xcr0_out;
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &w->st->cpu.component[i];

		if (!(seen & 1ull << i))
			continue;
		note(w, CONTRACT_COMPONENTS,
		     (c->x_out[EGPR_XSAVE_HEADER_OFFSET + i / 8] & 1u << i % 8) &&
			     !memcmp(c->x_in + x->offset, c->x_out + x->offset, x->bytes),
		     "component %u has changed", i);
	}
}

/* An exit half of a guest without APX that is not to move registers. */
static bool idle(const struct contract_work *w)
{
	return w->h.state == EGPR_STATE_OFF && !(w->h.s->needs & EGPR_NEEDS_XSETBV);
}

/* What an exit half may write of the context, taken over from @is: the home of 16 registers, no more. */
static void allow_home(const struct contract_work *w, struct egpr_switch *was,
		       const struct egpr_switch *is)
{
	enum egpr_home home = w->h.s->home;
	size_t slots;

	if (w->h.s->needs & EGPR_READS_OPERAND)
		was->operand = is->operand;
	if (home == EGPR_HOME_REGS)
		memcpy(was->regs, is->regs, sizeof(was->regs));
	if (home != EGPR_HOME_XSAVE && home != EGPR_HOME_XSAVE_COMPACT)
		return;
	if (w->h.form == EGPR_FORM_PROXY) { /* stand-ins have other places */
		memcpy(was->xsave, is->xsave, sizeof(was->xsave));
		return;
	}
	slots = egpr_area_offset(home, EGPR_FIRST);
	memcpy(was->xsave + slots, is->xsave + slots, sizeof(was->regs));
	memcpy(was->xsave + EGPR_XSAVE_HEADER_OFFSET, is->xsave + EGPR_XSAVE_HEADER_OFFSET,
	       EGPR_XCOMP_BV_OFFSET + sizeof(uint64_t) - EGPR_XSAVE_HEADER_OFFSET);
}

/* Of the context, what is not the strategy's home must be as it was; and that too behind an entry half. */
static void check_context(struct contract_work *w, bool one_stack)
{
	struct egpr_switch *before = &w->im.before;
	const struct egpr_switch *after = &w->im.after;
	const uint8_t *was = (const uint8_t *)before, *is = (const uint8_t *)after;
	size_t i = 0;

	if (w->h.half == EGPR_RUN_EXIT && !idle(w))
		allow_home(w, before, after);
	else if (one_stack && w->h.form == EGPR_FORM_TRAP && w->h.s->home == EGPR_HOME_REGS)
		memcpy(before->regs, after->regs, sizeof(before->regs));
	if (!memcmp(was, is, sizeof(*after)))
		i = sizeof(*after);
	while (i < sizeof(*after) && was[i] == is[i])
		i++;
	note(w, CONTRACT_CONTEXT, i == sizeof(*after), "byte %zu of the context has changed", i);
}

/* Values of which each half is known again; a small number may stand anywhere. */
static bool tells(uint64_t guest)
{
	return (guest & PROOF_MARK) == PROOF_MARK && guest != ~0ull;
}

/* All of a value, or its lower or upper 32 bits. */
static bool shows(uint64_t is, uint64_t guest)
{
	return tells(guest) && (is == guest || is == (uint32_t)guest || is == guest >> 32);
}

/* Where the guest's registers are known. A proxy's stand-ins are these registers. */
static void check_scratch(struct contract_work *w)
{
	const struct egpr_contract_state *c = &w->im.state;
	uint64_t asked = 0;
	unsigned int i, g;

	if (w->h.half != EGPR_RUN_EXIT || w->h.state != EGPR_STATE_DIRTY ||
	    (w->h.form != EGPR_FORM_TRAP && !c->egprs))
		return;
	if (w->h.s->needs & EGPR_READS_OPERAND)
		asked = c->egpr_in[w->im.before.access - EGPR_FIRST];
	for (i = 0; i < EGPR_CONTRACT_SCRATCH; i++) {
		for (g = 0; g < EGPR_COUNT; g++) {
			if (shows(c->scratch_out[i], c->egpr_in[g]) && c->scratch_out[i] != asked)
				break;
		}
		note(w, CONTRACT_SCRATCH, g == EGPR_COUNT, "%s is %#llx, of the guest's r%u",
		     contract_scratch[i], (unsigned long long)c->scratch_out[i], g + EGPR_FIRST);
	}
}

static void check_flags(struct contract_work *w)
{
	uint64_t was = w->im.state.flags_in, is = w->im.state.flags_out;

	note(w, CONTRACT_FLAGS, !(is & (FLAGS_DF | FLAGS_AC)) && !((is ^ was) & FLAGS_IF), "%s",
	     is & FLAGS_DF   ? "DF is set"
	     : is & FLAGS_AC ? "AC is set"
	     : is & FLAGS_IF ? "IF is set: interrupts are on"
			     : "IF is clear");
}

/* A strategy with an XSETBV leaves the host's XCR0 at exit and the guest's at entry. */
static void check_xcr0(struct contract_work *w)
{
	const struct egpr_contract_image *im = &w->im;
	uint64_t want = im->xcr0_in;

	if (im->pkru_in & EGPR_PKRU_THERE)
		note(w, CONTRACT_PKRU, (w->may & PKRU_BIT) || im->pkru_in == im->pkru_out,
		     "PKRU is 0x%x, was 0x%x", (uint32_t)im->pkru_out, (uint32_t)im->pkru_in);
	if (!im->xcr0_in)
		return;
	if ((w->h.s->needs & EGPR_NEEDS_XSETBV) && (w->h.form != EGPR_FORM_TRAP || im->state.egprs))
		want = w->h.half == EGPR_RUN_EXIT ? im->before.xcr0_host : im->before.xcr0_guest;
	note(w, CONTRACT_XCR0, im->xcr0_out == want, "XCR0 is 0x%llx behind it, not 0x%llx",
	     (unsigned long long)im->xcr0_out, (unsigned long long)want);
}

int contract_run(const struct contract_place *place, struct contract_work *w, unsigned int half,
		 struct data_error *e)
{
	struct egpr_contract_state *c = &w->im.state;
	unsigned int i;
	int ret;

	w->h.half = half;
	w->half = half == EGPR_RUN_EXIT ? "exit" : "entry";
	if (now)
		*now = w->half;
	if (half == EGPR_RUN_EXIT)
		mark_control(w);
	mark_all(w);
	ret = place->run(place, &w->h, &w->im, e);
	if (now)
		*now = NULL;
	if (ret)
		return ret;
	w->r->halves++;
	w->may = 0;
	if (w->h.s->family == EGPR_FAMILY_XSAVE && w->h.form != EGPR_FORM_TRAP)
		w->may = w->im.before.rfbm;
	check_fx(w);
	check_components(w);
	for (i = 0; i < EGPR_CONTRACT_SAVED; i++)
		note(w, CONTRACT_SAVED, c->saved_in[i] == c->saved_out[i],
		     "callee-saved register %u (rbx, rbp, r12..r15) is %#llx, was %#llx", i,
		     (unsigned long long)c->saved_out[i], (unsigned long long)c->saved_in[i]);
	check_flags(w);
	note(w, CONTRACT_STACK, c->rsp_in == c->rsp_out, "rsp is %lld bytes off",
	     (long long)(c->rsp_out - c->rsp_in));
	note(w, CONTRACT_FRAME, !memcmp(c->frame_in, c->frame_out, sizeof(c->frame_in)),
	     "the caller's frame was written");
	check_context(w, place->one_stack);
	check_scratch(w);
	check_xcr0(w);
	return 0;
}

/* Components that are marked: those enabled whose place in the area is known. */
static uint64_t marked(const struct standin *st)
{
	uint64_t mask = st->cpu.xcr0 & ~(LEGACY | NOT_MARKED);
	unsigned int i;

	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &st->cpu.component[i];

		if (!x->bytes || x->offset + x->bytes > EGPR_XSAVE_AREA_BYTES)
			mask &= ~(1ull << i);
	}
	return mask & ((1ull << EGPR_XSAVE_COMPONENTS) - 1);
}

void contract_begin(struct contract_work *w, const struct egpr_strategy *s,
		    const struct standin *st, enum egpr_form form, enum egpr_guest_state state,
		    struct contract_result *r)
{
	memset(w, 0, sizeof(*w));
	memset(r, 0, sizeof(*r));
	w->h = (struct contract_half){ .s = s, .form = form, .state = state };
	w->st = st;
	w->r = r;
	w->seed = (uint64_t)state + 1;
	w->im.state.mask = marked(st);
	mark_control(w);
}

int contract_prove_at(const struct contract_place *place, const struct egpr_strategy *s,
		      const struct standin *st, enum egpr_form form, enum egpr_guest_state state,
		      unsigned int rounds, struct contract_result *r, struct data_error *e)
{
	static struct contract_work w;
	unsigned int i, g;
	int ret = 0;

	contract_begin(&w, s, st, form, state, r);
	for (i = 0; i < rounds && !ret; i++) {
		for (g = 0; g < EGPR_COUNT && state == EGPR_STATE_DIRTY; g++)
			w.im.state.egpr_in[g] = proof_random_mark(&w.seed);
		ret = contract_run(place, &w, EGPR_RUN_EXIT, e);
		if (!ret)
			ret = contract_run(place, &w, EGPR_RUN_ENTRY, e);
	}
	return ret;
}

const char *contract_failure(const struct contract_result *r, char *text, size_t size)
{
	unsigned int i;

	for (i = 0; i < CONTRACT_NR; i++) {
		if (!r->failed[i])
			continue;
		snprintf(text, size, "%s: %s", contract_ids[i], r->detail[i]);
		return text;
	}
	return NULL;
}
