// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHA-256 written from FIPS 180-4: rotates, byte swaps, long dependency chains.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64

static const uint32_t init[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* The first 32 bits of the fractional part of the cube root of a prime, computed, not listed. */
static uint32_t cube_root_fraction(uint32_t prime)
{
	unsigned __int128 target = (unsigned __int128)prime << 96;
	unsigned __int128 root = 0;

	for (int bit = 34; bit >= 0; bit--) {
		unsigned __int128 next = root | ((unsigned __int128)1 << bit);

		if (next * next * next <= target)
			root = next;
	}
	return (uint32_t)root;
}

static void constants(uint32_t *k)
{
	uint32_t n = 2;

	for (int i = 0; i < 64; n++) {
		uint32_t d = 2;

		while (d * d <= n && n % d)
			d++;
		if (d * d > n)
			k[i++] = cube_root_fraction(n);
	}
}

static uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void compress(uint32_t *h, const uint8_t *p, const uint32_t *k)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++) {
		uint32_t word;

		memcpy(&word, p + (size_t)4 * (size_t)i, 4);
		w[i] = __builtin_bswap32(word);
	}
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t s1 = ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25);
		uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		uint32_t s0 = ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22);
		uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void digest(const char *text, const uint32_t *k)
{
	uint8_t last[2 * BLOCK] = { 0 };
	size_t len = strlen(text), done = 0, tail;
	uint64_t bits = __builtin_bswap64(8 * len);
	uint32_t h[8];

	memcpy(h, init, sizeof(h));
	for (; len - done >= BLOCK; done += BLOCK)
		compress(h, (const uint8_t *)text + done, k);
	memcpy(last, text + done, len - done);
	last[len - done] = 0x80;
	tail = len - done < BLOCK - 8 ? BLOCK : 2 * BLOCK;
	memcpy(last + tail - 8, &bits, 8);
	for (size_t at = 0; at < tail; at += BLOCK)
		compress(h, last + at, k);
	for (int i = 0; i < 8; i++)
		printf("%08x", h[i]);
	putchar('\n');
}

int main(void)
{
	uint32_t k[64];

	constants(k);
	digest("", k);
	digest("abc", k);
	digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", k);
	return 0;
}
