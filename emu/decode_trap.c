// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding of the trap form: UD2 followed by an instruction of the XSAVE family, XSETBV
 * or XGETBV. Apart from APX, whose decoder must leave a program's own UD2 alone.
 */
#include "decoding.h"

/* clang-format off */
static const struct emu_row row_xsave = {
	0, 0xff, 0xff, PA, C_XSAVE, N_SAME, 0, 0, OP(M, 0, RW_), I_A | I_D, F_MODRM | F_MEMO };
static const struct emu_row row_xgetbv = {
	0x01, 0x01, 0xff, PA, C_XGETBV, N_SAME, 0, 0, 0, I_A | I_C | I_D, 0 };
static const struct emu_row row_xsetbv = {
	0x01, 0x01, 0xff, PA, C_XSETBV, N_SAME, 0, 0, 0, I_A | I_C | I_D, 0 };
/* clang-format on */

static const struct emu_row *trap_row(const struct emu_insn *insn)
{
	unsigned int ext = insn->modrm >> 3 & 7;

	if (insn->opcode == 0x01 && insn->modrm == 0xd0)
		return &row_xgetbv;
	if (insn->opcode == 0x01 && insn->modrm == 0xd1)
		return &row_xsetbv;
	if ((insn->modrm >> 6) == 3)
		return NULL;
	if (insn->opcode == OPC_AE && (ext == AE_XSAVE || ext == AE_XRSTOR || ext == AE_XSAVEOPT))
		return &row_xsave;
	if (insn->opcode == OPC_C7 && (ext == C7_XSAVEC || ext == C7_XSAVES || ext == C7_XRSTORS))
		return &row_xsave;
	return NULL;
}

#define UD2_LEN 2

enum emu_status emu_decode_trap(const __u8 *bytes, unsigned int len, struct emu_insn *insn)
{
	struct emu_cursor c = { bytes, len, 0, EMU_OK };
	struct emu_bits b;
	__u8 op;

	emu_insn_init(insn);
	emu_zero(&b, sizeof(b));
	if (emu_take(&c) != 0x0f || emu_take(&c) != 0x0b)
		return c.st == EMU_OK ? EMU_NOT_APX : c.st;
	c.p += UD2_LEN;
	c.len -= UD2_LEN;
	c.pos = 0;
	op = emu_take(&c);
	while (op == 0x64 || op == 0x65 || op == 0x3e) {
		insn->seg = op == 0x3e ? insn->seg : op - 0x60;
		insn->prefix |= EMU_PFX_SEG;
		op = emu_take(&c);
	}
	if ((op & 0xf0) == 0x40) {
		insn->w = op >> 3 & 1;
		b.r3 = op >> 2 & 1;
		b.x3 = op >> 1 & 1;
		b.b3 = op & 1;
		op = emu_take(&c);
	}
	if (op != 0x0f)
		return c.st == EMU_OK ? EMU_NOT_APX : c.st;
	insn->map = 1;
	insn->encoding = EMU_ENC_LEGACY;
	insn->opcode = emu_take(&c);
	insn->opc_at = (__u8)(c.pos - 1);
	insn->modrm = emu_take(&c);
	if (c.st != EMU_OK)
		return c.st;
	insn->row = (unsigned long)trap_row(insn);
	if (!insn->row)
		return EMU_NOT_APX;
	insn->flags = EMU_F_MODRM | EMU_F_TRAP;
	insn->asize = 8;
	insn->opsize = insn->w ? 8 : 4;
	insn->reg = insn->modrm >> 3 & 7;
	if (emu_row(insn)->cls == C_XSAVE) {
		emu_take_mem(&c, insn, &b, 0);
		emu_add_op(insn, EMU_OP_MEM, 0, 0, EMU_ACC_R | EMU_ACC_W);
	}
	if (c.st != EMU_OK)
		return c.st;
	insn->blen = (__u8)c.pos;
	insn->len = (__u8)(c.pos + UD2_LEN);
	emu_copy(insn->bytes, c.p, c.pos);
	return EMU_OK;
}
