// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab compare`: what changed between two runs on one host.
 *
 * For each strategy that both runs have, the shift against its own baseline is compared,
 * run against run: whatever a reload or a boot moved for all arms alike cancels. The
 * baseline itself is compared as it is, so a slower exit path shows as well; that row
 * includes what reload and boot did.
 *
 * What one launch says holds for that launch (docs/method.md): without several launches in both
 * runs nothing is known of how far launches lie apart, and there is no verdict.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#include <egpr/status.h>
#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/host/core_type.h>
#include <bench/host/host.h>
#include <bench/measure/blocks.h>
#include "command.h"
#include <bench/plan/plan.h>

#define ALPHA	     0.05
#define MIN_LAUNCHES 4	       /* of a run, where nothing is known of their spread */
#define MIN_BLOCKS   6	       /* the signed rank has no 95 % interval below */
#define HOST_FACTS   "machine" /* of the host object in meta.json: its facts without the lab's */

extern const struct egpr_command egpr_cmd_compare;

static const struct egpr_option compare_options[] = {
	{ "kernels", NULL, "of one machine: runs under two kernels of it" },
	{ NULL, NULL, NULL },
};

/*
 * struct change - one arm, second run against first
 * @row: of the first run's samples
 * @baseline: strategy, or "" for the baseline itself
 * @estimate: second minus first, TSC ticks per exit
 * @se: its standard error
 * @df: degrees of freedom
 * @base: median of the first run's baseline, TSC ticks per exit
 * @margin: in TSC ticks
 * @launches: of the first and of the second run
 * @d: evidence
 */
struct change {
	size_t row;
	const char *baseline;
	double estimate;
	double se;
	double df;
	double base;
	double margin;
	char margin_text[32];
	size_t launches[2];
	struct stats_decision d;
};

struct side {
	struct rundir_data data;
	struct blocks blocks;
};

struct comparing {
	struct side first;
	struct side second;
	struct plan plan;
	struct change *change;
	size_t n;
	size_t only_one; /* arms that only one of the runs has */
};

static double median(const struct blocks_arm *a)
{
	double *copy = malloc(a->n * sizeof(*copy)), m;

	if (!copy)
		return NAN;
	memcpy(copy, a->mean, a->n * sizeof(*copy));
	stats_sort(copy, a->n);
	m = stats_quantile(copy, a->n, 0.5);
	free(copy);
	return m;
}

/* Shift of an arm against @base, or the arm itself where @base is NULL. */
static int shift_of(const struct blocks *run, const struct blocks_arm *a,
		    const struct blocks_arm *base, struct stats_shift *s)
{
	const struct stats_where where = { a->layout, a->launch, run->launches.place };
	size_t n = base && base->n < a->n ? base->n : a->n, i;
	double *x = malloc((n + 1) * sizeof(*x));
	int ret;

	if (!x)
		return -1;
	for (i = 0; i < n; i++)
		x[i] = a->mean[i] - (base ? base->mean[i] : 0);
	ret = stats_shift_init(s, x, &where, n);
	free(x);
	return ret;
}

static double variance(const struct stats_shift *s)
{
	return s->se * s->se + stats_shift_spread(s, ALPHA / 2).part;
}

/* Degrees of freedom of one run's variance: of what spreads beside blocks, else of the blocks. */
static double freedom(const struct stats_shift *s)
{
	double blocks = (double)s->values - 1, others = stats_shift_spread(s, ALPHA / 2).df;

	return others < blocks ? others : blocks;
}

static double t_upper(const struct change *c, double bound)
{
	return gsl_cdf_tdist_Q((c->estimate - bound) / c->se, c->df);
}

static void decide(struct change *c)
{
	double above = t_upper(c, -c->margin), below = 1 - t_upper(c, c->margin);

	c->d.p_equivalent = fmax(above, below);
	c->d.p_slower = t_upper(c, c->margin);
	c->d.p_faster = 1 - t_upper(c, -c->margin);
}

/* The plan's first margin; where no guest runs, the first in ticks. */
static const struct plan_margin *answer_margin(const struct plan *p, const char *exit_kind)
{
	unsigned int i;

	for (i = 0; i < p->nr_margins && !strcmp(exit_kind, "none"); i++) {
		if (!p->margins[i].percent)
			return &p->margins[i];
	}
	return &p->margins[0];
}

