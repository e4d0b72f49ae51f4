// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that all run the same code with their own r16..r31: atomics, a mutex,
 * thread-local storage, and registers that start at zero in each thread.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#define THREADS 6
#define ROUNDS	150
#define LANES	18

static atomic_uint_fast64_t total;
static _Atomic unsigned int turns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t guarded;
static _Thread_local uint64_t own;

static uint64_t first_value_of_r24(void)
{
	uint64_t v = 0;

#ifdef __APX_F__
	__asm__ volatile("mov %%r24, %0" : "=r"(v));
#endif
	return v;
}

static void leave_in_r24(uint64_t v)
{
	(void)v;
#ifdef __APX_F__
	__asm__ volatile("mov %0, %%r24" : : "r"(v) : "r24");
#endif
}

static __attribute__((noinline)) uint64_t work(uint64_t seed, int rounds)
{
	uint64_t v[LANES], sum = 0;

	for (int i = 0; i < LANES; i++)
		v[i] = seed + (uint64_t)i;
	for (int r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
		for (int i = 0; i < LANES; i++)
			v[i] += v[(i + 3) % LANES] * 5 ^ v[(i + 8) % LANES];
		atomic_fetch_add(&total, v[r % LANES]);
		atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
	}
	for (int i = 0; i < LANES; i++)
		sum ^= v[i] << i;
	return sum;
}

static void *run(void *arg)
{
	uint64_t start = first_value_of_r24();

	leave_in_r24(0xdead);
	own = work((uint64_t)(uintptr_t)arg, ROUNDS);
	pthread_mutex_lock(&lock);
	guarded = guarded + own * 3 + start;
	pthread_mutex_unlock(&lock);
	return (void *)(uintptr_t)(own ^ start);
}

int main(void)
{
	pthread_t t[THREADS];
	uint64_t all = 0;

	leave_in_r24(0xbeef);
	for (int wave = 0; wave < 2; wave++) {
		for (int i = 0; i < THREADS; i++)
			if (pthread_create(&t[i], NULL, run, (void *)(uintptr_t)(i + 1)))
				return 1;
		for (int i = 0; i < THREADS; i++) {
			void *value;

			pthread_join(t[i], &value);
			all = all * 7 + (uint64_t)(uintptr_t)value;
		}
	}
	printf("threads: %016" PRIx64 " guarded %016" PRIx64 " turns %u total %016" PRIx64 "\n",
	       all, guarded, turns, (uint64_t)total);
	return 0;
}
