// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group xfd: XSAVE and XRSTOR of one component, by whether it is in use and whether XFD disarms it.
 *
 * The component is TILEDATA, the only one that XFD can disarm, where this process may use it. Elsewhere
 * the largest one that user code may lose stands in: what being in use costs is seen, what XFD does is
 * not. Where the module is loaded a whole cell runs in ring 0, with XSAVES and with XFD where the CPU has
 * it. What XFD does to XSTATE_BV and to XRSTOR is proved on the emulator (tests/unit/emu-xstate.c).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <egpr/xstate.h>

#include <bench/host/clock.h>
#include <bench/layer/module.h>
#include "group.h"

#define TILEDATA       18
#define REQ_XCOMP_PERM 0x1023 /* ARCH_REQ_XCOMP_PERM */
#define AREA_ALIGN     64
#define STATE_WORD     64 /* XSTATE_BV: 64-bit word of the area */
#define XCOMP_WORD     65
#define X87_SSE	       3u

/* clang-format off */
/* X(SYM, id, text) */
#define SUBJECTS(X)									\
	X(INUSE, "inuse", "in use, not disarmed")					\
	X(INIT, "init", "initial, not disarmed")					\
	X(INIT_XFD, "init-xfd", "initial, disarmed by XFD")				\
	X(INUSE_XFD, "inuse-xfd", "in use, disarmed by XFD: stored as initial")
/* clang-format on */

#define SUBJECT_ENUM(SYM, id, text) SUBJECT_##SYM,
#define SUBJECT_ROW(SYM, id, text)  { id, text },
enum subject {
	SUBJECTS(SUBJECT_ENUM) NR_SUBJECTS
};
static const struct group_subject subjects[] = { SUBJECTS(SUBJECT_ROW) };
static const unsigned int subject_flags[] = {
	[SUBJECT_INUSE] = EGPR_XSTATE_INUSE,
	[SUBJECT_INIT_XFD] = EGPR_XSTATE_DISARMED,
	[SUBJECT_INUSE_XFD] = EGPR_XSTATE_INUSE | EGPR_XSTATE_DISARMED,
};

#define VARIANT_NEEDS(SYM, id, needs, text) needs,
#define VARIANT_ROW(SYM, id, needs, text) \
	[EGPR_XSTATE_##SYM] = { { id, text, EGPR_PATH_NONE, 0, 0 }, subjects, NR_SUBJECTS },
static const unsigned int needs[] = { EGPR_XSTATE_VARIANTS(VARIANT_NEEDS) };
static const struct group_operation operations[] = { EGPR_XSTATE_VARIANTS(VARIANT_ROW) };

/*
 * struct xfd_host - the component
 * @nr: its number; 0: there is none
 * @amx: it is TILEDATA
 * @module: the module, by which all of a cell is run in ring 0; not open: in user mode
 */
struct xfd_host {
	unsigned int nr;
	bool amx;
	struct module_session module;
};

/*
 * struct xfd - a cell of this group
 * @rfbm: the component
 * @state: areas by subject, standard format: with the component's bit, and without
 * @area: what is saved to
 */
struct xfd {
	const struct cell *cell;
	enum egpr_xstate_variant variant;
	uint64_t rfbm;
	uint64_t *state[2];
	uint64_t *area;
	uint64_t stamp_cost;
};

/* clang-format off */
#define XINSN(name, insn)								\
	static inline void name(uint64_t *area, uint64_t rfbm)				\
	{										\
		__asm__ volatile(insn " (%0)"						\
				 :							\
				 : "r"(area), "a"((uint32_t)rfbm), "d"((uint32_t)(rfbm >> 32)) \
				 : "memory");						\
	}
/* clang-format on */
XINSN(xsave, "xsave64")
XINSN(xsaveopt, "xsaveopt64")
XINSN(xsavec, "xsavec64")
XINSN(xrstor, "xrstor64")

static int xfd_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	static const unsigned int stand_ins[] = { EGPR_STAND_IN_HI16_ZMM, EGPR_STAND_IN_ZMM_HI256,
						  EGPR_STAND_IN_AVX };
	const struct egpr_xsave_cpu *cpu = &env->standin.cpu;
	struct xfd_host *h = calloc(1, sizeof(*h));
	size_t i;

	if (!h)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	if (cpu->xcr0 >> TILEDATA & 1 && !syscall(SYS_arch_prctl, REQ_XCOMP_PERM, TILEDATA)) {
		h->nr = TILEDATA;
		h->amx = true;
	}
	for (i = 0; i < sizeof(stand_ins) / sizeof(*stand_ins) && !h->nr; i++) {
		if (cpu->xcr0 >> stand_ins[i] & 1)
			h->nr = stand_ins[i];
	}
	if (h->nr) {
		if (module_open(&h->module, e))
			module_close(&h->module);
		*host = h;
		return 0;
	}
	free(h);
	return data_fail(e, EGPR_SKIPPED,
			 "XCR0 is 0x%llx: neither TILEDATA nor a component of AVX or AVX-512",
			 (unsigned long long)cpu->xcr0);
}

