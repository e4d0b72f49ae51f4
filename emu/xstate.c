// SPDX-License-Identifier: GPL-2.0-only
/*
 * State component 19 of the virtual register file: the XSAVE family, XGETBV, XSETBV.
 *
 * The core moves component 19 and keeps the header right; other components are the
 * real CPU's and go through the host's @xrest. Choices that the architecture leaves
 * open: XINUSE[19] is set by any write to an EGPR, of zero too, and cleared only by
 * an XRSTOR(S) that initialises; the init optimisation is used where an
 * instruction has it; the modified optimisation is never used, so XSAVEOPT and XSAVES
 * always write a component that is in use. Component 19 is the highest user
 * component, so in the compacted format it stands behind all others; it is
 * packed, not aligned to 64 bytes.
 *
 * Source: SDM vol. 1 ch. 13; APX architecture specification, "Extended GPR state".
 */
#include "internal.h"

#define BIT19	  ((__u64)EGPR_XFEATURE_LO)
#define COMPACTED (1ULL << 63)
#define ALIGN	  64u
#define HDR	  64
#define HDR_STATE 0 /* indices of 64-bit words */
#define HDR_XCOMP 1
#define HDR_WORDS 8
#define EXTENDED  2 /* first component behind the legacy region */
#define XCR0_MPX  0x18u
#define XCR0_AVX  0x4u
#define XCR0_SSE  0x2u
#define XCR0_X87  0x1u
#define XCR0_AVX3 0xe0u
#define XCR0_AMX  0x60000u

void emu_page_init(struct egpr_page *page)
{
	emu_zero(page, sizeof(*page));
	page->magic = EGPR_PAGE_MAGIC;
	page->version = EGPR_PAGE_VERSION;
	page->xcr0 = XCR0_X87;
}

static int all_or_none(__u64 value, __u64 bits)
{
	return !(value & bits) || (value & bits) == bits;
}

enum emu_status emu_xsetbv(struct emu_ctx *ctx, __u32 xcr, __u64 value)
{
	__u64 settable = ctx->xcr0_settable ? ctx->xcr0_settable : ctx->xcr0_real;
	int bad = ctx->cpl || xcr || !(value & XCR0_X87) || value & ~(settable | BIT19);

	bad |= value & XCR0_AVX && !(value & XCR0_SSE);
	bad |= value & XCR0_AVX3 && !(value & XCR0_AVX);
	bad |= !all_or_none(value, XCR0_AVX3) || !all_or_none(value, XCR0_AMX);
	/* APX took over MPX's place in the standard format. */
	bad |= value & BIT19 && value & XCR0_MPX;
	if (bad)
		return emu_fail(ctx, EMU_GP, "XSETBV refused");
	ctx->page->xcr0 = value;
	return EMU_OK;
}

static __u64 xcr0(const struct emu_ctx *ctx)
{
	return (ctx->xcr0_real & ~BIT19) | (ctx->page->xcr0 & BIT19);
}

static enum emu_status xgetbv(struct emu_ctx *ctx)
{
	__u32 xcr = (__u32)ctx->gpr[EMU_RCX];
	__u64 v = xcr0(ctx);

	if (xcr > 1)
		return emu_fail(ctx, EMU_GP, "no such XCR");
	/* XCR0 & XINUSE: of the other components it may only be said that they may be in use. */
	if (xcr == 1 && !ctx->page->xinuse)
		v &= ~BIT19;
	ctx->gpr[EMU_RAX] = (__u32)v;
	ctx->gpr[EMU_RDX] = v >> 32;
	return EMU_OK;
}

/* Offset of component 19 in the compacted format, or 0 if the host cannot tell. */
static unsigned int compact_offset(struct emu_ctx *ctx, __u64 xcomp)
{
	unsigned int i, off = EGPR_XSAVE_COMPACT_OFFSET;

	for (i = EXTENDED; i < EGPR_XFEATURE; i++) {
		unsigned int size;
		int align = 0;

		if (!(xcomp >> i & 1))
			continue;
		if (!ctx->host->xcomp_size)
			return 0;
		size = ctx->host->xcomp_size(ctx, i, &align);
		if (align)
			off = (off + ALIGN - 1) & ~(ALIGN - 1);
		off += size;
	}
	return off;
}

struct xop {
	__u64 addr, rfbm, rest;
	int save, opt, compact, supervisor;
};

static enum emu_status run_rest(struct emu_ctx *ctx, const struct emu_insn *insn,
				const struct xop *x, __u64 header[HDR_WORDS])
{
	if (!x->rest)
		return EMU_OK;
	if (!ctx->host->xrest)
		return emu_fail(ctx, EMU_UNSUPPORTED, "this host moves component 19 only");
	return ctx->host->xrest(ctx, insn, x->addr, x->rest, header);
}

static unsigned int std_offset(const struct emu_ctx *ctx)
{
	return ctx->xstd_offset ? ctx->xstd_offset : EGPR_XSAVE_STD_OFFSET;
}

static enum emu_status save(struct emu_ctx *ctx, const struct emu_insn *insn, const struct xop *x)
{
	__u64 header[HDR_WORDS], in19 = x->rfbm & BIT19;
	unsigned int off = std_offset(ctx);
	/* Where XFD disarms it, it is stored as if it were initial. */
	int inuse = ctx->page->xinuse && !(ctx->xfd & BIT19);
	enum emu_status st;

