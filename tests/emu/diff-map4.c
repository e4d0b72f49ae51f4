// SPDX-License-Identifier: GPL-2.0-only
/*
 * EVEX map 4 against an oracle: new data destination, no flags, zero-upper,
 * conditional compare and move, PUSH2 and POP2, promoted BMI.
 *
 * No CPU at hand executes these, so the results come from C that was written for
 * this test and shares nothing with the emulator: arithmetic on wide integers,
 * flags from their definitions. Flags that the architecture leaves undefined are not
 * compared.
 *
 *   diff-map4 [--cases N] [--seed N]      prints the cases run; exit 0 if all equal
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diff.h"

#define CF 0x001u
#define PF 0x004u
#define AF 0x010u
#define ZF 0x040u
#define SF 0x080u
#define OF 0x800u

typedef unsigned __int128 u128;
typedef __int128 s128;

enum opn {
	ADD,
	OR,
	ADC,
	SBB,
	AND,
	SUB,
	XOR,
	CMP,
	TEST,
	ROL,
	ROR,
	RCL,
	RCR,
	SHL,
	SHR,
	SAL,
	SAR,
	INC,
	DEC,
	NOT,
	NEG,
	MUL,
	IMUL1,
	DIV,
	IDIV,
	IMUL2,
	IMUL3,
	SHLD,
	SHRD,
	POPCNT,
	TZCNT,
	LZCNT,
	ADCX,
	ADOX,
	CRC32,
	MOVBE_LOAD,
	MOVBE_STORE,
	SETCC,
	CMOV,
	CFCMOV,
	ANDN,
	BEXTR,
	BLSI,
	BLSMSK,
	BLSR,
	BZHI,
	PDEP,
	PEXT,
	MULX,
	RORX,
	SARX,
	SHLX,
	SHRX,
	PUSH2,
	POP2,
};

#define B8   1u	 /* 8-bit operands */
#define ND   2u	 /* NDD possible */
#define NFF  4u	 /* NF possible */
#define ZU   8u	 /* ND means zero-upper */
#define RD   16u /* ModRM.reg is the destination, rm the source */
#define IB   32u
#define IZ   64u
#define CLC  128u /* count in cl */
#define ONE  256u
#define SCC  512u
#define VW   1024u /* W chooses 4 or 8, 66 is part of the opcode */
#define REGM 2048u /* register operands only */
#define MEMM 4096u
#define VVV  8192u /* EVEX.V is a source */

struct form {
	uint8_t map, opcode, pp, ext;
	enum opn op;
	unsigned int fl;
};

#define E 0xff /* ModRM.reg is a register */

