// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab run`: reads a plan, measures it, says where the results are.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/status.h>

#include <emu/user/user.h>
#include <bench/host/cpu.h>
#include <bench/layer/edited.h>
#include <bench/plan/axis.h>
#include "command.h"
#include <bench/run/provenance.h>
#include <bench/plan/stand_in.h>
#include <bench/rundir/store.h>

#define DEFAULT_PROFILE "quick"
#define SIGNAL_STATUS	128

extern const struct egpr_command egpr_cmd_run;

enum {
	OPTION_PROFILE,
	OPTION_PLAN,
	OPTION_LAYER,
	OPTION_GROUP,
	OPTION_EXIT,
	OPTION_STRATEGY,
	OPTION_STATE,
	OPTION_CONTEXT,
	OPTION_ONLY,
	OPTION_FILTER,
	OPTION_PROVENANCE,
	OPTION_STAND_IN,
	OPTION_SEED,
	OPTION_CPU,
	OPTION_KVM,
	OPTION_OUT,
	OPTION_RESUME,
	OPTION_LAUNCHES,
	OPTION_PAUSE,
	OPTION_PROVE,
	OPTION_DRY_RUN,
	OPTION_JSON,
	NR_OPTIONS
};

static const struct egpr_option run_options[] = {
	[OPTION_PROFILE] = { "profile", "NAME", "smoke, quick (the default), full or injected" },
	[OPTION_PLAN] = { "plan", "FILE", "a plan of your own instead of a profile" },
	[OPTION_LAYER] = { "layer", "L,..", "only these layers of the plan" },
	[OPTION_GROUP] = { "group", "G,..", "these groups, and no layer but those of --layer" },
	[OPTION_EXIT] = { "exit", "K,..", "these exit kinds instead of the plan's" },
	[OPTION_STRATEGY] = { "strategy", "S,..",
			      "these strategies instead of the plan's; delay-N too, with delay-0" },
	[OPTION_STATE] = { "state", "G,..", "these guest states instead of the plan's" },
	[OPTION_CONTEXT] = { "context", "C,..", "these contexts instead of the plan's" },
	[OPTION_ONLY] = { "only", "ID,..", "these ids, whatever axis each is on" },
	[OPTION_FILTER] = { "filter", "REGEX",
			    "what matches, by layer/exit/state@context/strategy" },
	[OPTION_PROVENANCE] = { "provenance", "P", "hw, proxy or emu; default hw if it can run" },
	[OPTION_STAND_IN] = { "stand-in", "C,..",
			      "what may stand in for APX, or none; "
			      "default $EGPRLAB_STAND_IN, else all" },
	[OPTION_SEED] = { "seed", "N", "seed of every random choice" },
	[OPTION_CPU] = { "cpu", "N", "measure on this CPU; default the quietest" },
	[OPTION_KVM] = { "kvm", "DIR",
			 "have this build of scripts/kvm-build loaded, whatever is measured" },
	[OPTION_OUT] = { "out", "DIR", "run directory; default a new one below results/" },
	[OPTION_RESUME] = { "resume", "DIR", "go on with an interrupted run" },
	[OPTION_LAUNCHES] = { "launches", "N",
			      "share the run among N processes; 4 or more tell well" },
	[OPTION_PAUSE] = { "pause", NULL, "end after one launch; --resume does the next" },
	[OPTION_PROVE] = { "prove", NULL, "prove states and time nothing; hw or emu" },
	[OPTION_DRY_RUN] = { "dry-run", NULL, "print what would run and for how long" },
	[OPTION_JSON] = { "json", NULL, "with --dry-run: the same as JSON" },
	{ NULL, NULL, NULL },
};

static int fail(int status, const struct data_error *e)
{
	fprintf(stderr, "egprlab run: %s\n", e->text);
	return status;
}

/* Reads the plan that the options name, narrowed by them. */
static int read_plan(struct plan *p, const char *const *value, struct data_error *e)
{
	static const struct {
		int option;
		const char *axis;
	} narrow[] = {
		{ OPTION_LAYER, "layer" }, { OPTION_GROUP, "group" },
		{ OPTION_EXIT, "exit" },   { OPTION_STRATEGY, "strategy" },
		{ OPTION_STATE, "state" }, { OPTION_CONTEXT, "context" },
	};
	size_t i;
	int ret;

	if (value[OPTION_PLAN])
		ret = plan_read(p, value[OPTION_PLAN], e);
	else
		ret = plan_profile(
			p, value[OPTION_PROFILE] ? value[OPTION_PROFILE] : DEFAULT_PROFILE, e);
	for (i = 0; i < sizeof(narrow) / sizeof(*narrow) && !ret; i++) {
		if (value[narrow[i].option])
			ret = plan_narrow(p, narrow[i].axis, value[narrow[i].option], e);
	}
	if (!ret && value[OPTION_ONLY])
		ret = plan_only(p, value[OPTION_ONLY], e);
	if (!ret && value[OPTION_FILTER])
		ret = plan_filter(p, value[OPTION_FILTER], e);
	if (!ret && value[OPTION_STAND_IN])
		ret = stand_in_parse(value[OPTION_STAND_IN], "--stand-in", &p->stand_ins, e);
	else if (!ret)
		ret = stand_in_from_env(&p->stand_ins, e);
	return ret;
}

