/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are the levels what their names say? Every preparation of a cache level is held against what
 * a load takes after it, before anything is measured in it.
 */
#ifndef BENCH_LAYER_LEVELS_H
#define BENCH_LAYER_LEVELS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include <bench/plan/context.h>

#define LEVELS_NR 4

/**
 * struct levels - loads after each preparation
 * @context: of the level
 * @ticks: TSC ticks that a load from it takes more than one from L1
 * @ok: confirmed
 * @why: why not
 */
struct levels {
	struct {
		enum egpr_context context;
		double ticks;
		bool ok;
		char why[200];
	} level[LEVELS_NR];
};

/*
 * Measured once in a run, on the CPU that the process runs on then; some times over where a level is not
 * confirmed, for a busy moment can hide one.
 */
const struct levels *levels_here(void);
/* What meta.json has of them, in place of measuring: a run keeps its cells from launch to launch. */
void levels_restore(const cJSON *json);
/* Once. */
void levels_measure(struct levels *l);

/* Whether each level is confirmed by @l->level[].ticks; fills @ok and @why. */
void levels_judge(struct levels *l);

/* Why a context cannot be had, or NULL. */
const char *levels_refuse(const struct levels *l, enum egpr_context context);

/* For meta.json; the caller owns it. */
cJSON *levels_json(const struct levels *l);

#endif /* BENCH_LAYER_LEVELS_H */
