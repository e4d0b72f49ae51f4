// SPDX-License-Identifier: GPL-2.0-only
/*
 * Working sets as bytes, and what walking them must come to.
 */
#include <stdlib.h>
#include <string.h>

#include <egpr/guest.h>

#include "chain.h"

#define CODE_KEY_MASK 0x7fffffffu /* an ADD takes 32 bits, and extends the sign */
#define PADDING	      0xcc	  /* INT3: a jump that goes astray traps */

const char *const vmm_walk_names[VMM_NR_WALKS] = {
	[VMM_WALK_NONE] = "none",
	[VMM_WALK_LINEAR] = "linear",
	[VMM_WALK_RANDOM] = "random",
	[VMM_WALK_CODE] = "code",
};

/* Sebastiano Vigna's splitmix64: any seed will do, zero too. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Position to line: the identity, or a shuffle. Closing it makes one cycle of all lines, either way. */
static uint32_t *make_order(const struct vmm_chain *c, uint64_t *random)
{
	uint32_t *order = malloc(c->lines * sizeof(*order));
	uint64_t i, other;
	uint32_t line;

	if (!order)
		return NULL;
	for (i = 0; i < c->lines; i++)
		order[i] = (uint32_t)i;
	if (c->walk.kind == VMM_WALK_LINEAR)
		return order;
	for (i = c->lines - 1; i > 0; i--) {
		other = next_random(random) % (i + 1);
		line = order[i];
		order[i] = order[other];
		order[other] = line;
	}
	return order;
}

uint64_t vmm_chain_key(const struct vmm_chain *c, uint64_t position)
{
	uint64_t key = c->first + c->step * position;

	return c->walk.kind == VMM_WALK_CODE ? key & CODE_KEY_MASK : key;
}

static void put(unsigned char **at, const void *bytes, size_t size)
{
	memcpy(*at, bytes, size);
	*at += size;
}

/* inc %rcx; add $key, %rbx; jmp next, or ret behind the last */
static void code_line(unsigned char *line, uint32_t key, int64_t to_next)
{
	static const unsigned char inc_rcx[] = { 0x48, 0xff, 0xc1 };
	static const unsigned char add_rbx[] = { 0x48, 0x81, 0xc3 };
	static const unsigned char jmp[] = { 0xe9 };
	static const unsigned char ret[] = { 0xc3 };
	unsigned char *at = line;
	int32_t distance;

	memset(line, PADDING, EGPR_GUEST_LINE);
	put(&at, inc_rcx, sizeof(inc_rcx));
	put(&at, add_rbx, sizeof(add_rbx));
	put(&at, &key, sizeof(key));
	if (!to_next) {
		put(&at, ret, sizeof(ret));
		return;
	}
	put(&at, jmp, sizeof(jmp));
	distance = (int32_t)(to_next - (at + sizeof(distance) - line));
	put(&at, &distance, sizeof(distance));
}

static void data_line(unsigned char *line, uint64_t key, uint64_t next)
{
	memcpy(line, &next, sizeof(next));
	memcpy(line + EGPR_GUEST_LINE_KEY, &key, sizeof(key));
}

int vmm_chain_lay(struct vmm_chain *c, const struct vmm_walk *w, void *memory, uint64_t at)
{
	uint64_t random = w->seed, i, line, next;
	unsigned char *base = memory;
	uint32_t *order;

	memset(c, 0, sizeof(*c));
	c->walk = *w;
	c->lines = w->bytes / EGPR_GUEST_LINE;
	c->per_walk = w->per_walk ? w->per_walk / EGPR_GUEST_LINE : c->lines;
	c->first = next_random(&random);
	c->step = next_random(&random) | 1;
	order = make_order(c, &random);
	if (!order)
		return -1;
	for (i = 0; i < c->lines; i++) {
		line = (uint64_t)order[i] * EGPR_GUEST_LINE;
		next = (uint64_t)order[(i + 1) % c->lines] * EGPR_GUEST_LINE;
		if (w->kind == VMM_WALK_CODE)
			code_line(base + line, (uint32_t)vmm_chain_key(c, i),
				  i + 1 < c->lines ? (int64_t)(next - line) : 0);
		else
			data_line(base + line, vmm_chain_key(c, i), at + next);
	}
	c->first_at = at + (uint64_t)order[0] * EGPR_GUEST_LINE;
	free(order);
	return 0;
}

/* Sum of the keys at positions from..to-1. Of data in closed form: sets can have millions. */
static uint64_t sum_keys(const struct vmm_chain *c, uint64_t from, uint64_t to)
{
	uint64_t n = to - from, sum = 0;

	if (c->walk.kind != VMM_WALK_CODE) {
		/* n or from + to - 1 is even, as the two differ by an odd number */
		return c->first * n +
		       c->step * (n % 2 ? n * ((from + to - 1) / 2) : n / 2 * (from + to - 1));
	}
	for (; from < to; from++)
		sum += vmm_chain_key(c, from);
	return sum;
}

void vmm_chain_advance(struct vmm_chain *c, uint64_t walks, uint64_t *walked, uint64_t *sum)
{
	uint64_t rest, to_end = c->lines - c->position;

	*walked = walks * c->per_walk;
	*sum = *walked / c->lines * sum_keys(c, 0, c->lines);
	rest = *walked % c->lines;
	if (rest < to_end) {
		*sum += sum_keys(c, c->position, c->position + rest);
		c->position += rest;
		return;
	}
	*sum += sum_keys(c, c->position, c->lines) + sum_keys(c, 0, rest - to_end);
	c->position = rest - to_end;
}