/* clang-format off */
static const struct form forms[] = {
#define ARITH(o, op, nf)					\
	{ 4, (o), 0, E, op, B8 | ND | nf }, { 4, (o) + 1, 0, E, op, ND | nf },	\
	{ 4, (o) + 2, 0, E, op, B8 | ND | RD | nf }, { 4, (o) + 3, 0, E, op, ND | RD | nf }
	ARITH(0x00, ADD, NFF), ARITH(0x08, OR, NFF), ARITH(0x10, ADC, 0), ARITH(0x18, SBB, 0),
	ARITH(0x20, AND, NFF), ARITH(0x28, SUB, NFF), ARITH(0x30, XOR, NFF),
	{ 4, 0x38, 0, E, CMP, B8 | SCC }, { 4, 0x39, 0, E, CMP, SCC },
	{ 4, 0x3a, 0, E, CMP, B8 | SCC | RD }, { 4, 0x3b, 0, E, CMP, SCC | RD },
	{ 4, 0x84, 0, E, TEST, B8 | SCC }, { 4, 0x85, 0, E, TEST, SCC },
#define GROUP1(n, op, fl)							\
	{ 4, 0x80, 0, n, op, B8 | IB | (fl) }, { 4, 0x81, 0, n, op, IZ | (fl) },	\
	{ 4, 0x83, 0, n, op, IB | (fl) }
	GROUP1(0, ADD, ND | NFF), GROUP1(1, OR, ND | NFF), GROUP1(2, ADC, ND), GROUP1(3, SBB, ND),
	GROUP1(4, AND, ND | NFF), GROUP1(5, SUB, ND | NFF), GROUP1(6, XOR, ND | NFF),
	GROUP1(7, CMP, SCC),
#define GROUP2(n, op, fl)							\
	{ 4, 0xc0, 0, n, op, B8 | IB | (fl) }, { 4, 0xc1, 0, n, op, IB | (fl) },	\
	{ 4, 0xd0, 0, n, op, B8 | ONE | (fl) }, { 4, 0xd1, 0, n, op, ONE | (fl) },	\
	{ 4, 0xd2, 0, n, op, B8 | CLC | (fl) }, { 4, 0xd3, 0, n, op, CLC | (fl) }
	GROUP2(0, ROL, ND | NFF), GROUP2(1, ROR, ND | NFF), GROUP2(2, RCL, ND), GROUP2(3, RCR, ND),
	GROUP2(4, SHL, ND | NFF), GROUP2(5, SHR, ND | NFF), GROUP2(6, SAL, ND | NFF),
	GROUP2(7, SAR, ND | NFF),
	{ 4, 0xfe, 0, 0, INC, B8 | ND | NFF }, { 4, 0xff, 0, 0, INC, ND | NFF },
	{ 4, 0xfe, 0, 1, DEC, B8 | ND | NFF }, { 4, 0xff, 0, 1, DEC, ND | NFF },
	{ 4, 0xf6, 0, 0, TEST, B8 | IB | SCC }, { 4, 0xf7, 0, 0, TEST, IZ | SCC },
	{ 4, 0xf6, 0, 2, NOT, B8 | ND }, { 4, 0xf7, 0, 2, NOT, ND },
	{ 4, 0xf6, 0, 3, NEG, B8 | ND | NFF }, { 4, 0xf7, 0, 3, NEG, ND | NFF },
	{ 4, 0xf6, 0, 4, MUL, B8 | NFF }, { 4, 0xf7, 0, 4, MUL, NFF },
	{ 4, 0xf6, 0, 5, IMUL1, B8 | NFF }, { 4, 0xf7, 0, 5, IMUL1, NFF },
	{ 4, 0xf6, 0, 6, DIV, B8 | NFF }, { 4, 0xf7, 0, 6, DIV, NFF },
	{ 4, 0xf6, 0, 7, IDIV, B8 | NFF }, { 4, 0xf7, 0, 7, IDIV, NFF },
	{ 4, 0xaf, 0, E, IMUL2, ND | NFF | RD },
	{ 4, 0x69, 0, E, IMUL3, ZU | NFF | RD | IZ }, { 4, 0x6b, 0, E, IMUL3, ZU | NFF | RD | IB },
	{ 4, 0x24, 0, E, SHLD, ND | NFF | IB }, { 4, 0x2c, 0, E, SHRD, ND | NFF | IB },
	{ 4, 0xa5, 0, E, SHLD, ND | NFF | CLC }, { 4, 0xad, 0, E, SHRD, ND | NFF | CLC },
	{ 4, 0x88, 0, E, POPCNT, NFF | RD }, { 4, 0xf4, 0, E, TZCNT, NFF | RD },
	{ 4, 0xf5, 0, E, LZCNT, NFF | RD },
	{ 4, 0x66, 1, E, ADCX, ND | RD | VW }, { 4, 0x66, 2, E, ADOX, ND | RD | VW },
	{ 4, 0xf0, 0, E, CRC32, B8 | RD }, { 4, 0xf1, 0, E, CRC32, RD },
	{ 4, 0x60, 0, E, MOVBE_LOAD, RD }, { 4, 0x61, 0, E, MOVBE_STORE, 0 },
	{ 4, 0x40, 3, 0, SETCC, B8 | ZU }, { 4, 0x40, 0, E, CMOV, RD | ND },
	{ 4, 0x40, 0, E, CFCMOV, RD }, { 4, 0x40, 0, E, CMOV, RD | ND },
	{ 2, 0xf2, 0, E, ANDN, RD | VW | VVV | NFF }, { 2, 0xf7, 0, E, BEXTR, RD | VW | VVV | NFF },
	{ 2, 0xf3, 0, 3, BLSI, VW | VVV | NFF }, { 2, 0xf3, 0, 2, BLSMSK, VW | VVV | NFF },
	{ 2, 0xf3, 0, 1, BLSR, VW | VVV | NFF }, { 2, 0xf5, 0, E, BZHI, RD | VW | VVV | NFF },
	{ 2, 0xf5, 3, E, PDEP, RD | VW | VVV }, { 2, 0xf5, 2, E, PEXT, RD | VW | VVV },
	{ 2, 0xf6, 3, E, MULX, RD | VW | VVV }, { 3, 0xf0, 3, E, RORX, RD | VW | IB },
	{ 2, 0xf7, 2, E, SARX, RD | VW | VVV }, { 2, 0xf7, 1, E, SHLX, RD | VW | VVV },
	{ 2, 0xf7, 3, E, SHRX, RD | VW | VVV },
	{ 4, 0xff, 0, 6, PUSH2, REGM | VVV }, { 4, 0x8f, 0, 0, POP2, REGM | VVV },
};
/* clang-format on */

static unsigned int below(unsigned int n)
{
	return (unsigned int)(rnd(&diff_seed) % n);
}

