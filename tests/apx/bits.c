// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bit and width tricks: every operand size, rotates, byte swaps, scans, carry
 * chains, sign extension, division by constants, conditional moves and sets.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t state = UINT64_C(0x2545f4914f6cdd1d);

static uint64_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static __attribute__((noinline)) uint64_t narrow(uint64_t a, uint64_t b)
{
	uint8_t c = (uint8_t)(a + b);
	uint16_t d = (uint16_t)(a * b);
	int8_t e = (int8_t)(a >> 5);
	int16_t f = (int16_t)(b >> 9);
	uint32_t g = (uint32_t)(a - b);

	c = (uint8_t)(c << 3 | c >> 5);
	d = (uint16_t)(d << 11 | d >> 5);
	return c + ((uint64_t)d << 8) + ((uint64_t)(int64_t)e << 24) + (uint64_t)(f * e) +
	       ((uint64_t)g << 20);
}

static __attribute__((noinline)) uint64_t scans(uint64_t a, uint64_t b)
{
	uint64_t r = (uint64_t)__builtin_popcountll(a) << 40;

	r += (uint64_t)__builtin_ctzll(a | 1ULL << 63) << 32;
	r += (uint64_t)__builtin_clzll(b | 1) << 24;
	r += (uint64_t)__builtin_parityll(a ^ b) << 16;
	r += (uint64_t)__builtin_ffs((int)b) << 8;
	return r ^ __builtin_bswap64(a) ^ (a << (b & 63)) ^ (b >> (a & 63)) ^
	       (uint64_t)((int64_t)a >> (b & 63)) ^ (a & -a) ^ (b & (b - 1));
}

static uint64_t noted;

static __attribute__((noinline)) void note(uint64_t v)
{
	noted = noted * 3 + v;
}

static __attribute__((noinline)) uint64_t choose(int64_t a, int64_t b, uint64_t c, uint64_t d)
{
	uint64_t r = 0;

	r += a < b ? c : d;
	r += (uint64_t)a < (uint64_t)b ? d * 3 : c * 5;
	r ^= (a == b) + ((a <= 0) << 1) + ((c > d) << 2) + ((b >= 0) << 3);
	if (a > 0 && b > 0 && c != d)
		r += 7;
	if ((c & 6) && (d & 9))
		note(r);
	if (a < -1000 || (b > 1000 && c < d))
		r -= 11;
	return r;
}

static __attribute__((noinline)) uint64_t divisions(int64_t a, uint64_t b)
{
	return (uint64_t)(a / 7) ^ (uint64_t)(a % 1000) ^ b / 10 ^ b % 641 ^
	       (uint64_t)((int32_t)a / (int32_t)((b & 0xff) + 1)) ^ b / ((uint64_t)a | 1);
}

static __attribute__((noinline)) uint64_t overflow(int64_t a, int64_t b)
{
	int64_t sum, product;
	int32_t small;
	uint64_t r = (uint64_t)__builtin_add_overflow(a, b, &sum);

	r += (uint64_t)__builtin_mul_overflow(a, b, &product) * 2;
	r += (uint64_t)__builtin_sub_overflow((int32_t)a, (int32_t)b, &small) * 4;
	return r ^ (uint64_t)sum ^ (uint64_t)product ^ (uint64_t)small;
}

int main(void)
{
	uint64_t sum[5] = { 0 };

	for (int i = 0; i < 200; i++) {
		uint64_t a = next(), b = next(), c = next(), d = next();

		sum[0] = sum[0] * 3 + narrow(a, b);
		sum[1] = sum[1] * 5 + scans(b, c);
		sum[2] = sum[2] * 7 + choose((int64_t)a, (int64_t)c, b, d);
		sum[3] = sum[3] * 9 + divisions((int64_t)d, a);
		sum[4] = sum[4] * 11 + overflow((int64_t)a, (int64_t)(d >> (i % 60)));
	}
	for (int i = 0; i < 5; i++)
		printf("bits %d %016" PRIx64 "\n", i, sum[i]);
	printf("bits noted %016" PRIx64 "\n", noted);
	return 0;
}
