// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execution of what has a legacy instruction.
 *
 * It is re-encoded and run by the host's @native callback, on the real memory
 * (EMU_DIRECT) or on a bounce buffer between the host's read and write callbacks.
 * A host without an executable slot gets the written-out semantics of semantics.c.
 */
#include "internal.h"

#define BOUNCE 16 /* bytes of the largest memory operand that is bounced (CMPXCHG16B) */

/*
 * Would the division fault? Compares instead of dividing, because a kernel build has no
 * 128-bit division: |dividend| must be below (largest quotient + 1) * |divisor|.
 */
static int div_faults(const struct emu_ctx *ctx, unsigned int size, __u64 divisor, int is_signed)
{
	unsigned int bits = 8 * size;
	unsigned __int128 lo, hi, dividend, limit;
	__u64 mask = emu_mask(size);
	int neg_dividend, neg_divisor;

	if (size == 1) {
		lo = ctx->gpr[EMU_RAX] & 0xff;
		hi = ctx->gpr[EMU_RAX] >> 8 & 0xff;
	} else {
		lo = ctx->gpr[EMU_RAX] & mask;
		hi = ctx->gpr[EMU_RDX] & mask;
	}
	if (!divisor)
		return 1;
	if (!is_signed)
		return hi >= divisor;
	dividend = hi << bits | lo;
	neg_dividend = (int)(hi >> (bits - 1) & 1);
	neg_divisor = (int)(divisor >> (bits - 1) & 1);
	if (neg_dividend) {
		dividend = -dividend;
		if (bits < 64)
			dividend &= ((unsigned __int128)1 << (2 * bits)) - 1;
	}
	if (neg_divisor)
		divisor = -divisor & mask;
	limit = (unsigned __int128)divisor << (bits - 1);
	if (neg_dividend != neg_divisor)
		limit += divisor;
	return dividend >= limit;
}

/* The legacy register that holds the register operand @reg in re-encoded code. */
static unsigned int holder(const struct emu_reenc *re, unsigned int reg)
{
	unsigned int i;

	for (i = 0; i < re->nmoves; i++)
		if (re->move[i].in == reg)
			return re->move[i].legacy;
	return reg;
}

struct bounce {
	__u64 addr;
	unsigned int len;
	unsigned int acc;
	int locked;
	union {
		__u8 b[BOUNCE];
		__u64 q[2];
	} __attribute__((aligned(16))) buf, old;
};

static void native_load(struct emu_ctx *ctx, const struct emu_reenc *re, struct emu_native *n,
			__u64 ea, __u64 mem)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		n->gpr[i] = ctx->gpr[i];
	for (i = 0; i < re->nmoves; i++) {
		const struct emu_move *m = &re->move[i];

		if (m->in == EMU_RE_IN_EA)
			n->gpr[m->legacy] = ea;
		else if (m->in == EMU_RE_IN_MEM)
			n->gpr[m->legacy] = mem;
		else
			n->gpr[m->legacy] = emu_get(ctx, m->in);
	}
	n->rflags = ctx->rflags & FL_STATUS;
	n->len = re->len;
	emu_copy(n->code, re->code, sizeof(n->code));
}

static void native_store(struct emu_ctx *ctx, const struct emu_reenc *re,
			 const struct emu_native *n)
{
	unsigned int i, stand_ins = 1u << EMU_RSP;

	for (i = 0; i < re->nmoves; i++)
		stand_ins |= 1u << re->move[i].legacy;
	for (i = 0; i < 16; i++)
		if (!(stand_ins & 1u << i))
			ctx->gpr[i] = n->gpr[i];
	for (i = 0; i < re->nmoves; i++) {
		const struct emu_move *m = &re->move[i];
		__u64 v = n->gpr[m->legacy];

		if (m->out != EMU_NONE)
			emu_set(ctx, m->out, re->zext ? v & emu_mask(re->zext) : v);
	}
	if (!re->noflags)
		ctx->rflags = (ctx->rflags & ~(__u64)FL_STATUS) | (n->rflags & FL_STATUS);
}

