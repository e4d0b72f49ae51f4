// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes at KVM's kvm_entry and kvm_exit: where the strategies run.
 *
 * They are registered while a vCPU is attached and at no other time. The tracepoints belong
 * to kvm.ko, which is found by name and pinned meanwhile, so the module loads without it.
 *
 * Up to 6.18 both probes run with the host's XCR0: KVM's own XSETBV pair lies between
 * them. Since 6.19 that pair lies outside KVM's inner loop and both run with the guest's.
 * Neither is assumed; see xcr0_ask() and xcr0_for_entry().
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/thread_info.h>

#include "egpr_switch.h"

extern struct tracepoint __tracepoint_kvm_entry;
extern struct tracepoint __tracepoint_kvm_exit;

static DEFINE_MUTEX(probes_lock);
static unsigned int probes_users;
static struct tracepoint *tp_entry, *tp_exit;

static int probes_register(u32 *refusal)
{
	int err;

	*refusal = EGPR_REFUSED_NO_KVM;
	tp_entry = symbol_get(__tracepoint_kvm_entry);
	if (!tp_entry)
		return -ENXIO;
	err = -ENXIO;
	tp_exit = symbol_get(__tracepoint_kvm_exit);
	if (!tp_exit)
		goto out_entry;
	*refusal = egpr_prototype_refusal();
	err = *refusal == EGPR_REFUSED_NO_MEMORY ? -ENOMEM : -EOPNOTSUPP;
	if (*refusal != EGPR_REFUSED_NONE)
		goto out_exit;
	err = egpr_fails_now() ? -ENOMEM
			       : tracepoint_probe_register(tp_exit, egpr_probe_exit, NULL);
	if (err)
		goto out_exit;
	err = egpr_fails_now() ? -ENOMEM
			       : tracepoint_probe_register(tp_entry, egpr_probe_entry, NULL);
	if (err)
		goto out_unregister;
	return 0;

out_unregister:
	tracepoint_probe_unregister(tp_exit, egpr_probe_exit, NULL);
	tracepoint_synchronize_unregister();
out_exit:
	symbol_put(__tracepoint_kvm_exit);
out_entry:
	symbol_put(__tracepoint_kvm_entry);
	return err;
}

static void probes_unregister(void)
{
	tracepoint_probe_unregister(tp_entry, egpr_probe_entry, NULL);
	tracepoint_probe_unregister(tp_exit, egpr_probe_exit, NULL);
	tracepoint_synchronize_unregister();
	symbol_put(__tracepoint_kvm_exit);
	symbol_put(__tracepoint_kvm_entry);
}

int egpr_probes_get(u32 *refusal)
{
	int err = 0;

	mutex_lock(&probes_lock);
	if (!probes_users)
		err = probes_register(refusal);
	if (!err)
		probes_users++;
	mutex_unlock(&probes_lock);
	return err;
}

void egpr_probes_put(void)
{
	mutex_lock(&probes_lock);
	if (!--probes_users)
		probes_unregister();
	mutex_unlock(&probes_lock);
}

bool egpr_probes_available(void)
{
	bool found = symbol_get(__tracepoint_kvm_entry);

	if (found)
		symbol_put(__tracepoint_kvm_entry);
	return found;
}

static unsigned long context_switches(void)
{
	return current->nvcsw + current->nivcsw;
}

static void refuse(struct egpr_session *s, enum egpr_refusal why)
{
	if (s->counters.refusal == EGPR_REFUSED_NONE)
		s->counters.refusal = why;
	s->armed = false;
}

/* The halves run in KVM's vmenter.S, between the probes. */
static bool at_place(const struct egpr_session *s)
{
	return s->plan.flags & EGPR_CONF_PLACE;
}

/* And those of `outer` at the edges of KVM's inner loop. */
static bool at_edge(const struct egpr_session *s)
{
	return s->at_place && (s->plan.s->needs & EGPR_BIND_OUTER);
}

/* Written when KVM's inner loop is left. */
static bool loop_left(const struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.last_guest_tsc != s->guest_tsc;
}

