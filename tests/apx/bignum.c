// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long integers: add with carry, schoolbook product, division by a word, 100!,
 * a Fibonacci number, and 128-bit division and shifts.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORDS 12
typedef unsigned __int128 u128;

struct big {
	uint64_t w[WORDS];
};

static void add(struct big *to, const struct big *a, const struct big *b)
{
	unsigned long long carry = 0;

	for (int i = 0; i < WORDS; i++)
		to->w[i] = __builtin_addcll(a->w[i], b->w[i], carry, &carry);
}

static void sub(struct big *to, const struct big *a, const struct big *b)
{
	unsigned long long borrow = 0;

	for (int i = 0; i < WORDS; i++)
		to->w[i] = __builtin_subcll(a->w[i], b->w[i], borrow, &borrow);
}

static void mul(struct big *to, const struct big *a, const struct big *b)
{
	struct big r = { 0 };

	for (int i = 0; i < WORDS; i++) {
		uint64_t carry = 0;

		for (int j = 0; i + j < WORDS; j++) {
			u128 t = (u128)a->w[i] * b->w[j] + r.w[i + j] + carry;

			r.w[i + j] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
	}
	*to = r;
}

static uint64_t divide(struct big *a, uint64_t by)
{
	u128 rest = 0;

	for (int i = WORDS; i--;) {
		u128 t = rest << 64 | a->w[i];

		a->w[i] = (uint64_t)(t / by);
		rest = t % by;
	}
	return (uint64_t)rest;
}

static void print(const char *name, struct big v)
{
	char text[WORDS * 20 + 1];
	char *p = text + sizeof(text) - 1;

	*p = '\0';
	do {
		uint64_t digits = divide(&v, 10000000000000000000ULL);
		int more = 0;

		for (int i = 0; i < WORDS; i++)
			more |= v.w[i] != 0;
		for (int i = 0; i < 19 && (more || digits); i++, digits /= 10)
			*--p = (char)('0' + digits % 10);
		if (!more)
			break;
	} while (1);
	printf("%s %s\n", name, *p ? p : "0");
}

static void wide(void)
{
	u128 x = (u128)UINT64_C(0x0123456789abcdef) << 64 | UINT64_C(0xfedcba9876543210);
	__int128 s = (__int128)x * -3;
	u128 sum = 0;

	for (int i = 1; i < 128; i += 7)
		sum += (x << i) ^ (x >> i) ^ (x / ((u128)i << i)) ^ (u128)(s >> i);
	printf("wide %016" PRIx64 "%016" PRIx64 "\n", (uint64_t)(sum >> 64), (uint64_t)sum);
}

int main(void)
{
	struct big f = { { 1 } }, a = { { 0 } }, b = { { 1 } }, t;

	for (uint64_t i = 2; i <= 100; i++)
		mul(&f, &f, &(struct big){ { i } });
	print("100!", f);
	for (int i = 0; i < 500; i++) {
		add(&t, &a, &b);
		a = b;
		b = t;
	}
	print("fib", a);
	sub(&t, &b, &a);
	mul(&t, &t, &t);
	print("square", t);
	wide();
	return 0;
}
