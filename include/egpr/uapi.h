/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ABI of /dev/egpr_switch: what user space asks of the module.
 *
 * One open file is one session, and a session holds at most one vCPU. Every
 * argument starts with @abi, which must be EGPR_ABI_VERSION, and every reserved
 * member must be zero; anything else is EINVAL. Strategies, forms and guest states
 * are the indices of the tables in strategy.h and axis.h, so both sides must be built
 * from the same tree: EGPR_IOC_QUERY returns @tables, a sum over them, to compare.
 */
#ifndef EGPR_UAPI_H
#define EGPR_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <egpr/page.h>
#include <egpr/strategy.h>
#include <egpr/axis.h>
#include <egpr/xstate.h>

#define EGPR_DEVICE	 "/dev/egpr_switch"
#define EGPR_ABI_VERSION 9

/* X(SYM, text): why the module does not switch. Returned in @refusal beside the errno. */
/* clang-format off */
#define EGPR_REFUSALS(X)								\
	X(NONE, "not refused")								\
	X(UNOBSERVED, "no complete entry and exit of this vCPU was seen yet; let the guest exit once")	\
	X(IRQS_ON, "kvm_exit runs with interrupts on in a preemptible kernel (6.1 on SVM); boot with preempt=voluntary")	\
	X(APX_KERNEL, "the kernel itself is built with -mapxf and uses r16..r31")	\
	X(NO_APX, "form hw needs APX in the host's XCR0; use proxy, or trap with emulate=1")	\
	X(NO_EMULATE, "form trap needs the module loaded with emulate=1")		\
	X(NO_XSAVE, "the CPU lacks this strategy's XSAVE variant")			\
	X(NO_STAND_IN, "no XSAVE component here can stand in for component 19")	\
	X(NO_KVM, "no kvm module with its kvm_entry and kvm_exit tracepoints is loaded")	\
	X(NOT_VCPU, "the descriptor is not a KVM vCPU")					\
	X(TAKEN, "the vCPU, or this session, is attached already")			\
	X(BUSY, "the vCPU is inside KVM_RUN")						\
	X(LOST, "the guest's registers are lost: its thread was rescheduled between kvm_entry and kvm_exit, or left KVM's inner loop with them")	\
	X(PROBE_XCR0, "the probes run with the guest's XCR0, which lacks a component that the sequence needs")	\
	X(PROTOTYPE, "kvm_entry or kvm_exit has a prototype that this module does not know (BTF); a newer egpr_switch may")	\
	X(STAND_IN_GUEST, "the stand-in for component 19 is AVX, which takes MXCSR along; at the probes both are the guest's, and kernel code may use them between the halves")	\
	X(NO_BTF, "no readable BTF of kvm in /sys/kernel/btf, so the prototypes of kvm_entry and kvm_exit are not known; boot a kernel with CONFIG_DEBUG_INFO_BTF and CONFIG_DEBUG_INFO_BTF_MODULES")	\
	X(NO_MEMORY, "the kernel has no memory for it now; try again, or free some")	\
	X(KVM_SWITCHES, "KVM switches r16..r31 by itself: the guest had its pattern back although the probes had overwritten it, so a strategy here would come on top of KVM's own; measure strategy kvm-own")	\
	X(KVM_UNTOLD, "KVM offers guests APX, and it was not yet seen whether it switches r16..r31 by itself; show the module a pattern first (EGPR_IOC_LOOK), as layer kvm does")	\
	X(KVM_UNCLEAR, "KVM offers guests APX, and a pattern in r16..r31 did not tell whether it switches them by itself: neither a strategy nor kvm-own can be vouched for")	\
	X(KVM_OFFERS_NONE, "KVM offers guests no APX here, so it has no switch of its own to look at or to measure; measure the lab's strategies")	\
	X(NO_PLACE, "the loaded KVM has no place for strategies in its vmenter.S; scripts/kvm-build builds one that has")	\
	X(PLACE_OTHER, "the loaded KVM's place is of another version of this tree; build it anew with scripts/kvm-build")	\
	X(PLACE_TAKEN, "another vCPU has other halves at KVM's place, which are one choice for all")	\
	X(PLACE_INLINE, "the loaded KVM has another strategy, or another form of it, inline")	\
	X(PLACE_OUTER, "`outer` does not stand in vmenter.S but where KVM's inner loop is left, which this KVM does not tell of; build it without --inline")	\
	X(PLACE_XCR0, "at KVM's place XCR0 is the guest's, without APX: a strategy that loads r16..r31 there whatever the guest's XCR0 needs KVM's own switch of XCR0 moved behind it")	\
	X(PLACE_DUAL, "the loaded KVM has dual inline, whose entry points nobody swaps when guest XCR0.APX is off; build it without --inline, or with --host-rip")	\
	X(NO_COMPONENT, "the host's XCR0 lacks that XSAVE component")			\
	X(NO_XFD, "IA32_XFD cannot disarm that component here: CPUID(0xD,1).EAX[4] or CPUID(0xD,n).ECX[2] is clear; TILEDATA on a CPU with AMX and XFD can be")
