// SPDX-License-Identifier: GPL-2.0-only
/* The emulator's test machine: memory faults at its edges, native code in a slot. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "machine.h"

static int inside(const struct machine *m, uint64_t addr, unsigned int len)
{
	uint64_t base = (uint64_t)(uintptr_t)m->mem;

	return addr >= base && addr + len <= base + MEM_SIZE && addr + len >= addr;
}

static enum emu_status fault(struct emu_ctx *ctx, uint64_t addr, unsigned int len, int write)
{
	struct machine *m = ctx->opaque;
	uint64_t end = (uint64_t)(uintptr_t)m->mem + MEM_SIZE;

	ctx->fault.addr = addr < end && addr + len > end ? end : addr;
	ctx->fault.code = (write ? 2 : 0) | (ctx->cpl ? 4 : 0);
	return EMU_PF;
}

static enum emu_status mem_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				enum emu_access access)
{
	if (!inside(ctx->opaque, addr, len))
		return fault(ctx, addr, len, access != EMU_READ);
	memcpy(buf, (void *)(uintptr_t)addr, len);
	return EMU_OK;
}

static enum emu_status mem_write(struct emu_ctx *ctx, __u64 addr, const void *buf, unsigned int len)
{
	if (!inside(ctx->opaque, addr, len))
		return fault(ctx, addr, len, 1);
	memcpy((void *)(uintptr_t)addr, buf, len);
	return EMU_OK;
}

static enum emu_status mem_cmpxchg(struct emu_ctx *ctx, __u64 addr, __u64 *old, __u64 new_val,
				   unsigned int len)
{
	if (!inside(ctx->opaque, addr, len))
		return fault(ctx, addr, len, 1);
	if (memcmp((void *)(uintptr_t)addr, old, len)) {
		memcpy(old, (void *)(uintptr_t)addr, len);
		return EMU_SHORT;
	}
	memcpy((void *)(uintptr_t)addr, &new_val, len);
	return EMU_OK;
}

static enum emu_status native(struct emu_ctx *ctx, struct emu_native *n)
{
	struct machine *m = ctx->opaque;

	return emu_native_run(n, m->slot, m->slot) ? EMU_PF : EMU_OK;
}

const struct emu_host machine_host = {
	.read = mem_read,
	.write = mem_write,
	.cmpxchg = mem_cmpxchg,
	.native = native,
};

const struct emu_host machine_host_free = {
	.read = mem_read,
	.write = mem_write,
};

int machine_init(struct machine *m)
{
	const int rw = PROT_READ | PROT_WRITE;

	memset(m, 0, sizeof(*m));
	m->mem = mmap(NULL, MEM_SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	m->page = mmap(NULL, EGPR_PAGE_SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->slot = mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->ref = mmap(NULL, 4096, rw | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->mem == MAP_FAILED || m->page == MAP_FAILED || m->slot == MAP_FAILED ||
	    m->ref == MAP_FAILED)
		return -1;
	emu_page_init(m->page);
	m->page->xcr0 |= EGPR_XFEATURE_LO;
	m->ctx.page = m->page;
	m->ctx.host = &machine_host;
	m->ctx.opaque = m;
	m->ctx.cpl = 3;
	m->ctx.rflags = 0x202;
	m->ctx.xcr0_real = 1;
	return 0;
}

void machine_exit(struct machine *m)
{
	munmap(m->mem, MEM_SIZE);
	munmap(m->page, EGPR_PAGE_SIZE);
	munmap(m->slot, 4096);
	munmap(m->ref, 4096);
}

/* xorshift64* (Vigna): small, and good enough to pick operands. */
uint64_t rnd(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

uint64_t rnd_value(uint64_t *state)
{
	uint64_t r = rnd(state), v = rnd(state);

	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return 1ULL << (v & 63);
	case 3:
		return (1ULL << (v & 63)) - 1;
	case 4:
		return v & 0xff;
	case 5:
		return (uint64_t)(int64_t)(int8_t)v;
	default:
		return v;
	}
}

enum emu_status machine_keep(struct machine *m, const struct emu_insn *insn)
{
	struct emu_reenc re;
	struct emu_native n;
	unsigned int i, stand_ins = 1u << EMU_RSP;

	memset(&n, 0, sizeof(n));
	if (emu_reencode(insn, EMU_RE_KEEP, &re) != EMU_OK)
		return EMU_UNSUPPORTED;
	memcpy(n.gpr, m->ctx.gpr, sizeof(n.gpr));
	for (i = 0; i < re.nmoves; i++) {
		__u64 *to = &n.gpr[re.move[i].legacy];

		stand_ins |= 1u << re.move[i].legacy;
		*to = 0;
		if (re.move[i].in == EMU_RE_IN_EA)
			*to = emu_ea(&m->ctx, insn);
		else if (re.move[i].in == EMU_RE_IN_MEM)
			memcpy(to, (void *)(uintptr_t)emu_ea(&m->ctx, insn), insn->opsize);
		else
			*to = emu_get(&m->ctx, re.move[i].in);
	}
	n.rflags = m->ctx.rflags & STATUS_FLAGS;
	memcpy(n.code, re.code, sizeof(n.code));
	n.len = re.len;
	if (emu_native_run(&n, m->slot, m->slot))
		return EMU_PF;
	for (i = 0; i < 16; i++)
		if (!(stand_ins & 1u << i))
			m->ctx.gpr[i] = n.gpr[i];
	for (i = 0; i < re.nmoves; i++) {
		uint64_t v = n.gpr[re.move[i].legacy];

		if (re.zext)
			v &= re.zext == 1 ? 0xff : 0xffff;
		if (re.move[i].out != EMU_NONE)
			emu_set(&m->ctx, re.move[i].out, v);
	}
	if (!re.noflags)
		m->ctx.rflags = (m->ctx.rflags & ~(uint64_t)STATUS_FLAGS) | n.rflags;
	m->ctx.rip += insn->len;
	return EMU_OK;
}

static void crashed(int sig)
{
	static const char text[] = "not ok - the instruction crashed the test\n";

	(void)sig;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

volatile sig_atomic_t machine_stop;

static void stop(int sig)
{
	(void)sig;
	machine_stop = 1;
}

void machine_catch(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction sa = { .sa_handler = crashed };
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	sa.sa_handler = stop;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}
