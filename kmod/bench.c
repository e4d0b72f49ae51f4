// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring-0 benchmark: one sequence, interrupts off, N samples into the caller's buffer.
 *
 * A sample is one timed stretch of a number of rounds in the loop that the context asks for, as layer
 * `prim` has it, so that both layers measure the same loops. Vector state belongs to the kernel
 * meanwhile (kernel_fpu_begin()), because the stand-ins of the XSAVE strategies are real
 * components. Interrupts come back between samples.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/fpu/api.h>
#include <asm/thread_info.h>

#include "egpr_switch.h"

/* One sample's inputs. */
struct job {
	struct egpr_stepper *stepper;
	struct egpr_bench *b;
	struct egpr_switch *sw;
	struct egpr_sequence fn;
	struct kvm_vcpu *vcpu;
	struct egpr_halves halves;
};

static __always_inline u64 stamp(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (u64)hi << 32;
}

#define TIMED(rounds, body)                                  \
	({                                                   \
		u64 t0 = stamp();                            \
		u32 n;                                       \
		for (n = (rounds); n; n--) {                 \
			asm volatile("lfence" ::: "memory"); \
			body;                                \
		}                                            \
		stamp() - t0;                                \
	})

static bool has_loop(const struct egpr_bench *b)
{
	if (b->op != EGPR_BENCH_SWITCH)
		return !b->context;
	return b->context == EGPR_CONTEXT_PACKED || b->context == EGPR_CONTEXT_APART ||
	       b->context == EGPR_CONTEXT_APART_WHOLE;
}

static u64 sample(struct job *j)
{
	const struct egpr_bench *b = j->b;
	u64 xcr0 = egpr_xgetbv();

	switch (b->op) {
	case EGPR_BENCH_SWITCH:
		return j->stepper ? egpr_step_batch(j->stepper, b->context, &j->fn, j->sw,
						    b->rounds, &j->halves)
				  : egpr_loop(b->context, &j->fn, j->sw, b->rounds, &j->halves);
	case EGPR_BENCH_EXIT:
		return TIMED(b->rounds, j->fn.exit(j->sw));
	case EGPR_BENCH_ENTRY:
		return TIMED(b->rounds, j->fn.entry(j->sw));
	case EGPR_BENCH_XGETBV:
		return TIMED(b->rounds, egpr_xgetbv());
	case EGPR_BENCH_XSETBV:
		return TIMED(b->rounds, egpr_xsetbv(xcr0));
	case EGPR_BENCH_LIVE_READ:
		return TIMED(b->rounds, egpr_live_read(b->form, b->reg));
	case EGPR_BENCH_LIVE_WRITE:
		return TIMED(b->rounds, egpr_live_write(b->form, b->reg, n));
	case EGPR_BENCH_REGS_READ:
		return TIMED(b->rounds, egpr_regs_read(j->sw, b->reg));
	case EGPR_BENCH_REGS_WRITE:
		return TIMED(b->rounds, egpr_regs_write(j->sw, b->reg, n));
	case EGPR_BENCH_PROBE_OTHER:
	case EGPR_BENCH_PROBE_NONE:
		return TIMED(b->rounds, {
			egpr_probe_exit(NULL, j->vcpu);
			egpr_probe_entry(NULL, j->vcpu);
		});
	}
	return 0;
}

static bool op_uses_form(u32 op)
{
	return op == EGPR_BENCH_SWITCH || op == EGPR_BENCH_EXIT || op == EGPR_BENCH_ENTRY ||
	       op == EGPR_BENCH_LIVE_READ || op == EGPR_BENCH_LIVE_WRITE;
}

