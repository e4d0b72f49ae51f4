// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that still compute in the destructor of a key, when whoever made them
 * their r16..r31 has already given these back.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#define THREADS 16
#define ROUNDS	20
#define LANES	18

static pthread_key_t key;
static uint64_t sums[THREADS];

static __attribute__((noinline)) uint64_t work(uint64_t seed)
{
	uint64_t v[LANES], sum = 0;

	for (int i = 0; i < LANES; i++)
		v[i] = seed + (uint64_t)i;
	for (int r = 0; r < ROUNDS; r++) {
#pragma clang loop unroll(full)
		for (int i = 0; i < LANES; i++)
			v[i] += v[(i + 3) % LANES] * 5 ^ v[(i + 8) % LANES];
	}
	for (int i = 0; i < LANES; i++)
		sum ^= v[i] << i;
	return sum;
}

static void destroy(void *arg)
{
	uint64_t *sum = arg;

	*sum += work(*sum);
}

static void *run(void *arg)
{
	uint64_t *sum = arg;

	*sum = work((uint64_t)(sum - sums));
	pthread_setspecific(key, sum);
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];

	if (pthread_key_create(&key, destroy))
		return 1;
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&t[i], NULL, run, &sums[i]))
			return 1;
		pthread_join(t[i], NULL);
	}
	for (int i = 0; i < THREADS; i++)
		printf("%d %016" PRIx64 "\n", i, sums[i]);
	return 0;
}
