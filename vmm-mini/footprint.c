// SPDX-License-Identifier: GPL-2.0-only
/*
 * Footprints: sizes, and whether a working set has the latency of its level.
 */
#include <string.h>

#include "footprint.h"
#include "internal.h"

#define LARGE_PAGE     (2u << 20)
#define CLEARLY	       1.3	 /* levels of one CPU differ by a factor of 2.5 and more */
#define LINES_MEASURED (1 << 14) /* at least, per reading: a stamp's cost is spread over them */
#define LINES_OF_DRAM \
	(1 << 16)  /* of a set that no cache holds, one reading's; a part says as much */
#define READINGS 5 /* of which the fastest counts: what is slower met something else */

const char *const vmm_footprint_names[VMM_NR_FOOTPRINTS] = {
	[VMM_FOOTPRINT_0] = "0",     [VMM_FOOTPRINT_L1] = "l1",	    [VMM_FOOTPRINT_L2] = "l2",
	[VMM_FOOTPRINT_LLC] = "llc", [VMM_FOOTPRINT_DRAM] = "dram",
};

static size_t whole_lines(size_t bytes)
{
	return bytes - bytes % EGPR_GUEST_LINE;
}

static size_t last_level(const struct vmm_caches *c)
{
	return c->llc ? c->llc : c->l2;
}

static size_t size_of(const struct vmm_caches *c, enum vmm_footprint f, enum vmm_walk_kind kind)
{
	size_t bytes;

	switch (f) {
	case VMM_FOOTPRINT_L1:
		return whole_lines((kind == VMM_WALK_CODE ? c->l1i : c->l1d) / 4 * 3);
	case VMM_FOOTPRINT_L2:
		return whole_lines(c->l2 / 4 * 3);
	case VMM_FOOTPRINT_LLC:
		bytes = c->l2 * 2 < c->llc / 4 * 3 ? c->l2 * 2 : c->llc / 4 * 3;
		break;
	case VMM_FOOTPRINT_DRAM:
		bytes = last_level(c) * 4;
		break;
	default:
		return 0;
	}
	return whole_lines(bytes < VMM_WALK_MAX ? bytes : VMM_WALK_MAX);
}

int vmm_footprint_walk(struct vmm_walk *w, const struct vmm_caches *c, enum vmm_footprint f,
		       enum vmm_walk_kind kind, uint64_t seed, struct vmm_error *e)
{
	size_t cold = whole_lines(last_level(c) / 4 * 5);

	memset(w, 0, sizeof(*w));
	if (f == VMM_FOOTPRINT_0 || kind == VMM_WALK_NONE)
		return 0;
	w->kind = kind;
	w->seed = seed;
	w->bytes = size_of(c, f, kind);
	if (!w->bytes)
		return vmm_fail(e, EGPR_SKIPPED, "footprint", NULL,
				"this CPU shows no cache behind L2, so there is no footprint %s",
				vmm_footprint_names[f]);
	if (kind == VMM_WALK_RANDOM)
		cold = whole_lines(c->l2 * 2);
	if (f == VMM_FOOTPRINT_DRAM && kind != VMM_WALK_CODE && cold < w->bytes)
		w->per_walk = cold;
	return 0;
}

/* The levels beside @f that exist; @f itself at an end. */
static enum vmm_footprint below(const struct vmm_caches *c, enum vmm_footprint f)
{
	if (f == VMM_FOOTPRINT_DRAM && !c->llc)
		return VMM_FOOTPRINT_L2;
	return f > VMM_FOOTPRINT_L1 ? f - 1 : f;
}

static enum vmm_footprint above(const struct vmm_caches *c, enum vmm_footprint f)
{
	if (f == VMM_FOOTPRINT_L2 && !c->llc)
		return VMM_FOOTPRINT_DRAM;
	return f < VMM_FOOTPRINT_DRAM ? f + 1 : f;
}

