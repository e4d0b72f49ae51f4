// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding of REX2, of EVEX as APX extends it, and of MSR_IMM.
 *
 * Bytes are taken one at a time through a cursor that knows both limits, the caller's
 * and the architecture's 15 bytes, so nothing is ever read that was not given.
 * Which opcodes exist and what their operands are stands in opcode.c alone.
 */
#include "internal.h"

struct cursor {
	const __u8 *p;
	unsigned int len;
	unsigned int pos;
	enum emu_status st;
};

/* Register-number and meaning bits of the prefix, none inverted. */
struct bits {
	__u8 r3, x3, b3, r4, x4, b4, v, u, z, ll, nd, aaa, low, dfv;
};

static __u8 take(struct cursor *c)
{
	if (c->st != EMU_OK)
		return 0;
	if (c->pos >= EMU_INSN_MAX) {
		c->st = EMU_GP;
		return 0;
	}
	if (c->pos >= c->len) {
		c->st = EMU_SHORT;
		return 0;
	}
	return c->p[c->pos++];
}

static __u64 take_le(struct cursor *c, unsigned int n)
{
	__u64 v = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		v |= (__u64)take(c) << (8 * i);
	return v;
}

static __s64 sext(__u64 v, unsigned int bytes)
{
	unsigned int shift = 64 - 8 * bytes;

	return bytes >= 8 ? (__s64)v : (__s64)(v << shift) >> shift;
}