static enum emu_status bounce_out(struct emu_ctx *ctx, const struct emu_insn *insn,
				  struct bounce *bn, int *again)
{
	enum emu_status st;

	*again = 0;
	if (!(bn->acc & EMU_ACC_W))
		return EMU_OK;
	if (!bn->locked)
		return emu_mem_write(ctx, insn, bn->addr, bn->buf.b, bn->len);
	st = ctx->host->cmpxchg(ctx, bn->addr, &bn->old.q[0], bn->buf.q[0], bn->len);
	if (st != EMU_SHORT)
		return st;
	*again = 1;
	return EMU_OK;
}

/* XCHG with memory locks without being told to. */
static int is_xchg(const struct emu_insn *insn)
{
	return emu_native_map(insn) == 0 && (emu_native_opcode(insn) & 0xfe) == 0x86;
}

static enum emu_status exec_bounced(struct emu_ctx *ctx, const struct emu_insn *insn,
				    const struct emu_reenc *re, const struct emu_operand *mem,
				    __u64 ea, __u64 ndd_value)
{
	int bt = mem && emu_row(insn)->cls == C_BT && !(insn->flags & EMU_F_ND);
	unsigned int bit_holder = 0;
	struct emu_native n;
	struct bounce bn;
	enum emu_status st;
	__u64 bit = 0;
	int again;

	bn.addr = ea;
	bn.len = mem ? mem->size : 0;
	bn.acc = mem ? mem->access : 0;
	bn.locked = (insn->prefix & EMU_PFX_LOCK || is_xchg(insn)) && ctx->host->cmpxchg &&
		    bn.len <= 8;
	bn.buf.q[0] = bn.buf.q[1] = 0;
	if (bt) {
		/* The bit number is signed and reaches beyond the operand at the address. */
		unsigned int shift = insn->opsize == 2 ? 4 : insn->opsize == 4 ? 5 : 6;
		__s64 v = (__s64)(emu_get(ctx, insn->reg) << (64 - 8 * insn->opsize)) >>
			  (64 - 8 * insn->opsize);

		bn.addr += (__u64)((v >> shift) * insn->opsize);
		bit = (__u64)v & (8u * insn->opsize - 1);
		bit_holder = holder(re, insn->reg);
	}
	if (bn.acc & EMU_ACC_R) {
		st = emu_mem_read(ctx, insn, bn.addr, bn.buf.b, bn.len,
				  bn.acc & EMU_ACC_W ? EMU_READ_FOR_WRITE : EMU_READ);
		if (st != EMU_OK)
			return st;
	}
	do {
		bn.old = bn.buf;
		native_load(ctx, re, &n, (__u64)(unsigned long)bn.buf.b, ndd_value);
		if (bt)
			n.gpr[bit_holder] = bit;
		n.vector = 0;
		st = ctx->host->native(ctx, &n);
		if (st != EMU_OK)
			return st;
		st = bounce_out(ctx, insn, &bn, &again);
		if (st != EMU_OK)
			return st;
		if (again)
			bn.buf = bn.old;
	} while (again);
	if (bt && bit_holder < 16)
		n.gpr[bit_holder] = ctx->gpr[bit_holder];
	native_store(ctx, re, &n);
	return EMU_OK;
}

