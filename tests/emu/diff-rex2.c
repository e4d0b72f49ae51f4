// SPDX-License-Identifier: GPL-2.0-only
/*
 * REX2 against the CPU: random instructions, random state.
 *
 * Each case takes a legacy instruction from a list of its own (nothing here looks at
 * the emulator's table), gives random registers 0..31 to its fields and builds two
 * encodings: REX2, for the emulator, and REX on legacy registers that hold the same
 * values, for the CPU. Registers, flags and memory must be equal afterwards.
 * The emulator runs in all its ways: memory bounced or in place, and without a slot.
 *
 *   diff-rex2 [--cases N] [--seed N]      prints the cases run; exit 0 if all equal
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diff.h"

extern uint64_t ref_state[17];
void ref_call(const void *code);

/* Operand shapes. */
#define T_MODRM (1u << 0)
#define T_BYTE	(1u << 1) /* 8-bit operands */
#define T_REG	(1u << 2) /* ModRM.reg is a register (else .ext) */
#define T_Z	(1u << 3) /* register in the opcode */
#define T_MEM	(1u << 4) /* memory only */
#define T_NOMEM (1u << 5)
#define T_IB	(1u << 6)
#define T_IZ	(1u << 7)
#define T_IV	(1u << 8)
#define T_LOCK	(1u << 9)
#define T_F3	(1u << 10)
#define T_NO66	(1u << 11)
#define T_DIV	(1u << 12)
#define T_IDIV	(1u << 13)
#define T_BT	(1u << 14) /* bit number in a register: keep it near */
#define T_LEA	(1u << 15)
#define T_WIDE	(1u << 16) /* CMPXCHG8B and 16B */

#define U_A 1u
#define U_C 2u
#define U_D 4u
#define U_B 8u

struct tmpl {
	uint8_t map, lo, hi; /* opcodes */
	uint16_t exts;	     /* ModRM.reg values of a group */
	uint32_t flags;
	uint16_t uses; /* registers used implicitly */
};

