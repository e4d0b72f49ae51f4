// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing a stand-in for XSAVE component 19 and steering its state.
 *
 * Candidates are all sets of enabled extended components that belong to registers a
 * function call may lose: x87 and SSE are left out because XSAVE treats them apart,
 * PKRU because writing it changes what memory may be touched.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "standin.h"

#define LEAF_FEATURES	     1
#define FEATURES_OSXSAVE     (1u << 27) /* CPUID.1:ECX */
#define LEAF_EXTENDED	     7
#define EXTENDED_APX_F	     (1u << 21) /* CPUID.7.1:EDX */
#define LEAF_XSAVE	     0xd
#define XSAVE_OPT	     (1u << 0) /* CPUID.0xD.1:EAX */
#define XSAVE_C		     (1u << 1)
#define XSAVE_S		     (1u << 3)
#define COMPONENT_SUPERVISOR (1u << 0) /* CPUID.0xD.n:ECX */
#define FIRST_EXTENDED	     2
#define COMPONENT_PKRU	     9
#define COMPONENTS	     32
#define XSTATE_BV	     EGPR_XSAVE_HEADER_OFFSET
#define DIRTY_BYTE	     1 /* valid in every candidate: TILECFG palette 1 too */

/* Names by number (SDM volume 1, section 13.1). */
static const char *const component_names[COMPONENTS] = {
	[2] = "AVX",	  [5] = "opmask",    [6] = "ZMM_Hi256", [7] = "Hi16_ZMM",
	[17] = "TILECFG", [18] = "TILEDATA", [19] = "APX",
};

struct candidates {
	unsigned int n;
	unsigned int number[COMPONENTS];
	unsigned int bytes[COMPONENTS];
};

static uint64_t xgetbv0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (uint64_t)high << 32;
}

static void collect(struct candidates *c, uint64_t xcr0)
{
	unsigned int i, eax, ebx, ecx, edx;

	c->n = 0;
	for (i = FIRST_EXTENDED; i < COMPONENTS; i++) {
		if (!(xcr0 & (1ULL << i)) || !component_names[i] || i == COMPONENT_PKRU)
			continue;
		__cpuid_count(LEAF_XSAVE, i, eax, ebx, ecx, edx);
		if (!eax || (ecx & COMPONENT_SUPERVISOR) || ebx + eax > EGPR_XSAVE_AREA_BYTES)
			continue;
		c->number[c->n] = i;
		c->bytes[c->n++] = eax;
	}
}

static unsigned int distance(unsigned int bytes)
{
	return bytes > EGPR_BYTES ? bytes - EGPR_BYTES : EGPR_BYTES - bytes;
}

/* The nearest sum; of equals the one with fewer components. */
static void choose(struct standin *s, const struct candidates *c)
{
	unsigned int set, i, best_count = COMPONENTS;

	for (set = 1; set < 1u << c->n; set++) {
		unsigned int bytes = 0, count = (unsigned int)__builtin_popcount(set);
		uint64_t mask = 0;

		for (i = 0; i < c->n; i++) {
			if (set & (1u << i)) {
				bytes += c->bytes[i];
				mask |= 1ULL << c->number[i];
			}
		}
		if (s->rfbm && (distance(bytes) > distance(s->bytes) ||
				(distance(bytes) == distance(s->bytes) && count >= best_count)))
			continue;
		s->rfbm = mask;
		s->bytes = bytes;
		best_count = count;
	}
}

static void name(struct standin *s)
{
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < COMPONENTS; i++) {
		if (s->rfbm & (1ULL << i))
			used += (size_t)snprintf(s->text + used, sizeof(s->text) - used, "%s%s",
						 used ? "+" : "", component_names[i]);
	}
	snprintf(s->text + used, sizeof(s->text) - used, " (%u bytes)", s->bytes);
}

void standin_probe(struct standin *s)
{
	unsigned int eax, ebx, ecx, edx;
	struct candidates c;

	memset(s, 0, sizeof(*s));
	if (!__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) || !(ecx & FEATURES_OSXSAVE))
		return;
	s->xcr0 = xgetbv0();
	s->has = EGPR_NEEDS_XSAVE;
	__cpuid_count(LEAF_XSAVE, 1, eax, ebx, ecx, edx);
	s->has |= eax & XSAVE_OPT ? EGPR_NEEDS_XSAVEOPT : 0;
	s->has |= eax & XSAVE_C ? EGPR_NEEDS_XSAVEC : 0;
	s->has |= eax & XSAVE_S ? EGPR_NEEDS_XSAVES : 0;
	if (__get_cpuid_count(LEAF_EXTENDED, 1, &eax, &ebx, &ecx, &edx))
		s->apx = (edx & EXTENDED_APX_F) && (s->xcr0 & (1ULL << EGPR_XFEATURE));
	collect(&c, s->xcr0);
	choose(s, &c);
	if (s->rfbm)
		name(s);
}

/*
 * A component is made used by giving it bytes that differ from its initial ones. The
 * area is in the standard format until a compacting strategy writes it.
 */
static void dirty_area(struct egpr_switch *sw)
{
	unsigned int i, eax, ebx, ecx, edx;

	for (i = FIRST_EXTENDED; i < COMPONENTS; i++) {
		if (!(sw->rfbm & (1ULL << i)))
			continue;
		__cpuid_count(LEAF_XSAVE, i, eax, ebx, ecx, edx);
		if (!eax || ebx + eax > sizeof(sw->xsave))
			continue;
		sw->xsave[ebx] = DIRTY_BYTE;
	}
	memcpy(sw->xsave + XSTATE_BV, &sw->rfbm, sizeof(sw->rfbm));
}

void standin_context(struct egpr_switch *sw, const struct standin *s, enum egpr_form form,
		     enum egpr_guest_state state)
{
	unsigned int i;

	memset(sw, 0, sizeof(*sw));
	sw->access = EGPR_SWITCH_ACCESS;
	sw->xcr0_host = s->xcr0;
	sw->xcr0_guest = s->xcr0;
	sw->rfbm = form == EGPR_FORM_PROXY ? s->rfbm : 1ULL << EGPR_XFEATURE;
	if (state == EGPR_STATE_OFF) {
		sw->xcr0_guest &= ~(1ULL << EGPR_XFEATURE);
		return;
	}
	sw->flags = EGPR_SWITCH_GUEST_APX;
	if (state != EGPR_STATE_DIRTY)
		return;
	for (i = 0; i < EGPR_COUNT; i++)
		sw->regs[i] = 0x1111111111111111ULL * (i % 15 + 1);
	if (s->xcr0)
		dirty_area(sw);
}

void standin_force(const struct egpr_switch *sw)
{
	if (!sw->xcr0_host || !(sw->flags & EGPR_SWITCH_GUEST_APX))
		return;
	__asm__ volatile("xrstor64 %0"
			 :
			 : "m"(*(const uint8_t(*)[EGPR_XSAVE_AREA_BYTES])sw->xsave),
			   "a"((uint32_t)sw->rfbm), "d"((uint32_t)(sw->rfbm >> 32))
			 : "memory");
}
