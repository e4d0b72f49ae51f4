// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block orders from a counter-like use of GSL's generator: one generator per square,
 * seeded with the square's number, so that no state has to be kept or saved.
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "order.h"

#define FNV_OFFSET 0xcbf29ce484222325ULL /* FNV-1a, 64 bits */
#define FNV_PRIME  0x100000001b3ULL
#define ABBA_LEN   4

uint64_t order_seed(uint64_t seed, const char *name)
{
	uint64_t h = FNV_OFFSET;
	unsigned int i;

	for (i = 0; i < sizeof(seed); i++)
		h = (h ^ ((seed >> (8 * i)) & 0xff)) * FNV_PRIME;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * FNV_PRIME;
	return h;
}

/* A generator for the @n-th use of @seed. Both halves of the seed count: GSL takes 32 bits. */
static void generator(gsl_rng *rng, uint64_t seed, unsigned int n)
{
	unsigned long fold;

	seed += (uint64_t)n * FNV_PRIME;
	seed ^= seed >> 29;
	seed *= FNV_PRIME | 1;
	fold = (unsigned long)((seed ^ (seed >> 32)) & 0xffffffff);
	gsl_rng_set(rng, fold ? fold : 1);
}

unsigned int order_length(unsigned int arms)
{
	return arms == 2 ? ABBA_LEN : arms;
}

unsigned int order_period(unsigned int arms)
{
	if (arms <= 2)
		return 1;
	return arms % 2 ? 2 * arms : arms;
}

static void abba(gsl_rng *rng, unsigned int *out)
{
	unsigned int first = (unsigned int)gsl_rng_uniform_int(rng, 2);

	out[0] = out[3] = first;
	out[1] = out[2] = !first;
}

/* Position @i of the square's first row: 0, 1, n-1, 2, n-2, ... */
static unsigned int first_row(unsigned int n, unsigned int i)
{
	if (!i)
		return 0;
	return i % 2 ? (i + 1) / 2 : n - i / 2;
}

static void williams(gsl_rng *rng, unsigned int n, unsigned int row_number, unsigned int *out)
{
	unsigned int arm[ORDER_MAX_ARMS], row[2 * ORDER_MAX_ARMS], rows = order_period(n), i, r;

	for (i = 0; i < n; i++)
		arm[i] = i;
	for (i = 0; i < rows; i++)
		row[i] = i;
	gsl_ran_shuffle(rng, arm, n, sizeof(*arm));
	gsl_ran_shuffle(rng, row, rows, sizeof(*row));
	r = row[row_number];
	for (i = 0; i < n; i++) {
		/* An odd number of arms needs the mirror image of every row as well. */
		unsigned int at = r < n ? i : n - 1 - i;

		out[i] = arm[(first_row(n, at) + r) % n];
	}
}

void order_block(uint64_t seed, unsigned int arms, unsigned int block, unsigned int *out)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	unsigned int period = order_period(arms);

	generator(rng, order_seed(seed, "order"), block / period);
	if (arms == 1)
		out[0] = 0;
	else if (arms == 2)
		abba(rng, out);
	else
		williams(rng, arms, block % period, out);
	gsl_rng_free(rng);
}

unsigned int order_layout(uint64_t seed, unsigned int layouts, unsigned int block)
{
	unsigned int index[256], i, n = layouts < 256 ? layouts : 256;
	gsl_rng *rng;

	if (n <= 1)
		return 0;
	rng = gsl_rng_alloc(gsl_rng_taus2);
	generator(rng, order_seed(seed, "layout"), block / n);
	for (i = 0; i < n; i++)
		index[i] = i;
	gsl_ran_shuffle(rng, index, n, sizeof(*index));
	gsl_rng_free(rng);
	return index[block % n];
}
