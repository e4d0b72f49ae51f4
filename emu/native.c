// SPDX-License-Identifier: GPL-2.0-only
/*
 * Native execution in a slot, for hosts that have executable memory.
 *
 * The slot is rewritten only if it holds something else: rewriting code that was
 * just executed costs a pipeline clear, and loops repeat their instructions.
 */
#include <string.h>
#include "emu.h"

#define INSN_RET 0xc3

int emu_native_call(struct emu_native *n, const void *slot);

int emu_native_run(struct emu_native *n, void *slot_w, const void *slot_x)
{
	unsigned char code[EMU_INSN_MAX + 2];

	memcpy(code, n->code, n->len);
	code[n->len] = INSN_RET;
	if (memcmp(slot_w, code, n->len + 1U))
		memcpy(slot_w, code, n->len + 1U);
	return emu_native_call(n, slot_x);
}
