/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the assembler made of each sequence: bytes and instructions, read from
 * the object files at build time (asm/code-size).
 */
#ifndef EGPR_CODE_H
#define EGPR_CODE_H

#include <egpr/strategy.h>

/**
 * struct egpr_code - size of one half of a strategy in one form
 * @symbol: linker symbol
 * @bytes: size of the function without its return
 * @insns: instructions in it without its return; for a gated strategy those of
 *	the taken path, for `delay` all chains
 */
struct egpr_code {
	const char *symbol;
	unsigned int bytes;
	unsigned int insns;
};

extern const struct egpr_code egpr_codes[];
extern const unsigned int egpr_nr_codes;

/**
 * egpr_code_find - the size of one half
 * @s: the strategy
 * @form: hw, proxy or trap
 * @entry: 0 for the exit half, 1 for the entry half
 *
 * Return: the record, or NULL if the object files had none.
 */
const struct egpr_code *egpr_code_find(const struct egpr_strategy *s, enum egpr_form form,
				       int entry);

#endif /* EGPR_CODE_H */
