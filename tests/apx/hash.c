// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open-addressing hash table: insert, look up, delete with back-shift.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define SLOTS 512 /* power of two */
#define KEYS  300

struct slot {
	uint64_t key; /* 0 is free */
	uint64_t value;
};

static struct slot table[SLOTS];

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x7fb5d329728ea185);
	x ^= x >> 27;
	x *= UINT64_C(0x81dadef4bc2dd44d);
	return x ^ (x >> 33);
}

static struct slot *find(uint64_t key)
{
	uint64_t i = mix(key);

	for (;; i++) {
		struct slot *s = &table[i % SLOTS];

		if (!s->key || s->key == key)
			return s;
	}
}

static void put(uint64_t key, uint64_t value)
{
	struct slot *s = find(key);

	s->key = key;
	s->value += value;
}

static int drop(uint64_t key)
{
	struct slot *s = find(key);
	size_t hole, i;

	if (!s->key)
		return 0;
	hole = (size_t)(s - table);
	for (i = hole + 1;; i++) {
		struct slot *next = &table[i % SLOTS];
		size_t home = mix(next->key) % SLOTS;

		if (!next->key)
			break;
		if (((i - home) % SLOTS) < ((i - hole) % SLOTS))
			continue;
		table[hole % SLOTS] = *next;
		hole = i;
	}
	table[hole % SLOTS] = (struct slot){ 0 };
	return 1;
}

int main(void)
{
	uint64_t x = 88172645463325252ULL;
	uint64_t keys[KEYS];
	uint64_t sum = 0;
	int gone = 0, left = 0;

	for (int i = 0; i < KEYS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		keys[i] = x % 997 + 1;
		put(keys[i], x);
	}
	for (int i = 0; i < KEYS; i += 3)
		gone += drop(keys[i]);
	for (int i = 0; i < SLOTS; i++) {
		left += table[i].key != 0;
		sum = sum * 31 + (table[i].key ^ table[i].value);
	}
	for (int i = 0; i < KEYS; i++)
		sum += find(keys[i])->value << (i % 13);
	printf("hash: gone %d left %d sum %016" PRIx64 "\n", gone, left, sum);
	return 0;
}