static bool in_ring0(const struct xfd_host *h)
{
	return h->module.fd >= 0;
}

/* One round by the module: it says what it lacks, and XSTATE_BV what the CPU keeps track of. */
static int try_ring0(const struct cell *c, unsigned int flags, struct data_error *e)
{
	const struct xfd_host *h = c->host;
	struct module_session m = h->module;
	struct egpr_xstate x = {
		.component = h->nr,
		.variant = (uint32_t)(group_operation(c) - operations),
		.flags = flags,
		.rounds = 1,
	};
	int ret = module_xstate(&m, &x, e);

	if (!ret && x.bv)
		return data_fail(e, EGPR_SKIPPED,
				 "%s leaves XSTATE_BV 0x%llx for a component that is initial or "
				 "disarmed",
				 c->kind->id, (unsigned long long)x.bv);
	return ret;
}

static int xfd_check_cell(struct cell *c, struct data_error *e)
{
	unsigned int need = needs[group_operation(c) - operations];
	const struct xfd_host *h = c->host;

	group_check_cell(c, e);
	if (in_ring0(h))
		return try_ring0(c, 0, e);
	if (need & EGPR_NEEDS_CPL0)
		return data_fail(e, EGPR_SKIPPED,
				 "%s is privileged (CPL 0): it runs where egpr_switch is loaded",
				 c->kind->id);
	if (need & ~c->env->standin.has)
		return data_fail(e, EGPR_SKIPPED, "this CPU or its kernel lacks %s", c->kind->id);
	return 0;
}

static int xfd_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	const struct xfd_host *h = c->host;

	if (group_subject(arm) < SUBJECT_INIT_XFD)
		return 0;
	if (in_ring0(h))
		return try_ring0(c, subject_flags[group_subject(arm)], e);
	if (!h->amx)
		return data_fail(e, EGPR_SKIPPED,
				 "XFD cannot disarm component %u (CPUID(0xD,%u).ECX[2] is clear) "
				 "and this process has no TILEDATA; a CPU with AMX is needed",
				 h->nr, h->nr);
	return data_fail(e, EGPR_SKIPPED,
			 "IA32_XFD is written in ring 0 only, and the kernel arms TILEDATA for a "
			 "thread once and for all at its first use; load egpr_switch");
}

static void xfd_close(void *run)
{
	struct xfd *x = run;

	free(x->state[0]);
	free(x->state[1]);
	free(x->area);
	free(x);
}

/* Initial or in use, as XRSTOR makes it; nothing in between may touch vector registers. */
static inline void arrange(const struct xfd *x, unsigned int arm)
{
	xrstor(x->state[group_subject(&x->cell->arms[arm]) == SUBJECT_INUSE], x->rfbm);
}

/* Does this CPU tell the two apart at all? */
static int check_tracking(struct xfd *x, struct data_error *e)
{
	unsigned int inuse;
	uint64_t bv;

	for (inuse = 0; inuse < 2; inuse++) {
		xrstor(x->state[inuse], x->rfbm);
		xsave(x->area, x->rfbm);
		bv = x->area[STATE_WORD] & x->rfbm;
		if (!bv == !inuse)
			continue;
		return data_fail(e, EGPR_SKIPPED,
				 "XSAVE stores XSTATE_BV 0x%llx for a component that is %s",
				 (unsigned long long)bv, inuse ? "in use" : "initial");
	}
	return 0;
}

