// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rewriting an APX instruction onto legacy registers.
 *
 * Every register field is looked up in a small allocation: legacy registers stand for
 * themselves, EGPRs (and RSP, unless it is live) get a stand-in that the
 * instruction uses neither by name nor implicitly. A new data destination
 * is a stand-in that enters with the value of the operand which the legacy form
 * overwrites and leaves into EVEX.V, so that the two-operand instruction does the
 * work of the three-operand one.
 */
#include "internal.h"

struct alloc {
	struct emu_reenc *re;
	unsigned int used; /* legacy registers that are taken */
	int keep_rsp;
};

/*
 * Stand-ins in order of preference. Without rbp, r12 and r13, whose encodings
 * mean something else in ModRM.rm; without rsp, which is the host's.
 */
static const __u8 candidates[] = { 0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 15 };

static unsigned int spare(struct alloc *a)
{
	unsigned int i;

	for (i = 0; i < sizeof(candidates); i++)
		if (!(a->used & 1u << candidates[i])) {
			a->used |= 1u << candidates[i];
			return candidates[i];
		}
	return EMU_NONE;
}

static unsigned int stand_in(struct alloc *a, unsigned int in, unsigned int out)
{
	struct emu_move *m = &a->re->move[a->re->nmoves++];

	m->legacy = (__u8)spare(a);
	m->in = (__u8)in;
	m->out = (__u8)out;
	return m->legacy;
}

/* The legacy register that holds @reg, written back if @write. */
static unsigned int lookup(struct alloc *a, unsigned int reg, int write)
{
	unsigned int i;

	if (reg < EGPR_FIRST && (reg != EMU_RSP || a->keep_rsp))
		return reg;
	for (i = 0; i < a->re->nmoves; i++) {
		struct emu_move *m = &a->re->move[i];

		/* A new destination's stand-in is no copy of any source. */
		if (m->in != reg || (m->out != EMU_NONE && m->out != reg))
			continue;
		if (write)
			m->out = (__u8)reg;
		return m->legacy;
	}
	return stand_in(a, reg, write ? reg : EMU_NONE);
}

static int is_gpr(unsigned int addr)
{
	return addr == A_E || addr == A_G || addr == A_Z || addr == A_V;
}

/* Registers that the instruction names, so that no stand-in hides one of them. */
static unsigned int named(const struct emu_insn *insn)
{
	unsigned int i, mask = 0;

	for (i = 0; i < insn->nops; i++)
		if (insn->op[i].kind == EMU_OP_REG && insn->op[i].reg < EGPR_FIRST)
			mask |= 1u << insn->op[i].reg;
	if (insn->base < EGPR_FIRST)
		mask |= 1u << insn->base;
	if (insn->index < EGPR_FIRST && !(insn->flags & EMU_F_VSIB))
		mask |= 1u << insn->index;
	return mask;
}

struct fields {
	unsigned int reg, rm, v, z; /* legacy register numbers */
	unsigned int base, index;
	int rm_is_reg; /* ModRM.mod = 3 */
	int ea;	       /* memory operand is (base) alone */
};

static void put(struct emu_reenc *re, unsigned int byte)
{
	if (re->len < sizeof(re->code))
		re->code[re->len++] = (__u8)byte;
}

static void put_le(struct emu_reenc *re, __u64 v, unsigned int n)
{
	while (n--) {
		put(re, v & 0xff);
		v >>= 8;
	}
}

static void put_modrm(struct emu_reenc *re, const struct emu_insn *insn, const struct fields *f)
{
	unsigned int mod = insn->modrm >> 6, rm = insn->modrm & 7, reg = f->reg & 7;

	if (f->rm_is_reg) {
		put(re, 0xc0 | reg << 3 | (f->rm & 7));
		return;
	}
	if (f->ea) {
		/* A vector disp8 keeps its place: its factor is the CPU's business. */
		int disp8 = insn->flags & EMU_F_VECTOR && insn->encoding == EMU_ENC_EVEX &&
			    mod == 1 && emu_row(insn)->flags & F_REST;
		unsigned int m = disp8 ? 0x40 : 0;

		if (insn->flags & EMU_F_VSIB) {
			put(re, m | reg << 3 | 4);
			put(re, insn->scale << 6 | (insn->index & 7) << 3 | (f->base & 7));
		} else {
			put(re, m | reg << 3 | (f->base & 7));
		}
		if (disp8)
			put_le(re, (__u64)insn->disp, 1);
		return;
	}
	if (rm == 4) {
		unsigned int base = insn->base == EMU_NONE ? 5 : f->base & 7;
		unsigned int index = insn->index == EMU_NONE ? 4 : f->index & 7;

		put(re, mod << 6 | reg << 3 | 4);
		put(re, insn->scale << 6 | index << 3 | base);
	} else {
		put(re, mod << 6 | reg << 3 | (f->base & 7));
	}
	put_le(re, (__u64)insn->disp, insn->disp_len);
}