/* clang-format on */

#define EGPR_REFUSAL_ENUM(SYM, text) EGPR_REFUSED_##SYM,
enum egpr_refusal {
	EGPR_REFUSALS(EGPR_REFUSAL_ENUM) EGPR_NR_REFUSALS
};

/* X(SYM, id, text): what a pattern in a guest's r16..r31 told of KVM. */
/* clang-format off */
#define EGPR_KVM_FINDINGS(X)								\
	X(UNTOLD, "untold", "nobody looked")						\
	X(LEAVES, "leaves", "KVM leaves them alone: the guest has what the probes wrote")	\
	X(SWITCHES, "switches", "KVM switches them: the guest has its own, whatever the probes wrote")	\
	X(UNCLEAR, "unclear", "neither")
/* clang-format on */

#define EGPR_KVM_ENUM(SYM, id, text) EGPR_KVM_##SYM,
enum egpr_kvm_finding {
	EGPR_KVM_FINDINGS(EGPR_KVM_ENUM) EGPR_NR_KVM_FINDINGS
};

/* Features of EGPR_IOC_QUERY. */
#define EGPR_HAS_KVM	    (1u << 0) /* kvm's tracepoints are there */
#define EGPR_HAS_APX	    (1u << 1) /* host XCR0[19] is set */
#define EGPR_HAS_EMULATE    (1u << 2) /* loaded with emulate=1 */
#define EGPR_HAS_PREEMPTION (1u << 3) /* the kernel is preemptible now */
#define EGPR_HAS_VMX	    (1u << 4) /* kvm_intel is what runs guests */
#define EGPR_HAS_SVM	    (1u << 5) /* kvm_amd is what runs guests */
#define EGPR_HAS_MUTANTS    (1u << 6) /* test build: some strategies are wrong on purpose */
#define EGPR_HAS_PLAYED_KVM (1u << 7) /* test build: form trap plays a KVM that offers APX */
#define EGPR_HAS_PLACE	    (1u << 8) /* KVM was built with a place in its vmenter.S */

/**
 * struct egpr_query - what the module is and what it can do here
 * @abi: EGPR_ABI_VERSION, in and out
 * @features: EGPR_HAS_*
 * @tables: sum over the tables the module was built from
 * @sessions: sessions that hold a vCPU now
 * @xcr0: the host's XCR0
 * @stand_in: XSAVE components that stand in for component 19 in the proxy form, unless a
 *	request restricts them
 * @stand_in_bytes: their size
 * @strategies_ok: bit n: strategy n's XSAVE needs are met by this CPU
 */
struct egpr_query {
	__u32 abi;
	__u32 features;
	__u64 tables;
	__u32 sessions;
	__u32 stand_in_bytes;
	__u64 xcr0;
	__u64 stand_in;
	__u64 strategies_ok;
	__u64 reserved[4];
};

/**
 * struct egpr_attach - bind a vCPU to this session
 * @abi: EGPR_ABI_VERSION
 * @vcpu_fd: descriptor of the vCPU; the caller becomes its only vCPU thread
 * @refusal: out, enum egpr_refusal
 */
struct egpr_attach {
	__u32 abi;
	__s32 vcpu_fd;
	__u32 refusal;
	__u32 reserved;
};

