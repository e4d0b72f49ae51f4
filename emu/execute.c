// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execution of a decoded instruction.
 *
 * Whatever has a legacy instruction is re-encoded and run by the host's @native
 * callback, on the real memory (EMU_DIRECT) or on a bounce buffer between the host's
 * read and write callbacks. Stack, branch and conditional instructions of APX
 * are written out here. Nothing of the machine changes before the last thing
 * that can fail has succeeded.
 */
#include "internal.h"

#define BOUNCE 16 /* bytes of the largest memory operand that is bounced (CMPXCHG16B) */

enum emu_status emu_fail(struct emu_ctx *ctx, enum emu_status st, const char *reason)
{
	ctx->fault.code = 0;
	ctx->fault.reason = reason;
	return st;
}

__u64 emu_get(const struct emu_ctx *ctx, unsigned int reg)
{
	if (reg < EGPR_FIRST)
		return ctx->gpr[reg];
	if (reg < EMU_NREGS)
		return ctx->page->r[reg - EGPR_FIRST];
	return 0;
}

void emu_set(struct emu_ctx *ctx, unsigned int reg, __u64 value)
{
	if (reg < EGPR_FIRST) {
		ctx->gpr[reg] = value;
	} else if (reg < EMU_NREGS) {
		ctx->page->r[reg - EGPR_FIRST] = value;
		ctx->page->xinuse = 1;
	}
}

/* Write @size bytes of a register: 32 bits zero-extend, 8 and 16 merge unless @zero_upper. */
static void set_sized(struct emu_ctx *ctx, unsigned int reg, unsigned int size, __u64 value,
		      int zero_upper)
{
	__u64 mask = emu_mask(size);

	if (size >= 4 || zero_upper)
		emu_set(ctx, reg, value & mask);
	else
		emu_set(ctx, reg, (emu_get(ctx, reg) & ~mask) | (value & mask));
}

static __u64 get_sized(const struct emu_ctx *ctx, unsigned int reg, unsigned int size)
{
	return emu_get(ctx, reg) & emu_mask(size);
}

__u64 emu_ea(const struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_row *row = emu_row(insn);
	int scaled_disp8 = row && row->flags & F_REST && insn->disp_len == 1;
	__u64 ea = scaled_disp8 ? 0 : (__u64)insn->disp;

	if (insn->base == EMU_RIP)
		ea += ctx->rip + insn->len;
	else if (insn->base != EMU_NONE)
		ea += emu_get(ctx, insn->base);
	if (insn->index != EMU_NONE && !(insn->flags & EMU_F_VSIB))
		ea += emu_get(ctx, insn->index) << insn->scale;
	if (insn->asize == 4)
		ea &= 0xffffffffu;
	if (row && row->cls == C_LEA)
		return ea;
	if (insn->seg == 4)
		ea += ctx->fs_base;
	else if (insn->seg == 5)
		ea += ctx->gs_base;
	return ea;
}

static int canonical(const struct emu_ctx *ctx, __u64 addr)
{
	unsigned int shift = ctx->mode & EMU_LA57 ? 64 - 57 : 64 - 48;

	return (__u64)((__s64)(addr << shift) >> shift) == addr;
}

/* @insn is NULL for the stack. */
static enum emu_status check_address(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
				     unsigned int len)
{
	int stack = !insn ||
		    (insn->seg == EMU_NONE && (insn->base == EMU_RSP || insn->base == EMU_RBP));

	if (canonical(ctx, addr) && canonical(ctx, addr + len - 1))
		return EMU_OK;
	return emu_fail(ctx, stack ? EMU_SS : EMU_GP, "address is not canonical");
}

enum emu_status emu_mem_read(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			     void *buf, unsigned int len, enum emu_access access)
{
	enum emu_status st = check_address(ctx, insn, addr, len);

	return st == EMU_OK ? ctx->host->read(ctx, addr, buf, len, access) : st;
}