/* clang-format off */
static const struct tmpl tmpls[] = {
#define ARITH(o, lk)								\
	{ 0, (o) + 0, (o) + 0, 0, T_MODRM | T_REG | T_BYTE | (lk), 0 },		\
	{ 0, (o) + 1, (o) + 1, 0, T_MODRM | T_REG | (lk), 0 },			\
	{ 0, (o) + 2, (o) + 2, 0, T_MODRM | T_REG | T_BYTE, 0 },		\
	{ 0, (o) + 3, (o) + 3, 0, T_MODRM | T_REG, 0 }
	ARITH(0x00, T_LOCK), ARITH(0x08, T_LOCK), ARITH(0x10, T_LOCK), ARITH(0x18, T_LOCK),
	ARITH(0x20, T_LOCK), ARITH(0x28, T_LOCK), ARITH(0x30, T_LOCK), ARITH(0x38, 0),
	{ 0, 0x63, 0x63, 0, T_MODRM | T_REG | T_NO66, 0 },
	{ 0, 0x69, 0x69, 0, T_MODRM | T_REG | T_IZ, 0 },
	{ 0, 0x6b, 0x6b, 0, T_MODRM | T_REG | T_IB, 0 },
	{ 0, 0x80, 0x80, 0xff, T_MODRM | T_BYTE | T_IB, 0 },
	{ 0, 0x81, 0x81, 0xff, T_MODRM | T_IZ, 0 },
	{ 0, 0x83, 0x83, 0xff, T_MODRM | T_IB, 0 },
	{ 0, 0x84, 0x84, 0, T_MODRM | T_REG | T_BYTE, 0 },
	{ 0, 0x85, 0x85, 0, T_MODRM | T_REG, 0 },
	{ 0, 0x86, 0x86, 0, T_MODRM | T_REG | T_BYTE | T_LOCK, 0 },
	{ 0, 0x87, 0x87, 0, T_MODRM | T_REG | T_LOCK, 0 },
	{ 0, 0x88, 0x88, 0, T_MODRM | T_REG | T_BYTE, 0 },
	{ 0, 0x89, 0x89, 0, T_MODRM | T_REG, 0 },
	{ 0, 0x8a, 0x8a, 0, T_MODRM | T_REG | T_BYTE, 0 },
	{ 0, 0x8b, 0x8b, 0, T_MODRM | T_REG, 0 },
	{ 0, 0x8d, 0x8d, 0, T_MODRM | T_REG | T_MEM | T_LEA, 0 },
	{ 0, 0x90, 0x97, 0, T_Z, U_A },
	{ 0, 0x98, 0x98, 0, 0, U_A },
	{ 0, 0x99, 0x99, 0, 0, U_A | U_D },
	{ 0, 0x9e, 0x9f, 0, 0, U_A },
	{ 0, 0xb0, 0xb7, 0, T_Z | T_BYTE | T_IB, 0 },
	{ 0, 0xb8, 0xbf, 0, T_Z | T_IV, 0 },
	{ 0, 0xc0, 0xc0, 0xff, T_MODRM | T_BYTE | T_IB, 0 },
	{ 0, 0xc1, 0xc1, 0xff, T_MODRM | T_IB, 0 },
	{ 0, 0xc6, 0xc6, 0x01, T_MODRM | T_BYTE | T_IB, 0 },
	{ 0, 0xc7, 0xc7, 0x01, T_MODRM | T_IZ, 0 },
	{ 0, 0xd0, 0xd0, 0xff, T_MODRM | T_BYTE, 0 },
	{ 0, 0xd1, 0xd1, 0xff, T_MODRM, 0 },
	{ 0, 0xd2, 0xd2, 0xff, T_MODRM | T_BYTE, U_C },
	{ 0, 0xd3, 0xd3, 0xff, T_MODRM, U_C },
	{ 0, 0xf5, 0xf5, 0, 0, 0 },
	{ 0, 0xf8, 0xf9, 0, 0, 0 },
	{ 0, 0xf6, 0xf6, 0x03, T_MODRM | T_BYTE | T_IB, 0 },
	{ 0, 0xf6, 0xf6, 0x0c, T_MODRM | T_BYTE | T_LOCK, 0 },
	{ 0, 0xf6, 0xf6, 0x30, T_MODRM | T_BYTE, U_A },
	{ 0, 0xf6, 0xf6, 0x40, T_MODRM | T_BYTE | T_DIV, U_A },
	{ 0, 0xf6, 0xf6, 0x80, T_MODRM | T_BYTE | T_IDIV, U_A },
	{ 0, 0xf7, 0xf7, 0x03, T_MODRM | T_IZ, 0 },
	{ 0, 0xf7, 0xf7, 0x0c, T_MODRM | T_LOCK, 0 },
	{ 0, 0xf7, 0xf7, 0x30, T_MODRM, U_A | U_D },
	{ 0, 0xf7, 0xf7, 0x40, T_MODRM | T_DIV, U_A | U_D },
	{ 0, 0xf7, 0xf7, 0x80, T_MODRM | T_IDIV, U_A | U_D },
	{ 0, 0xfe, 0xfe, 0x03, T_MODRM | T_BYTE | T_LOCK, 0 },
	{ 0, 0xff, 0xff, 0x03, T_MODRM | T_LOCK, 0 },
	{ 1, 0x1f, 0x1f, 0x01, T_MODRM, 0 },
	{ 1, 0x40, 0x4f, 0, T_MODRM | T_REG, 0 },
	{ 1, 0x90, 0x9f, 0xff, T_MODRM | T_BYTE, 0 },
	{ 1, 0xa3, 0xa3, 0, T_MODRM | T_REG | T_BT, 0 },
	{ 1, 0xab, 0xab, 0, T_MODRM | T_REG | T_BT | T_LOCK, 0 },
	{ 1, 0xb3, 0xb3, 0, T_MODRM | T_REG | T_BT | T_LOCK, 0 },
	{ 1, 0xbb, 0xbb, 0, T_MODRM | T_REG | T_BT | T_LOCK, 0 },
	{ 1, 0xba, 0xba, 0xf0, T_MODRM | T_IB, 0 },
	{ 1, 0xa4, 0xa4, 0, T_MODRM | T_REG | T_IB, 0 },
	{ 1, 0xa5, 0xa5, 0, T_MODRM | T_REG, U_C },
	{ 1, 0xac, 0xac, 0, T_MODRM | T_REG | T_IB, 0 },
	{ 1, 0xad, 0xad, 0, T_MODRM | T_REG, U_C },
	{ 1, 0xaf, 0xaf, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xb0, 0xb0, 0, T_MODRM | T_REG | T_BYTE | T_LOCK, U_A },
	{ 1, 0xb1, 0xb1, 0, T_MODRM | T_REG | T_LOCK, U_A },
	{ 1, 0xb6, 0xb6, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xb7, 0xb7, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xb8, 0xb8, 0, T_MODRM | T_REG | T_F3, 0 },
	{ 1, 0xbc, 0xbd, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xbc, 0xbd, 0, T_MODRM | T_REG | T_F3, 0 },
	{ 1, 0xbe, 0xbe, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xbf, 0xbf, 0, T_MODRM | T_REG, 0 },
	{ 1, 0xc0, 0xc0, 0, T_MODRM | T_REG | T_BYTE | T_LOCK, 0 },
	{ 1, 0xc1, 0xc1, 0, T_MODRM | T_REG | T_LOCK, 0 },
	{ 1, 0xc3, 0xc3, 0, T_MODRM | T_REG | T_MEM | T_NO66, 0 },
	{ 1, 0xc7, 0xc7, 0x02, T_MODRM | T_MEM | T_WIDE | T_LOCK | T_NO66, U_A | U_B | U_C | U_D },
	{ 1, 0xc8, 0xcf, 0, T_Z | T_NO66, 0 },
};
/* clang-format on */