static int read_number(const char *text, unsigned long long max, unsigned long long *n)
{
	char *end;

	*n = strtoull(text, &end, 0);
	return end == text || *end || *text == '-' || *n > max ? -1 : 0;
}

/* What the machine has decides, unless the user did. */
static int read_provenance(const char *text, enum egpr_provenance *out)
{
	struct standin s;
	int p;

	if (!text) {
		standin_probe(&s, EGPR_STAND_INS_ALL);
		*out = s.apx || egpr_user_played() ? EGPR_PROV_HW : EGPR_PROV_PROXY;
		return 0;
	}
	p = axis_find(egpr_provenances, EGPR_NR_PROVENANCES, text);
	if (p < 0 || p == EGPR_PROV_MODEL)
		return -1;
	*out = (enum egpr_provenance)p;
	return 0;
}

static int check_options(const char *const *value)
{
	static const int fixed[] = { OPTION_PROFILE,  OPTION_PLAN,	 OPTION_LAYER,
				     OPTION_GROUP,    OPTION_EXIT,	 OPTION_STRATEGY,
				     OPTION_STATE,    OPTION_SEED,	 OPTION_OUT,
				     OPTION_DRY_RUN,  OPTION_PROVENANCE, OPTION_LAUNCHES,
				     OPTION_STAND_IN, OPTION_PROVE,	 OPTION_CONTEXT,
				     OPTION_ONLY,     OPTION_FILTER };
	size_t i;

	if (value[OPTION_PROFILE] && value[OPTION_PLAN])
		return egpr_command_usage(&egpr_cmd_run, "give --profile or --plan, not both");
	if (value[OPTION_JSON] && !value[OPTION_DRY_RUN])
		return egpr_command_usage(&egpr_cmd_run,
					  "--json needs --dry-run; what was measured "
					  "is printed by export, history and report");
	egpr_output.json = value[OPTION_JSON] != NULL;
	for (i = 0; value[OPTION_RESUME] && i < sizeof(fixed) / sizeof(*fixed); i++) {
		if (value[fixed[i]])
			return egpr_command_usage(&egpr_cmd_run,
						  "--resume goes on with the plan of the run; drop "
						  "--%s",
						  run_options[fixed[i]].name);
	}
	return 0;
}

/* The first line of a run whose exits say nothing about hardware. */
static void warn_backend(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr_cells; i++) {
		const struct cell *c = &run->cells[i].cell;

		if (c->representative)
			continue;
		fprintf(stderr,
			"egprlab run: exits are not representative here: backend %s interprets "
			"guest code at CPL 0; layer prim is what counts\n",
			c->backend);
		return;
	}
}

static const struct data_error *no_runner(enum egpr_provenance provenance, bool prove,
					  struct data_error *e)
{
	if (prove)
		data_fail(
			e, EGPR_SKIPPED,
			"provenance %s is timed, not proved: its sequences stand for form hw, which "
			"--provenance hw or emu proves",
			egpr_provenances[provenance].id);
	else
		data_fail(e, EGPR_SKIPPED,
			  "this egprlab was built without a runner for provenance %s",
			  egpr_provenances[provenance].id);
	return e;
}

/* What `egprlab exec` plays is proved and never timed. */
static bool only_prove(const char *const *value)
{
	static bool said;

	if (!egpr_user_played())
		return value[OPTION_PROVE] != NULL;
	if (!said)
		fprintf(stderr, "egprlab run: egprlab exec plays the CPU with APX here: proofs of "
				"form hw, no times\n");
	said = true;
	return true;
}

/*
 * The next launch takes the place of this one: a fresh image at new addresses, with the same
 * process id, so that whoever waits or sends signals need not know. Returns on failure only.
 */
