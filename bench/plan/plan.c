// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading plans. Every id is looked up in the tables, every number has its range, and
 * an unknown key is an error: a misspelt margin must not become a default.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include <egpr/standin.h>

#include "axis.h"
#include "plan.h"
#include "stand_in.h"

#define PLAN_DIR       "bench/plan/plans"
#define PLAN_INI_MAX   65536
#define LIST_SEPARATE  ", \t"
#define STAMPS_MAX     32768 /* exits that a guest can stamp in a batch; the limit of per_exit too */
#define DELAY_PREFIX   "delay-"
#define JSON_STAND_INS "stand_in"

struct reader {
	struct plan *plan;
	struct data_error *e;
	const char *name;
	char problem[512];
};

static int problem(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the first problem. Return: -1. */
static int problem(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (*r->problem)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->problem, sizeof(r->problem), fmt, ap);
	va_end(ap);
	return -1;
}

typedef int (*find_fn)(const char *id);

static int find_layer(const char *id)
{
	return axis_find(egpr_layers, EGPR_NR_LAYERS, id);
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

/* Delays have a list of their own. */
#define ALL_STRATEGIES (((1u << EGPR_NR_STRATEGIES) - 1) & ~(1u << EGPR_STRATEGY_delay))

static const struct axis_list {
	const char *key;   /* in a plan */
	const char *axis;  /* on the command line */
	const char *table; /* of `egprlab list` */
	find_fn find;
	unsigned int all;
} lists[] = {
	{ "layers", "layer", "layers", find_layer, (1u << EGPR_NR_LAYERS) - 1 },
	{ "states", "state", "states", find_state, (1u << EGPR_NR_STATES) - 1 },
	{ "exits", "exit", "exits", find_exit, (1u << EGPR_NR_EXIT_KINDS) - 1 },
	{ "strategies", "strategy", "strategies", find_strategy, ALL_STRATEGIES },
};

enum {
	LIST_LAYERS,
	LIST_STATES,
	LIST_EXITS,
	LIST_STRATEGIES
};

static int read_list(struct reader *r, const struct axis_list *l, const char *value,
		     unsigned int *mask)
{
	char *copy = strdup(value), *save = NULL, *word;
	int ret = 0;

	*mask = 0;
	if (!copy)
		return problem(r, "out of memory");
	for (word = strtok_r(copy, LIST_SEPARATE, &save); word && !ret;
	     word = strtok_r(NULL, LIST_SEPARATE, &save)) {
		int i = l->find(word);

		if (!strcmp(word, "all"))
			*mask |= l->all;
		else if (i >= 0)
			*mask |= 1u << i;
		else
			ret = problem(r, "'%s' is not in the table; see `egprlab list %s`", word,
				      l->table);
	}
	if (!ret && !*mask)
		ret = problem(r, "the list of %s is empty; name some or write `all`", l->key);
	free(copy);
	return ret;
}

static int read_number(struct reader *r, const char *key, const char *value, double low,
		       double high, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(value, &end);
	if (end == value || *end || errno || !(*out >= low && *out <= high))
		return problem(r, "%s is '%s', not a number in %g..%g", key, value, low, high);
	return 0;
}

static int read_margins(struct reader *r, const char *value)
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
			ret = problem(r, "margin '%s' does not start with a number above 0", word);
		unit += strspn(unit, " \t");
		m->percent = !strcmp(unit, "%");
		if (!ret && !m->percent && strcmp(unit, "cycles"))
			ret = problem(r, "margin '%s' has no unit; write `1 %%` or `10 cycles`",
				      word);
		if (!ret && r->plan->nr_margins == PLAN_MAX_MARGINS)
			ret = problem(r, "more than %d margins", PLAN_MAX_MARGINS);
		if (ret)
			break;
		snprintf(m->text, sizeof(m->text), "%g %s", m->value, m->percent ? "%" : "cycles");
		r->plan->nr_margins++;
	}
	free(copy);
	return ret;
}