static int xfd_open(const struct cell *c, void **run, struct data_error *e)
{
	const struct xfd_host *h = c->host;
	const struct egpr_xsave_cpu *cpu = &c->env->standin.cpu;
	size_t bytes = cpu->component[h->nr].offset + cpu->component[h->nr].bytes, i;
	struct xfd *x = calloc(1, sizeof(*x));
	int ret;

	if (!x)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	x->cell = c;
	x->variant = (enum egpr_xstate_variant)(group_operation(c) - operations);
	x->rfbm = 1ull << h->nr;
	bytes = (bytes + AREA_ALIGN - 1) / AREA_ALIGN * AREA_ALIGN;
	x->area = aligned_alloc(AREA_ALIGN, bytes);
	for (i = 0; i < 2; i++)
		x->state[i] = aligned_alloc(AREA_ALIGN, bytes);
	if (!x->area || !x->state[0] || !x->state[1]) {
		xfd_close(x);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	memset(x->area, 0, bytes);
	for (i = 0; i < 2; i++) {
		memset(x->state[i], 0, bytes);
		/* MXCSR as it is: XRSTOR of AVX loads it. */
		xsave(x->state[i], X87_SSE);
		memset((char *)x->state[i] + cpu->component[h->nr].offset, 0x5a,
		       cpu->component[h->nr].bytes);
		x->state[i][STATE_WORD] = i ? x->rfbm : 0;
		x->state[i][XCOMP_WORD] = 0;
	}
	ret = in_ring0(h) ? 0 : check_tracking(x, e);
	if (ret) {
		xfd_close(x);
		return ret;
	}
	*run = x;
	return 0;
}

static int xfd_begin(void *run, struct data_error *e)
{
	struct xfd *x = run;

	(void)e;
	x->stamp_cost = group_stamp_cost();
	return 0;
}

static inline void once(const struct xfd *x, const uint64_t *from)
{
	switch (x->variant) {
	case EGPR_XSTATE_XSAVE:
		xsave(x->area, x->rfbm);
		break;
	case EGPR_XSTATE_XSAVEOPT:
		xsaveopt(x->area, x->rfbm);
		break;
	case EGPR_XSTATE_XSAVEC:
		xsavec(x->area, x->rfbm);
		break;
	case EGPR_XSTATE_XRSTOR:
		xrstor((uint64_t *)from, x->rfbm);
		break;
	case EGPR_XSTATE_XSAVES:
	case EGPR_NR_XSTATE_VARIANTS:
		break;
	}
}

/* Rounds in the module, @rounds at a time. */
static int ring0_batch(const struct xfd *x, struct layer_batch *b, struct data_error *e)
{
	const struct xfd_host *h = x->cell->host;
	struct module_session m = h->module;
	uint32_t i, n;
	int ret;

	b->cycles = 0;
	for (i = 0; i < b->exits; i += n) {
		struct egpr_xstate r = {
			.component = h->nr,
			.variant = x->variant,
			.flags = subject_flags[group_subject(&x->cell->arms[b->arm])],
		};

		n = b->exits - i < EGPR_XSTATE_MAX_ROUNDS ? b->exits - i : EGPR_XSTATE_MAX_ROUNDS;
		if (b->stamps)
			n = 1;
		r.rounds = n;
		ret = module_xstate(&m, &r, e);
		if (ret)
			return ret;
		if (b->stamps)
			b->stamps[i] = r.ticks > x->stamp_cost ? r.ticks - x->stamp_cost : 0;
		b->cycles += b->stamps ? b->stamps[i] : r.ticks;
	}
	b->done = b->exits;
	return 0;
}

static int xfd_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	struct xfd *x = run;
	const uint64_t *from = x->state[group_subject(&x->cell->arms[b->arm]) == SUBJECT_INUSE];
	uint64_t start, before, ticks;
	uint32_t i;

	if (in_ring0(x->cell->host))
		return ring0_batch(x, b, e);
	/* XSAVE looks at the whole header, of which XSAVEC has left a compacted one. */
	x->area[STATE_WORD] = x->area[XCOMP_WORD] = 0;
	arrange(x, b->arm);
	start = clock_tsc();
	for (i = 0; i < b->exits && !b->stamps; i++) {
		__asm__ volatile("lfence" : : : "memory");
		once(x, from);
	}
	b->cycles = clock_tsc() - start;
	if (b->stamps)
		b->cycles = 0;
	for (i = 0; i < b->exits && b->stamps; i++) {
		before = clock_tsc();
		once(x, from);
		ticks = clock_tsc() - before;
		b->stamps[i] = ticks > x->stamp_cost ? ticks - x->stamp_cost : 0;
		b->cycles += b->stamps[i];
	}
	b->done = b->exits;
	return 0;
}

static void xfd_release(void *host)
{
	struct xfd_host *h = host;

	module_close(&h->module);
	free(h);
}

const struct group_ops group_xfd_ops = {
	.layer = {
		.layer = EGPR_LAYER_XFD,
		.probe = xfd_probe,
		.check_cell = xfd_check_cell,
		.check_arm = xfd_check_arm,
		.open = xfd_open,
		.begin = xfd_begin,
		.batch = xfd_batch,
		.close = xfd_close,
		.release = xfd_release,
	},
	.operations = operations,
	.nr_operations = EGPR_NR_XSTATE_VARIANTS,
};
