// SPDX-License-Identifier: GPL-2.0-only
/*
 * Component 19 among others in an XSAVE area: layouts of Intel and of AMD, of which a model plays
 * the other components. The area is as large as the enabled components make it (the furthest end of
 * any, not the last one's), and whoever goes beyond it gets a page fault.
 *
 * Source: SDM vol. 1, 13.4, 13.7, 13.8, 13.12; the numbers are those of CPUID leaf 0xD.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "../../emu/emu.h"

#define BIT(i)	  (1ull << (i))
#define APX	  BIT(EGPR_XFEATURE)
#define X87_SSE	  3ull
#define SSE	  BIT(1)
#define AVX	  BIT(2)
#define AVX512	  (BIT(5) | BIT(6) | BIT(7))
#define PKRU	  BIT(9)
#define CET_U	  BIT(11)
#define AMX	  (BIT(17) | BIT(18))
#define COMPACTED BIT(63)

#define HDR	    EGPR_XSAVE_HEADER_OFFSET
#define MXCSR_AT    24
#define MXCSR_VALUE 0x9fc0u
#define AREA_MAX    16384
#define MARK_HELD   0x5a
#define CANARY	    0xa5
#define COMPONENTS  EGPR_XFEATURE

struct component {
	unsigned int bytes, offset;
	int aligned;
};

/* AVX, opmask, ZMM_Hi256, Hi16_ZMM, PKRU, CET_U (supervisor: no offset), TILECFG, TILEDATA. */
#define INTEL                                                                 \
	[2] = { 256, 576, 0 }, [5] = { 64, 1088, 0 }, [6] = { 512, 1152, 0 }, \
	[7] = { 1024, 1664, 0 }, [9] = { 8, 2688, 0 }, [11] = { 16, 0, 0 },   \
	[17] = { 64, 2752, 1 }, [18] = { 8192, 2816, 1 }
#define AMD                                                                 \
	[2] = { 256, 576, 0 }, [5] = { 64, 832, 0 }, [6] = { 512, 896, 0 }, \
	[7] = { 1024, 1408, 0 }, [9] = { 8, 2432, 0 }, [11] = { 16, 0, 0 }

/*
 * struct layout - a CPU
 * @apx: where component 19 is in the standard format; 0: left to the core
 * @size: bytes of the standard area with all of @xcr0 and 19 enabled
 * @compact: where component 19 is in the compacted format, all of @xcr0 before it
 */
static const struct layout {
	const char *name;
	uint64_t xcr0;
	unsigned int apx, size, compact;
	struct component c[COMPONENTS];
} layouts[] = {
	{ "APX alone", X87_SSE, 0, 960 + 128, 576, { INTEL } },
	{ "Intel, AVX below it", X87_SSE | AVX, 0, 960 + 128, 576 + 256, { INTEL } },
	{ "Intel, PKRU above it", X87_SSE | AVX | PKRU, 0, 2688 + 8, 576 + 256 + 8, { INTEL } },
	{ "Intel, AVX-512 and PKRU above it",
	  X87_SSE | AVX | AVX512 | PKRU,
	  0,
	  2688 + 8,
	  576 + 256 + 64 + 512 + 1024 + 8,
	  { INTEL } },
	/* 2440, aligned to 2496, TILECFG, TILEDATA. */
	{ "Intel, AMX above it",
	  X87_SSE | AVX | AVX512 | PKRU | AMX,
	  960,
	  2816 + 8192,
	  2496 + 64 + 8192,
	  { INTEL } },
	{ "AMX without AVX-512", X87_SSE | AMX, 0, 2816 + 8192, 576 + 64 + 8192, { INTEL } },
	{ "AMD, behind all others",
	  X87_SSE | AVX | AVX512 | PKRU,
	  2496,
	  2496 + 128,
	  576 + 256 + 64 + 512 + 1024 + 8,
	  { AMD } },
	{ "AMD, where PKRU ends", X87_SSE | AVX | PKRU, 2440, 2440 + 128, 576 + 256 + 8, { AMD } },
};
#define NR_LAYOUTS (sizeof(layouts) / sizeof(*layouts))