/* KVM's own switch is compared with guest state off, all else with its own state: NULL. */
static const char *baseline_state(const char *strategy)
{
	const struct egpr_strategy *s = egpr_strategy_find(strategy, NULL);

	return s && s->family == EGPR_FAMILY_OWN ? egpr_guest_states[EGPR_STATE_OFF].id : NULL;
}

static int add_change(struct comparing *k, const struct blocks_arm *a, const struct blocks_arm *b,
		      const char *baseline)
{
	const struct csv_table *t = k->first.blocks.samples;
	const struct blocks_arm *base_a = NULL, *base_b = NULL;
	struct stats_shift sa = { 0 }, sb = { 0 };
	const struct plan_margin *m;
	struct change *c;
	double va, vb;
	int ret = -1;

	if (*baseline) {
		const char *state = baseline_state(csv_text(t, a->row, EGPR_COL_strategy));

		base_a = blocks_find(&k->first.blocks, t, a->row, baseline, state);
		base_b = blocks_find(&k->second.blocks, t, a->row, baseline, state);
	}
	if ((*baseline && (!base_a || !base_b)) || a->n < MIN_BLOCKS || b->n < MIN_BLOCKS) {
		k->only_one++;
		return 0;
	}
	if (shift_of(&k->first.blocks, a, base_a, &sa) ||
	    shift_of(&k->second.blocks, b, base_b, &sb))
		goto out;
	c = realloc(k->change, (k->n + 1) * sizeof(*c));
	if (!c)
		goto out;
	k->change = c;
	c += k->n++;
	memset(c, 0, sizeof(*c));
	va = variance(&sa);
	vb = variance(&sb);
	c->row = a->row;
	c->baseline = baseline;
	c->estimate = sb.estimate - sa.estimate;
	c->launches[0] = sa.groups[STATS_LAUNCH];
	c->launches[1] = sb.groups[STATS_LAUNCH];
	/* Identical data have no spread: keep the quotients finite. */
	c->se = fmax(sqrt(va + vb), 1e-9);
	c->df = va + vb > 0
			? (va + vb) * (va + vb) / (va * va / freedom(&sa) + vb * vb / freedom(&sb))
			: freedom(&sa);
	c->base = median(base_a ? base_a : a);
	m = answer_margin(&k->plan, csv_text(t, a->row, EGPR_COL_exit_kind));
	c->margin = plan_margin_cycles(m, c->base);
	memcpy(c->margin_text, m->text, sizeof(c->margin_text));
	decide(c);
	ret = 0;
out:
	stats_shift_free(&sa);
	stats_shift_free(&sb);
	return ret;
}

/* Launch variance is in both intervals. */
static bool covers_launches(const struct change *c)
{
	return c->launches[0] > 1 && c->launches[1] > 1;
}

/*
 * Launches of each run that would decide, all else equal: the interval shrinks with their root,
 * and has to fit between the estimate and the margin that is next to it.
 */
static double launches_needed(const struct change *c, double half)
{
	double room = fabs(fabs(c->estimate) - c->margin),
	       have = (double)(c->launches[0] < c->launches[1] ? c->launches[0] : c->launches[1]);

	if (!covers_launches(c))
		return MIN_LAUNCHES;
	return room > 0 ? fmax(ceil(have * (half / room) * (half / room)), have + 1) : INFINITY;
}

static const char *baseline_of(const char *strategy)
{
	const struct egpr_strategy *none = &egpr_strategies[EGPR_STRATEGY_none];
	unsigned int delay;
	const struct egpr_strategy *s = egpr_strategy_find(strategy, &delay);

	/* A group's subject is none of the table: its own time is compared. */
	if (!s || s == none)
		return "";
	if (s && s->family == EGPR_FAMILY_DELAY && delay)
		return "delay-0";
	return none->id;
}

static int collect(struct comparing *k)
{
	size_t i;

	for (i = 0; i < k->first.blocks.n; i++) {
		const struct blocks_arm *a = &k->first.blocks.arm[i], *b;
		const struct csv_table *t = k->first.blocks.samples;
		const char *id = csv_text(t, a->row, EGPR_COL_strategy);

		b = blocks_find(&k->second.blocks, t, a->row, id, NULL);
		if (!b)
			k->only_one++;
		else if (add_change(k, a, b, baseline_of(id)))
			return -1;
	}
	return 0;
}

static bool same_family(const struct comparing *k, const struct change *a, const struct change *b)
{
	static const unsigned int columns[] = { EGPR_COL_layer, EGPR_COL_strategy,
						EGPR_COL_guest_state, EGPR_COL_context };
	const struct csv_table *t = k->first.blocks.samples;
	size_t i;

	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		if (strcmp(csv_text(t, a->row, columns[i]), csv_text(t, b->row, columns[i])))
			return false;
	}
	return true;
}

