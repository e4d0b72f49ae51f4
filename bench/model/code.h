/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sequences as llvm-objdump reads them back from the program that carries them, and the path
 * that an exit and entry takes through each.
 *
 * llvm-mca knows no branches: it takes what it is given as executed from top to bottom. So what it
 * is given is the path, not the text.
 */
#ifndef BENCH_MODEL_CODE_H
#define BENCH_MODEL_CODE_H

#include <stddef.h>

#include <egpr/strategy.h>
#include <egpr/switch.h>

#include <bench/base/error.h>
#include "tool.h"

/**
 * struct model_insn - one instruction
 * @at: its address in the program
 * @op: mnemonic
 * @args: operands in AT&T syntax, "" for none
 */
struct model_insn {
	unsigned long at;
	char op[24];
	char args[72];
};

/**
 * struct model_half - a half of a strategy, up to its return
 * @symbol: of the half
 * @insns: its instructions, the return last
 * @n: how many
 */
struct model_half {
	char symbol[64];
	struct model_insn *insns;
	unsigned int n;
};

/**
 * struct model_code - what was read
 * @halves: one per symbol
 * @n: how many
 */
struct model_code {
	struct model_half *halves;
	unsigned int n;
};

#define MODEL_PATH_MAX 1024 /* instructions on a path; delay-255 has some 400 */

/**
 * struct model_path - what is executed of a half
 * @insn: in order, the return last
 * @n: how many
 */
struct model_path {
	const struct model_insn *insn[MODEL_PATH_MAX];
	unsigned int n;
};

/**
 * model_code_read - disassemble all halves in all forms
 * @t: the programs
 * @c: receives them; model_code_free() it, after a failure too
 * @e: receives the message
 *
 * What was read must have the bytes and instructions that the object files had when this program
 * was built. Return: 0, EGPR_UNAVAILABLE (no symbols), EGPR_DATA (not what objdump prints) or
 * EGPR_INTERNAL.
 */
int model_code_read(const struct model_tools *t, struct model_code *c, struct data_error *e);

/* The same from text that llvm-objdump printed, not compared with anything. */
int model_code_parse(const char *text, struct model_code *c, struct data_error *e);

void model_code_free(struct model_code *c);

/* The half with a symbol, or NULL. */
const struct model_half *model_code_find(const struct model_code *c, const char *symbol);

/* The symbol of a half. */
void model_symbol(const struct egpr_strategy *s, enum egpr_form form, int entry, char *symbol,
		  size_t size);

/**
 * model_path_follow - which instructions of a half are executed
 * @h: the half
 * @sw: the context that it is called with
 * @p: receives the path
 * @e: receives the message
 *
 * Return: 0, or EGPR_SKIPPED at a branch whose condition cannot be told from @sw.
 */
int model_path_follow(const struct model_half *h, const struct egpr_switch *sw,
		      struct model_path *p, struct data_error *e);

#endif /* BENCH_MODEL_CODE_H */
