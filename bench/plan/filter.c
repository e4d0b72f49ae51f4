// SPDX-License-Identifier: GPL-2.0-only
/*
 * Narrowing a plan by the names of what it would measure.
 *
 * A plan is a product of lists, layer by layer, so what is left is the smallest product that has all
 * that matches: its lists stand in meta.json, and a later launch needs no filter.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "axis.h"
#include "context.h"
#include "words.h"

#define NAME_BYTES 256

/* What matched, of a layer's default context or of its others. */
struct hits {
	unsigned int states, exits, strategies, contexts;
};

static bool has_exits(enum egpr_layer layer)
{
	return layer != EGPR_LAYER_PRIM && layer != EGPR_LAYER_RING0;
}

static bool test(const regex_t *re, enum egpr_layer layer, unsigned int exit_kind,
		 unsigned int state, unsigned int context, unsigned int strategy)
{
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), "%s/%s/%s@%s/%s", egpr_layers[layer].id,
		 has_exits(layer) ? egpr_exit_kinds[exit_kind].id : "none",
		 egpr_guest_states[state].id, egpr_contexts[context].id,
		 egpr_strategies[strategy].id);
	return !regexec(re, name, 0, NULL, 0);
}

/* Every combination of three masks in one context. */
static void look(const regex_t *re, enum egpr_layer layer, unsigned int context,
		 const struct hits *all, struct hits *hit)
{
	unsigned int k, s, i;

	for (k = 0; k < (has_exits(layer) ? EGPR_NR_EXIT_KINDS : 1); k++) {
		for (s = 0; s < EGPR_NR_STATES; s++) {
			for (i = 0; i < EGPR_NR_STRATEGIES; i++) {
				if ((has_exits(layer) && !(all->exits & (1u << k))) ||
				    !(all->states & (1u << s)) || !(all->strategies & (1u << i)) ||
				    !test(re, layer, k, s, context, i))
					continue;
				hit->exits |= has_exits(layer) ? 1u << k : all->exits;
				hit->states |= 1u << s;
				hit->strategies |= 1u << i;
				hit->contexts |= 1u << context;
			}
		}
	}
}

static void narrow(const regex_t *re, enum egpr_layer layer, struct plan_layer *l)
{
	const struct hits main = { l->states, l->exits, l->strategies, 0 },
			  others = { l->context_states, l->context_exits, l->context_strategies,
				     0 };
	struct hits in_main = { 0 }, in_others = { 0 };
	unsigned int x;

	for (x = 0; x < EGPR_NR_CONTEXTS; x++) {
		bool is_main = &egpr_contexts[x] == context_default(layer);

		if (l->contexts & (1u << x))
			look(re, layer, x, is_main ? &main : &others,
			     is_main ? &in_main : &in_others);
	}
	l->contexts = in_main.contexts | in_others.contexts;
	l->wanted = l->contexts != 0;
	/* The others are no more than the default's, so that holds them too. */
	l->states = in_main.states | in_others.states;
	l->exits = in_main.exits | in_others.exits;
	l->strategies = in_main.strategies | in_others.strategies;
	l->context_states = in_others.states;
	l->context_exits = in_others.exits;
	l->context_strategies = in_others.strategies;
}

int plan_filter(struct plan *p, const char *regex, struct data_error *e)
{
	bool any = false;
	unsigned int i;
	char why[128];
	regex_t re;
	int err = regcomp(&re, regex, REG_EXTENDED | REG_NOSUB);

	if (err) {
		regerror(err, &re, why, sizeof(why));
		return data_fail(e, EGPR_USAGE, "--filter '%s': %s", regex, why);
	}
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		if (i < EGPR_FIRST_GROUP && p->layer[i].wanted)
			narrow(&re, (enum egpr_layer)i, &p->layer[i]);
		else if (p->layer[i].wanted)
			p->layer[i].wanted = !regexec(&re, egpr_layers[i].id, 0, NULL, 0);
		any |= p->layer[i].wanted;
	}
	regfree(&re);
	return any ? 0
		   : data_fail(e, EGPR_USAGE,
			       "--filter '%s' matches nothing of plan '%s'; names are "
			       "layer/exit/state@context/strategy, see --dry-run",
			       regex, p->name);
}

int plan_only(struct plan *p, const char *words, struct data_error *e)
{
	char lists[PLAN_NR_LISTS][NAME_BYTES] = { "" }, word[NAME_BYTES];
	unsigned int i;
	int ret = 0;

	while (*words) {
		size_t n = strcspn(words, PLAN_SEPARATE), used;

		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		words += n + (words[n] != '\0');
		if (!n)
			continue;
		for (i = 0; i < PLAN_NR_LISTS && plan_lists[i].find(word) < 0; i++)
			;
		if (!strncmp(word, "delay-", strlen("delay-")))
			i = PLAN_STRATEGIES;
		if (i == PLAN_NR_LISTS)
			return data_fail(e, EGPR_USAGE,
					 "--only: '%s' is in no table; see `egprlab list`", word);
		used = strlen(lists[i]);
		snprintf(lists[i] + used, sizeof(lists[i]) - used, "%s%s", used ? "," : "", word);
	}
	for (i = 0; i < PLAN_NR_LISTS && !ret; i++) {
		if (*lists[i])
			ret = plan_narrow(p, plan_lists[i].axis, lists[i], e);
	}
	return ret;
}
