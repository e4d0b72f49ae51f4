// SPDX-License-Identifier: GPL-2.0-only
/*
 * The emulator core's corners: what random cases do not reach.
 *
 * Faults and their addresses, alignment, privilege, XCR0.APX, the trap form, state
 * component 19 in both formats, vector instructions whose address uses EGPRs, atomic
 * read-modify-write, limits of the decoder.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <cmocka.h>
#include "../emu/machine.h"

static struct machine m;

static int setup(void **state)
{
	(void)state;
	return machine_init(&m);
}

static int teardown(void **state)
{
	(void)state;
	machine_exit(&m);
	return 0;
}

static uint64_t mem_at(unsigned int off)
{
	return (uint64_t)(uintptr_t)m.mem + off;
}

/* Decode and execute; the status of whichever stopped. */
static enum emu_status run_bytes(const uint8_t *code, unsigned int len)
{
	struct emu_insn insn;
	enum emu_status st = emu_decode(code, len, &insn);

	return st == EMU_OK ? emu_execute(&m.ctx, &insn) : st;
}

static enum emu_status run_trap(const uint8_t *code, unsigned int len)
{
	struct emu_insn insn;
	enum emu_status st = emu_decode_trap(code, len, &insn);

	return st == EMU_OK ? emu_execute(&m.ctx, &insn) : st;
}