static uint64_t mask_of(unsigned int size)
{
	return size == 1 ? 0xff : size == 2 ? 0xffff : size == 4 ? 0xffffffff : ~0ULL;
}

static int64_t sx(uint64_t v, unsigned int size)
{
	switch (size) {
	case 1:
		return (int64_t)((v & 0xff) ^ 0x80) - 0x80;
	case 2:
		return (int16_t)v;
	case 4:
		return (int32_t)v;
	default:
		return (int64_t)v;
	}
}

static int cond_holds(unsigned int cc, unsigned int fl)
{
	static const char *const names[8] = { "o", "c", "z", "be", "s", "p", "l", "le" };
	int c = 0, lt = !!(fl & SF) != !!(fl & OF);

	switch (names[cc / 2][0]) {
	case 'o':
		c = !!(fl & OF);
		break;
	case 'c':
		c = !!(fl & CF);
		break;
	case 'z':
		c = !!(fl & ZF);
		break;
	case 'b':
		c = fl & (CF | ZF) ? 1 : 0;
		break;
	case 's':
		c = !!(fl & SF);
		break;
	case 'p':
		c = !!(fl & PF);
		break;
	default:
		c = cc / 2 == 6 ? lt : lt || fl & ZF;
		break;
	}
	return c != (int)(cc & 1);
}

/* SF, ZF, PF by definition. */
static unsigned int szp(uint64_t r, unsigned int size)
{
	unsigned int fl = 0;

	r &= mask_of(size);
	if (!r)
		fl |= ZF;
	if (sx(r, size) < 0)
		fl |= SF;
	if (__builtin_popcountll(r & 0xff) % 2 == 0)
		fl |= PF;
	return fl;
}

/* The oracle's view of one instruction. */
struct orc {
	unsigned int size;
	uint64_t dst, src, third; /* operands; third: V, or the immediate of IMUL and SHLD */
	uint64_t rax, rdx, rcx;
	unsigned int fl;    /* flags in, flags out */
	unsigned int undef; /* flags that are not defined */
	uint64_t res, res2; /* results */
	int wr, wr2;	    /* written? res2: RDX of MUL, V of MULX */
	int de;
};

static void arith(struct orc *o, enum opn op)
{
	uint64_t a = o->dst, b = o->src;
	unsigned int c = op == ADC || op == SBB ? o->fl & CF : 0;
	int minus = op == SUB || op == SBB || op == CMP;
	s128 sa = sx(a, o->size), sb = sx(b, o->size), ss = minus ? sa - sb - c : sa + sb + c;
	u128 us = minus ? (u128)a - b - c : (u128)a + b + c;
	int low = minus ? (int)(a & 15) - (int)(b & 15) - (int)c
			: (int)(a & 15) + (int)(b & 15) + (int)c;

	o->res = (uint64_t)us & mask_of(o->size);
	o->fl = szp(o->res, o->size);
	if (us >> (8 * o->size))
		o->fl |= CF;
	if (ss != (s128)sx(o->res, o->size))
		o->fl |= OF;
	if (low < 0 || low > 15)
		o->fl |= AF;
}

static void logic(struct orc *o, uint64_t r)
{
	o->res = r & mask_of(o->size);
	o->fl = szp(o->res, o->size);
	o->undef = AF;
}

static void shift(struct orc *o, enum opn op, unsigned int count)
{
	unsigned int bits = 8 * o->size, i, n, msb, next, fl = o->fl;
	uint64_t v = o->dst;
	unsigned int cf = fl & CF;

	n = count & (o->size == 8 ? 63 : 31);
	o->res = v;
	if (!n)
		return;
	for (i = 0; i < n; i++) {
		msb = v >> (bits - 1) & 1;
		switch (op) {
		case ROL:
			v = v << 1 | msb;
			cf = msb;
			break;
		case ROR:
			cf = v & 1;
			v = v >> 1 | (uint64_t)cf << (bits - 1);
			break;
		case RCL:
			v = v << 1 | cf;
			cf = msb;
			break;
		case RCR:
			next = v & 1;
			v = v >> 1 | (uint64_t)cf << (bits - 1);
			cf = next;
			break;
		case SHL:
		case SAL:
			v <<= 1;
			cf = msb;
			break;
		case SHR:
			cf = v & 1;
			v >>= 1;
			break;
		default:
			cf = v & 1;
			v = v >> 1 | (uint64_t)msb << (bits - 1);
			break;
		}
		v &= mask_of(o->size);
	}
	o->res = v;
	msb = v >> (bits - 1) & 1;
	if (op <= RCR) {
		o->fl = (fl & ~(CF | OF)) | cf;
	} else {
		o->fl = szp(v, o->size) | cf;
		o->undef |= AF;
		/* A count above the width leaves CF of SHL and SHR undefined. */
		if (n >= bits && op != SAR)
			o->undef |= CF;
	}
	if (n != 1) {
		o->undef |= OF;
		return;
	}
	if (op == ROL || op == RCL || op == SHL || op == SAL)
		o->fl |= msb != cf ? OF : 0;
	else if (op == ROR || op == RCR)
		o->fl |= msb != (v >> (bits - 2) & 1) ? OF : 0;
	else if (op == SHR)
		o->fl |= sx(o->dst, o->size) < 0 ? OF : 0;
}

