// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding, by the emulator's decoder. It knows APX only, so a legacy instruction is promoted to
 * REX2 first, which means the same. What REX2 has not (branches, RDTSC) and what the emulator
 * takes behind a UD2 only (the XSAVE family) is told by its opcode. The kernel's own spelling of calls
 * and returns is a jump to a thunk of it, from which execution comes back where they lead.
 */
#include <stdio.h>
#include <string.h>

#include <emu/emu.h>

#include "trace_word.h"

#define PREFIXES_MAX 4
#define UD2_BYTES    2

/* Instructions by opcode; @ext is a bitmap of ModRM.reg for groups, 0 where it says nothing. */
struct row {
	uint8_t map;
	uint8_t low;
	uint8_t high;
	uint8_t ext;
	enum trace_op op;
};

#define ARITHMETIC(OP, base, n)                                  \
	{ 0, (base) + 1, (base) + 1, 0, TRACE_OP_##OP },         \
		{ 0, (base) + 3, (base) + 3, 0, TRACE_OP_##OP }, \
		{ 0, (base) + 5, (base) + 5, 0, TRACE_OP_##OP }, \
		{ 0, 0x81, 0x81, 1 << (n), TRACE_OP_##OP },      \
	{                                                        \
		0, 0x83, 0x83, 1 << (n), TRACE_OP_##OP           \
	}

/* clang-format off */
static const struct row rows[] = {
	ARITHMETIC(ADD, 0x00, 0), ARITHMETIC(OR, 0x08, 1), ARITHMETIC(SUB, 0x28, 5),
	ARITHMETIC(XOR, 0x30, 6), ARITHMETIC(CMP, 0x38, 7),
	{ 0, 0x50, 0x57, 0, TRACE_OP_PUSH },
	{ 0, 0x58, 0x5f, 0, TRACE_OP_POP },
	{ 0, 0x89, 0x89, 0, TRACE_OP_MOV },
	{ 0, 0x8b, 0x8b, 0, TRACE_OP_MOV },
	{ 0, 0xb8, 0xbf, 0, TRACE_OP_MOV },
	{ 0, 0x8d, 0x8d, 0, TRACE_OP_LEA },
	{ 0, 0xc1, 0xc1, 1 << 4, TRACE_OP_SHL },
	{ 0, 0xc1, 0xc1, 1 << 5, TRACE_OP_SHR },
	{ 0, 0xc3, 0xc3, 0, TRACE_OP_RET },
	{ 0, 0xf7, 0xf7, 1 << 0, TRACE_OP_TEST },
	{ 0, 0xff, 0xff, 1 << 1, TRACE_OP_DEC },
	{ 0, 0xff, 0xff, 1 << 2, TRACE_OP_CALL },
	{ 1, 0x1f, 0x1f, 1 << 0, TRACE_OP_NOP },
	{ 1, 0xaf, 0xaf, 0, TRACE_OP_IMUL },
};
static const struct row xsave_rows[] = {
	{ 1, 0xae, 0xae, 1 << 4, TRACE_OP_XSAVE },
	{ 1, 0xae, 0xae, 1 << 5, TRACE_OP_XRSTOR },
	{ 1, 0xae, 0xae, 1 << 6, TRACE_OP_XSAVEOPT },
	{ 1, 0xc7, 0xc7, 1 << 3, TRACE_OP_XRSTORS },
	{ 1, 0xc7, 0xc7, 1 << 4, TRACE_OP_XSAVEC },
	{ 1, 0xc7, 0xc7, 1 << 5, TRACE_OP_XSAVES },
};
/* clang-format on */

#define NR(array) (sizeof(array) / sizeof(*(array)))

static enum trace_op find(const struct row *r, size_t n, const struct emu_insn *insn)
{
	for (; n; n--, r++) {
		if (r->map == insn->map && insn->opcode >= r->low && insn->opcode <= r->high &&
		    (!r->ext || r->ext & 1u << (insn->modrm >> 3 & 7)))
			return r->op;
	}
	return TRACE_OP_UNKNOWN;
}

/*
 * struct legacy - an instruction that is neither REX2 nor EVEX, taken apart as far as its opcode
 * @opcode_at: offset of the opcode byte, behind 0f if @map is 1
 */
struct legacy {
	unsigned int prefixes;
	uint8_t rex;
	uint8_t map;
	unsigned int opcode_at;
	uint8_t opcode;
};

static bool take_apart(const uint8_t *b, struct legacy *l)
{
	unsigned int i = 0;

	memset(l, 0, sizeof(*l));
	while (i < PREFIXES_MAX && b[i] && strchr("\x66\x2e\x3e\x26\x36\xf2\xf3", b[i]))
		i++;
	l->prefixes = i;
	if ((b[i] & 0xf0) == 0x40)
		l->rex = b[i++];
	if (b[i] == 0x0f) {
		l->map = 1;
		i++;
		if (b[i] == 0x38 || b[i] == 0x3a)
			return false;
	}
	l->opcode_at = i;
	l->opcode = b[i];
	return true;
}

/* The same instruction with REX2. Return: bytes by which it is longer. */
static int promote(const uint8_t *b, const struct legacy *l, uint8_t *to)
{
	unsigned int n = l->prefixes;

	memcpy(to, b, n);
	to[n++] = 0xd5;
	to[n++] = (uint8_t)(l->map << 7 | (l->rex & 15));
	memcpy(to + n, b + l->opcode_at, TRACE_BYTES - l->opcode_at);
	return (int)n - (int)l->opcode_at;
}

/* Is there an address that depends on nothing but rax..r15? */
static bool address(const struct trace_step *s, const struct emu_insn *insn, struct trace_word *w)
{
	if (insn->seg != EMU_NONE || insn->asize != 8 ||
	    (insn->base != EMU_NONE && insn->base > 15) ||
	    (insn->index != EMU_NONE && insn->index > 15))
		return false;
	w->address = (uint64_t)insn->disp;
	if (insn->base != EMU_NONE)
		w->address += s->gpr[insn->base];
	if (insn->index != EMU_NONE)
		w->address += s->gpr[insn->index] << insn->scale;
	w->disp_len = insn->disp_len;
	return true;
}

static uint8_t operand(const struct emu_operand *op)
{
	switch (op->kind) {
	case EMU_OP_REG:
		return op->reg;
	case EMU_OP_MEM:
		return TRACE_MEM;
	case EMU_OP_IMM:
		return TRACE_IMM;
	}
	return TRACE_NIL;
}

/* Operands as the decoder lists them, destination first. */
static bool operands(const struct trace_step *s, const struct emu_insn *insn, struct trace_word *w)
{
	w->size = insn->opsize;
	if (insn->nops > 0)
		w->dst = operand(&insn->op[0]);
	if (insn->nops > 1)
		w->src = operand(&insn->op[1]);
	w->imm = insn->imm_len ? insn->imm : 0;
	if (insn->prefix & (EMU_PFX_67 | EMU_PFX_LOCK | EMU_PFX_F2 | EMU_PFX_F3))
		return false;
	return !(insn->flags & EMU_F_MEM) || address(s, insn, w);
}

static unsigned int decode_apx(const struct trace_step *s, struct trace_word *w)
{
	struct emu_insn insn;

	if (emu_decode(s->bytes, TRACE_BYTES, &insn) != EMU_OK)
		return 0;
	if (insn.encoding == EMU_ENC_REX2) {
		w->op = find(rows, NR(rows), &insn);
		return operands(s, &insn, w) ? insn.len : 0;
	}
	if (insn.encoding != EMU_ENC_EVEX || insn.map != 4 || !insn.w || insn.flags & EMU_F_MEM)
		return 0;
	if (insn.opcode == 0xff && (insn.modrm >> 3 & 7) == 6)
		w->op = TRACE_OP_PUSH2P;
	else if (insn.opcode == 0x8f && !(insn.modrm >> 3 & 7))
		w->op = TRACE_OP_POP2P;
	w->size = 8;
	w->dst = insn.rm;
	w->src = insn.vreg;
	return insn.len;
}

/* Behind a UD2 the emulator's decoder knows the XSAVE family. */
static unsigned int decode_xsave(const struct trace_step *s, struct trace_word *w)
{
	uint8_t trap[UD2_BYTES + TRACE_BYTES] = { 0x0f, 0x0b };
	struct emu_insn insn;

	memcpy(trap + UD2_BYTES, s->bytes, TRACE_BYTES);
	if (emu_decode_trap(trap, sizeof(trap), &insn) != EMU_OK)
		return 0;
	w->imm = (int64_t)(s->gpr[EMU_RDX] << 32 | (uint32_t)s->gpr[EMU_RAX]);
	if (insn.opcode == 0x01 && insn.modrm == 0xd1) {
		w->op = TRACE_OP_XSETBV;
		return insn.blen;
	}
	if (!(insn.flags & EMU_F_MEM) || !insn.w || !address(s, &insn, w))
		return 0;
	w->op = find(xsave_rows, NR(xsave_rows), &insn);
	w->dst = TRACE_MEM;
	return insn.blen;
}

/* Where a branch leads whose displacement of 32 bits stands at @at, at its end. */
static uint64_t relative(const struct trace_step *s, unsigned int at)
{
	int32_t disp;

	memcpy(&disp, s->bytes + at, sizeof(disp));
	return s->ip + at + sizeof(disp) + (uint64_t)(int64_t)disp;
}

static unsigned int decode_legacy(const struct trace_step *s, uint64_t next, struct trace_word *w)
{
	uint8_t rex2[TRACE_BYTES + 3];
	struct emu_insn insn;
	struct legacy l;
	int longer;

	if (!take_apart(s->bytes, &l))
		return 0;
	if (l.map == 0 && (l.opcode & 0xf0) == 0x70) {
		w->op = TRACE_OP_JCC;
		w->cond = l.opcode & 15;
		return l.opcode_at + 2;
	}
	if (l.map == 1 && (l.opcode & 0xf0) == 0x80) {
		w->op = TRACE_OP_JCC;
		w->cond = l.opcode & 15;
		return l.opcode_at + 5;
	}
	if (l.map == 0 && (l.opcode == 0xeb || l.opcode == 0xe9)) {
		w->op = l.opcode == 0xe9 && s->away ? TRACE_OP_RET : TRACE_OP_JMP;
		w->size = w->op == TRACE_OP_RET ? 8 : 0;
		return l.opcode_at + (l.opcode == 0xeb ? 2 : 5);
	}
	/* Into a thunk of the kernel's, or on within the loop. */
	if (l.map == 0 && l.opcode == 0xe8 && (s->away || next == relative(s, l.opcode_at + 1))) {
		w->op = TRACE_OP_CALL;
		return l.opcode_at + 5;
	}
	if (l.map == 1 && l.opcode == 0x1e && l.prefixes == 1 && *s->bytes == 0xf3 &&
	    s->bytes[l.opcode_at + 1] == 0xfa) {
		w->op = TRACE_OP_NOP; /* ENDBR64 */
		return l.opcode_at + 2;
	}
	if (l.map == 1 && l.opcode == 0x31) {
		w->op = TRACE_OP_RDTSC;
		return l.opcode_at + 1;
	}
	if (l.map == 0 && l.opcode == 0x90 && !(l.rex & 1)) {
		w->op = TRACE_OP_NOP;
		return l.opcode_at + 1;
	}
	if (decode_xsave(s, w))
		return decode_xsave(s, w);
	memset(rex2, 0, sizeof(rex2));
	longer = promote(s->bytes, &l, rex2);
	if (emu_decode(rex2, sizeof(rex2), &insn) != EMU_OK)
		return 0;
	if (insn.map == 1 && insn.opcode == 0xae && insn.modrm == 0xe8 && !l.prefixes) {
		w->op = TRACE_OP_LFENCE;
		return l.opcode_at + 2;
	}
	if (insn.map == 1 && insn.opcode == 0xae && insn.modrm == 0xf0 && !l.prefixes) {
		w->op = TRACE_OP_MFENCE;
		return l.opcode_at + 2;
	}
	w->op = find(rows, NR(rows), &insn);
	if (!operands(s, &insn, w))
		return 0;
	return (unsigned int)((int)insn.len - longer);
}

/* Where the stack comes in. */
static void add_stack(const struct trace_step *s, struct trace_word *w)
{
	uint64_t rsp = s->gpr[EMU_RSP];

	switch (w->op) {
	case TRACE_OP_PUSH:
		w->address = rsp - 8;
		break;
	case TRACE_OP_PUSH2P:
		w->address = rsp - 16;
		break;
	case TRACE_OP_POP:
	case TRACE_OP_POP2P:
		w->address = rsp;
		break;
	default:
		break;
	}
}

unsigned int trace_word(const struct trace_step *s, uint64_t next, struct trace_word *w)
{
	unsigned int len;
	bool branch;

	*w = (struct trace_word){ .dst = TRACE_NIL, .src = TRACE_NIL };
	if (s->flags & TRACE_LEFT) {
		w->op = TRACE_OP_RETURNED;
		return 0;
	}
	len = decode_apx(s, w);
	if (!len) {
		*w = (struct trace_word){ .dst = TRACE_NIL, .src = TRACE_NIL };
		len = decode_legacy(s, next, w);
	}
	branch = w->op == TRACE_OP_JCC || w->op == TRACE_OP_JMP || w->op == TRACE_OP_CALL ||
		 w->op == TRACE_OP_RET;
	w->taken = w->op == TRACE_OP_JCC && next != s->ip + len;
	if (branch)
		w->address = next;
	if (w->op == TRACE_OP_CALL && w->dst == TRACE_MEM)
		len = 0;
	if (w->op == TRACE_OP_NOP)
		*w = (struct trace_word){ .op = w->op, .dst = TRACE_NIL, .src = TRACE_NIL };
	if (!len || !w->op || (!branch && next != s->ip + len)) {
		*w = (struct trace_word){ .dst = TRACE_NIL, .src = TRACE_NIL };
		return 0;
	}
	add_stack(s, w);
	return len;
}

bool trace_word_same(const struct trace_word *want, const struct trace_word *is)
{
	bool branch = want->op == TRACE_OP_JCC || want->op == TRACE_OP_JMP;

	return want->op == is->op && want->size == is->size && want->dst == is->dst &&
	       want->src == is->src && want->cond == is->cond && want->taken == is->taken &&
	       want->imm == is->imm && (branch || want->address == is->address) &&
	       (!want->disp_len || want->disp_len == is->disp_len);
}
