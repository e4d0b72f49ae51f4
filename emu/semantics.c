// SPDX-License-Identifier: GPL-2.0-only
/*
 * Written-out integer semantics: conditions, and the arithmetic that a host without
 * an executable slot (a W^X kernel) still has to execute.
 *
 * Only what the lab's own sequences and plain integer code use. Flags that the
 * architecture leaves undefined keep their value here.
 */
#include "internal.h"

int emu_cond(__u64 rflags, unsigned int cc)
{
	int cf = !!(rflags & FL_CF), zf = !!(rflags & FL_ZF), sf = !!(rflags & FL_SF);
	int of = !!(rflags & FL_OF), pf = !!(rflags & FL_PF), r;

	switch (cc >> 1 & 7) {
	case 0:
		r = of;
		break;
	case 1:
		r = cf;
		break;
	case 2:
		r = zf;
		break;
	case 3:
		r = cf | zf;
		break;
	case 4:
		r = sf;
		break;
	case 5:
		r = pf;
		break;
	case 6:
		r = sf ^ of;
		break;
	default:
		r = zf | (sf ^ of);
		break;
	}
	return r ^ (cc & 1);
}

static __u64 sign_bit(unsigned int size)
{
	return 1ULL << (8 * size - 1);
}

/* SF, ZF and PF of a result. */
static __u64 szp(__u64 r, unsigned int size)
{
	unsigned int p = r & 0xff;
	__u64 f = 0;

	p ^= p >> 4;
	p ^= p >> 2;
	p ^= p >> 1;
	f |= p & 1 ? 0 : FL_PF;
	f |= r & emu_mask(size) ? 0 : FL_ZF;
	f |= r & sign_bit(size) ? FL_SF : 0;
	return f;
}

static __u64 add(__u64 a, __u64 b, unsigned int carry, unsigned int size, __u64 *fl)
{
	__u64 mask = emu_mask(size), r = (a + b + carry) & mask;
	__u64 f = szp(r, size), out = (a & b) | ((a | b) & ~r);

	f |= out & sign_bit(size) ? FL_CF : 0;
	f |= out & 8 ? FL_AF : 0;
	f |= (a ^ r) & (b ^ r) & sign_bit(size) ? FL_OF : 0;
	*fl = f;
	return r;
}

static __u64 sub(__u64 a, __u64 b, unsigned int borrow, unsigned int size, __u64 *fl)
{
	__u64 mask = emu_mask(size), r = (a - b - borrow) & mask;
	__u64 f = szp(r, size), out = (~a & b) | ((~a | b) & r);

	f |= out & sign_bit(size) ? FL_CF : 0;
	f |= out & 8 ? FL_AF : 0;
	f |= (a ^ b) & (a ^ r) & sign_bit(size) ? FL_OF : 0;
	*fl = f;
	return r;
}

static __u64 logic(__u64 r, unsigned int size, __u64 *fl)
{
	/* AF is undefined; every implementation known to us clears it. */
	*fl = szp(r, size);
	return r & emu_mask(size);
}

/* Group 1 by number: ADD OR ADC SBB AND SUB XOR CMP. */
static void group1(unsigned int which, __u64 v[3], unsigned int size, __u64 *rflags)
{
	__u64 a = v[0], b = v[1] & emu_mask(size), fl = 0, r;
	unsigned int carry = *rflags & FL_CF;

	switch (which) {
	case 0:
		r = add(a, b, 0, size, &fl);
		break;
	case 1:
		r = logic(a | b, size, &fl);
		break;
	case 2:
		r = add(a, b, carry, size, &fl);
		break;
	case 3:
		r = sub(a, b, carry, size, &fl);
		break;
	case 4:
		r = logic(a & b, size, &fl);
		break;
	case 6:
		r = logic(a ^ b, size, &fl);
		break;
	default:
		r = sub(a, b, 0, size, &fl);
		break;
	}
	if (which != 7)
		v[0] = r;
	*rflags = (*rflags & ~(__u64)FL_STATUS) | fl;
}

static void inc_dec(int dec, __u64 v[3], unsigned int size, __u64 *rflags)
{
	__u64 fl;

	v[0] = dec ? sub(v[0], 1, 0, size, &fl) : add(v[0], 1, 0, size, &fl);
	*rflags = (*rflags & ~(__u64)(FL_STATUS & ~FL_CF)) | (fl & ~(__u64)FL_CF);
}

