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

#define CPUID_XSTATE	      0xd
#define XSTATE_SUPERVISOR     BIT(0) /* CPUID(0xD,i).ECX: managed by IA32_XSS */
#define XSTATE_FIRST_EXTENDED 2	     /* components 0 and 1 live in the legacy region */
#define XSTATE_LAST	      62
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

static u32 component_bytes(u64 xcr0, unsigned int i)
{
	u32 eax, ebx, ecx, edx;

	if (!(xcr0 & BIT_ULL(i)))
		return 0;
	cpuid_count(CPUID_XSTATE, i, &eax, &ebx, &ecx, &edx);
	if ((ecx & XSTATE_SUPERVISOR) || ebx + eax > EGPR_XSAVE_AREA_BYTES)
		return 0;
	return eax;
}

/*
 * The enabled component, or pair of components, whose size is nearest to that of
 * component 19. Pairs matter: opmask and TILECFG are 64 bytes each.
 */
u64 egpr_stand_in(u32 *bytes)
{
	unsigned int i, k, off, best_off = UINT_MAX;
	u64 xcr0 = egpr_xgetbv(), best = 0;
	u32 size, other;

	*bytes = 0;
	for (i = XSTATE_FIRST_EXTENDED; i <= XSTATE_LAST; i++) {
		size = component_bytes(xcr0, i);
		if (!size)
			continue;
		for (k = i; k <= XSTATE_LAST; k++) {
			other = k == i ? 0 : component_bytes(xcr0, k);
			if (k != i && !other)
				continue;
			off = abs((int)(size + other) - EGPR_BYTES);
			if (off >= best_off)
				continue;
			best_off = off;
			best = BIT_ULL(i) | BIT_ULL(k);
			*bytes = size + other;
		}
	}
	return best;
}

bool egpr_preemptible(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPTION))
		return false;
	return preempt_model_preemptible();
}

u32 egpr_features(void)
{
	u32 f = egpr_backend();

	if (egpr_probes_available())
		f |= EGPR_HAS_KVM;
	if (egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE))
		f |= EGPR_HAS_APX;
	if (egpr_emulate)
		f |= EGPR_HAS_EMULATE;
	if (egpr_preemptible())
		f |= EGPR_HAS_PREEMPTION;
#ifdef EGPR_MUTANTS
	f |= EGPR_HAS_MUTANTS;
#endif
	return f;
}

static bool have_xsave(unsigned int needs)
{
	u32 eax, ebx, ecx, edx;

	if (!(needs & (EGPR_NEEDS_XSAVE | EGPR_NEEDS_XSETBV)))
		return true;
	if (!egpr_xgetbv())
		return false;
	cpuid_count(CPUID_XSTATE, 1, &eax, &ebx, &ecx, &edx);
	return !((needs & EGPR_NEEDS_XSAVEOPT) && !(eax & XSTATE_XSAVEOPT)) &&
	       !((needs & EGPR_NEEDS_XSAVEC) && !(eax & XSTATE_XSAVEC)) &&
	       !((needs & EGPR_NEEDS_XSAVES) && !(eax & XSTATE_XSAVES));
}

/**
 * egpr_strategy_refusal - why a strategy cannot run here in a form
 * @s: its row
 * @form: the form
 *
 * Return: EGPR_REFUSED_NONE, or the reason.
 */
enum egpr_refusal egpr_strategy_refusal(const struct egpr_strategy *s, enum egpr_form form)
{
	u32 bytes;

	if (form == EGPR_FORM_TRAP)
		return egpr_emulate ? EGPR_REFUSED_NONE : EGPR_REFUSED_NO_EMULATE;
	if (!have_xsave(s->needs))
		return EGPR_REFUSED_NO_XSAVE;
	if (form == EGPR_FORM_HW)
		return egpr_xgetbv() & BIT_ULL(EGPR_XFEATURE) || s->home == EGPR_HOME_HW
			       ? EGPR_REFUSED_NONE
			       : EGPR_REFUSED_NO_APX;
	if (s->family == EGPR_FAMILY_XSAVE && !egpr_stand_in(&bytes))
		return EGPR_REFUSED_NO_STAND_IN;
	return EGPR_REFUSED_NONE;
}