static int next_launch(const char *path, const char *const *value)
{
	const char *argv[10] = { "egprlab", "run", "--resume", path };
	unsigned int n = 4;

	if (egpr_output.quiet)
		argv[n++] = "--quiet";
	if (value[OPTION_CPU]) {
		argv[n++] = "--cpu";
		argv[n++] = value[OPTION_CPU];
	}
	if (value[OPTION_KVM]) {
		argv[n++] = "--kvm";
		argv[n++] = value[OPTION_KVM];
	}
	fflush(NULL);
	cpu_unpin();
	execv("/proc/self/exe", (char **)argv);
	fprintf(stderr,
		"egprlab run: the next launch does not start: %s; `egprlab run --resume %s` goes "
		"on\n",
		strerror(errno), path);
	return EGPR_UNAVAILABLE;
}

/* After a launch that went well. Return: whether another follows at once. */
static bool go_on(const struct run *run, const struct provenance_ops *ops, const char *path,
		  bool pause)
{
	struct data_error e = { "" };

	if (run->more && pause) {
		fprintf(stderr, "egprlab run: `egprlab run --resume %s` does the next launch\n",
			path);
		printf("%s\n", path);
	}
	if (run->more)
		return !pause;
	ops->conclude(run, path);
	if (rundir_is_kept(path) && store_record(path, NULL, &e))
		fprintf(stderr, "egprlab run: the run is not in the store: %s\n", e.text);
	return false;
}

/* Numbers that are missing: a proof failed, a cell crashed. Return: EGPR_CRASHED if there are any. */
static int say_missing(const struct run *run, const char *path)
{
	unsigned int i, n = 0;
	char name[96];

	for (i = 0; i < run->nr_skips; i++) {
		const struct run_skip *s = &run->skips[i];

		if (!s->refused)
			continue;
		n++;
		run_skip_name(s, name, sizeof(name));
		fprintf(stderr, "egprlab run: %s has no number: %s\n", name, s->reason);
	}

	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		if (!run_crashed(c))
			continue;
		n++;
		fprintf(stderr, "egprlab run: %s crashed: %s%s%s\n", c->r.name, c->failed,
			c->crashes == 1 ? "; once more: egprlab run --resume "
					: "; twice, so it stays",
			c->crashes == 1 ? path : "");
	}
	return n ? EGPR_CRASHED : EGPR_DONE;
}

/* What would run, as tables: for programs. */
static int print_plan(const struct run *run)
{
	static const struct doc_column cells[] = { { "cell", 0 },
						   { "seconds", DOC_NUMBER },
						   { "arms", 0 } };
	static const struct doc_column skips[] = { { "name", 0 }, { "reason", 0 } };
	struct doc d = { 0 };
	double weights = 0;
	unsigned int i, a;
	char name[96];
	int ret;

	for (i = 0; i < run->nr_cells; i++)
		weights += run->cells[i].weight;
	doc_table(&d, "cells", cells, 3, "Plan %s, at most %g s", run->plan->name,
		  run->plan->budget);
	for (i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];
		char arms[PLAN_MAX_ARMS * 24] = "";

		cell_name(&c->cell, name, sizeof(name));
		doc_cell(&d, DOC_PLAIN, NULL, "%s", name);
		doc_cell(&d, DOC_PLAIN, NULL, "%.1f", run->plan->budget * c->weight / weights);
		for (a = 0; a < c->cell.nr_arms; a++)
			snprintf(arms + strlen(arms), sizeof(arms) - strlen(arms), "%s%s",
				 a ? " " : "", c->cell.arms[a].id);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", arms);
	}
	doc_table(&d, "skipped", skips, 2, "What cannot run, and why");
	for (i = 0; i < run->nr_skips; i++) {
		run_skip_name(&run->skips[i], name, sizeof(name));
		doc_cell(&d, DOC_PLAIN, NULL, "%s", name);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", run->skips[i].reason);
	}
	ret = egpr_command_print(&egpr_cmd_run, &d, EGPR_ALIGNED);
	doc_free(&d);
	return ret;
}

