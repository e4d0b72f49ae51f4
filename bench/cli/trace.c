// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab trace`: what an arm's timed batch executes, instruction by instruction, beside what the
 * table of strategies demands of it. `egprlab run` does the same before each cell, and
 * shows nothing unless something differs.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/stand_in.h>
#include <bench/run/trace_view.h>
#include "command.h"

#define DEFAULT_EXIT	"pio-out"
#define DEFAULT_STATE	"dirty"
#define DEFAULT_PROFILE "quick" /* has the number of code offsets */

extern const struct egpr_command egpr_cmd_trace;

enum {
	OPTION_LAYER,
	OPTION_STRATEGY,
	OPTION_STATE,
	OPTION_CONTEXT,
	OPTION_EXIT,
	OPTION_PROVENANCE,
	OPTION_JSON,
	NR_OPTIONS
};

static const struct egpr_option trace_options[] = {
	[OPTION_LAYER] = { "layer", "L", "the layer; default prim" },
	[OPTION_STRATEGY] = { "strategy", "S", "the strategy; delay-N too" },
	[OPTION_STATE] = { "state", "G", "guest states, one or more; default dirty" },
	[OPTION_CONTEXT] = { "context", "C",
			     "what stands around the halves; default the layer's first" },
	[OPTION_EXIT] = { "exit", "K", "exit kind in a layer with a guest; default " DEFAULT_EXIT },
	[OPTION_PROVENANCE] = { "provenance", "P", "hw or proxy; default hw if it can run" },
	[OPTION_JSON] = { "json", NULL, "an object with all steps instead of text" },
	{ NULL, NULL, NULL },
};

static int find(const struct axis_value *axis, int count, const char *what, const char *text,
		int fallback, int *out)
{
	char ids[128] = "";
	int i;

	*out = text ? axis_find(axis, count, text) : fallback;
	if (*out >= 0)
		return 0;
	for (i = 0; i < count; i++)
		snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids), "%s%s", i ? ", " : "",
			 axis[i].id);
	egpr_command_usage(&egpr_cmd_trace, "'%s' is not a %s: %s", text, what, ids);
	return EGPR_USAGE;
}

/* What the options say, and what they leave open. */
static int read_options(struct layer_env *env, struct cell *c, const char *const *value)
{
	const char *exit = value[OPTION_EXIT] ? value[OPTION_EXIT] : DEFAULT_EXIT;
	const char *strategy = value[OPTION_STRATEGY];
	struct plan_arm *arm = &c->arms[1];
	int layer, provenance;
	uint32_t allowed;
	struct plan plan;
	struct data_error e;

	if (!strategy)
		return egpr_command_usage(&egpr_cmd_trace, "name a strategy: --strategy S");
	arm->strategy = egpr_strategy_find(strategy, &arm->delay);
	if (!arm->strategy || strlen(strategy) >= sizeof(arm->id))
		return egpr_command_usage(&egpr_cmd_trace,
					  "'%s' is not a strategy; see `egprlab list strategies`",
					  strategy);
	snprintf(arm->id, sizeof(arm->id), "%s", strategy);
	c->kind = egpr_exit_kind_find(exit);
	if (!c->kind)
		return egpr_command_usage(&egpr_cmd_trace,
					  "'%s' is not an exit kind; see `egprlab list exits`",
					  exit);
	if (stand_in_from_env(&allowed, &e) || plan_profile(&plan, DEFAULT_PROFILE, &e)) {
		fprintf(stderr, "egprlab trace: %s\n", e.text);
		return EGPR_USAGE;
	}
	c->offsets = plan.offsets;
	plan_free(&plan);
	standin_probe(&env->standin, allowed);
	if (find(egpr_layers, EGPR_FIRST_GROUP, "layer", value[OPTION_LAYER], EGPR_LAYER_PRIM,
		 &layer) ||
	    find(egpr_provenances, EGPR_NR_PROVENANCES, "provenance", value[OPTION_PROVENANCE],
		 env->standin.apx ? EGPR_PROV_HW : EGPR_PROV_PROXY, &provenance))
		return EGPR_USAGE;
	if (provenance != EGPR_PROV_HW && provenance != EGPR_PROV_PROXY)
		return egpr_command_usage(
			&egpr_cmd_trace, "provenance %s is not timed, so there is no loop to trace",
			egpr_provenances[provenance].id);
	env->provenance = (enum egpr_provenance)provenance;
	env->form = provenance == EGPR_PROV_HW ? EGPR_FORM_HW : EGPR_FORM_PROXY;
	c->ops = layer_find((enum egpr_layer)layer);
	c->context = value[OPTION_CONTEXT] ? context_find(value[OPTION_CONTEXT])
					   : context_default((enum egpr_layer)layer);
	if (!c->context || !(c->context->layers & (1u << layer)))
		return egpr_command_usage(&egpr_cmd_trace,
					  "'%s' is no context of layer %s; see `egprlab list "
					  "contexts`",
					  value[OPTION_CONTEXT], egpr_layers[layer].id);
	if (c->ops)
		return 0;
	fprintf(stderr, "egprlab trace: this program has no layer %s\n", egpr_layers[layer].id);
	return EGPR_SKIPPED;
}

