// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of ids, margins and delays. Every id is looked up in the tables.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "context.h"
#include "words.h"

int plan_problem(struct plan_words *r, const char *fmt, ...)
{
	va_list ap;

	if (*r->problem)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->problem, sizeof(r->problem), fmt, ap);
	va_end(ap);
	return -1;
}

static int find_layer(const char *id)
{
	return axis_find(egpr_layers, EGPR_FIRST_GROUP, id);
}

/* Their index is that of a layer: groups stand behind them. */
static int find_group(const char *id)
{
	int i = axis_find(egpr_layers, EGPR_NR_LAYERS, id);

	return i < EGPR_FIRST_GROUP ? -1 : i;
}

static int find_state(const char *id)
{
	return axis_find(egpr_guest_states, EGPR_NR_STATES, id);
}

static int find_exit(const char *id)
{
	const struct egpr_exit_kind *k = egpr_exit_kind_find(id);

	return k ? (int)(k - egpr_exit_kinds) : -1;
}

static int find_strategy(const char *id)
{
	const struct egpr_strategy *s = egpr_strategy_find(id, NULL);

	return s && s->family != EGPR_FAMILY_DELAY ? (int)(s - egpr_strategies) : -1;
}

static int find_context(const char *id)
{
	const struct context *c = context_find(id);

	return c ? (int)(c - egpr_contexts) : -1;
}

/* Delays have a list of their own. */
#define ALL_STRATEGIES (((1u << EGPR_NR_STRATEGIES) - 1) & ~(1u << EGPR_STRATEGY_delay))

const struct plan_list plan_lists[PLAN_NR_LISTS] = {
	[PLAN_LAYERS] = { "layers", "layer", "layers", find_layer, (1u << EGPR_FIRST_GROUP) - 1 },
	[PLAN_STATES] = { "states", "state", "states", find_state, (1u << EGPR_NR_STATES) - 1 },
	[PLAN_EXITS] = { "exits", "exit", "exits", find_exit, (1u << EGPR_NR_EXIT_KINDS) - 1 },
	[PLAN_STRATEGIES] = { "strategies", "strategy", "strategies", find_strategy,
			      ALL_STRATEGIES },
	[PLAN_CONTEXTS] = { "contexts", "context", "contexts", find_context,
			    (1u << EGPR_NR_CONTEXTS) - 1 },
	[PLAN_GROUPS] = { "groups", "group", "groups", find_group,
			  (1u << EGPR_NR_LAYERS) - (1u << EGPR_FIRST_GROUP) },
};

const char *const plan_locations[PLAN_FAST + 1] = {
	[PLAN_MEAN] = "mean",
	[PLAN_MIDMEAN] = "midmean",
	[PLAN_FAST] = "fast",
};

int plan_read_list(struct plan_words *r, const struct plan_list *l, const char *value,
		   unsigned int *mask)
{
	char *copy = strdup(value), *save = NULL, *word;
	int ret = 0;

	*mask = 0;
	if (!copy)
		return plan_problem(r, "out of memory");
	for (word = strtok_r(copy, PLAN_SEPARATE, &save); word && !ret;
	     word = strtok_r(NULL, PLAN_SEPARATE, &save)) {
		int i = l->find(word);

		if (!strcmp(word, "all"))
			*mask |= l->all;
		else if (i >= 0)
			*mask |= 1u << i;
		else
			ret = plan_problem(r, "'%s' is not in the table; see `egprlab list %s`",
					   word, l->table);
	}
	if (!ret && !*mask)
		ret = plan_problem(r, "the list of %s is empty; name some or write `all`", l->key);
	free(copy);
	return ret;
}

int plan_read_margins(struct plan_words *r, const char *value)
{
	char *copy = strdup(value), *save = NULL, *word;
	int ret = 0;

	r->plan->nr_margins = 0;
	for (word = copy ? strtok_r(copy, ",", &save) : NULL; word && !ret;
	     word = strtok_r(NULL, ",", &save)) {
		struct plan_margin *m = &r->plan->margins[r->plan->nr_margins];
		char *unit, *last;

		word += strspn(word, " \t");
		for (last = word + strlen(word); last > word && last[-1] == ' '; last--)
			last[-1] = '\0';
		m->value = strtod(word, &unit);
		if (unit == word || !(m->value > 0) || !isfinite(m->value))
			ret = plan_problem(r, "margin '%s' does not start with a number above 0",
					   word);
		unit += strspn(unit, " \t");
		m->percent = !strcmp(unit, "%");
		/* `cycles` is what plans of before said: they meant ticks. */
		if (!ret && !m->percent && strcmp(unit, "ticks") && strcmp(unit, "cycles"))
			ret = plan_problem(r, "margin '%s' has no unit; write `1 %%` or `10 ticks`",
					   word);
		if (!ret && r->plan->nr_margins == PLAN_MAX_MARGINS)
			ret = plan_problem(r, "more than %d margins", PLAN_MAX_MARGINS);
		if (ret)
			break;
		snprintf(m->text, sizeof(m->text), "%g %s", m->value, unit);
		r->plan->nr_margins++;
	}
	free(copy);
	return ret;
}

int plan_read_delays(struct plan_words *r, const char *value)
{
	char *copy = strdup(value), *save = NULL, *word;
	struct plan *p = r->plan;
	int ret = 0;

	p->nr_delays = 0;
	for (word = copy ? strtok_r(copy, PLAN_SEPARATE, &save) : NULL; word && !ret;
	     word = strtok_r(NULL, PLAN_SEPARATE, &save)) {
		char id[32];
		unsigned int n;

		snprintf(id, sizeof(id), "delay-%.20s", word);
		if (!egpr_strategy_find(id, &n))
			ret = plan_problem(r, "delay '%s' is not a number in 0..255", word);
		else if (p->nr_delays == PLAN_MAX_DELAYS)
			ret = plan_problem(r, "more than %d delays", PLAN_MAX_DELAYS);
		else if (!p->nr_delays && n)
			ret = plan_problem(r,
					   "the first delay is %u; it must be 0, the baseline of "
					   "the others",
					   n);
		else if (p->nr_delays && n <= p->delays[p->nr_delays - 1])
			ret = plan_problem(r, "delay %u does not ascend", n);
		else
			p->delays[p->nr_delays++] = n;
	}
	free(copy);
	return ret;
}
