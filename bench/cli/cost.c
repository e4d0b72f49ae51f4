// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab cost`: what the measured differences mean for a workload, and profiles
 * from perf's output.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include <bench/report/cost/cost.h>
#include <bench/report/report.h>
#include <bench/report/cost/doc.h>

extern const struct egpr_command egpr_cmd_cost;

enum cost_option {
	OPTION_RATES,
	OPTION_LAYER,
	OPTION_CONTEXT,
	OPTION_PERF,
	OPTION_SECONDS,
	OPTION_VCPUS,
	NR_OPTIONS
};

static const struct egpr_option cost_options[] = {
	[OPTION_RATES] = { "rates", "FILE",
			   "exit-rate profile; all shipped examples where not given" },
	[OPTION_LAYER] = { "layer", "ID",
			   "differences of this layer, instead of the report's first" },
	[OPTION_CONTEXT] = { "context", "ID", "differences in this context, likewise" },
	[OPTION_PERF] = { "from-perf", "FILE",
			  "print a profile made from the output of `perf kvm stat report`" },
	[OPTION_SECONDS] = { "seconds", "N", "with --from-perf: how long perf recorded" },
	[OPTION_VCPUS] = { "vcpus", "N", "with --from-perf: how many vCPUs it saw" },
	{ NULL, NULL, NULL },
};

static double positive(const char *text)
{
	char *end;
	double v = text ? strtod(text, &end) : NAN;

	return text && end != text && !*end && v > 0 && isfinite(v) ? v : NAN;
}

static int from_perf(const char *path, const char *seconds, const char *vcpus)
{
	struct cost_profile p;
	struct data_error e;
	FILE *f;
	int ret;

	if (isnan(positive(seconds)) || isnan(positive(vcpus)))
		return egpr_command_usage(&egpr_cmd_cost,
					  "--from-perf needs --seconds and --vcpus, both above 0");
	f = fopen(path, "re");
	if (!f) {
		fprintf(stderr, "egprlab cost: cannot read %s: %s\n", path, strerror(errno));
		return EGPR_USAGE;
	}
	ret = cost_profile_from_perf(f, path, positive(seconds), positive(vcpus), &p, &e);
	fclose(f);
	if (ret)
		fprintf(stderr, "egprlab cost: %s\n", e.text);
	else
		cost_profile_print(&p, stdout);
	return ret;
}

/* Of @context, or where none is named of what the report's first screen speaks of. */
static int pick_group(const struct rundir_data *run, const char *layer, const char *context,
		      struct report_group *g)
{
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(run, groups);

	for (i = 0; i < n; i++) {
		const struct report_group *one = &groups[i];
		bool wanted = context ? !strcmp(one->context, context) : report_answers(run, one);

		if (one->margin && wanted && (!layer || !strcmp(one->layer, layer))) {
			*g = groups[i];
			return 0;
		}
	}
	if (layer && axis_find(egpr_layers, EGPR_NR_LAYERS, layer) < 0)
		return egpr_command_usage(&egpr_cmd_cost,
					  "'%s' is not a layer; see `egprlab list layers`", layer);
	if (context && !context_find(context))
		return egpr_command_usage(&egpr_cmd_cost,
					  "'%s' is not a context; see `egprlab list contexts`",
					  context);
	fprintf(stderr,
		"egprlab cost: %s compared nothing%s%s%s%s; nothing can be derived from it\n",
		run->path, layer ? " in layer " : "", layer ? layer : "",
		context ? " in context " : "", context ? context : "");
	return EGPR_UNAVAILABLE;
}

static int costs(const char *dir, const char *rates, const char *layer, const char *context)
{
	struct rundir_data run;
	struct report r = { .run = &run };
	struct report_group g;
	struct data_error e;
	int ret = rundir_load(dir, &run, &e);

	if (ret) {
		fprintf(stderr, "egprlab cost: %s\n", e.text);
		return ret;
	}
	ret = pick_group(&run, layer, context, &g);
	if (!ret) {
		ret = report_cost_of(&r, &g, rates, &e);
		if (ret)
			fprintf(stderr, "egprlab cost: %s\n", e.text);
		else
			ret = egpr_command_print(&egpr_cmd_cost, &r.doc, EGPR_MAIL);
	}
	doc_free(&r.doc);
	rundir_free(&run);
	return ret;
}

static int cost_run(int argc, char **argv)
{
	const char *value, *given[NR_OPTIONS] = { NULL };
	int option;

	while ((option = egpr_command_option(&egpr_cmd_cost, argc, argv, &value)) >= 0)
		given[option] = value;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (given[OPTION_PERF]) {
		if (optind < argc)
			return egpr_command_usage(&egpr_cmd_cost, "--from-perf takes no DIR");
		return from_perf(given[OPTION_PERF], given[OPTION_SECONDS], given[OPTION_VCPUS]);
	}
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_cost, "name one run directory");
	return costs(argv[optind], given[OPTION_RATES], given[OPTION_LAYER], given[OPTION_CONTEXT]);
}

const struct egpr_command egpr_cmd_cost = {
	.name = "cost",
	.args = "DIR",
	.text = "what the differences of a run cost a workload, from its exit rates",
	.options = cost_options,
	.tables = 1,
	.run = cost_run,
};
