// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a row of strategy.h to words. Nothing here looks at the sequences or at the context's
 * contents: what is demanded follows from the row, the form, the guest state and the CPU.
 */
#include <string.h>

#include <emu/emu.h>

#include <bench/layer/standin.h>

#include "trace_want.h"

#define RDI 7
#define R11 11

/* What a call may lose (System V ABI), less the context's register and the one that keeps rsp. */
#define CALL_LOSES                                                                       \
	(1u << EMU_RAX | 1u << EMU_RCX | 1u << EMU_RDX | 1u << EMU_RSI | 1u << EMU_RDI | \
	 0xfu << EMU_R8)
#define STAND_INS (CALL_LOSES & ~(1u << RDI) & ~(1u << R11))

struct maker {
	const struct trace_subject *s;
	const struct egpr_strategy *row;
	struct trace_wants *out;
	enum egpr_form form;
	bool guest_apx;
};

static struct trace_word *add(struct maker *m, enum trace_check check, enum trace_op op,
			      unsigned int size, unsigned int dst, unsigned int src)
{
	struct trace_want *want = &m->out->want[m->out->nr++];

	want->check = check;
	want->w = (struct trace_word){
		.op = op, .size = (uint8_t)size, .dst = (uint8_t)dst, .src = (uint8_t)src
	};
	return &want->w;
}

/* @offset: of the context. */
static struct trace_word *add_memory(struct maker *m, enum trace_check check, enum trace_op op,
				     unsigned int size, unsigned int dst, unsigned int src,
				     size_t offset)
{
	struct trace_word *w = add(m, check, op, size, dst, src);

	w->address = (uint64_t)(uintptr_t)m->s->image.sw + offset;
	return w;
}

static void add_branch(struct maker *m, enum trace_check check, unsigned int cond, bool taken)
{
	struct trace_word *w = add(m, check, TRACE_OP_JCC, 0, TRACE_NIL, TRACE_NIL);

	w->cond = (uint8_t)cond;
	w->taken = taken;
}

/* The register that plays r16..r31: itself, or the legacy ones in turn. */
static unsigned int played_by(const struct maker *m, unsigned int reg)
{
	unsigned int nth = (reg - EGPR_FIRST) % (unsigned int)__builtin_popcount(STAND_INS), r;

	if (m->form != EGPR_FORM_PROXY)
		return reg;
	for (r = 0; nth || !(STAND_INS & 1u << r); r++)
		nth -= STAND_INS >> r & 1;
	return r;
}

static size_t slot(unsigned int reg)
{
	return offsetof(struct egpr_switch, regs) + 8ul * (reg - EGPR_FIRST);
}

/* PUSH2P of two registers, or two PUSH. */
static void add_pair(struct maker *m, enum trace_check check, bool push, unsigned int first,
		     unsigned int second)
{
	unsigned int low = first < second ? first : second;

	if (m->form != EGPR_FORM_PROXY) {
		add_memory(m, check, push ? TRACE_OP_PUSH2P : TRACE_OP_POP2P, 8, first, second,
			   slot(low));
		return;
	}
	add_memory(m, check, push ? TRACE_OP_PUSH : TRACE_OP_POP, 8, played_by(m, second),
		   TRACE_NIL, slot(second));
	add_memory(m, check, push ? TRACE_OP_PUSH : TRACE_OP_POP, 8, played_by(m, first), TRACE_NIL,
		   slot(first));
}

/* r16..r31 to or from regs[], with the stack pointer in it. */
static void add_pairs(struct maker *m, enum trace_check check, bool push)
{
	unsigned int i, even;

	add(m, check, TRACE_OP_MOV, 8, R11, EMU_RSP);
	add_memory(m, check, TRACE_OP_LEA, 8, EMU_RSP, TRACE_MEM,
		   slot(push ? EGPR_FIRST + EGPR_COUNT : EGPR_FIRST));
	for (i = 0; i < EGPR_COUNT; i += 2) {
		even = EGPR_FIRST + (push ? EGPR_COUNT - 2 - i : i);
		if (push)
			add_pair(m, check, push, even, even + 1);
		else
			add_pair(m, check, push, even + 1, even);
	}
	add(m, check, TRACE_OP_MOV, 8, EMU_RSP, R11);
}

static void add_moves(struct maker *m, enum trace_check check, bool store)
{
	unsigned int reg;

	for (reg = EGPR_FIRST; reg < EGPR_FIRST + EGPR_COUNT; reg++) {
		unsigned int r = played_by(m, reg);

		add_memory(m, check, TRACE_OP_MOV, 8, store ? TRACE_MEM : r, store ? r : TRACE_MEM,
			   slot(reg))
			->disp_len = m->row->needs & EGPR_MOVES_DISP8 ? 1 : 4;
	}
}