/* Which of KVM's paths took the last exit: told by what each path leaves behind in the vCPU. */
static void account_path(struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	struct egpr_reason *row;

	if (s->last < 0)
		return;
	row = &s->counters.reason[s->last];
	s->stays[s->last] = !loop_left(s, vcpu);
	s->last = -1;
	if (!loop_left(s, vcpu))
		row->path[EGPR_PATH_FAST]++;
	else if (vcpu->arch.last_host_tsc == s->host_tsc)
		row->path[EGPR_PATH_KERNEL]++; /* written by vcpu_put() */
	else if (context_switches() == s->switches)
		row->path[EGPR_PATH_USER]++;
	else
		row->preempted++;
}

/**
 * egpr_half - run one half of a plan on a session's context, interrupts off
 * @s: the session
 * @p: its plan
 * @fn: the half
 */
void egpr_half(struct egpr_session *s, const struct egpr_plan *p, egpr_switch_fn fn)
{
	if (p->form != EGPR_FORM_TRAP) {
		if (egpr_stepper(s))
			egpr_step_half(s, fn);
		else
			fn(&s->ctx->sw);
		return;
	}
	egpr_virtual_enter(s);
	fn(&s->ctx->sw);
	egpr_virtual_leave();
}

/*
 * XCR0 as the entry half expects it. A strategy that restores the host's XCR0 by
 * itself (designs B and D) loads registers under it: where the kernel runs the probes with
 * the guest's XCR0, give it the host's first. In form trap the same on the virtual XCR0.
 */
static void xcr0_for_entry(struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	struct egpr_switch *sw = &s->ctx->sw;

	if (s->plan.form == EGPR_FORM_TRAP) {
		if (s->xcr0_told)
			return;
		s->page->xcr0 = sw->xcr0_host;
		if ((s->plan.flags & EGPR_CONF_GUEST_XCR0) &&
		    !(s->plan.s->needs & EGPR_NEEDS_XSETBV))
			s->page->xcr0 = sw->xcr0_guest;
		return;
	}
	if (!(s->plan.s->needs & EGPR_NEEDS_XSETBV))
		return;
	sw->xcr0_guest = vcpu->arch.xcr0;
	if (egpr_xgetbv() != sw->xcr0_host)
		egpr_xsetbv(sw->xcr0_host);
}

/**
 * egpr_host_values - form trap: the registers hold what is the host's own
 * @s: a session whose guest is out
 */
void egpr_host_values(struct egpr_session *s)
{
	int i;

	for (i = 0; i < EGPR_COUNT; i++)
		s->page->r[i] = EGPR_HOST_VALUE(EGPR_FIRST + i);
	s->page->xinuse = 1;
}

/*
 * Form trap plays the kernel's FPU switch, under the host's XCR0: it saves what it finds in
 * the registers, which is where a strategy keeps the guest's that leaves them to it, and
 * brings the host's.
 */
static void play_host(struct egpr_session *s)
{
	if (s->plan.s->home == EGPR_HOME_FPSTATE)
		egpr_home_write(&s->ctx->sw, EGPR_HOME_FPSTATE, s->page->r);
	egpr_host_values(s);
}

/* The other direction: the guest's fpstate is loaded before the vCPU enters. */
static void play_guest(struct egpr_session *s)
{
	int i;

	if (s->plan.form != EGPR_FORM_TRAP || s->plan.s->home != EGPR_HOME_FPSTATE)
		return;
	for (i = 0; i < EGPR_COUNT; i++)
		s->page->r[i] = egpr_home_read(&s->ctx->sw, EGPR_HOME_FPSTATE, EGPR_FIRST + i);
}

/* The guest has an XCR0 of its own, which KVM loads somewhere around the probes. */
static bool own_xcr0(const struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	return (vcpu->arch.cr4 & X86_CR4_OSXSAVE) && vcpu->arch.xcr0 != s->host_xcr0;
}

static noinline void xcr0_told(struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	if (!own_xcr0(s, vcpu))
		return;
	if (egpr_xgetbv() == vcpu->arch.xcr0) {
		s->counters.probe_xcr0_guest++;
		s->probes_xcr0 = EGPR_XCR0_GUEST;
	} else {
		s->counters.probe_xcr0_host++;
		s->probes_xcr0 = EGPR_XCR0_HOST;
	}
}

/* Asks until it is told, and in form hw always: the answer may depend on the guest. */
static __always_inline void xcr0_ask(struct egpr_session *s, const struct kvm_vcpu *vcpu)
{
	if (s->probes_xcr0 == EGPR_XCR0_UNTOLD || s->plan.form == EGPR_FORM_HW)
		xcr0_told(s, vcpu);
}

