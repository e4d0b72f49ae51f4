// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer prim: the sequences alone, in user mode, in a timed loop of asm/batch.S or asm/apart.S.
 *
 * No guest takes part. The context says what stands around the halves instead. In `packed` one round is
 * an LFENCE, the exit half, the entry half, and a half hides behind the other and behind the
 * calls. In all others each half stands alone; what its data, its code or its branches are when it
 * starts is what a preparation made them (prepare.h).
 */
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "layout.h"
#include "levels.h"
#include "made.h"
#include "rounds.h"

/*
 * struct prim - a cell of this layer
 * @prepare: NULL where the context has none
 * @overhead: TSC ticks that a batch of one round has beside the round; 0 where halves are
 *	stamped, for there the baseline has it too
 * @each: where halves are told one by one: their ticks, ...
 * @scratch: ... half as many to sort, ...
 * @room: ... and for how many rounds there is room
 */
struct prim {
	const struct cell *cell;
	struct layer_contexts *contexts;
	struct layout *layout;
	struct prepare *prepare;
	uint64_t overhead;
	uint64_t *each;
	double *scratch;
	uint32_t room;
};

#define OVERHEAD_ROUNDS 201

static int prim_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	*host = NULL;
	if (env->provenance == EGPR_PROV_HW && !env->standin.apx)
		return data_fail(e, EGPR_SKIPPED,
				 "provenance hw needs a CPU with APX and XCR0[%d] set; this one "
				 "has XCR0 0x%llx",
				 EGPR_XFEATURE, (unsigned long long)env->standin.cpu.xcr0);
	return 0;
}

static int prim_check_cell(struct cell *c, struct data_error *e)
{
	enum egpr_context context = cell_context_row(c);
	const char *why = NULL;

	c->path = EGPR_PATH_NONE;
	strcpy(c->backend, "none");
	c->representative = true;
	if (made_of(c)->level)
		why = levels_refuse(levels_here(), context);
	/* Other lines of the same sets are pushed out as well: none of the code's. */
	if (made_of(c)->level == PREPARE_L2 || made_of(c)->level == PREPARE_LLC)
		c->places = 1;
	return why ? data_fail(e, EGPR_SKIPPED, "context %s: %s", cell_context(c)->id, why) : 0;
}

static int prim_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	enum layout_shape shape = made_of(c)->shape;

	if ((shape == LAYOUT_USE_FREE || shape == LAYOUT_USE_LAST) &&
	    arm->strategy->family == EGPR_FAMILY_XSAVE && c->env->form == EGPR_FORM_PROXY)
		return data_fail(e, EGPR_SKIPPED,
				 "what stands in for r16..r31 is no general-purpose register "
				 "here, so no chain can begin with it");
	if (cell_context(c)->timed == EGPR_TIMED_FETCH &&
	    arm->strategy->family == EGPR_FAMILY_DELAY)
		return data_fail(e, EGPR_SKIPPED,
				 "code arrives later here than a delay in it ends, so that none "
				 "can be found");
	return layer_check_strategy(c->env, c->state, arm, false, e);
}

/* Bytes that the loops push before a half's return address, and that address. */
static unsigned int below_stack(enum layout_shape shape)
{
	return (shape == LAYOUT_PACKED ? 8 : 10) * sizeof(uint64_t);
}

/*
 * The data at the batch's place: so many lines from the one that the calls of the halves write, whose
 * address modulo a page is all that a store buffer compares at first.
 */
static void place_data(const struct prim *p, unsigned int place, uintptr_t stack)
{
	enum layout_shape shape = made_of(p->cell)->shape;
	unsigned int offset = LAYER_PLACE;

	if (place)
		offset = (unsigned int)(((stack - below_stack(shape)) & ~(LAYOUT_LINE - 1ul)) +
					layer_place_offset(p->cell, place)) %
			 LAYER_PAGE;
	layer_contexts_move(p->contexts, offset);
}

static __attribute__((noinline)) struct layout_timed
timed(const struct prim *p, const struct layer_batch *b, uint64_t rounds, uint64_t *exit_cycles)
{
	const struct layout_site *site = layout_site(p->layout, b->arm, b->layout);
	struct egpr_halves halves = { .prepare = prepare_half, .arg = p->prepare };
	struct egpr_switch *sw;
	struct layout_timed t;
	uint64_t exits;
	size_t ahead;
	uintptr_t stack;

	/* No argument of the loop goes over the stack: so it stands where it will at the call. */
	__asm__ volatile("mov %%rsp, %0" : "=r"(stack));
	place_data(p, b->place, stack);
	sw = layer_context(p->contexts, b->arm);
	standin_force(sw);
	if (made_of(p->cell)->shape == LAYOUT_PACKED)
		return site->loop(sw, site->seq.exit, site->seq.entry, rounds);
	halves.each = (__u64 *)p->each;
	if (p->prepare) {
		prepare_data(p->prepare, sw, &p->cell->env->standin);
		prepare_code(p->prepare, site);
	}
	ahead = p->prepare ? ROUNDS_AHEAD : 0;
	t = site->halves(sw, site->seq.exit, site->seq.entry, rounds + ahead, &halves);
	exits = halves.exit;
	if (p->each && t.rounds == rounds + ahead) {
		t.rounds = rounds;
		t.cycles = rounds_sum_up(p->each + 2 * ahead, (uint32_t)rounds, p->scratch, &exits);
	}
	*exit_cycles += exits;
	return t;
}