/* Holm across exit kinds. Return: the decision of @c within its family. */
static int adjusted(const struct comparing *k, const struct change *c, struct stats_decision *d)
{
	struct stats_decision *family = malloc((k->n + 1) * sizeof(*family));
	size_t i, n = 0, self = 0;
	int ret = -1;

	for (i = 0; family && i < k->n; i++) {
		if (!same_family(k, c, &k->change[i]))
			continue;
		if (&k->change[i] == c)
			self = n;
		family[n++] = k->change[i].d;
	}
	if (family && !stats_adjust(family, n)) {
		*d = family[self];
		ret = 0;
	}
	free(family);
	return ret;
}

/* The row's last word: the verdict, or what is missing for one. */
static void print_verdict(const struct change *c, enum stats_verdict v, double half)
{
	double needed;

	if (v != STATS_INCONCLUSIVE) {
		printf("%s\n", stats_verdict_names[v]);
		return;
	}
	needed = launches_needed(c, half);
	if (!covers_launches(c))
		printf("%s: launch not estimable, >= %.0f launches per run needed\n",
		       stats_verdict_names[v], needed);
	else if (needed <= STATS_MAX_LAUNCHES)
		printf("%s: about %.0f launches per run needed\n", stats_verdict_names[v], needed);
	else
		printf("%s: more than %d launches per run needed\n", stats_verdict_names[v],
		       STATS_MAX_LAUNCHES);
}

static int print(const struct comparing *k, unsigned int *verdicts)
{
	const struct csv_table *t = k->first.blocks.samples;
	size_t i, one_launch = 0;

	printf("%-10s%-26s%-8s%-13s%-18s%10s%24s  %-12s%-10s%s\n", "layer", "exit kind", "state",
	       "context", "strategy", "change", "95 % interval", "margin", "launches", "verdict");
	for (i = 0; i < k->n; i++) {
		const struct change *c = &k->change[i];
		double half = gsl_cdf_tdist_Qinv(ALPHA / 2, c->df) * c->se, p;
		struct stats_decision d;
		enum stats_verdict v;
		char ci[48], launches[48];

		if (adjusted(k, c, &d))
			return -1;
		v = covers_launches(c) ? stats_verdict(&d, ALPHA, &p) : STATS_INCONCLUSIVE;
		one_launch += !covers_launches(c);
		verdicts[v]++;
		snprintf(ci, sizeof(ci), "%.2f .. %.2f", c->estimate - half, c->estimate + half);
		snprintf(launches, sizeof(launches), "%zu, %zu", c->launches[0], c->launches[1]);
		printf("%-10s%-26s%-8s%-13s%-18s%10.2f%24s  %-12s%-10s",
		       csv_text(t, c->row, EGPR_COL_layer), csv_text(t, c->row, EGPR_COL_exit_kind),
		       csv_text(t, c->row, EGPR_COL_guest_state),
		       csv_text(t, c->row, EGPR_COL_context),
		       csv_text(t, c->row, EGPR_COL_strategy), c->estimate, ci, c->margin_text,
		       launches);
		print_verdict(c, v, half);
	}
	printf("\nTSC ticks per exit, second run minus first; strategies by their shift against "
	       "their own baseline.\n");
	if (one_launch)
		printf("%zu rows have one launch in a run: their intervals hold for those launches "
		       "only and say nothing of the next.\n",
		       one_launch);
	if (k->only_one)
		printf("%zu arms are in one run only, or have too few blocks.\n", k->only_one);
	return 0;
}

static const char *machine_of(const struct rundir_data *d)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST), HOST_FACTS));

	return s ? s : "";
}

static int load(const char *path, struct side *s, struct data_error *e)
{
	int ret = rundir_load(path, &s->data, e);

	if (ret)
		return ret;
	return blocks_read(&s->data, &s->blocks, e);
}

/* A performance and an efficiency core are two CPUs; a run of before kinds were known is uniform. */
static const char *core_type_of_run(const struct rundir_data *d)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST), RUNDIR_CORE_TYPE));

	return s ? s : core_type_ids[CORE_UNIFORM];
}

static const char *fact_of(const struct rundir_data *d, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(d->meta, RUNDIR_HOST), key));

	return s ? s : "";
}

