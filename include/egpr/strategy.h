/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of switch strategies, and what the table expands to.
 *
 * One more strategy is one row here and one file in asm/strategy/ named after
 * the id. Benchmarks, tests, `egprlab list`, CSV columns, plots and docs derive
 * from this table. See docs/adding-a-strategy.md.
 */
#ifndef EGPR_STRATEGY_H
#define EGPR_STRATEGY_H

#include <egpr/switch.h>

/* What a strategy belongs to; comparisons in the report are grouped by it. */
enum egpr_family {
	EGPR_FAMILY_BASE,   /* switches nothing: baseline and A/A arm */
	EGPR_FAMILY_DELAY,  /* switches nothing, takes a known time */
	EGPR_FAMILY_UNCOND, /* unconditional */
	EGPR_FAMILY_GATED,  /* XCR0-gated */
	EGPR_FAMILY_XSAVE,  /* XSAVE of component 19 */
	EGPR_FAMILY_LIVE,   /* left in the registers, read there on demand */
	EGPR_FAMILY_OUTER,  /* outside KVM's inner loop */
	EGPR_FAMILY_OWN,    /* what KVM does by itself, where it offers guests APX */
	EGPR_NR_FAMILIES
};

/* Where the guest's r16..r31 are while the host runs. */
enum egpr_home {
	EGPR_HOME_HW, /* nowhere: nobody keeps them */
	EGPR_HOME_FPSTATE, /* in the registers, and in the guest's fpstate from the kernel's FPU switch on */
	EGPR_HOME_REGS,		 /* egpr_switch.regs[], as vcpu->arch.regs[] */
	EGPR_HOME_XSAVE,	 /* egpr_switch.xsave, standard format */
	EGPR_HOME_XSAVE_COMPACT, /* egpr_switch.xsave, compacted format */
	EGPR_HOME_KVM,		 /* where KVM keeps them, out of the lab's reach */
};

/* Preconditions. What a host or a layer lacks makes the strategy skipped, with the reason. */
#define EGPR_NEEDS_XSAVE    (1u << 0) /* CPUID(0xD,0): XSAVE enabled by the OS */
#define EGPR_NEEDS_XSAVEOPT (1u << 1) /* CPUID(0xD,1).EAX[0] */
#define EGPR_NEEDS_XSAVEC   (1u << 2) /* CPUID(0xD,1).EAX[1] */
#define EGPR_NEEDS_XSAVES   (1u << 3) /* CPUID(0xD,1).EAX[3] */
#define EGPR_NEEDS_CPL0	    (1u << 4) /* the sequence itself is privileged */
#define EGPR_NEEDS_XSETBV   (1u << 5) /* privileged while guest and host XCR0 differ */
#define EGPR_BIND_DUAL	    (1u << 6) /* entry points are swapped for `none` while guest APX is off */
#define EGPR_BIND_OUTER	    (1u << 7) /* layer kvm: not run for exits that stay in KVM's inner loop */
#define EGPR_READS_OPERAND  (1u << 8) /* the exit half leaves guest register `access` in `operand` */
#define EGPR_NEEDS_KVM_APX  (1u << 12) /* a KVM that offers guests APX; against guest state off */

/* How the registers are moved, where it is not one MOV each with four bytes of displacement. */
#define EGPR_MOVES_PAIRS (1u << 9)  /* PUSH2P, POP2P */
#define EGPR_MOVES_DISP8 (1u << 10) /* one byte of displacement */
#define EGPR_MOVES_FENCE (1u << 11) /* LFENCE behind the test of the flag */

/* All of them share one word: each has a bit of its own, or the sum would carry. */
/* clang-format off */
#define EGPR_FLAGS_OF(op)								\
	(EGPR_NEEDS_XSAVE op EGPR_NEEDS_XSAVEOPT op EGPR_NEEDS_XSAVEC op		\
	 EGPR_NEEDS_XSAVES op EGPR_NEEDS_CPL0 op EGPR_NEEDS_XSETBV op			\
	 EGPR_NEEDS_KVM_APX op EGPR_BIND_DUAL op EGPR_BIND_OUTER op			\
	 EGPR_READS_OPERAND op EGPR_MOVES_PAIRS op EGPR_MOVES_DISP8 op EGPR_MOVES_FENCE)
