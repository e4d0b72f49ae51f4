// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding of REX2, of EVEX as APX extends it, and of MSR_IMM: prefixes, the opcode's
 * row, and the checks of the architecture. Which opcodes exist and what their operands
 * are stands in opcode.c alone.
 */
#include "decoding.h"

/* Legacy prefixes. A REX that another legacy prefix follows is ignored; *rex says if one is live. */
static __u8 take_prefixes(struct emu_cursor *c, struct emu_insn *insn, int *rex)
{
	*rex = 0;
	for (;;) {
		__u8 b = emu_take(c);

		if (c->st != EMU_OK)
			return 0;
		switch (b) {
		case 0x66:
			insn->prefix |= EMU_PFX_66;
			break;
		case 0x67:
			insn->prefix |= EMU_PFX_67;
			break;
		case 0xf0:
			insn->prefix |= EMU_PFX_LOCK;
			break;
		case 0xf2:
		case 0xf3:
			/* The last one counts. */
			insn->prefix &= ~(EMU_PFX_F2 | EMU_PFX_F3);
			insn->prefix |= b == 0xf2 ? EMU_PFX_F2 : EMU_PFX_F3;
			break;
		case 0x64:
		case 0x65:
			insn->seg = b - 0x60;
			insn->prefix |= EMU_PFX_SEG;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
			/* Without effect in 64-bit mode; they do not cancel fs or gs. */
			insn->prefix |= EMU_PFX_SEG;
			break;
		default:
			if ((b & 0xf0) != 0x40)
				return b;
			*rex = 1;
			continue;
		}
		*rex = 0;
	}
}

static __u8 legacy_pp(const struct emu_insn *insn)
{
	if (insn->prefix & EMU_PFX_F2)
		return 3;
	if (insn->prefix & EMU_PFX_F3)
		return 2;
	return insn->prefix & EMU_PFX_66 ? 1 : 0;
}

static int row_fits(const struct emu_row *row, const struct emu_insn *insn,
		    const struct emu_bits *b)
{
	int mem = (insn->modrm >> 6) != 3;
	int evex = insn->encoding == EMU_ENC_EVEX;

	if (insn->opcode < row->lo || insn->opcode > row->hi)
		return 0;
	if (!(row->pp & PI) && !(row->pp & (1u << insn->pp)))
		return 0;
	if ((row->flags & F_W0 && insn->w) || (row->flags & F_W1 && !insn->w))
		return 0;
	if (row->flags & F_MODRM) {
		if (!(row->ext & (1u << ((insn->modrm >> 3) & 7))))
			return 0;
		if ((row->flags & F_MEMO && !mem) || (row->flags & F_REGO && mem))
			return 0;
	}
	if (!evex || row->flags & F_REST)
		return 1;
	/* Promoted: no masking, no zeroing, 128-bit length; ND and NF where the row knows them. */
	if (b->z || b->ll || (row->flags & F_MODRM && !mem && !b->u))
		return 0;
	if (row->flags & F_SCC)
		return !b->nd;
	if (b->aaa & 3)
		return 0;
	if (b->aaa && !(row->flags & F_NF))
		return 0;
	if (row->flags & F_REQNF && !b->aaa)
		return 0;
	if (b->nd ? !(row->flags & (F_ND | F_ZU | F_REQND)) : !!(row->flags & F_REQND))
		return 0;
	if (!(row->flags & F_VVVV) && !(row->flags & F_ND && b->nd) && b->v)
		return 0;
	return 1;
}

static const struct emu_row *find_row(enum emu_space space, const struct emu_insn *insn,
				      const struct emu_bits *b)
{
	const struct emu_row *row = emu_rows[space];
	unsigned int i;

	for (i = 0; i < emu_nr_rows[space] && row[i].lo <= insn->opcode; i++)
		if (row_fits(&row[i], insn, b))
			return &row[i];
	return NULL;
}

/* Does any row of this opcode carry a ModRM byte? Needed before the row can be chosen. */
static int has_modrm(enum emu_space space, __u8 opcode)
{
	const struct emu_row *row = emu_rows[space];
	unsigned int i;

	for (i = 0; i < emu_nr_rows[space] && row[i].lo <= opcode; i++)
		if (opcode <= row[i].hi && row[i].flags & F_MODRM)
			return 1;
	return 0;
}

static int is_vsib(enum emu_space space, __u8 opcode)
{
	if (space != SP_E2)
		return 0;
	return (opcode >= 0x90 && opcode <= 0x93) || (opcode >= 0xa0 && opcode <= 0xa3) ||
	       opcode == 0xc6 || opcode == 0xc7;
}