#define RUN(...) \
	run_bytes((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define TRAP(...) \
	run_trap((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void test_documented_encodings(void **state)
{
	(void)state;
	m.page->r[0] = 0x1122334455667788;
	assert_int_equal(RUN(0xd5, 0x48, 0x89, 0xc0), EMU_OK); /* mov %r16,%rax */
	assert_true(m.ctx.gpr[EMU_RAX] == 0x1122334455667788);
	m.ctx.gpr[EMU_RAX] = 5;
	assert_int_equal(RUN(0xd5, 0x18, 0x89, 0xc0), EMU_OK); /* mov %rax,%r16 */
	assert_true(m.page->r[0] == 5);
	assert_int_equal(m.page->xinuse, 1);
	m.page->r[0] = ~0ULL;
	assert_int_equal(RUN(0xd5, 0x50, 0x31, 0xc0), EMU_OK); /* xor %r16d,%r16d */
	assert_true(m.page->r[0] == 0);
	m.ctx.rflags |= 1;
	m.page->r[0] = 7;
	assert_int_equal(RUN(0xd5, 0xd8, 0x42, 0xc8), EMU_OK); /* cmovb %r16,%r17 */
	assert_true(m.page->r[1] == 7);
	assert_true(m.page->emulated == 4);
}

static void test_apx_off_is_ud(void **state)
{
	(void)state;
	m.page->xcr0 = 1;
	m.page->r[0] = 42;
	m.ctx.rip = 0x1000;
	assert_int_equal(RUN(0xd5, 0x50, 0x31, 0xc0), EMU_UD);
	assert_int_equal(RUN(0x62, 0xfc, 0x7c, 0x10, 0xff, 0xf1), EMU_UD);
	assert_true(m.page->r[0] == 42 && m.ctx.rip == 0x1000);
	assert_true(m.page->ud == 2 && m.page->emulated == 0);
}

static void test_pair_order_and_alignment(void **state)
{
	uint64_t *stack = (uint64_t *)(m.mem + 512);

	(void)state;
	m.page->r[0] = 16;
	m.page->r[1] = 17;
	m.ctx.gpr[EMU_RSP] = mem_at(512 + 16);
	assert_int_equal(RUN(0x62, 0xfc, 0x7c, 0x10, 0xff, 0xf1), EMU_OK); /* push2 %r17,%r16 */
	assert_true(m.ctx.gpr[EMU_RSP] == mem_at(512));
	assert_true(stack[1] == 16 && stack[0] == 17);
	m.page->r[0] = m.page->r[1] = 0;
	assert_int_equal(RUN(0x62, 0xfc, 0xf4, 0x10, 0x8f, 0xc0), EMU_OK); /* pop2p %r16,%r17 */
	assert_true(m.page->r[1] == 17 && m.page->r[0] == 16);
	m.ctx.gpr[EMU_RSP] = mem_at(520);
	assert_int_equal(RUN(0x62, 0xfc, 0x7c, 0x10, 0xff, 0xf1), EMU_GP);
	assert_int_equal(m.ctx.fault.code, 0);
	assert_int_equal(RUN(0x62, 0xfc, 0x74, 0x10, 0x8f, 0xc0), EMU_GP);
	assert_true(m.ctx.gpr[EMU_RSP] == mem_at(520));
	/* pop2 with equal registers, push2 and pop2 with rsp */
	assert_int_equal(RUN(0x62, 0xfc, 0x7c, 0x10, 0x8f, 0xc0), EMU_UD);
	assert_int_equal(RUN(0x62, 0xf4, 0x7c, 0x10, 0xff, 0xf4), EMU_UD);
	assert_int_equal(RUN(0x62, 0xf4, 0x5c, 0x18, 0x8f, 0xc0), EMU_UD);
}

static void test_push_pop(void **state)
{
	(void)state;
	m.ctx.gpr[EMU_RSP] = mem_at(512);
	m.page->r[0] = 0xabcdef0123456789;
	assert_int_equal(RUN(0xd5, 0x18, 0x50), EMU_OK); /* pushp %r16 */
	assert_int_equal(RUN(0xd5, 0x11, 0x5f), EMU_OK); /* pop %r31 */
	assert_true(m.page->r[15] == 0xabcdef0123456789 && m.ctx.gpr[EMU_RSP] == mem_at(512));
	assert_int_equal(RUN(0x66, 0xd5, 0x10, 0x50), EMU_OK); /* 16 bits */
	assert_true(m.ctx.gpr[EMU_RSP] == mem_at(510));
	/* push of rsp: the old value; pop into rsp: the value read */
	m.ctx.gpr[EMU_RSP] = mem_at(512);
	assert_int_equal(RUN(0xd5, 0x08, 0x54), EMU_OK);
	assert_true(*(uint64_t *)(m.mem + 504) == mem_at(512));
	assert_int_equal(RUN(0xd5, 0x00, 0x5c), EMU_OK);
	assert_true(m.ctx.gpr[EMU_RSP] == mem_at(512));
}

static void test_fault_addresses(void **state)
{
	(void)state;
	/* mov %r16,(%r17) across the end: the first byte that is missing is reported. */
	m.page->r[1] = mem_at(MEM_SIZE - 3);
	m.page->r[0] = 1;
	assert_int_equal(RUN(0xd5, 0x58, 0x89, 0x01), EMU_PF);
	assert_true(m.ctx.fault.addr == mem_at(MEM_SIZE));
	assert_int_equal(m.ctx.fault.code, 6);
	/* add (%r17),%r16 reads; add %r16,(%r17) must fault as a write */
	m.page->r[1] = 0x10000;
	assert_int_equal(RUN(0xd5, 0x58, 0x03, 0x01), EMU_PF);
	assert_int_equal(m.ctx.fault.code, 4);
	assert_int_equal(RUN(0xd5, 0x58, 0x01, 0x01), EMU_PF);
	assert_true(m.ctx.fault.addr == 0x10000);
	assert_int_equal(m.ctx.fault.code, 6);
	assert_true(m.page->r[0] == 1 && m.page->emulated == 0);
	/* not canonical: #GP, through rsp #SS */
	m.page->r[1] = 1ULL << 63;
	assert_int_equal(RUN(0xd5, 0x58, 0x03, 0x01), EMU_GP);
	m.ctx.gpr[EMU_RSP] = 1ULL << 63;
	assert_int_equal(RUN(0xd5, 0x18, 0x50), EMU_SS);
	assert_int_equal(RUN(0xd5, 0x48, 0x89, 0x04, 0x24), EMU_SS); /* mov %r16,(%rsp) */
}

static void test_cfcmov_suppresses_faults(void **state)
{
	(void)state;
	m.page->r[1] = 0x10000; /* not mapped */
	m.page->r[0] = ~0ULL;
	m.ctx.rflags &= ~1ULL;
	/* cfcmovb (%r17),%r16: 62 ec fc 08 42 01 */
	assert_int_equal(RUN(0x62, 0xec, 0xfc, 0x08, 0x42, 0x01), EMU_OK);
	assert_true(m.page->r[0] == 0);
	/* store form */
	assert_int_equal(RUN(0x62, 0xec, 0xfc, 0x0c, 0x42, 0x01), EMU_OK);
	m.ctx.rflags |= 1;
	assert_int_equal(RUN(0x62, 0xec, 0xfc, 0x08, 0x42, 0x01), EMU_PF);
	assert_int_equal(RUN(0x62, 0xec, 0xfc, 0x0c, 0x42, 0x01), EMU_PF);
	assert_int_equal(m.ctx.fault.code, 6);
	/* CCMP with a false condition still reads: ccmpf %r16,(%r17) */
	assert_int_equal(RUN(0x62, 0xec, 0x84, 0x0b, 0x39, 0x01), EMU_PF);
}

static void test_branches(void **state)
{
	(void)state;
	m.ctx.rip = 0x400000;
	assert_int_equal(RUN(0xd5, 0x00, 0xa1, 8, 7, 6, 5, 4, 3, 0, 0), EMU_OK);
	assert_true(m.ctx.rip == 0x030405060708);
	assert_int_equal(RUN(0xd5, 0x00, 0xa1, 1, 2, 3, 4, 5, 6, 7, 8), EMU_GP);
	assert_int_equal(RUN(0xd5, 0x08, 0xa1, 8, 7, 6, 5, 4, 3, 0, 0), EMU_UD);
	assert_int_equal(RUN(0x66, 0xd5, 0x00, 0xa1, 8, 7, 6, 5, 4, 3, 0, 0), EMU_UD);
	m.ctx.rip = 0x400000;
	m.page->r[2] = 0x7000;
	m.ctx.gpr[EMU_RSP] = mem_at(512);
	assert_int_equal(RUN(0xd5, 0x10, 0xff, 0xd2), EMU_OK); /* call *%r18 */
	assert_true(m.ctx.rip == 0x7000);
	assert_true(*(uint64_t *)(m.mem + 504) == 0x400004);
	assert_int_equal(RUN(0xd5, 0x10, 0xff, 0xe2), EMU_OK); /* jmp *%r18 */
	assert_true(m.ctx.rip == 0x7000);
	assert_int_equal(RUN(0xd5, 0x00, 0xc3), EMU_OK); /* ret */
	assert_true(m.ctx.rip == 0x400004 && m.ctx.gpr[EMU_RSP] == mem_at(512));
}

static void test_divide_edges(void **state)
{
	static const struct {
		uint8_t size;
		int64_t hi, lo, divisor;
		int is_signed, de;
	} t[] = {
		{ 8, -1, INT64_MIN, -1, 1, 1 },
		{ 8, -1, INT64_MIN, 1, 1, 0 },
		{ 8, -1, INT64_MIN + 1, -1, 1, 0 },
		{ 8, 0, INT64_MIN, 1, 1, 1 },
		{ 8, 0, INT64_MAX, 1, 1, 0 },
		{ 8, 0, INT64_MIN, -1, 1, 0 },
		{ 8, INT64_MIN, 0, INT64_MIN, 1, 1 },
		{ 8, 1, 0, 1, 0, 1 },
		{ 8, 1, 0, 2, 0, 0 },
		{ 8, 5, -1, 5, 0, 1 },
		{ 8, 4, -1, 5, 0, 0 },
		{ 8, 0, 0, 0, 0, 1 },
		{ 4, -1, (uint32_t)INT32_MIN, -1, 1, 1 },
		{ 4, 0, INT32_MAX, 1, 1, 0 },
		{ 4, 0, 0x80000000, 1, 1, 1 },
		{ 4, 0, 0x80000000, -1, 1, 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint8_t code[] = { 0xd5, t[i].size == 8 ? 0x18 : 0x10, 0xf7,
				   t[i].is_signed ? 0xf8 : 0xf0 };

		m.ctx.gpr[EMU_RAX] = (uint64_t)t[i].lo;
		m.ctx.gpr[EMU_RDX] = (uint64_t)t[i].hi;
		m.page->r[0] = (uint64_t)t[i].divisor;
		assert_int_equal(run_bytes(code, 4), t[i].de ? EMU_DE : EMU_OK);
		if (t[i].de)
			assert_true(m.ctx.gpr[EMU_RAX] == (uint64_t)t[i].lo);
	}
}

/* No byte past the given ones is read: they end at a page that faults. */
static void test_never_reads_past_the_end(void **state)
{
	uint8_t *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const uint8_t codes[][15] = {
		{ 0x64, 0x67, 0x66, 0xd5, 0x77, 0xc7, 0x84, 0x84, 1, 2, 3, 4, 5, 6 },
		{ 0x64, 0x62, 0xfc, 0xfc, 0x10, 0x83, 0x84, 0x84, 1, 2, 3, 4, 5, 6, 7 },
		{ 0xd5, 0x00, 0xa1, 1, 2, 3, 4, 5, 6, 0, 0 },
		{ 0x62, 0xff, 0x7e, 0x08, 0xf6, 0xc0, 1, 2, 3, 4 },
		{ 0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 1, 2, 3, 4 },
	};
	unsigned int i, len;

	(void)state;
	assert_true(two != MAP_FAILED);
	assert_int_equal(mprotect(two + 4096, 4096, PROT_NONE), 0);
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct emu_insn full;

		memset(&full, 0, sizeof(full));
		assert_int_equal(emu_decode(codes[i], 15, &full), EMU_OK);
		for (len = 0; len <= full.len; len++) {
			struct emu_insn insn;
			uint8_t *p = two + 4096 - len;

			memcpy(p, codes[i], len);
			assert_int_equal(emu_decode(p, len, &insn),
					 len < full.len ? EMU_SHORT : EMU_OK);
		}
	}
	munmap(two, 8192);
}

static void test_fifteen_bytes(void **state)
{
	static const uint8_t clear[] = { 0xd5, 0x50, 0x31, 0xc0 }; /* xor %r16d,%r16d */
	uint8_t code[32];
	struct emu_insn insn;

	(void)state;
	memset(code, 0x3e, sizeof(code));
	memcpy(code + 11, clear, 4);
	assert_int_equal(emu_decode(code, sizeof(code), &insn), EMU_OK);
	assert_int_equal(insn.len, 15);
	memset(code, 0x3e, sizeof(code));
	memcpy(code + 12, clear, 4);
	assert_int_equal(emu_decode(code, sizeof(code), &insn), EMU_GP);
	memset(code, 0x66, sizeof(code));
	assert_int_equal(emu_decode(code, sizeof(code), &insn), EMU_GP);
}

static void test_not_ours(void **state)
{
	(void)state;
	assert_int_equal(RUN(0x48, 0x89, 0xc0), EMU_NOT_APX);
	assert_int_equal(RUN(0x0f, 0x0b), EMU_NOT_APX);
	assert_int_equal(RUN(0x0f, 0x0b, 0x0f, 0xae, 0x27), EMU_NOT_APX);
	assert_int_equal(RUN(0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1), EMU_NOT_APX); /* vaddps zmm */
	assert_int_equal(RUN(0xc4, 0xe2, 0x7b, 0xf6, 0xc0), EMU_NOT_APX);	/* mulx */
	assert_int_equal(TRAP(0x0f, 0x0b, 0x90), EMU_NOT_APX);
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f, 0xae, 0xe0), EMU_NOT_APX);
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f), EMU_SHORT);
	/* XSAVE with REX2 does not exist */
	assert_int_equal(RUN(0xd5, 0x80, 0xae, 0x27), EMU_UD);
}

