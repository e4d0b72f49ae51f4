/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a half may change beside r16..r31 or their stand-ins, and the proof that it changes nothing
 * else: natively, in the forms that are timed, in user mode and by the module in ring 0.
 *
 * A half may lose what a function call may lose: rax, rcx, rdx, rsi, rdi, r8..r11 and the status flags.
 * A strategy of family XSAVE may also change the components of RFBM. Everything else is its caller's.
 */
#ifndef BENCH_PROOF_CONTRACT_H
#define BENCH_PROOF_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <egpr/contract.h>
#include <egpr/strategy.h>

#include <bench/base/error.h>
#include <bench/layer/module.h>
#include <bench/layer/standin.h>

/* X(SYM, id, text): what is looked at behind every half. */
/* clang-format off */
#define CONTRACT_CHECKS(X)									\
	X(MXCSR, "mxcsr", "MXCSR, control bits and sticky flags")				\
	X(X87, "x87", "x87 control, status and tag word, and the registers")			\
	X(XMM, "xmm", "xmm0..xmm15")								\
	X(COMPONENTS, "components", "enabled components outside of RFBM: YMM, opmask, ZMM")	\
	X(SAVED, "saved", "rbx, rbp, r12..r15, all 64 bits")					\
	X(FLAGS, "flags", "DF, AC and IF")							\
	X(STACK, "stack", "the stack pointer")							\
	X(FRAME, "frame", "the caller's frame above the return address")			\
	X(CONTEXT, "context", "the switch context outside of the strategy's home")		\
	X(PKRU, "pkru", "PKRU")									\
	X(XCR0, "xcr0", "XCR0, in ring 0, but for whom the table lets change it")		\
	X(SCRATCH, "scratch", "rax, rcx, rdx, rsi, rdi, r8..r11 behind an exit half: no guest's value")
/* clang-format on */

#define CONTRACT_ENUM(SYM, id, text) CONTRACT_##SYM,
enum contract_check {
	CONTRACT_CHECKS(CONTRACT_ENUM) CONTRACT_NR
};
extern const char *const contract_ids[CONTRACT_NR];
extern const char *const contract_scratch[EGPR_CONTRACT_SCRATCH]; /* their names */

#define CONTRACT_DETAIL 160

/**
 * struct contract_result - outcome for one strategy in one form and guest state
 * @halves: how many were run
 * @tried: by check; one that this CPU has nothing for stays 0
 * @failed: likewise
 * @detail: the first failure of each, in words
 */
struct contract_result {
	uint64_t halves;
	uint64_t tried[CONTRACT_NR];
	uint64_t failed[CONTRACT_NR];
	char detail[CONTRACT_NR][CONTRACT_DETAIL];
};

/* The two halves, as EGPR_RUN_* has them. */
struct contract_half {
	const struct egpr_strategy *s;
	enum egpr_form form;
	enum egpr_guest_state state;
	unsigned int half;
};

/**
 * struct contract_place - where halves are run
 * @run: run one half on @im, marks in and what is left of them out. Return: 0, or enum egpr_status
 * @opaque: for @run
 * @one_stack: a trap is taken on the stack of the half, so in form trap it overwrites what a borrowed
 *	stack pointer has passed: slots of regs[] that were popped
 */
struct contract_place {
	int (*run)(const struct contract_place *place, const struct contract_half *h,
		   struct egpr_contract_image *im, struct data_error *e);
	void *opaque;
	bool one_stack;
};

/**
 * struct contract_work - one strategy under the contract, half after half
 * @h: the half; @state may change between halves
 * @st: the CPU
 * @im: what is loaded and what is left; its @egpr_in is what the guest had, where that is known
 * @r: receives the outcome
 * @half: "exit" or "entry", for messages
 * @seed: of the marks
 * @may: components that the half may change
 */
struct contract_work {
	struct contract_half h;
	const struct standin *st;
	struct egpr_contract_image im;
	struct contract_result *r;
	const char *half;
	uint64_t seed;
	uint64_t may;
};

/* Before the first half of a strategy. */
void contract_begin(struct contract_work *w, const struct egpr_strategy *s,
		    const struct standin *st, enum egpr_form form, enum egpr_guest_state state,
		    struct contract_result *r);

/**
 * contract_run - one half: new marks, the half, all checks
 * @half: EGPR_RUN_EXIT or EGPR_RUN_ENTRY
 *
 * Return: 0, whatever the checks say; else what @place says.
 */
int contract_run(const struct contract_place *place, struct contract_work *w, unsigned int half,
		 struct data_error *e);

/* Where to tell the half that is being run, for whoever learns of a crash. */
void contract_tell(const char **half);

/**
 * contract_prove_at - as contract_prove(), in a place of the caller's choice
 * @place: the place
 * @e: receives the reason where a half could not be run
 *
 * Return: 0 when all were run, whatever came out; else enum egpr_status.
 */
int contract_prove_at(const struct contract_place *place, const struct egpr_strategy *s,
		      const struct standin *st, enum egpr_form form, enum egpr_guest_state state,
		      unsigned int rounds, struct contract_result *r, struct data_error *e);

/**
 * contract_prove_module - as contract_prove(), by the module in ring 0
 * @m: a session without a vCPU
 * @delay: N of delay-N
 *
 * Strategies that need CPL 0 too, and form trap where the module plays the hardware.
 *
 * Return: 0 when all halves were run; EGPR_SKIPPED with the module's words in @e.
 */
int contract_prove_module(struct module_session *m, const struct egpr_strategy *s,
			  const struct standin *st, enum egpr_form form,
			  enum egpr_guest_state state, unsigned int delay, unsigned int rounds,
			  struct contract_result *r, struct data_error *e);

/* The first failure as "check: what"; NULL if there is none. */
const char *contract_failure(const struct contract_result *r, char *text, size_t size);

/**
 * contract_prove - run both halves with marks in all the state there is
 * @s: the strategy; its halves of @form are run
 * @st: the CPU
 * @form: proxy; hw on a CPU with APX
 * @state: guest state
 * @rounds: exits and entries, each with marks of its own
 * @r: receives the result
 *
 * Not for strategies that need CPL 0.
 */
void contract_prove(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		    enum egpr_guest_state state, unsigned int rounds, struct contract_result *r);

/**
 * contract_known - contract_prove() in a process apart, asked once per strategy, form and state
 * @reason: receives the first failure, in static storage
 *
 * Return: 0 proved; EGPR_DATA it failed, EGPR_CRASHED it crashed or hung: give it no number;
 * EGPR_SKIPPED it cannot run here; EGPR_INTERNAL without memory or processes.
 */
int contract_known(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		   enum egpr_guest_state state, const char **reason);

/* The same by contract_prove_module(): asked in ring 0, for the layers that run there. */
int contract_known_module(const struct egpr_strategy *s, const struct standin *st,
			  enum egpr_form form, enum egpr_guest_state state, const char **reason);

/**
 * contract_gate - contract_known(), for whoever is about to measure
 * @ring0: in ring 0 as well
 *
 * Return: 0 proved; else as contract_known(). EGPR_SKIPPED in user mode alone counts for nothing where
 * only ring 0 can run the sequence.
 */
int contract_gate(const struct egpr_strategy *s, const struct standin *st, enum egpr_form form,
		  enum egpr_guest_state state, bool ring0, struct data_error *e);

#endif /* BENCH_PROOF_CONTRACT_H */
