/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forms of a strategy held against each other and against the table.
 *
 * Only `trap` runs in state proofs and only `hw` and `proxy` are timed. What binds them is read
 * from LLVM's disassembly of the objects, so neither the macros that made the bytes nor the
 * emulator that executes them vouches for itself.
 */
#ifndef TESTS_TWINS_TWINS_H
#define TESTS_TWINS_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <egpr/strategy.h>

#define INSN_BYTES 15
#define WHY_CHARS  320

/* One instruction. Branch targets are indices in the half: addresses differ between forms. */
struct insn {
	unsigned int address;
	unsigned int size;
	int target; /* -1: no branch */
	uint8_t byte[INSN_BYTES];
	char name[16];
	char operands[48];
};

/* One half, from its symbol to its return. ENDBR and the padding behind are not in it. */
struct half {
	char symbol[64];
	unsigned int address;
	unsigned int nr;
	bool endbr;
	struct insn *insn;
};

/* All halves of one form. */
struct form {
	unsigned int nr;
	struct half *half;
};

/* Why a check fails; the first reason counts. */
struct why {
	char text[WHY_CHARS];
};

/**
 * refuse - say why
 * @why: receives the text
 * @half: where; NULL for nowhere
 * @i: instruction of it; -1 for the whole
 * @format: as printf
 *
 * Return: false, for the caller to return.
 */
bool refuse(struct why *why, const struct half *half, int i, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * form_read - halves from the output of `llvm-objdump -d -r`
 * @file: the output, of all objects of a form
 * @form: receives them; form_free() it
 * @why: what could not be read
 *
 * The kernel's return thunk becomes the `ret` that it stands for. An instruction that the
 * disassembler does not know, a relocation of anything else and a branch out of the half are errors.
 */
bool form_read(FILE *file, struct form *form, struct why *why);
void form_free(struct form *form);

/* The half of that name, or NULL. */
const struct half *form_half(const struct form *form, const char *symbol);

/**
 * twin_trap - is @trap the instructions of @hw, with a UD2 before each that the emulator acts on
 *
 * "Exactly there": before XSAVE*, XRSTOR*, XSETBV and XGETBV, nowhere else, and no branch passes it by.
 */
bool twin_trap(const struct half *hw, const struct half *trap, struct why *why);

/**
 * twin_proxy - is @proxy what asm/sequence.h says of @hw on legacy registers
 *
 * Word by word the same number of bytes at the same address.
 */
bool twin_proxy(const struct half *hw, const struct half *proxy, struct why *why);

/**
 * row_check - do the halves do what the row of the table claims
 *
 * Both are executed in every situation that the row distinguishes: where the registers end up,
 * how often each moves, what else changes; then the counts that the row's words state, and
 * the row's needs.
 */
bool row_check(const struct egpr_strategy *row, const struct half *exit, const struct half *entry,
	       struct why *why);

/* The rows, without code: the code under test comes from elsewhere. */
extern const struct egpr_strategy twins_rows[EGPR_NR_STRATEGIES];

/* Whether @insn is of the XSAVE family, or XSETBV or XGETBV. */
bool insn_is_extended_state(const struct insn *insn);

#endif /* TESTS_TWINS_TWINS_H */
