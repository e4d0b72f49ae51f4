// SPDX-License-Identifier: GPL-2.0-only
/*
 * Footprints: which context is which working set, and whether it lies where its name says.
 */
#include <math.h>
#include <sched.h>
#include <string.h>

#include <egpr/status.h>

#include "footprint.h"
#include "layer.h"

#define TIMEOUT_S 60.0 /* of a batch: a walk takes milliseconds, on a busy host more */

struct footprint {
	enum vmm_footprint level;
	enum vmm_walk_kind kind;
};

/* The contexts that are footprints; fp-0 and those of other layers walk nothing. */
static const struct footprint footprints[EGPR_NR_CONTEXTS] = {
	[EGPR_CONTEXT_FP_L1] = { VMM_FOOTPRINT_L1, VMM_WALK_LINEAR },
	[EGPR_CONTEXT_FP_L2] = { VMM_FOOTPRINT_L2, VMM_WALK_LINEAR },
	[EGPR_CONTEXT_FP_LLC] = { VMM_FOOTPRINT_LLC, VMM_WALK_LINEAR },
	[EGPR_CONTEXT_FP_DRAM] = { VMM_FOOTPRINT_DRAM, VMM_WALK_LINEAR },
	[EGPR_CONTEXT_FP_DRAM_RANDOM] = { VMM_FOOTPRINT_DRAM, VMM_WALK_RANDOM },
	[EGPR_CONTEXT_FP_CODE] = { VMM_FOOTPRINT_L2, VMM_WALK_CODE },
};

/* What was measured so far, by level, privilege level and whether it is code. */
struct known {
	bool measured;
	struct vmm_ladder ladder;
};
static struct known known[VMM_NR_FOOTPRINTS][2][2];

/* Of the CPU that the first cell was checked on, for all. */
static struct vmm_caches caches;

static int vmm_failed(struct data_error *e, int status, const struct vmm_error *v)
{
	return data_fail(e, status, "%s: %s%s%s", v->thing, v->reason, *v->fix ? "; " : "", v->fix);
}

static const struct footprint *footprint_of(const struct cell *c)
{
	return &footprints[cell_context_row(c)];
}

bool footprint_walks(const struct cell *c)
{
	return footprint_of(c)->kind != VMM_WALK_NONE;
}

static int find_caches(struct data_error *e)
{
	struct vmm_error v;

	if (caches.l2 || !vmm_caches_read(&caches, "", sched_getcpu(), &v))
		return 0;
	caches.l2 = 0;
	return vmm_failed(e, EGPR_SKIPPED, &v);
}

void footprint_options(const struct cell *c, struct vmm_options *o)
{
	const struct footprint *f = footprint_of(c);

	if (!footprint_walks(c))
		return;
	o->walk_bytes = vmm_footprint_room(&caches, f->level, f->kind);
	o->timeout_s = TIMEOUT_S;
}

/* In a guest of its own, which goes again: a cell's guest is opened once the cell's turn comes. */
static int measure(const struct cell *c, const struct vmm_host *h, struct vmm_ladder *l,
		   struct data_error *e)
{
	const struct footprint *f = footprint_of(c);
	struct vmm_options o = { .cpl = c->cpl, .no_hypercall_patch = true };
	struct vmm_error v;
	struct vmm *vm;
	int ret;

	footprint_options(c, &o);
	ret = vmm_open_kind(&vm, h, c->kind, &o, NULL, &v);
	if (ret)
		return vmm_failed(e, EGPR_SKIPPED, &v);
	ret = vmm_footprint_measure(vm, &caches, f->level, f->kind, c->env->seed, l, &v);
	vmm_close(vm);
	return ret ? vmm_failed(e, EGPR_SKIPPED, &v) : 0;
}

int footprint_check(struct cell *c, const struct vmm_host *h, struct data_error *e)
{
	const struct footprint *f = footprint_of(c);
	struct known *k = &known[f->level][c->cpl != 0][f->kind == VMM_WALK_CODE];
	struct vmm_walk w;
	struct vmm_error v;
	int ret;

	c->walk_bytes = 0;
	c->line_ticks = 0;
	if (!footprint_walks(c))
		return 0;
	if (!h->representative && !c->cpl)
		return data_fail(e, EGPR_SKIPPED,
				 "footprint not confirmed: at CPL 0 no guest here walks as one on "
				 "a CPU: %s",
				 h->why);
	if (h->emulator[0])
		return data_fail(e, EGPR_SKIPPED,
				 "footprint not confirmed: what %s plays has no caches",
				 h->emulator);
	ret = find_caches(e);
	if (ret)
		return ret;
	if (vmm_footprint_walk(&w, &caches, f->level, f->kind, c->env->seed, &v))
		return vmm_failed(e, EGPR_SKIPPED, &v);
	if (!k->measured)
		ret = measure(c, h, &k->ladder, e);
	if (ret)
		return ret;
	k->measured = true;
	c->walk_bytes = w.per_walk ? w.per_walk : w.bytes;
	c->line_ticks = k->ladder.ticks[f->level];
	return vmm_footprint_confirm(&k->ladder, f->level, &v) ? vmm_failed(e, EGPR_SKIPPED, &v)
							       : 0;
}

int footprint_lay(const struct cell *c, struct vmm *vm, struct data_error *e)
{
	const struct footprint *f = footprint_of(c);
	struct vmm_error v;
	struct vmm_walk w;
	int ret;

	if (!footprint_walks(c))
		return 0;
	ret = vmm_footprint_walk(&w, &caches, f->level, f->kind, c->env->seed, &v);
	if (!ret)
		ret = vmm_walk_set(vm, &w, &v);
	return ret ? vmm_failed(e, ret, &v) : 0;
}

cJSON *footprint_json(void)
{
	cJSON *a = cJSON_CreateArray();
	unsigned int l, user, code, i;

	for (l = 0; l < VMM_NR_FOOTPRINTS; l++) {
		for (user = 0; user < 2; user++) {
			for (code = 0; code < 2; code++) {
				const struct known *k = &known[l][user][code];
				cJSON *o, *ticks;

				if (!k->measured)
					continue;
				o = cJSON_CreateObject();
				cJSON_AddStringToObject(o, "level", vmm_footprint_names[l]);
				cJSON_AddNumberToObject(o, "cpl", user ? 3 : 0);
				cJSON_AddBoolToObject(o, "code", code);
				ticks = cJSON_AddArrayToObject(o, "ticks");
				for (i = 0; i < VMM_NR_FOOTPRINTS; i++)
					cJSON_AddItemToArray(
						ticks, cJSON_CreateNumber(k->ladder.ticks[i]));
				cJSON_AddItemToArray(a, o);
			}
		}
	}
	return a;
}

void footprint_restore(const cJSON *json)
{
	const cJSON *o, *ticks;
	unsigned int l, i;

	cJSON_ArrayForEach(o, json) {
		const char *level =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "level"));
		bool user = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, "cpl")) > 0;
		bool code = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "code"));

		ticks = cJSON_GetObjectItemCaseSensitive(o, "ticks");
		for (l = 0; level && l < VMM_NR_FOOTPRINTS; l++) {
			struct known *k = &known[l][user][code];

			if (strcmp(level, vmm_footprint_names[l]) ||
			    cJSON_GetArraySize(ticks) != VMM_NR_FOOTPRINTS)
				continue;
			for (i = 0; i < VMM_NR_FOOTPRINTS; i++) {
				double t = cJSON_GetNumberValue(cJSON_GetArrayItem(ticks, (int)i));

				k->ladder.ticks[i] = isfinite(t) ? t : 0;
			}
			k->measured = true;
		}
	}
}
