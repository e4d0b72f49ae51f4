// SPDX-License-Identifier: GPL-2.0-only
/*
 * One half in ring 0 between two looks at all that is its caller's (include/egpr/contract.h).
 *
 * User space sends marks and compares; here they are checked, loaded, and what the half leaves of
 * them goes back. Interrupts are off and the FPU is the kernel's own meanwhile. XCR0, PKRU, the flags and
 * the stack pointer are put right whatever the half did.
 */
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/pkru.h>
#include <asm/processor.h>
#include <asm/thread_info.h>
#ifdef EGPR_HAVE_CPUID_API
#include <asm/cpuid/api.h> /* processor.h had it once */
#endif

#include "egpr_switch.h"

/* Loading any bytes into these faults never and allows nothing: AVX, opmask, ZMM_Hi256, Hi16_ZMM. */
#define MARKABLE     (BIT_ULL(2) | BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(7))
#define HEADER_BYTES 64

/* asm/contract-call.S finds its way back by the one and keeps rcx in the other. */
DECLARE_PER_CPU(struct egpr_contract_state *, egpr_contract_now);
DEFINE_PER_CPU(struct egpr_contract_state *, egpr_contract_now);
DECLARE_PER_CPU(u64, egpr_contract_rcx);
DEFINE_PER_CPU(u64, egpr_contract_rcx);

static u64 pkru(void)
{
	return cpu_feature_enabled(X86_FEATURE_OSPKE) ? EGPR_PKRU_THERE | read_pkru() : 0;
}

/* Those of @mask that this CPU has enabled, with a place in the area. */
static u64 loadable(u64 mask)
{
	u32 size, offset, flags, edx;
	unsigned int i;

	mask &= egpr_xgetbv() & MARKABLE;
	for (i = 2; i < EGPR_XSAVE_COMPONENTS; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		cpuid_count(EGPR_XSAVE_LEAF, i, &size, &offset, &flags, &edx);
		if (!size || size > EGPR_XSAVE_AREA_BYTES || offset > EGPR_XSAVE_AREA_BYTES - size)
			mask &= ~BIT_ULL(i);
	}
	return mask;
}

static bool all_zero(const u8 *bytes, size_t n)
{
	return !memchr_inv(bytes, 0, n);
}

/* Images that FXRSTOR and XRSTOR take without a fault, now or at the next x87 or SSE instruction. */
static int validate(struct egpr_contract_state *c)
{
	u8 *fx = c->fx_in;
	u32 mxcsr;
	u16 cw;

	memcpy(&mxcsr, fx + EGPR_FX_MXCSR, sizeof(mxcsr));
	memcpy(&cw, fx + EGPR_FX_CW, sizeof(cw));
	if ((mxcsr & ~EGPR_MXCSR_ROUNDING) != EGPR_MXCSR_DEFAULT ||
	    (cw & ~EGPR_CW_ROUNDING) != (EGPR_CW_DEFAULT & ~EGPR_CW_ROUNDING))
		return -EINVAL;
	if (!all_zero(fx + EGPR_FX_SW, 2) ||
	    !all_zero(fx + EGPR_FX_FOP, EGPR_FX_MXCSR - EGPR_FX_FOP) ||
	    !all_zero(fx + EGPR_FX_XMM_END, EGPR_FX_BYTES - EGPR_FX_XMM_END))
		return -EINVAL;
	memset(c->initial, 0, sizeof(c->initial));
	c->mask = loadable(c->mask);
	memset(c->x_in + EGPR_XSAVE_HEADER_OFFSET, 0, HEADER_BYTES);
	memcpy(c->x_in + EGPR_XSAVE_HEADER_OFFSET, &c->mask, sizeof(c->mask));
	memcpy(c->x_in + EGPR_FX_MXCSR, &mxcsr, sizeof(mxcsr));
	return 0;
}

/* A trap form's registers are the page's. What the emulator, or a CPU with APX, refuses is counted. */
static void call(struct egpr_session *s, const struct egpr_plan *p, egpr_switch_fn fn,
		 struct egpr_contract_image *im)
{
	bool watched = p->form == EGPR_FORM_TRAP || im->state.egprs;

	if (watched)
		egpr_virtual_enter(s);
	egpr_contract_call(&im->state, fn, &s->ctx->sw);
	if (watched)
		egpr_virtual_leave();
}

/* XRSTOR faults on a component that the XCR0 of now lacks. */
static void load_what_xcr0_has(struct egpr_contract_image *im)
{
	u64 there = im->state.mask & egpr_xgetbv();

	memcpy(im->state.x_in + EGPR_XSAVE_HEADER_OFFSET, &there, sizeof(there));
}

/* A guest's XCR0 that is not the host's, so that a strategy with an XSETBV has to execute it. */
static u64 guest_xcr0(void)
{
	u64 typical = egpr_plan_typical_xcr0();

	return typical != egpr_xgetbv() ? typical : typical & XFEATURE_MASK_FPSSE;
}

