/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The broken strategies of mutants.h as data.
 */
#ifndef TESTS_MUTANTS_TABLE_H
#define TESTS_MUTANTS_TABLE_H

#include <string.h>

#include <bench/proof/proof.h>
#include "mutants.h"

/* What a kind says of itself, as constants. */
#define MUTANT_FAMILY(KIND, family, home, needs) KIND##_family = EGPR_FAMILY_##family,
#define MUTANT_HOME(KIND, family, home, needs)	 KIND##_home = EGPR_HOME_##home,
#define MUTANT_NEEDS(KIND, family, home, needs)	 KIND##_needs = (needs),
enum mutant_families {
	MUTANT_KINDS(MUTANT_FAMILY)
};
enum mutant_homes {
	MUTANT_KINDS(MUTANT_HOME)
};
enum mutant_needs {
	MUTANT_KINDS(MUTANT_NEEDS)
};

#define MUTANT_HALVES(sym, KIND, CHECK, exits, text)         \
	void egpr_##sym##_trap_exit(struct egpr_switch *sw); \
	void egpr_##sym##_trap_entry(struct egpr_switch *sw);

#define MUTANT_ROW(sym, KIND, CHECK, exits_, text_)                                             \
	{ .s = { .id = #sym,                                                                    \
		 .symbol = #sym,                                                                \
		 .family = (enum egpr_family)KIND##_family,                                     \
		 .home = (enum egpr_home)KIND##_home,                                           \
		 .needs = KIND##_needs,                                                         \
		 .form[EGPR_FORM_TRAP] = { egpr_##sym##_trap_exit, egpr_##sym##_trap_entry } }, \
	  .check = PROOF_##CHECK,                                                               \
	  .exits = exits_,                                                                      \
	  .text = text_ },

/**
 * struct mutant - one broken strategy
 * @s: the strategy
 * @check: what has to see it
 * @exits: random exits that are enough
 * @text: what is wrong with it
 */
struct mutant {
	struct egpr_strategy s;
	enum proof_check check;
	unsigned int exits;
	const char *text;
};

#endif /* TESTS_MUTANTS_TABLE_H */
