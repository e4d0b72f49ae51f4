// SPDX-License-Identifier: GPL-2.0-only
/*
 * Form against form: `trap` and `proxy` beside `hw`, instruction by instruction.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/regs.h>

#include "twins.h"

#define REX2	  0xd5
#define DS	  0x3e /* without meaning in 64-bit mode */
#define REX	  0x40
#define REX_W	  8 /* in REX and in the payload of REX2 */
#define MOV_STORE 0x89

/* The words that copy one register to another have this source in form proxy, whatever its number. */
#define READ_STAND_IN "%rcx, %rax"

static bool is_ud2(const struct insn *insn)
{
	return !strcmp(insn->name, "ud2");
}

static bool same_bytes(const struct insn *a, const struct insn *b)
{
	return a->size == b->size && !memcmp(a->byte, b->byte, a->size);
}

/* Where the instruction of form trap with index @t stands in form hw; a UD2 is at its successor. */
static int without_ud2(const struct half *trap, int t)
{
	int index = 0;

	for (int i = 0; i < t; i++)
		index += !is_ud2(&trap->insn[i]);
	return index;
}

/* Every UD2 is where it belongs. */
static bool ud2_stand_right(const struct half *trap, struct why *why)
{
	for (int i = 0; i < (int)trap->nr; i++) {
		const struct insn *insn = &trap->insn[i];
		bool behind_ud2 = i > 0 && is_ud2(insn - 1);

		if (is_ud2(insn) && i + 1 == (int)trap->nr)
			return refuse(why, trap, i, "no instruction behind it");
		if (behind_ud2 && !insn_is_extended_state(insn))
			return refuse(why, trap, i, "behind a UD2, but not for the emulator");
		if (!behind_ud2 && insn_is_extended_state(insn))
			return refuse(why, trap, i, "not behind a UD2");
		if (insn->target > 0 && is_ud2(&trap->insn[insn->target - 1]))
			return refuse(why, trap, i, "passes a UD2 by");
	}
	return true;
}

bool twin_trap(const struct half *hw, const struct half *trap, struct why *why)
{
	int h = 0;

	if (hw->endbr != trap->endbr)
		return refuse(why, trap, -1, "ENDBR in one form only");
	if (!ud2_stand_right(trap, why))
		return false;
	for (int t = 0; t < (int)trap->nr; t++) {
		const struct insn *a, *b = &trap->insn[t];

		if (is_ud2(b))
			continue;
		if (h == (int)hw->nr)
			return refuse(why, trap, t, "%s has ended", hw->symbol);
		a = &hw->insn[h];
		if (is_ud2(a))
			return refuse(why, hw, h, "a UD2 outside of form trap");
		/* A branch over a UD2 has another distance and may have another length. */
		if (a->target >= 0 ? strcmp(a->name, b->name) != 0 : !same_bytes(a, b))
			return refuse(why, hw, h, "is %s %s in %s", b->name, b->operands,
				      trap->symbol);
		if (a->target >= 0 && a->target != without_ud2(trap, b->target))
			return refuse(why, hw, h, "leads elsewhere in %s", trap->symbol);
		h++;
	}
	return h == (int)hw->nr || refuse(why, hw, h, "%s has ended", trap->symbol);
}

/* The EGPR that `%rN` or `%rNd` at @text names, or 0; @chars receives its length. */
static unsigned int egpr_at(const char *text, size_t *chars)
{
	char *end;
	unsigned long n;

	if (text[0] != '%' || text[1] != 'r' || text[2] < '1' || text[2] > '9')
		return 0;
	n = strtoul(text + 2, &end, 10);
	*chars = (size_t)(end - text) + (*end == 'd');
	return n >= EGPR_FIRST && n < EGPR_FIRST + EGPR_COUNT ? (unsigned int)n : 0;
}

static const char *stand_in(unsigned int reg, bool wide)
{
	/* The caller-saved registers but %rdi, the context, and %r11, which holds %rsp. */
	static const char *const names[][2] = {
		{ "%eax", "%rax" }, { "%ecx", "%rcx" }, { "%edx", "%rdx" },  { "%esi", "%rsi" },
		{ "%r8d", "%r8" },  { "%r9d", "%r9" },	{ "%r10d", "%r10" },
	};

	return names[(reg - EGPR_FIRST) % (sizeof(names) / sizeof(names[0]))][wide];
}

