// SPDX-License-Identifier: GPL-2.0-only
/*
 * apx-demo: a small program compiled with -mapxf that says what it does.
 *
 * Plain integer work with enough live values that the compiler reaches for
 * r16..r31, plus one inline REX2 instruction, so that the binary cannot run on a
 * CPU without APX unless something emulates it. Exit status 0 only if every
 * result is the known one.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LANES  20
#define ROUNDS 64

/* Twenty interdependent lanes do not fit in fifteen registers. */
static __attribute__((noinline)) uint64_t braid(uint64_t seed)
{
	uint64_t lane[LANES];
	uint64_t sum = 0;

	for (int i = 0; i < LANES; i++)
		lane[i] = seed += UINT64_C(0x9e3779b97f4a7c15);
	for (int r = 0; r < ROUNDS; r++) {
#pragma clang loop unroll(full)
		for (int i = 0; i < LANES; i++)
			lane[i] = lane[i] * 33 + (lane[(i + 7) % LANES] ^ lane[(i + 11) % LANES]);
	}
	for (int i = 0; i < LANES; i++)
		sum ^= lane[i];
	return sum;
}

/* The same with every step forced through memory: what braid() must give. */
static __attribute__((noinline)) uint64_t braid_plain(uint64_t seed)
{
	volatile uint64_t lane[LANES];
	uint64_t sum = 0;

	for (int i = 0; i < LANES; i++)
		lane[i] = seed += UINT64_C(0x9e3779b97f4a7c15);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < LANES; i++)
			lane[i] = lane[i] * 33 + (lane[(i + 7) % LANES] ^ lane[(i + 11) % LANES]);
	}
	for (int i = 0; i < LANES; i++)
		sum ^= lane[i];
	return sum;
}

static uint64_t through_r16(uint64_t v)
{
#ifdef __APX_F__
	uint64_t out;

	__asm__ volatile("mov %1, %%r16\n\tlea 5(%%r16,%%r16,2), %%r31\n\tmov %%r31, %0"
			 : "=r"(out)
			 : "r"(v)
			 : "r16", "r31");
	return out;
#else
	return v * 3 + 5;
#endif
}

int main(void)
{
	uint64_t a = braid(1);
	uint64_t b = braid_plain(1);
	uint64_t c = through_r16(40);

	printf("braid       %016" PRIx64 " %s\n", a, a == b ? "ok" : "WRONG");
	printf("through r16 %" PRIu64 " %s\n", c, c == 125 ? "ok" : "WRONG");
	return a == b && c == 125 ? EXIT_SUCCESS : EXIT_FAILURE;
}
