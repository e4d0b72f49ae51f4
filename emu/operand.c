// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operands: registers by number, effective addresses, and memory with the checks that
 * precede the host's callbacks. Below whatever executes an instruction.
 */
#include "internal.h"

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

void emu_set_sized(struct emu_ctx *ctx, unsigned int reg, unsigned int size, __u64 value,
		   int zero_upper)
{
	__u64 mask = emu_mask(size);

	if (size >= 4 || zero_upper)
		emu_set(ctx, reg, value & mask);
	else
		emu_set(ctx, reg, (emu_get(ctx, reg) & ~mask) | (value & mask));
}

__u64 emu_get_sized(const struct emu_ctx *ctx, unsigned int reg, unsigned int size)
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

int emu_canonical(const struct emu_ctx *ctx, __u64 addr)
{
	unsigned int shift = ctx->mode & EMU_LA57 ? 64 - 57 : 64 - 48;

	return (__u64)((__s64)(addr << shift) >> shift) == addr;
}

static enum emu_status check_address(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
				     unsigned int len)
{
	int stack = !insn ||
		    (insn->seg == EMU_NONE && (insn->base == EMU_RSP || insn->base == EMU_RBP));

	if (emu_canonical(ctx, addr) && emu_canonical(ctx, addr + len - 1))
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

const struct emu_operand *emu_mem_operand(const struct emu_insn *insn)
{
	unsigned int i;

	for (i = 0; i < insn->nops; i++)
		if (insn->op[i].kind == EMU_OP_MEM)
			return &insn->op[i];
	return NULL;
}

enum emu_status emu_get_rm(struct emu_ctx *ctx, const struct emu_insn *insn, unsigned int size,
			   __u64 *value)
{
	*value = 0;
	if (insn->flags & EMU_F_MEM)
		return emu_mem_read(ctx, insn, emu_ea(ctx, insn), value, size, EMU_READ);
	*value = emu_get_sized(ctx, insn->rm, size);
	return EMU_OK;
}
