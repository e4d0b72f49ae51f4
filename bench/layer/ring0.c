// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer ring0: the sequences alone, in the kernel, interrupts off, timed by the module.
 *
 * The module runs the same loops as layer prim (asm/batch.S, asm/apart.S), assembled for the kernel: functions
 * begin with ENDBR and return through the kernel's thunk, as they would in KVM. XSETBV and
 * XSAVES can run here. The placement is the module's own; reloading it is the higher level.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include "layer.h"
#include "module.h"

struct ring0 {
	const struct cell *cell;
	struct module_session module;
	uint64_t *samples;
	uint64_t overhead; /* TSC ticks of a sample of one round beside the round */
};

#define OVERHEAD_SAMPLES 201

static int ring0_probe(const struct layer_env *env, void **host, struct data_error *e)
{
	(void)env;
	return layer_module_probe(false, host, e);
}

static int ring0_check_cell(struct cell *c, struct data_error *e)
{
	const struct vmm_host *h = c->host;

	(void)e;
	c->path = EGPR_PATH_NONE;
	strcpy(c->backend, "none");
	c->representative = !h->emulator[0];
	c->offsets = 1;
	return 0;
}

static struct egpr_bench request(const struct cell *c, const struct plan_arm *arm, uint32_t samples,
				 uint32_t rounds, uint64_t *out)
{
	return (struct egpr_bench){
		.op = EGPR_BENCH_SWITCH,
		.strategy = (__u32)(arm->strategy - egpr_strategies),
		.form = c->env->form,
		.guest_state = c->state,
		.delay = arm->delay,
		.samples = samples,
		.rounds = rounds,
		.buffer = (uintptr_t)out,
		.reg = EGPR_FIRST,
		.no_stand_in = standin_barred(&c->env->standin),
		.context = cell_context_row(c),
	};
}

static int ring0_check_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e)
{
	struct module_session m;
	struct egpr_bench b;
	uint64_t sample;
	int ret;

	ret = layer_check_strategy(c->env, c->state, arm, true, e);
	if (ret)
		return ret;
	ret = module_open(&m, e);
	if (ret)
		return ret;
	b = request(c, arm, 1, 1, &sample);
	ret = module_bench(&m, &b, e);
	module_close(&m);
	return ret;
}

static void ring0_close(void *run)
{
	struct ring0 *r = run;

	if (!r)
		return;
	module_close(&r->module);
	free(r->samples);
	free(r);
}

/* @exits: TSC ticks of the exit halves are added to it, where the context tells halves apart */
static int timed(struct ring0 *r, unsigned int arm, uint32_t samples, uint32_t rounds,
		 uint64_t *out, uint64_t *exits, struct data_error *e)
{
	struct egpr_bench b = request(r->cell, &r->cell->arms[arm], samples, rounds, out);
	int ret = module_bench(&r->module, &b, e);

	*exits += b.exit_ticks;
	return ret;
}

/* Two rounds in one sample cost what two samples of one do, but for one pair of stamps. */
static int find_overhead(struct ring0 *r, struct data_error *e)
{
	uint64_t *one = r->samples, *two = r->samples + OVERHEAD_SAMPLES;
	double sorted[2][OVERHEAD_SAMPLES], d;
	uint64_t exits = 0;
	unsigned int i;
	int ret;

	/* Where halves are stamped the baseline has it too. */
	if (cell_context(r->cell)->timed != EGPR_TIMED_BATCH)
		return 0;
	ret = timed(r, 0, OVERHEAD_SAMPLES, 1, one, &exits, e);
	if (!ret)
		ret = timed(r, 0, OVERHEAD_SAMPLES, 2, two, &exits, e);
	if (ret)
		return ret;
	for (i = 0; i < OVERHEAD_SAMPLES; i++) {
		sorted[0][i] = (double)one[i];
		sorted[1][i] = (double)two[i];
	}
	stats_sort(sorted[0], OVERHEAD_SAMPLES);
	stats_sort(sorted[1], OVERHEAD_SAMPLES);
	d = 2 * stats_quantile(sorted[0], OVERHEAD_SAMPLES, 0.5) -
	    stats_quantile(sorted[1], OVERHEAD_SAMPLES, 0.5);
	r->overhead = d > 0 ? (uint64_t)d : 0;
	return 0;
}

static int ring0_open(const struct cell *c, void **run, struct data_error *e)
{
	struct ring0 *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	r->cell = c;
	r->module.fd = -1;
	r->samples = calloc(EGPR_BENCH_MAX_SAMPLES, sizeof(*r->samples));
	ret = r->samples ? module_open(&r->module, e)
			 : data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!ret && r->samples)
		ret = find_overhead(r, e);
	if (ret) {
		ring0_close(r);
		return ret;
	}
	*run = r;
	return 0;
}

/* Stamped: one round per sample. Else whole samples of the most rounds, and a rest. */
static int ring0_batch(void *run, struct layer_batch *b, struct data_error *e)
{
	uint32_t left = b->exits, rounds, samples, i;
	struct ring0 *r = run;
	int ret;

	b->cycles = b->exit_cycles = 0;
	b->done = b->exits;
	while (left) {
		rounds = b->stamps ? 1 : left;
		if (rounds > EGPR_BENCH_MAX_ROUNDS)
			rounds = EGPR_BENCH_MAX_ROUNDS;
		samples = left / rounds;
		if (samples > EGPR_BENCH_MAX_SAMPLES)
			samples = EGPR_BENCH_MAX_SAMPLES;
		ret = timed(r, b->arm, samples, rounds, r->samples, &b->exit_cycles, e);
		if (ret)
			return ret;
		for (i = 0; i < samples; i++) {
			if (b->stamps)
				*b->stamps++ = r->samples[i] > r->overhead
						       ? r->samples[i] - r->overhead
						       : 0;
			b->cycles += r->samples[i];
		}
		left -= samples * rounds;
	}
	return 0;
}

static struct module_session *ring0_module(void *run)
{
	struct ring0 *r = run;

	return &r->module;
}

const struct layer_ops layer_ring0_ops = {
	.layer = EGPR_LAYER_RING0,
	.guest = false,
	.probe = ring0_probe,
	.check_cell = ring0_check_cell,
	.check_arm = ring0_check_arm,
	.open = ring0_open,
	.batch = ring0_batch,
	.module = ring0_module,
	.close = ring0_close,
	.release = free,
};
