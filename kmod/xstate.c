// SPDX-License-Identifier: GPL-2.0-only
/*
 * XSAVE and XRSTOR of one component in ring 0, by XINUSE and IA32_XFD. See include/egpr/xstate.h.
 *
 * The FPU is the kernel's own meanwhile and interrupts are off. IA32_XFD is what it was before the
 * ioctl returns, and the component is initial, so that nothing of ours is left in it.
 */
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/fpu/api.h>
#include <asm/processor.h>
#ifdef EGPR_HAVE_CPUID_API
#include <asm/cpuid/api.h> /* processor.h had it once */
#endif

#include "egpr_switch.h"

#define TILEDATA     18
#define ALLOWED	     (BIT(2) | BIT(6) | BIT(7) | BIT(TILEDATA))
#define XFD_MSR	     0x1c4  /* IA32_XFD, SDM vol. 4 */
#define XFD_THERE    BIT(4) /* CPUID(0xD,1).EAX */
#define CAN_DISARM   BIT(2) /* CPUID(0xD,n).ECX */
#define X87_SSE	     3
#define AREA_ALIGN   64
#define STATE_WORD   64 /* XSTATE_BV: 64-bit word of the area */
#define XCOMP_WORD   65
#define AREA_PATTERN 0x5a

/* What is saved to, and restored from: initial, in use. */
struct areas {
	u64 *save;
	u64 *from[2];
};

#define XINSN(name, insn)                                                        \
	static __always_inline void name(u64 *area, u64 rfbm)                    \
	{                                                                        \
		asm volatile(insn " (%0)"                                        \
			     :                                                   \
			     : "r"(area), "a"((u32)rfbm), "d"((u32)(rfbm >> 32)) \
			     : "memory");                                        \
	}
XINSN(xsave, "xsave64")
XINSN(xsaveopt, "xsaveopt64")
XINSN(xsavec, "xsavec64")
XINSN(xsaves, "xsaves64")
XINSN(xrstor, "xrstor64")

/* Under the names of the kernel's own, which change. */
static u64 xfd(void)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(XFD_MSR));
	return lo | (u64)hi << 32;
}

static void set_xfd(u64 value)
{
	asm volatile("wrmsr" : : "c"(XFD_MSR), "a"((u32)value), "d"((u32)(value >> 32)));
}

static __always_inline u64 stamp(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (u64)hi << 32;
}

#define TIMED(rounds, call)                                  \
	({                                                   \
		u64 t0 = stamp();                            \
		u32 n;                                       \
		for (n = (rounds); n; n--) {                 \
			asm volatile("lfence" ::: "memory"); \
			call;                                \
		}                                            \
		stamp() - t0;                                \
	})

static u64 rounds(const struct egpr_xstate *x, const struct areas *a, u64 *from, u64 rfbm)
{
	switch (x->variant) {
	case EGPR_XSTATE_XSAVE:
		return TIMED(x->rounds, xsave(a->save, rfbm));
	case EGPR_XSTATE_XSAVEOPT:
		return TIMED(x->rounds, xsaveopt(a->save, rfbm));
	case EGPR_XSTATE_XSAVEC:
		return TIMED(x->rounds, xsavec(a->save, rfbm));
	case EGPR_XSTATE_XSAVES:
		return TIMED(x->rounds, xsaves(a->save, rfbm));
	case EGPR_XSTATE_XRSTOR:
		return TIMED(x->rounds, xrstor(from, rfbm));
	}
	return 0;
}

