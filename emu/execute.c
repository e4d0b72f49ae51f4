// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execution of a decoded instruction.
 *
 * Stack, branch and conditional instructions of APX are written out here; what has a
 * legacy instruction is legacy.c's. Nothing of the machine changes before the last
 * thing that can fail has succeeded.
 */
#include "internal.h"

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
		st = emu_get_rm(ctx, insn, insn->opsize, &v);
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
	emu_set_sized(ctx, insn->op[0].reg, insn->opsize, v, 0);
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
		st = emu_get_rm(ctx, insn, 8, &target);
	if (st != EMU_OK)
		return st;
	if (!emu_canonical(ctx, target))
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
		emu_set_sized(ctx, EMU_RBP, insn->opsize, v, 0);
		return EMU_OK;
	}
	if (insn->imm >> 16 & 31)
		return emu_fail(ctx, EMU_UNSUPPORTED, "ENTER with a nesting level");
	rsp = ctx->gpr[EMU_RSP] - insn->opsize;
	v = ctx->gpr[EMU_RBP];
	st = emu_mem_write(ctx, NULL, rsp, &v, insn->opsize);
	if (st != EMU_OK)
		return st;
	emu_set_sized(ctx, EMU_RBP, insn->opsize, rsp, 0);
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
	const struct emu_operand *mem = emu_mem_operand(insn);
	enum emu_status st;
	__u64 v = 0;

	if (insn->cond == CC_TRUE || (insn->cond != CC_FALSE && emu_cond(ctx->rflags, insn->cond)))
		return emu_legacy(ctx, insn);
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
		v = holds ? emu_get_sized(ctx, insn->reg, size) : 0;
		if (!(insn->flags & EMU_F_MEM))
			emu_set_sized(ctx, insn->rm, size, v, 1);
		else if (holds)
			st = emu_mem_write(ctx, insn, emu_ea(ctx, insn), &v, size);
		return st;
	}
	if (holds)
		st = emu_get_rm(ctx, insn, size, &v);
	else if (insn->flags & EMU_F_ND)
		v = emu_get_sized(ctx, insn->reg, size);
	if (st == EMU_OK)
		emu_set_sized(ctx, insn->flags & EMU_F_ND ? insn->vreg : insn->reg, size, v, 1);
	return st;
}

static enum emu_status exec_movbe(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 in = emu_get(ctx, insn->op[1].reg), out = 0;
	unsigned int i;

	for (i = 0; i < insn->opsize; i++)
		out |= (in >> (8 * i) & 0xff) << (8 * (insn->opsize - 1 - i));
	emu_set_sized(ctx, insn->op[0].reg, insn->opsize, out, 0);
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
		emu_set_sized(ctx, reg->reg, reg->size, v, 0);
	return st;
}

static enum emu_status exec_lea(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	emu_set_sized(ctx, insn->op[0].reg, insn->opsize, emu_ea(ctx, insn), 0);
	return EMU_OK;
}

static enum emu_status dispatch(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	switch (emu_row(insn)->cls) {
	case C_NATIVE:
	case C_DIV:
	case C_BT:
		return emu_legacy(ctx, insn);
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
