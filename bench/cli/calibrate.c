// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab calibrate`: how small an effect this host can see, per exit kind.
 *
 * Runs the A/A arm and one injected delay, no strategy. The A/A spread gives the smallest
 * effect for other lengths of time, because the interval shrinks with the square root of the
 * time; the variance between code offsets does not, and stays as a floor.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <gsl/gsl_errno.h>

#include <egpr/status.h>

#include <bench/host/clock.h>
#include "command.h"
#include <bench/host/cpu.h>
#include <bench/measure/guard.h>
#include <bench/suite/power.h>
#include <bench/run/run.h>

#define DEFAULT_SECONDS 60
#define SIGNAL_STATUS	128
#define INJECTED	16  /* core cycles, as issue and table name them */
#define POWER_SHARE	0.4 /* of the time, where the methods are compared */
/* Error 2.5 % on each side and power 80 %: (1.960 + 0.842) standard errors. */
#define DETECTABLE 2.802
#define OWN_GOAL   2.0 /* per cent of the time that the engine's own work may take */
/* Layer prim is to decide one injected core cycle within this time. */
#define CYCLE_SECONDS 1.0

extern const struct egpr_command egpr_cmd_calibrate;

enum {
	OPTION_SECONDS,
	OPTION_CPU,
	OPTION_SEED,
	OPTION_EXIT,
	OPTION_NO_POWER,
	NR_OPTIONS
};

static const struct egpr_option calibrate_options[] = {
	[OPTION_SECONDS] = { "seconds", "N", "time for all of it; default 60" },
	[OPTION_CPU] = { "cpu", "N", "measure on this CPU; default the quietest" },
	[OPTION_SEED] = { "seed", "N", "seed of every random choice" },
	[OPTION_EXIT] = { "exit", "K,..", "only these exit kinds" },
	[OPTION_NO_POWER] = { "no-power", NULL, "leave out the comparison with other methods" },
	{ NULL, NULL, NULL },
};

/* Times for which the smallest effect is told. */
static const struct {
	double seconds;
	const char *name;
} spans[] = { { 10, "10 s" }, { 60, "60 s" }, { 600, "10 min" } };

#define NR_SPANS (sizeof(spans) / sizeof(*spans))

static const char plan_text[] = "[plan]\n"
				"text = A/A and one injected delay\n"
				"budget = %g\n"
				"looks = 1\n"
				"margins = 1 %%, 10 ticks\n"
				"delays = 0 %d\n"
				"batch_min = 16\n"
				"batch_us = 150\n"
				"batch_max = 8192\n"
				"per_exit = 0\n"
				"resamples = 0\n"
				"[prim]\n"
				"states = off\n"
				"strategies = none\n"
				"weight = 0.5\n"
				"[boundary]\n"
				"states = off\n"
				"strategies = none\n"
				"baseline_weight = 0.3\n";

/* Half a core cycle tells one from none. */
static const char cycle_text[] = "[plan]\n"
				 "text = one core cycle\n"
				 "budget = %g\n"
				 "looks = 8\n"
				 "margins = %g ticks\n"
				 "delays = 0 1\n"
				 "per_exit = 0\n"
				 "resamples = 0\n"
				 "[prim]\n"
				 "states = off\n"
				 "strategies = none\n";

static const struct comparison *find(const struct run_cell *c, const struct egpr_strategy *s,
				     unsigned int delay)
{
	unsigned int i;

	for (i = 0; i < c->r.nr_comparisons; i++) {
		const struct plan_arm *a = &c->cell.arms[c->r.comparisons[i].arm];

		if (a->strategy == s && a->delay == delay)
			return &c->r.comparisons[i];
	}
	return NULL;
}

/* Smallest effect in a time, from the A/A spread seen in the time that its two arms had. */
static double effect_in(const struct run_cell *c, const struct comparison *aa, double seconds)
{
	double had = c->r.seconds[aa->arm] + c->r.seconds[aa->baseline];
	double block = aa->shift.se * sqrt(had / seconds), floor2 = 0;

	if (aa->shift.layouts)
		floor2 = aa->shift.layout_sd * aa->shift.layout_sd / (double)aa->shift.layouts;
	return DETECTABLE * sqrt(block * block + floor2);
}