static void double_shift(struct orc *o, enum opn op, unsigned int count)
{
	unsigned int bits = 8 * o->size, n = count & (o->size == 8 ? 63 : 31);
	u128 pair;
	uint64_t r;
	unsigned int cf;

	o->res = o->dst;
	if (!n)
		return;
	if (n > bits) { /* 16 bits: everything is undefined */
		o->wr = -1;
		o->undef = STATUS_FLAGS;
		return;
	}
	if (op == SHLD) {
		pair = (u128)o->dst << bits | o->src;
		r = (uint64_t)(pair << n >> bits);
		cf = (unsigned int)(o->dst >> (bits - n) & 1);
	} else {
		pair = (u128)o->src << bits | o->dst;
		r = (uint64_t)(pair >> n);
		cf = (unsigned int)(o->dst >> (n - 1) & 1);
	}
	o->res = r & mask_of(o->size);
	o->fl = szp(o->res, o->size) | cf;
	o->undef = AF;
	if (n == 1)
		o->fl |= (sx(o->res, o->size) < 0) != (sx(o->dst, o->size) < 0) ? OF : 0;
	else
		o->undef |= OF;
}

static void multiply(struct orc *o, enum opn op)
{
	unsigned int bits = 8 * o->size;
	uint64_t a = op == IMUL2 ? o->dst : op == IMUL3 ? o->src : o->rax & mask_of(o->size);
	uint64_t b = op == IMUL2 ? o->src : op == IMUL3 ? o->third : o->src;
	s128 sp = (s128)sx(a, o->size) * sx(b, o->size);
	u128 p = op == MUL ? (u128)a * b : (u128)sp;
	int over;

	o->res = (uint64_t)p & mask_of(o->size);
	o->res2 = (uint64_t)(p >> bits) & mask_of(o->size);
	over = op == MUL ? o->res2 != 0 : sp != (s128)sx(o->res, o->size);
	o->fl = over ? CF | OF : 0;
	o->undef = SF | ZF | AF | PF;
	if (op != MUL && op != IMUL1)
		return;
	if (o->size == 1) {
		o->rax = (o->rax & ~0xffffULL) | (uint16_t)p;
	} else if (o->size == 2) {
		o->rax = (o->rax & ~0xffffULL) | o->res;
		o->rdx = (o->rdx & ~0xffffULL) | o->res2;
	} else {
		o->rax = o->res;
		o->rdx = o->res2;
	}
}

static void divide(struct orc *o, enum opn op)
{
	unsigned int bits = 8 * o->size;
	uint64_t lo = o->rax & mask_of(o->size), q, r;
	uint64_t hi = o->size == 1 ? o->rax >> 8 & 0xff : o->rdx & mask_of(o->size);
	u128 n = (u128)hi << bits | lo;

	if (!o->src) {
		o->de = 1;
		return;
	}
	if (op == DIV) {
		if (n / o->src > mask_of(o->size)) {
			o->de = 1;
			return;
		}
		q = (uint64_t)(n / o->src);
		r = (uint64_t)(n % o->src);
	} else {
		s128 d = bits == 64 ? (s128)n : (s128)(n << (128 - 2 * bits)) >> (128 - 2 * bits);
		s128 v = sx(o->src, o->size), sq;

		if (v == -1 && d == (s128)((u128)1 << 127)) {
			o->de = 1;
			return;
		}
		sq = d / v;
		if (sq != (s128)sx((uint64_t)sq, o->size)) {
			o->de = 1;
			return;
		}
		q = (uint64_t)sq & mask_of(o->size);
		r = (uint64_t)(d % v) & mask_of(o->size);
	}
	o->undef = STATUS_FLAGS;
	if (o->size == 1) {
		o->rax = (o->rax & ~0xffffULL) | r << 8 | q;
	} else if (o->size == 2) {
		o->rax = (o->rax & ~0xffffULL) | q;
		o->rdx = (o->rdx & ~0xffffULL) | r;
	} else {
		o->rax = q;
		o->rdx = r;
	}
}

/* CRC-32C, bit by bit, as SDM describes CRC32. */
static uint32_t crc(uint32_t c, uint64_t data, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < 8 * bytes; i++) {
		unsigned int bit = (c ^ (uint32_t)(data >> i)) & 1;

		c = c >> 1 ^ (bit ? 0x82f63b78u : 0);
	}
	return c;
}