/* clang-format on */
_Static_assert(EGPR_FLAGS_OF(+) == EGPR_FLAGS_OF(|),
	       "two flags of struct egpr_strategy share a bit");

/*
 * X(sym, id, family, home, needs, at_exit, at_entry, origin)
 * sym names the symbols egpr_<sym>_<form>_{exit,entry}; id the CLI, CSV and the
 * file asm/strategy/<id>.S; origin where the KVM debate has it from, or the
 * method that asks for the row. `delay` is written `delay-N`, N in 0..255.
 */
/* clang-format off */
#define EGPR_STRATEGIES(X)								\
	X(none, "none", BASE, HW, 0,							\
	  "nothing", "nothing", "baseline")						\
	X(none_b, "none-b", BASE, HW, 0,						\
	  "nothing", "nothing", "the A/A arm")						\
	X(delay, "delay", DELAY, HW, 0,							\
	  "N dependent one-cycle operations", "nothing", "injected delay")		\
	X(uncond_mov, "uncond-mov", UNCOND, REGS, EGPR_NEEDS_XSETBV,			\
	  "XCR0 to host if it differs, 16 stores, 16 clears",				\
	  "16 loads, XCR0 to guest if it differs",					\
	  "named in the KVM thread: at every exit, the host's XCR0 first")				\
	X(uncond_push2, "uncond-push2", UNCOND, REGS, EGPR_NEEDS_XSETBV | EGPR_MOVES_PAIRS,	\
	  "XCR0 to host if it differs, 8 PUSH2P, 16 clears",				\
	  "8 POP2P, XCR0 to guest if it differs",					\
	  "named in the KVM thread: at every exit, the host's XCR0 first")				\
	X(gated_mov, "gated-mov", GATED, REGS, 0,					\
	  "test flag; 16 stores, 16 clears", "test flag; 16 loads",			\
	  "the series from v3 on")							\
	X(gated_mov_disp8, "gated-mov-disp8", GATED, REGS, EGPR_MOVES_DISP8,		\
	  "as gated-mov, displacements of one byte", "as gated-mov, one byte",		\
	  "variant of gated-mov")							\
	X(gated_mov_lfence, "gated-mov-lfence", GATED, REGS, EGPR_MOVES_FENCE,		\
	  "as gated-mov, LFENCE behind the test", "as gated-mov, LFENCE",		\
	  "variant of gated-mov")							\
	X(gated_push2, "gated-push2", GATED, REGS, EGPR_MOVES_PAIRS,			\
	  "test flag; 8 PUSH2P, 16 clears", "test flag; 8 POP2P",			\
	  "variant of gated-mov")							\
	X(dual, "dual", GATED, REGS, EGPR_BIND_DUAL,					\
	  "16 stores, 16 clears; no test: entry point swapped with guest XCR0",		\
	  "16 loads; no test", "named in the KVM thread: two VM-exit handlers")		\
	X(xsave, "xsave", XSAVE, XSAVE, EGPR_NEEDS_XSAVE,				\
	  "test flag; XSAVE of component 19, 16 clears", "test flag; XRSTOR",	\
	  "named in the KVM thread: XSAVE at exit")	\
	X(xsaveopt, "xsaveopt", XSAVE, XSAVE, EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEOPT,	\
	  "test flag; XSAVEOPT of component 19, 16 clears", "test flag; XRSTOR",	\
	  "named in the KVM thread: XSAVE at exit")	\
	X(xsavec, "xsavec", XSAVE, XSAVE_COMPACT, EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVEC,	\
	  "test flag; XSAVEC of component 19, 16 clears", "test flag; XRSTOR",	\
	  "named in the KVM thread: XSAVE at exit")	\
	X(xsaves, "xsaves", XSAVE, XSAVE_COMPACT,					\
	  EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSAVES | EGPR_NEEDS_CPL0,			\
	  "test flag; XSAVES of component 19, 16 clears", "test flag; XRSTORS",	\
	  "named in the KVM thread: XSAVE at exit")	\
	X(live, "live", LIVE, FPSTATE, 0,						\
	  "nothing: left in the registers until the kernel's FPU switch", "nothing",	\
	  "RFC to v2 of the series")							\
	X(live_access, "live-access", LIVE, FPSTATE, EGPR_READS_OPERAND,			\
	  "test flag; as live, and one register read: kvm_fpu_get, 16-way switch, put",	\
	  "nothing", "RFC to v2 of the series")						\
	X(outer, "outer", OUTER, REGS, EGPR_BIND_OUTER,					\
	  "as gated-mov, where KVM's inner loop is left", "as gated-mov, where it is entered", \
	  "named in the KVM thread: at the edges of the inner loop")				\
	X(kvm_own, "kvm-own", OWN, KVM, EGPR_NEEDS_KVM_APX,				\
	  "nothing: KVM switches by itself; compared with guest state off",		\
	  "nothing: likewise", "KVM as it is")