enum emu_status emu_mem_write(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			      const void *buf, unsigned int len)
{
	enum emu_status st = check_address(ctx, insn, addr, len);

	return st == EMU_OK ? ctx->host->write(ctx, addr, buf, len) : st;
}

static const struct emu_operand *mem_operand(const struct emu_insn *insn)
{
	unsigned int i;

	for (i = 0; i < insn->nops; i++)
		if (insn->op[i].kind == EMU_OP_MEM)
			return &insn->op[i];
	return NULL;
}

/* Value of an r/m operand of @size bytes, from register or memory. */
static enum emu_status get_rm(struct emu_ctx *ctx, const struct emu_insn *insn, unsigned int size,
			      __u64 *value)
{
	*value = 0;
	if (insn->flags & EMU_F_MEM)
		return emu_mem_read(ctx, insn, emu_ea(ctx, insn), value, size, EMU_READ);
	*value = get_sized(ctx, insn->rm, size);
	return EMU_OK;
}

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
	const struct emu_operand *mem = mem_operand(insn);
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

		st = get_rm(ctx, insn, insn->opsize, &divisor);
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
			v[i] = get_sized(ctx, op->reg, op->size);
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
			set_sized(ctx, op->reg, op->size, v[i], !!(insn->flags & EMU_F_ZU));
	}
	if (skip)
		set_sized(ctx, insn->vreg, insn->opsize, v[0], 1);
	if (!(insn->flags & EMU_F_NF))
		ctx->rflags = (ctx->rflags & ~(__u64)FL_STATUS) | (rflags & FL_STATUS);
	return EMU_OK;
}

static enum emu_status exec_alu(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	return ctx->host->native ? exec_native(ctx, insn) : exec_written(ctx, insn);
}

static enum emu_status exec_push(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_operand *op = &insn->op[0];
	__u64 rsp = ctx->gpr[EMU_RSP] - insn->opsize, v = 0;
	enum emu_status st = EMU_OK;

	if (op->kind == EMU_OP_REG)
		v = emu_get(ctx, op->reg);
	else if (op->kind == EMU_OP_IMM)
		v = (__u64)insn->imm;
	else
		st = get_rm(ctx, insn, insn->opsize, &v);
	if (st == EMU_OK)
		st = emu_mem_write(ctx, NULL, rsp, &v, insn->opsize);
	if (st == EMU_OK)
		ctx->gpr[EMU_RSP] = rsp;
	return st;
}

static enum emu_status exec_pop(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 rsp = ctx->gpr[EMU_RSP], v = 0;
	enum emu_status st = emu_mem_read(ctx, NULL, rsp, &v, insn->opsize, EMU_READ);

	if (st != EMU_OK)
		return st;
	/* An address or a destination that uses RSP sees it after the increment. */
	ctx->gpr[EMU_RSP] = rsp + insn->opsize;
	if (insn->flags & EMU_F_MEM) {
		st = emu_mem_write(ctx, insn, emu_ea(ctx, insn), &v, insn->opsize);
		if (st != EMU_OK)
			ctx->gpr[EMU_RSP] = rsp;
		return st;
	}
	set_sized(ctx, insn->op[0].reg, insn->opsize, v, 0);
	return EMU_OK;
}

#define PAIR	       16 /* bytes that PUSH2 and POP2 move, and their alignment */
#define PAIR_UNALIGNED "PUSH2 or POP2 with RSP not 16-byte aligned"

static enum emu_status exec_push2(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 rsp = ctx->gpr[EMU_RSP] - PAIR, pair[2];
	enum emu_status st;

	if (rsp & (PAIR - 1))
		return emu_fail(ctx, EMU_GP, PAIR_UNALIGNED);
	/* V is pushed first, so it lies higher. */
	pair[1] = emu_get(ctx, insn->vreg);
	pair[0] = emu_get(ctx, insn->rm);
	st = emu_mem_write(ctx, NULL, rsp, pair, PAIR);
	if (st == EMU_OK)
		ctx->gpr[EMU_RSP] = rsp;
	return st;
}

