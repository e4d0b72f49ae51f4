// SPDX-License-Identifier: GPL-2.0-only
/*
 * The marks, and what must be left of them.
 */
#include <cpuid.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/status.h>
#include <egpr/uapi.h>

#include "apart.h"
#include "contract.h"

#define FLAGS_IF (1ul << 9)
#define FLAGS_DF (1ul << 10)
#define FLAGS_AC (1ul << 18)
#define LEGACY	 3ull /* x87 and SSE: in the FXSAVE image */
#define PKRU_BIT (1ull << 9)
/* PKRU and AMX change what a process may do, APX is what is switched, MPX has reserved bits. */
#define NOT_MARKED   (3ull << 3 | PKRU_BIT | 3ull << 17 | 1ull << EGPR_XFEATURE)
#define KNOWN_ROUNDS 200
#define DELAY	     3
#define PKU_LEAF     7
#define OSPKE	     (1u << 4) /* CPUID(7,0).ECX */

#define ID_ROW(SYM, id, text) [CONTRACT_##SYM] = id,
const char *const contract_ids[CONTRACT_NR] = { CONTRACT_CHECKS(ID_ROW) };

/*
 * struct work - one strategy in one form and guest state
 * @half: "exit" or "entry", for messages
 * @may: components that the half may change
 */
struct work {
	struct contract_half h;
	const struct standin *st;
	struct egpr_contract_image im;
	struct contract_result *r;
	const char *half;
	uint64_t seed;
	uint64_t may;
};

/* Where the half being run is told, for whoever learns of a crash; may be NULL. */
static const char **now;

