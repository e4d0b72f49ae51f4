// SPDX-License-Identifier: GPL-2.0-only
/*
 * The marks, and what must be left of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <egpr/home.h>
#include <egpr/status.h>

#include "apart.h"
#include "contract.h"
#include "contract-offsets.h"

#define SAVED	    6
#define FRAME_WORDS 8
#define FX_BYTES    512
/* The FXSAVE image (SDM vol. 1, table 10-2). */
#define FX_CW	     0
#define FX_SW	     2
#define FX_TW	     4
#define FX_MXCSR     24
#define FX_ST	     32
#define FX_ST_BYTES  10
#define FX_XMM	     160
#define FX_XMM_BYTES 256
#define CW_DEFAULT   0x037f
#define CW_ROUNDING  0x0c00
#define MXCSR_ROUND  0x6000u
#define FLAGS_DF     (1ul << 10)
#define FLAGS_AC     (1ul << 18)
#define LEGACY	     3ull /* x87 and SSE: in the FXSAVE image */
/* PKRU and AMX change what a process may do, APX is what is switched, MPX has reserved bits. */
#define NOT_MARKED   (3ull << 3 | 1ull << 9 | 3ull << 17 | 1ull << EGPR_XFEATURE)
#define KNOWN_ROUNDS 200

struct contract_state {
	uint8_t fx_caller[FX_BYTES] __attribute__((aligned(64)));
	uint8_t fx_in[FX_BYTES];
	uint8_t fx_out[FX_BYTES];
	uint64_t saved_in[SAVED];
	uint64_t saved_out[SAVED];
	uint64_t frame_in[FRAME_WORDS];
	uint64_t frame_out[FRAME_WORDS];
	uint64_t rsp_in;
	uint64_t rsp_out;
	uint64_t flags_out;
	uint64_t mask;
	uint8_t x_in[EGPR_XSAVE_AREA_BYTES] __attribute__((aligned(64)));
	uint8_t x_out[EGPR_XSAVE_AREA_BYTES];
};

#define AT(member, name)                                                    \
	_Static_assert(offsetof(struct contract_state, member) == C_##name, \
		       "contract-offsets.h: " #member)
AT(fx_caller, FX_CALLER);
AT(fx_in, FX_IN);
AT(fx_out, FX_OUT);
AT(saved_in, SAVED_IN);
AT(saved_out, SAVED_OUT);
AT(frame_in, FRAME_IN);
AT(frame_out, FRAME_OUT);
AT(rsp_in, RSP_IN);
AT(rsp_out, RSP_OUT);
AT(flags_out, FLAGS_OUT);
AT(mask, MASK);
AT(x_in, X_IN);
AT(x_out, X_OUT);

/* contract-call.S */
void contract_call(struct contract_state *c, egpr_switch_fn fn, struct egpr_switch *sw);

#define ID_ROW(SYM, id, text) [CONTRACT_##SYM] = id,
const char *const contract_ids[CONTRACT_NR] = { CONTRACT_CHECKS(ID_ROW) };

/*
 * struct work - one strategy in one form and guest state
 * @half: "exit" or "entry", for messages
 */
struct work {
	const struct egpr_strategy *s;
	const struct standin *st;
	struct contract_state c;
	struct egpr_switch sw;
	struct egpr_switch before;
	struct contract_result *r;
	const char *half;
	uint64_t seed;
	uint64_t may; /* components that the half may change */
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
	uint32_t mxcsr = EGPR_MXCSR_DEFAULT | (mark(w) & MXCSR_ROUND);
	uint16_t cw = (uint16_t)(CW_DEFAULT ^ (mark(w) & CW_ROUNDING));

	memcpy(w->c.fx_in + FX_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(w->c.fx_in + FX_CW, &cw, sizeof(cw));
}

static void mark_all(struct work *w)
{
	struct contract_state *c = &w->c;
	size_t i;

	for (i = 0; i < SAVED; i++)
		c->saved_in[i] = mark(w);
	for (i = 0; i < FRAME_WORDS; i++)
		c->frame_in[i] = mark(w);
	for (i = 0; i < 8; i++)
		mark_bytes(w, c->fx_in + FX_ST + 16 * i, FX_ST_BYTES);
	c->fx_in[FX_TW] = (uint8_t)mark(w); /* abridged: full or empty, register by register */
	mark_bytes(w, c->fx_in + FX_XMM, FX_XMM_BYTES);
	memcpy(c->x_in + FX_MXCSR, c->fx_in + FX_MXCSR, sizeof(uint32_t));
	memcpy(c->x_in + EGPR_XSAVE_HEADER_OFFSET, &c->mask, sizeof(c->mask));
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &w->st->cpu.component[i];

		if (c->mask & 1ull << i)
			mark_bytes(w, c->x_in + x->offset, x->bytes);
	}
}

static void check_fx(struct work *w)
{
	const uint8_t *in = w->c.fx_in, *out = w->c.fx_out;
	uint32_t was, is;
	int same = out[FX_TW] == in[FX_TW];
	size_t i;

	memcpy(&was, in + FX_MXCSR, sizeof(was));
	memcpy(&is, out + FX_MXCSR, sizeof(is));
	note(w, CONTRACT_MXCSR, was == is, "MXCSR is 0x%x, was 0x%x", is, was);
	for (i = 0; i < 8; i++)
		same &= !memcmp(in + FX_ST + 16 * i, out + FX_ST + 16 * i, FX_ST_BYTES);
	note(w, CONTRACT_X87,
	     same && !memcmp(in + FX_CW, out + FX_CW, 2) && !memcmp(in + FX_SW, out + FX_SW, 2),
	     "control word %02x%02x, status word %02x%02x, tags %02x; were %02x%02x, %02x%02x, %02x",
	     out[FX_CW + 1], out[FX_CW], out[FX_SW + 1], out[FX_SW], out[FX_TW], in[FX_CW + 1],
	     in[FX_CW], in[FX_SW + 1], in[FX_SW], in[FX_TW]);
	note(w, CONTRACT_XMM, !memcmp(in + FX_XMM, out + FX_XMM, FX_XMM_BYTES),
	     "an XMM register has changed");
}

static void check_components(struct work *w)
{
	unsigned int i;

	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &w->st->cpu.component[i];

		if (!(w->c.mask & ~w->may & 1ull << i))
			continue;
		note(w, CONTRACT_COMPONENTS,
		     (w->c.x_out[EGPR_XSAVE_HEADER_OFFSET + i / 8] & 1u << i % 8) &&
			     !memcmp(w->c.x_in + x->offset, w->c.x_out + x->offset, x->bytes),
		     "component %u has changed", i);
	}
}

