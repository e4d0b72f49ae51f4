// SPDX-License-Identifier: GPL-2.0-only
/*
 * EGPR_IOC_STEPS: what the CPU executes of a sequence in ring 0, instruction by instruction.
 *
 * RFLAGS.TF is set before the call, and #DB comes behind every instruction until the call is over. The
 * kernel offers each #DB to its die notifiers first; ours takes those of a CPU that is
 * inside such a call and leaves all others alone. It is registered while somebody steps.
 *
 * Interrupts and NMIs that come in between run with TF clear, as the CPU delivers them.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#include "egpr_switch.h"

DEFINE_STATIC_KEY_FALSE(egpr_stepping);

/**
 * struct egpr_stepper - steps of one session
 * @call: what is being called; steps begin at its first instruction
 * @back: where it returns to
 * @sp: with what stack pointer
 * @inside: it was entered
 * @lost: there were more steps than there is room for
 * @nr: steps
 * @last: what the last call got
 * @step: the steps
 */
struct egpr_stepper {
	unsigned long call;
	unsigned long back;
	unsigned long sp;
	bool inside;
	bool lost;
	u32 nr;
	struct {
		const struct egpr_switch *sw;
		u64 xcr0_host;
		u64 xcr0_guest;
		struct egpr_sequence fn;
		const void *loop;
	} last;
	struct egpr_step step[EGPR_STEPS_MAX];
};

/* Who steps on this CPU now. */
static DEFINE_PER_CPU(struct egpr_stepper *, current_stepper);

static DEFINE_MUTEX(users_lock);
static unsigned int users;

static void record(struct egpr_stepper *st, struct pt_regs *regs, u32 flags)
{
	struct egpr_step *s = &st->step[st->nr++];

	s->ip = regs->ip;
	s->gpr[0] = regs->ax;
	s->gpr[1] = regs->cx;
	s->gpr[2] = regs->dx;
	s->gpr[3] = regs->bx;
	s->gpr[4] = regs->sp;
	s->gpr[5] = regs->bp;
	s->gpr[6] = regs->si;
	s->gpr[7] = regs->di;
	s->gpr[8] = regs->r8;
	s->gpr[9] = regs->r9;
	s->gpr[10] = regs->r10;
	s->gpr[11] = regs->r11;
	s->gpr[12] = regs->r12;
	s->gpr[13] = regs->r13;
	s->gpr[14] = regs->r14;
	s->gpr[15] = regs->r15;
	s->away = 0;
	s->flags = flags;
	if (flags & EGPR_STEP_LEFT ||
	    copy_from_kernel_nofault(s->bytes, (const void *)regs->ip, sizeof(s->bytes)))
		memset(s->bytes, 0, sizeof(s->bytes));
}
NOKPROBE_SYMBOL(record);

/* Before the instruction at regs->ip. Return: whether to stop before the next one as well. */
static bool step(struct egpr_stepper *st, struct pt_regs *regs)
{
	u32 flags = 0;

	if (!st->inside) {
		if (regs->ip != st->call)
			return true;
		st->inside = true;
		st->back = *(unsigned long *)regs->sp;
		st->sp = regs->sp + sizeof(st->back);
		flags = EGPR_STEP_ENTERED;
	} else if (regs->ip == st->back && regs->sp == st->sp) {
		st->inside = false;
		flags = EGPR_STEP_LEFT;
	} else if (!within_module(regs->ip, THIS_MODULE)) {
		st->step[st->nr - 1].away++;
		return true;
	}
	if (st->nr == EGPR_STEPS_MAX) {
		st->lost = true;
		return false;
	}
	record(st, regs, flags);
	return !(flags & EGPR_STEP_LEFT);
}
NOKPROBE_SYMBOL(step);

static int on_debug(struct notifier_block *nb, unsigned long val, void *data)
{
	struct egpr_stepper *st = this_cpu_read(current_stepper);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (val != DIE_DEBUG || !st || user_mode(args->regs) || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (!step(st, args->regs))
		args->regs->flags &= ~X86_EFLAGS_TF;
	*dr6 &= ~DR_STEP;
	return *dr6 ? NOTIFY_DONE : NOTIFY_STOP;
}
NOKPROBE_SYMBOL(on_debug);

static struct notifier_block debug_notifier = { .notifier_call = on_debug };

/* From here to the return of @call every instruction traps. */
static __always_inline void begin(struct egpr_stepper *st, const void *call)
{
	st->call = (unsigned long)call;
	st->inside = false;
	this_cpu_write(current_stepper, st);
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(X86_EFLAGS_TF) : "memory", "cc");
}