static void add_stores(struct maker *m)
{
	if (m->row->needs & EGPR_MOVES_PAIRS)
		add_pairs(m, TRACE_STORES, true);
	else
		add_moves(m, TRACE_STORES, true);
}

static void add_loads(struct maker *m)
{
	if (m->row->needs & EGPR_MOVES_PAIRS)
		add_pairs(m, TRACE_LOADS, false);
	else
		add_moves(m, TRACE_LOADS, false);
}

static void add_clears(struct maker *m)
{
	unsigned int reg;

	for (reg = EGPR_FIRST; reg < EGPR_FIRST + EGPR_COUNT; reg++)
		add(m, TRACE_CLEARS, TRACE_OP_XOR, 4, played_by(m, reg), played_by(m, reg));
}

/* The flag, and past everything without it. Return: whether anything is left. */
static bool add_gate(struct maker *m)
{
	add_memory(m, TRACE_GATE, TRACE_OP_TEST, 4, TRACE_MEM, TRACE_IMM,
		   offsetof(struct egpr_switch, flags))
		->imm = EGPR_SWITCH_GUEST_APX;
	add_branch(m, TRACE_GATE, TRACE_CC_E, !m->guest_apx);
	if (m->guest_apx && m->row->needs & EGPR_MOVES_FENCE)
		add(m, TRACE_FENCE, TRACE_OP_LFENCE, 0, TRACE_NIL, TRACE_NIL);
	return m->guest_apx;
}

/*
 * Guest and host XCR0 differ by APX, where the host has it and the guest has not; in the kernel, where
 * the guest is a real one or has what guests have, by whatever the module says.
 */
static void add_xcr0(struct maker *m, bool to_guest)
{
	const struct trace_subject *s = m->s;
	const uint64_t mine = s->c->env->standin.cpu.xcr0, apx = 1ull << EGPR_XFEATURE;
	const uint64_t host = s->in_kernel ? s->xcr0_host : mine;
	const uint64_t guest = s->in_kernel ? s->xcr0_guest : m->guest_apx ? host : host & ~apx;
	const size_t at_host = offsetof(struct egpr_switch, xcr0_host);
	const size_t at_guest = offsetof(struct egpr_switch, xcr0_guest);

	add_memory(m, TRACE_XCR0, TRACE_OP_MOV, 8, EMU_RAX, TRACE_MEM,
		   to_guest ? at_guest : at_host);
	add_memory(m, TRACE_XCR0, TRACE_OP_CMP, 8, EMU_RAX, TRACE_MEM,
		   to_guest ? at_host : at_guest);
	add_branch(m, TRACE_XCR0, TRACE_CC_E, host == guest);
	if (host == guest)
		return;
	add(m, TRACE_XCR0, TRACE_OP_MOV, 8, EMU_RDX, EMU_RAX);
	add(m, TRACE_XCR0, TRACE_OP_SHR, 8, EMU_RDX, TRACE_IMM)->imm = 32;
	add(m, TRACE_XCR0, TRACE_OP_XOR, 4, EMU_RCX, EMU_RCX);
	add(m, TRACE_XCR0, TRACE_OP_XSETBV, 0, TRACE_NIL, TRACE_NIL)->imm =
		(int64_t)(to_guest ? guest : host);
}

static enum trace_op saves(const struct egpr_strategy *row)
{
	if (row->needs & EGPR_NEEDS_XSAVEOPT)
		return TRACE_OP_XSAVEOPT;
	if (row->needs & EGPR_NEEDS_XSAVEC)
		return TRACE_OP_XSAVEC;
	return row->needs & EGPR_NEEDS_XSAVES ? TRACE_OP_XSAVES : TRACE_OP_XSAVE;
}

static void add_xsave(struct maker *m, enum trace_op op)
{
	const size_t rfbm = offsetof(struct egpr_switch, rfbm);

	add_memory(m, TRACE_XSAVE, TRACE_OP_MOV, 4, EMU_RAX, TRACE_MEM, rfbm);
	add_memory(m, TRACE_XSAVE, TRACE_OP_MOV, 4, EMU_RDX, TRACE_MEM, rfbm + 4);
	add_memory(m, TRACE_XSAVE, op, 0, TRACE_MEM, TRACE_NIL, offsetof(struct egpr_switch, xsave))
		->imm = (int64_t)(m->form == EGPR_FORM_PROXY ? m->s->c->env->standin.chosen.rfbm
							     : 1ull << EGPR_XFEATURE);
}