static enum emu_status exec_native(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_row *row = emu_row(insn);
	const struct emu_operand *mem = emu_mem_operand(insn);
	int direct = !!(ctx->mode & EMU_DIRECT);
	__u64 ea = mem ? emu_ea(ctx, insn) : 0, ndd_value = 0;
	struct emu_reenc re;
	struct emu_native n;
	enum emu_status st;

	if (!direct && row->flags & F_HOST)
		return emu_fail(ctx, EMU_UNSUPPORTED, "would act on the emulating CPU's own state");
	if (!direct && insn->flags & EMU_F_VECTOR)
		return emu_fail(ctx, EMU_UNSUPPORTED, "this host has no vector or x87 state");
	if (emu_reencode(insn, EMU_RE_EA, &re) != EMU_OK)
		return emu_fail(ctx, EMU_UNSUPPORTED, "no legacy form to re-encode to");
	if (row->cls == C_DIV) {
		__u64 divisor;

		st = emu_get_rm(ctx, insn, insn->opsize, &divisor);
		if (st != EMU_OK)
			return st;
		if (div_faults(ctx, insn->opsize, divisor, (insn->modrm >> 3 & 7) == 7))
			return emu_fail(ctx, EMU_DE, "divide error");
	}
	if (insn->flags & EMU_F_ND && mem && OP_ADDR(OP_AT(row->ops, 0)) == A_E) {
		/* The overwritten operand was memory: it is only read now. */
		st = emu_mem_read(ctx, insn, ea, &ndd_value, mem->size, EMU_READ);
		if (st != EMU_OK)
			return st;
		mem = NULL;
	}
	if (direct) {
		native_load(ctx, &re, &n, ea, ndd_value);
		n.vector = !!(insn->flags & EMU_F_VECTOR);
		st = ctx->host->native(ctx, &n);
		if (st == EMU_OK)
			native_store(ctx, &re, &n);
	} else {
		st = exec_bounced(ctx, insn, &re, mem, ea, ndd_value);
	}
	return st;
}

/* The same without an executable slot. */
static enum emu_status exec_written(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_row *row = emu_row(insn);
	unsigned int skip = insn->flags & EMU_F_ND ? 1 : 0, i;
	__u64 v[3] = { 0, 0, 0 }, rflags = ctx->rflags, ea = 0;
	enum emu_status st;

	if (insn->flags & EMU_F_VECTOR || row->cls == C_DIV || row->cls == C_BT)
		return emu_fail(ctx, EMU_UNSUPPORTED, "needs an executable slot");
	if (insn->flags & EMU_F_MEM)
		ea = emu_ea(ctx, insn);
	for (i = 0; i + skip < insn->nops && i < 3; i++) {
		const struct emu_operand *op = &insn->op[i + skip];

		if (op->kind == EMU_OP_REG) {
			v[i] = emu_get_sized(ctx, op->reg, op->size);
		} else if (op->kind == EMU_OP_IMM) {
			v[i] = (__u64)insn->imm;
		} else if (op->kind == EMU_OP_MEM && op->access & EMU_ACC_R) {
			st = emu_mem_read(ctx, insn, ea, &v[i], op->size,
					  op->access & EMU_ACC_W ? EMU_READ_FOR_WRITE : EMU_READ);
			if (st != EMU_OK)
				return st;
		}
	}
	if (emu_alu(insn, v, &rflags) != EMU_OK)
		return emu_fail(ctx, EMU_UNSUPPORTED, "needs an executable slot");
	for (i = 0; i + skip < insn->nops && i < 3; i++) {
		const struct emu_operand *op = &insn->op[i + skip];

		if (op->kind != EMU_OP_MEM || !(op->access & EMU_ACC_W))
			continue;
		st = emu_mem_write(ctx, insn, ea, &v[i], op->size);
		if (st != EMU_OK)
			return st;
	}
	for (i = 0; i + skip < insn->nops && i < 3; i++) {
		const struct emu_operand *op = &insn->op[i + skip];

		if (op->kind == EMU_OP_REG && op->access & EMU_ACC_W)
			emu_set_sized(ctx, op->reg, op->size, v[i], !!(insn->flags & EMU_F_ZU));
	}
	if (skip)
		emu_set_sized(ctx, insn->vreg, insn->opsize, v[0], 1);
	if (!(insn->flags & EMU_F_NF))
		ctx->rflags = (ctx->rflags & ~(__u64)FL_STATUS) | (rflags & FL_STATUS);
	return EMU_OK;
}

enum emu_status emu_legacy(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	return ctx->host->native ? exec_native(ctx, insn) : exec_written(ctx, insn);
}