static int measure(struct plan *plan, enum egpr_provenance provenance, const char *const *value,
		   int cpu)
{
	struct run_options o = {
		.plan = plan,
		.provenance = provenance,
		.cpu = cpu,
		.out = value[OPTION_OUT],
		.resume = value[OPTION_RESUME],
		.kvm = value[OPTION_KVM],
		.pause = value[OPTION_PAUSE] != NULL,
		.quiet = egpr_output.quiet,
	};
	struct data_error e = { "" };
	char *path = NULL;
	bool prove = only_prove(value);
	const struct provenance_ops *ops = provenance_find(provenance, prove);
	struct run run = { 0 };
	bool more = false;
	int ret;

	if (!ops)
		return fail(EGPR_SKIPPED, no_runner(provenance, prove, &e));
	ret = ops->expand(&run, plan, provenance, &e);

	if (ret) {
		fail(ret, &e);
		goto out;
	}
	if (value[OPTION_DRY_RUN]) {
		ret = cpu < 0 ? 0 : cpu_choose(cpu, 0, &cpu, &e);
		if (ret)
			fail(ret, &e);
		else if (value[OPTION_JSON])
			ret = print_plan(&run);
		else
			ops->print(&run);
		goto out;
	}
	warn_backend(&run);
	ret = ops->measure(&run, &o, &path, &e);
	if (ret > SIGNAL_STATUS && path)
		fprintf(stderr,
			"egprlab run: interrupted; `egprlab run --resume %s` goes on with it\n",
			path);
	else if (ret)
		fail(ret, &e);
	else
		more = go_on(&run, ops, path, value[OPTION_PAUSE]);
	if (!ret && !more && !run.more) {
		ret = say_missing(&run, path);
		egpr_command_next("egprlab report %s", path);
	}
out:
	run_free(&run);
	if (more)
		ret = next_launch(path, value);
	free(path);
	/* End by the signal itself, so that a calling script stops as well. */
	if (ret > SIGNAL_STATUS) {
		signal(ret - SIGNAL_STATUS, SIG_DFL);
		raise(ret - SIGNAL_STATUS);
	}
	return ret;
}

/* A killed run may have left the edited KVM loaded, on which no other layer may be measured. */
static int take_back_kvm(void)
{
	struct data_error e;
	int ret = edited_kvm_recover(&e);

	if (ret == 1)
		fprintf(stderr, "egprlab run: an earlier run ended with the edited KVM loaded; the "
				"distribution's is back\n");
	return ret > 1 ? fail(ret, &e) : 0;
}

static int measure_under(const char *kvm, struct plan *plan, enum egpr_provenance provenance,
			 const char *const *value, int cpu)
{
	struct data_error e;
	int ret = take_back_kvm();

	if (!ret && kvm && edited_kvm_keep(kvm, &e))
		ret = fail(EGPR_UNAVAILABLE, &e);
	if (!ret)
		ret = measure(plan, provenance, value, cpu);
	if (edited_kvm_keep(NULL, &e))
		fail(0, &e);
	return ret;
}

static int run_run(int argc, char **argv)
{
	const char *value[NR_OPTIONS] = { NULL }, *v;
	enum egpr_provenance provenance = EGPR_PROV_PROXY;
	unsigned long long seed = 0, launches = 0;
	struct data_error e = { "" };
	struct plan plan;
	int cpu = -1, option, ret;

	while ((option = egpr_command_option(&egpr_cmd_run, argc, argv, &v)) >= 0)
		value[option] = v ? v : "";
	if (option == EGPR_OPTION_WRONG || check_options(value))
		return EGPR_USAGE;
	if (optind < argc)
		return egpr_command_usage(&egpr_cmd_run, "'%s' is one argument too many",
					  argv[optind]);
	if (value[OPTION_CPU] && egpr_command_cpu(&egpr_cmd_run, value[OPTION_CPU], &cpu))
		return EGPR_USAGE;
	if (value[OPTION_SEED] && read_number(value[OPTION_SEED], ~0ULL, &seed))
		return egpr_command_usage(&egpr_cmd_run, "--seed '%s' is not a number",
					  value[OPTION_SEED]);
	if (value[OPTION_LAUNCHES] &&
	    (read_number(value[OPTION_LAUNCHES], STATS_MAX_LOOKS, &launches) || !launches))
		return egpr_command_usage(&egpr_cmd_run, "--launches '%s' is not a number in 1..%d",
					  value[OPTION_LAUNCHES], STATS_MAX_LOOKS);
	if (read_provenance(value[OPTION_PROVENANCE], &provenance))
		return egpr_command_usage(&egpr_cmd_run,
					  "--provenance '%s' is not hw, proxy or emu",
					  value[OPTION_PROVENANCE]);
	if (value[OPTION_RESUME])
		ret = run_restore_plan(value[OPTION_RESUME], &plan, &provenance, &e);
	else
		ret = read_plan(&plan, value, &e);
	if (ret) {
		fail(ret, &e);
	} else {
		if (value[OPTION_SEED]) {
			plan.seed = seed;
			plan.has_seed = true;
		}
		if (value[OPTION_LAUNCHES])
			plan_launches(&plan, (double)launches);
		ret = measure_under(value[OPTION_KVM], &plan, provenance, value, cpu);
	}
	plan_free(&plan);
	return ret;
}

const struct egpr_command egpr_cmd_run = {
	.name = "run",
	.args = "",
	.text = "measure a plan into a run directory",
	.options = run_options,
	.run = run_run,
};