static int read_delays(struct reader *r, const char *value)
{
	char *copy = strdup(value), *save = NULL, *word;
	struct plan *p = r->plan;
	int ret = 0;

	p->nr_delays = 0;
	for (word = copy ? strtok_r(copy, LIST_SEPARATE, &save) : NULL; word && !ret;
	     word = strtok_r(NULL, LIST_SEPARATE, &save)) {
		char id[32];
		unsigned int n;

		snprintf(id, sizeof(id), "delay-%.20s", word);
		if (!egpr_strategy_find(id, &n))
			ret = problem(r, "delay '%s' is not a number in 0..255", word);
		else if (p->nr_delays == PLAN_MAX_DELAYS)
			ret = problem(r, "more than %d delays", PLAN_MAX_DELAYS);
		else if (!p->nr_delays && n)
			ret = problem(r,
				      "the first delay is %u; it must be 0, the baseline of "
				      "the others",
				      n);
		else if (p->nr_delays && n <= p->delays[p->nr_delays - 1])
			ret = problem(r, "delay %u does not ascend", n);
		else
			p->delays[p->nr_delays++] = n;
	}
	free(copy);
	return ret;
}

/* Return: index of @value among @names, or -1. */
static int find_name(const char *const *names, unsigned int n, const char *value)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(value, names[i]))
			return (int)i;
	}
	return -1;
}

static int read_spending(struct reader *r, const char *value)
{
	static const char *const names[] = {
		[STATS_SPEND_OBF] = "obrien-fleming",
		[STATS_SPEND_POCOCK] = "pocock",
		[STATS_SPEND_POWER2] = "power2",
	};
	int i = find_name(names, sizeof(names) / sizeof(*names), value);

	if (i < 0)
		return problem(r, "spending is '%s', not obrien-fleming, pocock or power2", value);
	r->plan->spending = (enum stats_spending)i;
	return 0;
}

static const char *const location_names[] = {
	[PLAN_MEAN] = "mean",
	[PLAN_MIDMEAN] = "midmean",
	[PLAN_FAST] = "fast",
};

static int read_location(struct reader *r, const char *value)
{
	int i = find_name(location_names, sizeof(location_names) / sizeof(*location_names), value);

	if (i < 0)
		return problem(r, "location is '%s', not mean, midmean or fast", value);
	r->plan->location = (enum plan_location)i;
	return 0;
}

static int read_seed(struct reader *r, const char *value)
{
	char *end;

	errno = 0;
	r->plan->seed = strtoull(value, &end, 0);
	if (end == value || *end || errno || *value == '-')
		return problem(r, "seed is '%s', not a number in 0..2^64-1", value);
	r->plan->has_seed = true;
	return 0;
}