static void injected_cell(const struct run_cell *c, struct doc *d)
{
	const struct comparison *k = find(c, &egpr_strategies[EGPR_STRATEGY_delay], INJECTED);
	struct stats_interval ci = { -INFINITY, INFINITY };

	if (k)
		ci = stats_shift_interval(&k->shift, 0.025);
	if (k && isfinite(ci.low))
		doc_cell(d, DOC_PLAIN, NULL, "%.1f (%.1f .. %.1f), %.1f injected",
			 k->shift.estimate, ci.low, ci.high, INJECTED * c->r.tsc_per_core);
	else
		doc_cell(d, DOC_PLAIN, NULL, "%s", k ? "too few blocks" : "");
}

static void number_cell(struct doc *d, int digits, double v)
{
	if (isnan(v))
		doc_cell(d, DOC_PLAIN, NULL, "%s", "");
	else
		doc_cell(d, DOC_PLAIN, NULL, "%.*f", digits, v);
}

static void cell_row(const struct run_cell *c, struct doc *d)
{
	const struct comparison *aa = find(c, &egpr_strategies[EGPR_STRATEGY_none_b], 0);
	bool has = !*c->failed && aa && isfinite(aa->shift.se);
	size_t i;

	doc_cell(d, DOC_PLAIN, NULL, "%s", c->cell.kind ? c->cell.kind->id : "prim (no guest)");
	number_cell(d, 0, has ? engine_median(&c->r, 0) : NAN);
	for (i = 0; i < NR_SPANS; i++) {
		double effect = has ? effect_in(c, aa, spans[i].seconds) : NAN;

		number_cell(d, effect < 1 ? 3 : 1, effect);
	}
	if (has)
		injected_cell(c, d);
	else
		doc_cell(d, DOC_OPEN, NULL, "not measured: %s",
			 *c->failed ? c->failed : "too few blocks");
}

static void effects_table(const struct run *run, struct doc *d)
{
	struct doc_column columns[NR_SPANS + 3] = { { "exit kind", 0 },
						    { "baseline", DOC_NUMBER } };
	static char words[64]; /* the document holds it */
	unsigned int i;
	size_t s;

	snprintf(words, sizeof(words), "a delay of %d core cycles came out as", INJECTED);
	for (s = 0; s < NR_SPANS; s++)
		columns[s + 2] = (struct doc_column){ spans[s].name, DOC_NUMBER };
	columns[NR_SPANS + 2] = (struct doc_column){ words, 0 };
	doc_table(d, "effects", columns, NR_SPANS + 3,
		  "Smallest effect that is seen (two-sided 5 %%, power 80 %%), TSC ticks per exit");
	for (i = 0; i < run->nr_cells; i++)
		cell_row(&run->cells[i], d);
	for (i = 0; i < run->nr_skips; i++) {
		const struct run_skip *k = &run->skips[i];

		if (*k->strategy)
			continue;
		doc_cell(d, DOC_PLAIN, NULL, "%s", k->key.exit_kind ? k->key.exit_kind : "prim");
		for (s = 0; s < NR_SPANS + 1; s++)
			doc_cell(d, DOC_PLAIN, NULL, "%s", "");
		doc_cell(d, DOC_PLAIN, NULL, "skipped: %s", k->reason);
	}
	for (i = 0; i < run->nr_cells && run->cells[i].cell.representative; i++)
		;
	if (i < run->nr_cells)
		doc_para(d,
			 "Exits are not representative here: backend %s interprets guest code at "
			 "CPL 0.",
			 run->cells[i].cell.backend);
}

static bool timed_by_vmm(const struct run_cell *c)
{
	return c->cell.kind && !c->cell.guest_timed && c->done && !*c->failed;
}

/* The exit kind that the methods are set against each other on: the cheapest to the VMM. */
static const struct run_cell *cheapest(const struct run *run)
{
	const struct run_cell *best = NULL;
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (timed_by_vmm(c) && c->r.blocks &&
		    (!best || engine_median(&c->r, 0) < engine_median(&best->r, 0)))
			best = c;
	}
	return best;
}