/* Checks of the architecture that the table's columns do not express. */
static enum emu_status check(const struct emu_insn *insn, const struct emu_row *row,
			     const struct emu_bits *b)
{
	if (insn->prefix & EMU_PFX_LOCK && !(row->flags & F_LOCK && insn->flags & EMU_F_MEM))
		return EMU_UD;
	switch (row->cls) {
	case C_UD:
		return EMU_UD;
	case C_JMPABS:
		return insn->prefix & EMU_PFX_67 ? EMU_UD : EMU_OK;
	case C_PUSH2:
		return insn->rm == EMU_RSP || insn->vreg == EMU_RSP ? EMU_UD : EMU_OK;
	case C_POP2:
		return insn->rm == EMU_RSP || insn->vreg == EMU_RSP || insn->rm == insn->vreg
			       ? EMU_UD
			       : EMU_OK;
	case C_SYSTEM:
		/* MOV CR and MOV DR: there is no CR16, no DR8, and the operand is a register. */
		if (insn->encoding == EMU_ENC_REX2 && insn->map == 1 &&
		    (insn->opcode & 0xfc) == 0x20) {
			if (b->r4 || (insn->opcode & 1 && b->r3))
				return EMU_UD;
			if (!(insn->opcode & 1) && b->r3 && (insn->modrm >> 3 & 7))
				return EMU_UD;
		}
		return EMU_OK;
	}
	/* CMPccXADD, MULX and gathers have their own rules for equal registers: left to the CPU. */
	return EMU_OK;
}

static enum emu_status finish(struct emu_cursor *c, struct emu_insn *insn, enum emu_space space,
			      const struct emu_bits *b)
{
	const struct emu_row *row;

	insn->opc_at = (__u8)(c->pos - 1);
	insn->asize = insn->prefix & EMU_PFX_67 ? 4 : 8;
	if (has_modrm(space, insn->opcode)) {
		insn->flags |= EMU_F_MODRM;
		insn->modrm = emu_take(c);
		if (c->st != EMU_OK)
			return c->st;
		insn->reg = ((insn->modrm >> 3) & 7) | b->r3 << 3 | b->r4 << 4;
	}
	row = find_row(space, insn, b);
	if (!row)
		return EMU_UD;
	insn->row = (unsigned long)row;
	if (row->flags & F_MODRM) {
		/* MOV CR and MOV DR ignore ModRM.mod. */
		int regs = (insn->modrm >> 6) == 3 ||
			   (insn->encoding == EMU_ENC_REX2 && insn->map == 1 &&
			    (insn->opcode & 0xfc) == 0x20);

		if (regs)
			insn->rm = (insn->modrm & 7) | b->b3 << 3 | b->b4 << 4;
		else
			emu_take_mem(c, insn, b, is_vsib(space, insn->opcode));
	}
	emu_set_opsize(insn, row);
	if (row->flags & F_COND)
		insn->cond = insn->opcode & 15;
	if (row->flags & F_SCC) {
		insn->cond = b->low;
		insn->dfv = b->dfv;
	} else if (insn->encoding == EMU_ENC_EVEX && !(row->flags & F_REST)) {
		insn->flags |= b->nd && row->flags & F_ND ? EMU_F_ND : 0;
		insn->flags |= b->nd && row->flags & F_ZU ? EMU_F_ZU : 0;
		insn->flags |= b->aaa & 4 ? EMU_F_NF : 0;
	}
	insn->flags |= row->flags & F_VEC ? EMU_F_VECTOR : 0;
	emu_take_operands(c, insn, row, b);
	if (c->st != EMU_OK)
		return c->st;
	if (insn->base != EMU_RIP && insn->base != EMU_NONE && insn->base >= EGPR_FIRST)
		insn->flags |= EMU_F_EGPR;
	if (insn->index != EMU_NONE && insn->index >= EGPR_FIRST && !(insn->flags & EMU_F_VSIB))
		insn->flags |= EMU_F_EGPR;
	if (row->cls >= C_PUSH && row->cls <= C_POPF)
		insn->flags |= row->cls == C_JMP || row->cls == C_JMPABS ? 0 : EMU_F_STACK;
	if (row->cls >= C_CALL && row->cls <= C_RET)
		insn->flags |= EMU_F_BRANCH;
	insn->len = insn->blen = (__u8)c->pos;
	emu_copy(insn->bytes, c->p, c->pos);
	return check(insn, row, b);
}

static enum emu_status decode_rex2(struct emu_cursor *c, struct emu_insn *insn)
{
	struct emu_bits b;
	__u8 p = emu_take(c);

