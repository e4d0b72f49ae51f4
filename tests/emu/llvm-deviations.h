/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the decoder and LLVM 19's disassembler disagree about validity, and why the
 * decoder is right. Every row must occur and every difference must have a row.
 */
#ifndef TESTS_EMU_LLVM_DEVIATIONS_H
#define TESTS_EMU_LLVM_DEVIATIONS_H

/* The documented list: what REX2 cannot encode. */
static int not_rex2(const struct pattern *p)
{
	uint8_t o = op(p);

	if (is_rex2(p, 0))
		return (o >= 0x70 && o <= 0x7f) || (o >= 0xa0 && o <= 0xaf && o != 0xa1) ||
		       (o >= 0xe0 && o <= 0xef);
	if (is_rex2(p, 1))
		return (o >= 0x30 && o <= 0x37) || (o >= 0x80 && o <= 0x8f) ||
		       (o == 0xae && !reg_form(p) && ext(p) >= 4 && ext(p) <= 6) ||
		       (o == 0xc7 && !reg_form(p) && ext(p) >= 3 && ext(p) <= 5);
	return 0;
}

static int jmpabs(const struct pattern *p)
{
	return is_rex2(p, 0) && op(p) == 0xa1;
}

static int lock(const struct pattern *p)
{
	return prefixed(p, 0xf0);
}

static int undefined(const struct pattern *p)
{
	uint8_t o = op(p);

	return is_rex2(p, 1) && (o == 0x0b || o == 0xb9 || o == 0xff);
}

static int pair_rsp(const struct pattern *p)
{
	return is_evex(p, 4) && (op(p) == 0xff || op(p) == 0x8f) && reg_form(p);
}

static int nf_pp(const struct pattern *p)
{
	return is_evex(p, 4) && p->b[p->at + 3] & 4;
}

static int w_and_66(const struct pattern *p)
{
	return is_evex(p, 4) && (p->b[p->at + 2] & 0x83) == 0x81;
}

static int reserved_u(const struct pattern *p)
{
	return p->b[p->at] == 0x62 && reg_form(p) && !(p->b[p->at + 2] & 4);
}

static int reserved_v(const struct pattern *p)
{
	return is_evex(p, 4) && ((p->b[p->at + 2] & 0x78) != 0x78 || !(p->b[p->at + 3] & 8));
}

static int reserved_p2(const struct pattern *p)
{
	return is_evex(p, 4) && p->b[p->at + 3] & 0xe3;
}

static int evex_prefix(const struct pattern *p)
{
	return p->b[p->at] == 0x62 && p->at && strchr("\x66\xf2\xf3\xf0\x48", p->b[0]);
}

/* Bytes that are prefixes or escapes cannot be opcodes behind REX2. */
static int prefix_opcode(const struct pattern *p)
{
	uint8_t o = op(p);

	return is_rex2(p, 0) &&
	       (o == 0x0f || o == 0x26 || o == 0x2e || o == 0x36 || o == 0x3e ||
		(o & 0xf0) == 0x40 || (o >= 0x64 && o <= 0x67) || o == 0xf0 || o == 0xf2 ||
		o == 0xf3 || o == 0x62 || o == 0xc4 || o == 0xc5 || o == 0xd5);
}

static int mov_cs(const struct pattern *p)
{
	return is_rex2(p, 0) && (op(p) == 0x8e || op(p) == 0x8c);
}

static int other_pp(const struct pattern *p)
{
	return is_rex2(p, 1) && (prefixed(p, 0x66) || prefixed(p, 0xf2) || prefixed(p, 0xf3));
}

static int alias(const struct pattern *p)
{
	uint8_t o = op(p), e = ext(p);

	if (is_rex2(p, 0))
		return (((o & 0xfe) == 0xc0 || (o & 0xfc) == 0xd0) && e == 6) ||
		       ((o & 0xfe) == 0xf6 && e == 1) || o == 0xf1;
	if (is_evex(p, 4))
		return (((o & 0xfe) == 0xc0 || (o & 0xfc) == 0xd0) && e == 6) ||
		       ((o & 0xfe) == 0xf6 && e == 1);
	return 0;
}

static int hint_nop(const struct pattern *p)
{
	return is_rex2(p, 1) &&
	       (op(p) == 0x0d || (op(p) >= 0x18 && op(p) <= 0x1e) || (op(p) == 0x1c && ext(p)));
}

static int x87_alias(const struct pattern *p)
{
	return is_rex2(p, 0) && op(p) >= 0xd8 && op(p) <= 0xdf && reg_form(p);
}

static int xbegin(const struct pattern *p)
{
	return is_rex2(p, 0) && (op(p) == 0xc6 || op(p) == 0xc7) && reg_form(p) && ext(p) == 7;
}

static int ignored_prefix(const struct pattern *p)
{
	return is_rex2(p, 1) && (op(p) == 0x09 || op(p) == 0xd0);
}

static int padlock(const struct pattern *p)
{
	return is_rex2(p, 1) && (op(p) == 0xa6 || op(p) == 0xa7);
}

static int enqcmd(const struct pattern *p)
{
	return is_evex(p, 4) && op(p) == 0xf8 && prefixed(p, 0x67);
}