/* The machine: an area that ends where the layout says, and the other components' registers. */
static struct {
	const struct layout *l;
	uint8_t area[AREA_MAX] __attribute__((aligned(64)));
	unsigned int size;
	unsigned int others; /* calls of xrest */
	uint64_t rest;	     /* of the last */
	uint64_t header[2];  /* likewise, as it came */
	uint32_t mxcsr;
	struct egpr_page page;
	struct emu_ctx ctx;
} m;

static unsigned int where(uint64_t addr)
{
	return (unsigned int)(addr - (uint64_t)(uintptr_t)m.area);
}

static int outside(struct emu_ctx *ctx, uint64_t addr, unsigned int len)
{
	if (addr - (uint64_t)(uintptr_t)m.area <= m.size && m.size - where(addr) >= len)
		return 0;
	ctx->fault.addr = addr;
	return 1;
}

static enum emu_status area_read(struct emu_ctx *ctx, __u64 addr, void *buf, unsigned int len,
				 enum emu_access access)
{
	(void)access;
	if (outside(ctx, addr, len))
		return EMU_PF;
	memcpy(buf, m.area + where(addr), len);
	return EMU_OK;
}

static enum emu_status area_write(struct emu_ctx *ctx, __u64 addr, const void *buf,
				  unsigned int len)
{
	if (outside(ctx, addr, len))
		return EMU_PF;
	memcpy(m.area + where(addr), buf, len);
	return EMU_OK;
}

static unsigned int xcomp_size(struct emu_ctx *ctx, unsigned int i, int *align)
{
	(void)ctx;
	*align = m.l->c[i].aligned;
	return m.l->c[i].bytes;
}

/* The model's own way through a layout; component 19 is not asked about. */
static unsigned int place(unsigned int component, uint64_t xcomp)
{
	unsigned int i, at = 576;

	if (!(xcomp & COMPACTED))
		return m.l->c[component].offset;
	for (i = 2; i <= component; i++) {
		if (!(xcomp & BIT(i)))
			continue;
		if (m.l->c[i].aligned)
			at = (at + 63) & ~63u;
		if (i < component)
			at += m.l->c[i].bytes;
	}
	return at;
}

static uint8_t mark(unsigned int component)
{
	return (uint8_t)(0x10 + component);
}

/* Extended components: their marks go out, and have to be there when they come in. */
static enum emu_status xrest(struct emu_ctx *ctx, const struct emu_insn *insn, __u64 addr,
			     __u64 rest, void *header)
{
	unsigned int ext = insn->modrm >> 3 & 7, i, b;
	int save = insn->opcode == 0xae ? ext != 5 : ext != 3;
	uint64_t *h = header;

	(void)ctx;
	assert_true(addr == (uint64_t)(uintptr_t)m.area && !(rest & APX));
	assert_true(!((h[0] | h[1]) & APX));
	m.others++;
	m.rest = rest;
	memcpy(m.header, h, sizeof(m.header));
	if (save)
		h[0] |= rest;
	for (i = 2; i < COMPONENTS; i++) {
		unsigned int at = place(i, h[1]);

		if (!(rest & h[0] & BIT(i)))
			continue;
		assert_true(at + m.l->c[i].bytes <= m.size);
		for (b = 0; b < m.l->c[i].bytes; b++) {
			if (save)
				m.area[at + b] = mark(i);
			assert_int_equal(m.area[at + b], mark(i));
		}
	}
	/* XRSTOR of the standard format loads MXCSR with SSE or AVX, whatever XSTATE_BV says. */
	if (!save && !(h[1] & COMPACTED) && rest & (SSE | AVX))
		memcpy(&m.mxcsr, m.area + MXCSR_AT, sizeof(m.mxcsr));
	return EMU_OK;
}

static const struct emu_host host = {
	.read = area_read, .write = area_write, .xrest = xrest, .xcomp_size = xcomp_size
};

static void fill_registers(void)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++)
		m.page.r[i] = 0x1900 + i;
	m.page.xinuse = 1;
}

static int registers_are(uint64_t first, uint64_t step)
{
	unsigned int i;

	for (i = 0; i < EGPR_COUNT; i++) {
		if (m.page.r[i] != first + i * step)
			return 0;
	}
	return 1;
}

static uint64_t *word(unsigned int at)
{
	return (uint64_t *)(m.area + at);
}

