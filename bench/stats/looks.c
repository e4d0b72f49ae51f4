// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at the data before the end without paying for it in false verdicts.
 *
 * The error is spent over the looks by a function fixed beforehand. The joint density of
 * the score at successive looks, given that none stopped, is carried forward on a grid
 * (Armitage, McPherson and Rowe 1969; the notation of Jennison and Turnbull, chapter 19).
 */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>

#include "stats.h"

#define GRID	      321    /* odd, for Simpson's rule */
#define GRID_LOW      (-8.0) /* standard deviations that are as good as infinity */
#define BISECTIONS    60
#define TABLE_LOWEST  1e-9
#define TABLE_HIGHEST 0.5

double stats_spent(enum stats_spending f, double alpha, double t)
{
	if (t <= 0)
		return 0;
	if (t >= 1)
		return alpha;
	switch (f) {
	case STATS_SPEND_OBF:
		return 2 * gsl_cdf_ugaussian_Q(gsl_cdf_ugaussian_Qinv(alpha / 2) / sqrt(t));
	case STATS_SPEND_POCOCK:
		return alpha * log(1 + (M_E - 1) * t);
	case STATS_SPEND_POWER2:
		break;
	}
	return alpha * t * t;
}

/* Density of the score on a grid, with Simpson weights folded in. */
struct density {
	double b[GRID];
	double w[GRID];
};

/* P(score at the next look > c, none before). The score is z sqrt(t). */
static double tail(const struct density *d, double c, double sd)
{
	double p = 0;
	int i;

	for (i = 0; i < GRID; i++)
		p += d->w[i] * gsl_cdf_ugaussian_Q((c - d->b[i]) / sd);
	return p;
}

static double simpson(int i)
{
	if (i == 0 || i == GRID - 1)
		return 1.0 / 3;
	return i % 2 ? 4.0 / 3 : 2.0 / 3;
}

/* Grid from far below up to the boundary @c; @from is NULL at the first look. */
static void advance(struct density *to, const struct density *from, double c, double t, double sd)
{
	double low = GRID_LOW * sqrt(t), h = (c - low) / (GRID - 1);
	int i, j;

	for (i = 0; i < GRID; i++) {
		double b = low + i * h, f = 0;

		if (!from) {
			f = gsl_ran_gaussian_pdf(b, sd);
		} else {
			for (j = 0; j < GRID; j++)
				f += from->w[j] * gsl_ran_gaussian_pdf(b - from->b[j], sd);
		}
		to->b[i] = b;
		to->w[i] = f * h * simpson(i);
	}
}

void stats_boundaries(enum stats_spending f, double alpha, const double *t, size_t looks, double *z)
{
	struct density d[2];
	double spent = 0;
	size_t k;
	int i;

	for (k = 0; k < looks; k++) {
		double step = stats_spent(f, alpha, t[k]) - spent;
		double sd = sqrt(k ? t[k] - t[k - 1] : t[k]);
		double low = GRID_LOW * sqrt(t[k]), high = -low, c;

		spent += step;
		for (i = 0; i < BISECTIONS; i++) {
			double p;

			c = 0.5 * (low + high);
			p = k ? tail(&d[(k - 1) % 2], c, sd) : gsl_cdf_ugaussian_Q(c / sd);
			if (p > step)
				low = c;
			else
				high = c;
		}
		c = 0.5 * (low + high);
		z[k] = c / sqrt(t[k]);
		if (k + 1 < looks) /* behind the last look nothing is asked */
			advance(&d[k % 2], k ? &d[(k - 1) % 2] : NULL, c, t[k], sd);
	}
}

void stats_looks_init(struct stats_looks *l, enum stats_spending f, size_t looks)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	l->looks = looks;
	l->points = STATS_LOOK_POINTS;
	for (i = 0; i < looks; i++)
		l->t[i] = (double)(i + 1) / (double)looks;
	for (i = 0; i < l->points; i++) {
		l->log_alpha[i] = log(TABLE_LOWEST) + (log(TABLE_HIGHEST) - log(TABLE_LOWEST)) *
							      (double)i / (double)(l->points - 1);
		stats_boundaries(f, exp(l->log_alpha[i]), l->t, looks, l->z[i]);
	}
}

double stats_looks_p(const struct stats_looks *l, size_t look, double nominal)
{
	double z;
	size_t i;

	if (nominal >= 1)
		return 1;
	z = gsl_cdf_ugaussian_Qinv(nominal);
	/* z falls as alpha grows. Beyond the table's end, its end stands. */
	if (z >= l->z[0][look])
		return exp(l->log_alpha[0]);
	for (i = 1; i < l->points; i++) {
		double a, b;

		if (z < l->z[i][look])
			continue;
		a = l->z[i - 1][look];
		b = l->z[i][look];
		return exp(l->log_alpha[i - 1] +
			   (l->log_alpha[i] - l->log_alpha[i - 1]) * (a - z) / (a - b));
	}
	return 1;
}

double stats_looks_alpha(const struct stats_looks *l, size_t look, double alpha)
{
	double want = log(alpha);
	size_t i;

	for (i = 1; i + 1 < l->points && l->log_alpha[i] < want; i++)
		;
	return gsl_cdf_ugaussian_Q(l->z[i - 1][look] +
				   (l->z[i][look] - l->z[i - 1][look]) *
					   (want - l->log_alpha[i - 1]) /
					   (l->log_alpha[i] - l->log_alpha[i - 1]));
}