/* Flags of struct egpr_configure. */
#define EGPR_CONF_GUEST_XCR0 (1u << 0) /* form trap only: probes as kernels >= 6.19 run them */
#define EGPR_CONF_FRESH	     (1u << 1) /* forget the guest's registers: a new vCPU */
#define EGPR_CONF_PLACE	     (1u << 2) /* halves run in KVM's vmenter.S, not at the probes */

/**
 * struct egpr_configure - what this session's vCPU runs from now on
 * @abi: EGPR_ABI_VERSION
 * @strategy: enum egpr_strategy_index
 * @form: enum egpr_form
 * @guest_state: enum egpr_guest_state
 * @delay: N of delay-N, 0..255; 0 for every other strategy
 * @flags: EGPR_CONF_*
 * @refusal: out, enum egpr_refusal
 * @no_stand_in: components that must not stand in for component 19 in form proxy, bit per
 *	number; 0 restricts nothing
 *
 * The vCPU must be outside KVM_RUN. A change of guest state does what the guest's
 * own XSETBV would: `off` keeps the registers where they are. `dirty` differs from
 * `init` only in what the guest does.
 */
struct egpr_configure {
	__u32 abi;
	__u32 strategy;
	__u32 form;
	__u32 guest_state;
	__u32 delay;
	__u32 flags;
	__u32 refusal;
	__u32 no_stand_in;
};

#define EGPR_NR_REASONS	    32
#define EGPR_REASON_UNKNOWN 0xffffffffu

/**
 * struct egpr_reason - exits of one hardware exit reason
 * @code: VMX exit reason or SVM exit code; EGPR_REASON_UNKNOWN collects those that
 *	could not be read or found no free row
 * @reserved: 0
 * @path: exits by enum egpr_path: FAST never left KVM's inner loop, KERNEL left it,
 *	USER left KVM_RUN; NONE is unused
 * @preempted: left the inner loop, and the thread was switched out before the next entry, so that
 *	KERNEL and USER cannot be told apart
 */
struct egpr_reason {
	__u32 code;
	__u32 reserved;
	__u64 path[EGPR_NR_PATHS];
	__u64 preempted;
};

#define EGPR_COUNT_RESET (1u << 0)

/**
 * struct egpr_counters - what happened since attach or the last reset
 * @abi: EGPR_ABI_VERSION
 * @flags: in, EGPR_COUNT_RESET clears after the read
 * @entries: kvm_entry probes of this vCPU
 * @exits: kvm_exit probes of this vCPU
 * @switched_in: entry halves run
 * @switched_out: exit halves run
 * @refused: exits at which a configured strategy could not run
 * @irqs_on: kvm_exit probes with interrupts on
 * @migrated: exits on another CPU than their entry, or after a context switch
 * @unseen: entries without a kvm_exit since the previous one (SVM's fastpath on 6.1)
 * @probe_xcr0_host: probes that asked whose XCR0 is loaded, where they differ, and found the host's
 * @probe_xcr0_guest: the same, and found the guest's; asked until told once, and always in form hw
 * @foreign_thread: entries from another thread than the attached one
 * @emulated: instructions the die notifier emulated for this session
 * @ud: instructions the emulator refused with #UD or #GP
 * @leaks: trap form: exits after which a guest register was left in the hardware, by a
 *	strategy that should have taken it home
 * @wrong_operand: trap form: exits whose register, read by the exit half, was not the guest's
 * @stayed: exits for which no half ran, because they stay in KVM's inner loop (EGPR_BIND_OUTER)
 * @late: of these, those that left it after all; their registers were live meanwhile
 * @refusal: enum egpr_refusal of the first refusal
 * @nr_reasons: rows used in @reason
 * @reason: exits by reason and path
 */
struct egpr_counters {
	__u32 abi;
	__u32 flags;
	__u64 entries;
	__u64 exits;
	__u64 switched_in;
	__u64 switched_out;
	__u64 refused;
	__u64 irqs_on;
	__u64 migrated;
	__u64 unseen;
	__u64 probe_xcr0_host;
	__u64 probe_xcr0_guest;
	__u64 foreign_thread;
	__u64 emulated;
	__u64 ud;
	__u64 leaks;
	__u64 wrong_operand;
	__u64 stayed;
	__u64 late;
	__u32 refusal;
	__u32 nr_reasons;
	__u64 reserved[4];
	struct egpr_reason reason[EGPR_NR_REASONS];
};

