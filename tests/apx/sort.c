// SPDX-License-Identifier: GPL-2.0-only
/*
 * qsort with calls back from libc, an own quicksort, a heap, binary search.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define N 200

struct item {
	int32_t key;
	uint16_t tag;
	uint8_t flags;
};

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->tag > y->tag) - (x->tag < y->tag);
}

static void quick(int64_t *v, long lo, long hi)
{
	while (lo < hi) {
		int64_t pivot = v[(lo + hi) / 2];
		long i = lo, j = hi;

		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j) {
				int64_t t = v[i];

				v[i++] = v[j];
				v[j--] = t;
			}
		}
		if (j - lo < hi - i) {
			quick(v, lo, j);
			lo = i;
		} else {
			quick(v, i, hi);
			hi = j;
		}
	}
}

static void sift(int64_t *v, size_t root, size_t end)
{
	for (size_t child; (child = 2 * root + 1) < end; root = child) {
		child += child + 1 < end && v[child] < v[child + 1];
		if (v[root] >= v[child])
			return;
		int64_t t = v[root];
		v[root] = v[child];
		v[child] = t;
	}
}

static void heap(int64_t *v, size_t n)
{
	for (size_t i = n / 2; i--;)
		sift(v, i, n);
	while (n > 1) {
		int64_t t = v[0];

		v[0] = v[--n];
		v[n] = t;
		sift(v, 0, n);
	}
}

int main(void)
{
	struct item items[N];
	int64_t a[N], b[N];
	uint32_t x = 12345;
	uint64_t sum = 0;
	int same = 1, found = 0;

	for (int i = 0; i < N; i++) {
		x = x * 1664525 + 1013904223;
		items[i] = (struct item){ (int32_t)x % 50, (uint16_t)i, (uint8_t)(x >> 24) };
		a[i] = b[i] = (int32_t)x * (int64_t)(i + 1);
	}
	qsort(items, N, sizeof(items[0]), by_key);
	quick(a, 0, N - 1);
	heap(b, N);
	for (int i = 0; i < N; i++) {
		sum = sum * 131 + (uint64_t)items[i].key * items[i].flags + items[i].tag;
		same &= a[i] == b[i];
		found += bsearch(&items[i], items, N, sizeof(items[0]), by_key) != NULL;
	}
	printf("sort: %s found %d sum %016" PRIx64 "\n", same ? "equal" : "DIFFERENT", found, sum);
	return 0;
}
