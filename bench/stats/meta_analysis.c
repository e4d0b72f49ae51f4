// SPDX-License-Identifier: GPL-2.0-only
/*
 * DerSimonian and Laird's moment estimator with Hartung and Knapp's interval: the
 * plain choice for few hosts, whose normal interval would be too narrow.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "meta_analysis.h"

#define TWO_SIDED_95 0.975

double meta_variance(double low, double high)
{
	double se = (high - low) / (2 * gsl_cdf_ugaussian_Pinv(TWO_SIDED_95));

	return se * se;
}

static double weighted_mean(const double *y, const double *v, size_t k, double tau2, double *total)
{
	double sum = 0;
	size_t i;

	*total = 0;
	for (i = 0; i < k; i++) {
		*total += 1 / (v[i] + tau2);
		sum += y[i] / (v[i] + tau2);
	}
	return sum / *total;
}

static double weighted_squares(const double *y, const double *v, size_t k, double tau2, double mean)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < k; i++)
		sum += (y[i] - mean) * (y[i] - mean) / (v[i] + tau2);
	return sum;
}

int meta_combine(const double *y, const double *v, size_t k, struct meta *m)
{
	double w, w2 = 0, mean, half, df = (double)k - 1;
	size_t i;

	if (!k)
		return -1;
	for (i = 0; i < k; i++) {
		if (!(v[i] > 0) || !isfinite(v[i]) || !isfinite(y[i]))
			return -1;
		w2 += 1 / (v[i] * v[i]);
	}
	mean = weighted_mean(y, v, k, 0, &w);
	m->k = k;
	m->q = weighted_squares(y, v, k, 0, mean);
	m->tau2 = k > 1 ? fmax(0, (m->q - df) / (w - w2 / w)) : 0;
	m->i2 = m->q > df && m->q > 0 ? 100 * (m->q - df) / m->q : 0;
	m->estimate = weighted_mean(y, v, k, m->tau2, &w);
	m->se = sqrt(1 / w);
	m->low = m->high = NAN;
	if (k > 1) {
		half = gsl_cdf_tdist_Pinv(TWO_SIDED_95, df) *
		       sqrt(weighted_squares(y, v, k, m->tau2, m->estimate) / (df * w));
		m->low = m->estimate - half;
		m->high = m->estimate + half;
	}
	return 0;
}
