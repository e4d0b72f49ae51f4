// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots by the address of their instruction, and memory for their code.
 *
 * Look-ups take no lock: entries are only added. Code memory comes in chunks that
 * lie where a jump from the program reaches them; each chunk knows which slot
 * owns each of its 64-byte units, so that an address inside a slot leads back.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"

#define SLOTS_LOG2  18
#define SLOTS	    (1u << SLOTS_LOG2) /* distinct APX instructions of one process */
#define CHUNK_SIZE  (64ul * 1024)
#define CHUNKS	    8192
#define UNITS	    (CHUNK_SIZE / USER_SLOT_ALIGN)
#define PLACE_TRIES 256
#define PLACE_STEP  (1024ul * 1024)
#define REACH	    (UINT64_C(1) << 31)
#define REACH_SLOP  4096 /* a chunk's later slots and the jump itself */

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

struct chunk {
	uint8_t *base;
	uint32_t size;
	_Atomic uint32_t used;
	struct user_slot *_Atomic owner[UNITS];
};

/* One reservation, touched as it fills: the handler must not allocate. */
static struct tables {
	struct user_slot *_Atomic bucket[2 * SLOTS];
	struct user_slot slot[SLOTS];
	struct chunk chunk[CHUNKS];
} * tables;
static atomic_uint nr_slots, nr_chunks;
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* Taken only with all asynchronous signals blocked, so a holder is never interrupted. */
void user_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		sched_yield();
	user_thread.locked = true;
}

void user_unlock(void)
{
	user_thread.locked = false;
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

/** user_lock_is_mine - whether the calling thread holds the lock. */
bool user_lock_is_mine(void)
{
	return user_thread.locked;
}

/** user_cache_setup - reserve the tables. Return: 0 or -errno. */
int user_cache_setup(void)
{
	void *p;

	if (tables)
		return 0;
	p = mmap(NULL, sizeof(*tables), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	tables = p;
	return 0;
}

static unsigned int hash(uint64_t rip)
{
	return (unsigned int)(rip * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOTS_LOG2 - 1));
}

/**
 * user_cache_find - the slot of an instruction
 * @rip: its address
 *
 * Return: the newest slot for that address, or NULL.
 */
struct user_slot *user_cache_find(uint64_t rip)
{
	for (unsigned int i = hash(rip);; i++) {
		struct user_slot *s = tables->bucket[i % (2 * SLOTS)];

		if (!s || s->rip == rip)
			return s;
	}
}

/**
 * user_cache_add - publish a slot
 * @s: copied; replaces a slot for the same address whose instruction was another
 *
 * Under user_lock(). Return: the published slot, or NULL when the table is full.
 */
struct user_slot *user_cache_add(const struct user_slot *s)
{
	struct user_slot *n;
	unsigned int i;

	if (nr_slots == SLOTS)
		return NULL;
	n = &tables->slot[nr_slots++];
	memcpy(n, s, sizeof(*n));
	for (i = hash(s->rip);; i++) {
		struct user_slot *there = tables->bucket[i % (2 * SLOTS)];

		if (!there || there->rip == s->rip)
			break;
	}
	tables->bucket[i % (2 * SLOTS)] = n;
	return n;
}

static struct chunk *map_at(uint64_t addr, uint32_t size)
{
	struct chunk *c = &tables->chunk[nr_chunks];
	void *p = mmap((void *)(uintptr_t)addr, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | (addr ? MAP_FIXED_NOREPLACE : 0), -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (addr && (uint64_t)(uintptr_t)p != addr) {
		munmap(p, size);
		return NULL;
	}
	c->base = p;
	c->size = size;
	nr_chunks++;
	return c;
}

static struct chunk *map_between(uint64_t low, uint64_t high)
{
	uint64_t span = high - low, step = PLACE_STEP, first;
	uint32_t size = CHUNK_SIZE;

	if (nr_chunks == CHUNKS)
		return NULL;
	if (!low && high == UINT64_MAX)
		return map_at(0, size);
	if (span < 2 * CHUNK_SIZE) {
		size = USER_PAGE_SIZE;
		step = USER_PAGE_SIZE;
	} else if (span / PLACE_TRIES < step) {
		step = CHUNK_SIZE;
	}
	/* From the middle outwards: in a full reach that is beside the program itself. */
	first = (low + span / 2) & ~(USER_PAGE_SIZE - 1);
	for (uint64_t d = 0; d < PLACE_TRIES * step && d < span / 2; d += step) {
		struct chunk *c = NULL;

		if (first + d + size <= high)
			c = map_at(first + d, size);
		if (!c && d && first - d >= low && first - d > USER_PAGE_SIZE)
			c = map_at(first - d, size);
		if (c)
			return c;
	}
	return NULL;
}

/** user_code_reach - the addresses to which a jump at @rip leads. */
void user_code_reach(uint64_t rip, uint64_t *low, uint64_t *high)
{
	*low = rip > REACH ? rip - REACH + REACH_SLOP : REACH_SLOP;
	*high = rip + REACH - REACH_SLOP;
}

/**
 * user_code_alloc - memory for a slot's code
 * @len: bytes
 * @low: lowest address allowed for its first byte
 * @high: highest
 * @owner: the slot that will own it
 *
 * Under user_lock(). Return: writable, executable memory, or NULL.
 */
uint8_t *user_code_alloc(unsigned int len, uint64_t low, uint64_t high, struct user_slot *owner)
{
	uint32_t need = (len + USER_SLOT_ALIGN - 1) & ~(uint32_t)(USER_SLOT_ALIGN - 1);
	struct chunk *c = NULL;
	uint32_t at = 0;

	for (unsigned int i = nr_chunks; i--;) {
		struct chunk *k = &tables->chunk[i];
		uint64_t next = (uint64_t)(uintptr_t)k->base + k->used;

		if (k->used + need <= k->size && next >= low && next <= high) {
			c = k;
			break;
		}
	}
	if (!c)
		c = map_between(low, high);
	if (!c)
		return NULL;
	at = c->used;
	for (uint32_t u = at; u < at + need; u += USER_SLOT_ALIGN)
		c->owner[u / USER_SLOT_ALIGN] = owner;
	c->used = at + need;
	return c->base + at;
}

/**
 * user_code_owner - the slot that an address lies in
 * @rip: the address
 *
 * Return: the slot, or NULL if the address is in none.
 */
struct user_slot *user_code_owner(uint64_t rip)
{
	for (unsigned int i = 0; i < nr_chunks; i++) {
		const struct chunk *c = &tables->chunk[i];
		uint64_t at = rip - (uint64_t)(uintptr_t)c->base;

		if (at < c->used)
			return c->owner[at / USER_SLOT_ALIGN];
	}
	return NULL;
}
