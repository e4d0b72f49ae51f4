// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the strategies of egpr.pml from the table in include/egpr/strategy.h.
 *
 * usage: strategies         the Promela inline that sets a strategy's parts
 *        strategies --list  a line `NUMBER ID FAMILY PARTS` per strategy; equal parts, equal steps
 *
 * A row's home, needs and family say which steps it has, as asm/strategy/ has them (`make check`
 * holds those bytes against the same row). A row that asks for what the model has no step for is
 * refused by name; a family without a line below is one of those.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/strategy.h>

#define BIT_OF(home) (1u << EGPR_HOME_##home)
#define XSAVE_ANY    (EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT | EGPR_NEEDS_XSAVEC | EGPR_NEEDS_XSAVES)
/* How the registers move, not where and when: the same steps here (README.md, what models cannot say). */
#define SAME_STEPS (EGPR_MOVES_PAIRS | EGPR_MOVES_DISP8 | EGPR_MOVES_FENCE)

/* What the model has steps for: the homes of a family, flags that it may and that it must have. */
static const struct {
	const char *name;
	unsigned int homes;
	unsigned int may;
	unsigned int must;
} families[EGPR_NR_FAMILIES] = {
	[EGPR_FAMILY_BASE] = { "base", BIT_OF(HW), 0, 0 },
	[EGPR_FAMILY_DELAY] = { "delay", BIT_OF(HW), 0, 0 },
	[EGPR_FAMILY_UNCOND] = { "uncond", BIT_OF(REGS), EGPR_NEEDS_XSETBV, 0 },
	[EGPR_FAMILY_GATED] = { "gated", BIT_OF(REGS), EGPR_BIND_DUAL, 0 },
	[EGPR_FAMILY_XSAVE] = { "xsave", BIT_OF(XSAVE) | BIT_OF(XSAVE_COMPACT),
				XSAVE_ANY | EGPR_NEEDS_CPL0, EGPR_NEEDS_XSAVE },
	[EGPR_FAMILY_LIVE] = { "live", BIT_OF(FPSTATE), EGPR_READS_OPERAND, 0 },
	[EGPR_FAMILY_OUTER] = { "outer", BIT_OF(REGS), EGPR_BIND_OUTER, EGPR_BIND_OUTER },
};

static const struct row {
	const char *id;
	const char *words;
	enum egpr_family family;
	enum egpr_home home;
	unsigned int needs;
} rows[] = {
#define ROW(sym, id, family, home, needs, at_exit, at_entry, origin) \
	{ id, at_exit " / " at_entry, EGPR_FAMILY_##family, EGPR_HOME_##home, needs },
	EGPR_STRATEGIES(ROW)
#undef ROW
};

#define NR_ROWS ((int)(sizeof(rows) / sizeof(*rows)))

/* What KVM does by itself is KVM's: the model has the lab's steps. */
static int of_the_lab(const struct row *r)
{
	return r->family != EGPR_FAMILY_OWN;
}

static int known(const struct row *r)
{
	const char *reason = NULL;

	if (!families[r->family].homes)
		reason = "its family has no line";
	else if (!(families[r->family].homes & 1u << r->home))
		reason = "its family has no steps for that home";
	else if (r->needs & ~(families[r->family].may | families[r->family].must | SAME_STEPS))
		reason = "its family has no steps for one of its flags";
	else if (families[r->family].must & ~r->needs)
		reason = "a flag is missing that its family's steps follow from";
	if (!reason)
		return 1;
	fprintf(stderr,
		"strategies: %s (family %d, home %d, needs %#x): %s in docs/models/strategies.c: "
		"add it there, and its steps to docs/models/halves.pml\n",
		r->id, r->family, r->home, r->needs, reason);
	return 0;
}

static const char *moves(enum egpr_home home)
{
	switch (home) {
	case EGPR_HOME_REGS:
		return "MOVES_REGS";
	case EGPR_HOME_XSAVE:
	case EGPR_HOME_XSAVE_COMPACT:
		return "MOVES_XSAVE";
	case EGPR_HOME_HW:
	case EGPR_HOME_FPSTATE:
	case EGPR_HOME_KVM:
		break;
	}
	return "MOVES_NOTHING";
}

static const char *gate(const struct row *r)
{
	if (r->family == EGPR_FAMILY_UNCOND)
		return "GATE_NONE";
	return r->needs & EGPR_BIND_DUAL ? "GATE_BOUND" : "GATE_FLAG";
}

static const char *truth(int yes)
{
	return yes ? "true" : "false";
}

static void promela(void)
{
	const struct row *r;
	int i;

	printf("/* Made from include/egpr/strategy.h by docs/models/strategies.c. */\n"
	       "inline set_strategy()\n{\n\tif\n");
	for (i = 0; i < NR_ROWS; i++) {
		r = &rows[i];
		if (!of_the_lab(r))
			continue;
		printf("\t:: strategy == %d -> /* %s: %s */\n"
		       "\t\tmoves = %s; gate = %s; xsetbv = %s; outer = %s; fpstate19 = %s;\n"
		       "\t\tcompacted = %s; init_optimised = %s; reads_operand = %s\n",
		       i, r->id, r->words, moves(r->home), gate(r),
		       truth(r->needs & EGPR_NEEDS_XSETBV), truth(r->needs & EGPR_BIND_OUTER),
		       truth(r->home == EGPR_HOME_FPSTATE),
		       truth(r->home == EGPR_HOME_XSAVE_COMPACT),
		       truth(r->needs & (XSAVE_ANY & ~EGPR_NEEDS_XSAVE)),
		       truth(r->needs & EGPR_READS_OPERAND));
	}
	printf("\tfi\n}\n");
}

static void list_row(int i)
{
	const struct row *r = &rows[i];

	printf("%d %s %s %s-%s-%x\n", i, r->id, families[r->family].name, moves(r->home), gate(r),
	       (r->needs & ~SAME_STEPS) | r->home << 16);
}

int main(int argc, char **argv)
{
	int list = argc == 2 && !strcmp(argv[1], "--list");
	int i, bad = 0;

	if (argc > 1 && !list) {
		fprintf(stderr, "usage: strategies [--list]\n");
		return 64;
	}
	for (i = 0; i < NR_ROWS; i++)
		bad += of_the_lab(&rows[i]) && !known(&rows[i]);
	if (bad)
		return 65;
	if (!list)
		promela();
	for (i = 0; list && i < NR_ROWS; i++) {
		if (of_the_lab(&rows[i]))
			list_row(i);
	}
	return 0;
}
