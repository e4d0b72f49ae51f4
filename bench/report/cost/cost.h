/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cost model: exit rates of a workload times measured differences.
 *
 * share of a CPU = sum over exit kinds of rate * difference / TSC rate. The ends
 * of the interval are the sums of the ends: nothing is assumed about how the
 * kinds' errors hang together, so the interval is wide rather than wrong.
 */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include <egpr/exit_kind.h>

#include <bench/rundir/rundir.h>

#define COST_NAME_BYTES 64
#define COST_TEXT_BYTES 160
#define COST_VCPUS	1e6 /* cores are given per this many vCPUs */

/**
 * struct cost_profile - exit rates of one workload
 * @name: short name
 * @kind: "example" or "measured"
 * @text: what it is, in words
 * @rate: exits per second and vCPU, indexed like egpr_exit_kinds
 * @other: rate of exits that no exit kind stands for
 */
struct cost_profile {
	char name[COST_NAME_BYTES];
	char kind[COST_NAME_BYTES];
	char text[COST_TEXT_BYTES];
	double rate[EGPR_NR_EXIT_KINDS];
	double other;
};

/**
 * cost_profile_read - read a profile file (docs/man/egpr-profile.5)
 *
 * Return: 0 or EGPR_USAGE; the message names file, line and fault.
 */
int cost_profile_read(const char *path, struct cost_profile *p, struct data_error *e);

/**
 * cost_profile_from_perf - make a profile from the output of `perf kvm stat report`
 * @f: the output
 * @path: its name in messages
 * @seconds: how long perf recorded
 * @vcpus: how many vCPUs it saw
 *
 * Return: 0, or EGPR_DATA where the text has no table of exits.
 */
int cost_profile_from_perf(FILE *f, const char *path, double seconds, double vcpus,
			   struct cost_profile *p, struct data_error *e);

void cost_profile_print(const struct cost_profile *p, FILE *f);

/**
 * struct cost - what a strategy costs a workload
 * @percent: of one CPU per vCPU
 * @low: lower end of the interval
 * @high: upper end
 * @covered: share of the profile's exits with a measured difference, 0..1
 */
struct cost {
	double percent, low, high, covered;
};

/**
 * struct cost_source - which differences
 * @provenance, @layer, @state, @strategy: select rows of verdicts.csv; in a layer
 *	without a guest the same row serves every exit kind
 * @margin: margin_text of the rows to take; their differences are the same
 * @context: selects likewise; NULL takes the first that was measured
 */
struct cost_source {
	const char *provenance, *layer, *state, *strategy, *margin, *context;
};

/**
 * cost_of - apply a profile
 * @tsc_hz: ticks per second of the run's TSC
 *
 * Return: 0, or -1 where nothing of the profile is covered.
 */
int cost_of(const struct rundir_data *run, const struct cost_profile *p,
	    const struct cost_source *s, double tsc_hz, struct cost *c);

/* Directory of the shipped profiles, to be freed; NULL where there is none. */
char *cost_profiles_dir(void);

#endif /* BENCH_COST_H */