/* Two kernels of one machine: all that is not the kernel's must be the same. */
static int check_hardware(const struct rundir_data *first, const struct rundir_data *second,
			  struct data_error *e)
{
	static const enum egpr_host_fact facts[] = {
		EGPR_HOST_cpu_vendor,	EGPR_HOST_cpu_family, EGPR_HOST_cpu_model,
		EGPR_HOST_cpu_stepping, EGPR_HOST_cpu_name,   EGPR_HOST_microcode,
		EGPR_HOST_hypervisor,	EGPR_HOST_cpus,	      EGPR_HOST_smt,
	};
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *key = egpr_host_keys[facts[i]];

		if (strcmp(fact_of(first, key), fact_of(second, key)))
			return data_fail(
				e, EGPR_USAGE,
				"%s has %s '%s' and %s '%s': two machines, not two kernels "
				"of one",
				first->path, key, fact_of(first, key), second->path,
				fact_of(second, key));
	}
	if (strcmp(rundir_meta_text(first, RUNDIR_NODE), rundir_meta_text(second, RUNDIR_NODE)))
		return data_fail(e, EGPR_USAGE, "%s is of node '%s' and %s of '%s'", first->path,
				 rundir_meta_text(first, RUNDIR_NODE), second->path,
				 rundir_meta_text(second, RUNDIR_NODE));
	return 0;
}

static int check_pair(struct comparing *k, bool kernels, struct data_error *e)
{
	const char *first = core_type_of_run(&k->first.data);
	const char *second = core_type_of_run(&k->second.data);
	const char *uniform = core_type_ids[CORE_UNIFORM];

	if (strcmp(first, second) && strcmp(first, uniform) && strcmp(second, uniform))
		return data_fail(e, EGPR_USAGE,
				 "%s was measured on a core of type %s and %s on %s: they do not "
				 "compare; measure the second again with `--cpu` of a core of the "
				 "first type",
				 k->first.data.path, first, k->second.data.path, second);
	if (kernels) {
		int ret = check_hardware(&k->first.data, &k->second.data, e);

		if (ret)
			return ret;
	} else if (strcmp(machine_of(&k->first.data), machine_of(&k->second.data))) {
		return data_fail(
			e, EGPR_USAGE,
			"%s is of machine %s and %s of %s: TSC ticks of different hosts do "
			"not compare; `egprlab merge` combines hosts, --kernels compares two "
			"kernels of one machine",
			k->first.data.path, machine_of(&k->first.data), k->second.data.path,
			machine_of(&k->second.data));
	}
	return plan_restore(&k->plan,
			    cJSON_GetObjectItemCaseSensitive(k->first.data.meta, RUNDIR_PLAN), e);
}

static int compare(const char *first, const char *second, bool kernels, struct data_error *e)
{
	unsigned int verdicts[STATS_NR_VERDICTS] = { 0 };
	struct comparing k = { 0 };
	int ret = load(first, &k.first, e);

	if (!ret)
		ret = load(second, &k.second, e);
	if (!ret)
		ret = check_pair(&k, kernels, e);
	if (!ret && (collect(&k) || (k.n && print(&k, verdicts))))
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	if (!ret && !k.n)
		ret = data_fail(e, EGPR_DATA,
				"%s and %s have no arm in common: they were made from different "
				"plans",
				first, second);
	if (!ret && verdicts[STATS_SLOWER])
		ret = EGPR_SLOWER;
	else if (!ret && verdicts[STATS_INCONCLUSIVE])
		ret = EGPR_INCONCLUSIVE;
	free(k.change);
	plan_free(&k.plan);
	blocks_free(&k.first.blocks);
	blocks_free(&k.second.blocks);
	rundir_free(&k.first.data);
	rundir_free(&k.second.data);
	return ret;
}

static int compare_run(int argc, char **argv)
{
	struct data_error e = { "" };
	const char *value;
	bool kernels = false;
	int option, ret;

	while ((option = egpr_command_option(&egpr_cmd_compare, argc, argv, &value)) >= 0)
		kernels = true;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 2)
		return egpr_command_usage(&egpr_cmd_compare, "name two run directories");
	gsl_set_error_handler_off();
	ret = compare(argv[optind], argv[optind + 1], kernels, &e);
	if (*e.text)
		fprintf(stderr, "egprlab compare: %s\n", e.text);
	return ret;
}

const struct egpr_command egpr_cmd_compare = {
	.name = "compare",
	.args = "DIR DIR",
	.text = "say what changed from one run to another on the same host",
	.options = compare_options,
	.run = compare_run,
};