static void put_opcode_tail(struct emu_reenc *re, const struct emu_insn *insn,
			    const struct fields *f, unsigned int opcode)
{
	put(re, opcode);
	if (insn->flags & EMU_F_MODRM)
		put_modrm(re, insn, f);
	put_le(re, (__u64)insn->imm, insn->imm_len);
}

static void put_prefixes(struct emu_reenc *re, const struct emu_insn *insn, const struct fields *f)
{
	if (!f->ea && !f->rm_is_reg && insn->flags & EMU_F_MEM) {
		if (insn->seg != EMU_NONE)
			put(re, 0x60 + insn->seg);
		if (insn->prefix & EMU_PFX_67)
			put(re, 0x67);
	}
	if (insn->prefix & EMU_PFX_LOCK)
		put(re, 0xf0);
}

static void put_legacy(struct emu_reenc *re, const struct emu_insn *insn, const struct fields *f)
{
	const struct emu_row *row = emu_row(insn);
	unsigned int map = emu_native_map(insn), opcode = emu_native_opcode(insn);
	unsigned int b = f->rm_is_reg ? f->rm : f->base, rex = 0x40;
	unsigned int i;

	put_prefixes(re, insn, f);
	if (insn->encoding == EMU_ENC_EVEX) {
		/* Mandatory prefix of the legacy form, then 66 as the operand size. */
		if (row->npp == 1 || (insn->pp == 1 && (row->pp & (P0 | P6)) == (P0 | P6)))
			put(re, 0x66);
		if (row->npp >= 2)
			put(re, row->npp == 2 ? 0xf3 : 0xf2);
	} else {
		if (insn->prefix & EMU_PFX_66)
			put(re, 0x66);
		if (insn->prefix & EMU_PFX_F2)
			put(re, 0xf2);
		if (insn->prefix & EMU_PFX_F3)
			put(re, 0xf3);
	}
	for (i = 0; i < 3; i++)
		if (OP_ADDR(OP_AT(row->ops, i)) == A_Z) {
			b = f->z;
			opcode = (opcode & ~7u) | (f->z & 7);
		}
	/* Always a REX: without one, byte registers 4..7 are AH..BH. */
	rex |= insn->w << 3 | (f->reg >> 3 & 1) << 2 | (b >> 3 & 1);
	if (!f->ea && !f->rm_is_reg && f->index != EMU_NONE)
		rex |= (f->index >> 3 & 1) << 1;
	put(re, rex);
	if (map >= 1)
		put(re, 0x0f);
	if (map == 2)
		put(re, 0x38);
	if (map == 3)
		put(re, 0x3a);
	put_opcode_tail(re, insn, f, opcode);
}

static void put_vex(struct emu_reenc *re, const struct emu_insn *insn, const struct fields *f)
{
	unsigned int b = f->rm_is_reg ? f->rm : f->base;
	unsigned int x = f->ea || f->rm_is_reg || f->index == EMU_NONE ? 0 : f->index;
	unsigned int v = emu_row(insn)->flags & F_VVVV ? f->v : 0;
	unsigned int r = f->reg;

	/* KMOV between k and memory has no register in ModRM.reg beyond k7. */
	put_prefixes(re, insn, f);
	put(re, 0xc4);
	put(re, (~(r >> 3) & 1) << 7 | (~(x >> 3) & 1) << 6 | (~(b >> 3) & 1) << 5 | insn->map);
	put(re, insn->w << 7 | (~v & 15) << 3 | insn->pp);
	put_opcode_tail(re, insn, f, insn->opcode);
}

/* EVEX stays EVEX; only what extended the address or a general register changes. */
static void put_evex(struct emu_reenc *re, const struct emu_insn *insn, const struct fields *f,
		     int reg_is_gpr, int rm_is_gpr)
{
	const __u8 *evex = &insn->bytes[insn->opc_at - 3];
	unsigned int p0 = evex[0], p1 = evex[1];
	unsigned int b = f->rm_is_reg ? f->rm : f->base;

	put_prefixes(re, insn, f);
	put(re, 0x62);
	p0 &= ~0x08u;
	p1 |= 4;
	if (reg_is_gpr)
		p0 = (p0 & ~0x90u) | (~(f->reg >> 3) & 1) << 7 | 0x10;
	if (rm_is_gpr || !f->rm_is_reg) {
		p0 = (p0 & ~0x20u) | (~(b >> 3) & 1) << 5;
		if (f->ea && !(insn->flags & EMU_F_VSIB))
			p0 |= 0x40;
		else if (!(insn->flags & EMU_F_VSIB))
			p0 = (p0 & ~0x40u) | (f->index == EMU_NONE ? 1u : ~(f->index >> 3) & 1)
						     << 6;
	}
	put(re, p0);
	put(re, p1);
	put(re, evex[2]);
	put_opcode_tail(re, insn, f, insn->opcode);
}

