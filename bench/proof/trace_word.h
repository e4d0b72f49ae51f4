/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of a trace as words: instruction, registers and effective address in a form that what was
 * executed and what the table demands have in common.
 */
#ifndef BENCH_PROOF_TRACE_WORD_H
#define BENCH_PROOF_TRACE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <egpr/switch.h>

#define TRACE_BYTES 15 /* of the longest instruction */

/* trace_step.flags */
#define TRACE_ENTERED	 (1u << 0) /* called from outside */
#define TRACE_LEFT	 (1u << 1) /* no step: @ip is where the traced code was left to */
#define TRACE_IN_STAMPED (1u << 2) /* of the batch that stamps every exit */

/**
 * struct trace_step - the machine before an instruction
 * @ip: its address
 * @gpr: rax..r15, in encoding order
 * @bytes: from @ip on, as they stood in memory then
 * @flags: TRACE_*
 * @away: instructions between this step and the next that lie elsewhere: the kernel's thunks
 * @owner: sw->owner if rdi holds the context, else TRACE_NO_OWNER
 */
struct trace_step {
	uint64_t ip;
	uint64_t gpr[16];
	uint8_t bytes[TRACE_BYTES];
	uint8_t flags;
	uint32_t away;
	uint32_t owner;
};

#define TRACE_NO_OWNER UINT32_MAX

/* X(OP, mnemonic): all that sequences and the timed loop are made of. */
/* clang-format off */
#define TRACE_OPS(X)								\
	X(UNKNOWN, "(unknown)") X(RETURNED, "(back to the caller)")		\
	X(NOP, "nop") X(MOV, "mov") X(LEA, "lea") X(ADD, "add") X(OR, "or")	\
	X(SUB, "sub") X(XOR, "xor") X(CMP, "cmp") X(TEST, "test") X(SHL, "shl")	\
	X(SHR, "shr") X(DEC, "dec") X(IMUL, "imul") X(PUSH, "push")		\
	X(POP, "pop") X(PUSH2P, "push2p") X(POP2P, "pop2p") X(CALL, "call")	\
	X(JMP, "jmp") X(JCC, "j") X(RET, "ret") X(LFENCE, "lfence")		\
	X(MFENCE, "mfence") X(RDTSC, "rdtsc") X(XSAVE, "xsave64") X(XSAVEOPT, "xsaveopt64")		\
	X(XSAVEC, "xsavec64") X(XSAVES, "xsaves64") X(XRSTOR, "xrstor64")	\
	X(XRSTORS, "xrstors64") X(XSETBV, "xsetbv")
/* clang-format on */

#define TRACE_OP_ENUM(OP, mnemonic) TRACE_OP_##OP,
enum trace_op {
	TRACE_OPS(TRACE_OP_ENUM) TRACE_NR_OPS
};

/* Operands of struct trace_word that are no register 0..31. */
#define TRACE_MEM 64
#define TRACE_IMM 65
#define TRACE_NIL 66

/* Conditions of JCC (SDM vol. 2, appendix B). */
#define TRACE_CC_AE 3
#define TRACE_CC_E  4
#define TRACE_CC_NE 5

/**
 * struct trace_word - one instruction
 * @op: what
 * @size: of its operands in bytes
 * @dst: register 0..31 or TRACE_*; of PUSH2P and POP2P the register that AT&T syntax names first
 * @src: likewise; the second
 * @disp_len: bytes of displacement; 0 in a wanted word: any
 * @cond: JCC: TRACE_CC_*
 * @taken: JCC: it was
 * @address: of the memory operand, of the stack for PUSH and POP; of a branch where it goes
 * @imm: immediate; of the XSAVE family and XSETBV edx:eax
 */
struct trace_word {
	enum trace_op op;
	uint8_t size;
	uint8_t dst;
	uint8_t src;
	uint8_t disp_len;
	uint8_t cond;
	bool taken;
	uint64_t address;
	int64_t imm;
};

/**
 * trace_word - decode a step
 * @s: the step
 * @next: address of the step behind it
 * @w: receives the word; TRACE_OP_UNKNOWN if there is no such word, or if execution went on elsewhere than
 *	the instruction says
 *
 * Return: its length in bytes, 0 if unknown.
 */
unsigned int trace_word(const struct trace_step *s, uint64_t next, struct trace_word *w);

/* Is @is what @want asks for? */
bool trace_word_same(const struct trace_word *want, const struct trace_word *is);

/* A word as text, memory by the names of the members of @sw. */
void trace_word_text(const struct trace_word *w, const struct egpr_switch *sw, char *text,
		     size_t size);

/* "regs[20]", "xsave + 0x240", or the bare address of what is not in @sw. */
void trace_address_text(uint64_t address, const struct egpr_switch *sw, char *text, size_t size);

#endif /* BENCH_PROOF_TRACE_WORD_H */
