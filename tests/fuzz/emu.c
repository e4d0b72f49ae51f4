// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: the decoder on arbitrary bytes, the executor on arbitrary state.
 *
 * The input is a machine: flags of the run, registers, then instruction bytes. The
 * bytes lie at the end of a page behind which nothing is mapped, so one byte too
 * many is a crash. Memory callbacks fault wherever the input says. There is no native
 * execution: arbitrary instructions must not run in the fuzzer, and what is
 * re-encoded for it is checked instead: legacy, short enough, stand-ins distinct.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "../../emu/emu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE	((size_t)4096)
#define MAX_MEM 512u /* bytes of the largest access that the core may make */

static uint8_t *guard; /* one readable page, one that faults */
static struct egpr_page page;
static uint8_t ram[256];
static uint64_t fault_at; /* accesses at or above fault */

static void must(int ok)
{
	if (!ok)
		abort();
}

static enum emu_status ram_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				enum emu_access access)
{
	unsigned int i;

	must(len >= 1 && len <= MAX_MEM);
	for (i = 0; i < len; i++) {
		if (addr + i >= fault_at) {
			ctx->fault.addr = addr + i;
			ctx->fault.code = access == EMU_READ ? 0 : 2;
			return EMU_PF;
		}
		((uint8_t *)buf)[i] = ram[(addr + i) % sizeof(ram)];
	}
	return EMU_OK;
}

static enum emu_status ram_write(struct emu_ctx *ctx, __u64 addr, const void *buf, unsigned int len)
{
	unsigned int i;

	must(len >= 1 && len <= MAX_MEM);
	if (addr + len - 1 >= fault_at || addr + len - 1 < addr) {
		ctx->fault.addr = addr < fault_at ? fault_at : addr;
		ctx->fault.code = 2;
		return EMU_PF;
	}
	for (i = 0; i < len; i++)
		ram[(addr + i) % sizeof(ram)] = ((const uint8_t *)buf)[i];
	return EMU_OK;
}

static enum emu_status pretend(struct emu_ctx *ctx, struct emu_native *n)
{
	unsigned int i;

	(void)ctx;
	must(n->len >= 1 && n->len <= EMU_INSN_MAX);
	/* What came out must be no APX: else the real CPU would refuse it again. */
	must(n->code[0] != 0xd5);
	for (i = 0; i < 16; i++)
		if (i != EMU_RSP)
			n->gpr[i] ^= n->code[i % n->len];
	n->rflags = n->gpr[0] & 0x8d5;
	return EMU_OK;
}

static enum emu_status msr_read(struct emu_ctx *ctx, __u32 msr, __u64 *value)
{
	(void)ctx;
	*value = msr;
	return msr & 1 ? EMU_GP : EMU_OK;
}

static enum emu_status msr_write(struct emu_ctx *ctx, __u32 msr, __u64 value)
{
	(void)ctx;
	(void)value;
	return msr & 1 ? EMU_GP : EMU_OK;
}

static enum emu_status sys(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 *value)
{
	(void)ctx;
	(void)insn;
	*value ^= 1;
	return EMU_OK;
}

static enum emu_status rest(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			    __u64 components, void *header)
{
	(void)ctx;
	(void)insn;
	(void)addr;
	must(!(components & EGPR_XFEATURE_LO));
	((uint8_t *)header)[0] ^= (uint8_t)components;
	return EMU_OK;
}

static unsigned int comp_size(struct emu_ctx *ctx, unsigned int i, int *align)
{
	(void)ctx;
	*align = i & 1;
	return i * 8;
}

static const struct emu_host slot = { .read = ram_read,
				      .write = ram_write,
				      .native = pretend,
				      .rdmsr = msr_read,
				      .wrmsr = msr_write,
				      .system = sys,
				      .xrest = rest,
				      .xcomp_size = comp_size };
static const struct emu_host bare = { .read = ram_read, .write = ram_write };