static enum emu_status exec_pop2(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 rsp = ctx->gpr[EMU_RSP], pair[2];
	enum emu_status st;

	if (rsp & (PAIR - 1))
		return emu_fail(ctx, EMU_GP, PAIR_UNALIGNED);
	st = emu_mem_read(ctx, NULL, rsp, pair, PAIR, EMU_READ);
	if (st != EMU_OK)
		return st;
	emu_set(ctx, insn->vreg, pair[0]);
	emu_set(ctx, insn->rm, pair[1]);
	ctx->gpr[EMU_RSP] = rsp + PAIR;
	return EMU_OK;
}

static enum emu_status exec_branch(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 target = (__u64)insn->imm, next = ctx->rip + insn->len;
	__u64 rsp = ctx->gpr[EMU_RSP];
	enum emu_class cls = emu_row(insn)->cls;
	enum emu_status st = EMU_OK;

	if (cls == C_RET)
		st = emu_mem_read(ctx, NULL, rsp, &target, 8, EMU_READ);
	else if (cls != C_JMPABS)
		st = get_rm(ctx, insn, 8, &target);
	if (st != EMU_OK)
		return st;
	if (!canonical(ctx, target))
		return emu_fail(ctx, EMU_GP, "branch target is not canonical");
	if (cls == C_CALL) {
		st = emu_mem_write(ctx, NULL, rsp - 8, &next, 8);
		if (st != EMU_OK)
			return st;
		ctx->gpr[EMU_RSP] = rsp - 8;
	} else if (cls == C_RET) {
		ctx->gpr[EMU_RSP] = rsp + 8 + (__u64)insn->imm;
	}
	ctx->rip = target - insn->len; /* the caller adds it */
	return EMU_OK;
}

static enum emu_status exec_frame(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 rsp, v = 0;
	enum emu_status st;

	if (emu_row(insn)->cls == C_LEAVE) {
		rsp = ctx->gpr[EMU_RBP];
		st = emu_mem_read(ctx, NULL, rsp, &v, insn->opsize, EMU_READ);
		if (st != EMU_OK)
			return st;
		ctx->gpr[EMU_RSP] = rsp + insn->opsize;
		set_sized(ctx, EMU_RBP, insn->opsize, v, 0);
		return EMU_OK;
	}
	if (insn->imm >> 16 & 31)
		return emu_fail(ctx, EMU_UNSUPPORTED, "ENTER with a nesting level");
	rsp = ctx->gpr[EMU_RSP] - insn->opsize;
	v = ctx->gpr[EMU_RBP];
	st = emu_mem_write(ctx, NULL, rsp, &v, insn->opsize);
	if (st != EMU_OK)
		return st;
	set_sized(ctx, EMU_RBP, insn->opsize, rsp, 0);
	ctx->gpr[EMU_RSP] = rsp - (insn->imm & 0xffff);
	return EMU_OK;
}

#define FL_RF	0x10000u
#define FL_VM	0x20000u
#define FL_POP3 (FL_STATUS | FL_TF | FL_DF | 0x4000u | 0x40000u | 0x200000u) /* NT, AC, ID */
#define FL_POP0 (FL_POP3 | FL_IF | 0x3000u)				     /* IOPL */