static uint64_t msr_value;
static uint32_t msr_index;

static enum emu_status rdmsr(struct emu_ctx *ctx, __u32 msr, __u64 *value)
{
	(void)ctx;
	msr_index = msr;
	*value = msr_value;
	return msr == 0x10 ? EMU_GP : EMU_OK;
}

static enum emu_status wrmsr(struct emu_ctx *ctx, __u32 msr, __u64 value)
{
	(void)ctx;
	msr_index = msr;
	msr_value = value;
	return EMU_OK;
}

static enum emu_status sys(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 *value)
{
	(void)ctx;
	msr_index = insn->opcode;
	if (insn->opcode == 0x20)
		*value = 0x80050033;
	else
		msr_value = *value;
	return EMU_OK;
}

static void test_privileged(void **state)
{
	struct emu_host host = machine_host;

	(void)state;
	host.rdmsr = rdmsr;
	host.wrmsr = wrmsr;
	host.system = sys;
	m.ctx.host = &host;
	m.page->r[0] = 77;
	assert_int_equal(RUN(0x62, 0xff, 0x7e, 0x08, 0xf6, 0xc0, 0xe0, 6, 0, 0),
			 EMU_GP); /* CPL 3 */
	m.ctx.cpl = 0;
	assert_int_equal(RUN(0x62, 0xff, 0x7e, 0x08, 0xf6, 0xc0, 0xe0, 6, 0, 0), EMU_OK);
	assert_true(msr_index == 0x6e0 && msr_value == 77);
	msr_value = 99;
	assert_int_equal(RUN(0x62, 0xff, 0x7f, 0x08, 0xf6, 0xc0, 0xe0, 6, 0, 0), EMU_OK);
	assert_true(m.page->r[0] == 99);
	assert_int_equal(RUN(0x62, 0xdf, 0x7e, 0x08, 0xf6, 0xc7, 0x30, 8, 0, 0), EMU_OK);
	assert_int_equal(msr_index, 0x830);
	assert_int_equal(RUN(0x62, 0xff, 0x7f, 0x08, 0xf6, 0xc0, 0x10, 0, 0, 0), EMU_GP);
	/* The VEX form takes no EGPR and needs no APX. */
	m.page->xcr0 = 1;
	m.ctx.gpr[EMU_RAX] = 5;
	assert_int_equal(RUN(0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 0xe0, 6, 0, 0), EMU_OK);
	assert_true(msr_value == 5);
	m.page->xcr0 |= EGPR_XFEATURE_LO;
	assert_int_equal(RUN(0xd5, 0x90, 0x20, 0xc0), EMU_OK); /* mov %cr0,%r16 */
	assert_true(m.page->r[0] == 0x80050033);
	assert_int_equal(RUN(0xd5, 0x90, 0x22, 0xe0), EMU_OK); /* mov %r16,%cr4 */
	assert_true(msr_index == 0x22 && msr_value == 0x80050033);
	m.ctx.cpl = 3;
	assert_int_equal(RUN(0xd5, 0x90, 0x20, 0xc0), EMU_GP);
}

