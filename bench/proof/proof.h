/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State proofs of layer boundary: does a strategy keep, clear and hide r16..r31?
 *
 * The `trap` form of a strategy runs under the user host of emu/, on the same
 * register file as the guest. Around it stands a model of what KVM does beside the
 * switch, in KVM's order: at entry the host's values are still in the registers,
 * XCR0 becomes the guest's, the entry half comes last; at exit the exit half comes
 * first, under the guest's XCR0, then XCR0 becomes the host's, then the kernel's
 * FPU switch gives the host its own registers back. A strategy that changes XCR0
 * by itself (EGPR_NEEDS_XSETBV) does so in its halves instead.
 *
 * The model knows at any moment what the guest's registers architecturally hold,
 * because it looks at the register file when the guest leaves; every check compares
 * with that, all 64 bits of all 16. Values of guest and host are random, from a seed. What else a half
 * may not touch is the contract's (contract.h), and whether anything is derived from the guest's values is
 * seen by exits that are made twice with others. Two guests use the model: a function (soft.c:
 * XCR0 semantics and random sequences, needs no KVM) and a VM (guest.c). No time is taken anywhere.
 *
 * Strategies that move nothing (home: in hardware) are the negative control: the
 * same checks must fail for them, or they prove nothing.
 */
#ifndef BENCH_PROOF_H
#define BENCH_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include <egpr/axis.h>
#include <egpr/exit_kind.h>
#include <egpr/page.h>
#include <egpr/strategy.h>

#include <bench/base/error.h>
#include "contract.h"

/* X(SYM, id, text): what is proved. */
/* clang-format off */
#define PROOF_CHECKS(X)									\
	X(RUNS, "runs", "both halves run under the XCR0 that they meet, without a fault")	\
	X(XCR0, "xcr0", "guest XCR0 after entry, host XCR0 after exit, all 64 bits")		\
	X(SURVIVES, "guest-survives", "the guest finds in r16..r31 what it left there")	\
	X(NO_LEAK, "no-leak", "r16..r31 are 0, all 64 bits, behind the exit half")		\
	X(SCRATCH, "scratch", "nothing of them in rax, rcx, rdx, rsi, rdi, r8..r11 and flags")	\
	X(OFF, "off-idle", "with XCR0.APX clear r16..r31 stay what they are")			\
	X(HOST, "host-survives", "the host's r16..r31 are its own, and no guest sees them")	\
	X(HOME, "home", "the strategy's home has the 16 values in order, and says so")		\
	X(CONTEXT, "context", "the halves write nothing else: context, stack, saved registers, x87, SSE") \
	X(ENABLE, "first-enable", "registers read zero when the guest first sets XCR0.APX")	\
	X(DISABLE, "disable-keeps", "XCR0.APX off and on again: the registers are as before") \
	X(SOURCE, "wrmsrns-source", "WRMSRNS from r16..r31 writes what the guest had there")
/* clang-format on */

#define PROOF_CHECK_ENUM(SYM, id, text) PROOF_##SYM,
enum proof_check {
	PROOF_CHECKS(PROOF_CHECK_ENUM) PROOF_NR
};

#define PROOF_DETAIL  192
#define PROOF_REASON  (PROOF_DETAIL + 64)
#define PROOF_VERDICT (PROOF_DETAIL + 32)

/**
 * struct proof_result - the outcome of one strategy in one setting
 * @exits: how often the exit half ran
 * @tried: how often each check was made; one that never was is not reported
 * @failed: how often it failed
 * @detail: its first failure, in words
 */
struct proof_result {
	uint64_t exits;
	uint64_t tried[PROOF_NR];
	uint64_t failed[PROOF_NR];
	char detail[PROOF_NR][PROOF_DETAIL];
};

