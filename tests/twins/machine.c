// SPDX-License-Identifier: GPL-2.0-only
/*
 * Executes a half from its disassembly.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/home.h>

#include "machine.h"
#include "operand.h"

#define MAX_STEPS 4096 /* no half has a loop */

/* One instruction on its way. */
struct step {
	struct machine *m;
	const struct half *half;
	int i;
	const struct insn *insn;
	struct operand op[2]; /* AT&T order: source first */
	struct why *why;
};

static bool bad(struct step *s, const char *reason)
{
	return refuse(s->why, s->half, s->i, "%s", reason);
}

static bool parse_operands(struct step *s)
{
	const char *text = s->insn->operands;

	s->op[0].kind = s->op[1].kind = NONE;
	if (s->insn->target >= 0)
		return true;
	for (int i = 0; *text; i++) {
		text = i < 2 ? operand_parse(text, &s->op[i]) : NULL;
		if (!text)
			return bad(s, "operands of a kind that no word has");
		text += strspn(text, ", ");
	}
	return true;
}

/* An operand's number among the EGPRs, or -1. */
static int egpr(const struct operand *op)
{
	return op->kind == REGISTER && op->reg >= EGPR_FIRST ? op->reg - EGPR_FIRST : -1;
}

static bool is(const struct step *s, const char *name)
{
	return !strcmp(s->insn->name, name);
}

/* Bytes of the context at @address, or NULL. */
static uint8_t *context(struct step *s, uint64_t address, size_t size)
{
	uint64_t offset = address - MACHINE_CONTEXT;

	if (offset > sizeof(s->m->sw) || size > sizeof(s->m->sw) - offset) {
		bad(s, "reaches memory outside of the context");
		return NULL;
	}
	return (uint8_t *)&s->m->sw + offset;
}

static uint8_t *memory(struct step *s, const struct operand *op, size_t size)
{
	return context(s, s->m->r[op->reg] + op->value, size);
}

static bool get(struct step *s, const struct operand *op, size_t size, uint64_t *value)
{
	const uint8_t *at;

	*value = 0;
	switch (op->kind) {
	case IMMEDIATE:
		*value = op->value;
		return true;
	case REGISTER:
		*value = s->m->r[op->reg];
		if (size == 4)
			*value = (uint32_t)*value;
		return true;
	case MEMORY:
		at = memory(s, op, size);
		if (at)
			memcpy(value, at, size);
		return at != NULL;
	default:
		return bad(s, "lacks an operand");
	}
}

static bool put(struct step *s, const struct operand *op, size_t size, uint64_t value)
{
	uint8_t *at;

	if (op->kind == REGISTER) {
		if (op->reg == s->m->chain && s->m->event[EVENT_ADD] && !is(s, "addq"))
			return bad(s, "breaks the chain of dependent additions");
		s->m->r[op->reg] = size == 4 ? (uint32_t)value : value;
		return true;
	}
	at = op->kind == MEMORY ? memory(s, op, size) : NULL;
	if (at)
		memcpy(at, &value, size);
	return at != NULL || bad(s, "has nowhere to write to");
}

/* What a MOV is to the counts. */
static void count_mov(struct step *s)
{
	int from = egpr(&s->op[0]), to = egpr(&s->op[1]);
	struct machine *m = s->m;

	if (from >= 0 && s->op[1].kind == MEMORY) {
		m->event[EVENT_STORE]++;
		m->stored[from]++;
	} else if (from >= 0) {
		m->event[EVENT_READ]++;
		m->read[from]++;
	} else if (to >= 0 && s->op[0].kind == MEMORY) {
		m->event[EVENT_LOAD]++;
		m->loaded[to]++;
	} else {
		return;
	}
	/* REX2, payload, opcode, ModRM with mod = 1 */
	m->short_displacements += s->insn->byte[3] >> 6 == 1;
}

static bool mov(struct step *s, size_t size)
{
	uint64_t value;

	count_mov(s);
	if (is(s, "leaq"))
		return s->op[0].kind == MEMORY
			       ? put(s, &s->op[1], 8, s->m->r[s->op[0].reg] + s->op[0].value)
			       : bad(s, "has no address");
	return get(s, &s->op[0], size, &value) && put(s, &s->op[1], size, value);
}