#define NONE 0xff
#define RSP  4

struct caze {
	const struct tmpl *t;
	uint8_t opcode, ext;
	int p66, w, lock, p67, mem, sib, rip, imm_len;
	unsigned int size;
	uint8_t reg, rm, base, index, scale, mod; /* virtual registers 0..31 */
	uint8_t to[32];				  /* virtual -> legacy, for the reference */
	int64_t disp, imm;
	uint64_t ea;
	uint8_t apx[32], legacy[32];
	unsigned int apx_len, legacy_len;
};

static unsigned int below(unsigned int n)
{
	return (unsigned int)(rnd(&diff_seed) % n);
}

/* A virtual register: half of the time an EGPR. Never one that is used implicitly, never rsp. */
static uint8_t pick_reg(const struct caze *c, int allow_rsp)
{
	for (;;) {
		uint8_t r = below(2) ? 16 + below(16) : below(16);

		if (r < 16 && c->t->uses & (1u << r) && !(c->t->flags & T_WIDE))
			if (below(4))
				continue; /* sometimes the same as the implicit one */
		if (r == RSP && (!allow_rsp || below(4)))
			continue;
		return r;
	}
}

static void bind(struct caze *c, uint8_t r, unsigned int *used)
{
	if (r == NONE || c->to[r] != NONE)
		return;
	if (r < 16 && r != RSP) {
		c->to[r] = r;
		*used |= 1u << r;
	}
}

static void bind_free(struct caze *c, uint8_t r, unsigned int *used)
{
	unsigned int l;

	if (r == NONE || c->to[r] != NONE)
		return;
	do {
		l = below(16);
	} while (*used & 1u << l || l == RSP);
	c->to[r] = l;
	*used |= 1u << l;
}

static uint8_t L(const struct caze *c, uint8_t r)
{
	return r == NONE ? 0 : c->to[r];
}

