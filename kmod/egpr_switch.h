/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of egpr_switch.ko share.
 *
 * A session is one open file of /dev/egpr_switch and holds at most one vCPU. The
 * probes find it by the address of the vCPU, which the module learned from the vCPU's own
 * file: an argument that is not such an address is never dereferenced. So if ever a kernel's
 * BTF were wrong about its tracepoints (see prototype.c), its exits would never be observed.
 */
#ifndef KMOD_EGPR_SWITCH_H
#define KMOD_EGPR_SWITCH_H

#include <linux/types.h>
#include <linux/jump_label.h>
#include <linux/kvm_host.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include <egpr/context.h>
#include <egpr/contract.h>
#include <egpr/halves.h>
#include <egpr/home.h>
#include <egpr/standin.h>
#include <egpr/strategy.h>
#include <egpr/uapi.h>

/*
 * Room below the context, on which an exception frame lands while a PUSH2 word has
 * %rsp in it: #UD has no stack of its own, and emulation needs as much as any handler.
 */
#define EGPR_BORROWED_STACK 16384

/**
 * struct egpr_room - a switch context that %rsp may point into
 * @stack: see EGPR_BORROWED_STACK
 * @sw: what the sequences get
 */
struct egpr_room {
	u8 stack[EGPR_BORROWED_STACK];
	struct egpr_switch sw;
} __aligned(64);

/* With whose XCR0 this kernel runs the probes, once an exit has told. */
enum egpr_probes_xcr0 {
	EGPR_XCR0_UNTOLD,
	EGPR_XCR0_HOST,
	EGPR_XCR0_GUEST,
};

/**
 * struct egpr_plan - a validated choice of sequence
 * @s: the strategy's row
 * @form: its form
 * @state: guest state
 * @delay: N of delay-N
 * @flags: EGPR_CONF_*
 * @stand_in: what stands in for component 19 in form proxy
 * @fn: the halves to call
 * @stay: the halves around an exit that stays in KVM's inner loop (EGPR_BIND_OUTER): those of
 *	`none`, so that the module's own path is the same
 */
struct egpr_plan {
	const struct egpr_strategy *s;
	enum egpr_form form;
	enum egpr_guest_state state;
	u32 delay;
	u32 flags;
	struct egpr_stand_in stand_in;
	struct egpr_sequence fn;
	struct egpr_sequence stay;
};

/**
 * struct egpr_session - one open file
 * @lock: serialises ioctls of one file
 * @node: in the table of attached vCPUs, RCU
 * @rcu: frees the session after the last probe that may see it
 * @dying: in the list of sessions whose file is closed while the vCPU still runs
 * @vcpu: the attached vCPU or NULL; its file is held
 * @vcpu_file: the vCPU's file
 * @task: the thread that attached, for comparison only
 * @ctx: sequences work on ctx->sw
 * @page: virtual EGPR hardware
 * @plan: what runs at the probes
 * @armed: the plan is in force; changed under vcpu->mutex only
 * @observed: a whole entry and exit was seen with interrupts in order
 * @in_guest: an entry half ran and its exit half did not yet
 * @stayed: the last exit was taken for one that stays in KVM's inner loop
 * @primed: the XSAVE area holds what an exit half saved
 * @lent: XCR0[19] of the vCPU is set by us
 * @open_entry: an entry probe without its exit probe yet
 * @probes_xcr0: enum egpr_probes_xcr0, as this vCPU's probes saw it
 * @host_xcr0: the host's XCR0
 * @guest_tsc: vcpu->arch.last_guest_tsc at the last entry
 * @host_tsc: vcpu->arch.last_host_tsc at the last entry
 * @switches: context switches of the thread at the last entry
 * @cpu: CPU of the last entry
 * @last: row of @counters.reason for the last exit, -1 for none
 * @stays: by row of @counters.reason: the last such exit did not leave KVM's inner loop
 * @stepper: somebody steps through what is run; changed under vcpu->mutex where there is a vCPU
 * @at_place: the halves run in KVM's vmenter.S
 * @xcr0_told: of KVM's switch of XCR0 and the edges of its inner loop that KVM tells
 * @xcr0_loaded: KVM has told that XCR0 is the guest's
 * @loop_exits: exits since KVM's inner loop was entered, where halves run at its edges
 * @emulated: of @counters, when they were last armed there
 * @looking: somebody looks what KVM does with the registers
 * @look: how, and what was seen
 * @counters: what user space reads
 * @played: the guest's registers in the KVM that a test build plays
 * @played_held: it holds them now
 */