static void test_xcr0(void **state)
{
	unsigned int i;

	(void)state;
	m.page->xcr0 = 1;
	m.ctx.cpl = 0;
	m.ctx.xcr0_real = 0xe7;
	m.page->r[7] = 123;
	m.ctx.gpr[EMU_RCX] = 0;
	m.ctx.gpr[EMU_RAX] = 0x80007;
	m.ctx.gpr[EMU_RDX] = 0;
	m.ctx.rip = 0x1000;
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f, 0x01, 0xd1), EMU_OK); /* xsetbv */
	assert_true(m.ctx.rip == 0x1005 && m.page->xcr0 == 0x80007);
	assert_true(m.page->r[7] == 123); /* registers are kept across off and on */
	m.ctx.gpr[EMU_RAX] = 0;
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f, 0x01, 0xd0), EMU_OK); /* xgetbv */
	assert_true(m.ctx.gpr[EMU_RAX] == 0x800e7);
	m.page->xinuse = 0;
	m.ctx.gpr[EMU_RCX] = 1;
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f, 0x01, 0xd0), EMU_OK);
	assert_true(!(m.ctx.gpr[EMU_RAX] & EGPR_XFEATURE_LO));
	/* refused: no x87, AVX without SSE, bits the CPU lacks, MPX beside APX, another XCR, CPL 3 */
	static const uint64_t bad[] = { 0x80000, 0x80005, 0x80201, 0x21, 1ULL << 62 | 1 };

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(emu_xsetbv(&m.ctx, 0, bad[i]), EMU_GP);
	/* what may be set is another matter than what is */
	m.ctx.xcr0_settable = 0x1f;
	m.ctx.xcr0_real = 0x3;
	assert_int_equal(emu_xsetbv(&m.ctx, 0, 0x8001b), EMU_GP);
	assert_int_equal(emu_xsetbv(&m.ctx, 0, 0x27), EMU_GP);
	assert_int_equal(emu_xsetbv(&m.ctx, 0, 0x80007), EMU_OK);
	m.ctx.gpr[EMU_RCX] = 0;
	assert_int_equal(TRAP(0x0f, 0x0b, 0x0f, 0x01, 0xd0), EMU_OK);
	assert_true(m.ctx.gpr[EMU_RAX] == 0x80003);
	assert_int_equal(emu_xsetbv(&m.ctx, 1, 1), EMU_GP);
	m.ctx.cpl = 3;
	assert_int_equal(emu_xsetbv(&m.ctx, 0, 1), EMU_GP);
	assert_true(m.page->xcr0 == 0x80007);
}

