/* SPDX-License-Identifier: GPL-2.0-only */
/* One operand as the disassembler writes it. */
#ifndef TESTS_TWINS_OPERAND_H
#define TESTS_TWINS_OPERAND_H

#include <stdbool.h>
#include <stdint.h>

enum kind {
	NONE,
	IMMEDIATE,
	REGISTER,
	MEMORY,
};

struct operand {
	enum kind kind;
	int reg;	/* of MEMORY the base */
	bool wide;	/* REGISTER: 64 bits */
	uint64_t value; /* immediate or displacement */
};

/**
 * operand_parse - read an operand
 * @text: where it begins
 * @op: receives it
 *
 * Return: what follows it, or NULL for a kind that no word of asm/sequence.h has.
 */
const char *operand_parse(const char *text, struct operand *op);

#endif /* TESTS_TWINS_OPERAND_H */
