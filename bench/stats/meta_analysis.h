/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random-effects meta-analysis: one estimate per host, hosts differ truly.
 */
#ifndef BENCH_META_H
#define BENCH_META_H

#include <stddef.h>

/**
 * struct meta - hosts combined
 * @k: number of hosts
 * @estimate: combined effect, unit of the input
 * @se: its standard error with the weights' between-host variance
 * @low: lower end of the 95 % interval by Hartung and Knapp (Student's t, k - 1
 *	degrees of freedom); NaN for a single host
 * @high: upper end
 * @tau2: variance between hosts (DerSimonian and Laird 1986)
 * @q: Cochran's Q
 * @i2: share of the variation that is between hosts, per cent
 */
struct meta {
	size_t k;
	double estimate, se, low, high, tau2, q, i2;
};

/**
 * meta_combine - combine one estimate per host
 * @y: estimates
 * @v: their variances, all > 0
 * @k: their number, at least 1
 * @m: receives the outcome
 *
 * Return: 0, or -1 for no estimate or a variance that is not a positive number.
 */
int meta_combine(const double *y, const double *v, size_t k, struct meta *m);

/* Variance of an estimate from its 95 % interval, taken as symmetric and normal. */
double meta_variance(double low, double high);

#endif /* BENCH_META_H */