#define AREA 1024

static uint64_t *area64(unsigned int off)
{
	return (uint64_t *)(m.mem + AREA + off);
}

static void xstate_ready(void)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		m.page->r[i] = 0x1600 + i;
	m.page->xinuse = 1;
	m.ctx.gpr[EMU_RDI] = mem_at(AREA);
	m.ctx.gpr[EMU_RAX] = EGPR_XFEATURE_LO;
	m.ctx.gpr[EMU_RDX] = 0;
	m.ctx.cpl = 0;
}

static int area_holds(unsigned int off)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		if (area64(off)[i] != 0x1600 + i)
			return 0;
	return 1;
}

static int regs_hold(uint64_t base, uint64_t step)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		if (m.page->r[i] != base + i * step)
			return 0;
	return 1;
}

#define XSAVE	 0x0f, 0x0b, 0x48, 0x0f, 0xae, 0x27
#define XRSTOR	 0x0f, 0x0b, 0x48, 0x0f, 0xae, 0x2f
#define XSAVEOPT 0x0f, 0x0b, 0x48, 0x0f, 0xae, 0x37
#define XSAVEC	 0x0f, 0x0b, 0x48, 0x0f, 0xc7, 0x27
#define XSAVES	 0x0f, 0x0b, 0x48, 0x0f, 0xc7, 0x2f
#define XRSTORS	 0x0f, 0x0b, 0x48, 0x0f, 0xc7, 0x1f
#define HDR	 EGPR_XSAVE_HEADER_OFFSET

static void test_xsave_standard(void **state)
{
	(void)state;
	xstate_ready();
	*area64(HDR) = 0x7 | EGPR_XFEATURE_LO; /* other components keep their bits */
	assert_int_equal(TRAP(XSAVE), EMU_OK);
	assert_true(*area64(HDR) == (0x7 | EGPR_XFEATURE_LO));
	assert_true(area_holds(EGPR_XSAVE_STD_OFFSET));
	*area64(HDR) = EGPR_XFEATURE_LO;
	memset(m.page->r, 0xff, sizeof(m.page->r));
	assert_int_equal(TRAP(XRSTOR), EMU_OK);
	assert_true(regs_hold(0x1600, 1) && m.page->xinuse == 1);
	/* XSTATE_BV clear: initial configuration */
	*area64(HDR) = 0;
	assert_int_equal(TRAP(XRSTOR), EMU_OK);
	assert_true(regs_hold(0, 0) && m.page->xinuse == 0);
	/* XSAVE writes initial data, XSAVEOPT does not touch it */
	assert_int_equal(TRAP(XSAVE), EMU_OK);
	assert_true(*area64(HDR) == 0 && *area64(EGPR_XSAVE_STD_OFFSET + 8) == 0);
	*area64(EGPR_XSAVE_STD_OFFSET) = 99;
	assert_int_equal(TRAP(XSAVEOPT), EMU_OK);
	assert_true(*area64(EGPR_XSAVE_STD_OFFSET) == 99 && *area64(HDR) == 0);
	xstate_ready();
	assert_int_equal(TRAP(XSAVEOPT), EMU_OK);
	assert_true(area_holds(EGPR_XSAVE_STD_OFFSET));
}