static void check_reencode(const struct emu_insn *insn, unsigned int mode)
{
	unsigned int i, j;
	struct emu_reenc re = { .len = 0 };

	if (emu_reencode(insn, mode, &re) != EMU_OK)
		return;
	must(re.len >= 1 && re.len <= EMU_INSN_MAX && re.nmoves <= EMU_RE_MOVES);
	for (i = 0; i < re.nmoves; i++) {
		must(re.move[i].legacy < 16 && re.move[i].legacy != EMU_RSP);
		for (j = 0; j < i; j++)
			must(re.move[i].legacy != re.move[j].legacy);
	}
}

static int prepare(void)
{
	uint8_t *p =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + PAGE, PAGE, PROT_NONE))
		return -1;
	guard = p;
	return 0;
}

struct head {
	uint8_t flags, nfault, rfl, base;
	uint32_t spare;
	uint64_t value[4];
};

static void make_state(const struct head *h, struct emu_ctx *ctx)
{
	unsigned int i;

	emu_page_init(&page);
	if (!(h->flags & 1))
		page.xcr0 |= EGPR_XFEATURE_LO;
	memset(ctx, 0, sizeof(*ctx));
	for (i = 0; i < 16; i++) {
		ctx->gpr[i] = h->value[i % 4] + (uint64_t)i * h->base;
		page.r[i] = h->value[(i + 1) % 4] ^ (uint64_t)i << h->base % 60;
	}
	ctx->page = &page;
	ctx->rflags = 0x202 | (h->rfl & 0xd5) | (h->rfl & 8 ? 0x800 : 0);
	ctx->cpl = h->flags & 2 ? 0 : 3;
	ctx->mode = (h->flags & 4 ? EMU_DIRECT : 0) | (h->flags & 8 ? EMU_LA57 : 0);
	ctx->host = h->flags & 16 ? &bare : &slot;
	ctx->xcr0_real = h->flags & 32 ? 0xe7 : 1;
	fault_at = h->nfault & 1 ? ~0ULL : h->value[h->nfault % 4] + h->nfault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emu_insn insn;
	struct emu_ctx ctx, before;
	enum emu_status st;
	struct head h;
	unsigned int i, len;
	uint8_t *code;

	if (!guard && prepare())
		abort();
	if (size < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	len = size - sizeof(h) > 24 ? 24 : (unsigned int)(size - sizeof(h));
	code = guard + PAGE - len;
	memcpy(code, data + sizeof(h), len);
	make_state(&h, &ctx);
	before = ctx;

	// cppcheck-suppress uninitvar ; it is what they fill
	st = (h.flags & 64 ? emu_decode_trap : emu_decode)(code, len, &insn);
	if (st != EMU_OK)
		return 0;
	must(insn.len >= 1 && insn.len <= len && insn.blen <= EMU_INSN_MAX);
	must(insn.nops <= EMU_OPERANDS);
	for (i = 0; i < insn.nops; i++)
		must(insn.op[i].kind != EMU_OP_REG || insn.op[i].reg < EMU_NREGS);
	if (!(h.flags & 64)) {
		/* The same bytes and no more decode the same; one less does not suffice. */
		struct emu_insn again;

		must(emu_decode(code, insn.len, &again) == EMU_OK);
		must(again.len == insn.len && again.row == insn.row);
		must(emu_decode(code, insn.len - 1U, &again) == EMU_SHORT);
	}
	check_reencode(&insn, EMU_RE_EA);
	check_reencode(&insn, EMU_RE_KEEP);
	check_reencode(&insn, EMU_RE_KEEP | EMU_RE_RSP);
	st = emu_execute(&ctx, &insn);
	if (st == EMU_OK)
		return 0;
	/* A fault leaves the machine as it was. */
	must(ctx.rip == before.rip && ctx.rflags == before.rflags);
	must(!memcmp(ctx.gpr, before.gpr, sizeof(ctx.gpr)));
	return 0;
}
