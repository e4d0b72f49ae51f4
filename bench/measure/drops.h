/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches that were not what the row claims, and when there are too many of them.
 *
 * A timer that is due at most exits of a batch takes it off its path; the next batch is on it
 * again. Such a batch is dropped before anybody looks at its time, and measured anew in its
 * place; the run says how many were. What happens again and again is no accident: then the
 * cell is not what it was when its path was found, and ends.
 */
#ifndef BENCH_MEASURE_DROPS_H
#define BENCH_MEASURE_DROPS_H

#include <stdint.h>

#include <bench/base/error.h>

#define DROPS_IN_A_ROW 8 /* one after another: it is so now */
#define DROPS_FREE     8 /* at most these before their share counts: of few batches one is many */
#define DROPS_SHARE    0.01 /* of all batches: it is not rare */

/**
 * struct drops - the batches of a cell so far; all zeros at first
 * @batches: that ran
 * @dropped: of these
 * @in_a_row: of these, without one between that was kept
 */
struct drops {
	uint64_t batches;
	uint64_t dropped;
	unsigned int in_a_row;
};

/**
 * drops_note - one more batch
 * @d: of the cell
 * @ret: what @ops->batch() returned
 * @e: its message; receives that of the cell
 *
 * Return: @ret; LAYER_ASTRAY only as long as another batch may do, else EGPR_DATA.
 */
int drops_note(struct drops *d, int ret, struct data_error *e);

#endif /* BENCH_MEASURE_DROPS_H */
