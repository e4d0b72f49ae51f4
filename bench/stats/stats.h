/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of the measuring engine.
 *
 * Everything here works on paired block differences, in TSC ticks per exit, in
 * the order in which the blocks ran. Rank methods, because timings have heavy
 * tails and the shift of a pair is what is asked for; GSL does the distributions
 * and the random numbers. Each function names where its formula comes from, and
 * tests/unit/stats.c checks it against published figures.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include <gsl/gsl_rng.h>

/**
 * struct stats_interval - a confidence interval
 * @low: lower end, -INFINITY where the data cannot bound it
 * @high: upper end, INFINITY likewise
 */
struct stats_interval {
	double low;
	double high;
};

/* Order statistics and location ---------------------------------------------------- */

/**
 * stats_sort - sort ascending, in place
 */
void stats_sort(double *x, size_t n);

/**
 * stats_quantile - quantile of sorted data, linear between order statistics (R's type 7)
 * @sorted: ascending
 * @n: at least 1
 * @p: 0..1
 */
double stats_quantile(const double *sorted, size_t n, double p);

/**
 * stats_mad - median absolute deviation from the median, not scaled
 * @x: any order, left as it is
 * @n: at least 1
 * @scratch: n doubles
 */
double stats_mad(const double *x, size_t n, double *scratch);

/**
 * stats_midmean - mean of the middle half: without the lowest and the highest quarter
 * @sorted: ascending
 * @n: at least 1
 *
 * Moves with the bulk of the data by fractions of its steps, and not with its tails.
 */
double stats_midmean(const double *sorted, size_t n);

/**
 * stats_low_mean - mean of the lower half, the same way
 *
 * Where noise only adds, it varies less than the middle half.
 */
double stats_low_mean(const double *sorted, size_t n);

/* One-sample signed rank: Hodges-Lehmann (stats_rank.c) ------------------------------ */

/**
 * stats_walsh - k-th smallest of the n(n+1)/2 Walsh averages (x[i]+x[j])/2, i <= j
 * @sorted: ascending
 * @n: at least 1
 * @k: from 1
 *
 * O(n) per step of a bisection on the value, so thousands of blocks cost microseconds
 * where the list of averages would be millions long.
 */
double stats_walsh(const double *sorted, size_t n, size_t k);

/**
 * stats_hl - Hodges-Lehmann estimate: the median of the Walsh averages
 */
double stats_hl(const double *sorted, size_t n);

/**
 * stats_hl_interval - interval around stats_hl()
 * @sorted: ascending
 * @n: number of differences
 * @alpha: one-sided error of each end
 *
 * Exact distribution of the signed-rank statistic up to STATS_EXACT_MAX, normal
 * approximation above (Hollander, Wolfe and Chicken, section 3.3). Return: the
 * interval, infinite where n is too small for @alpha.
 */
struct stats_interval stats_hl_interval(const double *sorted, size_t n, double alpha);

/**
 * stats_signed_rank_p - one-sided p-value of "the shift is at most @mu" (signed rank)
 * @sorted: ascending
 * @n: number of differences
 * @mu: the bound of the null hypothesis
 *
 * Small where the data speak for a shift above @mu. Ties with @mu count half.
 */
double stats_signed_rank_p(const double *sorted, size_t n, double mu);

/* Above this many differences the normal approximation is good to 3 digits. */
#define STATS_EXACT_MAX 50

/* Series in time (stats_series.c) ------------------------------------------------------- */

/**
 * stats_autocorrelation - lag-1 autocorrelation of a series
 * Return: 0 for a constant or shorter than 3.
 */
double stats_autocorrelation(const double *x, size_t n);

/**
 * stats_group_size - how many neighbouring blocks make one independent value
 * @x: differences in the order they ran
 * @n: their number
 *
 * Doubles the group while group means still correlate with their neighbour, down
 * to STATS_MIN_GROUPS groups (batch means; Law and Carson 1979). Return: 1 for
 * independent blocks.
 */
size_t stats_group_size(const double *x, size_t n);

#define STATS_MIN_GROUPS 16

/**
 * stats_group - Hodges-Lehmann estimate of each group of @size neighbours
 * @x: differences in the order they ran
 * @n: their number
 * @size: from stats_group_size(); a remainder joins the last group
 * @out: at least n / size doubles
 *
 * Return: number of groups, or 0 when memory is short.
 */
size_t stats_group(const double *x, size_t n, size_t size, double *out);

/**
 * stats_warmup - how many leading values are transient (MSER rule, White 1997)
 * @x: series in the order it ran
 * @n: its length
 *
 * Picks the truncation that minimises the standard error of what is left, and
 * looks at the first half only. Values beyond 5 robust deviations are clipped
 * first: one interrupt is not a warm-up. Return: number of values to drop; n / 2
 * says that the series has not settled.
 */
