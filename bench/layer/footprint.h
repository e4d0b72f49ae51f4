/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Footprints: contexts of the layers with a guest, in which it walks a working set before every exit.
 */
#ifndef BENCH_LAYER_FOOTPRINT_H
#define BENCH_LAYER_FOOTPRINT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include <bench/base/error.h>
#include <bench/plan/cell.h>
#include <vmm-mini/footprint.h>

/* Does the guest of this cell walk anything? */
bool footprint_walks(const struct cell *c);

/**
 * footprint_check - can the cell's footprint be had here
 * @c: the cell, whose kind, cpl and backend are known
 * @h: the host
 * @e: receives the reason
 *
 * Measures, in a guest of the cell's kind at its privilege level, what a line costs at the footprint's level
 * and at those beside it; once per process for all cells that share these. The result is in
 * @c->line_ticks. Return: 0; EGPR_SKIPPED with the reason, a level that is not confirmed included.
 */
int footprint_check(struct cell *c, const struct vmm_host *h, struct data_error *e);

/* What the options of a cell's VM need for its footprint: memory, and time for a batch. */
void footprint_options(const struct cell *c, struct vmm_options *o);

/**
 * footprint_lay - have a cell's guest walk from the next batch on
 * @c: the cell, checked
 * @vm: its VM, opened with footprint_options()
 * @e: receives the reason
 *
 * Return: 0 or a status.
 */
int footprint_lay(const struct cell *c, struct vmm *vm, struct data_error *e);

/*
 * What was measured of the levels, for meta.json, whose owner is the caller; and back, so that every launch of a
 * run has the same cells.
 */
cJSON *footprint_json(void);
void footprint_restore(const cJSON *json);

#endif /* BENCH_LAYER_FOOTPRINT_H */