/* Append ModRM, SIB and displacement; @legacy chooses the register numbers. */
static void put_modrm(const struct caze *c, uint8_t *out, unsigned int *len, int legacy)
{
	uint8_t reg = c->t->flags & T_REG ? (legacy ? L(c, c->reg) : c->reg) : c->ext;
	uint8_t rm = legacy ? L(c, c->rm) : c->rm;
	uint8_t base = legacy ? L(c, c->base) : c->base;
	uint8_t index = c->index == NONE ? 4 : legacy ? L(c, c->index) : c->index;
	unsigned int n = c->mod == 1 ? 1 : c->mod == 2 ? 4 : 0, i;

	if (!c->mem) {
		out[(*len)++] = 0xc0 | (reg & 7) << 3 | (rm & 7);
		return;
	}
	if (c->rip && !legacy) {
		out[(*len)++] = (reg & 7) << 3 | 5;
		n = 4;
	} else {
		/* Always a SIB in the reference: its register may be any. */
		int sib = legacy || c->sib;

		out[(*len)++] = c->mod << 6 | (reg & 7) << 3 | (sib ? 4 : base & 7);
		if (sib)
			out[(*len)++] = c->scale << 6 | (index & 7) << 3 | (base & 7);
	}
	for (i = 0; i < n; i++)
		out[(*len)++] = (uint8_t)((uint64_t)c->disp >> (8 * i));
}

static void put_imm(const struct caze *c, uint8_t *out, unsigned int *len)
{
	int i;

	for (i = 0; i < c->imm_len; i++)
		out[(*len)++] = (uint8_t)((uint64_t)c->imm >> (8 * i));
}

static void put_prefixes(const struct caze *c, uint8_t *out, unsigned int *len)
{
	if (c->p67)
		out[(*len)++] = 0x67;
	if (c->p66)
		out[(*len)++] = 0x66;
	if (c->lock)
		out[(*len)++] = 0xf0;
	if (c->t->flags & T_F3)
		out[(*len)++] = 0xf3;
}

static void build(struct caze *c)
{
	uint8_t r = c->t->flags & T_REG ? c->reg : 0;
	uint8_t b = c->t->flags & T_Z ? c->reg : c->mem ? (c->rip ? 0 : c->base) : c->rm;
	uint8_t x = c->mem && !c->rip && c->index != NONE ? c->index : 0;
	uint8_t p;

	if (!(c->t->flags & (T_MODRM | T_Z)))
		b = below(32); /* extends nothing */
	c->apx_len = c->legacy_len = 0;
	put_prefixes(c, c->apx, &c->apx_len);
	p = c->t->map << 7 | (r >> 4 & 1) << 6 | (x >> 4 & 1) << 5 | (b >> 4 & 1) << 4 | c->w << 3 |
	    (r >> 3 & 1) << 2 | (x >> 3 & 1) << 1 | (b >> 3 & 1);
	c->apx[c->apx_len++] = 0xd5;
	c->apx[c->apx_len++] = p;
	c->apx[c->apx_len++] = c->t->flags & T_Z ? (c->opcode & ~7) | (c->reg & 7) : c->opcode;
	if (c->t->flags & T_MODRM)
		put_modrm(c, c->apx, &c->apx_len, 0);
	put_imm(c, c->apx, &c->apx_len);

	r = c->t->flags & T_REG ? L(c, c->reg) : 0;
	b = c->t->flags & T_Z ? L(c, c->reg) : c->mem ? L(c, c->base) : L(c, c->rm);
	x = c->mem && c->index != NONE ? L(c, c->index) : 0;
	put_prefixes(c, c->legacy, &c->legacy_len);
	c->legacy[c->legacy_len++] = 0x40 | c->w << 3 | (r >> 3) << 2 | (x >> 3) << 1 | b >> 3;
	if (c->t->map)
		c->legacy[c->legacy_len++] = 0x0f;
	c->legacy[c->legacy_len++] = c->t->flags & T_Z ? (c->opcode & ~7) | (L(c, c->reg) & 7)
						       : c->opcode;
	if (c->t->flags & T_MODRM)
		put_modrm(c, c->legacy, &c->legacy_len, 1);
	put_imm(c, c->legacy, &c->legacy_len);
	c->legacy[c->legacy_len] = 0xc3;
}

