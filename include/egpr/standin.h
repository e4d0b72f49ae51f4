/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which XSAVE components stand in for component 19 in the proxy form: chosen here, once, for
 * user space and the module, so that all layers of a host time the same ones.
 *
 * The CPU comes in as data (XCR0 and leaf 0xD of CPUID), so tests can make CPUs up.
 */
#ifndef EGPR_STANDIN_H
#define EGPR_STANDIN_H

#include <linux/types.h>
#include <egpr/regs.h>
#include <egpr/switch.h>

/*
 * X(SYM, component, name): components that can stand in (SDM vol. 1, 13.1).
 *
 * Right is what a half may move without a word to its caller: registers that a function call
 * may lose. So never x87 and SSE, which XSAVE and XRSTOR treat apart; never PKRU, which changes
 * what memory may be touched; nothing that XFD can arm (TILEDATA), whose use is #NM until the
 * task asked for it; no supervisor component, whatever its number.
 *
 * AVX is the upper halves of YMM, which a call may lose, but it drags MXCSR along, which it may
 * not: XSAVE and XSAVEOPT store MXCSR, and XRSTOR in the standard form loads it, whenever RFBM has
 * SSE or AVX, whatever XSTATE_BV says. XSAVEC, XSAVES, XRSTORS and XRSTOR in the compacted form
 * look at RFBM's SSE alone (SDM vol. 1, 13.7 to 13.12; APM vol. 2, 11.5). A zero in the area would
 * unmask every exception. So AVX, the only candidate of CPUs without AVX-512, is right in all
 * forms if the area holds the MXCSR of whoever runs the half, see egpr_stand_in_mxcsr(): an exit
 * half stores it and the entry half loads the same. Layers prim, boundary and ring0 see to that.
 * At the probes of layer kvm it is not right: there the registers are the guest's, kernel code may
 * use YMM and MXCSR between the halves (kernel_fpu_begin()), and an entry half would give the
 * guest what it finds. The module refuses it there (EGPR_STAND_INS_GUESTS).
 */
/* clang-format off */
#define EGPR_STAND_INS(X)	\
	X(AVX, 2, "AVX")		\
	X(OPMASK, 5, "opmask")		\
	X(ZMM_HI256, 6, "ZMM_Hi256")	\
	X(HI16_ZMM, 7, "Hi16_ZMM")	\
	X(TILECFG, 17, "TILECFG")	\
	X(APX, 19, "APX")
/* clang-format on */

#define EGPR_STAND_IN_ENUM(SYM, component, name) EGPR_STAND_IN_##SYM = component,
enum egpr_stand_in_component {
	EGPR_STAND_INS(EGPR_STAND_IN_ENUM)
};

#define EGPR_STAND_IN_BIT(SYM, component, name) | (1u << (component))
/* Every component that can stand in: what @allowed is unless someone restricts it. */
#define EGPR_STAND_INS_ALL (0u EGPR_STAND_INS(EGPR_STAND_IN_BIT))
/* Those that can while the registers are a guest's. */
#define EGPR_STAND_INS_GUESTS (EGPR_STAND_INS_ALL & ~(1u << EGPR_STAND_IN_AVX))

#define EGPR_XSAVE_LEAF	      0xd
#define EGPR_XSAVE_COMPONENTS 32 /* numbers above name nothing that could stand in */

/* CPUID(0xD, n).ECX */
#define EGPR_XSAVE_SUPERVISOR (1u << 0) /* managed by IA32_XSS */
#define EGPR_XSAVE_ALIGNED    (1u << 1) /* on 64 bytes in the compacted format */
#define EGPR_XSAVE_XFD	      (1u << 2) /* IA32_XFD can arm it */

#define EGPR_XSAVE_MXCSR_OFFSET 24 /* SDM vol. 1, table 13-1 */
#define EGPR_MXCSR_DEFAULT	0x1f80u

/**
 * struct egpr_xsave_cpu - XSAVE as a CPU has it
 * @xcr0: XCR0; 0 without OSXSAVE
 * @component: CPUID(0xD, n) by n, from 2 on: size in EAX, offset in EBX, EGPR_XSAVE_* in ECX.
 *	All zero where CPUID has no such component
 */
struct egpr_xsave_cpu {
	__u64 xcr0;
	struct egpr_xsave_component {
		__u32 bytes;
		__u32 offset;
		__u32 flags;
	} component[EGPR_XSAVE_COMPONENTS];
};