/* TEST of the flag that says whether the guest has APX. */
static void count_test(struct step *s)
{
	s->m->event[EVENT_TEST] += s->op[1].kind == MEMORY &&
				   s->op[1].value == offsetof(struct egpr_switch, flags) &&
				   s->op[0].value == EGPR_SWITCH_GUEST_APX;
}

/* An addition of a register to itself is a link of the chain; others are arithmetic. */
static bool count_add(struct step *s)
{
	struct machine *m = s->m;

	if (s->op[0].kind != REGISTER)
		return true;
	if (s->op[1].kind != REGISTER || s->op[0].reg != s->op[1].reg)
		return bad(s, "is no link of a chain");
	if (m->chain < 0 && m->r[s->op[0].reg] != m->sw.delay)
		return bad(s, "begins a chain that does not wait for the load of N");
	if (m->chain >= 0 && m->chain != s->op[0].reg)
		return bad(s, "does not wait for the addition before it");
	m->chain = s->op[0].reg;
	m->event[EVENT_ADD]++;
	return true;
}

static bool arithmetic(struct step *s, size_t size)
{
	uint64_t a, b, out, mask = size == 4 ? UINT32_MAX : UINT64_MAX;
	const char *name = s->insn->name;
	bool writes = true;

	if (!get(s, &s->op[1], size, &a) || !get(s, &s->op[0], size, &b))
		return false;
	s->m->carry = false;
	if (!strncmp(name, "add", 3)) {
		if (!count_add(s))
			return false;
		out = (a + b) & mask;
		s->m->carry = out < a;
	} else if (!strncmp(name, "sub", 3) || !strncmp(name, "cmp", 3)) {
		out = (a - b) & mask;
		s->m->carry = a < b;
		writes = name[0] == 's';
	} else if (!strncmp(name, "test", 4)) {
		count_test(s);
		out = a & b;
		writes = false;
	} else if (!strncmp(name, "shr", 3)) {
		out = a >> (b & 63);
	} else if (s->op[0].kind == REGISTER && s->op[0].reg == s->op[1].reg) {
		int n = egpr(&s->op[0]);

		out = 0; /* xor */
		if (n >= 0) {
			s->m->event[EVENT_CLEAR]++;
			s->m->cleared[n]++;
		}
	} else {
		return bad(s, "is an XOR that does not clear");
	}
	s->m->zero = !out;
	return !writes || put(s, &s->op[1], size, out);
}

/* PUSH2P and POP2P: the second operand goes first, so it lies higher after a push, lower before a pop. */
static bool pair(struct step *s)
{
	int b = egpr(&s->op[0]), v = egpr(&s->op[1]);
	struct machine *m = s->m;
	bool push = is(s, "push2p");
	uint64_t two[2];
	uint8_t *at;

	if (b < 0 || v < 0)
		return bad(s, "moves another register");
	at = context(s, m->r[RSP] - (push ? sizeof(two) : 0), sizeof(two));
	if (!at)
		return false;
	if (m->r[RSP] % sizeof(two))
		return bad(s, "#GP: PUSH2 and POP2 want 16 bytes of alignment");
	if (push) {
		two[0] = m->r[s->op[0].reg];
		two[1] = m->r[s->op[1].reg];
		memcpy(at, two, sizeof(two));
		m->stored[b]++;
		m->stored[v]++;
		m->r[RSP] -= sizeof(two);
	} else {
		memcpy(two, at, sizeof(two));
		m->r[s->op[1].reg] = two[0];
		m->r[s->op[0].reg] = two[1];
		m->loaded[b]++;
		m->loaded[v]++;
		m->r[RSP] += sizeof(two);
	}
	m->event[push ? EVENT_PUSH2 : EVENT_POP2]++;
	return true;
}