static void choose(struct caze *c)
{
	const struct tmpl *t = &tmpls[below(sizeof(tmpls) / sizeof(tmpls[0]))];
	unsigned int used = 0, i;

	memset(c, 0, sizeof(*c));
	memset(c->to, NONE, sizeof(c->to));
	c->t = t;
	c->opcode = t->lo + below(t->hi - t->lo + 1);
	if (t->exts)
		do
			c->ext = below(8);
		while (!(t->exts & 1u << c->ext));
	c->w = below(2);
	c->p66 = !(t->flags & (T_BYTE | T_NO66)) && !below(4);
	c->size = t->flags & T_BYTE ? 1 : c->w ? 8 : c->p66 ? 2 : 4;
	c->mem = t->flags & T_MODRM && !(t->flags & T_NOMEM) && (t->flags & T_MEM || below(2));
	c->reg = c->rm = c->base = c->index = NONE;
	if (t->flags & (T_REG | T_Z))
		c->reg = pick_reg(c, 1);
	if (t->flags & T_MODRM && !c->mem)
		c->rm = pick_reg(c, 1);
	if (c->mem) {
		c->p67 = !below(8);
		c->rip = !below(8) && !c->p67 && !(t->flags & T_LEA);
		c->base = pick_reg(c, 0);
		if (c->rip)
			while (c->base == c->reg || (c->base < 16 && t->uses & 1u << c->base))
				c->base = 16 + below(16);
		c->sib = !c->rip && (below(2) || (c->base & 7) == 4);
		c->mod = below(3);
		if (c->rip)
			c->mod = 0;
		else if (c->mod == 0 && (c->base & 7) == 5)
			c->mod = 1;
		/* The reference register may be rbp or r13: then mod 0 has another meaning. */
		if (c->sib && below(2)) {
			c->index = pick_reg(c, 0);
			c->scale = below(4);
		}
		c->lock = t->flags & T_LOCK && !below(3);
		/* Group rows: LOCK only where the destination is written. */
	}
	if (t->flags & T_IB)
		c->imm_len = 1;
	if (t->flags & T_IZ)
		c->imm_len = c->size == 2 ? 2 : 4;
	if (t->flags & T_IV)
		c->imm_len = c->size;
	c->imm = (int64_t)rnd_value(&diff_seed);

	for (i = 0; i < 16; i++)
		if (t->uses & 1u << i) {
			c->to[i] = i;
			used |= 1u << i;
		}
	bind(c, c->reg, &used);
	bind(c, c->rm, &used);
	bind(c, c->base, &used);
	bind(c, c->index, &used);
	bind_free(c, c->reg, &used);
	bind_free(c, c->rm, &used);
	bind_free(c, c->base, &used);
	bind_free(c, c->index, &used);
	/* A reference base of rbp or r13 cannot have mod 0. */
	if (c->mem && c->mod == 0 && (L(c, c->base) & 7) == 5 && !c->rip)
		c->mod = 1;
	if (c->mem && c->mod)
		c->disp = c->mod == 1 ? (int8_t)rnd(&diff_seed) : (int32_t)rnd(&diff_seed);
}

/* Division faults, by dividing. */
static int would_fault(const struct caze *c, const struct machine *m, uint64_t divisor)
{
	unsigned int bits = 8 * c->size;
	uint64_t mask = c->size == 8 ? ~0ULL : (1ULL << bits) - 1;
	uint64_t lo = m->ctx.gpr[0] & mask, hi = m->ctx.gpr[2] & mask;
	unsigned __int128 n;

	if (c->size == 1)
		hi = m->ctx.gpr[0] >> 8 & 0xff;
	divisor &= mask;
	if (!divisor)
		return 1;
	n = (unsigned __int128)hi << bits | lo;
	if (c->t->flags & T_DIV)
		return n / divisor > mask;
	{
		unsigned int s = 128 - 2 * bits;
		__int128 d = (__int128)(n << s) >> s, q;
		int64_t dv = (int64_t)(divisor << (64 - bits)) >> (64 - bits);

		if (dv == -1 && d == (__int128)((unsigned __int128)1 << 127))
			return 1;
		q = d / dv;
		return q > (__int128)(mask >> 1) || q < -(__int128)(mask >> 1) - 1;
	}
}