	emu_zero(&b, sizeof(b));
	b.u = 1;
	b.r4 = p >> 6 & 1;
	b.x4 = p >> 5 & 1;
	b.b4 = p >> 4 & 1;
	b.r3 = p >> 2 & 1;
	b.x3 = p >> 1 & 1;
	b.b3 = p & 1;
	insn->w = p >> 3 & 1;
	insn->map = p >> 7;
	insn->encoding = EMU_ENC_REX2;
	insn->pp = legacy_pp(insn);
	insn->opcode = emu_take(c);
	if (c->st != EMU_OK)
		return c->st;
	return finish(c, insn, insn->map ? SP_R1 : SP_R0, &b);
}

static enum emu_space evex_space(unsigned int map)
{
	return map == 0 ? SP_NR : (enum emu_space)(SP_E1 + map - 1);
}

static enum emu_status decode_evex(struct emu_cursor *c, struct emu_insn *insn)
{
	enum emu_space space;
	enum emu_status st;
	struct emu_bits b;
	__u8 p0 = emu_take(c), p1 = emu_take(c), p2 = emu_take(c);

	insn->opcode = emu_take(c);
	if (c->st != EMU_OK)
		return c->st;
	b.r3 = !(p0 & 0x80);
	b.x3 = !(p0 & 0x40);
	b.b3 = !(p0 & 0x20);
	b.r4 = !(p0 & 0x10);
	b.b4 = !!(p0 & 0x08);
	b.u = p1 >> 2 & 1;
	b.x4 = !b.u;
	b.z = p2 >> 7;
	b.ll = p2 >> 5 & 3;
	b.nd = p2 >> 4 & 1;
	b.v = (~p1 >> 3 & 15) | (p2 & 8 ? 0 : 16);
	b.aaa = p2 & 7;
	b.low = p2 & 15;
	b.dfv = p1 >> 3 & 15;
	insn->encoding = EMU_ENC_EVEX;
	insn->map = p0 & 7;
	insn->w = p1 >> 7;
	insn->pp = p1 & 3;
	insn->vreg = b.v;
	space = evex_space(insn->map);
	if (space == SP_NR)
		return EMU_NOT_APX;
	st = finish(c, insn, space, &b);
	if (space == SP_E4 || space == SP_E7)
		return st;
	/* An EVEX instruction that names no EGPR and was not promoted is the CPU's own. */
	if (st == EMU_OK && emu_row(insn)->flags & F_REST) {
		if (!(insn->flags & EMU_F_EGPR))
			return EMU_NOT_APX;
		if (insn->flags & EMU_F_VSIB && !b.u)
			return EMU_UD;
		if (!(insn->flags & EMU_F_MEM) && !b.u)
			return EMU_UD;
	}
	return st;
}

/* MSR_IMM with a register below 16: VEX.128.{F2,F3}.MAP7.W0 F6 /0 id. */
static enum emu_status decode_vex(struct emu_cursor *c, struct emu_insn *insn)
{
	struct emu_bits b;
	__u8 p0 = emu_take(c), p1;

	if (c->st == EMU_OK && (p0 & 31) != 7)
		return EMU_NOT_APX;
	p1 = emu_take(c);
	insn->opcode = emu_take(c);
	if (c->st != EMU_OK)
		return c->st;
	emu_zero(&b, sizeof(b));
	b.r3 = !(p0 & 0x80);
	b.x3 = !(p0 & 0x40);
	b.b3 = !(p0 & 0x20);
	b.u = 1;
	b.v = ~p1 >> 3 & 15;
	insn->encoding = EMU_ENC_VEX;
	insn->map = 7;
	insn->w = p1 >> 7;
	insn->pp = p1 & 3;
	if (b.v || p1 & 4)
		return EMU_UD;
	return finish(c, insn, SP_E7, &b);
}

enum emu_status emu_decode(const __u8 *bytes, unsigned int len, struct emu_insn *insn)
{
	struct emu_cursor c = { bytes, len, 0, EMU_OK };
	const unsigned int mandatory = EMU_PFX_66 | EMU_PFX_F2 | EMU_PFX_F3 | EMU_PFX_LOCK;
	enum emu_status st;
	int rex;
	__u8 b;

	emu_insn_init(insn);
	b = take_prefixes(&c, insn, &rex);
	if (c.st != EMU_OK)
		return c.st;
	switch (b) {
	case 0xd5:
		st = decode_rex2(&c, insn);
		break;
	case 0x62:
		st = decode_evex(&c, insn);
		break;
	case 0xc4:
		st = decode_vex(&c, insn);
		break;
	default:
		return EMU_NOT_APX;
	}
	if (st != EMU_OK && st != EMU_UD)
		return st;
	if (rex || (b != 0xd5 && insn->prefix & mandatory))
		st = EMU_UD;
	if (st == EMU_UD)
		insn->row = 0;
	return st;
}
