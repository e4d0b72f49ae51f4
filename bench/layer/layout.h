/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code placement as a variable: copies of the sequences at chosen offsets.
 *
 * Where a sequence starts within a cache line or a 32-byte fetch window can cost more
 * than the sequence. The halves of a strategy and the timed loop do not depend on
 * their address, so the very bytes of the object files are copied to executable
 * memory, once per arm and offset; the return site after a half (its exit label)
 * moves with the loop.
 */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <egpr/halves.h>
#include <egpr/strategy.h>

#include <bench/base/error.h>
#include <bench/plan/plan.h>

#define LAYOUT_LINE 64 /* bytes: offsets lie within one cache line */

/**
 * struct layout_timed - what the timed loop returns, in two registers
 * @cycles: TSC ticks
 * @rounds: that ran, as the loop counted them
 */
struct layout_timed {
	uint64_t cycles;
	uint64_t rounds;
};

typedef struct layout_timed (*layout_loop_fn)(struct egpr_switch *sw, egpr_switch_fn exit,
					      egpr_switch_fn entry, uint64_t n);

typedef struct layout_timed (*layout_halves_fn)(struct egpr_switch *sw, egpr_switch_fn exit,
						egpr_switch_fn entry, uint64_t n,
						struct egpr_halves *halves);

/* The loops that a copy can have: asm/batch.S has the first, asm/apart.S all others. */
enum layout_shape {
	LAYOUT_PACKED,
	LAYOUT_WHOLE,
	LAYOUT_APART,
	LAYOUT_ONCE,
	LAYOUT_FETCH,
	LAYOUT_USE_FREE,
	LAYOUT_USE_LAST,
	LAYOUT_NR_SHAPES
};

/* Does the loop call a preparation before each half? */
static inline bool layout_prepares(enum layout_shape shape)
{
	return shape == LAYOUT_ONCE || shape == LAYOUT_FETCH;
}

/* Does it tell the ticks of each half? */
static inline bool layout_tells(enum layout_shape shape)
{
	return shape != LAYOUT_PACKED && shape != LAYOUT_WHOLE;
}

/**
 * struct layout_site - one arm at one offset
 * @seq: its halves
 * @exit_bytes: of the exit half, its return included
 * @entry_bytes: of the entry half, likewise
 * @loop_bytes: of the loop
 * @loop: the timed loop of layer prim, or
 * @halves: the one that times the halves apart, of the other shapes
 */
struct layout_site {
	struct egpr_sequence seq;
	size_t exit_bytes;
	size_t entry_bytes;
	size_t loop_bytes;
	layout_loop_fn loop;
	layout_halves_fn halves;
};

struct layout;

/**
 * layout_open - copy arms to executable memory
 * @arms: what to copy
 * @nr_arms: how many
 * @form: which bytes
 * @guest_apx: whether the guest has APX enabled, for strategies with two entry points
 * @offsets: number of offsets, 1..LAYOUT_LINE
 * @e: receives the message
 *
 * Return: the copies, or NULL.
 */
struct layout *layout_open(const struct plan_arm *arms, unsigned int nr_arms, enum egpr_form form,
			   int guest_apx, unsigned int offsets, struct data_error *e);

/* The same with another loop. */
struct layout *layout_open_shape(const struct plan_arm *arms, unsigned int nr_arms,
				 enum egpr_form form, int guest_apx, unsigned int offsets,
				 enum layout_shape shape, struct data_error *e);

/* The copy of an arm at an offset index. */
const struct layout_site *layout_site(const struct layout *l, unsigned int arm, unsigned int index);

/* The memory that all copies lie in, and nothing else; @bytes receives its size. */
void *layout_memory(const struct layout *l, size_t *bytes);

/* Bytes behind the start of a cache line that one of @offsets indices stands for. */
static inline unsigned int layout_offset(unsigned int offsets, unsigned int index)
{
	return index * LAYOUT_LINE / offsets;
}

/* "exit half + 0x1c" where @ip lies in a half of the site; leaves @text alone elsewhere. */
void layout_locate(const struct layout_site *site, uintptr_t ip, char *text, size_t size);

void layout_close(struct layout *l);

#endif /* BENCH_LAYOUT_H */