static uint64_t get(const struct machine *m, unsigned int r)
{
	return r < 16 ? m->ctx.gpr[r] : m->page->r[r - 16];
}

static void set(struct machine *m, unsigned int r, uint64_t v)
{
	if (r < 16)
		m->ctx.gpr[r] = v;
	else
		m->page->r[r - 16] = v;
}

/* Registers, flags, memory at random; the address somewhere inside the memory. */
static int state(struct caze *c, struct machine *m)
{
	uint64_t want, sum;
	unsigned int i;

	for (i = 0; i < 32; i++)
		set(m, i, rnd_value(&diff_seed));
	m->ctx.rflags = 0x202 | (rnd(&diff_seed) & STATUS_FLAGS);
	for (i = 0; i < MEM_SIZE / 8; i += 1 + below(8))
		((uint64_t *)m->mem)[i] = rnd_value(&diff_seed);
	if (c->t->flags & T_BT && c->mem)
		set(m, c->reg, (uint64_t)((int64_t)(int16_t)rnd(&diff_seed) >> 4));
	if (c->t->flags & T_IDIV && below(2)) {
		m->ctx.gpr[2] = (uint64_t)(m->ctx.gpr[0] >> 63 ? -1 : 0);
	} else if (c->t->flags & T_DIV && below(2)) {
		m->ctx.gpr[2] = below(4);
	}
	if (!c->mem)
		return 0;
	if (c->t->flags & T_BT && (c->base == c->reg || c->index == c->reg))
		return -1; /* the bit number would be an address */
	want = (uint64_t)(uintptr_t)m->mem + 1024 + below(1024);
	if (c->t->flags & T_WIDE)
		want &= ~15ULL;
	if (c->rip) {
		if ((L(c, c->base) & 7) == 5)
			return -1; /* the reference has no displacement */
		/* Both run from other places: the displacement is made to fit below. */
		c->ea = want;
		m->ctx.rip = want - 1000000 - below(1000000);
		set(m, c->base, want);
		return 0;
	}
	if (c->index != NONE && c->index == c->base) {
		/* base * (1 + scale) must be reachable: leave it to chance that it is a multiple. */
		uint64_t k = 1 + (1ULL << c->scale);
		uint64_t t = want - (uint64_t)c->disp;

		if (t % k)
			t -= t % k;
		if ((int64_t)t < 0)
			return -1;
		set(m, c->base, t / k);
		sum = t / k * k + (uint64_t)c->disp;
		if (sum - (uint64_t)(uintptr_t)m->mem - 1024 > 1100)
			return -1;
		if (c->t->flags & T_WIDE && sum & 15)
			return -1;
		c->ea = c->p67 ? (uint32_t)sum : sum;
		return c->p67 && c->ea != sum ? -1 : 0;
	}
	sum = want - (uint64_t)c->disp;
	if (c->index != NONE)
		sum -= get(m, c->index) << c->scale;
	set(m, c->base, sum);
	if (c->p67)
		set(m, c->base, (uint32_t)sum | rnd(&diff_seed) << 32);
	c->ea = want;
	return 0;
}

static void print_case(const struct caze *c, const char *what)
{
	unsigned int i;

	printf("%s: ", what);
	for (i = 0; i < c->apx_len; i++)
		printf(" %02x", c->apx[i]);
	printf("   reference");
	for (i = 0; i < c->legacy_len; i++)
		printf(" %02x", c->legacy[i]);
	printf("\n");
}