/* Two batches of one round cost what one of two rounds does, but for one pair of stamps. */
static uint64_t find_overhead(const struct prim *p)
{
	double one[OVERHEAD_ROUNDS], two[OVERHEAD_ROUNDS], d;
	const struct layer_batch b = { .arm = 0 };
	uint64_t exits = 0;
	unsigned int i;

	for (i = 0; i < OVERHEAD_ROUNDS; i++) {
		one[i] = (double)timed(p, &b, 1, &exits).cycles;
		two[i] = (double)timed(p, &b, 2, &exits).cycles;
	}
	stats_sort(one, OVERHEAD_ROUNDS);
	stats_sort(two, OVERHEAD_ROUNDS);
	d = 2 * stats_quantile(one, OVERHEAD_ROUNDS, 0.5) -
	    stats_quantile(two, OVERHEAD_ROUNDS, 0.5);
	return d > 0 ? (uint64_t)d : 0;
}

static void prim_close(void *run)
{
	struct prim *p = run;

	if (!p)
		return;
	layout_close(p->layout);
	prepare_close(p->prepare);
	free(p->each);
	free(p->scratch);
	free(p->contexts);
	free(p);
}

static int prim_open(const struct cell *c, void **run, struct data_error *e)
{
	struct prim *p = calloc(1, sizeof(*p));
	int status = EGPR_UNAVAILABLE;

	if (!p)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	p->cell = c;
	p->contexts = layer_contexts_open(c);
	if (!p->contexts) {
		status = data_fail(e, EGPR_INTERNAL, "out of memory");
		goto out_close;
	}
	if (made_of(c)->level) {
		p->prepare = prepare_open(made_of(c)->level, &status, e);
		if (!p->prepare)
			goto out_close;
	}
	p->layout = layout_open_shape(c->arms, c->nr_arms, c->env->form, c->state != EGPR_STATE_OFF,
				      c->offsets, made_of(c)->shape, e);
	if (!p->layout) {
		status = EGPR_UNAVAILABLE;
		goto out_close;
	}
	*run = p;
	return 0;
out_close:
	prim_close(p);
	return status;
}

static int prim_begin(void *run, struct data_error *e)
{
	struct prim *p = run;

	(void)e;
	if (cell_context(p->cell)->timed == EGPR_TIMED_BATCH)
		p->overhead = find_overhead(p);
	return 0;
}

/* Room for the halves of a batch, where they are told one by one. Return: 0 or EGPR_INTERNAL. */
static int reserve_rounds(struct prim *p, uint32_t rounds, struct data_error *e)
{
	if (!layout_tells(made_of(p->cell)->shape) || rounds <= p->room)
		return 0;
	free(p->each);
	free(p->scratch);
	p->each = calloc(2 * ((size_t)rounds + ROUNDS_AHEAD), sizeof(*p->each));
	p->scratch = calloc(rounds, sizeof(*p->scratch));
	p->room = p->each && p->scratch ? rounds : 0;
	return p->room ? 0 : data_fail(e, EGPR_INTERNAL, "out of memory");
}

static int prim_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	struct prim *p = run;
	int ret = reserve_rounds(p, b->exits, e);
	struct layout_timed t;
	uint64_t exits = 0;
	uint32_t i;

	if (ret)
		return ret;
	if (!b->stamps || p->each) {
		const size_t first = p->prepare ? 2 * ROUNDS_AHEAD : 0;

		t = timed(p, b, b->exits, &exits);
		for (i = 0; b->stamps && i < b->exits; i++)
			b->stamps[i] =
				p->each[first + 2 * (size_t)i] + p->each[first + 2 * (size_t)i + 1];
		b->cycles = t.cycles;
		b->done = t.rounds;
	} else {
		b->cycles = b->done = 0;
		for (i = 0; i < b->exits; i++) {
			t = timed(p, b, 1, &exits);
			b->stamps[i] = t.cycles > p->overhead ? t.cycles - p->overhead : 0;
			b->cycles += b->stamps[i];
			b->done += t.rounds;
		}
	}
	b->exit_cycles = exits;
	if (b->done != b->exits)
		return data_fail(e, EGPR_DATA,
				 "the timed loop counted %llu rounds where %u were asked for",
				 (unsigned long long)b->done, b->exits);
	return 0;
}

static void prim_locate(void *run, const struct layer_batch *b, uintptr_t ip, char *text,
			size_t size)
{
	const struct prim *p = run;

	layout_locate(layout_site(p->layout, b->arm, b->layout), ip, text, size);
}

static bool prim_image(void *run, unsigned int arm, unsigned int layout, struct layer_image *i)
{
	struct prim *p = run;

	i->memory = layout_memory(p->layout, &i->bytes);
	i->site = layout_site(p->layout, arm, layout);
	i->sw = layer_context(p->contexts, arm);
	i->loop = true;
	i->shape = made_of(p->cell)->shape;
	return true;
}

const struct layer_ops layer_prim_ops = {
	.layer = EGPR_LAYER_PRIM,
	.guest = false,
	.moves_data = true,
	.probe = prim_probe,
	.check_cell = prim_check_cell,
	.check_arm = prim_check_arm,
	.open = prim_open,
	.begin = prim_begin,
	.batch = prim_batch,
	.locate = prim_locate,
	.image = prim_image,
	.close = prim_close,
};
