// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words in letters: AT&T syntax, memory by the members of the context.
 */
#include <stdio.h>
#include <string.h>

#include "trace_word.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

#define MNEMONIC(OP, mnemonic) [TRACE_OP_##OP] = (mnemonic),
static const char *const mnemonics[TRACE_NR_OPS] = { TRACE_OPS(MNEMONIC) };

/* X(member): of struct egpr_switch, beside its two arrays. */
/* clang-format off */
#define MEMBERS(X)							\
	X(flags) X(delay) X(access) X(bh_count) X(thread_flags) X(owner)	\
	X(operand) X(xcr0_host) X(xcr0_guest) X(rfbm)
/* clang-format on */

#define MEMBER(name) \
	{ #name, offsetof(struct egpr_switch, name), sizeof(((struct egpr_switch *)NULL)->name) },
static const struct {
	const char *name;
	size_t offset;
	size_t bytes;
} members[] = { MEMBERS(MEMBER) };

void trace_address_text(uint64_t at, const struct egpr_switch *sw, char *text, size_t size)
{
	uint64_t offset = at - (uint64_t)(uintptr_t)sw;
	size_t i;

	if (offset < sizeof(sw->regs) && !(offset % 8)) {
		snprintf(text, size, "regs[%u]", EGPR_FIRST + (unsigned int)(offset / 8));
		return;
	}
	for (i = 0; i < NR(members); i++) {
		if (offset < members[i].offset || offset - members[i].offset >= members[i].bytes)
			continue;
		offset -= members[i].offset;
		if (offset)
			snprintf(text, size, "%s + %u", members[i].name, (unsigned int)offset);
		else
			snprintf(text, size, "%s", members[i].name);
		return;
	}
	if (offset == offsetof(struct egpr_switch, xsave))
		snprintf(text, size, "xsave");
	else if (offset < sizeof(*sw))
		snprintf(text, size, "context + %u", (unsigned int)offset);
	else
		snprintf(text, size, "0x%llx", (unsigned long long)at);
}

static void register_text(unsigned int reg, unsigned int bytes, char *text, size_t size)
{
	static const char names[8][3] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
	static const char *const ends[9] = { [1] = "b", [2] = "w", [4] = "d" };

	if (reg < 8)
		snprintf(text, size, "%%%s%s",
			 bytes == 8   ? "r"
			 : bytes == 4 ? "e"
				      : "",
			 names[reg]);
	else
		snprintf(text, size, "%%r%u%s", reg, bytes < 9 && ends[bytes] ? ends[bytes] : "");
}

static void operand_text(const struct trace_word *w, unsigned int op, const struct egpr_switch *sw,
			 char *text, size_t size)
{
	switch (op) {
	case TRACE_MEM:
		trace_address_text(w->address, sw, text, size);
		break;
	case TRACE_IMM:
		snprintf(text, size, "$0x%llx", (unsigned long long)w->imm);
		break;
	default:
		register_text(op, w->size, text, size);
	}
}

/* AT&T: source first, but for the two of PUSH2P and POP2P, which are named in their order. */
void trace_word_text(const struct trace_word *w, const struct egpr_switch *sw, char *text,
		     size_t size)
{
	static const char *const conditions[16] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
						    "s", "ns", "p", "np", "l", "ge", "le", "g" };
	bool pair = w->op == TRACE_OP_PUSH2P || w->op == TRACE_OP_POP2P;
	unsigned int first = pair ? w->dst : w->src, second = pair ? w->src : w->dst;
	char a[40] = "", b[40] = "", at[48] = "";

	if (w->op == TRACE_OP_JCC) {
		snprintf(text, size, "j%s, %s", conditions[w->cond & 15],
			 w->taken ? "taken" : "not taken");
		return;
	}
	if (first != TRACE_NIL)
		operand_text(w, first, sw, a, sizeof(a));
	if (second != TRACE_NIL)
		operand_text(w, second, sw, b, sizeof(b));
	if (pair || w->op == TRACE_OP_PUSH || w->op == TRACE_OP_POP) {
		strcpy(at, ", at ");
		trace_address_text(w->address, sw, at + strlen(at), sizeof(at) - strlen(at));
	}
	snprintf(text, size, "%s%s%s%s%s%s", mnemonics[w->op], *a || *b ? " " : "", a,
		 *a && *b ? "," : "", b, at);
}
