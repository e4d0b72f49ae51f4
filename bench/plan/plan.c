// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading plans. Every number has its range, and an unknown key is an error: a misspelt
 * margin must not become a default.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include <egpr/standin.h>

#include "axis.h"
#include "context.h"
#include "words.h"

#define PLAN_DIR     "bench/plan/plans"
#define PLAN_INI_MAX 65536
#define STAMPS_MAX   32768 /* exits that a guest can stamp in a batch; the limit of per_exit too */

static int read_number(struct plan_words *r, const char *key, const char *value, double low,
		       double high, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(value, &end);
	if (end == value || *end || errno || !(*out >= low && *out <= high))
		return plan_problem(r, "%s is '%s', not a number in %g..%g", key, value, low, high);
	return 0;
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

static int read_spending(struct plan_words *r, const char *value)
{
	static const char *const names[] = {
		[STATS_SPEND_OBF] = "obrien-fleming",
		[STATS_SPEND_POCOCK] = "pocock",
		[STATS_SPEND_POWER2] = "power2",
	};
	int i = find_name(names, sizeof(names) / sizeof(*names), value);

	if (i < 0)
		return plan_problem(r, "spending is '%s', not obrien-fleming, pocock or power2",
				    value);
	r->plan->spending = (enum stats_spending)i;
	return 0;
}

static int read_location(struct plan_words *r, const char *value)
{
	int i = find_name(plan_locations, PLAN_FAST + 1, value);

	if (i < 0)
		return plan_problem(r, "location is '%s', not mean, midmean or fast", value);
	r->plan->location = (enum plan_location)i;
	return 0;
}

static int read_seed(struct plan_words *r, const char *value)
{
	char *end;

	errno = 0;
	r->plan->seed = strtoull(value, &end, 0);
	if (end == value || *end || errno || *value == '-')
		return plan_problem(r, "seed is '%s', not a number in 0..2^64-1", value);
	r->plan->has_seed = true;
	return 0;
}

#define READ_NUMBER(k, type, low, high, text)                                                 \
	if (!strcmp(key, #k)) {                                                               \
		double v;                                                                     \
		if (read_number(r, key, value, low, high, &v))                                \
			return -1;                                                            \
		if (((type)1.5) == 1 && v != floor(v))                                        \
			return plan_problem(r, "%s is '%s', not a whole number", key, value); \
		p->k = (type)v;                                                               \
		return 0;                                                                     \
	}

static int read_plan_key(struct plan_words *r, const char *key, const char *value)
{
	struct plan *p = r->plan;

	if (!strcmp(key, "text")) {
		snprintf(p->text, sizeof(p->text), "%s", value);
		return 0;
	}
	if (!strcmp(key, "margins"))
		return plan_read_margins(r, value);
	if (!strcmp(key, "delays"))
		return plan_read_delays(r, value);
	if (!strcmp(key, "spending"))
		return read_spending(r, value);
	if (!strcmp(key, "location"))
		return read_location(r, value);
	if (!strcmp(key, "seed"))
		return read_seed(r, value);
	PLAN_NUMBERS(READ_NUMBER)
	return plan_problem(r, "'%s' is not a key of [plan]", key);
}

/* `all` means all of the layer; one that is named has to stand there. */
static int read_contexts(struct plan_words *r, enum egpr_layer layer, const char *value)
{
	struct plan_layer *l = &r->plan->layer[layer];
	unsigned int can = context_mask(layer), other;

	if (plan_read_list(r, &plan_lists[PLAN_CONTEXTS], value, &l->contexts))
		return -1;
	other = l->contexts & ~can;
	l->contexts &= can;
	if (!other || (l->contexts && other == (plan_lists[PLAN_CONTEXTS].all & ~can)))
		return 0;
	return plan_problem(r,
			    "context '%s' does not stand in layer %s; see `egprlab list contexts`",
			    egpr_contexts[__builtin_ctz(other)].id, egpr_layers[layer].id);
}

static int read_layer_key(struct plan_words *r, struct plan_layer *l, const char *key,
			  const char *value)
{
	if (!strcmp(key, "states"))
		return plan_read_list(r, &plan_lists[PLAN_STATES], value, &l->states);
	if (!strcmp(key, "exits"))
		return plan_read_list(r, &plan_lists[PLAN_EXITS], value, &l->exits);
	if (!strcmp(key, "strategies"))
		return plan_read_list(r, &plan_lists[PLAN_STRATEGIES], value, &l->strategies);
	if (!strcmp(key, "contexts"))
		return read_contexts(r, (enum egpr_layer)(l - r->plan->layer), value);
	if (!strcmp(key, "context_states"))
		return plan_read_list(r, &plan_lists[PLAN_STATES], value, &l->context_states);
	if (!strcmp(key, "context_exits"))
		return plan_read_list(r, &plan_lists[PLAN_EXITS], value, &l->context_exits);
	if (!strcmp(key, "context_strategies"))
		return plan_read_list(r, &plan_lists[PLAN_STRATEGIES], value,
				      &l->context_strategies);
	if (!strcmp(key, "context_weight"))
		return read_number(r, key, value, 0, 1e6, &l->context_weight);
	if (!strcmp(key, "weight"))
		return read_number(r, key, value, 0, 1e6, &l->weight);
	if (!strcmp(key, "baseline_weight"))
		return read_number(r, key, value, 0, 1e6, &l->baseline_weight);
	return plan_problem(r, "'%s' is not a key of a layer", key);
}

static int read_group_key(struct plan_words *r, struct plan_layer *l, const char *key,
			  const char *value)
{
	if (!strcmp(key, "weight"))
		return read_number(r, key, value, 0, 1e6, &l->weight);
	return plan_problem(r, "'%s' is not a key of a group, which has `weight` alone", key);
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
	struct plan_words *r = user;
	int layer = plan_lists[PLAN_LAYERS].find(section);
	int group = plan_lists[PLAN_GROUPS].find(section);

	if (!strcmp(section, "plan"))
		return !read_plan_key(r, key, value);
	if (layer >= 0) {
		r->plan->layer[layer].wanted = true;
		return !read_layer_key(r, &r->plan->layer[layer], key, value);
	}
	if (group >= 0) {
		r->plan->layer[group].wanted = true;
		return !read_group_key(r, &r->plan->layer[group], key, value);
	}
	plan_problem(r,
		     "section [%s] is neither [plan] nor a layer nor a group; see `egprlab list "
		     "layers` and `egprlab list groups`",
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
	p->data_offsets = 1;
	p->per_exit = 1000;
	p->resamples = 1000;
	p->slope_tolerance = 0.1;
	p->spending = STATS_SPEND_POWER2;
	for (i = 0; i < EGPR_NR_LAYERS; i++) {
		struct plan_layer *l = &p->layer[i];

		l->states = plan_lists[PLAN_STATES].all;
		l->exits = plan_lists[PLAN_EXITS].all;
		l->strategies = plan_lists[PLAN_STRATEGIES].all;
		l->contexts = 1u << (context_default((enum egpr_layer)i) - egpr_contexts);
		l->context_states = plan_lists[PLAN_STATES].all;
		l->context_exits = plan_lists[PLAN_EXITS].all;
		l->context_strategies = plan_lists[PLAN_STRATEGIES].all;
		l->context_weight = 1;
		l->weight = 1;
		l->baseline_weight = 0.2;
	}
}

static int check_whole(struct plan_words *r)
{
	struct plan *p = r->plan;
	unsigned int i, wanted = 0;

	for (i = 0; i < EGPR_NR_LAYERS; i++)
		wanted += p->layer[i].wanted;
	if (!wanted)
		return plan_problem(r, "no layer; add a section such as [prim]");
	if (!p->nr_margins)
		return plan_problem(r, "no margins; add `margins = 1 %%, 10 ticks` to [plan]");
	if (p->batch_min > p->batch_max)
		return plan_problem(r, "batch_min is above batch_max");
	if (plan_stamps(p) && p->batch_max > STAMPS_MAX)
		return plan_problem(r,
				    "batch_max is above %d, and location = %s stamps each exit; "
				    "lower it",
				    STAMPS_MAX, plan_locations[p->location]);
	return 0;
}

int plan_read_text(struct plan *p, const char *name, const char *ini, struct data_error *e)
{
	struct plan_words r = { .plan = p };
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

static void add_arm(struct plan_arm *a, const struct egpr_strategy *s)
{
	a->strategy = s;
	a->delay = 0;
	a->state = EGPR_STATE_OFF;
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
		    s->family != EGPR_FAMILY_OWN && (l->strategies & (1u << (s - egpr_strategies))))
			add_arm(&arms[n++], s);
	}
	return n;
}

bool plan_own_arm(const struct plan_layer *l, enum egpr_guest_state state, struct plan_arm *arm)
{
	if (state == EGPR_STATE_OFF || !(l->states & (1u << state)) ||
	    !(l->strategies & (1u << EGPR_STRATEGY_kvm_own)))
		return false;
	add_arm(arm, &egpr_strategies[EGPR_STRATEGY_kvm_own]);
	arm->state = state;
	return true;
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