static void begin(const struct layout *l)
{
	const uint32_t mxcsr = MXCSR_VALUE;

	memset(&m, 0, sizeof(m));
	m.l = l;
	memset(m.area, CANARY, sizeof(m.area));
	memset(m.area + HDR, 0, 64);
	memcpy(m.area + MXCSR_AT, &mxcsr, sizeof(mxcsr));
	m.size = l->size;
	emu_page_init(&m.page);
	m.page.xcr0 |= APX;
	fill_registers();
	m.ctx.page = &m.page;
	m.ctx.host = &host;
	m.ctx.xcr0_real = l->xcr0;
	m.ctx.xstd_offset = l->apx;
	m.ctx.gpr[EMU_RDI] = (uint64_t)(uintptr_t)m.area;
	m.ctx.gpr[EMU_RAX] = m.ctx.gpr[EMU_RDX] = 0xffffffff; /* all that is enabled */
}

static enum emu_status trap(const uint8_t *code, unsigned int len)
{
	struct emu_insn insn;
	enum emu_status st = emu_decode_trap(code, len, &insn);

	return st == EMU_OK ? emu_execute(&m.ctx, &insn) : st;
}

static enum emu_status run(uint8_t opcode, uint8_t modrm)
{
	const uint8_t code[] = { 0x0f, 0x0b, 0x48, 0x0f, opcode, modrm };

	return trap(code, sizeof(code));
}

#define XSAVE	 0xae, 0x27
#define XRSTOR	 0xae, 0x2f
#define XSAVEOPT 0xae, 0x37
#define XSAVEC	 0xc7, 0x27
#define XSAVES	 0xc7, 0x2f
#define XRSTORS	 0xc7, 0x1f

/* Every byte from the header on belongs to someone, or is as it was. */
static void expect_area(uint64_t xcomp, unsigned int apx)
{
	uint8_t owner[AREA_MAX] = { 0 };
	unsigned int i, b, at;

	for (i = 2; i < COMPONENTS; i++) {
		if (!(m.l->xcr0 & BIT(i)))
			continue;
		at = place(i, xcomp);
		for (b = 0; b < m.l->c[i].bytes; b++) {
			assert_int_equal(owner[at + b], 0);
			owner[at + b] = mark(i);
		}
	}
	for (b = 0; b < EGPR_BYTES; b++) {
		if (owner[apx + b])
			fail_msg("%s: byte %u is component %u's", m.l->name, apx + b,
				 owner[apx + b] - 0x10u);
		owner[apx + b] = m.area[apx + b];
	}
	for (i = 0; i < EGPR_COUNT; i++)
		assert_true(*word(apx + 8 * i) == 0x1900 + i);
	for (b = HDR + 64; b < AREA_MAX; b++) {
		uint8_t want = owner[b];

		if (b >= apx && b < apx + EGPR_BYTES)
			continue;
		if (m.area[b] != (want ? want : CANARY))
			fail_msg("%s: byte %u is %#x", m.l->name, b, m.area[b]);
	}
}

static void test_standard(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_LAYOUTS; i++) {
		const struct layout *l = &layouts[i];
		unsigned int apx = l->apx ? l->apx : 960;

		begin(l);
		assert_int_equal(run(XSAVE), EMU_OK);
		assert_true(*word(HDR) == (l->xcr0 | APX) && *word(HDR + 8) == 0);
		expect_area(0, apx);
		memset(m.page.r, 0, sizeof(m.page.r));
		m.page.xinuse = 0;
		assert_int_equal(run(XRSTOR), EMU_OK);
		assert_true(registers_are(0x1900, 1) && m.page.xinuse);
		assert_int_equal(run(XSAVEOPT), EMU_OK);
		expect_area(0, apx);
		/* Stale bytes, but XSTATE_BV says that they are none: initial values. */
		*word(HDR) &= ~APX;
		assert_int_equal(run(XRSTOR), EMU_OK);
		assert_true(registers_are(0, 0) && !m.page.xinuse);
		assert_true(*word(apx) == 0x1900);
	}
}

/*
 * XFD, on a component of which the emulator can tell everything: stored by all four as if initial,
 * loaded only as initial. What the hardware still holds is not touched by storing.
 */
