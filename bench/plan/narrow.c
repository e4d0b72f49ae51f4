// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the command line changes of a plan.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "words.h"

#define DELAY_PREFIX "delay-"

/*
 * Strategies and delays are one axis to the user, two lists to a plan: split @list into ids and
 * numbers, each with room for all of it.
 */
static int split_delays(const char *list, char *ids, char *delays, size_t room)
{
	char *copy = strdup(list), *save = NULL, *word;
	size_t id_used = 0, delay_used = 0, len = strlen(DELAY_PREFIX);

	if (!copy)
		return -1;
	for (word = strtok_r(copy, PLAN_SEPARATE, &save); word;
	     word = strtok_r(NULL, PLAN_SEPARATE, &save)) {
		if (strncmp(word, DELAY_PREFIX, len) != 0)
			id_used += (size_t)snprintf(ids + id_used, room - id_used, "%s,", word);
		else
			delay_used += (size_t)snprintf(delays + delay_used, room - delay_used,
						       "%s,", word + len);
	}
	free(copy);
	return 0;
}

static int read_strategies(struct plan_words *r, const char *list, unsigned int *mask)
{
	size_t room = strlen(list) + sizeof(",");
	char *ids = calloc(1, room), *delays = calloc(1, room);
	int ret = 0;

	*mask = 0;
	if (!ids || !delays || split_delays(list, ids, delays, room)) {
		ret = plan_problem(r, "out of memory");
		goto out_free;
	}
	if (*delays)
		ret = plan_read_delays(r, delays);
	/* Delays alone: no strategy beside the arms that always run. */
	if (!ret && (*ids || !*delays))
		ret = plan_read_list(r, &plan_lists[PLAN_STRATEGIES], ids, mask);
out_free:
	free(ids);
	free(delays);
	return ret;
}

int plan_narrow(struct plan *p, const char *axis, const char *list, struct data_error *e)
{
	struct plan_words r = { .plan = p };
	unsigned int mask, i, l;

	for (i = 0; i < PLAN_NR_LISTS; i++) {
		if (!strcmp(plan_lists[i].axis, axis))
			break;
	}
	if (i == PLAN_NR_LISTS ||
	    (i == PLAN_STRATEGIES ? read_strategies(&r, list, &mask)
				  : plan_read_list(&r, &plan_lists[i], list, &mask)))
		return data_fail(e, EGPR_USAGE, "--%s: %s", axis, r.problem);
	for (l = 0; l < EGPR_NR_LAYERS; l++) {
		/* Who names layers wants no group, and the other way round; who names both has both. */
		if (i == PLAN_LAYERS || (i == PLAN_GROUPS && !(p->narrowed & PLAN_NARROWED_LAYERS)))
			p->layer[l].wanted = mask & (1u << l);
		else if (i == PLAN_GROUPS)
			p->layer[l].wanted |= (mask & (1u << l)) != 0;
		if (i == PLAN_STATES)
			p->layer[l].states = p->layer[l].context_states = mask;
		if (i == PLAN_EXITS)
			p->layer[l].exits = p->layer[l].context_exits = mask;
		if (i == PLAN_STRATEGIES)
			p->layer[l].strategies = p->layer[l].context_strategies = mask;
		if (i == PLAN_CONTEXTS) {
			p->layer[l].contexts = mask & context_mask((enum egpr_layer)l);
			p->layer[l].context_states = p->layer[l].states;
			p->layer[l].context_exits = p->layer[l].exits;
			p->layer[l].context_strategies = p->layer[l].strategies;
		}
	}
	p->narrowed |= i == PLAN_LAYERS ? PLAN_NARROWED_LAYERS : 0;
	p->narrowed |= i == PLAN_STATES ? PLAN_NARROWED_STATES : 0;
	p->narrowed |= i == PLAN_EXITS ? PLAN_NARROWED_EXITS : 0;
	p->narrowed |= i == PLAN_CONTEXTS ? PLAN_NARROWED_CONTEXTS : 0;
	p->narrowed |= i == PLAN_STRATEGIES ? PLAN_NARROWED_STRATEGIES : 0;
	return 0;
}

int plan_launches(struct plan *p, double n)
{
	if (!(n >= 1 && n <= STATS_MAX_LOOKS) || n != floor(n))
		return EGPR_USAGE;
	p->launches = (unsigned int)n;
	return 0;
}
