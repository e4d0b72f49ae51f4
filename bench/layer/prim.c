// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer prim: the sequences alone, in user mode, in the timed loop of asm/batch.S.
 *
 * No guest takes part. What comes out is the cost of the sequence with nothing around it
 * to hide behind: one round is an LFENCE, the exit half, the entry half.
 */
#include <stdlib.h>
#include <string.h>

#include "layer.h"
#include "layout.h"

/*
 * struct prim - a cell of this layer
 * @overhead: TSC ticks that a batch of one round has beside the round
 */
struct prim {
	const struct cell *cell;
	struct layer_contexts *contexts;
	struct layout *layout;
	uint64_t overhead;
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
	(void)e;
	c->path = EGPR_PATH_NONE;
	strcpy(c->backend, "none");
	c->representative = true;
	return 0;
}

static int prim_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	return layer_check_strategy(c->env, c->state, arm, false, e);
}

static struct layout_timed timed(const struct prim *p, unsigned int arm, unsigned int layout,
				 uint64_t rounds)
{
	const struct layout_site *site = layout_site(p->layout, arm, layout);
	struct egpr_switch *sw = layer_context(p->contexts, arm);

	standin_force(sw);
	return site->loop(sw, site->seq.exit, site->seq.entry, rounds);
}

/* Two batches of one round cost what one of two rounds does, but for one pair of stamps. */
static uint64_t find_overhead(const struct prim *p)
{
	double one[OVERHEAD_ROUNDS], two[OVERHEAD_ROUNDS], d;
	unsigned int i;

	for (i = 0; i < OVERHEAD_ROUNDS; i++) {
		one[i] = (double)timed(p, 0, 0, 1).cycles;
		two[i] = (double)timed(p, 0, 0, 2).cycles;
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
	free(p->contexts);
	free(p);
}

static int prim_open(const struct cell *c, void **run, struct data_error *e)
{
	struct prim *p = calloc(1, sizeof(*p));

	if (!p)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	p->cell = c;
	p->contexts = layer_contexts_open(c);
	if (!p->contexts) {
		prim_close(p);
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	p->layout = layout_open(c->arms, c->nr_arms, c->env->form, c->state != EGPR_STATE_OFF,
				c->offsets, e);
	if (!p->layout) {
		prim_close(p);
		return EGPR_UNAVAILABLE;
	}
	*run = p;
	return 0;
}

static int prim_begin(void *run, struct data_error *e)
{
	struct prim *p = run;

	(void)e;
	p->overhead = find_overhead(p);
	return 0;
}

static int prim_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	struct prim *p = run;
	struct layout_timed t;
	uint32_t i;

	if (!b->stamps) {
		t = timed(p, b->arm, b->layout, b->exits);
		b->cycles = t.cycles;
		b->done = t.rounds;
	} else {
		b->cycles = b->done = 0;
		for (i = 0; i < b->exits; i++) {
			t = timed(p, b->arm, b->layout, 1);
			b->stamps[i] = t.cycles > p->overhead ? t.cycles - p->overhead : 0;
			b->cycles += b->stamps[i];
			b->done += t.rounds;
		}
	}
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
	return true;
}

const struct layer_ops layer_prim_ops = {
	.layer = EGPR_LAYER_PRIM,
	.guest = false,
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