/* kvm_fpu_get(), one register by a tree of comparisons, put. */
static void add_operand(struct maker *m)
{
	const enum trace_check k = TRACE_OPERAND;
	unsigned int low = EGPR_FIRST, half;

	add_memory(m, k, TRACE_OP_ADD, 4, TRACE_MEM, TRACE_IMM,
		   offsetof(struct egpr_switch, bh_count))
		->imm = EGPR_SWITCH_BH_ONE;
	add_memory(m, k, TRACE_OP_TEST, 4, TRACE_MEM, TRACE_IMM,
		   offsetof(struct egpr_switch, thread_flags))
		->imm = EGPR_SWITCH_NEED_FPU_LOAD;
	add_branch(m, k, TRACE_CC_NE, false);
	add_memory(m, k, TRACE_OP_MOV, 4, EMU_RCX, TRACE_MEM, offsetof(struct egpr_switch, access));
	for (half = EGPR_COUNT / 2; half; half /= 2) {
		bool upper = EGPR_SWITCH_ACCESS >= low + half;

		add(m, k, TRACE_OP_CMP, 4, EMU_RCX, TRACE_IMM)->imm = low + half;
		add_branch(m, k, TRACE_CC_AE, upper);
		low += upper ? half : 0;
	}
	/* A proxy has one register to read. */
	add(m, k, TRACE_OP_MOV, 8, EMU_RAX, m->form == EGPR_FORM_PROXY ? EMU_RCX : low);
	add(m, k, TRACE_OP_JMP, 0, TRACE_NIL, TRACE_NIL);
	add_memory(m, k, TRACE_OP_MOV, 8, TRACE_MEM, EMU_RAX,
		   offsetof(struct egpr_switch, operand));
	add_memory(m, k, TRACE_OP_SUB, 4, TRACE_MEM, TRACE_IMM,
		   offsetof(struct egpr_switch, bh_count))
		->imm = EGPR_SWITCH_BH_ONE;
}

static void want_exit(struct maker *m)
{
	switch (m->row->family) {
	case EGPR_FAMILY_UNCOND:
		add_xcr0(m, false);
		add_stores(m);
		add_clears(m);
		break;
	case EGPR_FAMILY_GATED:
	case EGPR_FAMILY_OUTER:
		if (m->row->needs & EGPR_BIND_DUAL ? !m->guest_apx : !add_gate(m))
			break;
		add_stores(m);
		add_clears(m);
		break;
	case EGPR_FAMILY_XSAVE:
		if (!add_gate(m))
			break;
		add_xsave(m, saves(m->row));
		add_clears(m);
		break;
	case EGPR_FAMILY_LIVE:
		if (m->row->needs & EGPR_READS_OPERAND && add_gate(m))
			add_operand(m);
		break;
	case EGPR_FAMILY_DELAY:
		m->out->delay = true;
		m->out->n = m->s->c->arms[m->s->arm].delay;
		break;
	default:
		break;
	}
}

static void want_entry(struct maker *m)
{
	switch (m->row->family) {
	case EGPR_FAMILY_UNCOND:
		add_loads(m);
		add_xcr0(m, true);
		break;
	case EGPR_FAMILY_GATED:
	case EGPR_FAMILY_OUTER:
		if (m->row->needs & EGPR_BIND_DUAL ? m->guest_apx : add_gate(m))
			add_loads(m);
		break;
	case EGPR_FAMILY_XSAVE:
		if (add_gate(m))
			add_xsave(m, m->row->needs & EGPR_NEEDS_XSAVES ? TRACE_OP_XRSTORS
								       : TRACE_OP_XRSTOR);
		break;
	default:
		break;
	}
}

const char *trace_want(const struct trace_subject *s, bool entry, struct trace_wants *out)
{
	struct maker m = {
		.s = s,
		.row = s->c->arms[s->arm].strategy,
		.out = out,
		.form = s->c->env->form,
		.guest_apx = s->c->state != EGPR_STATE_OFF,
	};
	enum egpr_family family = m.row->family;
	bool moves = family == EGPR_FAMILY_UNCOND || family == EGPR_FAMILY_GATED ||
		     family == EGPR_FAMILY_OUTER;
	bool saved = m.row->home == EGPR_HOME_XSAVE || m.row->home == EGPR_HOME_XSAVE_COMPACT;

	memset(out, 0, sizeof(*out));
	if (family >= EGPR_NR_FAMILIES || moves != (m.row->home == EGPR_HOME_REGS) ||
	    (family == EGPR_FAMILY_XSAVE) != saved)
		return "its family and its home do not go together, so nobody can say what it has "
		       "to execute: teach bench/proof/trace_want.c";
	if (entry)
		want_entry(&m);
	else
		want_exit(&m);
	return NULL;
}
