/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crash costs its cell, not the run; a stop signal ends a run soon, wherever it is.
 *
 * Sequences borrow the stack pointer, so handlers need a stack of their own. Within a batch a
 * fault (no AVX state, no execute permission, a wrong sequence, a loop without an end) comes back
 * as an error of the batch. Elsewhere in a cell, where nothing can be vouched for any more, the
 * process is replaced by a fresh one, which goes on with the run and finds a note of what happened.
 */
#ifndef BENCH_GUARD_H
#define BENCH_GUARD_H

#include <signal.h>
#include <stddef.h>

#include <bench/layer/layer.h>

/* From the first stop signal to the end of the process, whatever it is doing. */
#define GUARD_STOP_SECONDS 1.5

/**
 * guard_start - take over fault and stop signals on a stack of their own
 * @stop: set by SIGINT, SIGTERM, SIGHUP and SIGXFSZ
 * @e: receives the message
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int guard_start(volatile sig_atomic_t *stop, struct data_error *e);

/* Give the signals back. */
void guard_end(void);

/**
 * guard_cell - a cell begins
 * @name: of the cell; NULL when it is over
 * @seconds: after which it counts as stuck; 0 for never
 *
 * From here to guard_cell(NULL) a fault outside of a batch starts the process anew, if
 * guard_restart() has said how. */
void guard_cell(const char *name, double seconds);

/**
 * guard_restart - how a run goes on in a fresh process
 * @note: file for the cell's name and what happened, a line each; NULL: it does not
 * @argv: command line, NULL at its end; both are kept, not copied
 */
void guard_restart(const char *note, char *const *argv);

/**
 * guard_batch - @ops->batch() that turns a fault into an error
 *
 * The control bits of MXCSR and of the x87 unit, DF and AC are looked at behind every batch,
 * outside of the time: a sequence that changes one would let something else crash later.
 *
 * Return: as @ops->batch(), LAYER_ASTRAY included; or EGPR_CRASHED naming the signal, the address, the sequence and
 * the arm, or what the arm left changed.
 */
int guard_batch(const struct cell *c, void *run, struct layer_batch *b, struct data_error *e);

/* The signal that set @stop, 0 for none. */
int guard_signal(void);

#endif /* BENCH_GUARD_H */
