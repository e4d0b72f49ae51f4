// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calling convention: recursion, varargs, structures by value and by return,
 * function pointers, more arguments than registers, alloca, setjmp, longjmp.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct pair {
	uint64_t a, b;
};

struct large {
	uint64_t v[9];
	uint8_t tail[3];
};

static __attribute__((noinline)) unsigned int ackermann(unsigned int m, unsigned int n)
{
	if (!m)
		return n + 1;
	return ackermann(m - 1, n ? ackermann(m, n - 1) : 1);
}

static __attribute__((noinline)) struct pair gcd(struct pair p)
{
	if (!p.b)
		return p;
	return gcd((struct pair){ p.b, p.a % p.b });
}

static __attribute__((noinline)) struct large grow(struct large in, uint64_t by)
{
	for (int i = 0; i < 9; i++)
		in.v[i] = in.v[i] * by + (uint64_t)i;
	in.tail[by % 3]++;
	return in;
}

static __attribute__((noinline)) int64_t many(int a, long b, short c, char d, int64_t e, int f,
					      long g, uint8_t h, int64_t i, uint32_t j)
{
	return a + 2 * b + 3L * c + 4L * d + 5 * e + 6L * f + 7 * g + 8L * h + 9 * i +
	       10 * (int64_t)j;
}

static __attribute__((noinline)) int64_t summed(int n, ...)
{
	va_list ap;
	int64_t sum = 0;

	va_start(ap, n);
	for (int i = 0; i < n; i++)
		sum = sum * 3 + (i % 2 ? va_arg(ap, int64_t) : va_arg(ap, int));
	va_end(ap);
	return sum;
}

static __attribute__((noinline)) uint64_t scratch(size_t n)
{
	// cppcheck-suppress allocaCalled
	uint8_t *p = __builtin_alloca(n);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * i);
	for (size_t i = n; i--;)
		sum = sum * 17 + p[i];
	return sum;
}

static jmp_buf back;

static __attribute__((noinline)) void dive(int depth, uint64_t v)
{
	if (!depth)
		longjmp(back, (int)(v % 1000) + 1);
	dive(depth - 1, v * 6364136223846793005ULL + (uint64_t)depth);
}

static uint64_t machine(const char *code)
{
	uint64_t acc = 1;

	for (;; code++) {
		switch (*code) {
		case 'a':
			acc++;
			break;
		case 'b':
			acc <<= 1;
			break;
		case 'c':
			acc *= acc;
			break;
		case 'e':
			acc ^= acc >> 3;
			break;
		default:
			return acc;
		}
	}
}

int main(void)
{
	uint64_t (*const table[])(size_t) = { scratch, scratch };
	struct large l = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, "" };
	volatile uint64_t jumps = 0;
	int got;

	printf("ackermann %u\n", ackermann(2, 5));
	printf("gcd %" PRIu64 "\n", gcd((struct pair){ 1071 * 6364136ULL, 462 * 6364136ULL }).a);
	for (uint64_t i = 1; i < 20; i++)
		l = grow(l, i);
	printf("large %016" PRIx64 " %d\n", l.v[0] ^ l.v[4] ^ l.v[8], l.tail[1]);
	printf("many %" PRId64 "\n", many(1, -2, 3, -4, 5, -6, 7, 250, -9, 4000000000u));
	printf("varargs %" PRId64 "\n",
	       summed(9, 1, (int64_t)-2, 3, (int64_t)4, -5, (int64_t)6, 7, (int64_t)1 << 40, 9));
	printf("alloca %016" PRIx64 "\n", table[1](333) ^ table[0](17));
	got = setjmp(back);
	if (jumps < 12) {
		jumps = jumps + 1;
		dive((int)jumps, (uint64_t)got);
	}
	printf("longjmp %d after %" PRIu64 "\n", got, jumps);
	printf("machine %" PRIu64 "\n", machine("abcabcabad"));
	return 0;
}