/* @out: @operands with every EGPR replaced; returns how many there were. */
static int on_stand_ins(const char *operands, char *out, size_t size)
{
	size_t len = 0, chars = 0;
	int count = 0;

	while (*operands && len + 8 < size) {
		unsigned int reg = egpr_at(operands, &chars);

		if (reg) {
			len += (size_t)snprintf(out + len, size - len, "%s",
						stand_in(reg, operands[chars - 1] != 'd'));
			operands += chars;
			count++;
		} else {
			out[len++] = *operands++;
		}
	}
	out[len] = 0;
	return count;
}

/* PUSH2P and POP2P: @v, the second operand, goes first in both; three bytes for each. */
static bool pair_matches(const struct half *hw, int h, const struct half *proxy, int p,
			 struct why *why)
{
	const struct insn *insn = &hw->insn[h];
	const char *name = insn->name[1] == 'u' ? "pushq" : "popq";
	char operands[64], *v;

	on_stand_ins(insn->operands, operands, sizeof(operands));
	v = strstr(operands, ", ");
	if (!v || p + 1 >= (int)proxy->nr)
		return refuse(why, hw, h, "%s has no such pair", proxy->symbol);
	*v = 0;
	v += 2;
	for (int i = 0; i < 2; i++) {
		const struct insn *one = &proxy->insn[p + i];

		if (strcmp(one->name, name) || strcmp(one->operands, i ? operands : v) ||
		    one->size * 2 != insn->size || one->byte[0] != DS ||
		    (one->byte[1] & ~1u) != REX)
			return refuse(why, proxy, p + i, "is not %s %s in three bytes", name,
				      i ? operands : v);
	}
	return true;
}

/* One instruction with REX2 and what stands for it with DS and REX. */
static bool word_matches(const struct half *hw, int h, const struct half *proxy, int p,
			 struct why *why)
{
	const struct insn *a = &hw->insn[h], *b = &proxy->insn[p];
	char want[64], got[64];
	const char *ds = strstr(b->operands, "%ds:");

	on_stand_ins(a->operands, want, sizeof(want));
	if (a->byte[2] == MOV_STORE && !strchr(a->operands, '('))
		strcpy(want, READ_STAND_IN);
	snprintf(got, sizeof(got), "%.*s%s", ds ? (int)(ds - b->operands) : 0, b->operands,
		 ds ? ds + 4 : b->operands);
	if (strcmp(a->name, b->name) || strcmp(want, got))
		return refuse(why, proxy, p, "is not %s %s, for %s %s", a->name, want, a->name,
			      a->operands);
	/* Prefixes of one size, then the same opcode, the same kind of operand, the same displacement. */
	if (a->byte[0] != REX2 || a->size < 4 || a->size != b->size || b->byte[0] != DS ||
	    (b->byte[1] & 0xf0) != REX || (a->byte[1] & REX_W) != (b->byte[1] & REX_W) ||
	    a->byte[2] != b->byte[2] || a->byte[3] >> 6 != b->byte[3] >> 6 ||
	    memcmp(a->byte + 4, b->byte + 4, a->size - 4))
		return refuse(why, proxy, p, "is encoded in another shape than %s %s", a->name,
			      a->operands);
	return true;
}

bool twin_proxy(const struct half *hw, const struct half *proxy, struct why *why)
{
	int p = 0;

	if (hw->endbr != proxy->endbr)
		return refuse(why, proxy, -1, "ENDBR in one form only");
	for (int h = 0; h < (int)hw->nr; h++, p++) {
		const struct insn *insn = &hw->insn[h];
		char mapped[64];

		if (p >= (int)proxy->nr)
			return refuse(why, hw, h, "%s has ended", proxy->symbol);
		if (insn->address != proxy->insn[p].address)
			return refuse(why, proxy, p, "is at %#x, and in %s at %#x",
				      proxy->insn[p].address, hw->symbol, insn->address);
		if (!on_stand_ins(insn->operands, mapped, sizeof(mapped))) {
			if (!same_bytes(insn, &proxy->insn[p]))
				return refuse(why, proxy, p, "is %s %s in %s", insn->name,
					      insn->operands, hw->symbol);
		} else if (!strcmp(insn->name, "push2p") || !strcmp(insn->name, "pop2p")) {
			if (!pair_matches(hw, h, proxy, p, why))
				return false;
			p++;
		} else if (!word_matches(hw, h, proxy, p, why)) {
			return false;
		}
	}
	return p == (int)proxy->nr || refuse(why, proxy, p, "%s has ended", hw->symbol);
}
