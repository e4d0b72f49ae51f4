/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decoder's parts share: the cursor over the bytes and the prefix's bits.
 *
 * Bytes are taken one at a time through a cursor that knows both limits, the caller's
 * and the architecture's 15 bytes, so nothing is ever read that was not given.
 */
#ifndef EMU_DECODING_H
#define EMU_DECODING_H

#include "internal.h"

struct emu_cursor {
	const __u8 *p;
	unsigned int len;
	unsigned int pos;
	enum emu_status st;
};

/* Register-number and meaning bits of the prefix, none inverted. */
struct emu_bits {
	__u8 r3, x3, b3, r4, x4, b4, v, u, z, ll, nd, aaa, low, dfv;
};

static inline __u8 emu_take(struct emu_cursor *c)
{
	if (c->st != EMU_OK)
		return 0;
	if (c->pos >= EMU_INSN_MAX) {
		c->st = EMU_GP;
		return 0;
	}
	if (c->pos >= c->len) {
		c->st = EMU_SHORT;
		return 0;
	}
	return c->p[c->pos++];
}

static inline __u64 emu_take_le(struct emu_cursor *c, unsigned int n)
{
	__u64 v = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		v |= (__u64)emu_take(c) << (8 * i);
	return v;
}

/* decode_operands.c */
void emu_insn_init(struct emu_insn *insn);
void emu_take_mem(struct emu_cursor *c, struct emu_insn *insn, const struct emu_bits *b, int vsib);
void emu_set_opsize(struct emu_insn *insn, const struct emu_row *row);
void emu_add_op(struct emu_insn *insn, unsigned int kind, unsigned int reg, unsigned int size,
		unsigned int acc);
void emu_take_operands(struct emu_cursor *c, struct emu_insn *insn, const struct emu_row *row,
		       const struct emu_bits *b);

#endif /* EMU_DECODING_H */