/* Of the context, what is not the strategy's home must be as it was. */
static void check_context(struct work *w)
{
	struct egpr_switch *was = &w->before;
	const struct egpr_switch *is = &w->sw;
	size_t i;

	switch (w->s->home) {
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
	if (w->s->needs & EGPR_READS_OPERAND)
		was->operand = is->operand;
	for (i = 0; i < sizeof(*is) && ((const uint8_t *)was)[i] == ((const uint8_t *)is)[i]; i++)
		;
	note(w, CONTRACT_CONTEXT, i == sizeof(*is), "byte %zu of the context has changed", i);
}

static void run_half(struct work *w, egpr_switch_fn fn, const char *name)
{
	struct contract_state *c = &w->c;
	unsigned int i;

	w->half = name;
	if (now)
		*now = name;
	mark_all(w);
	w->before = w->sw;
	contract_call(c, fn, &w->sw);
	w->r->halves++;
	check_fx(w);
	check_components(w);
	for (i = 0; i < SAVED; i++)
		note(w, CONTRACT_SAVED, c->saved_in[i] == c->saved_out[i],
		     "callee-saved register %u (rbx, rbp, r12..r15) is %#llx, was %#llx", i,
		     (unsigned long long)c->saved_out[i], (unsigned long long)c->saved_in[i]);
	note(w, CONTRACT_FLAGS, !(c->flags_out & (FLAGS_DF | FLAGS_AC)), "%s is set",
	     c->flags_out & FLAGS_DF ? "DF" : "AC");
	note(w, CONTRACT_STACK, c->rsp_in == c->rsp_out, "rsp is %lld bytes off",
	     (long long)(c->rsp_out - c->rsp_in));
	note(w, CONTRACT_FRAME, !memcmp(c->frame_in, c->frame_out, sizeof(c->frame_in)),
	     "the caller's frame was written");
	check_context(w);
	if (now)
		*now = NULL;
}

void contract_prove(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		    enum egpr_guest_state state, unsigned int rounds, struct contract_result *r)
{
	static struct work w;
	struct egpr_sequence seq = egpr_sequence_bind(s, form, state != EGPR_STATE_OFF);
	unsigned int i;

	memset(&w, 0, sizeof(w));
	memset(r, 0, sizeof(*r));
	w.s = s;
	w.st = st;
	w.r = r;
	w.seed = (uint64_t)state + 1;
	standin_context(&w.sw, st, form, state);
	w.sw.delay = 3;
	w.may = s->family == EGPR_FAMILY_XSAVE ? w.sw.rfbm : 0;
	w.c.mask = st->cpu.xcr0 & ~(LEGACY | NOT_MARKED);
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *x = &st->cpu.component[i];

		if (!x->bytes || x->offset + x->bytes > sizeof(w.c.x_in))
			w.c.mask &= ~(1ull << i);
	}
	w.c.mask &= (1ull << EGPR_XSAVE_COMPONENTS) - 1;
	for (i = 0; i < rounds; i++) {
		mark_control(&w);
		run_half(&w, seq.exit, "exit");
		run_half(&w, seq.entry, "entry");
	}
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
	unsigned int i;

	if (!a) {
		snprintf(reason, size, "out of memory");
		return ret;
	}
	a->s = s;
	a->st = st;
	a->form = form;
	a->state = state;
	ret = apart_run(prove, a, how);
	if (ret)
		snprintf(reason, size, "%s%s%s%s", how, a->half ? ", in its " : "",
			 a->half ? a->half : "", a->half ? " half" : "");
	for (i = 0; i < CONTRACT_NR && !ret; i++) {
		if (!a->r.failed[i])
			continue;
		snprintf(reason, size, "%s: %s", contract_ids[i], a->r.detail[i]);
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
		  enum egpr_guest_state state, struct data_error *e)
{
	const char *reason;
	int status = contract_known(s, st, form, state, &reason);

	if (!status || status == EGPR_SKIPPED)
		return 0;
	return data_fail(e, status,
			 status == EGPR_DATA ? "it changes what is its caller's: %s" : "%s",
			 reason);
}
