// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer kvm with a guest that walks between its exits: batches whose exits took the path of the row,
 * with a strategy at each of them, and whose walks were counted line by line.
 *
 * What an emulator's caches cost says nothing, so the layer refuses footprints here. This test says in its
 * place that the host is one that counts; levels are given, and no time is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/layer/footprint.h>
#include <bench/layer/layer.h>
#include "tap.h"

#define EXITS 16

static const enum egpr_context contexts[] = {
	EGPR_CONTEXT_FP_0,
	EGPR_CONTEXT_FP_L1,
	EGPR_CONTEXT_FP_L2,
	EGPR_CONTEXT_FP_CODE,
};
static const char *const kinds[] = { "cpuid", "pio-out", "wrmsr-tsc-deadline", "rdmsr" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* As a resumed run has them: what is restored is not measured. */
static void give_levels(void)
{
	cJSON *a = cJSON_Parse(
		"[{\"level\":\"l1\",\"cpl\":0,\"code\":false,\"ticks\":[0,4,14,50,300]},"
		"{\"level\":\"l2\",\"cpl\":0,\"code\":false,\"ticks\":[0,4,14,50,300]},"
		"{\"level\":\"l2\",\"cpl\":0,\"code\":true,\"ticks\":[0,4,14,50,300]}]");

	footprint_restore(a);
	cJSON_Delete(a);
}

static void one_cell(const struct layer_ops *ops, struct cell *c, const char *kind)
{
	const char *context = cell_context(c)->id;
	uint64_t stamps[EXITS], sum;
	struct data_error e = { 0 };
	unsigned int arm, i;
	void *run;
	int ret;

	ret = ops->check_cell(c, &e);
	if (ret == EGPR_SKIPPED && !footprint_walks(c)) {
		tap_skip(e.text, "%s, %s", kind, context);
		return;
	}
	if (!tap_ok(!ret, "%s, %s: can run", kind, context)) {
		tap_note("%s", e.text);
		return;
	}
	ret = ops->open(c, &run, &e);
	if (!tap_ok(!ret, "%s, %s: opens", kind, context)) {
		tap_note("%s", e.text);
		return;
	}
	for (arm = 0; arm < c->nr_arms && !ret; arm++) {
		struct layer_batch b = { .arm = arm, .exits = EXITS, .stamps = stamps };

		do
			ret = ops->batch(run, &b, &e);
		while (ret == LAYER_ASTRAY);
		for (sum = 0, i = 0; i < EXITS; i++)
			sum += stamps[i];
		if (!tap_ok(!ret && b.done == EXITS, "%s, %s, %s: %u exits", kind, context,
			    c->arms[arm].id, EXITS))
			tap_note("%s", e.text);
		else if (footprint_walks(c))
			tap_ok(sum == b.cycles, "%s, %s, %s: its time is that of the exits", kind,
			       context, c->arms[arm].id);
	}
	ops->close(run);
}

static void add_arm(struct cell *c, const char *id)
{
	struct plan_arm *arm = &c->arms[c->nr_arms++];

	arm->strategy = egpr_strategy_find(id, NULL);
	strncpy(arm->id, id, sizeof(arm->id) - 1);
}

int main(void)
{
	struct layer_env env = { .provenance = EGPR_PROV_PROXY,
				 .form = EGPR_FORM_PROXY,
				 .seed = 3 };
	const struct layer_ops *ops = layer_find(EGPR_LAYER_KVM);
	struct data_error e = { 0 };
	struct vmm_host *host;
	unsigned int k, x;
	void *of_layer;

	standin_probe(&env.standin, 0);
	if (!tap_ok(!ops->probe(&env, &of_layer, &e), "layer kvm is there")) {
		tap_note("%s", e.text);
		return tap_done();
	}
	give_levels();
	host = of_layer;
	for (k = 0; k < COUNT(kinds); k++) {
		for (x = 0; x < COUNT(contexts); x++) {
			struct cell c = { .ops = ops,
					  .host = of_layer,
					  .env = &env,
					  .kind = egpr_exit_kind_find(kinds[k]),
					  .state = EGPR_STATE_DIRTY,
					  .context = &egpr_contexts[contexts[x]] };
			struct cell refused = c;

			host->representative = false;
			if (footprint_walks(&c) && k == 0)
				tap_ok(ops->check_cell(&refused, &e) == EGPR_SKIPPED,
				       "%s, %s: refused in an emulator", kinds[k],
				       cell_context(&c)->id);
			host->representative = true;
			host->emulator[0] = 0;
			add_arm(&c, "none");
			add_arm(&c, "gated-mov");
			one_cell(ops, &c, kinds[k]);
			snprintf(host->emulator, sizeof(host->emulator), "%s", "test");
		}
	}
	ops->release(of_layer);
	return tap_done();
}