/* Component 19 between the registers and sw.xsave; another mask saves what KVM did not ask for. */
static bool xsave(struct step *s)
{
	static const struct {
		const char *name;
		enum event event;
		enum egpr_home home;
	} all[] = {
		{ "xsave64", EVENT_XSAVE, EGPR_HOME_XSAVE },
		{ "xsaveopt64", EVENT_XSAVEOPT, EGPR_HOME_XSAVE },
		{ "xsavec64", EVENT_XSAVEC, EGPR_HOME_XSAVE_COMPACT },
		{ "xsaves64", EVENT_XSAVES, EGPR_HOME_XSAVE_COMPACT },
		{ "xrstor64", EVENT_XRSTOR, EGPR_HOME_XSAVE },
		{ "xrstors64", EVENT_XRSTORS, EGPR_HOME_XSAVE_COMPACT },
	};
	struct machine *m = s->m;
	bool compact = egpr_area_word(&m->sw, EGPR_XCOMP_BV_OFFSET) & EGPR_XCOMP_COMPACTED;
	uint64_t mask = m->r[RDX] << 32 | (uint32_t)m->r[RAX];
	const uint8_t *at = memory(s, &s->op[0], sizeof(m->sw.xsave));
	size_t i = 0;

	while (i < sizeof(all) / sizeof(all[0]) && !is(s, all[i].name))
		i++;
	if (i == sizeof(all) / sizeof(all[0]) || at != m->sw.xsave)
		return bad(s, "is not an XSAVE of the context's area that a word makes");
	if (mask != m->sw.rfbm || mask != EGPR_XFEATURE_LO)
		return bad(s, "moves other components than edx:eax should say");
	m->event[all[i].event]++;
	if (!strncmp(all[i].name, "xsave", 5)) {
		egpr_home_write(&m->sw, all[i].home, m->r + EGPR_FIRST);
		return true;
	}
	if (all[i].event == EVENT_XRSTORS && !compact)
		return bad(s, "#GP: XRSTORS of the standard format");
	for (unsigned int n = EGPR_FIRST; n < NR_REGS; n++)
		m->r[n] = egpr_home_read(&m->sw,
					 compact ? EGPR_HOME_XSAVE_COMPACT : EGPR_HOME_XSAVE, n);
	return true;
}

static bool xsetbv(struct step *s)
{
	if ((uint32_t)s->m->r[RCX])
		return bad(s, "writes another register than XCR0");
	s->m->xcr0 = s->m->r[RDX] << 32 | (uint32_t)s->m->r[RAX];
	s->m->event[EVENT_XSETBV]++;
	return true;
}

/* Whether a branch is taken; -1 for one that no word makes. */
static int taken(const struct step *s)
{
	const struct machine *m = s->m;

	if (is(s, "jmp"))
		return 1;
	if (is(s, "je") || is(s, "jne"))
		return m->zero == is(s, "je");
	if (is(s, "jae") || is(s, "jb"))
		return m->carry == is(s, "jb");
	return -1;
}

static bool execute(struct step *s)
{
	const char *name = s->insn->name;
	/* The suffix, of what has one. */
	size_t size = name[strlen(name) - 1] == 'l' ? 4 : 8;
	bool extended = !strncmp(name, "xsave", 5) || !strncmp(name, "xrstor", 6);

	if (!parse_operands(s))
		return false;
	if (!(s->m->xcr0 & 1ULL << EGPR_XFEATURE) &&
	    (extended || egpr(&s->op[0]) >= 0 || egpr(&s->op[1]) >= 0))
		return bad(s, extended ? "omits component 19, which XCR0 does not have"
				       : "#UD: an EGPR while XCR0.APX is clear");
	if (is(s, "movl") || is(s, "movq") || is(s, "leaq"))
		return mov(s, size);
	if (is(s, "push2p") || is(s, "pop2p"))
		return pair(s);
	if (is(s, "addl") || is(s, "addq") || is(s, "subl") || is(s, "cmpl") || is(s, "cmpq") ||
	    is(s, "testl") || is(s, "xorl") || is(s, "shrq"))
		return arithmetic(s, size);
	if (extended)
		return xsave(s);
	if (is(s, "xsetbv"))
		return xsetbv(s);
	if (is(s, "lfence")) {
		s->m->event[EVENT_FENCE]++;
		return true;
	}
	return bad(s, "is made by no word of asm/sequence.h (tests/twins/machine.c knows them)");
}

bool machine_run(struct machine *m, const struct half *half, struct why *why)
{
	struct step s = { .m = m, .half = half, .why = why };

	m->chain = -1;
	for (int steps = 0; steps < MAX_STEPS; steps++) {
		s.insn = &half->insn[s.i];
		m->reached[s.i] = true;
		if (is(&s, "ret"))
			return true;
		if (s.insn->target >= 0) {
			int jump = taken(&s);

			if (jump < 0)
				return bad(&s, "is a branch that no word makes");
			s.i = jump ? s.insn->target : s.i + 1;
			continue;
		}
		if (!execute(&s))
			return false;
		s.i++;
	}
	return refuse(why, half, -1, "does not come to its return");
}