#define READ_NUMBER(k, type, low, high, text)                                            \
	if (!strcmp(key, #k)) {                                                          \
		double v;                                                                \
		if (read_number(r, key, value, low, high, &v))                           \
			return -1;                                                       \
		if (((type)1.5) == 1 && v != floor(v))                                   \
			return problem(r, "%s is '%s', not a whole number", key, value); \
		p->k = (type)v;                                                          \
		return 0;                                                                \
	}

static int read_plan_key(struct reader *r, const char *key, const char *value)
{
	struct plan *p = r->plan;

	if (!strcmp(key, "text")) {
		snprintf(p->text, sizeof(p->text), "%s", value);
		return 0;
	}
	if (!strcmp(key, "margins"))
		return read_margins(r, value);
	if (!strcmp(key, "delays"))
		return read_delays(r, value);
	if (!strcmp(key, "spending"))
		return read_spending(r, value);
	if (!strcmp(key, "location"))
		return read_location(r, value);
	if (!strcmp(key, "seed"))
		return read_seed(r, value);
	PLAN_NUMBERS(READ_NUMBER)
	return problem(r, "'%s' is not a key of [plan]", key);
}

static int read_layer_key(struct reader *r, struct plan_layer *l, const char *key,
			  const char *value)
{
	if (!strcmp(key, "states"))
		return read_list(r, &lists[LIST_STATES], value, &l->states);
	if (!strcmp(key, "exits"))
		return read_list(r, &lists[LIST_EXITS], value, &l->exits);
	if (!strcmp(key, "strategies"))
		return read_list(r, &lists[LIST_STRATEGIES], value, &l->strategies);
	if (!strcmp(key, "weight"))
		return read_number(r, key, value, 0, 1e6, &l->weight);
	if (!strcmp(key, "baseline_weight"))
		return read_number(r, key, value, 0, 1e6, &l->baseline_weight);
	return problem(r, "'%s' is not a key of a layer", key);
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
	struct reader *r = user;
	int layer = find_layer(section);

	if (!strcmp(section, "plan"))
		return !read_plan_key(r, key, value);
	if (layer >= 0) {
		r->plan->layer[layer].wanted = true;
		return !read_layer_key(r, &r->plan->layer[layer], key, value);
	}
	problem(r, "section [%s] is neither [plan] nor a layer; see `egprlab list layers`",
		section);
	return 0;
}

/* What a plan has when its file does not say. */
static void defaults(struct plan *p)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	p->budget = 60;
	p->alpha = 0.05;
	p->looks = 5;
	p->launches = 1;
	p->batch_min = 256;
	p->batch_max = 4096;
	p->batch_us = 100;
	p->offsets = 10;
	p->per_exit = 1000;
	p->resamples = 1000;
	p->slope_tolerance = 0.1;
	p->spending = STATS_SPEND_POWER2;
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		struct plan_layer *l = &p->layer[i];

		l->states = lists[LIST_STATES].all;
		l->exits = lists[LIST_EXITS].all;
		l->strategies = lists[LIST_STRATEGIES].all;
		l->weight = 1;
		l->baseline_weight = 0.2;
	}
}

static int check_whole(struct reader *r)
{
	struct plan *p = r->plan;
	unsigned int i, wanted = 0;

	for (i = 0; i < EGPR_NR_LAYERS; i++)
		wanted += p->layer[i].wanted;
	if (!wanted)
		return problem(r, "no layer; add a section such as [prim]");
	if (!p->nr_margins)
		return problem(r, "no margins; add `margins = 1 %%, 10 cycles` to [plan]");
	if (p->batch_min > p->batch_max)
		return problem(r, "batch_min is above batch_max");
	if (plan_stamps(p) && p->batch_max > STAMPS_MAX)
		return problem(r,
			       "batch_max is above %d, and location = %s stamps each exit; "
			       "lower it",
			       STAMPS_MAX, location_names[p->location]);
	return 0;
}

int plan_read_text(struct plan *p, const char *name, const char *ini, struct data_error *e)
{
	struct reader r = { .plan = p, .e = e, .name = name };
	const char *base = strrchr(name, '/'), *dot;
	int line;

	defaults(p);
	p->stand_ins = EGPR_STAND_INS_ALL;
	base = base ? base + 1 : name;
	dot = strrchr(base, '.');
	snprintf(p->name, sizeof(p->name), "%.*s", (int)(dot ? (size_t)(dot - base) : strlen(base)),
		 base);
	p->ini = strdup(ini);
	if (!p->ini)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	line = ini_parse_string(ini, on_key, &r);
	if (!line && check_whole(&r))
		return data_fail(e, EGPR_USAGE, "%s: %s", name, r.problem);
	if (line)
		return data_fail(e, EGPR_USAGE, "%s line %d: %s", name, line,
				 *r.problem ? r.problem : "neither a section nor `key = value`");
	return 0;
}

int plan_read(struct plan *p, const char *path, struct data_error *e)
{
	char *text = calloc(1, PLAN_INI_MAX + 1);
	FILE *f = fopen(path, "re");
	size_t n;
	int ret;

	memset(p, 0, sizeof(*p));
	if (!f) {
		ret = data_fail(e, EGPR_USAGE, "cannot read plan %s: %s", path, strerror(errno));
		goto out;
	}
	n = text ? fread(text, 1, PLAN_INI_MAX + 1, f) : 0;
	if (!text || ferror(f))
		ret = data_fail(e, EGPR_USAGE, "cannot read plan %s: %s", path, strerror(errno));
	else if (n > PLAN_INI_MAX || memchr(text, '\0', n))
		ret = data_fail(e, EGPR_USAGE, "%s is no plan: longer than %d bytes, or binary",
				path, PLAN_INI_MAX);
	else
		ret = plan_read_text(p, path, text, e);
	fclose(f);
out:
	free(text);
	return ret;
}

