/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine with APX that knows the instructions of strategies and no others.
 *
 * It reads the disassembler's text, not bytes, and shares nothing with emu/.
 */
#ifndef TESTS_TWINS_MACHINE_H
#define TESTS_TWINS_MACHINE_H

#include <egpr/switch.h>

#include "twins.h"

/*
 * X(SYM, words): what a half does that a row of the table can state in words,
 * as "16 stores" or, without a number, as "test flag".
 */
/* clang-format off */
#define EVENTS(X)					\
	X(STORE, "stores")				\
	X(LOAD, "loads")				\
	X(CLEAR, "clears")				\
	X(PUSH2, "PUSH2P")				\
	X(POP2, "POP2P")				\
	X(READ, "one register read")			\
	X(TEST, "test flag")				\
	X(FENCE, "LFENCE")				\
	X(XSETBV, "XCR0 to")				\
	X(XSAVE, "XSAVE of component 19")		\
	X(XSAVEOPT, "XSAVEOPT of component 19")		\
	X(XSAVEC, "XSAVEC of component 19")		\
	X(XSAVES, "XSAVES of component 19")		\
	X(XRSTOR, "XRSTOR")				\
	X(XRSTORS, "XRSTORS")				\
	X(ADD, "dependent one-cycle operations")
/* clang-format on */

#define EVENT_ENUM(SYM, words) EVENT_##SYM,
enum event {
	EVENTS(EVENT_ENUM) NR_EVENTS
};

enum legacy {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R11 = 11,
	R12,
	R13,
	R14,
	R15,
	NR_REGS = EGPR_FIRST + EGPR_COUNT,
};

/**
 * struct machine - a CPU and the context
 * @sw: the context, at the address that %rdi has at the start
 * @r: registers by number
 * @xcr0: APX instructions are refused without its bit 19
 * @event: how often each happened
 * @stored, @loaded, @cleared, @read: the same by register
 * @short_displacements: stores and loads among the events with one byte of displacement
 * @reached: one for each instruction of the half, set when it is executed
 * @chain: register in which ADDs form a chain, -1 before the first
 */
struct machine {
	struct egpr_switch sw;
	__u64 r[NR_REGS];
	uint64_t xcr0;
	bool zero, carry;
	unsigned int event[NR_EVENTS];
	unsigned int stored[EGPR_COUNT], loaded[EGPR_COUNT], cleared[EGPR_COUNT], read[EGPR_COUNT];
	unsigned int short_displacements;
	bool *reached;
	int chain;
};

/* %rdi and %rsp at the start. */
#define MACHINE_CONTEXT 0x100000
#define MACHINE_STACK	0x7ff00008

/**
 * machine_run - execute a half until it returns
 *
 * An instruction that no word of asm/sequence.h makes, memory outside of the context, #UD, #GP
 * and an ADD that does not wait for the one before it are refusals.
 */
bool machine_run(struct machine *m, const struct half *half, struct why *why);

#endif /* TESTS_TWINS_MACHINE_H */