static int validate(struct egpr_bench *b, struct egpr_plan *p)
{
	int err;

	if (b->op >= EGPR_NR_BENCH_OPS || !has_loop(b) || !b->samples ||
	    b->samples > EGPR_BENCH_MAX_SAMPLES || !b->rounds ||
	    b->rounds > EGPR_BENCH_MAX_ROUNDS || b->form == EGPR_FORM_TRAP)
		return -EINVAL;
	if (b->reg < EGPR_FIRST || b->reg >= EGPR_FIRST + EGPR_COUNT)
		return -EINVAL;
	b->reg = EGPR_FIRST + array_index_nospec(b->reg - EGPR_FIRST, EGPR_COUNT);
	err = egpr_plan_make(p, b->strategy, b->form, b->guest_state, b->delay, 0, b->no_stand_in,
			     &b->refusal);
	if (err)
		return err;
	if (op_uses_form(b->op) && b->form == EGPR_FORM_HW &&
	    !(egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE))) {
		b->refusal = EGPR_REFUSED_NO_APX;
		return -EOPNOTSUPP;
	}
	if ((b->op == EGPR_BENCH_XGETBV || b->op == EGPR_BENCH_XSETBV) && !egpr_xgetbv()) {
		b->refusal = EGPR_REFUSED_NO_XSAVE;
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The areas hold what the CPU wrote, never zeros that XRSTORS would refuse. */
static void begin(const struct job *j)
{
	kernel_fpu_begin();
	if (j->fn.exit)
		j->fn.exit(j->sw);
}

/* Vector state is the kernel's without preemption: whoever waits gets the CPU between samples. */
static int run(struct job *j, u64 *out)
{
	unsigned long flags;
	bool stale;
	u32 i;

	begin(j);
	for (i = 0; i < j->b->samples; i++) {
		if (need_resched() || signal_pending(current)) {
			kernel_fpu_end();
			if (signal_pending(current))
				return -EINTR;
			cond_resched();
			begin(j);
		}
		local_irq_save(flags);
		/* The accessors' case is the one in which the registers need no loading. */
		stale = test_and_clear_thread_flag(TIF_NEED_FPU_LOAD);
		out[i] = sample(j);
		j->b->exit_ticks += j->halves.exit;
		if (stale)
			set_thread_flag(TIF_NEED_FPU_LOAD);
		if (j->fn.exit && j->sw->xcr0_host)
			egpr_xsetbv(j->sw->xcr0_host);
		local_irq_restore(flags);
	}
	kernel_fpu_end();
	return 0;
}

int egpr_bench(struct egpr_session *s, struct egpr_bench *b)
{
	struct job j = { .b = b, .stepper = egpr_stepper(s) };
	struct egpr_room *ctx;
	struct egpr_plan p;
	u64 *out;
	int err;

	b->refusal = EGPR_REFUSED_NONE;
	b->exit_ticks = 0;
	err = validate(b, &p);
	if (err)
		return err;
	err = -ENOMEM;
	out = egpr_fallible(kvmalloc_array(b->samples, sizeof(*out), GFP_KERNEL));
	if (!out)
		return err;
	ctx = egpr_fallible(vzalloc(sizeof(*ctx)));
	if (!ctx)
		goto out_samples;
	j.sw = &ctx->sw;
	if (b->op == EGPR_BENCH_SWITCH || b->op == EGPR_BENCH_EXIT || b->op == EGPR_BENCH_ENTRY) {
		j.fn = p.fn;
		egpr_plan_context(&p, j.sw, egpr_plan_typical_xcr0());
		egpr_plan_forget(&p, j.sw);
	}
	if (b->op == EGPR_BENCH_PROBE_OTHER || b->op == EGPR_BENCH_PROBE_NONE) {
		err = egpr_bench_vcpu(&j.vcpu, b->op == EGPR_BENCH_PROBE_NONE);
		if (err)
			goto out_ctx;
	}
	err = run(&j, out);
	if (j.vcpu)
		egpr_bench_vcpu_free(j.vcpu);
	if (!err &&
	    copy_to_user(u64_to_user_ptr(b->buffer), out, array_size(b->samples, sizeof(*out))))
		err = -EFAULT;
out_ctx:
	vfree(ctx);
out_samples:
	kvfree(out);
	return err;
}