/**
 * egpr_lacks_component - would a sequence name a component that XCR0 lacks at the probes?
 * @s: the session
 * @p: the plan
 *
 * XRSTOR of such a component is #GP. Return: whether the plan must not run.
 */
bool egpr_lacks_component(const struct egpr_session *s, const struct egpr_plan *p)
{
	bool guests = s->probes_xcr0 == EGPR_XCR0_GUEST || (p->flags & EGPR_CONF_PLACE);

	return guests && p->form == EGPR_FORM_PROXY && p->s->family == EGPR_FAMILY_XSAVE &&
	       own_xcr0(s, s->vcpu) && (s->ctx->sw.rfbm & ~s->vcpu->arch.xcr0);
}

static __always_inline void entry(struct egpr_session *s, struct kvm_vcpu *vcpu)
{
	s->counters.entries++;
	if (current != s->task)
		s->counters.foreign_thread++;
	if (s->open_entry) {
		/* No kvm_exit fired since: SVM's fastpath on 6.1. The guest's registers are in place. */
		s->counters.unseen++;
		s->last = egpr_reason_row(s);
	}
	account_path(s, vcpu);
	if (s->stayed && loop_left(s, vcpu))
		s->counters.late++;
	s->guest_tsc = vcpu->arch.last_guest_tsc;
	s->host_tsc = vcpu->arch.last_host_tsc;
	s->switches = context_switches();
	s->cpu = raw_smp_processor_id();
	s->open_entry = true;
	/* Design F has its registers in place since the loop was entered. */
	if (!s->armed || (s->in_guest && !s->stayed && !at_edge(s)))
		return;
	if (!irqs_disabled()) {
		s->counters.refused++;
		refuse(s, EGPR_REFUSED_IRQS_ON);
		return;
	}
	xcr0_ask(s, vcpu);
	if ((s->probes_xcr0 == EGPR_XCR0_GUEST || at_place(s)) &&
	    egpr_lacks_component(s, &s->plan)) {
		s->counters.refused++;
		refuse(s, EGPR_REFUSED_PROBE_XCR0);
		return;
	}
	play_guest(s);
	xcr0_for_entry(s, vcpu);
	if (!s->primed) {
		/* The stand-in components are the guest's own: what is restored must first be saved. */
		if (s->plan.form == EGPR_FORM_PROXY && s->plan.s->family == EGPR_FAMILY_XSAVE)
			s->plan.fn.exit(&s->ctx->sw);
		s->primed = true;
	}
	if (!at_place(s)) {
		egpr_half(s, &s->plan, s->stayed ? s->plan.stay.entry : s->plan.fn.entry);
		if (s->plan.form == EGPR_FORM_TRAP)
			s->page->xcr0 = s->ctx->sw.xcr0_guest;
	}
	if (!at_edge(s)) {
		s->counters.switched_in += !s->stayed;
		s->in_guest = true;
	}
	s->stayed = false;
}

void egpr_probe_entry(void *data, struct kvm_vcpu *vcpu)
{
	struct egpr_session *s = egpr_session_find(vcpu);

	if (!s) {
		egpr_place_idle();
		return;
	}
	entry(s, vcpu);
	if (s->armed && s->at_place)
		egpr_place_arm(s);
	else
		egpr_place_idle();
	if (unlikely(s->looking))
		egpr_own_entry(s);
	egpr_played_entry(s);
	egpr_planted_entry(s);
}

/* In memory of ours: KVM looks after its own itself. */
static bool in_memory(enum egpr_home home)
{
	return home != EGPR_HOME_HW && home != EGPR_HOME_FPSTATE && home != EGPR_HOME_KVM;
}

/*
 * What an exit half may leave in the registers: zero, all 64 bits of all 16; and of a guest without APX,
 * unless it switches XCR0 itself, what they held before.
 */
static bool registers_left(const struct egpr_session *s, const u64 *before)
{
	bool idle = s->plan.state == EGPR_STATE_OFF && !(s->plan.s->needs & EGPR_NEEDS_XSETBV);
	u64 any = 0;
	int i;

	if (!in_memory(s->plan.s->home) && s->plan.s->home != EGPR_HOME_KVM)
		return false;
	for (i = 0; i < EGPR_COUNT; i++)
		any |= s->page->r[i] ^ (idle ? before[i] : 0);
	return any;
}