static void test_xfd(void **state)
{
	static const uint8_t save[][2] = { { XSAVE }, { XSAVEOPT }, { XSAVEC }, { XSAVES } };
	static const uint8_t load[][2] = { { XRSTOR }, { XRSTOR }, { XRSTOR }, { XRSTORS } };
	unsigned int i, inuse, disarmed;

	(void)state;
	for (i = 0; i < 4 * 4; i++) {
		inuse = i >> 2 & 1;
		disarmed = i >> 3;
		begin(&layouts[0]);
		m.page.xinuse = inuse;
		m.ctx.xfd = disarmed ? APX : 0;
		assert_int_equal(run(save[i & 3][0], save[i & 3][1]), EMU_OK);
		assert_int_equal(!!(*word(HDR) & APX), inuse && !disarmed);
		assert_int_equal(m.page.xinuse, inuse);
		/* What was stored under the same XFD can be loaded. */
		assert_int_equal(run(load[i & 3][0], load[i & 3][1]), EMU_OK);
		assert_int_equal(m.page.xinuse, inuse && !disarmed);
	}
}

/* What XRSTOR makes of a bit, whatever the hardware holds: bytes, initial values, or #NM and no change. */
static void test_xfd_load(void **state)
{
	static const uint8_t save[][2] = { { XSAVE }, { XSAVEOPT }, { XSAVEC }, { XSAVES } };
	static const uint8_t load[][2] = { { XRSTOR }, { XRSTOR }, { XRSTOR }, { XRSTORS } };
	unsigned int i, inuse, disarmed, bit;

	(void)state;
	for (i = 0; i < 4 * 8; i++) {
		inuse = i >> 2 & 1;
		disarmed = i >> 3 & 1;
		bit = i >> 4;
		begin(&layouts[0]);
		assert_int_equal(run(save[i & 3][0], save[i & 3][1]), EMU_OK);
		if (!bit)
			*word(HDR) &= ~APX;
		memset(m.page.r, inuse ? MARK_HELD : 0, sizeof(m.page.r));
		m.page.xinuse = inuse;
		m.ctx.xfd = disarmed ? APX : 0;
		assert_int_equal(run(load[i & 3][0], load[i & 3][1]),
				 bit && disarmed ? EMU_NM : EMU_OK);
		if (bit && disarmed) {
			assert_int_equal(m.page.xinuse, inuse);
			assert_int_equal((uint8_t)m.page.r[0], inuse ? MARK_HELD : 0);
		} else {
			assert_int_equal(m.page.xinuse, bit);
			assert_true(registers_are(bit ? 0x1900 : 0, bit));
		}
	}
}

/* The race of the post: stored with XFD=0, loaded with XFD=1, and #NM. With the bit cleared there is none. */
static void test_xfd_race(void **state)
{
	static const uint8_t save[][2] = { { XSAVE }, { XSAVEOPT }, { XSAVEC }, { XSAVES } };
	static const uint8_t load[][2] = { { XRSTOR }, { XRSTOR }, { XRSTOR }, { XRSTORS } };
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin(&layouts[0]);
		assert_int_equal(run(save[i][0], save[i][1]), EMU_OK);
		m.ctx.xfd = APX;
		assert_int_equal(run(load[i][0], load[i][1]), EMU_NM);
		assert_true(m.page.xinuse && registers_are(0x1900, 1));
		/* The fix: fpu_update_guest_xfd() clears the bit in what is stored. */
		*word(HDR) &= ~APX;
		assert_int_equal(run(load[i][0], load[i][1]), EMU_OK);
		assert_int_equal(m.page.xinuse, 0);
	}
}

static void test_compacted(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_LAYOUTS; i++) {
		const struct layout *l = &layouts[i];
		uint64_t xcomp = COMPACTED | l->xcr0 | APX;

		begin(l);
		m.size = l->compact + EGPR_BYTES;
		assert_int_equal(run(XSAVEC), EMU_OK);
		assert_true(*word(HDR) == (l->xcr0 | APX) && *word(HDR + 8) == xcomp);
		expect_area(xcomp, l->compact);
		memset(m.page.r, 0, sizeof(m.page.r));
		assert_int_equal(run(XRSTOR), EMU_OK);
		assert_true(registers_are(0x1900, 1) && m.page.xinuse);
		assert_int_equal(run(XSAVES), EMU_OK);
		expect_area(xcomp, l->compact);
		memset(m.page.r, 0, sizeof(m.page.r));
		assert_int_equal(run(XRSTORS), EMU_OK);
		assert_true(registers_are(0x1900, 1));
		/* A format that keeps room for a component which is not there. */
		*word(HDR) = APX;
		memset(m.page.r, 0, sizeof(m.page.r));
		assert_int_equal(run(XRSTOR), EMU_OK);
		assert_true(registers_are(0x1900, 1));
		*word(HDR) = l->xcr0;
		assert_int_equal(run(XRSTOR), EMU_OK);
		assert_true(registers_are(0, 0) && !m.page.xinuse);
		assert_true(*word(l->compact) == 0x1900);
	}
}

