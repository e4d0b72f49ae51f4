/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: everything about a run that must be fixed before it starts.
 *
 * A plan is an INI file; the profiles smoke, quick and full are the files of that
 * name in bench/plans/. Its text is copied into the run directory, so margins and
 * budget cannot be chosen after the data were seen.
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <egpr/axis.h>
#include <egpr/context.h>
#include <egpr/exit_kind.h>
#include <egpr/strategy.h>

#include <bench/base/error.h>
#include <bench/stats/stats.h>

#define PLAN_MAX_MARGINS 6
#define PLAN_MAX_DELAYS	 12
#define PLAN_MAX_ARMS	 (EGPR_NR_STRATEGIES + EGPR_NR_STATES + PLAN_MAX_DELAYS)
#define PLAN_TEXT	 160

/* What a batch is summed up by. */
enum plan_location {
	PLAN_MEAN,    /* stamped at its two ends */
	PLAN_MIDMEAN, /* each exit stamped: mean of the middle half of them */
	PLAN_FAST,    /* likewise: mean of the faster half */
};

/* Does the plan stamp each exit? */
#define plan_stamps(p) ((p)->location != PLAN_MEAN)

/* plan.narrowed */
#define PLAN_NARROWED_STATES	 (1u << 0)
#define PLAN_NARROWED_EXITS	 (1u << 1)
#define PLAN_NARROWED_STRATEGIES (1u << 2)
#define PLAN_NARROWED_CONTEXTS	 (1u << 3)
#define PLAN_NARROWED_LAYERS	 (1u << 4)

/* X(key, type, low, high, text): numbers of section [plan], each with the range it accepts. */
/* clang-format off */
#define PLAN_NUMBERS(X)									\
	X(budget, double, 0.1, 604800, "seconds for the whole run")			\
	X(alpha, double, 1e-6, 0.4, "error of a verdict, over all looks and exit kinds")	\
	X(looks, unsigned, 1, STATS_MAX_LOOKS, "looks at the data at most, the last included")	\
	X(launches, unsigned, 1, STATS_MAX_LOOKS, "processes that share the run; above 1 looks come at their ends")	\
	X(batch_min, unsigned, 1, 65536, "fewest exits per batch")			\
	X(batch_max, unsigned, 1, 65536, "most exits per batch")			\
	X(batch_us, double, 1, 1e6, "wanted length of a batch, microseconds")		\
	X(offsets, unsigned, 1, 64, "code offsets of a sequence, 1 for none")		\
	X(data_offsets, unsigned, 1, 64, "places of the switch's data in its page, 1 for one that is clear of the code")	\
	X(per_exit, unsigned, 0, 32768, "exits stamped one by one for the tails, per arm")	\
	X(resamples, unsigned, 0, 100000, "bootstrap replicates, 0 for no bootstrap")	\
	X(slope_tolerance, double, 0.001, 1, "how far the slope of injected delays may be from 1")
/* clang-format on */

/**
 * struct plan_margin - largest shift that counts as no difference
 * @value: per cent of the baseline, or TSC ticks
 * @percent: which of the two
 * @text: as the plan wrote it
 */
struct plan_margin {
	double value;
	bool percent;
	char text[32];
};

/**
 * struct plan_arm - a strategy with its parameter
 * @strategy: row of the table
 * @delay: N of delay-N
 * @state: guest state of KVM's own switch, which is compared with the cell's; see cell_arm_state()
 * @id: spelling in CLI and CSV
 */
struct plan_arm {
	const struct egpr_strategy *strategy;
	unsigned int delay;
	enum egpr_guest_state state;
	char id[24];
};

/**
 * struct plan_layer - what to measure in one layer
 * @wanted: the plan has this layer, or this group, of which @weight is all there is to say
 * @states: guest states, bit per enum egpr_guest_state
 * @exits: exit kinds, bit per enum egpr_exit_kind_index
 * @strategies: bit per enum egpr_strategy_index; baseline, A/A arm and delays always run
 * @contexts: bit per enum egpr_context; none where those of the command line stand in other layers
 * @context_states: guest states in contexts other than the layer's default; those of @states only
 * @context_exits: exit kinds likewise; those of @exits only
 * @context_strategies: strategies likewise; those of @strategies only
 * @weight: share of the budget of a cell where strategies are compared
 * @baseline_weight: share of a cell that has the baseline and the A/A arm only
 * @context_weight: factor on either in a context other than the layer's default
 */