/* clang-format on */

/*
 * The forms in which each sequence is assembled, from one source line each.
 * X(SYM, id, text)
 */
/* clang-format off */
#define EGPR_FORMS(X)									\
	X(HW, hw, "the bytes an APX host runs")						\
	X(PROXY, proxy, "same length and shape on legacy registers")			\
	X(TRAP, trap, "hw bytes; XSAVE*, XRSTOR* and XSETBV behind a UD2 that the emulator takes")
/* clang-format on */

#define EGPR_STRATEGY_ENUM(sym, ...)  EGPR_STRATEGY_##sym,
#define EGPR_FORM_ENUM(SYM, id, text) EGPR_FORM_##SYM,
enum egpr_strategy_index {
	EGPR_STRATEGIES(EGPR_STRATEGY_ENUM) EGPR_NR_STRATEGIES
};
enum egpr_form {
	EGPR_FORMS(EGPR_FORM_ENUM) EGPR_NR_FORMS
};

/**
 * struct egpr_sequence - the two halves of a strategy in one form
 * @exit: runs after the guest, before anything that may read guest registers
 * @entry: runs last before the guest
 */
struct egpr_sequence {
	egpr_switch_fn exit;
	egpr_switch_fn entry;
};

/**
 * struct egpr_strategy - one row of the table
 * @id: spelling in CLI and CSV
 * @symbol: the `sym` of the row, part of the linker symbols
 * @at_exit: what runs at exit, in words
 * @at_entry: what runs at entry, in words
 * @origin: where the KVM debate has it from, or what the lab has it for
 * @family: group in the report
 * @home: where the guest's registers are while the host runs
 * @needs: EGPR_NEEDS_*, EGPR_BIND_*, EGPR_READS_OPERAND and EGPR_MOVES_*: with @family and @home
 *	all that a trace of the sequence is held against
 * @form: code, indexed by enum egpr_form
 */
struct egpr_strategy {
	const char *id;
	const char *symbol;
	const char *at_exit;
	const char *at_entry;
	const char *origin;
	enum egpr_family family;
	enum egpr_home home;
	unsigned int needs;
	struct egpr_sequence form[EGPR_NR_FORMS];
};

/* The table: EGPR_NR_STRATEGIES rows in the order of EGPR_STRATEGIES. */
extern const struct egpr_strategy egpr_strategies[EGPR_NR_STRATEGIES];

#define egpr_for_each_strategy(s) \
	for ((s) = egpr_strategies; (s) < egpr_strategies + EGPR_NR_STRATEGIES; (s)++)

/**
 * egpr_strategy_find - look a strategy up by its CLI spelling
 * @id: an id of the table, or "delay-N" with N in 0..255
 * @delay: receives N for a delay, 0 otherwise; may be NULL
 *
 * Return: the row, or NULL where no row has that id or N is out of range.
 */
const struct egpr_strategy *egpr_strategy_find(const char *id, unsigned int *delay);

/**
 * egpr_sequence_bind - the functions to call for a strategy in a guest state
 * @s: the strategy
 * @form: hw, proxy or trap
 * @guest_apx: whether guest XCR0.APX is set; call again whenever it changes
 *
 * `dual` chooses between two pairs of entry points here, as KVM would by
 * rewriting HOST_RIP; for every other strategy the answer does not depend on
 * @guest_apx. Return: the pair to call.
 */
struct egpr_sequence egpr_sequence_bind(const struct egpr_strategy *s, enum egpr_form form,
					int guest_apx);

#endif /* EGPR_STRATEGY_H */