/* X(SYM, id, text): what the ring-0 benchmark times. */
/* clang-format off */
#define EGPR_BENCH_OPS(X)								\
	X(SWITCH, "switch", "a strategy's exit half and entry half")			\
	X(EXIT, "exit", "a strategy's exit half")					\
	X(ENTRY, "entry", "a strategy's entry half")					\
	X(XGETBV, "xgetbv", "XGETBV of XCR0")						\
	X(XSETBV, "xsetbv", "XSETBV of the value that XCR0 has")			\
	X(LIVE_READ, "live-read", "the 16-way accessor of a live register, as kvm_fpu_get() has it")	\
	X(LIVE_WRITE, "live-write", "the same, writing")				\
	X(REGS_READ, "regs-read", "the same register read from regs[]")		\
	X(REGS_WRITE, "regs-write", "the same, writing")				\
	X(PROBE_OTHER, "probe-other", "both probes for a vCPU that is not attached")	\
	X(PROBE_NONE, "probe-none", "both probes for an attached vCPU under `none`")
/* clang-format on */

#define EGPR_BENCH_ENUM(SYM, id, text) EGPR_BENCH_##SYM,
enum egpr_bench_op {
	EGPR_BENCH_OPS(EGPR_BENCH_ENUM) EGPR_NR_BENCH_OPS
};

#define EGPR_BENCH_MAX_SAMPLES 65536
#define EGPR_BENCH_MAX_ROUNDS  4096

/**
 * struct egpr_bench - time a sequence in ring 0, interrupts off
 * @abi: EGPR_ABI_VERSION
 * @op: enum egpr_bench_op
 * @strategy: enum egpr_strategy_index, for SWITCH, EXIT and ENTRY
 * @form: enum egpr_form; TRAP is refused, emulated code has no time
 * @guest_state: enum egpr_guest_state
 * @delay: N of delay-N
 * @samples: 1..EGPR_BENCH_MAX_SAMPLES
 * @rounds: repetitions inside one sample, 1..EGPR_BENCH_MAX_ROUNDS
 * @buffer: user address of @samples u64: TSC ticks of @rounds repetitions
 * @reg: 16..31, for the accessors
 * @refusal: out, enum egpr_refusal
 * @no_stand_in: as in struct egpr_configure
 * @context: of SWITCH, enum egpr_context: PACKED, APART or APART_WHOLE; 0 for all others
 * @exit_ticks: out, of APART: TSC ticks of all exit halves of all samples
 *
 * Interrupts are off for one sample at a time.
 */
struct egpr_bench {
	__u32 abi;
	__u32 op;
	__u32 strategy;
	__u32 form;
	__u32 guest_state;
	__u32 delay;
	__u32 samples;
	__u32 rounds;
	__u64 buffer;
	__u32 reg;
	__u32 refusal;
	__u32 no_stand_in;
	__u32 context;
	__u64 exit_ticks;
};

/* What EGPR_IOC_RUN runs on this session's context. */
#define EGPR_RUN_EXIT  1
#define EGPR_RUN_ENTRY 2

/**
 * struct egpr_run - run one half once, for state proofs without a guest
 * @abi: EGPR_ABI_VERSION
 * @strategy: enum egpr_strategy_index
 * @form: enum egpr_form
 * @guest_state: enum egpr_guest_state
 * @half: EGPR_RUN_EXIT or EGPR_RUN_ENTRY
 * @flags: EGPR_CONF_*
 * @refusal: out, enum egpr_refusal
 */
struct egpr_run {
	__u32 abi;
	__u32 strategy;
	__u32 form;
	__u32 guest_state;
	__u32 half;
	__u32 flags;
	__u32 refusal;
	__u32 reserved;
};