/**
 * struct egpr_stand_in - the choice
 * @rfbm: the components, 0 for none
 * @bytes: sum of their sizes
 * @area: bytes of an XSAVE area that holds them in either format: offsets need not rise with
 *	the numbers, so it is the largest end and not that of the last
 */
struct egpr_stand_in {
	__u64 rfbm;
	__u32 bytes;
	__u32 area;
};

/* Of CPUID and XCR0 both, and fit for a stand-in. */
static inline __u32 egpr_stand_in_candidates(const struct egpr_xsave_cpu *cpu, __u32 allowed)
{
	__u32 mask = 0, i;

	for (i = 0; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *c = &cpu->component[i];

		if (!(allowed & EGPR_STAND_INS_ALL & 1u << i) || !(cpu->xcr0 & 1ULL << i))
			continue;
		if (c->bytes && !(c->flags & (EGPR_XSAVE_SUPERVISOR | EGPR_XSAVE_XFD)))
			mask |= 1u << i;
	}
	return mask;
}

/* The set @mask as a choice; without components where its area would be too large. */
static inline struct egpr_stand_in egpr_stand_in_set(const struct egpr_xsave_cpu *cpu, __u32 mask)
{
	__u32 i, compact = EGPR_XSAVE_COMPACT_OFFSET, end = EGPR_XSAVE_COMPACT_OFFSET;
	struct egpr_stand_in s = { .rfbm = mask };

	for (i = 0; i < EGPR_XSAVE_COMPONENTS; i++) {
		const struct egpr_xsave_component *c = &cpu->component[i];

		if (!(mask & 1u << i))
			continue;
		if (c->bytes > EGPR_XSAVE_AREA_BYTES || c->offset > EGPR_XSAVE_AREA_BYTES)
			return (struct egpr_stand_in){ .rfbm = 0 };
		if (c->flags & EGPR_XSAVE_ALIGNED)
			compact = (compact + 63) & ~63u;
		compact += c->bytes;
		if (c->offset + c->bytes > end)
			end = c->offset + c->bytes;
		s.bytes += c->bytes;
	}
	s.area = compact > end ? compact : end;
	if (s.area > EGPR_XSAVE_AREA_BYTES)
		s.rfbm = s.bytes = s.area = 0;
	return s;
}

static inline __u32 egpr_stand_in_distance(__u32 bytes)
{
	return bytes > EGPR_BYTES ? bytes - EGPR_BYTES : EGPR_BYTES - bytes;
}

static inline __u32 egpr_stand_in_count(__u64 rfbm)
{
	__u32 n = 0;

	for (; rfbm; rfbm &= rfbm - 1)
		n++;
	return n;
}

/**
 * egpr_stand_in_choose - choose the components
 * @cpu: the CPU
 * @allowed: components that may be taken, bit per number; EGPR_STAND_INS_ALL for all
 *
 * Return: the set whose sizes add up nearest to the 128 bytes of component 19; of equals the one
 * with fewer components, then the one with the lower numbers. None: @rfbm is 0.
 */
static inline struct egpr_stand_in egpr_stand_in_choose(const struct egpr_xsave_cpu *cpu,
							__u32 allowed)
{
	__u32 all = egpr_stand_in_candidates(cpu, allowed), mask = all;
	struct egpr_stand_in best = { .rfbm = 0 };

	/* Every subset of the candidates, from all of them down. */
	for (; mask; mask = (mask - 1) & all) {
		struct egpr_stand_in s = egpr_stand_in_set(cpu, mask);
		__u32 near = egpr_stand_in_distance(s.bytes);
		__u32 far = egpr_stand_in_distance(best.bytes);

		if (!s.rfbm)
			continue;
		if (!best.rfbm || near < far ||
		    (near == far && egpr_stand_in_count(s.rfbm) <= egpr_stand_in_count(best.rfbm)))
			best = s;
	}
	return best;
}

/**
 * egpr_stand_in_mxcsr - give the area the MXCSR that an XRSTOR of AVX will load
 * @sw: the context
 * @mxcsr: that of whoever runs the half; without meaning to any other component
 */
static inline void egpr_stand_in_mxcsr(struct egpr_switch *sw, __u32 mxcsr)
{
	__builtin_memcpy(sw->xsave + EGPR_XSAVE_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

#endif /* EGPR_STANDIN_H */