/* SHL, SHR and SAR; the rotates need a slot. */
static enum emu_status shift(unsigned int which, __u64 v[3], unsigned int count, unsigned int size,
			     __u64 *rflags)
{
	unsigned int bits = 8 * size, i;
	__u64 r = v[0], fl, cf = 0, first = v[0];

	if (which < 4)
		return EMU_UNSUPPORTED;
	count &= size == 8 ? 63 : 31;
	if (!count)
		return EMU_OK;
	for (i = 0; i < count; i++) {
		if (which == 5 || which == 7) {
			cf = r & 1;
			r = r >> 1 | (which == 7 ? r & sign_bit(size) : 0);
		} else {
			cf = r >> (bits - 1) & 1;
			r = r << 1 & emu_mask(size);
		}
	}
	v[0] = r;
	fl = szp(r, size) | (cf ? FL_CF : 0);
	/* OF is defined for a count of one only; SAR clears it. */
	if (which == 5)
		fl |= first & sign_bit(size) ? FL_OF : 0;
	else if (which != 7)
		fl |= !!(r & sign_bit(size)) != !!cf ? FL_OF : 0;
	if (count != 1)
		fl = (fl & ~(__u64)FL_OF) | (*rflags & FL_OF);
	*rflags = (*rflags & ~(__u64)(FL_STATUS & ~FL_AF)) | fl;
	return EMU_OK;
}

static __u64 extend(__u64 v, unsigned int from, int sign)
{
	unsigned int s = 64 - 8 * from;

	return sign ? (__u64)((__s64)(v << s) >> s) : v & emu_mask(from);
}

static enum emu_status map0(const struct emu_insn *insn, unsigned int op, __u64 v[3], __u64 *rflags)
{
	unsigned int size = insn->opsize, ext = insn->modrm >> 3 & 7;
	__u64 fl, t;

	if (op < 0x40 && (op & 7) < 6) {
		group1(op >> 3, v, size, rflags);
		return EMU_OK;
	}
	switch (op) {
	case 0x63:
		v[0] = extend(v[1], size == 2 ? 2 : 4, 1);
		return EMU_OK;
	case 0x80:
	case 0x81:
	case 0x83:
		group1(ext, v, size, rflags);
		return EMU_OK;
	case 0x84:
	case 0x85:
		logic(v[0] & v[1], size, &fl);
		*rflags = (*rflags & ~(__u64)FL_STATUS) | fl;
		return EMU_OK;
	case 0x86:
	case 0x87:
		t = v[0];
		v[0] = v[1];
		v[1] = t;
		return EMU_OK;
	case 0x88 ... 0x8b:
	case 0xb0 ... 0xbf:
	case 0xc6:
	case 0xc7:
		v[0] = v[1];
		return EMU_OK;
	case 0x90 ... 0x97:
		if (insn->op[0].reg == EMU_RAX) {
			/* NOP: not even the upper half of RAX is cleared. */
			return EMU_UNSUPPORTED;
		}
		t = v[0];
		v[0] = v[1];
		v[1] = t;
		return EMU_OK;
	case 0xc0:
	case 0xc1:
	case 0xd2:
	case 0xd3:
		return shift(ext, v, v[1] & 0xff, size, rflags);
	case 0xd0:
	case 0xd1:
		return shift(ext, v, 1, size, rflags);
	case 0xf6:
	case 0xf7:
		if (ext < 2) {
			logic(v[0] & v[1], size, &fl);
			*rflags = (*rflags & ~(__u64)FL_STATUS) | fl;
		} else if (ext == 2) {
			v[0] = ~v[0] & emu_mask(size);
		} else if (ext == 3) {
			v[0] = sub(0, v[0], 0, size, &fl);
			*rflags = (*rflags & ~(__u64)FL_STATUS) | fl;
		} else {
			return EMU_UNSUPPORTED;
		}
		return EMU_OK;
	case 0xfe:
	case 0xff:
		if (ext > 1)
			return EMU_UNSUPPORTED;
		inc_dec((int)ext, v, size, rflags);
		return EMU_OK;
	}
	return EMU_UNSUPPORTED;
}

static enum emu_status map1(const struct emu_insn *insn, unsigned int op, __u64 v[3], __u64 *rflags)
{
	unsigned int i, size = insn->opsize;
	__u64 t;

	switch (op) {
	case 0x40 ... 0x4f:
		if (emu_cond(*rflags, insn->cond))
			v[0] = v[1];
		return EMU_OK;
	case 0x90 ... 0x9f:
		v[0] = (__u64)emu_cond(*rflags, insn->cond);
		return EMU_OK;
	case 0xb6:
		v[0] = extend(v[1], 1, 0);
		return EMU_OK;
	case 0xb7:
		v[0] = extend(v[1], 2, 0);
		return EMU_OK;
	case 0xbe:
		v[0] = extend(v[1], 1, 1);
		return EMU_OK;
	case 0xbf:
		v[0] = extend(v[1], 2, 1);
		return EMU_OK;
	case 0xc8 ... 0xcf:
		if (size < 4)
			return EMU_UNSUPPORTED;
		for (t = 0, i = 0; i < size; i++)
			t |= (v[0] >> (8 * i) & 0xff) << (8 * (size - 1 - i));
		v[0] = t;
		return EMU_OK;
	}
	return EMU_UNSUPPORTED;
}

enum emu_status emu_alu(const struct emu_insn *insn, __u64 v[3], __u64 *rflags)
{
	unsigned int map = emu_native_map(insn), op = emu_native_opcode(insn);

	if (map == 0)
		return map0(insn, op, v, rflags);
	if (map == 1 && emu_row(insn)->npp == 0)
		return map1(insn, op, v, rflags);
	return EMU_UNSUPPORTED;
}