/* Supervisor components, too, have their room in a compacted area before component 19. */
static void test_supervisor(void **state)
{
	const struct layout *l = &layouts[2];

	(void)state;
	begin(l);
	m.ctx.xss = CET_U;
	m.size = l->compact + 16 + EGPR_BYTES;
	assert_int_equal(run(XSAVES), EMU_OK);
	assert_true(*word(HDR + 8) == (COMPACTED | l->xcr0 | CET_U | APX));
	assert_true(*word(l->compact + 16) == 0x1900);
	memset(m.page.r, 0, sizeof(m.page.r));
	assert_int_equal(run(XRSTORS), EMU_OK);
	assert_true(registers_are(0x1900, 1));
	/* XRSTOR knows none of them, and XSAVEC saves none. */
	assert_int_equal(run(XRSTOR), EMU_GP);
	assert_int_equal(run(XSAVEC), EMU_OK);
	assert_true(*word(HDR + 8) == (COMPACTED | l->xcr0 | APX));
	assert_true(*word(l->compact) == 0x1900);
}

/* The last byte of the area is needed, and none behind it. */
static void test_area_ends(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_LAYOUTS; i++) {
		const struct layout *l = &layouts[i];
		unsigned int apx = (l->apx ? l->apx : 960) + EGPR_BYTES;

		begin(l);
		m.ctx.gpr[EMU_RAX] = APX;
		m.size = apx;
		assert_int_equal(run(XSAVE), EMU_OK);
		assert_int_equal(m.others, 0);
		m.size--;
		assert_int_equal(run(XSAVE), EMU_PF);
		assert_int_equal(run(XRSTOR), EMU_PF);
		assert_true(registers_are(0x1900, 1));
		/* Alone in a compacted area it has nothing before it. */
		m.ctx.gpr[EMU_RDX] = 0;
		m.size = EGPR_XSAVE_COMPACT_OFFSET + EGPR_BYTES;
		assert_int_equal(run(XSAVEC), EMU_OK);
		assert_true(*word(EGPR_XSAVE_COMPACT_OFFSET) == 0x1900);
		m.size--;
		assert_int_equal(run(XSAVEC), EMU_PF);
	}
}

/* Which of the others an instruction is about, and what their CPU sees of the header. */
static void test_mxcsr(void **state)
{
	const struct layout *l = &layouts[2];

	(void)state;
	begin(l);
	assert_int_equal(run(XSAVE), EMU_OK);
	assert_true(m.rest == l->xcr0);
	/* Component 19 alone: nobody touches MXCSR. */
	m.others = 0;
	m.ctx.gpr[EMU_RDX] = 0;
	m.ctx.gpr[EMU_RAX] = APX;
	assert_int_equal(run(XRSTOR), EMU_OK);
	assert_true(m.others == 0 && m.mxcsr == 0);
	/* AVX beside it, though the area has none: the CPU is asked all the same, and loads MXCSR. */
	*word(HDR) = APX;
	m.ctx.gpr[EMU_RAX] = APX | AVX;
	assert_int_equal(run(XRSTOR), EMU_OK);
	assert_true(m.others == 1 && m.rest == AVX && m.header[0] == 0 && m.header[1] == 0);
	assert_int_equal(m.mxcsr, MXCSR_VALUE);
	/* x87 alone does not. */
	m.mxcsr = 0;
	m.ctx.gpr[EMU_RAX] = APX | 1;
	assert_int_equal(run(XRSTOR), EMU_OK);
	assert_true(m.others == 2 && m.rest == 1 && m.mxcsr == 0);
	/* In the compacted format the CPU sees the format, but for component 19. */
	m.ctx.gpr[EMU_RAX] = APX | AVX;
	*word(HDR + 8) = COMPACTED | APX | AVX;
	assert_int_equal(run(XRSTOR), EMU_OK);
	assert_true(m.others == 3 && m.rest == AVX && m.header[1] == (COMPACTED | AVX));
	assert_int_equal(m.mxcsr, 0);
}

