// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contexts as data, expanded from the list in egpr/context.h.
 */
#include <string.h>

#include "axis.h"
#include "context.h"

#define CONTEXT_ROW(SYM, id, LAYERS, TIMED, AA, TEN, SHARE, text) \
	{ id, LAYERS, EGPR_TIMED_##TIMED, AA, TEN, SHARE, text },
const struct context egpr_contexts[EGPR_NR_CONTEXTS] = { EGPR_CONTEXTS(CONTEXT_ROW) };

_Static_assert(EGPR_NR_CONTEXTS <= 8 * sizeof(unsigned int), "plans keep contexts as a mask");

const struct context *context_find(const char *id)
{
	unsigned int i;

	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		if (!strcmp(egpr_contexts[i].id, id))
			return &egpr_contexts[i];
	}
	return NULL;
}

unsigned int context_mask(enum egpr_layer layer)
{
	unsigned int i, mask = 0;

	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		if (egpr_contexts[i].layers & (1u << layer))
			mask |= 1u << i;
	}
	return mask;
}

const struct context *context_default(enum egpr_layer layer)
{
	return &egpr_contexts[__builtin_ctz(context_mask(layer))];
}

const char *context_mark(const char *layer, const char *context)
{
	int l = axis_find(egpr_layers, EGPR_NR_LAYERS, layer);

	return l >= 0 && strcmp(context_default((enum egpr_layer)l)->id, context) ? "@" : "";
}