	st = emu_mem_read(ctx, insn, x->addr + EGPR_XSAVE_HEADER_OFFSET, header, HDR,
			  EMU_READ_FOR_WRITE);
	if (st != EMU_OK)
		return st;
	if (x->compact) {
		off = compact_offset(ctx, x->rfbm);
		if (!off)
			return emu_fail(ctx, EMU_UNSUPPORTED, "unknown compacted layout");
		header[HDR_STATE] = 0;
		header[HDR_XCOMP] = COMPACTED | (x->rfbm & ~BIT19);
	}
	{
		__u64 old19 = header[HDR_STATE] & BIT19;

		header[HDR_STATE] &= ~BIT19;
		st = run_rest(ctx, insn, x, header);
		if (st != EMU_OK)
			return st;
		/* A component outside RFBM keeps its bit in the standard format. */
		header[HDR_STATE] &= ~BIT19;
		header[HDR_STATE] |= in19 ? (inuse ? BIT19 : 0) : old19;
	}
	if (x->compact)
		header[HDR_XCOMP] = COMPACTED | x->rfbm;
	/* XSAVE writes an initial component too, the others leave it out. */
	if (in19 && (inuse || !(x->opt || x->compact))) {
		st = emu_mem_write(ctx, insn, x->addr + off, ctx->page->r, EGPR_BYTES);
		if (st != EMU_OK)
			return st;
	}
	return emu_mem_write(ctx, insn, x->addr + EGPR_XSAVE_HEADER_OFFSET, header,
			     x->compact ? 16 : 8);
}

static int header_bad(const struct emu_ctx *ctx, const struct xop *x, const __u64 h[HDR_WORDS])
{
	__u64 allowed = xcr0(ctx) | (x->supervisor ? ctx->xss : 0);
	unsigned int i;

	if (!(h[HDR_XCOMP] & COMPACTED))
		return x->supervisor || h[HDR_XCOMP] || h[2] || h[HDR_STATE] & ~allowed;
	for (i = 2; i < HDR_WORDS; i++)
		if (h[i])
			return 1;
	return !!(h[HDR_XCOMP] & ~COMPACTED & ~allowed) || h[HDR_STATE] & ~h[HDR_XCOMP];
}

static enum emu_status restore(struct emu_ctx *ctx, const struct emu_insn *insn,
			       const struct xop *x)
{
	__u64 header[HDR_WORDS], regs[EGPR_COUNT];
	unsigned int off = std_offset(ctx), i;
	enum emu_status st;
	int load;

	st = emu_mem_read(ctx, insn, x->addr + EGPR_XSAVE_HEADER_OFFSET, header, HDR, EMU_READ);
	if (st != EMU_OK)
		return st;
	if (header_bad(ctx, x, header))
		return emu_fail(ctx, EMU_GP, "XSAVE header refused");
	if (header[HDR_XCOMP] & COMPACTED) {
		off = compact_offset(ctx, header[HDR_XCOMP]);
		if (!off)
			return emu_fail(ctx, EMU_UNSUPPORTED, "unknown compacted layout");
	}
	load = x->rfbm & BIT19 && header[HDR_STATE] & BIT19;
	if (load && ctx->xfd & BIT19)
		return emu_fail(ctx, EMU_NM, "XRSTOR of a component that XFD disarms");
	if (load) {
		st = emu_mem_read(ctx, insn, x->addr + off, regs, EGPR_BYTES, EMU_READ);
		if (st != EMU_OK)
			return st;
	}
	header[HDR_STATE] &= ~BIT19;
	header[HDR_XCOMP] &= ~BIT19;
	st = run_rest(ctx, insn, x, header);
	if (st != EMU_OK || !(x->rfbm & BIT19))
		return st;
	for (i = 0; i < EGPR_COUNT; i++)
		ctx->page->r[i] = load ? regs[i] : 0;
	ctx->page->xinuse = load ? 1 : 0;
	return EMU_OK;
}

static enum emu_status xsave_family(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	__u64 mask = (__u32)ctx->gpr[EMU_RAX] | ctx->gpr[EMU_RDX] << 32;
	unsigned int ext = insn->modrm >> 3 & 7;
	int ae = insn->opcode == OPC_AE;
	struct xop x;

	x.addr = emu_ea(ctx, insn);
	x.supervisor = !ae && (ext == C7_XSAVES || ext == C7_XRSTORS);
	x.save = ae ? ext != AE_XRSTOR : ext != C7_XRSTORS;
	x.opt = ae && ext == AE_XSAVEOPT;
	x.compact = !ae && x.save;
	x.rfbm = mask & (xcr0(ctx) | (x.supervisor ? ctx->xss : 0));
	x.rest = x.rfbm & ~BIT19;
	if (x.supervisor && ctx->cpl)
		return emu_fail(ctx, EMU_GP, "privileged instruction");
	if (x.addr & (ALIGN - 1))
		return emu_fail(ctx, EMU_GP, "XSAVE area not 64-byte aligned");
	return x.save ? save(ctx, insn, &x) : restore(ctx, insn, &x);
}

enum emu_status emu_xstate(struct emu_ctx *ctx, const struct emu_insn *insn)
{
	switch (emu_row(insn)->cls) {
	case C_XGETBV:
		return xgetbv(ctx);
	case C_XSETBV:
		return emu_xsetbv(ctx, (__u32)ctx->gpr[EMU_RCX],
				  (__u32)ctx->gpr[EMU_RAX] | ctx->gpr[EMU_RDX] << 32);
	default:
		return xsave_family(ctx, insn);
	}
}