/* Between kernel_fpu_begin() and its end. */
static void run(struct egpr_xstate *x, const struct areas *a, bool has_xfd)
{
	bool inuse = x->flags & EGPR_XSTATE_INUSE, disarmed = x->flags & EGPR_XSTATE_DISARMED;
	u64 rfbm = BIT_ULL(x->component), was = 0;
	unsigned long flags;

	local_irq_save(flags);
	if (has_xfd) {
		was = xfd();
		set_xfd(was & ~rfbm);
	}
	/* What XRSTOR of AVX takes along, and what is loaded, are this CPU's. */
	xsave(a->from[0], X87_SSE);
	a->from[0][STATE_WORD] = 0;
	a->from[0][XCOMP_WORD] = 0;
	memcpy(a->from[1], a->from[0], EGPR_XSAVE_HEADER_OFFSET);
	a->from[1][STATE_WORD] = rfbm;
	xrstor(a->from[inuse], rfbm);
	if (disarmed)
		set_xfd(was | rfbm);
	x->ticks = rounds(x, a, a->from[inuse && !disarmed], rfbm);
	if (x->variant == EGPR_XSTATE_XRSTOR)
		xsave(a->save, rfbm);
	if (has_xfd)
		set_xfd(was & ~rfbm);
	xrstor(a->from[0], rfbm);
	if (has_xfd)
		set_xfd(was);
	local_irq_restore(flags);
	x->bv = a->save[STATE_WORD];
	x->xcomp = a->save[XCOMP_WORD];
}

static enum egpr_refusal refusal(const struct egpr_xstate *x, u32 *bytes, bool *has_xfd)
{
	static const unsigned int needs[] = {
#define NEEDS(SYM, id, needs, text) needs,
		EGPR_XSTATE_VARIANTS(NEEDS)
	};
	u32 eax, size, offset, ecx, edx;

	if (!egpr_has_xsave(needs[x->variant]))
		return EGPR_REFUSED_NO_XSAVE;
	if (!(egpr_xgetbv() & BIT_ULL(x->component)))
		return EGPR_REFUSED_NO_COMPONENT;
	cpuid_count(EGPR_XSAVE_LEAF, 1, &eax, &size, &ecx, &edx);
	*has_xfd = eax & XFD_THERE;
	cpuid_count(EGPR_XSAVE_LEAF, x->component, &size, &offset, &ecx, &edx);
	*has_xfd &= !!(ecx & CAN_DISARM);
	*bytes = size + offset;
	if (!size || *bytes > EGPR_XSAVE_AREA_BYTES)
		return EGPR_REFUSED_NO_COMPONENT;
	return x->flags & EGPR_XSTATE_DISARMED && !*has_xfd ? EGPR_REFUSED_NO_XFD
							    : EGPR_REFUSED_NONE;
}

/**
 * egpr_xstate - some rounds of one instruction
 * @x: what; receives what came of it
 */
int egpr_xstate(struct egpr_xstate *x)
{
	struct areas a;
	bool has_xfd;
	u32 bytes;
	u8 *memory;

	if (x->component >= 64 || !(BIT_ULL(x->component) & ALLOWED) ||
	    x->variant >= EGPR_NR_XSTATE_VARIANTS || !x->rounds ||
	    x->rounds > EGPR_XSTATE_MAX_ROUNDS ||
	    x->flags & ~(EGPR_XSTATE_INUSE | EGPR_XSTATE_DISARMED) || x->refusal || x->ticks ||
	    x->bv || x->xcomp || x->reserved[0] || x->reserved[1])
		return -EINVAL;
	x->refusal = refusal(x, &bytes, &has_xfd);
	if (x->refusal)
		return -EOPNOTSUPP;
	bytes = ALIGN(bytes, AREA_ALIGN);
	/* Whole pages, hence aligned. */
	memory = egpr_fallible(vzalloc(3 * (size_t)PAGE_ALIGN(bytes)));
	if (!memory)
		return -ENOMEM;
	a.save = (u64 *)memory;
	a.from[0] = (u64 *)(memory + PAGE_ALIGN(bytes));
	a.from[1] = (u64 *)(memory + 2 * PAGE_ALIGN(bytes));
	memset((u8 *)a.from[1] + EGPR_XSAVE_COMPACT_OFFSET, AREA_PATTERN,
	       bytes - EGPR_XSAVE_COMPACT_OFFSET);
	kernel_fpu_begin();
	run(x, &a, has_xfd);
	kernel_fpu_end();
	vfree(memory);
	return 0;
}