static int power_table(const struct run *run, double seconds, uint64_t seed, struct doc *d,
		       struct data_error *e)
{
	static const struct doc_column columns[] = {
		{ "method", 0 },
		{ "seconds", DOC_NUMBER },
		{ "smallest effect", DOC_NUMBER },
		{ "ratio", DOC_NUMBER },
		{ "from", 0 },
	};
	const struct run_cell *c = cheapest(run);
	static volatile sig_atomic_t stop;
	struct power_request r = {
		.tsc_hz = cpu_tsc_hz(), .seconds = seconds / POWER_NR, .seed = seed, .stop = &stop
	};
	struct power p[POWER_NR];
	unsigned int m;
	int ret;

	if (!c) {
		doc_para(d, "Methods are not compared: no exit kind that comes back to the VMM was "
			    "measured.");
		return 0;
	}
	r.cell = &c->cell;
	r.batch = c->r.batch;
	ret = guard_start(&stop, e);
	if (ret)
		return ret;
	ret = power_measure(&r, p, e);
	guard_end();
	if (ret)
		return ret;
	doc_table(d, "methods", columns, sizeof(columns) / sizeof(*columns),
		  "The same question put to three methods: %s, same guest, in turns, equal time",
		  c->cell.kind->id);
	for (m = 0; m < POWER_NR; m++) {
		doc_cell(d, DOC_PLAIN, NULL, "%s", power_names[m]);
		number_cell(d, 2, p[m].seconds);
		number_cell(d, 1, p[m].effect);
		number_cell(d, 1, p[m].effect / p[POWER_ENGINE].effect);
		doc_cell(d, DOC_PLAIN, NULL, "%s", p[m].detail);
	}
	if (isfinite(power_ratio(p)))
		doc_para(d,
			 "This lab sees effects %.1f times smaller than the better of the others "
			 "(goal: %.0f).",
			 power_ratio(p), POWER_GOAL);
	return 0;
}

static void one_cycle_words(const struct run *run, struct doc *d)
{
	const struct run_cell *c = &run->cells[0];
	const struct comparison *k = find(c, &egpr_strategies[EGPR_STRATEGY_delay], 1);
	struct stats_interval ci;
	double p;

	if (*c->failed || !k)
		return;
	ci = stats_shift_interval(&k->shift, 0.025);
	doc_para(d,
		 "Layer prim: one injected core cycle came out as %.3f (%.3f .. %.3f) TSC ticks, "
		 "%.3f injected: %s after %.2f s (goal: %g s).",
		 k->shift.estimate, ci.low, ci.high, c->r.tsc_per_core,
		 stats_verdict(&k->d[0], run->plan->alpha, &p) == STATS_SLOWER ? "decided"
									       : "not decided",
		 c->r.elapsed, CYCLE_SECONDS);
}

/* Run a plan in memory. The caller frees both, whatever comes of it. */
static int measure(struct run *run, struct plan *plan, int cpu, uint64_t seed, struct data_error *e)
{
	struct run_options o = { .plan = plan, .cpu = cpu, .memory = true, .quiet = true };
	int ret;

	plan->has_seed = true;
	plan->seed = seed;
	ret = run_expand(run, plan, EGPR_PROV_PROXY, e);
	return ret ? ret : run_measure(run, &o, NULL, e);
}

/* Layer prim on its own, until one core cycle is told from none. */
static int one_cycle(double tsc_per_core, int cpu, uint64_t seed, struct doc *d,
		     struct data_error *e)
{
	char text[sizeof(cycle_text) + 64];
	struct run run = { 0 };
	struct plan plan;
	int ret;

	snprintf(text, sizeof(text), cycle_text, CYCLE_SECONDS, 0.5 * tsc_per_core);
	ret = plan_read_text(&plan, "one core cycle", text, e);
	if (!ret)
		ret = measure(&run, &plan, cpu, seed, e);
	if (!ret)
		one_cycle_words(&run, d);
	run_free(&run);
	plan_free(&plan);
	return ret;
}