/* Steps that --filter and --only leave. */
static int choose(const struct trace_line *line, unsigned int n, bool *stays)
{
	static const struct doc_column columns[] = { { "round", 0 },	   { "where", 0 },
						     { "offset", 0 },	   { "bytes", 0 },
						     { "instruction", 0 }, { "check", 0 },
						     { "result", 0 } };
	struct doc d = { 0 };
	unsigned int i;
	int ret;

	doc_table(&d, "steps", columns, sizeof(columns) / sizeof(*columns), "%s", "");
	for (i = 0; i < n; i++) {
		doc_cell(&d, DOC_PLAIN, NULL, "%u", line[i].round);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", line[i].half);
		doc_cell(&d, DOC_PLAIN, NULL, "+0x%x", line[i].offset);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", line[i].bytes);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", line[i].text);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", line[i].check);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", line[i].result);
	}
	ret = egpr_command_choose(&egpr_cmd_trace, &d, stays);
	doc_free(&d);
	return ret;
}

/* A view of each state in turn. Returns the first status that is a failure; skipped if every state was. */
static int trace_states(const struct layer_env *env, const struct cell *c, char *states, bool json)
{
	char *save, *id = strtok_r(states, ",", &save);
	int ret = EGPR_SKIPPED;

	if (!id)
		return egpr_command_usage(&egpr_cmd_trace, "name a guest state: --state G");
	for (; id; id = strtok_r(NULL, ",", &save)) {
		struct layer_env own_env = *env;
		struct cell own = *c;
		struct data_error e = { "" };
		int state, status;

		if (find(egpr_guest_states, EGPR_NR_STATES, "guest state", id, 0, &state))
			return EGPR_USAGE;
		own.state = (enum egpr_guest_state)state;
		status = trace_view(&own_env, &own, json, choose, &e);
		fflush(stdout);
		if (*e.text)
			fprintf(stderr, "egprlab trace: %s\n", e.text);
		if (status && status != EGPR_SKIPPED)
			return status;
		if (!status)
			ret = 0;
	}
	return ret;
}

static int trace_run(int argc, char **argv)
{
	const char *value[NR_OPTIONS] = { NULL }, *text;
	struct layer_env env = { 0 };
	struct cell c = { 0 };
	char states[64];
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_trace, argc, argv, &text)) >= 0)
		value[option] = text ? text : "";
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind < argc)
		return egpr_command_usage(&egpr_cmd_trace, "takes no argument '%s'", argv[optind]);
	ret = read_options(&env, &c, value);
	if (ret)
		return ret;
	snprintf(states, sizeof(states), "%s",
		 value[OPTION_STATE] ? value[OPTION_STATE] : DEFAULT_STATE);
	return trace_states(&env, &c, states, value[OPTION_JSON] != NULL);
}

const struct egpr_command egpr_cmd_trace = {
	.name = "trace",
	.args = "",
	.text = "what an arm's timed batch executes, instruction by instruction",
	.options = trace_options,
	.tables = 1,
	.run = trace_run,
};
