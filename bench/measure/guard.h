/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A batch that crashes ends its cell, not the run.
 *
 * Sequences borrow the stack pointer, so handlers need a stack of their own; and a
 * fault in one of them (no AVX state, no execute permission, a wrong sequence) must
 * leave the other cells their chance.
 */
#ifndef BENCH_GUARD_H
#define BENCH_GUARD_H

#include <signal.h>

#include <bench/layer/layer.h>

/**
 * guard_start - take over fault signals, SIGINT and SIGTERM on a stack of their own
 * @stop: set by SIGINT and SIGTERM
 * @e: receives the message
 *
 * Return: 0 or EGPR_INTERNAL.
 */
int guard_start(volatile sig_atomic_t *stop, struct data_error *e);

/* Give the signals back. */
void guard_end(void);

/**
 * guard_batch - @ops->batch() that turns a fault into an error
 * Return: as @ops->batch(), or EGPR_INTERNAL naming the signal and the address.
 */
int guard_batch(const struct layer_ops *ops, void *run, struct layer_batch *b,
		struct data_error *e);

/* The signal that set @stop, 0 for none. */
int guard_signal(void);

#endif /* BENCH_GUARD_H */
