// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stand-in for XSAVE component 19 in user space: asking the CPU, and steering the state.
 * What is chosen, and why, is in egpr/standin.h.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "standin.h"

#define LEAF_FEATURES	 1
#define FEATURES_OSXSAVE (1u << 27) /* CPUID.1:ECX */
#define LEAF_EXTENDED	 7
#define EXTENDED_APX_F	 (1u << 21) /* CPUID.7.1:EDX */
#define XSAVE_OPT	 (1u << 0)  /* CPUID.0xD.1:EAX */
#define XSAVE_C		 (1u << 1)
#define XSAVE_S		 (1u << 3)
#define FIRST_EXTENDED	 2
#define XSTATE_BV	 EGPR_XSAVE_HEADER_OFFSET
#define DIRTY_BYTE	 1 /* valid in every candidate: TILECFG palette 1 too */

#define NAME(SYM, component, name) [component] = (name),
static const char *const component_names[EGPR_XSAVE_COMPONENTS] = { EGPR_STAND_INS(NAME) };

static uint64_t xgetbv0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (uint64_t)high << 32;
}

static uint32_t mxcsr(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

static void name(struct standin *s)
{
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < EGPR_XSAVE_COMPONENTS; i++) {
		if (s->chosen.rfbm & (1ULL << i))
			used += (size_t)snprintf(s->text + used, sizeof(s->text) - used, "%s%s",
						 used ? "+" : "", component_names[i]);
	}
	snprintf(s->text + used, sizeof(s->text) - used, " (%u bytes)", s->chosen.bytes);
}

void standin_choose(struct standin *s)
{
	s->chosen = egpr_stand_in_choose(&s->cpu, s->allowed);
	*s->text = '\0';
	if (s->chosen.rfbm)
		name(s);
}

void standin_probe(struct standin *s, uint32_t allowed)
{
	unsigned int eax, ebx, ecx, edx, i;

	memset(s, 0, sizeof(*s));
	s->allowed = allowed;
	/* OSXSAVE without the leaf is a table that nobody should believe. */
	if (!__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) || !(ecx & FEATURES_OSXSAVE) ||
	    __get_cpuid_max(0, NULL) < EGPR_XSAVE_LEAF)
		return;
	s->cpu.xcr0 = xgetbv0();
	s->has = EGPR_NEEDS_XSAVE;
	__cpuid_count(EGPR_XSAVE_LEAF, 1, eax, ebx, ecx, edx);
	s->has |= eax & XSAVE_OPT ? EGPR_NEEDS_XSAVEOPT : 0;
	s->has |= eax & XSAVE_C ? EGPR_NEEDS_XSAVEC : 0;
	s->has |= eax & XSAVE_S ? EGPR_NEEDS_XSAVES : 0;
	if (__get_cpuid_count(LEAF_EXTENDED, 1, &eax, &ebx, &ecx, &edx))
		s->apx = (edx & EXTENDED_APX_F) && (s->cpu.xcr0 & (1ULL << EGPR_XFEATURE));
	for (i = FIRST_EXTENDED; i < EGPR_XSAVE_COMPONENTS; i++) {
		struct egpr_xsave_component *c = &s->cpu.component[i];

		__cpuid_count(EGPR_XSAVE_LEAF, i, c->bytes, c->offset, c->flags, edx);
	}
	standin_choose(s);
}

/*
 * A component is made used by giving it bytes that differ from its initial ones. The
 * area is in the standard format until a compacting strategy writes it.
 */
static void dirty_area(struct egpr_switch *sw, const struct standin *s)
{
	unsigned int i;

	for (i = FIRST_EXTENDED; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *c = &s->cpu.component[i];

		if ((sw->rfbm & (1ULL << i)) && c->bytes &&
		    c->offset + c->bytes <= sizeof(sw->xsave))
			sw->xsave[c->offset] = DIRTY_BYTE;
	}
	memcpy(sw->xsave + XSTATE_BV, &sw->rfbm, sizeof(sw->rfbm));
}

void standin_context(struct egpr_switch *sw, const struct standin *s, enum egpr_form form,
		     enum egpr_guest_state state)
{
	unsigned int i;

	memset(sw, 0, sizeof(*sw));
	sw->access = EGPR_SWITCH_ACCESS;
	sw->xcr0_host = s->cpu.xcr0;
	sw->xcr0_guest = s->cpu.xcr0;
	sw->rfbm = form == EGPR_FORM_PROXY ? s->chosen.rfbm : 1ULL << EGPR_XFEATURE;
	standin_sync(sw);
	if (state == EGPR_STATE_OFF) {
		sw->xcr0_guest &= ~(1ULL << EGPR_XFEATURE);
		return;
	}
	sw->flags = EGPR_SWITCH_GUEST_APX;
	if (state != EGPR_STATE_DIRTY)
		return;
	for (i = 0; i < EGPR_COUNT; i++)
		sw->regs[i] = 0x1111111111111111ULL * (i % 15 + 1);
	if (s->cpu.xcr0)
		dirty_area(sw, s);
}

void standin_sync(struct egpr_switch *sw)
{
	egpr_stand_in_mxcsr(sw, mxcsr());
}

void standin_force(struct egpr_switch *sw)
{
	if (!sw->xcr0_host || !sw->rfbm || !(sw->flags & EGPR_SWITCH_GUEST_APX))
		return;
	standin_sync(sw);
	__asm__ volatile("xrstor64 %0"
			 :
			 : "m"(*(const uint8_t(*)[EGPR_XSAVE_AREA_BYTES])sw->xsave),
			   "a"((uint32_t)sw->rfbm), "d"((uint32_t)(sw->rfbm >> 32))
			 : "memory");
}