size_t stats_warmup(const double *x, size_t n);

/**
 * stats_settled - whether the later half of a series is steady
 * @x: series in the order it ran
 * @n: its length, at least 8
 *
 * By stats_warmup(), and the medians of the last two quarters agree within their errors: a
 * transient longer than half of the series hides from the first rule.
 */
bool stats_settled(const double *x, size_t n);

/* Bootstrap (stats_boot.c) --------------------------------------------------------------- */

/* A statistic of data given as ascending values with how often each occurs. */
typedef double (*stats_weighted_fn)(const double *sorted, const unsigned int *weight, size_t n,
				    size_t total);

/* Mean of the middle half; the bootstrap's location of differences. */
double stats_midmean_weighted(const double *sorted, const unsigned int *weight, size_t n,
			      size_t total);

/**
 * stats_bca - bias-corrected and accelerated bootstrap interval, whole blocks resampled
 * @x: series in the order it ran
 * @n: its length
 * @block: neighbours resampled together; 1 for independent values
 * @resamples: bootstrap replicates
 * @alpha: one-sided error of each end
 * @stat: what is estimated
 * @rng: source of the resamples
 * @out: receives the interval
 *
 * Circular block bootstrap (Politis and Romano 1992), BCa end points (Efron 1987), the
 * acceleration from a jackknife over the same blocks. Return: 0, or -1 when memory is
 * short or n < 2.
 */
int stats_bca(const double *x, size_t n, size_t block, size_t resamples, double alpha,
	      stats_weighted_fn stat, gsl_rng *rng, struct stats_interval *out);

/* Sequential looks (stats_looks.c) --------------------------------------------------------- */

#define STATS_MAX_LOOKS 8

/* How the error is spent over information time t in 0..1. */
enum stats_spending {
	STATS_SPEND_OBF,    /* Lan and DeMets 1983, like O'Brien and Fleming: late */
	STATS_SPEND_POCOCK, /* Lan and DeMets 1983, like Pocock: evenly */
	STATS_SPEND_POWER2, /* Kim and DeMets 1987, alpha t^2: between the two */
};

/**
 * stats_spent - error spent up to information time @t
 */
double stats_spent(enum stats_spending f, double alpha, double t);

/**
 * stats_boundaries - one-sided critical z at each look, for a total error of @alpha
 * @f: spending function
 * @alpha: total one-sided error
 * @t: information times, ascending, the last is 1
 * @looks: 1..STATS_MAX_LOOKS
 * @z: receives the critical values
 *
 * Recursive integration of the density of the score process (Armitage, McPherson and
 * Rowe 1969).
 */
void stats_boundaries(enum stats_spending f, double alpha, const double *t, size_t looks,
		      double *z);

/**
 * struct stats_looks - boundaries for many total errors, to turn a nominal p-value at one
 *	look into one that is valid whenever the experiment stops
 * @looks: number of looks
 * @t: information times
 * @points: number of tabulated errors
 * @log_alpha: their logarithms, ascending
 * @z: critical values [point][look]
 */
#define STATS_LOOK_POINTS 36
struct stats_looks {
	size_t looks;
	double t[STATS_MAX_LOOKS];
	size_t points;
	double log_alpha[STATS_LOOK_POINTS];
	double z[STATS_LOOK_POINTS][STATS_MAX_LOOKS];
};

/**
 * stats_looks_init - tabulate the boundaries for equally spaced looks
 */
void stats_looks_init(struct stats_looks *l, enum stats_spending f, size_t looks);

/**
 * stats_looks_p - p-value that is valid in spite of the looks
 * @l: the table
 * @look: from 0
 * @nominal: one-sided p-value computed at that look as if it were the only one
 *
 * Return: the smallest total error with which this look would have stopped; 1 above
 * the table's end (0.5).
 */
double stats_looks_p(const struct stats_looks *l, size_t look, double nominal);

/**
 * stats_looks_alpha - nominal one-sided error at a look for a total error of @alpha
 */
double stats_looks_alpha(const struct stats_looks *l, size_t look, double alpha);

/* Nested variance components (stats_nested.c) --------------------------------------------------- */

#define STATS_MAX_LEVELS 3

/**
 * struct stats_leaf - a group at the finest level
 * @id: the group that it lies in at each level, the coarsest first; the last is its own. A number
 *	stands for one group, whatever lies around it
 * @n: values in it
 * @mean: their centre
 */
struct stats_leaf {
	unsigned int id[STATS_MAX_LEVELS];
	double n;
	double mean;
};

