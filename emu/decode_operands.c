// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding of what follows the opcode: memory operand, immediates, operand sizes, and
 * the list of operands that an opcode's row asks for.
 */
#include "decoding.h"

static __s64 sext(__u64 v, unsigned int bytes)
{
	unsigned int shift = 64 - 8 * bytes;

	return bytes >= 8 ? (__s64)v : (__s64)(v << shift) >> shift;
}

void emu_insn_init(struct emu_insn *insn)
{
	emu_zero(insn, sizeof(*insn));
	insn->seg = EMU_NONE;
	insn->base = EMU_NONE;
	insn->index = EMU_NONE;
}

void emu_take_mem(struct emu_cursor *c, struct emu_insn *insn, const struct emu_bits *b, int vsib)
{
	__u8 mod = insn->modrm >> 6, rm = insn->modrm & 7;

	insn->flags |= EMU_F_MEM;
	insn->disp_len = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	if (rm == 4) {
		__u8 idx, base;

		insn->sib = emu_take(c);
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
		insn->disp = sext(emu_take_le(c, insn->disp_len), insn->disp_len);
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

void emu_set_opsize(struct emu_insn *insn, const struct emu_row *row)
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

static void take_imm(struct emu_cursor *c, struct emu_insn *insn, unsigned int addr)
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
	v = emu_take_le(c, n);
	/* ENTER has two immediates: the second goes above the first. */
	if (insn->imm_len)
		insn->imm |= (__s64)(v << (8 * insn->imm_len));
	else if (addr == A_IS || addr == A_IZ)
		insn->imm = sext(v, n);
	else
		insn->imm = (__s64)v;
	insn->imm_len += n;
}

void emu_add_op(struct emu_insn *insn, unsigned int kind, unsigned int reg, unsigned int size,
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
		emu_add_op(insn, EMU_OP_MEM, 0, size, acc);
	else
		emu_add_op(insn, kind, insn->rm, size, acc);
}

/* MOVSXD reads 16 bits when it writes 16. */
static unsigned int rm_size(const struct emu_insn *insn, unsigned int size)
{
	if (insn->encoding == EMU_ENC_REX2 && insn->map == 0 && insn->opcode == 0x63 &&
	    insn->opsize == 2)
		return 2;
	return size;
}

void emu_take_operands(struct emu_cursor *c, struct emu_insn *insn, const struct emu_row *row,
		       const struct emu_bits *b)
{
	int ndd = row->flags & F_ND && b->nd;
	unsigned int i;

	if (ndd)
		emu_add_op(insn, EMU_OP_REG, insn->vreg, insn->opsize, EMU_ACC_W);
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
			emu_add_op(insn, EMU_OP_REG, insn->reg, size, acc);
			break;
		case A_Z:
			insn->reg = (insn->opcode & 7) | b->b3 << 3 | b->b4 << 4;
			emu_add_op(insn, EMU_OP_REG, insn->reg, size, acc);
			break;
		case A_V:
			emu_add_op(insn, EMU_OP_REG, insn->vreg, size, acc);
			break;
		case A_A:
			emu_add_op(insn, EMU_OP_REG, EMU_RAX, size, acc);
			break;
		case A_CL:
			emu_add_op(insn, EMU_OP_REG, EMU_RCX, size, acc);
			break;
		case A_IB:
		case A_IS:
		case A_IW:
		case A_IZ:
		case A_IV:
		case A_IQ:
		case A_ID:
			take_imm(c, insn, OP_ADDR(op));
			emu_add_op(insn, EMU_OP_IMM, 0, size, acc);
			break;
		case A_S:
			emu_add_op(insn, EMU_OP_SREG, insn->reg & 7, size, acc);
			break;
		case A_C:
			emu_add_op(insn, EMU_OP_CR, insn->reg, size, acc);
			break;
		case A_D:
			emu_add_op(insn, EMU_OP_DR, insn->reg, size, acc);
			break;
		case A_X:
			emu_add_op(insn, mmx, insn->reg, size, acc);
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
