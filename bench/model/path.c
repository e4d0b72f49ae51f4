// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way a half's branches go.
 *
 * The sequences branch on few things: a flag word of the context, XCR0, a number in a register that
 * was loaded from the context. So two registers and the last comparison are followed; anything else
 * makes what it writes unknown, and a branch on something unknown ends it. tests/e2e/model.sh holds
 * the path against the one that is seen when the timed loop is stepped through.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"

#define MAX_ARGS 3

struct value {
	bool known;
	uint64_t v;
};

enum {
	RAX,
	RCX,
	NR_FOLLOWED
};

static const char *const followed[NR_FOLLOWED][4] = {
	[RAX] = { "%rax", "%eax", "%ax", "%al" }, [RCX] = { "%rcx", "%ecx", "%cx", "%cl" }
};

/*
 * struct follow - what is known between two instructions
 * @sw: the context in %rdi
 * @reg: rax and rcx
 * @left, @right: of the last comparison, cut to its width
 * @test: it was TEST, not CMP
 */
struct follow {
	const struct egpr_switch *sw;
	struct value reg[NR_FOLLOWED];
	struct value left, right;
	bool test;
};

/* Width in bytes by a mnemonic's last letter. */
static size_t width_of(const char *op)
{
	switch (op[strlen(op) - 1]) {
	case 'b':
		return 1;
	case 'w':
		return 2;
	case 'l':
		return 4;
	default:
		return 8;
	}
}

static uint64_t cut(uint64_t v, size_t width)
{
	return width == 8 ? v : v & ((1ull << 8 * width) - 1);
}

static int register_of(const char *arg)
{
	int r;
	size_t i;

	for (r = 0; r < NR_FOLLOWED; r++) {
		for (i = 0; i < 4; i++) {
			if (!strcmp(followed[r][i], arg))
				return r;
		}
	}
	return -1;
}

/* "disp(%rdi)" of the context, as it is when the half is called. */
static struct value memory(const struct follow *f, const char *arg, size_t width)
{
	struct value v = { false, 0 };
	unsigned long disp;
	char *end;

	if (!strncmp(arg, "%ds:", 4))
		arg += 4;
	disp = strtoul(arg, &end, 0);
	if (strcmp(end, "(%rdi)") || disp > sizeof(*f->sw) - width)
		return v;
	memcpy(&v.v, (const char *)f->sw + disp, width);
	v.known = true;
	return v;
}

static struct value operand(const struct follow *f, const char *arg, size_t width)
{
	struct value v = { false, 0 };
	char *end;
	int r;

	if (*arg == '$') {
		v.v = cut((uint64_t)strtoll(arg + 1, &end, 0), width);
		v.known = end != arg + 1 && !*end;
		return v;
	}
	r = register_of(arg);
	if (r >= 0) {
		v = f->reg[r];
		v.v = cut(v.v, width);
		return v;
	}
	return memory(f, arg, width);
}

/* Cuts operands at the commas that are not in parentheses. Return: how many. */
static unsigned int split(char *args, char **arg)
{
	unsigned int n = 0;
	int depth = 0;
	char *s;

	if (!*args)
		return 0;
	arg[n++] = args;
	for (s = args; *s; s++) {
		depth += (*s == '(') - (*s == ')');
		if (*s != ',' || depth || n == MAX_ARGS)
			continue;
		*s++ = '\0';
		s += strspn(s, " ");
		arg[n++] = s--;
	}
	return n;
}

static bool starts(const char *op, const char *with)
{
	return !strncmp(op, with, strlen(with));
}

/* Instructions that neither write flags nor a register that is followed. */
static bool is_neutral(const char *op)
{
	return starts(op, "lea") || starts(op, "push") || starts(op, "lfence") ||
	       starts(op, "nop") || starts(op, "xsave") || starts(op, "xrstor") ||
	       starts(op, "xsetbv");
}

static void step(struct follow *f, const struct model_insn *i)
{
	char args[sizeof(i->args)], *arg[MAX_ARGS];
	size_t width = width_of(i->op);
	unsigned int n, k;
	int r;

	memcpy(args, i->args, sizeof(args));
	n = split(args, arg);
	if (is_neutral(i->op))
		return;
	if (n == 2 && (starts(i->op, "test") || starts(i->op, "cmp"))) {
		f->test = starts(i->op, "test");
		f->right = operand(f, arg[0], width);
		f->left = operand(f, arg[1], width);
		return;
	}
	if (n == 2 && starts(i->op, "mov")) {
		r = register_of(arg[1]);
		/* Four bytes clear the upper half; fewer leave the rest as it is. */
		if (r >= 0 && width >= 4)
			f->reg[r] = operand(f, arg[0], width);
		else if (r >= 0)
			f->reg[r].known = false;
		return;
	}
	if (!starts(i->op, "pop"))
		f->left.known = f->right.known = false;
	for (k = 0; k < n; k++) {
		r = register_of(arg[k]);
		if (r >= 0)
			f->reg[r].known = false;
	}
}

/* Return: 1 taken, 0 not, -1 unknown. */
static int taken(const struct follow *f, const char *op)
{
	uint64_t l = f->left.v, r = f->right.v;
	bool zero = f->test ? !(l & r) : l == r;

	if (!strcmp(op, "jmp"))
		return 1;
	if (!f->left.known || !f->right.known)
		return -1;
	if (!strcmp(op, "je") || !strcmp(op, "jne"))
		return zero == !strcmp(op, "je");
	/* Carry: below in CMP, never in TEST. */
	if (!strcmp(op, "jae") || !strcmp(op, "jb"))
		return (f->test || l >= r) == !strcmp(op, "jae");
	return -1;
}

/* Index of the instruction at an address, or -1. */
static int index_of(const struct model_half *h, const char *target)
{
	unsigned long at = strtoul(target, NULL, 16);
	unsigned int i;

	for (i = 0; i < h->n; i++) {
		if (h->insns[i].at == at)
			return (int)i;
	}
	return -1;
}

int model_path_follow(const struct model_half *h, const struct egpr_switch *sw,
		      struct model_path *p, struct data_error *e)
{
	struct follow f = { .sw = sw };
	unsigned int i = 0;
	int way;

	for (p->n = 0; p->n < MODEL_PATH_MAX; i++) {
		const struct model_insn *insn = &h->insns[i];

		p->insn[p->n++] = insn;
		if (i == h->n - 1)
			return 0;
		if (insn->op[0] != 'j') {
			step(&f, insn);
			continue;
		}
		way = taken(&f, insn->op);
		if (way > 0)
			way = index_of(h, insn->args);
		else if (!way)
			way = (int)i + 1;
		if (way < 0)
			return data_fail(e, EGPR_SKIPPED,
					 "which way '%s %s' in %s goes cannot be told from the "
					 "context that it is called with",
					 insn->op, insn->args, h->symbol);
		i = (unsigned int)way - 1;
	}
	return data_fail(e, EGPR_SKIPPED, "the path through %s does not end within %d instructions",
			 h->symbol, MODEL_PATH_MAX);
}