/**
 * struct stats_nested - analysis of variance of nested groups
 * @levels: number of levels above the error
 * @n: all values
 * @groups: number of groups by level
 * @df: degrees of freedom by level, the error's last; 0: the level cannot be told from the next
 * @ms: mean squares, likewise
 * @expect: what ms[k] expects of the component of level j
 * @weight: what the variance of the mean of all values has of each component
 */
struct stats_nested {
	unsigned int levels;
	double n;
	size_t groups[STATS_MAX_LEVELS];
	double df[STATS_MAX_LEVELS + 1];
	double ms[STATS_MAX_LEVELS + 1];
	double expect[STATS_MAX_LEVELS][STATS_MAX_LEVELS];
	double weight[STATS_MAX_LEVELS];
};

/**
 * stats_nested_init - mean squares and what the model expects of them
 * @v: to fill
 * @leaf: groups at the finest level
 * @n: how many
 * @levels: 1..STATS_MAX_LEVELS
 * @error_ms: mean square within leaves
 * @error_df: its degrees of freedom; INFINITY where its error is accounted for elsewhere
 */
void stats_nested_init(struct stats_nested *v, const struct stats_leaf *leaf, size_t n,
		       unsigned int levels, double error_ms, double error_df);

/**
 * stats_nested_component - variance component of a level, 0 where its estimate is negative
 *
 * Return: NAN where the level has as many groups as the one around it: not estimable.
 */
double stats_nested_component(const struct stats_nested *v, unsigned int level);

/**
 * stats_nested_variance - variance of the mean of all values
 * @v: the analysis
 * @truncate: negative components count as 0
 * @df: receives Satterthwaite's (1946) degrees of freedom
 *
 * Without @truncate, and with balanced groups, it is the coarsest mean square over n, and its
 * degrees of freedom are that level's: Student's t is exact.
 */
double stats_nested_variance(const struct stats_nested *v, bool truncate, double *df);

#define STATS_TAIL 0.025 /* error at each end of a 95 % interval */

#define STATS_MAX_LAYOUTS  64
#define STATS_MAX_LAUNCHES 64

/* The shift of one comparison (stats_shift.c) -------------------------------------------------- */

/* What a run is made of, the coarsest first: a boot has module loads, these have launches. */
enum stats_level {
	STATS_BOOT,
	STATS_MODULE,
	STATS_LAUNCH,
	STATS_NR_LEVELS
};

/* Their names, for people. */
extern const char *const stats_level_names[STATS_NR_LEVELS];

/**
 * struct stats_place - where a launch belongs
 * @id: number of its boot, of its module load, its own
 */
struct stats_place {
	unsigned int id[STATS_NR_LEVELS];
};

/**
 * struct stats_where - what each block's place was
 * @layout: index of the code offset, by block, below STATS_MAX_LAYOUTS; NULL for one place
 * @launch: index into @places, by block, below STATS_MAX_LAUNCHES; NULL for one launch
 * @places: by launch
 */
struct stats_where {
	const unsigned int *layout;
	const unsigned int *launch;
	const struct stats_place *places;
};

/**
 * struct stats_spread - variance beside the blocks' own
 * @part: what it adds to the squared standard error
 * @df: degrees of freedom of the sum (Satterthwaite); INFINITY for that of many blocks
 */
struct stats_spread {
	double part;
	double df;
};

/**
 * struct stats_shift - what is known about one shift
 * @n: blocks
 * @group: neighbouring blocks per independent value
 * @values: independent values that the rank statistics used
 * @estimate: Hodges-Lehmann
 * @se: standard error of @estimate from the spread of the blocks alone
 * @layout_sd: standard deviation between code offsets; 0 if none was seen
 * @layouts: offsets seen
 * @level_sd: standard deviation between boots, module loads, launches; 0 if none was seen, NAN
 *	where it cannot be estimated: one value, or as many as the level around it has
 * @groups: boots, module loads, launches seen
 * @nr_spreads: entries of @spread; 0: blocks alone
 * @spread: what widens the interval; the widest counts
 * @sorted: the independent values, ascending
 */
struct stats_shift {
	size_t n;
	size_t group;
	size_t values;
	double estimate;
	double se;
	double layout_sd;
	size_t layouts;
	double level_sd[STATS_NR_LEVELS];
	size_t groups[STATS_NR_LEVELS];
	unsigned int nr_spreads;
	struct stats_spread spread[2];
	double *sorted;
};

/**
 * stats_shift_init - estimate a shift from block differences
 * @s: to fill; stats_shift_free() it
 * @x: differences in the order they ran
 * @where: what each block's place was; NULL where that is no factor
 * @n: blocks, at least 1
 *
 * Return: 0, or -1 when memory is short.
 */