static int re_encodable(const struct emu_insn *insn)
{
	switch (emu_row(insn)->cls) {
	case C_NATIVE:
	case C_LEA:
	case C_DIV:
	case C_BT:
	case C_CCMP:
		return 1;
	default:
		return 0;
	}
}

enum emu_status emu_reencode(const struct emu_insn *insn, unsigned int mode, struct emu_reenc *re)
{
	const struct emu_row *row = emu_row(insn);
	struct alloc a = { re, 0, !!(mode & EMU_RE_RSP) };
	struct fields f = { 0, 0, 0, 0, EMU_NONE, EMU_NONE, 0, 0 };
	int reg_gpr = 0, rm_gpr = 0, mem = !!(insn->flags & EMU_F_MEM);
	int ndd = !!(insn->flags & EMU_F_ND), mem_is_dest = 0;
	unsigned int i, dest, zu = EMU_NONE;

	emu_zero(re, sizeof(*re));
	if (!row || !re_encodable(insn) || row->flags & F_IMPM)
		return EMU_UNSUPPORTED;
	a.used = 1u << EMU_RSP | row->impl | named(insn);
	re->noflags = !!(insn->flags & EMU_F_NF);
	if ((ndd || insn->flags & EMU_F_ZU) && insn->opsize < 4)
		re->zext = insn->opsize;
	f.reg = insn->modrm >> 3 & 7;
	f.rm_is_reg = insn->flags & EMU_F_MODRM && !mem;
	if (insn->flags & EMU_F_MODRM)
		f.rm = insn->rm & 15;

	/* The new destination first: its stand-in must be nobody else's. */
	if (ndd) {
		unsigned int from;

		dest = OP_ADDR(OP_AT(row->ops, 0));
		mem_is_dest = mem && dest == A_E;
		from = mem_is_dest ? EMU_RE_IN_MEM : dest == A_E ? insn->rm : insn->reg;
		i = stand_in(&a, from, insn->vreg);
		/* stand_in() recorded the destination; lookup() will not reuse it. */
		if (dest == A_E) {
			f.rm = i;
			f.rm_is_reg = 1;
			rm_gpr = 1;
		} else {
			f.reg = i;
			reg_gpr = 1;
		}
	}
	/* A zeroed upper part is the caller's work on @out, so a legacy register needs one too. */
	if (insn->flags & EMU_F_ZU && re->zext && insn->op[0].kind == EMU_OP_REG &&
	    insn->op[0].reg < EGPR_FIRST)
		zu = stand_in(&a, insn->op[0].reg, insn->op[0].reg);
	for (i = 0; i < 3; i++) {
		unsigned int op = OP_AT(row->ops, i);
		unsigned int addr = OP_ADDR(op);
		int write = !!(OP_ACC(op) & EMU_ACC_W);

		if (!is_gpr(addr) && addr != A_X && addr != A_C && addr != A_D)
			continue;
		if (ndd && i == 0)
			continue;
		if (zu != EMU_NONE && i == 0) {
			if (addr == A_E) {
				f.rm = zu;
				rm_gpr = 1;
			} else {
				f.reg = zu;
				reg_gpr = 1;
			}
			continue;
		}
		switch (addr) {
		case A_E:
			if (!mem) {
				f.rm = lookup(&a, insn->rm, write);
				rm_gpr = 1;
			}
			break;
		case A_G:
			f.reg = lookup(&a, insn->reg, write);
			reg_gpr = 1;
			break;
		case A_Z:
			f.z = lookup(&a, insn->reg, write);
			break;
		case A_V:
			f.v = lookup(&a, insn->vreg, write);
			break;
		default:
			f.reg = insn->reg & 15;
		}
	}
	if (mem && !mem_is_dest) {
		int rip = insn->base == EMU_RIP;

		if (mode & EMU_RE_EA || rip) {
			f.base = stand_in(&a, EMU_RE_IN_EA, EMU_NONE);
			f.ea = 1;
		} else {
			if (insn->base != EMU_NONE)
				f.base = lookup(&a, insn->base, 0);
			if (insn->flags & EMU_F_VSIB)
				f.index = insn->index;
			else if (insn->index != EMU_NONE)
				f.index = lookup(&a, insn->index, 0);
		}
	}
	if (row->flags & F_REST)
		put_evex(re, insn, &f, reg_gpr, rm_gpr);
	else if (row->flags & F_VEX)
		put_vex(re, insn, &f);
	else
		put_legacy(re, insn, &f);
	for (i = 0; i < re->nmoves; i++)
		if (re->move[i].legacy == EMU_NONE)
			return EMU_UNSUPPORTED;
	return re->len <= EMU_INSN_MAX ? EMU_OK : EMU_UNSUPPORTED;
}