struct egpr_session {
	struct mutex lock;
	struct hlist_node node;
	struct rcu_head rcu;
	struct list_head dying;
	struct kvm_vcpu *vcpu;
	struct file *vcpu_file;
	const struct task_struct *task;
	struct egpr_room *ctx;
	struct egpr_page *page;
	struct egpr_plan plan;
	bool armed;
	bool observed;
	bool in_guest;
	bool stayed;
	bool primed;
	bool lent;
	bool open_entry;
	enum egpr_probes_xcr0 probes_xcr0;
	u64 host_xcr0;
	u64 guest_tsc;
	u64 host_tsc;
	unsigned long switches;
	int cpu;
	int last;
	bool stays[EGPR_NR_REASONS];
	struct egpr_stepper *stepper;
	bool at_place;
	bool xcr0_told;
	bool xcr0_loaded;
	u32 loop_exits;
	u64 emulated;
	bool looking;
	struct egpr_look look;
	struct egpr_counters counters;
#ifdef EGPR_MUTANTS
	u64 played[EGPR_COUNT];
	bool played_held;
#endif
};

/* fallible.c: a test build can have it fail. */
#ifdef EGPR_MUTANTS
bool egpr_fails_now(void);
#else
static inline bool egpr_fails_now(void)
{
	return false;
}
#endif
#define egpr_fallible(allocation) (egpr_fails_now() ? NULL : (allocation))

/* played.c: a test build plays a KVM that offers APX; operand.c: it answers for its registers. */
#ifdef EGPR_MUTANTS
void egpr_operand_drop(void);
bool egpr_played_offers(void);
void egpr_played_attach(struct egpr_session *s);
void egpr_played_fresh(struct egpr_session *s);
void egpr_played_exit(struct egpr_session *s);
void egpr_played_entry(struct egpr_session *s);
u64 *egpr_played_regs(struct egpr_session *s);
#else
static inline void egpr_operand_drop(void)
{
}
static inline bool egpr_played_offers(void)
{
	return false;
}
static inline void egpr_played_attach(struct egpr_session *s)
{
}
static inline void egpr_played_fresh(struct egpr_session *s)
{
}
static inline void egpr_played_exit(struct egpr_session *s)
{
}
static inline void egpr_played_entry(struct egpr_session *s)
{
}
static inline u64 *egpr_played_regs(struct egpr_session *s)
{
	return NULL;
}
#endif

/* tests/bed/planted: a test build fails VM entries and sends NMIs. */
#ifdef EGPR_PLANTED
void egpr_planted_entry(struct egpr_session *s);
void egpr_planted_xcr0(struct egpr_session *s, bool guest);
#else
static inline void egpr_planted_entry(struct egpr_session *s)
{
}
static inline void egpr_planted_xcr0(struct egpr_session *s, bool guest)
{
}
#endif

/* accessor.c, which objtool need not decode. */
bool egpr_rex2_traps(void);

/* cpu.c: what this CPU and this kernel can. */
bool egpr_has_xsave(unsigned int needs);
u64 egpr_xgetbv(void);
void egpr_xsetbv(u64 value);
struct egpr_stand_in egpr_stand_in(u32 barred);
bool egpr_preemptible(void);
enum egpr_refusal egpr_strategy_refusal(const struct egpr_strategy *s, enum egpr_form form,
					const struct egpr_stand_in *stand_in);

/* plan.c: from untrusted numbers to a sequence. */
int egpr_plan_make(struct egpr_plan *p, u32 strategy, u32 form, u32 state, u32 delay, u32 flags,
		   u32 no_stand_in, u32 *refusal);
enum egpr_refusal egpr_plan_guest_refusal(const struct egpr_plan *p);
void egpr_plan_context(const struct egpr_plan *p, struct egpr_switch *sw, u64 xcr0_guest);
void egpr_plan_forget(const struct egpr_plan *p, struct egpr_switch *sw);
u64 egpr_plan_typical_xcr0(void);

/*
 * session.c. Probes and sessions use each other, as they have to: a session arms the probes and runs
 * halves as they do, and a probe that KVM calls has a vCPU and needs its session.
 */
struct egpr_session *egpr_session_open(void);
void egpr_session_close(struct egpr_session *s);
void egpr_sessions_exit(void);
struct egpr_session *egpr_session_find(const struct kvm_vcpu *vcpu);
u32 egpr_sessions_attached(void);
int egpr_session_attach(struct egpr_session *s, struct egpr_attach *a);
int egpr_session_detach(struct egpr_session *s);
int egpr_session_configure(struct egpr_session *s, struct egpr_configure *c);
int egpr_session_counters(struct egpr_session *s, struct egpr_counters *c);
int egpr_session_run(struct egpr_session *s, struct egpr_run *r);
int egpr_session_take(struct egpr_session *s, const struct egpr_plan *p, u64 xcr0_guest);
int egpr_session_regs(struct egpr_session *s, struct egpr_guest_regs *g, bool set);
void egpr_session_disarm(struct egpr_session *s);
int egpr_bench_vcpu(struct kvm_vcpu **vcpu, bool attached);
void egpr_bench_vcpu_free(struct kvm_vcpu *vcpu);