static enum emu_status exec_flags(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 rsp = ctx->gpr[EMU_RSP], v, mask;
	enum emu_status st;

	if (emu_row(insn)->cls == C_PUSHF) {
		v = ctx->rflags & ~(__u64)(FL_RF | FL_VM);
		st = emu_mem_write(ctx, NULL, rsp - insn->opsize, &v, insn->opsize);
		if (st == EMU_OK)
			ctx->gpr[EMU_RSP] = rsp - insn->opsize;
		return st;
	}
	v = 0;
	st = emu_mem_read(ctx, NULL, rsp, &v, insn->opsize, EMU_READ);
	if (st != EMU_OK)
		return st;
	mask = (ctx->cpl ? FL_POP3 : FL_POP0) & emu_mask(insn->opsize);
	ctx->rflags = (ctx->rflags & ~(mask | FL_RF)) | (v & mask);
	ctx->gpr[EMU_RSP] = rsp + insn->opsize;
	return EMU_OK;
}

/*
 * CCMP and CTEST: with the source condition true a CMP or TEST, else the default
 * flags; PF then equals CF and AF is clear. Faults of the memory operand are not
 * suppressed.
 */
static enum emu_status exec_ccmp(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_operand *mem = mem_operand(insn);
	enum emu_status st;
	__u64 v = 0;

	if (insn->cond == CC_TRUE || (insn->cond != CC_FALSE && emu_cond(ctx->rflags, insn->cond)))
		return exec_alu(ctx, insn);
	if (mem) {
		st = emu_mem_read(ctx, insn, emu_ea(ctx, insn), &v, mem->size, EMU_READ);
		if (st != EMU_OK)
			return st;
	}
	v = ctx->rflags & ~(__u64)FL_STATUS;
	v |= insn->dfv & 8 ? FL_OF : 0;
	v |= insn->dfv & 4 ? FL_SF : 0;
	v |= insn->dfv & 2 ? FL_ZF : 0;
	v |= insn->dfv & 1 ? FL_CF | FL_PF : 0;
	ctx->rflags = v;
	return EMU_OK;
}

/*
 * CFCMOV: ND NF = 00 loads, 01 stores, 11 selects. With the condition false no memory is
 * touched and the destination register becomes zero (00, 01) or the other source (11).
 */
static enum emu_status exec_cfcmov(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	int holds = emu_cond(ctx->rflags, insn->cond);
	unsigned int size = insn->opsize;
	enum emu_status st = EMU_OK;
	__u64 v = 0;

	if (insn->flags & EMU_F_NF && !(insn->flags & EMU_F_ND)) {
		v = holds ? get_sized(ctx, insn->reg, size) : 0;
		if (!(insn->flags & EMU_F_MEM))
			set_sized(ctx, insn->rm, size, v, 1);
		else if (holds)
			st = emu_mem_write(ctx, insn, emu_ea(ctx, insn), &v, size);
		return st;
	}
	if (holds)
		st = get_rm(ctx, insn, size, &v);
	else if (insn->flags & EMU_F_ND)
		v = get_sized(ctx, insn->reg, size);
	if (st == EMU_OK)
		set_sized(ctx, insn->flags & EMU_F_ND ? insn->vreg : insn->reg, size, v, 1);
	return st;
}

static enum emu_status exec_movbe(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 in = emu_get(ctx, insn->op[1].reg), out = 0;
	unsigned int i;

	for (i = 0; i < insn->opsize; i++)
		out |= (in >> (8 * i) & 0xff) << (8 * (insn->opsize - 1 - i));
	set_sized(ctx, insn->op[0].reg, insn->opsize, out, 0);
	return EMU_OK;
}

static enum emu_status exec_store(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 v = emu_get(ctx, insn->reg);

	return emu_mem_write(ctx, insn, emu_ea(ctx, insn), &v, insn->op[0].size);
}

static enum emu_status exec_msr(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_host *h = ctx->host;
	__u32 msr = (__u32)insn->imm;
	enum emu_status st;
	__u64 v;

	if (ctx->cpl)
		return emu_fail(ctx, EMU_GP, "RDMSR or WRMSRNS outside CPL 0");
	if (emu_row(insn)->cls == C_WRMSR)
		return h->wrmsr ? h->wrmsr(ctx, msr, emu_get(ctx, insn->rm))
				: emu_fail(ctx, EMU_GP, "no such MSR here");
	if (!h->rdmsr)
		return emu_fail(ctx, EMU_GP, "no such MSR here");
	st = h->rdmsr(ctx, msr, &v);
	if (st == EMU_OK)
		emu_set(ctx, insn->rm, v);
	return st;
}