/* SplitMix64 (Steele, Lea and Flood 2014): never 0 twice, so marks are never all alike. */
static uint64_t mark(struct work *w)
{
	uint64_t z = w->seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void mark_bytes(struct work *w, uint8_t *to, size_t n)
{
	while (n--)
		*to++ = (uint8_t)(mark(w) | 1); /* never the initial configuration */
}

__attribute__((format(printf, 4, 5))) static void note(struct work *w, enum contract_check check,
						       int ok, const char *format, ...)
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
static void mark_control(struct work *w)
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

static void mark_all(struct work *w)
{
	struct egpr_contract_state *c = &w->im.state;
	size_t i;

	for (i = 0; i < EGPR_CONTRACT_SAVED; i++)
		c->saved_in[i] = mark(w);
	for (i = 0; i < EGPR_CONTRACT_FRAME; i++)
		c->frame_in[i] = mark(w);
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

static void check_fx(struct work *w)
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

static void check_components(struct work *w)
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

/* Of the context, what is not the strategy's home must be as it was. */
static void check_context(struct work *w)
{
	struct egpr_switch *was = &w->im.before;
	const struct egpr_switch *is = &w->im.after;
	size_t i;

	switch (w->h.s->home) {
	case EGPR_HOME_REGS:
		memcpy(was->regs, is->regs, sizeof(was->regs));
		break;
	case EGPR_HOME_XSAVE:
	case EGPR_HOME_XSAVE_COMPACT:
		memcpy(was->xsave, is->xsave, sizeof(was->xsave));
		break;
	default:
		break;
	}
	if (w->h.s->needs & EGPR_READS_OPERAND)
		was->operand = is->operand;
	for (i = 0; i < sizeof(*is) && ((const uint8_t *)was)[i] == ((const uint8_t *)is)[i]; i++)
		;
	note(w, CONTRACT_CONTEXT, i == sizeof(*is), "byte %zu of the context has changed", i);
}

static void check_flags(struct work *w)
{
	uint64_t was = w->im.state.flags_in, is = w->im.state.flags_out;

	note(w, CONTRACT_FLAGS, !(is & (FLAGS_DF | FLAGS_AC)) && !((is ^ was) & FLAGS_IF), "%s",
	     is & FLAGS_DF   ? "DF is set"
	     : is & FLAGS_AC ? "AC is set"
	     : is & FLAGS_IF ? "IF is set: interrupts are on"
			     : "IF is clear");
}

/* A strategy with an XSETBV leaves the host's XCR0 at exit and the guest's at entry. */
static void check_xcr0(struct work *w)
{
	const struct egpr_contract_image *im = &w->im;
	uint64_t want = im->xcr0_in;

	if (im->pkru_in & EGPR_PKRU_THERE)
		note(w, CONTRACT_PKRU, (w->may & PKRU_BIT) || im->pkru_in == im->pkru_out,
		     "PKRU is 0x%x, was 0x%x", (uint32_t)im->pkru_out, (uint32_t)im->pkru_in);
	if (!im->xcr0_in)
		return;
	if ((w->h.s->needs & EGPR_NEEDS_XSETBV) && w->h.form != EGPR_FORM_TRAP)
		want = w->h.half == EGPR_RUN_EXIT ? im->before.xcr0_host : im->before.xcr0_guest;
	note(w, CONTRACT_XCR0, im->xcr0_out == want, "XCR0 is 0x%llx behind it, not 0x%llx",
	     (unsigned long long)im->xcr0_out, (unsigned long long)want);
}

static int run_half(const struct contract_place *place, struct work *w, unsigned int half,
		    struct data_error *e)
{
	struct egpr_contract_state *c = &w->im.state;
	unsigned int i;
	int ret;

	w->h.half = half;
	w->half = half == EGPR_RUN_EXIT ? "exit" : "entry";
	if (now)
		*now = w->half;
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
	check_context(w);
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

int contract_prove_at(const struct contract_place *place, const struct egpr_strategy *s,
		      const struct standin *st, enum egpr_form form, enum egpr_guest_state state,
		      unsigned int rounds, struct contract_result *r, struct data_error *e)
{
	static struct work w;
	unsigned int i;
	int ret = 0;

	memset(&w, 0, sizeof(w));
	memset(r, 0, sizeof(*r));
	w.h = (struct contract_half){ .s = s, .form = form, .state = state };
	w.st = st;
	w.r = r;
	w.seed = (uint64_t)state + 1;
	w.im.state.mask = marked(st);
	for (i = 0; i < rounds && !ret; i++) {
		mark_control(&w);
		ret = run_half(place, &w, EGPR_RUN_EXIT, e);
		if (!ret)
			ret = run_half(place, &w, EGPR_RUN_ENTRY, e);
	}
	return ret;
}

static uint64_t pkru(void)
{
	static int there = -1;
	uint32_t value, edx;

	if (there < 0) {
		uint32_t eax, ebx, ecx = 0;

		there = __get_cpuid_count(PKU_LEAF, 0, &eax, &ebx, &ecx, &edx) && (ecx & OSPKE);
	}
	if (!there)
		return 0;
	__asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(value), "=d"(edx) : "c"(0)); /* RDPKRU */
	return EGPR_PKRU_THERE | value;
}

/* User mode, in this process. XCR0 cannot be changed here, so it is not looked at. */
static int run_here(const struct contract_place *place, const struct contract_half *h,
		    struct egpr_contract_image *im, struct data_error *e)
{
	struct egpr_sequence seq = egpr_sequence_bind(h->s, h->form, h->state != EGPR_STATE_OFF);
	struct egpr_switch *sw = place->opaque;

	(void)e;
	im->before = *sw;
	im->pkru_in = pkru();
	egpr_contract_call(&im->state, h->half == EGPR_RUN_EXIT ? seq.exit : seq.entry, sw);
	im->pkru_out = pkru();
	im->after = *sw;
	return 0;
}

void contract_prove(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		    enum egpr_guest_state state, unsigned int rounds, struct contract_result *r)
{
	static struct egpr_switch sw;
	const struct contract_place here = { run_here, &sw };
	struct data_error e;

	memset(&sw, 0, sizeof(sw));
	standin_context(&sw, st, form, state);
	sw.delay = DELAY;
	contract_prove_at(&here, s, st, form, state, rounds, r, &e);
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

/*
 * struct asked - a proof as the process that makes it leaves it
 * @half: being run, or NULL
 */
struct asked {
	const struct egpr_strategy *s;
	const struct standin *st;
	enum egpr_form form;
	enum egpr_guest_state state;
	const char *half;
	struct contract_result r;
};

static void prove(void *shared)
{
	struct asked *a = shared;

	now = &a->half;
	contract_prove(a->s, a->st, a->form, a->state, KNOWN_ROUNDS, &a->r);
}

/* Return: 0 proved, or a status with its @reason. */
static int ask(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
	       enum egpr_guest_state state, char *reason, size_t size)
{
	struct asked *a = apart_alloc(sizeof(*a));
	char how[APART_TEXT];
	int ret = EGPR_INTERNAL;

	if (!a) {
		snprintf(reason, size, "out of memory");
		return ret;
	}
	a->s = s;
	a->st = st;
	a->form = form;
	a->state = state;
	ret = apart_run(prove, a, how);
	if (ret) {
		apart_name_half(how, a->half);
		snprintf(reason, size, "%s", how);
	} else if (contract_failure(&a->r, reason, size)) {
		ret = EGPR_DATA;
	}
	apart_free(a, sizeof(*a));
	return ret;
}

int contract_known(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		   enum egpr_guest_state state, const char **reason)
{
	static struct {
		bool asked;
		int status;
		char reason[CONTRACT_DETAIL + 16];
	} known[EGPR_NR_STRATEGIES][EGPR_NR_FORMS][EGPR_NR_STATES], *k;
	unsigned int i = (unsigned int)(s - egpr_strategies);

	*reason = "not a strategy of the table";
	if (i >= EGPR_NR_STRATEGIES)
		return EGPR_SKIPPED;
	k = &known[i][form][state];
	*reason = k->reason;
	if (k->asked)
		return k->status;
	k->asked = true;
	if (s->needs & EGPR_NEEDS_CPL0) {
		snprintf(k->reason, sizeof(k->reason), "the sequence is privileged");
		k->status = EGPR_SKIPPED;
	} else if (s->family == EGPR_FAMILY_XSAVE &&
		   (s->needs & ~st->has &
		    (EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC))) {
		snprintf(k->reason, sizeof(k->reason), "this CPU lacks the instruction");
		k->status = EGPR_SKIPPED;
	} else {
		k->status = ask(s, st, form, state, k->reason, sizeof(k->reason));
	}
	return k->status;
}

int contract_gate(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		  enum egpr_guest_state state, bool ring0, struct data_error *e)
{
	const char *reason;
	int status = contract_known(s, st, form, state, &reason);

	if (ring0 && (!status || status == EGPR_SKIPPED))
		status = contract_known_module(s, st, form, state, &reason);
	if (!status || status == EGPR_SKIPPED)
		return 0;
	return data_fail(e, status,
			 status == EGPR_DATA ? "it changes what is its caller's: %s" : "%s",
			 reason);
}