/* bench/plan/plans of the tree that the program was built in: build/egprlab -> bench/plan/plans. */
static int profile_path(char *path, size_t size, const char *name)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	snprintf(path, size, PLAN_DIR "/%s.ini", name);
	if (!access(path, R_OK))
		return 0;
	if (n <= 0)
		return -1;
	exe[n] = '\0';
	while ((slash = strrchr(exe, '/')) && slash != exe) {
		*slash = '\0';
		if ((size_t)snprintf(path, size, "%s/" PLAN_DIR "/%s.ini", exe, name) < size &&
		    !access(path, R_OK))
			return 0;
	}
	return -1;
}

int plan_profile(struct plan *p, const char *name, struct data_error *e)
{
	char path[PATH_MAX + sizeof(PLAN_DIR) + 80];

	memset(p, 0, sizeof(*p));
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) ||
	    strlen(name) > 64 || profile_path(path, sizeof(path), name))
		return data_fail(e, EGPR_USAGE,
				 "there is no profile '%.64s' in " PLAN_DIR "; name another, or a "
				 "plan file with --plan",
				 name);
	return plan_read(p, path, e);
}

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
	for (word = strtok_r(copy, LIST_SEPARATE, &save); word;
	     word = strtok_r(NULL, LIST_SEPARATE, &save)) {
		if (strncmp(word, DELAY_PREFIX, len) != 0)
			id_used += (size_t)snprintf(ids + id_used, room - id_used, "%s,", word);
		else
			delay_used += (size_t)snprintf(delays + delay_used, room - delay_used,
						       "%s,", word + len);
	}
	free(copy);
	return 0;
}

static int read_strategies(struct reader *r, const char *list, unsigned int *mask)
{
	size_t room = strlen(list) + sizeof(",");
	char *ids = calloc(1, room), *delays = calloc(1, room);
	int ret = 0;

	*mask = 0;
	if (!ids || !delays || split_delays(list, ids, delays, room)) {
		ret = problem(r, "out of memory");
		goto out_free;
	}
	if (*delays)
		ret = read_delays(r, delays);
	/* Delays alone: no strategy beside the arms that always run. */
	if (!ret && (*ids || !*delays))
		ret = read_list(r, &lists[LIST_STRATEGIES], ids, mask);
out_free:
	free(ids);
	free(delays);
	return ret;
}

int plan_narrow(struct plan *p, const char *axis, const char *list, struct data_error *e)
{
	struct reader r = { .plan = p, .e = e, .name = axis };
	unsigned int mask, i, l;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (!strcmp(lists[i].axis, axis))
			break;
	}
	if (i == sizeof(lists) / sizeof(*lists) ||
	    (i == LIST_STRATEGIES ? read_strategies(&r, list, &mask)
				  : read_list(&r, &lists[i], list, &mask)))
		return data_fail(e, EGPR_USAGE, "--%s: %s", axis, r.problem);
	for (l = 0; l < EGPR_NR_LAYERS; l++) {
		if (i == LIST_LAYERS)
			p->layer[l].wanted = mask & (1u << l);
		if (i == LIST_STATES)
			p->layer[l].states = mask;
		if (i == LIST_EXITS)
			p->layer[l].exits = mask;
		if (i == LIST_STRATEGIES)
			p->layer[l].strategies = mask;
	}
	p->narrowed |= i == LIST_STATES ? PLAN_NARROWED_STATES : 0;
	p->narrowed |= i == LIST_EXITS ? PLAN_NARROWED_EXITS : 0;
	p->narrowed |= i == LIST_STRATEGIES ? PLAN_NARROWED_STRATEGIES : 0;
	return 0;
}