static uint64_t swap(uint64_t v, unsigned int size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

static uint64_t deposit(uint64_t src, uint64_t mask, int extract)
{
	uint64_t r = 0;
	unsigned int i, k = 0;

	for (i = 0; i < 64; i++)
		if (mask >> i & 1) {
			if (extract)
				r |= (src >> i & 1) << k;
			else
				r |= (src >> k & 1) << i;
			k++;
		}
	return r;
}

static void bmi(struct orc *o, enum opn op)
{
	uint64_t m = mask_of(o->size), r = 0, s = o->src, v = o->third & m;
	unsigned int bits = 8 * o->size, n;

	switch (op) {
	case ANDN:
		r = ~v & s;
		o->fl = szp(r, o->size);
		o->undef = AF | PF;
		break;
	case BEXTR: {
		unsigned int start = v & 0xff, len = v >> 8 & 0xff;

		r = start < bits ? s >> start : 0;
		r &= len < 64 ? (1ULL << len) - 1 : ~0ULL;
		o->fl = r ? 0 : ZF;
		o->undef = AF | SF | PF;
		break;
	}
	case BLSI:
		r = s & -s & m;
		o->fl = szp(r, o->size) | (s ? CF : 0);
		o->undef = AF | PF;
		break;
	case BLSMSK:
		r = (s ^ (s - 1)) & m;
		o->fl = (szp(r, o->size) & SF) | (s ? 0 : CF);
		o->undef = AF | PF;
		break;
	case BLSR:
		r = s & (s - 1) & m;
		o->fl = szp(r, o->size) | (s ? 0 : CF);
		o->undef = AF | PF;
		break;
	case BZHI:
		n = v & 0xff;
		r = n < bits ? s & ((1ULL << n) - 1) : s;
		o->fl = szp(r, o->size) | (n > bits - 1 ? CF : 0);
		o->undef = AF | PF;
		break;
	case PDEP:
		r = deposit(v, s, 0);
		break;
	case PEXT:
		r = deposit(v, s, 1);
		break;
	case MULX: {
		u128 p = (u128)(o->rdx & m) * s;

		o->res2 = (uint64_t)p & m; /* into V; if both are one register the high half wins */
		o->wr2 = 1;
		r = (uint64_t)(p >> bits) & m;
		break;
	}
	case RORX:
		n = o->third & (bits - 1);
		r = n ? (s >> n | s << (bits - n)) & m : s;
		break;
	case SARX:
		r = (uint64_t)(sx(s, o->size) >> (v & (bits - 1))) & m;
		break;
	case SHLX:
		r = s << (v & (bits - 1)) & m;
		break;
	default:
		r = s >> (v & (bits - 1));
		break;
	}
	o->res = r & m;
}

static void oracle(struct orc *o, enum opn op, unsigned int count)
{
	unsigned int keep, bits = 8 * o->size;

	o->wr = 1;
	switch (op) {
	case ADD:
	case ADC:
	case SUB:
	case SBB:
		arith(o, op);
		break;
	case CMP:
		arith(o, op);
		o->wr = 0;
		break;
	case AND:
		logic(o, o->dst & o->src);
		break;
	case OR:
		logic(o, o->dst | o->src);
		break;
	case XOR:
		logic(o, o->dst ^ o->src);
		break;
	case TEST:
		logic(o, o->dst & o->src);
		o->wr = 0;
		break;
	case ROL ... SAR:
		shift(o, op, count);
		break;
	case INC:
	case DEC:
		keep = o->fl & CF;
		o->src = 1;
		arith(o, op == INC ? ADD : SUB);
		o->fl = (o->fl & ~CF) | keep;
		break;
	case NOT:
		o->res = ~o->dst & mask_of(o->size);
		break;
	case NEG:
		o->src = o->dst;
		o->dst = 0;
		arith(o, SUB);
		break;
	case MUL:
	case IMUL1:
		multiply(o, op);
		o->wr = 0;
		break;
	case IMUL2:
	case IMUL3:
		multiply(o, op);
		break;
	case DIV:
	case IDIV:
		divide(o, op);
		o->wr = 0;
		break;
	case SHLD:
	case SHRD:
		double_shift(o, op, count);
		break;
	case POPCNT:
		o->res = (uint64_t)__builtin_popcountll(o->src);
		o->fl = o->src ? 0 : ZF;
		break;
	case TZCNT:
		o->res = o->src ? (uint64_t)__builtin_ctzll(o->src) : bits;
		o->fl = (o->src ? 0 : CF) | (o->res ? 0 : ZF);
		o->undef = OF | SF | PF | AF;
		break;
	case LZCNT:
		o->res = o->src ? (uint64_t)__builtin_clzll(o->src) - (64 - bits) : bits;
		o->fl = (o->src ? 0 : CF) | (o->res ? 0 : ZF);
		o->undef = OF | SF | PF | AF;
		break;
	case ADCX:
	case ADOX: {
		unsigned int bit = op == ADCX ? CF : OF;
		u128 s = (u128)o->dst + o->src + (o->fl & bit ? 1 : 0);

		o->res = (uint64_t)s & mask_of(o->size);
		o->fl = (o->fl & ~bit) | (s >> bits ? bit : 0);
		break;
	}
	case MOVBE_LOAD:
	case MOVBE_STORE:
		o->res = swap(o->src, o->size);
		break;
	default:
		bmi(o, op);
		break;
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

struct expect {
	uint64_t reg[32];
	uint8_t mem[MEM_SIZE];
};

static void put_reg(struct expect *x, unsigned int r, unsigned int size, uint64_t v, int zero_upper)
{
	uint64_t m = mask_of(size);

	if (size >= 4 || zero_upper)
		x->reg[r] = v & m;
	else
		x->reg[r] = (x->reg[r] & ~m) | (v & m);
}

struct caze {
	const struct form *f;
	uint8_t reg, rm, v, base, index, scale, cond, dfv;
	int w, p66, nd, nf, mem;
	unsigned int size;
	int64_t imm, disp;
	uint64_t ea;
	uint8_t code[24];
	unsigned int len;
};

static void encode(struct caze *c)
{
	const struct form *f = c->f;
	unsigned int reg = f->ext == E ? c->reg : f->ext;
	unsigned int b = c->mem ? c->base : c->rm, x = c->mem ? c->index : 0, n = 0, i;
	unsigned int imm_len = f->fl & IB ? 1 : f->fl & IZ ? (c->size == 2 ? 2 : 4) : 0;
	unsigned int pp = f->pp ? f->pp : c->p66 ? 1 : 0;
	unsigned int v = c->v; /* 0 where it names nothing: all ones, inverted */

	c->code[n++] = 0x62;
	c->code[n++] = (~reg >> 3 & 1) << 7 | (~x >> 3 & 1) << 6 | (~b >> 3 & 1) << 5 |
		       (f->ext == E ? ~reg >> 4 & 1 : 1u) << 4 | (b >> 4 & 1) << 3 | f->map;
	if (f->fl & SCC) {
		c->code[n++] = c->w << 7 | c->dfv << 3 | (c->mem ? ~x >> 4 & 1 : 1u) << 2 | pp;
		c->code[n++] = c->cond;
	} else {
		c->code[n++] = c->w << 7 | (~v & 15) << 3 | (c->mem ? ~x >> 4 & 1 : 1u) << 2 | pp;
		c->code[n++] = c->nd << 4 | (~v >> 4 & 1) << 3 | c->nf << 2;
	}
	c->code[n++] = f->opcode | (f->opcode == 0x40 ? c->cond : 0);
	if (!c->mem) {
		c->code[n++] = 0xc0 | (reg & 7) << 3 | (b & 7);
	} else {
		c->code[n++] = 0x80 | (reg & 7) << 3 | 4;
		c->code[n++] = c->scale << 6 | (c->index & 7) << 3 | (b & 7);
		for (i = 0; i < 4; i++)
			c->code[n++] = (uint8_t)((uint64_t)c->disp >> 8 * i);
	}
	for (i = 0; i < imm_len; i++)
		c->code[n++] = (uint8_t)((uint64_t)c->imm >> 8 * i);
	if (imm_len == 1)
		c->imm = sx((uint64_t)c->imm, 1);
	else if (imm_len == 2)
		c->imm = sx((uint64_t)c->imm, 2);
	else
		c->imm = sx((uint64_t)c->imm, 4);
	c->len = n;
}

#define RSP 4

static uint8_t pick(void)
{
	uint8_t r;

	do
		r = below(2) ? 16 + below(16) : below(16);
	while (r == RSP);
	return r;
}

static void choose(struct caze *c, struct machine *m)
{
	const struct form *f = &forms[below(sizeof(forms) / sizeof(forms[0]))];
	unsigned int i;
	uint64_t want;

	memset(c, 0, sizeof(*c));
	c->f = f;
	c->w = below(2);
	c->p66 = !f->pp && !(f->fl & (B8 | VW)) && f->map == 4 && f->op != PUSH2 && f->op != POP2 &&
		 !below(3);
	c->size = f->fl & B8 ? 1 : c->w ? 8 : c->p66 ? 2 : 4;
	if (f->op == PUSH2 || f->op == POP2)
		c->size = 8;
	c->nd = f->fl & (ND | ZU) ? below(2) : 0;
	c->nf = f->fl & NFF ? below(2) : 0;
	if (f->op == CMOV)
		c->nd = 1;
	if (f->op == CFCMOV) {
		c->nd = below(3) == 0;
		c->nf = c->nd ? 1 : below(2);
	}
	if (f->op == PUSH2 || f->op == POP2)
		c->nd = 1;
	c->cond = below(16);
	c->dfv = below(16);
	c->reg = pick();
	c->rm = pick();
	if ((c->nd && f->fl & ND) || f->fl & VVV || (f->op == CFCMOV && c->nd))
		c->v = pick();
	while (f->op == POP2 && c->v == c->rm)
		c->v = pick();
	c->mem = !(f->fl & REGM) && below(2);
	for (i = 0; i < 32; i++)
		set(m, i, rnd_value(&diff_seed));
	m->ctx.rflags = 0x202 | (rnd(&diff_seed) & STATUS_FLAGS);
	for (i = 0; i < MEM_SIZE / 8; i += 1 + below(8))
		((uint64_t *)m->mem)[i] = rnd_value(&diff_seed);
	if (f->op == DIV || f->op == IDIV)
		switch (below(3)) {
		case 0:
			m->ctx.gpr[2] = (uint64_t)(m->ctx.gpr[0] >> 63 ? -1 : 0);
			break;
		case 1:
			m->ctx.gpr[2] = below(4);
			break;
		}
	c->imm = (int64_t)rnd_value(&diff_seed);
	m->ctx.gpr[RSP] = (uint64_t)(uintptr_t)m->mem + 1024 + 16ULL * below(64);
	if (c->mem) {
		c->base = pick();
		do
			c->index = pick();
		while (c->index == c->base);
		c->scale = below(4);
		c->disp = (int32_t)rnd(&diff_seed);
		want = (uint64_t)(uintptr_t)m->mem + 1024 + below(1024);
		set(m, c->base, want - (uint64_t)c->disp - (get(m, c->index) << c->scale));
		c->ea = want;
	}
	encode(c);
}

static void show(const struct caze *c, const char *what)
{
	unsigned int i;

	printf("%s:", what);
	for (i = 0; i < c->len; i++)
		printf(" %02x", c->code[i]);
	printf("\n");
}

static int run(struct caze *c, struct machine *m)
{
	static struct expect x;
	const struct form *f = c->f;
	struct orc o;
	struct emu_insn insn;
	enum emu_status st, want = EMU_OK;
	uint64_t flags = m->ctx.rflags, rm_value = 0, rip;
	unsigned int fl_before = flags & STATUS_FLAGS, i, count = 0;
	int skip_flags = c->nf && f->op != CFCMOV, holds, dest_mem = c->mem && !(f->fl & RD);
	int mode = below(5), scc_false = 0;

	for (i = 0; i < 32; i++)
		x.reg[i] = get(m, i);
	memcpy(x.mem, m->mem, MEM_SIZE);
	memset(&o, 0, sizeof(o));
	o.size = c->size;
	o.fl = fl_before;
	o.rax = x.reg[0];
	o.rcx = x.reg[1];
	o.rdx = x.reg[2];
	if (c->mem)
		memcpy(&rm_value, (void *)(uintptr_t)c->ea, c->size);
	else
		rm_value = x.reg[c->rm] & mask_of(c->size);
	if (f->fl & RD) {
		o.dst = x.reg[c->reg] & mask_of(c->size);
		o.src = rm_value;
	} else {
		o.dst = rm_value;
		o.src = f->ext == E	    ? x.reg[c->reg] & mask_of(c->size)
			: f->fl & (IB | IZ) ? (uint64_t)c->imm & mask_of(c->size)
					    : rm_value;
	}
	o.third = f->fl & VVV ? x.reg[c->v] : (uint64_t)c->imm;
	if (f->op == IMUL3)
		o.third = (uint64_t)c->imm & mask_of(c->size);
	count = f->fl & ONE ? 1 : f->fl & CLC ? o.rcx & 0xff : (unsigned int)(c->imm & 0xff);

	if (f->op == PUSH2) {
		uint64_t rsp = x.reg[RSP], off = rsp - (uint64_t)(uintptr_t)m->mem;

		memcpy(x.mem + off - 8, &x.reg[c->v], 8);
		memcpy(x.mem + off - 16, &x.reg[c->rm], 8);
		x.reg[RSP] = rsp - 16;
	} else if (f->op == POP2) {
		uint64_t rsp = x.reg[RSP], off = rsp - (uint64_t)(uintptr_t)m->mem;

		memcpy(&x.reg[c->v], x.mem + off, 8);
		memcpy(&x.reg[c->rm], x.mem + off + 8, 8);
		x.reg[RSP] = rsp + 16;
	} else if (f->op == SETCC) {
		holds = cond_holds(c->cond, fl_before);
		if (c->mem)
			x.mem[c->ea - (uint64_t)(uintptr_t)m->mem] = (uint8_t)holds;
		else
			put_reg(&x, c->rm, 1, (uint64_t)holds, c->nd);
	} else if (f->op == CMOV || (f->op == CFCMOV && c->nd)) {
		holds = cond_holds(c->cond, fl_before);
		put_reg(&x, c->v, c->size, holds ? rm_value : o.dst, 1);
	} else if (f->op == CFCMOV && !c->nf) {
		holds = cond_holds(c->cond, fl_before);
		put_reg(&x, c->reg, c->size, holds ? rm_value : 0, 1);
	} else if (f->op == CFCMOV) {
		holds = cond_holds(c->cond, fl_before);
		if (!c->mem)
			put_reg(&x, c->rm, c->size, holds ? x.reg[c->reg] : 0, 1);
		else if (holds)
			memcpy(x.mem + (c->ea - (uint64_t)(uintptr_t)m->mem), &x.reg[c->reg],
			       c->size);
	} else if (f->op == CRC32) {
		unsigned int n = f->fl & B8 ? 1 : c->size;
		uint32_t r = crc((uint32_t)x.reg[c->reg], rm_value, n);

		x.reg[c->reg] = r;
	} else if (f->fl & SCC &&
		   !(c->cond == 10 || (c->cond != 11 && cond_holds(c->cond, fl_before)))) {
		scc_false = 1;
		o.fl = (c->dfv & 8 ? OF : 0) | (c->dfv & 4 ? SF : 0) | (c->dfv & 2 ? ZF : 0) |
		       (c->dfv & 1 ? CF | PF : 0);
	} else {
		int ndd = c->nd && f->fl & ND;

		oracle(&o, f->op, count);
		if (o.de)
			want = EMU_DE;
		if (o.wr < 0)
			return 1;
		if (!o.de) {
			x.reg[0] = o.rax;
			x.reg[2] = o.rdx;
			if (o.wr2)
				put_reg(&x, c->v, c->size, o.res2, 0);
			if (o.wr && ndd)
				put_reg(&x, c->v, c->size, o.res, 1);
			else if (o.wr && f->op >= BLSI && f->op <= BLSR)
				put_reg(&x, c->v, c->size, o.res, 0);
			else if (o.wr && dest_mem)
				memcpy(x.mem + (c->ea - (uint64_t)(uintptr_t)m->mem), &o.res,
				       c->size);
			else if (o.wr)
				put_reg(&x, f->fl & RD ? c->reg : c->rm, c->size, o.res,
					c->nd && f->fl & ZU);
		}
	}
	if (skip_flags || want != EMU_OK) {
		o.fl = fl_before;
		o.undef = 0;
	}
	m->ctx.mode = mode == 0 ? EMU_DIRECT : 0;
	m->ctx.host = mode == 3 ? &machine_host_free : &machine_host;
	rip = m->ctx.rip;
	st = emu_decode(c->code, c->len, &insn);
	if (st == EMU_OK && insn.len != c->len)
		st = EMU_SHORT;
	if (st == EMU_OK)
		st = mode == 4 && !o.de && !scc_false ? machine_keep(m, &insn)
						      : emu_execute(&m->ctx, &insn);
	if (mode >= 3 && st == EMU_UNSUPPORTED)
		return 1;
	if (st != want || (st == EMU_OK && m->ctx.rip != rip + c->len)) {
		show(c, "status");
		printf("  status %d, not %d, mode %d: %s\n", st, want, mode,
		       m->ctx.fault.reason ? m->ctx.fault.reason : "");
		return -1;
	}
	if (((unsigned int)m->ctx.rflags ^ o.fl) & STATUS_FLAGS & ~o.undef) {
		show(c, "flags");
		printf("  %x, not %x, undefined %x, mode %d\n",
		       (unsigned int)m->ctx.rflags & STATUS_FLAGS, o.fl, o.undef, mode);
		return -1;
	}
	for (i = 0; i < 32; i++)
		if (get(m, i) != x.reg[i]) {
			show(c, "register");
			printf("  r%u: %" PRIx64 ", not %" PRIx64 ", mode %d\n", i, get(m, i),
			       x.reg[i], mode);
			return -1;
		}
	if (memcmp(m->mem, x.mem, MEM_SIZE)) {
		show(c, "memory");
		return -1;
	}
	return 0;
}

static int one(struct machine *m)
{
	struct caze c;

	choose(&c, m);
	return run(&c, m);
}

int main(int argc, char **argv)
{
	return diff_main(argc, argv, "diff-map4", one, NULL, NULL);
}