struct plan_layer {
	bool wanted;
	unsigned int states;
	unsigned int exits;
	unsigned int strategies;
	unsigned int contexts;
	unsigned int context_states;
	unsigned int context_exits;
	unsigned int context_strategies;
	double weight;
	double baseline_weight;
	double context_weight;
};

#define PLAN_DECLARE(key, type, low, high, text) type key;

/**
 * struct plan - see the plan files for what each key means
 * @name: of the profile or file
 * @text: what it is for
 * @spending: how the error is spent over the looks
 * @location: what a batch is summed up by
 * @seed: of every random choice, valid if @has_seed
 * @ini: the file's bytes
 * @narrowed: PLAN_NARROWED_* of what the command line chose
 * @stand_ins: components that may stand in for component 19, see stand_in.h
 */
struct plan {
	char name[64];
	char text[PLAN_TEXT];
	PLAN_NUMBERS(PLAN_DECLARE)
	enum stats_spending spending;
	enum plan_location location;
	bool has_seed;
	uint64_t seed;
	unsigned int nr_margins;
	struct plan_margin margins[PLAN_MAX_MARGINS];
	unsigned int nr_delays;
	unsigned int delays[PLAN_MAX_DELAYS];
	struct plan_layer layer[EGPR_NR_LAYERS];
	char *ini;
	unsigned int narrowed;
	uint32_t stand_ins;
};

/**
 * plan_read - read a plan file
 * @p: receives the plan; plan_free() it, after a failure too
 * @path: the file
 * @e: receives the message: file, line, what is wrong, what is allowed
 *
 * Return: 0 or EGPR_USAGE.
 */
int plan_read(struct plan *p, const char *path, struct data_error *e);

/* The same from text; @name stands for the file in messages. */
int plan_read_text(struct plan *p, const char *name, const char *ini, struct data_error *e);

/**
 * plan_profile - read one of the profiles that come with the lab
 * @name: smoke, quick, full, ...
 */
int plan_profile(struct plan *p, const char *name, struct data_error *e);

/**
 * plan_narrow - take over a list from the command line in place of the plan's
 * @p: the plan
 * @axis: "layer", "group", "exit", "strategy", "state" or "context"
 * @list: ids separated by commas, or "all"; delays among strategies replace the plan's
 * @e: receives the message
 *
 * Return: 0 or EGPR_USAGE.
 */
int plan_narrow(struct plan *p, const char *axis, const char *list, struct data_error *e);

/**
 * plan_filter - narrow a plan to what has a name that matches
 * @regex: extended regular expression for names layer/exit/state@context/strategy; the exit of a layer
 *	without guest is "none", a group has its id alone
 *
 * Return: 0, or EGPR_USAGE where it is no expression or nothing is left.
 */
int plan_filter(struct plan *p, const char *regex, struct data_error *e);

/* Narrow each axis to those of the ids, separated by commas, that it has. Return: 0 or EGPR_USAGE. */
int plan_only(struct plan *p, const char *words, struct data_error *e);

/* Take over the number of launches from the command line. Return: 0 or EGPR_USAGE. */
int plan_launches(struct plan *p, double n);

/* The plan back from that object, lists narrowed as they were. Return: 0 or EGPR_DATA. */
int plan_restore(struct plan *p, const cJSON *json, struct data_error *e);

/* The plan as an object for meta.json; the caller owns it. */
cJSON *plan_json(const struct plan *p);

/**
 * plan_arms - the arms of a cell before the host has its say
 * @p: the plan
 * @l: its layer
 * @arms: receives at most PLAN_MAX_ARMS: baseline, A/A arm, delays, then strategies in
 *	the order of the table; none of KVM's own, see plan_own_arm()
 *
 * Return: their number.
 */
unsigned int plan_arms(const struct plan *p, const struct plan_layer *l, struct plan_arm *arms);

/**
 * plan_own_arm - KVM's own switch as an arm
 * @l: the plan's layer
 * @state: guest state
 * @arm: receives it
 *
 * Return: whether the plan wants it: the strategy is listed and the state is, and is not off, which
 * is what it is compared with.
 */
bool plan_own_arm(const struct plan_layer *l, enum egpr_guest_state state, struct plan_arm *arm);

/* A margin in TSC ticks against a baseline of @base ticks. */
double plan_margin_cycles(const struct plan_margin *m, double base);

void plan_free(struct plan *p);

#endif /* BENCH_PLAN_H */
