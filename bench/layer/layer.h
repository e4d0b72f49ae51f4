/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layers as runners: what the engine knows of the place where a strategy runs.
 *
 * One more layer is one file bench/layer/<id>.c with a `struct layer_ops`, and one row in
 * bench/layer/layer.c. The engine decides what runs when; a layer says what can run, and
 * runs one batch.
 */
#ifndef BENCH_LAYER_H
#define BENCH_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <egpr/axis.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#include <bench/base/error.h>
#include <bench/plan/cell.h>
#include <bench/plan/plan.h>
#include "layout.h"
#include "standin.h"

/**
 * struct layer_env - what all layers of a run share
 * @provenance: hw or proxy
 * @form: the bytes that go with it
 * @standin: XSAVE as this CPU has it
 * @cpu: the measuring CPU, to which the thread is pinned
 * @seed: of the run, for the order in which a guest walks; 0 before it is known
 */
struct layer_env {
	enum egpr_provenance provenance;
	enum egpr_form form;
	struct standin standin;
	int cpu;
	uint64_t seed;
};

/**
 * struct layer_batch - one batch of one arm
 * @arm: index into cell->arms
 * @layout: index of the code offset
 * @place: of the data: 0 clear of the code, else 1 and the index of one of the cell's places
 * @exits: how many
 * @stamps: NULL, or receives TSC ticks of each exit
 * @cycles: receives TSC ticks of the whole
 * @exit_cycles: receives those of the exit halves, where the context times halves; else left alone
 * @done: receives exits that took place, as far as anything counts them
 */
struct layer_batch {
	unsigned int arm;
	unsigned int layout;
	unsigned int place;
	uint32_t exits;
	uint64_t *stamps;
	uint64_t cycles;
	uint64_t exit_cycles;
	uint64_t done;
};

/* Of @batch: what ran is not what the row claims, as another batch may be; no exit status. */
#define LAYER_ASTRAY (-1)

/**
 * struct layer_image - an arm at a code offset, as its batches run it
 * @memory: where all code of the cell's arms lies, and nothing else
 * @bytes: its size
 * @site: the arm's halves and loop in it
 * @sw: what the halves get; its @owner is the arm
 * @loop: @site->loop calls the halves, exit half first; else the layer does, entry half first,
 *	and once more for an exit outside of the time
 * @shape: which loop that is
 */
struct layer_image {
	void *memory;
	size_t bytes;
	const struct layout_site *site;
	struct egpr_switch *sw;
	bool loop;
	enum layout_shape shape;
};

struct module_session;

/**
 * struct layer_ops - a layer
 * @layer: which
 * @guest: exit kinds apply
 * @moves_data: batches take the place of the data from their struct layer_batch
 * @probe: find out whether the layer can run here at all; may leave something in @host.
 *	Return: 0, or EGPR_SKIPPED with the reason in @e
 * @check_cell: can this exit kind, state and context run; fills what struct cell says.
 *	Return: as @probe
 * @check_arm: can this arm run in this cell. Return: as @probe
 * @check_own: can KVM's own switch be measured here, as far as the host tells; asked of a cell
 *	without a kind. NULL where there is no KVM. Return: as @probe
 * @open: set the cell up. Return: 0; EGPR_SKIPPED; another status for an error
 * @begin: find out by batches what batches need; after whoever looks at an opened cell has looked, so
 *	nothing of it has run before. NULL is allowed. Return: as @open
 * @batch: run one batch. Return: 0; LAYER_ASTRAY; a status, and the cell is closed
 * @locate: which half of the batch's sequence an address lies in, in words; leaves @text alone
 *	where it is none. NULL is allowed
 * @image: what a tracer of @batch has to know of an arm. Return: false where no code of the lab runs
 *	for an exit. NULL where the code runs in the kernel
 * @module: the session whose module runs the code, and can step through it. NULL in other layers
 * @forked: in a child process: make anew what of @run a fork does not take along. NULL is allowed.
 *	Return: as @open
 * @close: undo @open; NULL is allowed
 * @release: undo @probe; NULL is allowed
 */
