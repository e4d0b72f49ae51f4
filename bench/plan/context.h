/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contexts of include/egpr/context.h as data.
 */
#ifndef BENCH_CONTEXT_H
#define BENCH_CONTEXT_H

#include <stdbool.h>

#include <egpr/context.h>

/**
 * struct context - a row of the table
 * @id: spelling in CLI and CSV
 * @layers: in which it can stand, bit per enum egpr_layer
 * @timed: how its batches are timed; but for BATCH, the halves by themselves
 * @aa: A/A is claimed to be equivalent within so many TSC ticks, EGPR_AA_PLAN or EGPR_AA_NOTHING
 * @ten: a delay of ten core cycles is claimed to be found, in layers prim and ring0
 * @share: of the time of a layer's contexts, beside 1: one that is dear to prepare has fewer rounds in it
 * @text: the same in words
 */
struct context {
	const char *id;
	unsigned int layers;
	enum egpr_timed timed;
	double aa;
	bool ten;
	double share;
	const char *text;
};

/* Indexed by enum egpr_context. */
extern const struct context egpr_contexts[EGPR_NR_CONTEXTS];

/* The row with an id, or NULL. */
const struct context *context_find(const char *id);
/* What a layer measures where nobody asks for more. */
const struct context *context_default(enum egpr_layer layer);
/* Rows that can stand in a layer, bit per enum egpr_context. */
unsigned int context_mask(enum egpr_layer layer);

/**
 * context_mark - what a context adds to the name of a cell
 * @layer: id of the layer
 * @context: id of the context
 *
 * Return: "@" where it is to be named, "" where it is the layer's default: names of before there
 * were contexts go on.
 */
const char *context_mark(const char *layer, const char *context);

#endif /* BENCH_CONTEXT_H */