/*
 * The same of a half that has run at the place already. What the registers held before it nobody saw; but a
 * half that must leave them alone names none of them.
 */
static bool registers_left_at_place(const struct egpr_session *s)
{
	static const u64 zero[EGPR_COUNT];
	bool idle = s->plan.state == EGPR_STATE_OFF && !(s->plan.s->needs & EGPR_NEEDS_XSETBV);

	if (!idle)
		return registers_left(s, zero);
	return in_memory(s->plan.s->home) && s->counters.emulated != s->emulated;
}

static void left_place(struct egpr_session *s)
{
	struct egpr_switch *sw = &s->ctx->sw;

	if (s->plan.form == EGPR_FORM_TRAP) {
		if (!s->xcr0_told)
			s->page->xcr0 = sw->xcr0_host;
		if (registers_left_at_place(s))
			s->counters.leaks++;
		if ((s->plan.s->needs & EGPR_READS_OPERAND) && s->plan.state != EGPR_STATE_OFF &&
		    sw->operand != s->page->r[sw->access - EGPR_FIRST])
			s->counters.wrong_operand++;
		play_host(s);
	}
	s->in_guest = false;
	s->counters.switched_out++;
}

/* What the virtual XCR0 is by KVM's own switch. */
static u64 virtual_xcr0(const struct egpr_session *s)
{
	bool guests = s->xcr0_loaded && !(s->plan.s->needs & EGPR_NEEDS_XSETBV);

	return guests ? s->ctx->sw.xcr0_guest : s->ctx->sw.xcr0_host;
}

/**
 * egpr_probe_xcr0 - KVM switches XCR0: the entry flag of the series, and in form trap the virtual XCR0 too
 * @vcpu: the vCPU
 * @guest: to the guest's
 *
 * Of a strategy that restores the host's XCR0 itself, KVM's own switch would stand behind its entry half.
 */
void egpr_probe_xcr0(struct kvm_vcpu *vcpu, bool guest)
{
	struct egpr_session *s = egpr_session_find(vcpu);
	struct egpr_switch *sw;
	u64 xcr0;

	if (!s || !s->armed || !s->at_place || s->plan.form == EGPR_FORM_PROXY)
		return;
	sw = &s->ctx->sw;
	xcr0 = s->plan.form == EGPR_FORM_HW ? vcpu->arch.xcr0 : sw->xcr0_guest;
	if (guest)
		sw->flags = xcr0 & BIT_ULL(EGPR_XFEATURE) ? EGPR_SWITCH_GUEST_APX : 0;
	if (s->plan.form == EGPR_FORM_HW)
		return;
	if (!guest)
		egpr_planted_xcr0(s, false);
	s->xcr0_loaded = guest;
	s->page->xcr0 = virtual_xcr0(s);
	if (guest)
		egpr_planted_xcr0(s, true);
}

/**
 * egpr_probe_edge - KVM's inner loop is entered, or was left
 * @vcpu: the vCPU; interrupts are off from the one to behind the other
 * @in: entered
 *
 * The halves of `none` run here for every strategy but `outer`, so that the path is the same.
 */
void egpr_probe_edge(struct kvm_vcpu *vcpu, bool in)
{
	struct egpr_session *s = egpr_session_find(vcpu);
	struct egpr_sequence fn;
	bool here;

	if (!s || !s->armed || !s->at_place)
		return;
	here = at_edge(s);
	if (here && s->in_guest == in)
		return;
	fn = here ? s->plan.fn : s->plan.stay;
	if (s->plan.form == EGPR_FORM_TRAP)
		s->page->xcr0 = virtual_xcr0(s); /* the VMM may have written it */
	egpr_half(s, &s->plan, in ? fn.entry : fn.exit);
	if (in)
		s->loop_exits = 0;
	if (!here)
		return;
	s->in_guest = in;
	if (in) {
		s->counters.switched_in++;
		return;
	}
	left_place(s);
	s->counters.stayed += s->loop_exits ? s->loop_exits - 1 : 0;
}