/* It is clear since the return, unless the call never came to its first instruction. */
static __always_inline void end(void)
{
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~X86_EFLAGS_TF) : "memory", "cc");
	this_cpu_write(current_stepper, NULL);
}

static void note(struct egpr_stepper *st, const struct egpr_sequence *fn,
		 const struct egpr_switch *sw)
{
	st->last.sw = sw;
	st->last.xcr0_host = sw->xcr0_host;
	st->last.xcr0_guest = sw->xcr0_guest;
	st->last.fn = *fn;
}

/**
 * egpr_step_batch - the timed loop, stepped
 * @st: the stepper
 * @context: whose loop it is
 * @fn: the halves
 * @sw: their context
 * @rounds: as egpr_loop() takes them, and what follows
 * @halves:
 *
 * Interrupts are off.
 * Return: TSC ticks, of no meaning.
 */
u64 egpr_step_batch(struct egpr_stepper *st, u32 context, const struct egpr_sequence *fn,
		    struct egpr_switch *sw, u64 rounds, struct egpr_halves *halves)
{
	u64 ticks;

	note(st, fn, sw);
	st->last.loop = egpr_loop_entry(context);
	begin(st, st->last.loop);
	ticks = egpr_loop(context, fn, sw, rounds, halves);
	end();
	return ticks;
}

/**
 * egpr_step_half - a half of the session's plan, stepped
 * @s: the session, which has a stepper
 * @fn: the half
 *
 * Called by the probes, which cannot be preempted.
 */
void egpr_step_half(struct egpr_session *s, egpr_switch_fn fn)
{
	struct egpr_stepper *st = s->stepper;

	note(st, &s->plan.fn, &s->ctx->sw);
	begin(st, fn);
	fn(&s->ctx->sw);
	end();
}

static void count_users(bool more)
{
	mutex_lock(&users_lock);
	if (more && !users++) {
		register_die_notifier(&debug_notifier);
		static_branch_enable(&egpr_stepping);
	} else if (!more && !--users) {
		static_branch_disable(&egpr_stepping);
		unregister_die_notifier(&debug_notifier);
	}
	mutex_unlock(&users_lock);
}

/**
 * egpr_steps_drop - forget a session's steps
 * @s: the session; its probes do not run
 */
void egpr_steps_drop(struct egpr_session *s)
{
	struct egpr_stepper *st = s->stepper;

	if (!st)
		return;
	WRITE_ONCE(s->stepper, NULL);
	count_users(false);
	vfree(st);
}

static int start(struct egpr_session *s)
{
	struct egpr_stepper *st;

	if (s->stepper)
		return -EBUSY;
	st = egpr_fallible(vzalloc(sizeof(*st)));
	if (!st)
		return -ENOMEM;
	count_users(true);
	WRITE_ONCE(s->stepper, st);
	return 0;
}

static int finish(struct egpr_session *s, struct egpr_steps *a)
{
	const struct egpr_stepper *st = s->stepper;
	int err = 0;

	if (!st)
		return -ENODATA;
	a->nr = st->nr;
	a->flags = st->lost ? EGPR_STEPS_LOST : 0;
	a->sw = (uintptr_t)st->last.sw;
	a->loop = (uintptr_t)st->last.loop;
	a->exit = (uintptr_t)st->last.fn.exit;
	a->entry = (uintptr_t)st->last.fn.entry;
	a->stay_exit = (uintptr_t)s->plan.stay.exit;
	a->stay_entry = (uintptr_t)s->plan.stay.entry;
	a->xcr0_host = st->last.xcr0_host;
	a->xcr0_guest = st->last.xcr0_guest;
	if (copy_to_user(u64_to_user_ptr(a->buffer), st->step, st->nr * sizeof(*st->step)))
		err = -EFAULT;
	egpr_steps_drop(s);
	return err;
}

/**
 * egpr_steps - begin or end stepping
 * @s: the session
 * @a: the request
 *
 * Return: 0 or an errno.
 */
int egpr_steps(struct egpr_session *s, struct egpr_steps *a)
{
	int err;

	if (a->nr || a->flags || a->sw || a->loop || a->exit || a->entry || a->stay_exit ||
	    a->stay_entry || a->xcr0_host || a->xcr0_guest || a->reserved[0] || a->reserved[1] ||
	    (a->what != EGPR_STEPS_BEGIN && a->what != EGPR_STEPS_END) ||
	    (a->what == EGPR_STEPS_BEGIN && a->buffer))
		return -EINVAL;
	if (s->vcpu && !mutex_trylock(&s->vcpu->mutex))
		return -EBUSY;
	err = a->what == EGPR_STEPS_BEGIN ? start(s) : finish(s, a);
	if (s->vcpu)
		mutex_unlock(&s->vcpu->mutex);
	return err;
}
