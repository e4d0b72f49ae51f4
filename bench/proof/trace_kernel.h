/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracer's part in the kernel: the module stops before every instruction (EGPR_IOC_STEPS) of the
 * very loop and halves that it times, or that its probes run at KVM's exits.
 */
#ifndef BENCH_PROOF_TRACE_KERNEL_H
#define BENCH_PROOF_TRACE_KERNEL_H

#include "trace.h"

/**
 * trace_in_kernel - both batches of an arm, stepped by the module
 * @s: the arm; receives the addresses that it has in the kernel
 * @run: of its layer, which has a @module
 * @t: receives the steps
 * @status: receives what the batches said, with @why
 * @why: their message
 * @e: receives the message
 *
 * Addresses in the context are those of the first batch, wherever that of the second lay.
 * Return: 0; EGPR_SKIPPED where the module cannot step; EGPR_INTERNAL without memory.
 */
int trace_in_kernel(struct trace_subject *s, void *run, struct trace *t, int *status,
		    struct data_error *why, struct data_error *e);

#endif /* BENCH_PROOF_TRACE_KERNEL_H */