size_t vmm_footprint_room(const struct vmm_caches *c, enum vmm_footprint f, enum vmm_walk_kind kind)
{
	size_t bytes;

	if (f == VMM_FOOTPRINT_0 || kind == VMM_WALK_NONE)
		return 0;
	bytes = size_of(c, above(c, f), kind);
	return (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
}

static int walk_alone(struct vmm *vm, uint32_t walks, double *ticks, struct vmm_error *e)
{
	struct vmm_batch b = { .exits = walks, .no_exit = true };
	int ret = vmm_batch(vm, &b, e);

	*ticks = !ret && b.walked ? (double)b.walk_cycles / (double)b.walked : 0;
	return ret;
}

/* Random sets are in their cache after one walk; what no cache holds has none to be in. */
static int measure_level(struct vmm *vm, const struct vmm_caches *c, enum vmm_footprint f,
			 enum vmm_walk_kind kind, uint64_t seed, double *ticks, struct vmm_error *e)
{
	struct vmm_walk w;
	uint64_t lines;
	unsigned int i;
	uint32_t walks;
	double one;
	int ret;

	ret = vmm_footprint_walk(&w, c, f, kind == VMM_WALK_CODE ? kind : VMM_WALK_RANDOM, seed, e);
	if (ret)
		return ret;
	if (f == VMM_FOOTPRINT_DRAM && kind != VMM_WALK_CODE)
		w.per_walk = (size_t)LINES_OF_DRAM * EGPR_GUEST_LINE;
	if (w.per_walk > w.bytes)
		w.per_walk = 0;
	lines = (w.per_walk ? w.per_walk : w.bytes) / EGPR_GUEST_LINE;
	walks = (uint32_t)(LINES_MEASURED / (lines + 1)) + 1;
	ret = vmm_walk_set(vm, &w, e);
	if (!ret)
		ret = walk_alone(vm, 1, &one, e);
	*ticks = 0;
	for (i = 0; !ret && i < READINGS; i++) {
		ret = walk_alone(vm, walks, &one, e);
		if (!ret && (!i || one < *ticks))
			*ticks = one;
	}
	return ret;
}

int vmm_footprint_measure(struct vmm *vm, const struct vmm_caches *c, enum vmm_footprint f,
			  enum vmm_walk_kind kind, uint64_t seed, struct vmm_ladder *l,
			  struct vmm_error *e)
{
	const struct vmm_walk nothing = { .kind = VMM_WALK_NONE };
	enum vmm_footprint level, last = above(c, f);
	struct vmm_error ignored;
	int ret = 0;

	memset(l, 0, sizeof(*l));
	if (f == VMM_FOOTPRINT_0)
		return 0;
	for (level = below(c, f); !ret && level <= last; level++) {
		if (size_of(c, level, kind))
			ret = measure_level(vm, c, level, kind, seed, &l->ticks[level], e);
	}
	vmm_walk_set(vm, &nothing, &ignored);
	return ret;
}

int vmm_footprint_confirm(const struct vmm_ladder *l, enum vmm_footprint f, struct vmm_error *e)
{
	enum vmm_footprint other;

	for (other = VMM_FOOTPRINT_L1; other < VMM_NR_FOOTPRINTS; other++) {
		double low = l->ticks[other < f ? other : f],
		       high = l->ticks[other < f ? f : other];

		if (other == f || !(l->ticks[other] > 0) || high >= CLEARLY * low)
			continue;
		return vmm_fail(
			e, EGPR_SKIPPED, "footprint", NULL,
			"not confirmed: a line of %s costs %.1f TSC ticks and one of %s %.1f "
			"when the guest walks them by chance, which are not %g times apart",
			vmm_footprint_names[f], l->ticks[f], vmm_footprint_names[other],
			l->ticks[other], CLEARLY);
	}
	if (f == VMM_FOOTPRINT_0 || l->ticks[f] > 0)
		return 0;
	return vmm_fail(e, EGPR_SKIPPED, "footprint", NULL, "not confirmed: nothing was measured");
}
