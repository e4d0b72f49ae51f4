// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan in meta.json, and back: the file's text, and what the command line changed of it.
 */
#include "axis.h"
#include "context.h"
#include "stand_in.h"
#include "words.h"

#define JSON_STAND_INS "stand_in"

static void add_ids(cJSON *o, const char *key, unsigned int mask, unsigned int n,
		    const char *(*id)(unsigned int i))
{
	cJSON *a = cJSON_AddArrayToObject(o, key);
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (mask & (1u << i))
			cJSON_AddItemToArray(a, cJSON_CreateString(id(i)));
	}
}

static const char *state_id(unsigned int i)
{
	return egpr_guest_states[i].id;
}

static const char *exit_id(unsigned int i)
{
	return egpr_exit_kinds[i].id;
}

static const char *strategy_id(unsigned int i)
{
	return egpr_strategies[i].id;
}

static const char *context_id(unsigned int i)
{
	return egpr_contexts[i].id;
}

#define ADD_NUMBER(key, type, low, high, text) cJSON_AddNumberToObject(o, #key, (double)p->key);

cJSON *plan_json(const struct plan *p)
{
	cJSON *o = cJSON_CreateObject(), *a, *layers;
	char stand_ins[STAND_IN_TEXT];
	unsigned int i;

	cJSON_AddStringToObject(o, "name", p->name);
	cJSON_AddStringToObject(o, "text", p->text);
	PLAN_NUMBERS(ADD_NUMBER)
	cJSON_AddStringToObject(o, "location", plan_locations[p->location]);
	a = cJSON_AddArrayToObject(o, "margins");
	for (i = 0; i < p->nr_margins; i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(p->margins[i].text));
	a = cJSON_AddArrayToObject(o, "delays");
	for (i = 0; i < p->nr_delays; i++)
		cJSON_AddItemToArray(a, cJSON_CreateNumber(p->delays[i]));
	layers = cJSON_AddObjectToObject(o, "layers");
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		const struct plan_layer *l = &p->layer[i];

		if (!l->wanted)
			continue;
		a = cJSON_AddObjectToObject(layers, egpr_layers[i].id);
		add_ids(a, "states", l->states, EGPR_NR_STATES, state_id);
		add_ids(a, "exits", l->exits, EGPR_NR_EXIT_KINDS, exit_id);
		add_ids(a, "strategies", l->strategies, EGPR_NR_STRATEGIES, strategy_id);
		add_ids(a, "contexts", l->contexts, EGPR_NR_CONTEXTS, context_id);
		add_ids(a, "context_states", l->context_states, EGPR_NR_STATES, state_id);
		add_ids(a, "context_exits", l->context_exits, EGPR_NR_EXIT_KINDS, exit_id);
		add_ids(a, "context_strategies", l->context_strategies, EGPR_NR_STRATEGIES,
			strategy_id);
		cJSON_AddNumberToObject(a, "weight", l->weight);
		cJSON_AddNumberToObject(a, "baseline_weight", l->baseline_weight);
		cJSON_AddNumberToObject(a, "context_weight", l->context_weight);
	}
	stand_in_text(p->stand_ins, stand_ins, sizeof(stand_ins));
	cJSON_AddStringToObject(o, JSON_STAND_INS, stand_ins);
	cJSON_AddStringToObject(o, "ini", p->ini);
	return o;
}

static unsigned int restore_list(struct plan_words *r, const cJSON *o, const struct plan_list *l,
				 const char *key)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(o, key), *item;
	unsigned int mask = 0;

	cJSON_ArrayForEach(item, a) {
		const char *id = cJSON_GetStringValue(item);
		int i = id ? l->find(id) : -1;

		if (i < 0)
			plan_problem(r, "%s has an id that is not in the table", key);
		else
			mask |= 1u << i;
	}
	return mask;
}

/* The command line may have chosen them. */
static void restore_delays(struct plan_words *r, const cJSON *a)
{
	char text[PLAN_MAX_DELAYS * 8] = "";
	const cJSON *item;
	size_t used = 0;

	cJSON_ArrayForEach(item, a) {
		if (used + 8 >= sizeof(text))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d,",
					 item->valueint & 0xffff);
	}
	plan_read_delays(r, text);
}

int plan_restore(struct plan *p, const cJSON *json, struct data_error *e)
{
	const char *ini = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "ini"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
	const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "layers"), *o;
	struct plan_words r = { .plan = p };
	unsigned int i;

	if (!ini || !name || plan_read_text(p, name, ini, e))
		return data_fail(e, EGPR_DATA, "meta.json holds no plan that can be read again");
	o = cJSON_GetObjectItemCaseSensitive(json, "launches");
	if (cJSON_IsNumber(o) && plan_launches(p, o->valuedouble))
		return data_fail(e, EGPR_DATA, "meta.json: launches %g is not a number in 1..%d",
				 o->valuedouble, STATS_MAX_LOOKS);
	o = cJSON_GetObjectItemCaseSensitive(json, JSON_STAND_INS);
	if (o &&
	    stand_in_parse(cJSON_IsString(o) ? o->valuestring : "", "meta.json", &p->stand_ins, e))
		return EGPR_DATA;
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		struct plan_layer *l = &p->layer[i];

		o = cJSON_GetObjectItemCaseSensitive(layers, egpr_layers[i].id);
		l->wanted = o != NULL;
		if (!o)
			continue;
		l->states = restore_list(&r, o, &plan_lists[PLAN_STATES], "states");
		l->exits = restore_list(&r, o, &plan_lists[PLAN_EXITS], "exits");
		l->strategies = restore_list(&r, o, &plan_lists[PLAN_STRATEGIES], "strategies");
		/* A run of before contexts had a name has the layer's default. */
		if (!cJSON_HasObjectItem(o, "contexts"))
			continue;
		l->contexts = restore_list(&r, o, &plan_lists[PLAN_CONTEXTS], "contexts");
		l->context_states = restore_list(&r, o, &plan_lists[PLAN_STATES], "context_states");
		if (!cJSON_HasObjectItem(o, "context_exits"))
			continue;
		l->context_exits = restore_list(&r, o, &plan_lists[PLAN_EXITS], "context_exits");
		l->context_strategies =
			restore_list(&r, o, &plan_lists[PLAN_STRATEGIES], "context_strategies");
	}
	restore_delays(&r, cJSON_GetObjectItemCaseSensitive(json, "delays"));
	return *r.problem ? data_fail(e, EGPR_DATA, "meta.json: %s", r.problem) : 0;
}