/**
 * struct proof_model - a host with one vCPU and one strategy
 * @sw: the switch context; the hooks get its address
 * @s: the strategy
 * @page: registers of host and guest, in turn
 * @guest: what the guest's registers architecturally hold
 * @guest_xcr0: the guest's XCR0
 * @host_xcr0: the host's
 * @fixed: XCR0 cannot be changed where the halves run: a strategy that would change it by itself gets a
 *	guest with the host's, and of others with APX off only that they stay idle is seen
 * @host: what the host had in the registers
 * @work: the halves are run under the contract
 * @contract: its outcome for the last one
 * @random: state of all random values
 * @serial: entries so far
 * @broken: a half faulted; nothing more can be run on this model
 * @r: outcome
 */
struct proof_model {
	struct egpr_switch sw;
	const struct egpr_strategy *s;
	struct egpr_page *page;
	__u64 guest[EGPR_COUNT];
	uint64_t guest_xcr0;
	uint64_t host_xcr0;
	bool fixed;
	uint64_t host[EGPR_COUNT];
	struct contract_work work;
	struct contract_result contract;
	uint64_t random;
	uint64_t serial;
	bool broken;
	struct proof_result r;
};

/*
 * For long runs: an instruction that trapped a few times becomes a jump to its emulation, for good. It
 * no longer raises #UD where XCR0.APX is clear, so a run without this has to come first.
 */
#define PROOF_PATCHED (1u << 0)

/*
 * Form hw instead of form trap: real REX2 and XSAVE, on a CPU that has APX or on the one that `egprlab
 * exec` plays. XCR0 cannot be changed in user mode; see proof_untried().
 */
#define PROOF_NATIVE (1u << 1)

/**
 * proof_start - take SIGILL and SIGSEGV, make the calling thread's register file @page
 * @page: shared with the guest
 * @how: PROOF_PATCHED, PROOF_NATIVE or 0
 * @why: receives the reason of a failure
 *
 * Return: 0; EGPR_SKIPPED on a CPU with APX, where the halves would not trap, and with PROOF_NATIVE on
 * one without.
 */
int proof_start(struct egpr_page *page, unsigned int how, const char **why);
void proof_stop(void);

/* Of the last proof_start(): EGPR_FORM_HW or EGPR_FORM_TRAP. */
enum egpr_form proof_form(void);

/* Can form hw be proved here? */
bool proof_native(void);

/**
 * proof_untried - what user mode cannot do for a strategy
 * @s: the strategy
 * @form: hw; of form trap everything can be tried
 * @state: guest state
 * @all: nothing of this state can be tried
 *
 * Return: what is not tried, in words; NULL where everything is.
 */
const char *proof_untried(const struct egpr_strategy *s, enum egpr_form form,
			  enum egpr_guest_state state, bool *all);

/**
 * proof_start_at - run the halves elsewhere than in this process
 * @place: where; its @run gets the model as @opaque
 * @f: form
 * @page: the model's registers
 */
void proof_start_at(const struct contract_place *place, enum egpr_form f, struct egpr_page *page);
void proof_stop_at(void);

/* Where the halves of a model are run. */
struct contract_place proof_place(struct proof_model *m);

/* Must XCR0 stay what it is there: in user mode, in form hw. */
bool proof_fixed(void);

/* For a signal handler: the stack pointer above the half that it interrupts, 0 elsewhere. */
uint64_t proof_half_stack(void);

/**
 * proof_model_init - host and vCPU before the first entry
 * @m: the model; 64-byte aligned
 * @s: the strategy
 * @page: from proof_start(); its registers are the guest's, as is its XCR0
 * @seed: of all random values
 */
void proof_model_init(struct proof_model *m, const struct egpr_strategy *s, struct egpr_page *page,
		      uint64_t seed);

/* VM entry and VM exit. The guest runs between the two, with its registers in @page. */
void proof_enter(struct proof_model *m);
void proof_leave(struct proof_model *m);

/* The host writes the guest's registers at home, as an emulator of its instructions does. */
void proof_put(struct proof_model *m, const __u64 r[EGPR_COUNT]);