/* Both sides of one case. Returns 0 equal, 1 not run, -1 different. */
static int run(struct caze *c, struct machine *m)
{
	static uint8_t mem_before[MEM_SIZE], mem_ref[MEM_SIZE];
	uint64_t before[32], want[32], flags_before = m->ctx.rflags, want_flags;
	int mode = below(9), de = 0, i;
	enum emu_status st;
	struct emu_insn insn;

	if (c->rip)
		c->disp = (int64_t)(c->ea - m->ctx.rip); /* less the length, below */
	build(c);
	if (c->rip) {
		c->disp -= c->apx_len;
		build(c);
	}
	if (c->apx_len > EMU_INSN_MAX || c->legacy_len > EMU_INSN_MAX)
		return 1;
	for (i = 0; i < 32; i++)
		before[i] = want[i] = get(m, i);
	if (c->t->flags & (T_DIV | T_IDIV)) {
		uint64_t d = 0;

		if (c->mem)
			memcpy(&d, (void *)(uintptr_t)c->ea, c->size);
		else
			d = get(m, c->rm);
		de = would_fault(c, m, d);
	}
	memcpy(mem_before, m->mem, MEM_SIZE);

	if (!de) {
		for (i = 0; i < 16; i++)
			ref_state[i] = before[i];
		for (i = 0; i < 32; i++)
			if (c->to[i] != NONE)
				ref_state[c->to[i]] = before[i];
		ref_state[16] = 0x202 | (flags_before & STATUS_FLAGS);
		memcpy(m->ref, c->legacy, c->legacy_len + 1);
		ref_call(m->ref);
		for (i = 0; i < 32; i++)
			if (c->to[i] != NONE)
				want[i] = ref_state[c->to[i]];
		want_flags = ref_state[16] & STATUS_FLAGS;
		memcpy(mem_ref, m->mem, MEM_SIZE);
		memcpy(m->mem, mem_before, MEM_SIZE);
	} else {
		want_flags = flags_before & STATUS_FLAGS;
		memcpy(mem_ref, mem_before, MEM_SIZE);
	}

	m->ctx.mode = mode < 3 ? EMU_DIRECT : 0;
	m->ctx.host = mode == 7 ? &machine_host_free : &machine_host;
	st = emu_decode(c->apx, c->apx_len, &insn);
	if (st == EMU_OK && insn.len != c->apx_len)
		st = EMU_SHORT;
	if (st == EMU_OK) {
		uint64_t rip = m->ctx.rip;

		st = mode == 8 && !de ? machine_keep(m, &insn) : emu_execute(&m->ctx, &insn);
		if (mode >= 7 && st == EMU_UNSUPPORTED)
			return 1;
		if (st == EMU_OK && m->ctx.rip != rip + insn.len)
			st = EMU_SHORT;
	}
	if (st != (de ? EMU_DE : EMU_OK)) {
		print_case(c, "status");
		printf("  status %d mode %d: %s\n", st, mode,
		       m->ctx.fault.reason ? m->ctx.fault.reason : "");
		return -1;
	}
	/* Without a slot, flags that the architecture leaves undefined are not the CPU's. */
	if (mode != 7 && (m->ctx.rflags & STATUS_FLAGS) != want_flags) {
		print_case(c, "flags");
		printf("  %" PRIx64 " is not %" PRIx64 " mode %d\n",
		       (uint64_t)m->ctx.rflags & STATUS_FLAGS, want_flags, mode);
		return -1;
	}
	for (i = 0; i < 32; i++)
		if (get(m, i) != want[i]) {
			print_case(c, "register");
			printf("  r%d: %" PRIx64 " is not %" PRIx64 ", was %" PRIx64 " mode %d\n",
			       i, get(m, i), want[i], before[i], mode);
			return -1;
		}
	if (memcmp(m->mem, mem_ref, MEM_SIZE)) {
		print_case(c, "memory");
		return -1;
	}
	return 0;
}

static uint64_t egpr;

static int one(struct machine *m)
{
	struct caze c;
	int r;

	choose(&c);
	if (c.lock && c.t->exts && c.ext == 7 && c.t->map == 0 && (c.opcode & 0xfc) == 0x80)
		c.lock = 0;
	if (state(&c, m))
		return 1;
	r = run(&c, m);
	egpr += r <= 0 && c.reg != NONE && c.reg >= 16;
	return r;
}

int main(int argc, char **argv)
{
	return diff_main(argc, argv, "diff-rex2", one, "with ModRM.reg in r16..r31", &egpr);
}