/* In form trap it is proved on the way that the half left nothing behind and read what it was to. */
static void leave(struct egpr_session *s, bool stays)
{
	bool trap = s->plan.form == EGPR_FORM_TRAP && !stays;
	struct egpr_switch *sw = &s->ctx->sw;
	u64 before[EGPR_COUNT];

	if (trap) {
		s->page->xcr0 = s->plan.flags & EGPR_CONF_GUEST_XCR0 ? sw->xcr0_guest
								     : sw->xcr0_host;
		sw->access = EGPR_FIRST + s->counters.exits % EGPR_COUNT;
		memcpy(before, s->page->r, sizeof(before));
	}
	egpr_half(s, &s->plan, stays ? s->plan.stay.exit : s->plan.fn.exit);
	if (trap) {
		s->page->xcr0 = sw->xcr0_host;
		if (registers_left(s, before))
			s->counters.leaks++;
		if ((s->plan.s->needs & EGPR_READS_OPERAND) && s->plan.state != EGPR_STATE_OFF &&
		    sw->operand != before[sw->access - EGPR_FIRST])
			s->counters.wrong_operand++;
		play_host(s);
	}
	s->in_guest = s->stayed = stays;
	s->counters.stayed += stays;
	s->counters.switched_out += !stays;
}

/**
 * egpr_switch_out - run the exit half, and in form trap what the host does after it
 * @s: a session whose guest's registers are in place
 *
 * Interrupts are off.
 */
void egpr_switch_out(struct egpr_session *s)
{
	if (at_place(s))
		left_place(s);
	else
		leave(s, false);
}

/*
 * Design F: an exit that KVM's fastpath handles stays in the inner loop, and the registers with it.
 * The probe stands before that is decided, so the last exit of the same reason speaks for
 * this one; the first of each leaves. A wrong guess costs nothing but the switch, or leaves the
 * registers live for one exit, which is counted.
 */
static bool stays_in_loop(const struct egpr_session *s)
{
	return s->armed && (s->plan.s->needs & EGPR_BIND_OUTER) && s->stays[s->last];
}

/*
 * Has the kernel's FPU switch taken the guest's registers away since the exit? Where kvm_exit has
 * interrupts on (6.1 on SVM), a softirq may have used vector registers: they are in the guest's
 * fpstate then, KVM brings them back before the next entry, and an XSAVE here would take the softirq's
 * for the guest's.
 */
static bool stand_in_taken(const struct egpr_session *s)
{
	return s->plan.form == EGPR_FORM_PROXY && s->plan.s->family == EGPR_FAMILY_XSAVE &&
	       test_thread_flag(TIF_NEED_FPU_LOAD);
}

void egpr_probe_exit(void *data, struct kvm_vcpu *vcpu)
{
	struct egpr_session *s = egpr_session_find(vcpu);
	unsigned long flags;
	bool moved, irqs_on;

	if (!s)
		return;
	egpr_played_exit(s);
	if (unlikely(s->looking))
		egpr_own_exit(s);
	s->counters.exits++;
	irqs_on = !irqs_disabled();
	if (irqs_on) {
		s->counters.irqs_on++;
		if (egpr_preemptible() && !s->at_place)
			refuse(s, EGPR_REFUSED_IRQS_ON);
	}
	moved = s->open_entry &&
		(s->cpu != raw_smp_processor_id() || s->switches != context_switches());
	if (moved)
		s->counters.migrated++;
	s->last = egpr_reason_row(s);
	xcr0_ask(s, vcpu);
	s->observed |= s->open_entry;
	s->open_entry = false;

	if (s->at_place)
		egpr_virtual_leave();
	if (!s->in_guest) {
		if (s->counters.refusal != EGPR_REFUSED_NONE)
			s->counters.refused++;
		return;
	}
	if (s->at_place) {
		local_irq_save(flags);
		s->loop_exits++;
		if (!at_edge(s))
			left_place(s);
		local_irq_restore(flags);
		return;
	}
	if (moved && in_memory(s->plan.s->home)) {
		s->counters.refused++;
		refuse(s, EGPR_REFUSED_LOST);
	}
	local_irq_save(flags);
	if (irqs_on && stand_in_taken(s)) {
		s->counters.refused++;
		s->in_guest = s->stayed = s->primed = false;
	} else {
		leave(s, stays_in_loop(s));
	}
	local_irq_restore(flags);
}