static enum emu_status exec_system(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	const struct emu_operand *reg = NULL;
	enum emu_status st;
	unsigned int i;
	__u64 v = 0;

	if (ctx->cpl)
		return emu_fail(ctx, EMU_GP, "privileged instruction");
	if (!ctx->host->system)
		return emu_fail(ctx, EMU_UNSUPPORTED, "privileged instruction");
	for (i = 0; i < insn->nops; i++)
		if (insn->op[i].kind == EMU_OP_REG)
			reg = &insn->op[i];
	if (reg)
		v = emu_get(ctx, reg->reg);
	st = ctx->host->system(ctx, insn, &v);
	if (st == EMU_OK && reg && reg->access & EMU_ACC_W)
		set_sized(ctx, reg->reg, reg->size, v, 0);
	return st;
}

static enum emu_status exec_lea(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	set_sized(ctx, insn->op[0].reg, insn->opsize, emu_ea(ctx, insn), 0);
	return EMU_OK;
}

static enum emu_status dispatch(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	switch (emu_row(insn)->cls) {
	case C_NATIVE:
	case C_DIV:
	case C_BT:
		return exec_alu(ctx, insn);
	case C_PUSH:
		return exec_push(ctx, insn);
	case C_POP:
		return exec_pop(ctx, insn);
	case C_PUSH2:
		return exec_push2(ctx, insn);
	case C_POP2:
		return exec_pop2(ctx, insn);
	case C_CALL:
	case C_JMP:
	case C_JMPABS:
	case C_RET:
		return exec_branch(ctx, insn);
	case C_ENTER:
	case C_LEAVE:
		return exec_frame(ctx, insn);
	case C_PUSHF:
	case C_POPF:
		return exec_flags(ctx, insn);
	case C_DF:
		ctx->rflags = (ctx->rflags & ~(__u64)FL_DF) | (insn->opcode & 1 ? FL_DF : 0);
		return EMU_OK;
	case C_LEA:
		return exec_lea(ctx, insn);
	case C_CCMP:
		return exec_ccmp(ctx, insn);
	case C_CFCMOV:
		return exec_cfcmov(ctx, insn);
	case C_MOVBE:
		return exec_movbe(ctx, insn);
	case C_NOP:
		return EMU_OK;
	case C_STORE:
		return exec_store(ctx, insn);
	case C_RDMSR:
	case C_WRMSR:
		return exec_msr(ctx, insn);
	case C_SYSTEM:
		return exec_system(ctx, insn);
	case C_XGETBV:
	case C_XSETBV:
	case C_XSAVE:
		return emu_xstate(ctx, insn);
	case C_UD:
		return emu_fail(ctx, EMU_UD, "undefined instruction");
	default:
		return emu_fail(ctx, EMU_UNSUPPORTED, "not emulated");
	}
}

enum emu_status emu_execute(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	int apx = insn->encoding == EMU_ENC_REX2 || insn->encoding == EMU_ENC_EVEX;
	enum emu_status st;

	ctx->fault.addr = 0;
	ctx->fault.code = 0;
	ctx->fault.reason = NULL;
	if (!insn->row)
		st = emu_fail(ctx, EMU_UD, "undefined instruction");
	else if (apx && !(ctx->page->xcr0 & EGPR_XFEATURE_LO))
		st = emu_fail(ctx, EMU_UD, "XCR0.APX is clear");
	else
		st = dispatch(ctx, insn);
	if (st == EMU_OK) {
		ctx->rip += insn->len;
		ctx->page->emulated++;
	} else if (st == EMU_UD) {
		ctx->page->ud++;
	}
	return st;
}