int plan_launches(struct plan *p, double n)
{
	if (!(n >= 1 && n <= STATS_MAX_LOOKS) || n != floor(n))
		return EGPR_USAGE;
	p->launches = (unsigned int)n;
	return 0;
}

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

#define ADD_NUMBER(key, type, low, high, text) cJSON_AddNumberToObject(o, #key, (double)p->key);

cJSON *plan_json(const struct plan *p)
{
	cJSON *o = cJSON_CreateObject(), *a, *layers;
	char stand_ins[STAND_IN_TEXT];
	unsigned int i;

	cJSON_AddStringToObject(o, "name", p->name);
	cJSON_AddStringToObject(o, "text", p->text);
	PLAN_NUMBERS(ADD_NUMBER)
	cJSON_AddStringToObject(o, "location", location_names[p->location]);
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
		cJSON_AddNumberToObject(a, "weight", l->weight);
		cJSON_AddNumberToObject(a, "baseline_weight", l->baseline_weight);
	}
	stand_in_text(p->stand_ins, stand_ins, sizeof(stand_ins));
	cJSON_AddStringToObject(o, JSON_STAND_INS, stand_ins);
	cJSON_AddStringToObject(o, "ini", p->ini);
	return o;
}

static void add_arm(struct plan_arm *a, const struct egpr_strategy *s)
{
	a->strategy = s;
	a->delay = 0;
	snprintf(a->id, sizeof(a->id), "%s", s->id);
}

unsigned int plan_arms(const struct plan *p, const struct plan_layer *l, struct plan_arm *arms)
{
	const struct egpr_strategy *s;
	unsigned int n = 0, i;

	egpr_for_each_strategy(s) {
		if (s->family == EGPR_FAMILY_BASE)
			add_arm(&arms[n++], s);
	}
	for (i = 0; i < p->nr_delays; i++) {
		add_arm(&arms[n], &egpr_strategies[EGPR_STRATEGY_delay]);
		arms[n].delay = p->delays[i];
		snprintf(arms[n].id, sizeof(arms[n].id), "%s-%u", arms[n].strategy->id,
			 p->delays[i]);
		n++;
	}
	egpr_for_each_strategy(s) {
		if (s->family != EGPR_FAMILY_BASE && s->family != EGPR_FAMILY_DELAY &&
		    (l->strategies & (1u << (s - egpr_strategies))))
			add_arm(&arms[n++], s);
	}
	return n;
}

double plan_margin_cycles(const struct plan_margin *m, double base)
{
	return m->percent ? base * m->value / 100 : m->value;
}

void plan_free(struct plan *p)
{
	free(p->ini);
	p->ini = NULL;
}

static unsigned int restore_list(struct reader *r, const cJSON *o, const struct axis_list *l)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(o, l->key), *item;
	unsigned int mask = 0;

	cJSON_ArrayForEach(item, a) {
		const char *id = cJSON_GetStringValue(item);
		int i = id ? l->find(id) : -1;

		if (i < 0)
			problem(r, "%s has an id that is not in the table", l->key);
		else
			mask |= 1u << i;
	}
	return mask;
}

/* The command line may have chosen them. */
static void restore_delays(struct reader *r, const cJSON *a)
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
	read_delays(r, text);
}

int plan_restore(struct plan *p, const cJSON *json, struct data_error *e)
{
	const char *ini = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "ini"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
	const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "layers"), *o;
	struct reader r = { .plan = p, .e = e, .name = "meta.json" };
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
		l->states = restore_list(&r, o, &lists[LIST_STATES]);
		l->exits = restore_list(&r, o, &lists[LIST_EXITS]);
		l->strategies = restore_list(&r, o, &lists[LIST_STRATEGIES]);
	}
	restore_delays(&r, cJSON_GetObjectItemCaseSensitive(json, "delays"));
	return *r.problem ? data_fail(e, EGPR_DATA, "meta.json: %s", r.problem) : 0;
}