/**
 * struct egpr_contract - run one half once, with marks in all that is its caller's
 * @abi: EGPR_ABI_VERSION
 * @strategy: enum egpr_strategy_index
 * @form: enum egpr_form
 * @guest_state: enum egpr_guest_state
 * @delay: N of delay-N
 * @half: EGPR_RUN_EXIT or EGPR_RUN_ENTRY
 * @flags: EGPR_CONF_*
 * @refusal: out, enum egpr_refusal
 * @no_stand_in: as in struct egpr_configure
 * @reserved: 0
 * @image: user address of a struct egpr_contract_image, read and written
 *
 * With @egprs in the image (forms hw and trap) the half is run as at KVM's exit and entry: r16..r31 are
 * @egpr_in before it and are written to @egpr_out behind it, XCR0 is the guest's, which lacks APX in guest
 * state off; an APX instruction that this refuses counts as @ud of struct egpr_counters and does nothing. XCR0
 * in the image is then the virtual one in form trap.
 *
 * Of the image it reads what stands in as *_in, @egprs and the mask, out of which it takes what it does not
 * load. Control words may differ from their defaults in rounding, and the status words are 0. EINVAL
 * for any other.
 */
struct egpr_contract {
	__u32 abi;
	__u32 strategy;
	__u32 form;
	__u32 guest_state;
	__u32 delay;
	__u32 half;
	__u32 flags;
	__u32 refusal;
	__u32 no_stand_in;
	__u32 reserved;
	__u64 image;
};

/**
 * struct egpr_guest_regs - the guest's r16..r31 while it does not run
 * @abi: EGPR_ABI_VERSION
 * @home: out, enum egpr_home: where the strategy keeps them
 * @r: r16..r31
 *
 * What an emulator in the VMM, or KVM's own instruction emulator, reads and
 * writes. Of a strategy whose home is nowhere it gets what the register file holds: the host's.
 * ENODATA where the registers are not in the module's memory: form hw of a strategy that
 * leaves them to the kernel's FPU switch, and form proxy, which holds stand-ins.
 */
struct egpr_guest_regs {
	__u32 abi;
	__u32 home;
	__u64 r[EGPR_COUNT];
};

/* What EGPR_IOC_LOOK does. */
#define EGPR_LOOK_BEGIN 1
#define EGPR_LOOK_END	2

/**
 * struct egpr_look - does KVM switch r16..r31 by itself?
 * @abi: EGPR_ABI_VERSION
 * @form: EGPR_FORM_HW; EGPR_FORM_TRAP where a test build plays such a KVM
 * @step: EGPR_LOOK_*
 * @exits: at the end: exits that the guest made since with the pattern in all its registers
 * @guest_has_it: at the end: 1 if the guest found its pattern afterwards, 0 if another value
 * @refusal: out, enum egpr_refusal
 * @finding: out, enum egpr_kvm_finding
 * @reserved: 0
 * @pattern: at the beginning: what the guest will have in r16..r31; none 0, none all ones
 * @put: out: entries at which the probe wrote the complement of @pattern
 * @saw_pattern: out: exits at which the probe found @pattern, ...
 * @saw_put: ... its complement, ...
 * @saw_zero: ... zeros, ...
 * @saw_other: ... or anything else
 * @blind: out: probes that could not touch the registers, or did not read back what they wrote
 *
 * For a guest that is thrown away afterwards: between the steps the probes write to r16..r31 at every
 * entry, and nothing is switched. A KVM that leaves the registers alone hands what was written to the
 * guest; one that switches them loads the guest's own over it. What is found holds for every session
 * until a kvm.ko comes or goes, or somebody looks again.
 */
struct egpr_look {
	__u32 abi;
	__u32 form;
	__u32 step;
	__u32 exits;
	__u32 guest_has_it;
	__u32 refusal;
	__u32 finding;
	__u32 reserved;
	__u64 pattern[EGPR_COUNT];
	__u64 put;
	__u64 saw_pattern;
	__u64 saw_put;
	__u64 saw_zero;
	__u64 saw_other;
	__u64 blind;
};

/* What EGPR_IOC_STEPS does. */
#define EGPR_STEPS_BEGIN 1
#define EGPR_STEPS_END	 2

#define EGPR_STEPS_MAX	4096 /* of one session between the two */
#define EGPR_STEP_BYTES 16   /* more than the longest instruction has */

/* struct egpr_step.flags */
#define EGPR_STEP_ENTERED (1u << 0) /* called by the module */
#define EGPR_STEP_LEFT	  (1u << 1) /* no step: @ip is where it was left to */