/* probe.c */
int egpr_probes_get(u32 *refusal);
void egpr_probes_put(void);
bool egpr_probes_available(void);
u32 egpr_backend(void);
bool egpr_lacks_component(const struct egpr_session *s, const struct egpr_plan *p);
void egpr_half(struct egpr_session *s, const struct egpr_plan *p, egpr_switch_fn fn);
void egpr_switch_out(struct egpr_session *s);
void egpr_host_values(struct egpr_session *s);
void egpr_probe_entry(void *data, struct kvm_vcpu *vcpu);
void egpr_probe_exit(void *data, struct kvm_vcpu *vcpu);
void egpr_probe_edge(struct kvm_vcpu *vcpu, bool in);
void egpr_probe_xcr0(struct kvm_vcpu *vcpu, bool guest);

/* place.c: halves in KVM's own vmenter.S. @in: its inner loop is entered, or XCR0 will be the guest's. */
typedef void (*egpr_place_fn)(struct kvm_vcpu *vcpu, bool in);
bool egpr_place_there(void);
enum egpr_refusal egpr_place_take(struct egpr_session *s, const struct egpr_plan *p,
				  egpr_place_fn edge, egpr_place_fn xcr0);
void egpr_place_give(struct egpr_session *s);
void egpr_place_release(void);
void egpr_place_idle(void);
void egpr_place_arm(struct egpr_session *s);

/* own.c: what KVM itself does with r16..r31, where it offers guests APX. */
void egpr_own_forget(void);
enum egpr_refusal egpr_own_refusal(const struct egpr_session *s, const struct egpr_plan *p);
void egpr_own_entry(struct egpr_session *s);
void egpr_own_exit(struct egpr_session *s);
int egpr_own_begin(struct egpr_session *s, struct egpr_look *l);
int egpr_own_end(struct egpr_session *s, struct egpr_look *l);

/* step.c: stops before every instruction of a sequence. */
DECLARE_STATIC_KEY_FALSE(egpr_stepping);
int egpr_steps(struct egpr_session *s, struct egpr_steps *a);
void egpr_steps_drop(struct egpr_session *s);
u64 egpr_step_batch(struct egpr_stepper *st, u32 context, const struct egpr_sequence *fn,
		    struct egpr_switch *sw, u64 rounds, struct egpr_halves *halves);
void egpr_step_half(struct egpr_session *s, egpr_switch_fn fn);

/* The session's stepper, or NULL; one no-op where nobody steps. */
static inline struct egpr_stepper *egpr_stepper(const struct egpr_session *s)
{
	return static_branch_unlikely(&egpr_stepping) ? READ_ONCE(s->stepper) : NULL;
}

/* xstate.c: XSAVE of one component, by XINUSE and IA32_XFD. */
int egpr_xstate(struct egpr_xstate *x);

/* look.c */
int egpr_look(struct egpr_session *s, struct egpr_look *l);

/* prototype.c: whether KVM calls the probes as they want it. */
int egpr_prototype_init(void);
void egpr_prototype_exit(void);
enum egpr_refusal egpr_prototype_refusal(void);

/* reason.c */
int egpr_reason_row(struct egpr_session *s);

/* loop.c: the timed loops of asm/batch.S and asm/apart.S. */
u64 egpr_prim_batch(struct egpr_switch *sw, egpr_switch_fn exit, egpr_switch_fn entry, u64 n);
u64 egpr_apart_batch(struct egpr_switch *sw, egpr_switch_fn exit, egpr_switch_fn entry, u64 n,
		     struct egpr_halves *halves);
u64 egpr_whole_batch(struct egpr_switch *sw, egpr_switch_fn exit, egpr_switch_fn entry, u64 n,
		     struct egpr_halves *halves);
u64 egpr_loop(u32 context, const struct egpr_sequence *fn, struct egpr_switch *sw, u64 rounds,
	      struct egpr_halves *halves);
const void *egpr_loop_entry(u32 context);

/* bench.c */
int egpr_bench(struct egpr_session *s, struct egpr_bench *b);

/* contract.c */
int egpr_contract(struct egpr_session *s, struct egpr_contract *c);

/* accessor.c */
u64 egpr_live_read(enum egpr_form form, unsigned int reg);
void egpr_live_write(enum egpr_form form, unsigned int reg, u64 value);
u64 egpr_regs_read(const struct egpr_switch *sw, unsigned int reg);
void egpr_regs_write(struct egpr_switch *sw, unsigned int reg, u64 value);

/* virtual.c: the virtual EGPR hardware, and whether there is one. */
extern bool egpr_emulate;
int egpr_virtual_init(void);
void egpr_virtual_exit(void);
void egpr_virtual_enter(struct egpr_session *s);
void egpr_virtual_leave(void);
void egpr_virtual_forget(struct egpr_session *s);
void egpr_virtual_place(unsigned long __percpu *text);

#endif /* KMOD_EGPR_SWITCH_H */
