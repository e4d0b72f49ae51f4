// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real A/A comparisons, one after the other, and how many verdicts were wrong.
 *
 * usage: aa-coverage COMPARISONS SECONDS_EACH
 * Both arms are the same code, so `faster` and `slower` are wrong. Half of the
 * comparisons run in layer prim and half around the cheapest exit to the VMM, where there
 * is KVM. Besides the verdict at the plan's margin it counts how often the 95 % interval
 * leaves out zero, which must be rare as well. Exit status 1 above 5 % wrong verdicts.
 */
#include <stdio.h>
#include <stdlib.h>

#include <bench/run/run.h>

#define WRONG_LIMIT 0.05

static const char *const plans[] = {
	"[plan]\nbudget = %g\nlooks = 4\nmargins = 1 %%\ndelays =\nper_exit = 0\nresamples = 0\n"
	"batch_us = 100\n[prim]\nstates = off\nstrategies = none\n",
	"[plan]\nbudget = %g\nlooks = 4\nmargins = 1 %%\ndelays =\nper_exit = 0\nresamples = 0\n"
	"batch_min = 16\nbatch_us = 100\n[boundary]\nexits = hlt\nstates = off\nstrategies = none\n"
	"baseline_weight = 1\n",
};

#define NR_PLANS (sizeof(plans) / sizeof(*plans))

struct tally {
	unsigned int verdicts[STATS_NR_VERDICTS];
	unsigned int zero_outside;
	unsigned int n;
};

static int compare_once(const char *text, uint64_t seed, struct tally *t, struct data_error *e)
{
	struct run_options o = { .cpu = -1, .memory = true, .quiet = true };
	struct run run = { 0 };
	struct plan plan;
	unsigned int i;
	int ret = plan_read_text(&plan, "aa-coverage", text, e);

	plan.has_seed = true;
	plan.seed = seed;
	o.plan = &plan;
	if (!ret)
		ret = run_expand(&run, &plan, EGPR_PROV_PROXY, e);
	if (!ret)
		ret = run_measure(&run, &o, NULL, e);
	for (i = 0; i < run.nr_cells && !ret; i++) {
		const struct cell_result *r = &run.cells[i].r;
		struct stats_interval ci;
		double p;

		if (!r->nr_comparisons)
			continue;
		t->n++;
		t->verdicts[stats_verdict(&r->comparisons[0].d[0], plan.alpha, &p)]++;
		ci = stats_shift_interval(&r->comparisons[0].shift, 0.025);
		t->zero_outside += ci.low > 0 || ci.high < 0;
	}
	run_free(&run);
	plan_free(&plan);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0, i, v;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 0;
	struct tally t = { 0 };
	unsigned int wrong;

	if (!n || !(seconds > 0)) {
		fputs("usage: aa-coverage COMPARISONS SECONDS_EACH\n", stderr);
		return EGPR_USAGE;
	}
	for (i = 0; i < n; i++) {
		struct data_error e = { "" };
		char text[512];
		int ret;

		snprintf(text, sizeof(text), plans[i % NR_PLANS], seconds);
		ret = compare_once(text, i + 1, &t, &e);
		if (ret > 128)
			return ret;
		if (ret && ret != EGPR_UNAVAILABLE) {
			fprintf(stderr, "aa-coverage: %s\n", e.text);
			return ret;
		}
	}
	wrong = t.verdicts[STATS_FASTER] + t.verdicts[STATS_SLOWER];
	printf("%u A/A comparisons of %g s:", t.n, seconds);
	for (v = 0; v < STATS_NR_VERDICTS; v++)
		printf(" %u %s%s", t.verdicts[v], stats_verdict_names[v],
		       v + 1 < STATS_NR_VERDICTS ? "," : "\n");
	printf("%u wrong verdicts (%.1f %%); zero outside of the 95 %% interval in %u (%.1f %%)\n",
	       wrong, 100.0 * wrong / t.n, t.zero_outside, 100.0 * t.zero_outside / t.n);
	if (!t.n)
		return EGPR_UNAVAILABLE;
	return wrong > WRONG_LIMIT * t.n;
}