int stats_shift_init(struct stats_shift *s, const double *x, const struct stats_where *where,
		     size_t n);
void stats_shift_free(struct stats_shift *s);

/**
 * stats_shift_interval - interval that covers block noise, code placement, launch, load and boot
 * @s: the shift
 * @alpha: one-sided error of each end
 *
 * Where only blocks spread this is stats_hl_interval(). Elsewhere variances add and the
 * quantile is Student's with Satterthwaite's degrees of freedom.
 */
struct stats_interval stats_shift_interval(const struct stats_shift *s, double alpha);

/* The spread that makes the interval at one-sided error @alpha widest; no part for blocks alone. */
struct stats_spread stats_shift_spread(const struct stats_shift *s, double alpha);

/**
 * stats_shift_p - one-sided p-value of "the shift is at most @mu", same model
 */
double stats_shift_p(const struct stats_shift *s, double mu);

/**
 * stats_shift_p_below - one-sided p-value of "the shift is at least @mu"
 */
double stats_shift_p_below(const struct stats_shift *s, double mu);

/* Verdicts (stats_verdict.c) -------------------------------------------------------------------- */

enum stats_verdict {
	STATS_INCONCLUSIVE,
	STATS_EQUIVALENT, /* the shift lies within the margin */
	STATS_FASTER,	  /* below minus the margin */
	STATS_SLOWER,	  /* above the margin */
	STATS_NR_VERDICTS
};

extern const char *const stats_verdict_names[STATS_NR_VERDICTS];

/**
 * struct stats_decision - one comparison against one margin
 * @p_equivalent: two one-sided tests (Schuirmann 1987): the larger of the two
 * @p_slower: the shift is at most the margin
 * @p_faster: the shift is at least minus the margin
 */
struct stats_decision {
	double p_equivalent;
	double p_slower;
	double p_faster;
};

/**
 * stats_decide - p-values of a shift against a margin, at one look
 * @s: the shift
 * @margin: in TSC ticks, above 0
 * @l: the looks, or NULL for an experiment of fixed length
 * @look: from 0
 */
struct stats_decision stats_decide(const struct stats_shift *s, double margin,
				   const struct stats_looks *l, size_t look);

/**
 * stats_decision_merge - keep the strongest evidence of all looks so far
 */
void stats_decision_merge(struct stats_decision *all, const struct stats_decision *now);

/**
 * stats_verdict - what a decision says at an error of @alpha
 * @d: p-values, of one comparison or adjusted
 * @alpha: error of `equivalent`, and of `faster` and `slower` together
 * @p: receives the p-value of the verdict; of the nearest one if inconclusive
 */
enum stats_verdict stats_verdict(const struct stats_decision *d, double alpha, double *p);

/**
 * stats_holm - Holm's adjustment of n p-values, in place (Holm 1979)
 * Return: 0, or -1 when memory is short.
 */
int stats_holm(double *p, size_t n);

/**
 * stats_adjust - Holm's adjustment of a family of decisions, in place
 * @d: decisions of one question over all exit kinds
 * @n: how many
 *
 * Equivalence is one claim, a change of either sign another: of slower and faster the nearer
 * one is adjusted. Return: 0, or -1 when memory is short.
 */
int stats_adjust(struct stats_decision *d, size_t n);

/**
 * stats_smallest_margin - the smallest margin that would be equivalent
 */
double stats_smallest_margin(const struct stats_shift *s, double alpha);

/**
 * stats_blocks_needed - further blocks until a verdict is expected
 * @s: the shift
 * @margin: in TSC ticks
 * @alpha: one-sided error at the last look
 *
 * Assumes that the estimate stays where it is and the interval shrinks as 1/sqrt(n).
 * Return: 0 if decided already; STATS_NEVER where placement, launch, load
 * or boot alone, or an estimate on the margin, keeps it open.
 */
#define STATS_NEVER 1000000000UL
size_t stats_blocks_needed(const struct stats_shift *s, double margin, double alpha);

/* Slope of injected delays (stats_series.c) ------------------------------------------------------- */

/**
 * stats_block_slope - slope of y over x within one block
 * @x: injected core cycles, ascending
 * @y: measured TSC ticks
 * @n: at least 2 different x
 *
 * From pairs, the outermost first, weighted by their distance. Each pair's difference is
 * symmetric around its mean however skewed the noise is, so the median of many such
 * slopes is not biased; of least-squares slopes, whose weights are not symmetric, it is.
 */
double stats_block_slope(const double *x, const double *y, size_t n);

#endif /* BENCH_STATS_H */