static int reserved_bmi(const struct pattern *p)
{
	return is_evex(p, 2) && op(p) >= 0xf2 && op(p) <= 0xf7 && p->b[p->at + 3] & 0xe3;
}

static int mov_cr_high(const struct pattern *p)
{
	return is_rex2(p, 1) && (op(p) & 0xfc) == 0x20;
}

static int imul_zu(const struct pattern *p)
{
	return is_evex(p, 4) && (op(p) == 0x69 || op(p) == 0x6b) && p->b[p->at + 3] & 0x10;
}

static int mov_cr_mod(const struct pattern *p)
{
	return is_rex2(p, 1) && (op(p) & 0xfc) == 0x20 && !reg_form(p);
}

static int w_ignored(const struct pattern *p)
{
	return is_evex(p, 4) && p->b[p->at + 2] & 0x80;
}

/* Base 101 without displacement: disp32 alone, whatever the extension bits say. */
static int sib_disp32(const struct pattern *p)
{
	const uint8_t *m = p->b + p->at + (p->b[p->at] == 0xd5 ? 3 : 5);

	return (m[0] & 0xc7) == 0x04 && (m[1] & 7) == 5 &&
	       (p->b[p->at] == 0xd5 ? p->b[p->at + 1] & 0x10 : p->b[p->at + 1] & 8);
}

static int xchg(const struct pattern *p)
{
	return (is_rex2(p, 0) && (op(p) == 0x86 || op(p) == 0x87));
}

static int nop(const struct pattern *p)
{
	return is_rex2(p, 0) && op(p) >= 0x90 && op(p) <= 0x97;
}

static int push16(const struct pattern *p)
{
	return is_rex2(p, 0) && op(p) >= 0x50 && op(p) <= 0x5f && prefixed(p, 0x66);
}

struct deviation {
	int kind;
	int (*match)(const struct pattern *p);
	const char *reason;
};

/* clang-format off */
static const struct deviation deviations[] = {
	{ LLVM_ACCEPTS, not_rex2, "not encodable with REX2 (APX specification, REX2 prefix)" },
	{ LLVM_ACCEPTS, prefix_opcode, "a prefix or escape byte is no opcode behind REX2" },
	{ LLVM_ACCEPTS, jmpabs, "JMPABS takes neither W nor 66, 67, F2, F3, LOCK" },
	{ LLVM_ACCEPTS, undefined, "UD0, UD1, UD2 are #UD by definition" },
	{ LLVM_ACCEPTS, lock, "LOCK without a read-modify-write of memory is #UD" },
	{ LLVM_ACCEPTS, mov_cs, "MOV to CS and segment registers 6, 7 are #UD" },
	{ LLVM_ACCEPTS, padlock, "VIA PadLock: not on Intel or AMD CPUs" },
	{ LLVM_ACCEPTS, reserved_bmi, "z, L'L and aaa[1:0] must be clear in promoted BMI" },
	{ LLVM_ACCEPTS, xbegin, "XABORT, XBEGIN: #UD, as on a CPU without RTM" },
	{ LLVM_ACCEPTS, mov_cr_high, "there is no control or debug register of that number" },
	{ LLVM_ACCEPTS, other_pp, "the mandatory prefix selects no instruction" },
	{ LLVM_ACCEPTS, pair_rsp, "PUSH2 and POP2 take no RSP, POP2 no register twice" },
	{ LLVM_ACCEPTS, evex_prefix, "66, F2, F3, LOCK, REX before EVEX are #UD" },
	{ LLVM_ACCEPTS, reserved_u, "X4 must be clear in a register form" },
	{ LLVM_ACCEPTS, nf_pp, "NF does not change which mandatory prefixes are defined" },
	{ LLVM_ACCEPTS, reserved_v, "EVEX.V must be all ones where it names no register" },
	{ LLVM_ACCEPTS, reserved_p2, "z, L'L and aaa[1:0] must be clear in map 4" },
	{ LLVM_REJECTS, w_and_66, "W wins over 66, as REX.W does" },
	{ LLVM_REJECTS, ignored_prefix, "WBINVD ignores F2, ADDSUBPD ignores W" },
	{ LLVM_REJECTS, imul_zu, "IMUL with ZU, NF and 66: missing in LLVM 19" },
	{ LLVM_REJECTS, w_ignored, "W is ignored by this instruction" },
	{ LLVM_REJECTS, alias, "undocumented alias that every CPU executes" },
	{ LLVM_REJECTS, hint_nop, "reserved hint: a NOP (SDM), though not on AMD" },
	{ LLVM_REJECTS, x87_alias, "x87 register form, left to the CPU" },
	{ LLVM_REJECTS, mov_cr_mod, "MOV CR and MOV DR ignore ModRM.mod" },
	{ LLVM_LENGTH, sib_disp32, "SIB base 101 with mod 00 is disp32 for every B3, B4" },
	{ LLVM_OPERANDS, xchg, "XCHG's operands have no order" },
	{ LLVM_OPERANDS, enqcmd, "ENQCMD's register has the address size" },
	{ LLVM_OPERANDS, nop, "XCHG's operands have no order; 90 is printed as NOP" },
	{ LLVM_OPERANDS, push16, "66 makes PUSH and POP 16 bits wide" },
};
/* clang-format on */

#endif /* TESTS_EMU_LLVM_DEVIATIONS_H */