/* r16..r31 as a guest or the host has them before a half; under the host's XCR0. */
static void give_registers(struct egpr_session *s, const struct egpr_plan *p,
			   const struct egpr_contract_image *im)
{
	unsigned int i;

	memcpy(s->page->r, im->state.egpr_in, sizeof(s->page->r));
	s->page->xinuse = 1;
	for (i = 0; p->form == EGPR_FORM_HW && i < EGPR_COUNT; i++)
		egpr_live_write(EGPR_FORM_HW, EGPR_FIRST + i, im->state.egpr_in[i]);
}

static void take_registers(struct egpr_session *s, const struct egpr_plan *p,
			   struct egpr_contract_image *im)
{
	unsigned int i;

	memcpy(im->state.egpr_out, s->page->r, sizeof(s->page->r));
	for (i = 0; p->form == EGPR_FORM_HW && i < EGPR_COUNT; i++)
		im->state.egpr_out[i] = egpr_live_read(EGPR_FORM_HW, EGPR_FIRST + i);
}

/*
 * XCR0 as KVM has it around a half: the guest's, but for the entry half of a strategy that sets it by
 * itself. Without registers to look at only what an XSETBV of the strategy finds is the guest's.
 */
static u64 xcr0_before(const struct egpr_plan *p, const struct egpr_switch *sw, bool exit,
		       bool registers)
{
	bool own = p->s->needs & EGPR_NEEDS_XSETBV;

	return (exit && own) || (registers && !own) ? sw->xcr0_guest : sw->xcr0_host;
}

static void run(struct egpr_session *s, const struct egpr_plan *p, bool exit,
		struct egpr_contract_image *im)
{
	struct egpr_switch *sw = &s->ctx->sw;
	bool registers = im->state.egprs, trap = p->form == EGPR_FORM_TRAP, stale;
	u64 host = egpr_xgetbv();
	unsigned long flags;

	kernel_fpu_begin();
	local_irq_save(flags);
	/* The accessors' case is the one in which the registers need no loading. */
	stale = test_and_clear_thread_flag(TIF_NEED_FPU_LOAD);
	if (registers)
		give_registers(s, p, im);
	if (trap && registers)
		s->page->xcr0 = xcr0_before(p, sw, exit, registers);
	if (!trap && xcr0_before(p, sw, exit, registers) != host)
		egpr_xsetbv(xcr0_before(p, sw, exit, registers));
	im->before = *sw;
	im->xcr0_in = trap && registers ? s->page->xcr0 : egpr_xgetbv();
	im->pkru_in = pkru();
	load_what_xcr0_has(im);
	call(s, p, exit ? p->fn.exit : p->fn.entry, im);
	im->pkru_out = pkru();
	im->xcr0_out = trap && registers ? s->page->xcr0 : egpr_xgetbv();
	write_pkru(im->pkru_in);
	if (egpr_xgetbv() != host)
		egpr_xsetbv(host);
	if (registers)
		take_registers(s, p, im);
	im->after = *sw;
	if (stale)
		set_thread_flag(TIF_NEED_FPU_LOAD);
	local_irq_restore(flags);
	kernel_fpu_end();
}

/**
 * egpr_contract - EGPR_IOC_CONTRACT
 * @s: the session, on whose context the half works
 * @c: its argument
 *
 * Return: 0, -EINVAL, -EOPNOTSUPP with @c->refusal, -EBUSY, -EFAULT or -ENOMEM.
 */
int egpr_contract(struct egpr_session *s, struct egpr_contract *c)
{
	struct egpr_contract_image *im;
	struct egpr_plan p;
	int err;

	c->refusal = EGPR_REFUSED_NONE;
	if (c->reserved || (c->half != EGPR_RUN_EXIT && c->half != EGPR_RUN_ENTRY))
		return -EINVAL;
	err = egpr_plan_make(&p, c->strategy, c->form, c->guest_state, c->delay, c->flags,
			     c->no_stand_in, &c->refusal);
	if (err)
		return err;
	if (!boot_cpu_has(X86_FEATURE_FXSR) || !egpr_xgetbv()) {
		c->refusal = EGPR_REFUSED_NO_XSAVE;
		return -EOPNOTSUPP;
	}
	im = egpr_fallible(vzalloc(sizeof(*im)));
	if (!im)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_user(&im->state, u64_to_user_ptr(c->image), sizeof(im->state)))
		goto out;
	err = validate(&im->state);
	if (err)
		goto out;
	/* A proxy has no r16..r31. */
	im->state.egprs = im->state.egprs && p.form != EGPR_FORM_PROXY;
	if (im->state.egprs && p.form == EGPR_FORM_HW &&
	    !(egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE))) {
		c->refusal = EGPR_REFUSED_NO_APX;
		err = -EOPNOTSUPP;
		goto out;
	}
	err = egpr_session_take(s, &p, guest_xcr0());
	if (err)
		goto out;
	run(s, &p, c->half == EGPR_RUN_EXIT, im);
	if (copy_to_user(u64_to_user_ptr(c->image), im, sizeof(*im)))
		err = -EFAULT;
out:
	vfree(im);
	return err;
}