static void test_xsave_compacted(void **state)
{
	const uint64_t xcomp = 1ULL << 63 | EGPR_XFEATURE_LO;

	(void)state;
	xstate_ready();
	assert_int_equal(TRAP(XSAVEC), EMU_OK);
	assert_true(*area64(HDR) == EGPR_XFEATURE_LO && *area64(HDR + 8) == xcomp);
	assert_true(area_holds(EGPR_XSAVE_COMPACT_OFFSET));
	memset(m.page->r, 0, sizeof(m.page->r));
	assert_int_equal(TRAP(XRSTOR), EMU_OK);
	assert_true(regs_hold(0x1600, 1));
	memset(m.page->r, 0, sizeof(m.page->r));
	m.page->xinuse = 0;
	assert_int_equal(TRAP(XSAVES), EMU_OK); /* init optimisation: bit clear, format kept */
	assert_true(*area64(HDR) == 0 && *area64(HDR + 8) == xcomp);
	xstate_ready();
	assert_int_equal(TRAP(XRSTORS), EMU_OK);
	assert_true(regs_hold(0, 0) && !m.page->xinuse);
	m.ctx.cpl = 3;
	assert_int_equal(TRAP(XSAVES), EMU_GP);
	assert_int_equal(TRAP(XRSTORS), EMU_GP);
}

static void test_xsave_refusals(void **state)
{
	(void)state;
	xstate_ready();
	memset(area64(HDR), 0, 64);
	m.ctx.gpr[EMU_RDI]++;
	assert_int_equal(TRAP(XSAVE), EMU_GP); /* alignment */
	m.ctx.gpr[EMU_RDI]--;
	*area64(HDR + 8) = 1; /* XCOMP_BV without bit 63 */
	assert_int_equal(TRAP(XRSTOR), EMU_GP);
	*area64(HDR + 8) = 0;
	assert_int_equal(TRAP(XRSTORS), EMU_GP); /* standard format */
	*area64(HDR) = 1ULL << 40;
	assert_int_equal(TRAP(XRSTOR), EMU_GP);
	*area64(HDR) = EGPR_XFEATURE_LO;
	*area64(HDR + 8) = 1ULL << 63; /* XSTATE_BV beyond XCOMP_BV */
	assert_int_equal(TRAP(XRSTOR), EMU_GP);
	*area64(HDR + 8) = 1ULL << 63 | EGPR_XFEATURE_LO;
	*area64(HDR + 56) = 1;
	assert_int_equal(TRAP(XRSTOR), EMU_GP);
	assert_true(regs_hold(0x1600, 1));
	/* XCR0[19] clear: XSAVE omits without a word, XRSTOR of a set bit is #GP */
	memset(area64(HDR), 0, 64);
	m.page->xcr0 = 1;
	*area64(EGPR_XSAVE_STD_OFFSET) = 98;
	assert_int_equal(TRAP(XSAVE), EMU_OK);
	assert_true(*area64(HDR) == 0 && *area64(EGPR_XSAVE_STD_OFFSET) == 98);
	*area64(HDR) = EGPR_XFEATURE_LO;
	assert_int_equal(TRAP(XRSTOR), EMU_GP);
	/* another enabled component needs the host */
	m.page->xcr0 |= EGPR_XFEATURE_LO;
	m.ctx.gpr[EMU_RAX] = EGPR_XFEATURE_LO | 1;
	assert_int_equal(TRAP(XSAVE), EMU_UNSUPPORTED);
}

static enum emu_status xrest(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			     __u64 rest, void *header)
{
	uint64_t h[2];

	(void)ctx;
	(void)insn;
	(void)addr;
	memcpy(h, header, sizeof(h));
	assert_true(!(h[0] & EGPR_XFEATURE_LO) && !(h[1] & EGPR_XFEATURE_LO));
	h[0] |= rest;
	memcpy(header, h, sizeof(h));
	return EMU_OK;
}

static unsigned int xcomp_size(struct emu_ctx *ctx, unsigned int i, int *align)
{
	(void)ctx;
	*align = i == 6;
	return i == 2 ? 256 : i == 5 ? 40 : i == 6 ? 512 : 8;
}