/* Legacy prefixes. A REX that another legacy prefix follows is ignored; *rex says if one is live. */
static __u8 take_prefixes(struct cursor *c, struct emu_insn *insn, int *rex)
{
	*rex = 0;
	for (;;) {
		__u8 b = take(c);

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

static int row_fits(const struct emu_row *row, const struct emu_insn *insn, const struct bits *b)
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
				      const struct bits *b)
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

static void take_mem(struct cursor *c, struct emu_insn *insn, const struct bits *b, int vsib)
{
	__u8 mod = insn->modrm >> 6, rm = insn->modrm & 7;

	insn->flags |= EMU_F_MEM;
	insn->disp_len = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	if (rm == 4) {
		__u8 idx, base;

		insn->sib = take(c);
		idx = ((insn->sib >> 3) & 7) | b->x3 << 3;
		base = insn->sib & 7;
		insn->scale = insn->sib >> 6;
		if (vsib) {
			insn->flags |= EMU_F_VSIB;
			insn->index = idx | (b->v & 16);
		} else {
			idx |= b->x4 << 4;
			insn->index = idx == EMU_RSP ? EMU_NONE : idx;
		}
		if (base == 5 && mod == 0)
			insn->disp_len = 4;
		else
			insn->base = base | b->b3 << 3 | b->b4 << 4;
	} else if (rm == 5 && mod == 0) {
		insn->disp_len = 4;
		insn->base = EMU_RIP;
	} else {
		insn->base = rm | b->b3 << 3 | b->b4 << 4;
	}
	if (insn->disp_len)
		insn->disp = sext(take_le(c, insn->disp_len), insn->disp_len);
}

static unsigned int size_of(const struct emu_insn *insn, unsigned int size)
{
	switch (size) {
	case S_b:
		return 1;
	case S_w:
		return 2;
	case S_d:
		return 4;
	case S_q:
		return 8;
	case S_v:
		return insn->opsize;
	case S_y:
		return insn->w ? 8 : 4;
	case S_z:
		return insn->w ? 16 : 8;
	default:
		return 0;
	}
}

static void set_opsize(struct emu_insn *insn, const struct emu_row *row)
{
	unsigned int addr = OP_ADDR(OP_AT(row->ops, 0));
	int pfx66;

	if (insn->encoding == EMU_ENC_EVEX)
		pfx66 = insn->pp == 1 && (row->pp & (P0 | P6)) == (P0 | P6);
	else
		pfx66 = !!(insn->prefix & EMU_PFX_66);

	if (insn->w || row->flags & F_F64)
		insn->opsize = 8;
	else if (pfx66)
		insn->opsize = 2;
	else
		insn->opsize = row->flags & F_D64 ? 8 : 4;
	if (OP_SIZE(OP_AT(row->ops, 0)) == S_b && addr <= A_A)
		insn->opsize = 1;
}

static void take_imm(struct cursor *c, struct emu_insn *insn, unsigned int addr)
{
	unsigned int n = 0;
	__u64 v;

	switch (addr) {
	case A_IB:
	case A_IS:
		n = 1;
		break;
	case A_IW:
		n = 2;
		break;
	case A_IZ:
		n = insn->opsize == 2 ? 2 : 4;
		break;
	case A_ID:
		n = 4;
		break;
	case A_IV:
		n = insn->opsize;
		break;
	case A_IQ:
		n = 8;
		break;
	}
	v = take_le(c, n);
	/* ENTER has two immediates: the second goes above the first. */
	if (insn->imm_len)
		insn->imm |= (__s64)(v << (8 * insn->imm_len));
	else if (addr == A_IS || addr == A_IZ)
		insn->imm = sext(v, n);
	else
		insn->imm = (__s64)v;
	insn->imm_len += n;
}

static void add_op(struct emu_insn *insn, unsigned int kind, unsigned int reg, unsigned int size,
		   unsigned int acc)
{
	struct emu_operand *op = &insn->op[insn->nops++];

	op->kind = kind;
	op->reg = reg;
	op->size = size;
	op->access = acc;
	if (kind == EMU_OP_REG && reg >= EGPR_FIRST)
		insn->flags |= EMU_F_EGPR;
}

static void add_rm(struct emu_insn *insn, unsigned int kind, unsigned int size, unsigned int acc)
{
	if (insn->flags & EMU_F_MEM)
		add_op(insn, EMU_OP_MEM, 0, size, acc);
	else
		add_op(insn, kind, insn->rm, size, acc);
}

/* MOVSXD reads 16 bits when it writes 16. */
static unsigned int rm_size(const struct emu_insn *insn, unsigned int size)
{
	if (insn->encoding == EMU_ENC_REX2 && insn->map == 0 && insn->opcode == 0x63 &&
	    insn->opsize == 2)
		return 2;
	return size;
}

static void take_operands(struct cursor *c, struct emu_insn *insn, const struct emu_row *row,
			  const struct bits *b)
{
	int ndd = row->flags & F_ND && b->nd;
	unsigned int i;

	if (ndd)
		add_op(insn, EMU_OP_REG, insn->vreg, insn->opsize, EMU_ACC_W);
	for (i = 0; i < 3; i++) {
		unsigned int op = OP_AT(row->ops, i);
		unsigned int size = size_of(insn, OP_SIZE(op));
		unsigned int acc = OP_ACC(op);
		unsigned int mmx = row->flags & F_MMX && insn->pp == 0 ? EMU_OP_MMX : EMU_OP_XMM;

		if (ndd)
			acc &= ~EMU_ACC_W;
		switch (OP_ADDR(op)) {
		case A_NONE:
			return;
		case A_E:
			add_rm(insn, EMU_OP_REG, rm_size(insn, size), acc);
			break;
		case A_M:
			add_rm(insn, EMU_OP_REG, size, acc);
			break;
		case A_G:
			add_op(insn, EMU_OP_REG, insn->reg, size, acc);
			break;
		case A_Z:
			insn->reg = (insn->opcode & 7) | b->b3 << 3 | b->b4 << 4;
			add_op(insn, EMU_OP_REG, insn->reg, size, acc);
			break;
		case A_V:
			add_op(insn, EMU_OP_REG, insn->vreg, size, acc);
			break;
		case A_A:
			add_op(insn, EMU_OP_REG, EMU_RAX, size, acc);
			break;
		case A_CL:
			add_op(insn, EMU_OP_REG, EMU_RCX, size, acc);
			break;
		case A_IB:
		case A_IS:
		case A_IW:
		case A_IZ:
		case A_IV:
		case A_IQ:
		case A_ID:
			take_imm(c, insn, OP_ADDR(op));
			add_op(insn, EMU_OP_IMM, 0, size, acc);
			break;
		case A_S:
			add_op(insn, EMU_OP_SREG, insn->reg & 7, size, acc);
			break;
		case A_C:
			add_op(insn, EMU_OP_CR, insn->reg, size, acc);
			break;
		case A_D:
			add_op(insn, EMU_OP_DR, insn->reg, size, acc);
			break;
		case A_X:
			add_op(insn, mmx, insn->reg, size, acc);
			break;
		case A_W:
			add_rm(insn, mmx, size, acc);
			break;
		case A_F:
			add_rm(insn, EMU_OP_ST, size, acc);
			break;
		}
	}
}

/* Checks of the architecture that the table's columns do not express. */
static enum emu_status check(const struct emu_insn *insn, const struct emu_row *row,
			     const struct bits *b)
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

static enum emu_status finish(struct cursor *c, struct emu_insn *insn, enum emu_space space,
			      const struct bits *b)
{
	const struct emu_row *row;

	insn->opc_at = (__u8)(c->pos - 1);
	insn->asize = insn->prefix & EMU_PFX_67 ? 4 : 8;
	if (has_modrm(space, insn->opcode)) {
		insn->flags |= EMU_F_MODRM;
		insn->modrm = take(c);
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
			take_mem(c, insn, b, is_vsib(space, insn->opcode));
	}
	set_opsize(insn, row);
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
	take_operands(c, insn, row, b);
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

static enum emu_status decode_rex2(struct cursor *c, struct emu_insn *insn)
{
	struct bits b;
	__u8 p = take(c);

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
	insn->opcode = take(c);
	if (c->st != EMU_OK)
		return c->st;
	return finish(c, insn, insn->map ? SP_R1 : SP_R0, &b);
}

static enum emu_space evex_space(unsigned int map)
{
	return map == 0 ? SP_NR : (enum emu_space)(SP_E1 + map - 1);
}

static enum emu_status decode_evex(struct cursor *c, struct emu_insn *insn)
{
	enum emu_space space;
	enum emu_status st;
	struct bits b;
	__u8 p0 = take(c), p1 = take(c), p2 = take(c);

	insn->opcode = take(c);
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
static enum emu_status decode_vex(struct cursor *c, struct emu_insn *insn)
{
	struct bits b;
	__u8 p0 = take(c), p1;

	if (c->st == EMU_OK && (p0 & 31) != 7)
		return EMU_NOT_APX;
	p1 = take(c);
	insn->opcode = take(c);
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

static void insn_init(struct emu_insn *insn)
{
	emu_zero(insn, sizeof(*insn));
	insn->seg = EMU_NONE;
	insn->base = EMU_NONE;
	insn->index = EMU_NONE;
}

enum emu_status emu_decode(const __u8 *bytes, unsigned int len, struct emu_insn *insn)
{
	struct cursor c = { bytes, len, 0, EMU_OK };
	const unsigned int mandatory = EMU_PFX_66 | EMU_PFX_F2 | EMU_PFX_F3 | EMU_PFX_LOCK;
	enum emu_status st;
	int rex;
	__u8 b;

	insn_init(insn);
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

/* clang-format off */
static const struct emu_row row_xsave = {
	0, 0xff, 0xff, PA, C_XSAVE, N_SAME, 0, 0, OP(M, 0, RW_), I_A | I_D, F_MODRM | F_MEMO };
static const struct emu_row row_xgetbv = {
	0x01, 0x01, 0xff, PA, C_XGETBV, N_SAME, 0, 0, 0, I_A | I_C | I_D, 0 };
static const struct emu_row row_xsetbv = {
	0x01, 0x01, 0xff, PA, C_XSETBV, N_SAME, 0, 0, 0, I_A | I_C | I_D, 0 };
/* clang-format on */

static const struct emu_row *trap_row(const struct emu_insn *insn)
{
	unsigned int ext = insn->modrm >> 3 & 7;

	if (insn->opcode == 0x01 && insn->modrm == 0xd0)
		return &row_xgetbv;
	if (insn->opcode == 0x01 && insn->modrm == 0xd1)
		return &row_xsetbv;
	if ((insn->modrm >> 6) == 3)
		return NULL;
	if (insn->opcode == OPC_AE && (ext == AE_XSAVE || ext == AE_XRSTOR || ext == AE_XSAVEOPT))
		return &row_xsave;
	if (insn->opcode == OPC_C7 && (ext == C7_XSAVEC || ext == C7_XSAVES || ext == C7_XRSTORS))
		return &row_xsave;
	return NULL;
}

#define UD2_LEN 2

enum emu_status emu_decode_trap(const __u8 *bytes, unsigned int len, struct emu_insn *insn)
{
	struct cursor c = { bytes, len, 0, EMU_OK };
	struct bits b;
	__u8 op;

	insn_init(insn);
	emu_zero(&b, sizeof(b));
	if (take(&c) != 0x0f || take(&c) != 0x0b)
		return c.st == EMU_OK ? EMU_NOT_APX : c.st;
	c.p += UD2_LEN;
	c.len -= UD2_LEN;
	c.pos = 0;
	op = take(&c);
	while (op == 0x64 || op == 0x65 || op == 0x3e) {
		insn->seg = op == 0x3e ? insn->seg : op - 0x60;
		insn->prefix |= EMU_PFX_SEG;
		op = take(&c);
	}
	if ((op & 0xf0) == 0x40) {
		insn->w = op >> 3 & 1;
		b.r3 = op >> 2 & 1;
		b.x3 = op >> 1 & 1;
		b.b3 = op & 1;
		op = take(&c);
	}
	if (op != 0x0f)
		return c.st == EMU_OK ? EMU_NOT_APX : c.st;
	insn->map = 1;
	insn->encoding = EMU_ENC_LEGACY;
	insn->opcode = take(&c);
	insn->opc_at = (__u8)(c.pos - 1);
	insn->modrm = take(&c);
	if (c.st != EMU_OK)
		return c.st;
	insn->row = (unsigned long)trap_row(insn);
	if (!insn->row)
		return EMU_NOT_APX;
	insn->flags = EMU_F_MODRM | EMU_F_TRAP;
	insn->asize = 8;
	insn->opsize = insn->w ? 8 : 4;
	insn->reg = insn->modrm >> 3 & 7;
	if (emu_row(insn)->cls == C_XSAVE) {
		take_mem(&c, insn, &b, 0);
		add_op(insn, EMU_OP_MEM, 0, 0, EMU_ACC_R | EMU_ACC_W);
	}
	if (c.st != EMU_OK)
		return c.st;
	insn->blen = (__u8)c.pos;
	insn->len = (__u8)(c.pos + UD2_LEN);
	emu_copy(insn->bytes, c.p, c.pos);
	return EMU_OK;
}