struct layer_ops {
	enum egpr_layer layer;
	bool guest;
	bool moves_data;
	int (*probe)(const struct layer_env *env, void **host, struct data_error *e);
	int (*check_cell)(struct cell *c, struct data_error *e);
	int (*check_arm)(const struct cell *c, const struct plan_arm *arm, struct data_error *e);
	int (*check_own)(const struct cell *c, struct data_error *e);
	int (*open)(const struct cell *c, void **run, struct data_error *e);
	int (*begin)(void *run, struct data_error *e);
	int (*batch)(void *run, struct layer_batch *b, struct data_error *e);
	void (*locate)(void *run, const struct layer_batch *b, uintptr_t ip, char *text,
		       size_t size);
	bool (*image)(void *run, unsigned int arm, unsigned int layout, struct layer_image *i);
	struct module_session *(*module)(void *run);
	int (*forked)(void *run, struct data_error *e);
	void (*close)(void *run);
	void (*release)(void *host);
};

/* What stands around the halves of a cell. */
static inline const struct context *cell_context(const struct cell *c)
{
	return c->context ? c->context : context_default(c->ops->layer);
}

/* Likewise, as a number of the table. */
static inline enum egpr_context cell_context_row(const struct cell *c)
{
	return (enum egpr_context)(cell_context(c) - egpr_contexts);
}

/* The runner of a layer, or NULL where this program has none. */
const struct layer_ops *layer_find(enum egpr_layer layer);

/**
 * layer_check_strategy - preconditions that are the same in every layer
 * @env: of the run
 * @state: guest state
 * @arm: the strategy
 * @cpl0: whether the sequence runs privileged in this layer
 * @e: receives the reason
 *
 * Return: 0 or EGPR_SKIPPED.
 */
int layer_check_strategy(const struct layer_env *env, enum egpr_guest_state state,
			 const struct plan_arm *arm, bool cpl0, struct data_error *e);

/**
 * layer_check_own_arm - can KVM's own switch be measured for a cell's exit kind
 * @c: the cell, whose host is a struct vmm_host
 * @arm: the arm
 * @e: receives the reason
 *
 * Return: 0 or EGPR_SKIPPED.
 */
int layer_check_own_arm(const struct cell *c, const struct plan_arm *arm, struct data_error *e);

/**
 * layer_module_probe - what the layers that the module runs ask first
 * @kvm_too: skip the layer where no guest can run; otherwise only an emulator is looked for
 * @host: receives a struct vmm_host to be freed
 * @e: receives the reason
 *
 * Return: 0; EGPR_SKIPPED without the module or, if asked for, a guest; EGPR_INTERNAL.
 */
int layer_module_probe(bool kvm_too, void **host, struct data_error *e);

#define LAYER_PAGE  4096
#define LAYER_LINES 64 /* of a page */

/* Bytes between the stack's line and the context's, modulo a page. */
static inline unsigned int layer_place_offset(const struct cell *c, unsigned int place)
{
	return (place - 1) * (LAYER_LINES / c->places) * LAYOUT_LINE;
}

#define LAYER_PLACE 512 /* offset of a context in its page: apart from the code that uses it */

/**
 * layer_contexts_open - one switch context per arm
 * @c: the cell
 *
 * Formats and register values of one arm must not reach another. Yet arms must not differ
 * in where their data lies either: after an exit the data is cold, and what it costs to
 * fetch depends on its address. So all arms use one place in turn, see layer_context(). The
 * arm's index is the context's @owner.
 * Return: the contexts, to be freed with free(); NULL without memory.
 */
struct layer_contexts *layer_contexts_open(const struct cell *c);

/* Move the place that all arms use to another offset of its page. To be called outside of the time. */
void layer_contexts_move(struct layer_contexts *l, unsigned int offset);

/*
 * The context of @arm, brought to the place that all arms use, with the MXCSR of now. To be called
 * outside of the time.
 */
struct egpr_switch *layer_context(struct layer_contexts *l, unsigned int arm);

#endif /* BENCH_LAYER_H */