static void test_xsave_beside_others(void **state)
{
	struct emu_host host = machine_host;

	(void)state;
	host.xrest = xrest;
	host.xcomp_size = xcomp_size;
	m.ctx.host = &host;
	m.ctx.xcr0_real = 0x67;
	xstate_ready();
	m.ctx.gpr[EMU_RAX] = EGPR_XFEATURE_LO | 0x67;
	assert_int_equal(TRAP(XSAVEC), EMU_OK);
	assert_true(*area64(HDR) == (EGPR_XFEATURE_LO | 0x67));
	assert_true(*area64(HDR + 8) == (1ULL << 63 | EGPR_XFEATURE_LO | 0x67));
	/* 576 + 256 (AVX) + 40, aligned to 896, + 512 */
	assert_true(area_holds(1408));
	memset(m.page->r, 0, sizeof(m.page->r));
	assert_int_equal(TRAP(XRSTOR), EMU_OK);
	assert_true(regs_hold(0x1600, 1));
	/* standard format at an offset of the host's choice */
	m.ctx.xstd_offset = 2560;
	memset(area64(HDR), 0, 64);
	assert_int_equal(TRAP(XSAVE), EMU_OK);
	assert_true(area_holds(2560));
}

/* Vector state for native code: zmm0 or xmm0 is carried in and out. */
static uint8_t zmm[64] __attribute__((aligned(64)));
int emu_native_call(struct emu_native *n, const void *slot);

static enum emu_status native_vector(struct emu_ctx *ctx, struct emu_native *n)
{
	int abandoned;

	(void)ctx;
	memcpy(m.slot, n->code, n->len);
	m.slot[n->len] = 0xc3;
	__asm__ volatile("vmovdqu64 %[z], %%zmm0\n\t"
			 "mov $-1, %%eax\n\tkmovw %%eax, %%k1\n\t"
			 "call emu_native_call\n\t"
			 "vmovdqu64 %%zmm0, %[z]"
			 : [z] "+m"(zmm), "+D"(n), "=a"(abandoned)
			 : "S"(m.slot)
			 : "memory", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm1");
	return abandoned ? EMU_PF : EMU_OK;
}

static void test_vector_addresses(void **state)
{
	struct emu_host host = machine_host;
	unsigned int i;

	(void)state;
	m.page->r[0] = mem_at(1024);
	m.page->r[4] = 2;
	/* without vector state there is an answer, not a guess */
	assert_int_equal(RUN(0x62, 0xf9, 0xfe, 0x48, 0x6f, 0x40, 0x01), EMU_UNSUPPORTED);
	host.native = native_vector;
	m.ctx.host = &host;
	m.ctx.mode = EMU_DIRECT;
	/* SSE through REX2: movups 8(%r16,%r20,4),%xmm0; movq %r17,%xmm0; movmskps %xmm0,%r18d */
	for (i = 0; i < MEM_SIZE; i++)
		m.mem[i] = (uint8_t)(i * 7);
	if (!__builtin_cpu_supports("avx512f")) {
		print_message("# vector addresses: skipped: this CPU has no AVX-512\n");
		skip();
	}
	assert_int_equal(RUN(0xd5, 0xb0, 0x10, 0x44, 0xa0, 0x08), EMU_OK);
	assert_memory_equal(zmm, m.mem + 1024 + 16, 16);
	m.page->r[1] = 0x8877665544332211;
	assert_int_equal(RUN(0x66, 0xd5, 0x98, 0x6e, 0xc1), EMU_OK);
	assert_memory_equal(zmm, &m.page->r[1], 8);
	assert_int_equal(RUN(0xd5, 0xc0, 0x50, 0xd0), EMU_OK);
	assert_true(m.page->r[2] == 2);
	/* EVEX with a compressed displacement: vmovdqu64 64(%r16),%zmm0 */
	assert_int_equal(RUN(0x62, 0xf9, 0xfe, 0x48, 0x6f, 0x40, 0x01), EMU_OK);
	assert_memory_equal(zmm, m.mem + 1024 + 64, 64);
	/* index r20: vmovdqu64 128(%r16,%r20,8),%zmm0: X4 is U, inverted */
	assert_int_equal(RUN(0x62, 0xf9, 0xfa, 0x48, 0x6f, 0x44, 0xe0, 0x02), EMU_OK);
	assert_memory_equal(zmm, m.mem + 1024 + 128 + 16, 64);
	/* store, disp32 */
	memset(zmm, 0x5a, sizeof(zmm));
	assert_int_equal(RUN(0x62, 0xf9, 0xfe, 0x48, 0x7f, 0x80, 0x00, 0x02, 0, 0), EMU_OK);
	assert_int_equal(m.mem[1024 + 512 + 63], 0x5a);
	/* gather, index in zmm0: vpgatherdd 0(%r16,%xmm0,4),%xmm1{%k1}: runs, base replaced */
	memset(zmm, 0, sizeof(zmm));
	assert_int_equal(RUN(0x62, 0xfa, 0x7d, 0x09, 0x90, 0x0c, 0x80), EMU_OK);
	/* vpbroadcastd %r17d,%zmm0 */
	assert_int_equal(RUN(0x62, 0xfa, 0x7d, 0x48, 0x7c, 0xc1), EMU_OK);
	assert_memory_equal(zmm + 60, &m.page->r[1], 4);
	/* vmovd %xmm0,%r19d */
	assert_int_equal(RUN(0x62, 0xf9, 0x7d, 0x08, 0x7e, 0xc3), EMU_OK);
	assert_true(m.page->r[3] == 0x44332211);
}

static uint64_t races;

static enum emu_status racing_cmpxchg(struct emu_ctx *ctx, __u64 addr, __u64 *old, __u64 new_val,
				      unsigned int len)
{
	if (races++ == 0) /* another CPU was there first */
		*(uint64_t *)(uintptr_t)addr += 1000;
	return machine_host.cmpxchg(ctx, addr, old, new_val, len);
}

static void test_lock_retries(void **state)
{
	struct emu_host host = machine_host;

	(void)state;
	host.cmpxchg = racing_cmpxchg;
	m.ctx.host = &host;
	m.page->r[0] = 1;
	m.page->r[1] = mem_at(64);
	*(uint64_t *)(m.mem + 64) = 5;
	assert_int_equal(RUN(0xf0, 0xd5, 0x58, 0x01, 0x01), EMU_OK); /* lock add %r16,(%r17) */
	assert_true(*(uint64_t *)(m.mem + 64) == 1006 && races == 2);
	races = 0;
	m.page->r[0] = 1;
	assert_int_equal(RUN(0xd5, 0x58, 0x87, 0x01), EMU_OK); /* xchg %r16,(%r17) */
	assert_true(*(uint64_t *)(m.mem + 64) == 1 && m.page->r[0] == 2006 && races == 2);
}

/* What a host's SIGSEGV handler does with a fault inside the slot. */
static void abandon(int sig, siginfo_t *info, void *uc_)
{
	ucontext_t *uc = uc_;

	(void)sig;
	m.ctx.fault.addr = (uint64_t)(uintptr_t)info->si_addr;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)emu_native_abort;
}