/**
 * proof_access - what an exit handler's accessor reads for a guest register
 * @m: the model, after proof_leave()
 * @reg: 16..31
 */
uint64_t proof_access(const struct proof_model *m, unsigned int reg);

/* Count a check; on failure keep the first detail. */
void proof_note(struct proof_model *m, enum proof_check check, bool ok, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Whether the strategy is meant to fail: it moves no registers. */
bool proof_is_control(const struct egpr_strategy *s);

/**
 * proof_is_meant - must this check fail, for the checks to be worth anything
 *
 * Return: true where @s is a control and moves nothing that @check is about.
 */
bool proof_is_meant(const struct egpr_strategy *s, enum egpr_guest_state state,
		    enum proof_check check);

/**
 * proof_passes - the verdict on a result
 * @r: the result
 * @s: its strategy
 * @state: guest state: a control can only show a leak where there is something to leak
 * @reason: receives the first failure; PROOF_VERDICT bytes
 *
 * Return: whether every check that was made passed; for a control, whether the
 * checks did catch it.
 */
bool proof_passes(const struct proof_result *r, const struct egpr_strategy *s,
		  enum egpr_guest_state state, char *reason);

extern const char *const proof_check_ids[PROOF_NR];

/**
 * struct proof_length - how much of the function that plays the guest
 * @seed: of all random values
 * @exits: of a random sequence behind the fixed one, which has some 30
 */
struct proof_length {
	uint64_t seed;
	unsigned int exits;
};

/**
 * proof_soft - prove one strategy with the function that plays the guest
 * @s: any strategy with a trap form, in the table or not
 * @state: guest state; DIRTY includes first enable, off and on again, and the WRMSRNS accessor
 * @length: how much
 * @r: receives the result
 *
 * Needs proof_start().
 */
void proof_soft(const struct egpr_strategy *s, enum egpr_guest_state state, struct egpr_page *page,
		const struct proof_length *length, struct proof_result *r);

/* The seed of this process's proofs: what was said, or one that nobody knows before. */
void proof_use_seed(uint64_t seed);
uint64_t proof_seed(void);

/**
 * proof_quick - may a number be given to this strategy in this build
 * @s: the strategy
 * @reason: receives why not, with the seed; PROOF_REASON bytes
 *
 * Runs proof_soft() in all states, in under 0.1 s: form trap, patched, or where the CPU has APX form hw; then
 * @reason says what was not tried. Return: 0 proved; EGPR_DATA the proof
 * failed: give it no number; EGPR_SKIPPED this host cannot run the proof (@reason).
 */
int proof_quick(const struct egpr_strategy *s, char *reason);

/**
 * proof_state - is a strategy proved where it is to be timed
 * @s: a row of the table
 * @form: what is timed
 * @ring0: in ring 0; then form hw is proved there too
 * @reason: receives why not, or what was not tried, in static storage
 *
 * Return: 0 proved; else as proof_known().
 */
int proof_state(const struct egpr_strategy *s, enum egpr_form form, bool ring0,
		const char **reason);

/**
 * proof_gate - proof_state(), for whoever is about to measure
 * @e: receives the reason
 *
 * No proof, no number. Return: 0 proved, and for KVM's own switch, in which nothing of the lab's runs;
 * else as proof_state().
 */
int proof_gate(const struct egpr_strategy *s, enum egpr_form form, bool ring0,
	       struct data_error *e);

/**
 * proof_known - proof_quick() in a process apart, asked once per strategy
 * @s: a row of the table
 * @reason: receives what it said, in static storage
 *
 * Return: as proof_quick(); EGPR_CRASHED if it crashed or hung; EGPR_INTERNAL without memory
 * or processes.
 */
int proof_known(const struct egpr_strategy *s, const char **reason);

/* What proof_known() found in a guest state; NULL where nothing was run. */
const struct proof_result *proof_known_result(const struct egpr_strategy *s,
					      enum egpr_guest_state state);

#endif /* BENCH_PROOF_H */