/**
 * struct egpr_step - the CPU before an instruction of a sequence
 * @ip: its address
 * @gpr: rax..r15, in encoding order
 * @bytes: from @ip on, as they stood in memory then
 * @away: instructions between this one and the next step that lie outside of the module: the
 *	kernel's thunks for calls and returns
 * @flags: EGPR_STEP_*
 */
struct egpr_step {
	__u64 ip;
	__u64 gpr[16];
	__u8 bytes[EGPR_STEP_BYTES];
	__u32 away;
	__u32 flags;
};

#define EGPR_STEPS_LOST (1u << 0) /* more steps than EGPR_STEPS_MAX */

/**
 * struct egpr_steps - stop before every instruction that the module runs of a strategy
 * @abi: EGPR_ABI_VERSION
 * @what: EGPR_STEPS_*
 * @nr: at the end, out: steps in @buffer
 * @flags: at the end, out: EGPR_STEPS_LOST
 * @buffer: at the end: user address of EGPR_STEPS_MAX struct egpr_step
 * @sw: at the end, out: address of the context that the last call got, ...
 * @loop: ... of the timed loop, ...
 * @exit: ... of the strategy's halves, ...
 * @entry:
 * @stay_exit: ... and of those around an exit that stays in KVM's inner loop
 * @stay_entry:
 * @xcr0_host: at the end, out: what that context says
 * @xcr0_guest:
 * @reserved: 0
 *
 * Between the two steps EGPR_IOC_BENCH with SWITCH, and the probes of this session's vCPU, run their
 * sequences with RFLAGS.TF set: slowly, and otherwise as always. Forms hw and proxy only.
 * Addresses are the kernel's; the device is root's.
 */
struct egpr_steps {
	__u32 abi;
	__u32 what;
	__u32 nr;
	__u32 flags;
	__u64 buffer;
	__u64 sw;
	__u64 loop;
	__u64 exit;
	__u64 entry;
	__u64 stay_exit;
	__u64 stay_entry;
	__u64 xcr0_host;
	__u64 xcr0_guest;
	__u64 reserved[2];
};

#define EGPR_IOC_MAGIC	   0xe9
#define EGPR_IOC_QUERY	   _IOWR(EGPR_IOC_MAGIC, 0, struct egpr_query)
#define EGPR_IOC_ATTACH	   _IOWR(EGPR_IOC_MAGIC, 1, struct egpr_attach)
#define EGPR_IOC_CONFIGURE _IOWR(EGPR_IOC_MAGIC, 2, struct egpr_configure)
#define EGPR_IOC_COUNTERS  _IOWR(EGPR_IOC_MAGIC, 3, struct egpr_counters)
#define EGPR_IOC_BENCH	   _IOWR(EGPR_IOC_MAGIC, 4, struct egpr_bench)
#define EGPR_IOC_RUN	   _IOWR(EGPR_IOC_MAGIC, 5, struct egpr_run)
#define EGPR_IOC_GET_REGS  _IOWR(EGPR_IOC_MAGIC, 6, struct egpr_guest_regs)
#define EGPR_IOC_SET_REGS  _IOWR(EGPR_IOC_MAGIC, 7, struct egpr_guest_regs)
#define EGPR_IOC_DETACH	   _IO(EGPR_IOC_MAGIC, 8)
#define EGPR_IOC_CONTRACT  _IOWR(EGPR_IOC_MAGIC, 9, struct egpr_contract)
#define EGPR_IOC_LOOK	   _IOWR(EGPR_IOC_MAGIC, 10, struct egpr_look)
#define EGPR_IOC_STEPS	   _IOWR(EGPR_IOC_MAGIC, 11, struct egpr_steps)
#define EGPR_IOC_XSTATE	   _IOWR(EGPR_IOC_MAGIC, 12, struct egpr_xstate)

/**
 * egpr_tables_sum - a sum over the tables this ABI takes indices of
 *
 * Return: equal on both sides if both were built from the same tables.
 */
__u64 egpr_tables_sum(void);

/* mmap of one page at offset 0: struct egpr_page, the virtual EGPR hardware of this session. */

#endif /* EGPR_UAPI_H */