static void test_fault_in_slot(void **state)
{
	struct sigaction sa = { .sa_sigaction = abandon, .sa_flags = SA_SIGINFO }, old;
	uint8_t *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t rbx = m.ctx.gpr[EMU_RBX] = 0x1234;

	(void)state;
	m.ctx.mode = EMU_DIRECT;
	m.page->r[1] = (uint64_t)(uintptr_t)none + 8;
	m.page->r[0] = 3;
	sigaction(SIGSEGV, &sa, &old);
	assert_int_equal(RUN(0xd5, 0x58, 0x01, 0x01), EMU_PF);
	sigaction(SIGSEGV, &old, NULL);
	assert_true(m.ctx.fault.addr == (uint64_t)(uintptr_t)none + 8);
	assert_true(m.page->r[0] == 3 && m.ctx.gpr[EMU_RBX] == rbx);
	munmap(none, 4096);
}

static void test_without_a_slot(void **state)
{
	(void)state;
	m.ctx.host = &machine_host_free;
	m.ctx.gpr[EMU_RDI] = mem_at(256);
	m.page->r[15] = 31;
	assert_int_equal(RUN(0xd5, 0x4c, 0x89, 0xbf, 8, 0, 0, 0), EMU_OK); /* mov %r31,8(%rdi) */
	assert_int_equal(RUN(0xd5, 0x48, 0x8b, 0x87, 8, 0, 0, 0), EMU_OK); /* mov 8(%rdi),%r16 */
	assert_true(m.page->r[0] == 31);
	assert_int_equal(RUN(0xd5, 0x50, 0x31, 0xc0), EMU_OK);
	assert_true(m.page->r[0] == 0);
	assert_int_equal(RUN(0xd5, 0x90, 0xb8, 0xc0), EMU_UD); /* popcnt lacks its F3 */
	assert_int_equal(RUN(0xf3, 0xd5, 0x90, 0xb8, 0xc0), EMU_UNSUPPORTED); /* popcnt */
	assert_non_null(m.ctx.fault.reason);
}

static void test_host_state_is_not_shown(void **state)
{
	(void)state;
	/* rdfsbase and cpuid would answer for the emulating CPU */
	assert_int_equal(RUN(0xf3, 0xd5, 0x90, 0xae, 0xc0), EMU_UNSUPPORTED);
	assert_int_equal(RUN(0xd5, 0x80, 0xa2), EMU_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_documented_encodings),
		TEST(test_apx_off_is_ud),
		TEST(test_pair_order_and_alignment),
		TEST(test_push_pop),
		TEST(test_fault_addresses),
		TEST(test_cfcmov_suppresses_faults),
		TEST(test_branches),
		TEST(test_divide_edges),
		TEST(test_never_reads_past_the_end),
		TEST(test_fifteen_bytes),
		TEST(test_not_ours),
		TEST(test_privileged),
		TEST(test_xcr0),
		TEST(test_xsave_standard),
		TEST(test_xsave_compacted),
		TEST(test_xsave_refusals),
		TEST(test_xsave_beside_others),
		TEST(test_vector_addresses),
		TEST(test_lock_retries),
		TEST(test_fault_in_slot),
		TEST(test_without_a_slot),
		TEST(test_host_state_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