static void own_words(const struct run *run, struct doc *d)
{
	double own = 0, elapsed = 0;
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		own += run->cells[i].r.own;
		elapsed += run->cells[i].r.elapsed;
	}
	if (elapsed > 0)
		doc_para(d, "The engine's own work took %.1f %% of the time (goal: %.0f %%).",
			 100 * own / elapsed, OWN_GOAL);
}

static int calibrate(double seconds, const char *const *value, int cpu, uint64_t seed,
		     struct data_error *e)
{
	double power = value[OPTION_NO_POWER] ? 0 : seconds * POWER_SHARE;
	struct run run = { 0 };
	struct plan plan = { 0 };
	struct doc d = { 0 };
	char text[sizeof(plan_text) + 64];
	int ret;

	snprintf(text, sizeof(text), plan_text, seconds - power, INJECTED);
	ret = plan_read_text(&plan, "calibrate", text, e);
	if (!ret && value[OPTION_EXIT])
		ret = plan_narrow(&plan, "exit", value[OPTION_EXIT], e);
	if (!ret)
		ret = measure(&run, &plan, cpu, seed, e);
	if (!ret) {
		effects_table(&run, &d);
		own_words(&run, &d);
		ret = one_cycle(cpu_tsc_per_core_cycle(), run.env.cpu, seed, &d, e);
	}
	if (!ret && power > 0)
		ret = power_table(&run, power, seed, &d, e);
	/* What came before a failure is still true. */
	if (d.nblocks) {
		int status = egpr_command_print(&egpr_cmd_calibrate, &d, EGPR_ALIGNED);

		ret = ret ? ret : status;
	}
	doc_free(&d);
	run_free(&run);
	plan_free(&plan);
	return ret;
}

static int read_number(const char *text, double low, double high, double *n)
{
	char *end;

	*n = strtod(text, &end);
	return end == text || *end || !(*n >= low && *n <= high) ? -1 : 0;
}

static int calibrate_run(int argc, char **argv)
{
	const char *value[NR_OPTIONS] = { NULL }, *v;
	double seconds = DEFAULT_SECONDS;
	struct data_error e = { "" };
	uint64_t seed = 0;
	char *end;
	int cpu = -1, option, ret;

	while ((option = egpr_command_option(&egpr_cmd_calibrate, argc, argv, &v)) >= 0)
		value[option] = v ? v : "";
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind < argc)
		return egpr_command_usage(&egpr_cmd_calibrate, "'%s' is one argument too many",
					  argv[optind]);
	if (value[OPTION_SECONDS] && read_number(value[OPTION_SECONDS], 2, 86400, &seconds))
		return egpr_command_usage(&egpr_cmd_calibrate, "--seconds '%s' is not in 2..86400",
					  value[OPTION_SECONDS]);
	if (value[OPTION_CPU] && egpr_command_cpu(&egpr_cmd_calibrate, value[OPTION_CPU], &cpu))
		return EGPR_USAGE;
	if (value[OPTION_SEED]) {
		seed = strtoull(value[OPTION_SEED], &end, 0);
		if (end == value[OPTION_SEED] || *end || *value[OPTION_SEED] == '-')
			return egpr_command_usage(&egpr_cmd_calibrate,
						  "--seed '%s' is not a number",
						  value[OPTION_SEED]);
	} else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		fprintf(stderr, "egprlab calibrate: no randomness for a seed: %s\n",
			strerror(errno));
		return EGPR_INTERNAL;
	}
	ret = calibrate(seconds, value, cpu, seed, &e);
	if (ret > SIGNAL_STATUS) {
		signal(ret - SIGNAL_STATUS, SIG_DFL);
		raise(ret - SIGNAL_STATUS);
	}
	if (ret && *e.text)
		fprintf(stderr, "egprlab calibrate: %s\n", e.text);
	return ret;
}

const struct egpr_command egpr_cmd_calibrate = {
	.name = "calibrate",
	.args = "",
	.text = "tell the smallest effect that this host can see",
	.options = calibrate_options,
	.tables = 1,
	.run = calibrate_run,
};