/* Headers that are #GP for XRSTOR, and for XRSTORS where it says so; nothing is loaded. */
static void test_bad_headers(void **state)
{
	const struct layout *l = &layouts[2]; /* neither AVX-512 nor AMX */
	const uint64_t all = l->xcr0 | APX;
	const struct {
		uint64_t bv, xcomp;
		unsigned int reserved; /* byte of the header that is not zero */
		int restores;	       /* XRSTORS takes it */
	} bad[] = {
		{ all | BIT(5), 0, 0, 0 },		  /* a component that is off */
		{ all, APX, 0, 0 },			  /* XCOMP_BV without bit 63 */
		{ all, 0, 16, 0 },			  /* bytes 23:8 of the standard format */
		{ APX, COMPACTED, 0, 0 },		  /* beyond XCOMP_BV */
		{ all, COMPACTED | (all & ~APX), 0, 0 },  /* likewise */
		{ APX, COMPACTED | APX | BIT(17), 0, 0 }, /* off, in the format */
		{ APX, COMPACTED | APX | BIT(62), 0, 0 }, /* there is no such component */
		{ APX, COMPACTED | APX | CET_U, 0, 1 },	  /* a supervisor component */
		{ APX, COMPACTED | APX, 16, 0 },
		{ APX, COMPACTED | APX, 63, 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		begin(l);
		m.ctx.xss = CET_U;
		m.size = AREA_MAX;
		m.ctx.gpr[EMU_RDX] = 0;
		m.ctx.gpr[EMU_RAX] = APX;
		*word(HDR) = bad[i].bv;
		*word(HDR + 8) = bad[i].xcomp;
		if (bad[i].reserved)
			m.area[HDR + bad[i].reserved] = 1;
		if (run(XRSTOR) != EMU_GP)
			fail_msg("XRSTOR takes header %u", i);
		assert_int_equal(m.ctx.fault.code, 0);
		assert_true(registers_are(0x1900, 1) && m.page.xinuse && !m.others);
		if (!bad[i].restores && run(XRSTORS) != EMU_GP)
			fail_msg("XRSTORS takes header %u", i);
		assert_true(bad[i].restores || registers_are(0x1900, 1));
	}
	/* The standard format is none of XRSTORS', however good. */
	begin(l);
	assert_int_equal(run(XSAVE), EMU_OK);
	assert_int_equal(run(XRSTORS), EMU_GP);
	/* And of the standard format bytes 63:24 say nothing. */
	m.area[HDR + 24] = m.area[HDR + 63] = 1;
	assert_int_equal(run(XRSTOR), EMU_OK);
}

/* With XCR0[19] clear nothing of component 19 is in any format. */
static void test_off(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < NR_LAYOUTS; i++) {
		const struct layout *l = &layouts[i];

		begin(l);
		m.page.xcr0 &= ~APX;
		assert_int_equal(run(XSAVE), EMU_OK);
		assert_true(*word(HDR) == l->xcr0);
		assert_int_equal(m.area[l->apx ? l->apx : 960], CANARY);
		assert_int_equal(run(XSAVEC), EMU_OK);
		assert_true(*word(HDR + 8) == (COMPACTED | l->xcr0));
		*word(HDR + 8) |= APX;
		assert_int_equal(run(XRSTOR), EMU_GP);
		assert_true(registers_are(0x1900, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard),    cmocka_unit_test(test_compacted),
		cmocka_unit_test(test_xfd),	    cmocka_unit_test(test_xfd_load),
		cmocka_unit_test(test_xfd_race),    cmocka_unit_test(test_supervisor),
		cmocka_unit_test(test_area_ends),   cmocka_unit_test(test_mxcsr),
		cmocka_unit_test(test_bad_headers), cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests_name("component 19 among others", tests, NULL, NULL);
}
