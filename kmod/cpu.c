// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this CPU and this kernel can, asked of themselves and never of a version.
 */
#include <linux/preempt.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#ifdef EGPR_HAVE_CPUID_API
#include <asm/cpuid/api.h> /* processor.h had it once */
#endif

#include "egpr_switch.h"

#define XSTATE_FIRST_EXTENDED 2 /* components 0 and 1 live in the legacy region */
/* CPUID(0xD,1).EAX */
#define XSTATE_XSAVEOPT BIT(0)
#define XSTATE_XSAVEC	BIT(1)
#define XSTATE_XSAVES	BIT(3)

u64 egpr_xgetbv(void)
{
	u32 lo, hi;

	if (!(__read_cr4() & X86_CR4_OSXSAVE))
		return 0;
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (u64)hi << 32;
}

/* The caller vouches for @value: bits that the CPU lacks are #GP. */
void egpr_xsetbv(u64 value)
{
	asm volatile("xsetbv" : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(0));
}

/**
 * egpr_stand_in - the components that stand in for component 19 here
 * @barred: components that must not
 */
struct egpr_stand_in egpr_stand_in(u32 barred)
{
	struct egpr_xsave_cpu cpu = { .xcr0 = egpr_xgetbv() };
	unsigned int i;
	u32 edx;

	for (i = XSTATE_FIRST_EXTENDED; cpu.xcr0 && i < EGPR_XSAVE_COMPONENTS; i++) {
		struct egpr_xsave_component *c = &cpu.component[i];

		/* CPUID costs an exit in a VM: only what may be chosen. */
		if (EGPR_STAND_INS_ALL & BIT(i))
			cpuid_count(EGPR_XSAVE_LEAF, i, &c->bytes, &c->offset, &c->flags, &edx);
	}
	return egpr_stand_in_choose(&cpu, EGPR_STAND_INS_ALL & ~barred);
}

bool egpr_preemptible(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPTION))
		return false;
	return preempt_model_preemptible();
}

/**
 * egpr_has_xsave - are these variants of XSAVE there, and enabled
 * @needs: EGPR_NEEDS_*
 */
bool egpr_has_xsave(unsigned int needs)
{
	u32 eax, ebx, ecx, edx;

	if (!(needs & (EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSETBV)))
		return true;
	if (!egpr_xgetbv())
		return false;
	cpuid_count(EGPR_XSAVE_LEAF, 1, &eax, &ebx, &ecx, &edx);
	return !((needs & EGPR_NEEDS_XSAVEOPT) && !(eax & XSTATE_XSAVEOPT)) &&
	       !((needs & EGPR_NEEDS_XSAVEC) && !(eax & XSTATE_XSAVEC)) &&
	       !((needs & EGPR_NEEDS_XSAVES) && !(eax & XSTATE_XSAVES));
}

/**
 * egpr_strategy_refusal - why a strategy cannot run here in a form
 * @s: its row
 * @form: the form
 * @stand_in: what stands in for component 19 in form proxy
 *
 * Return: EGPR_REFUSED_NONE, or the reason.
 */
enum egpr_refusal egpr_strategy_refusal(const struct egpr_strategy *s, enum egpr_form form,
					const struct egpr_stand_in *stand_in)
{
	if (form == EGPR_FORM_TRAP)
		return egpr_emulate ? EGPR_REFUSED_NONE : EGPR_REFUSED_NO_EMULATE;
	if (!egpr_has_xsave(s->needs))
		return EGPR_REFUSED_NO_XSAVE;
	if (form == EGPR_FORM_HW)
		return egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE) || s->home == EGPR_HOME_HW ||
				       s->home == EGPR_HOME_KVM
			       ? EGPR_REFUSED_NONE
			       : EGPR_REFUSED_NO_APX;
	if (s->family == EGPR_FAMILY_XSAVE && !stand_in->rfbm)
		return EGPR_REFUSED_NO_STAND_IN;
	return EGPR_REFUSED_NONE;
}
