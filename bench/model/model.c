// SPDX-License-Identifier: GPL-2.0-only
/*
 * One question to llvm-mca per scheduling model and form. Where it gives up, because of one
 * instruction somewhere in it, a question per strategy tells which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "model.h"

#define TRIPLE "-mtriple=x86_64-unknown-linux-gnu"
#define APX    "-mattr=+egpr,+push2pop2,+ppx"

static const enum egpr_form forms[] = { EGPR_FORM_PROXY, EGPR_FORM_HW };
#define NR_MODEL_FORMS (sizeof(forms) / sizeof(*forms))

static const char *const part_names[MODEL_NR_PARTS] = { "exit", "entry", "round" };

/*
 * struct arm - a strategy in one form: what is asked about, whatever the CPU
 * @row: to copy for each CPU
 * @path: through both halves
 * @region: per part
 */
struct arm {
	struct model_row row;
	struct model_path path[2];
	struct mca_region region[MODEL_NR_PARTS];
};

struct arms {
	struct arm *arm;
	unsigned int n;
};

void model_rows_free(struct model_rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

/* A context as layer prim has it in guest state dirty: APX on in the guest, XCR0 the same. */
static void context(struct egpr_switch *sw, unsigned int delay)
{
	memset(sw, 0, sizeof(*sw));
	sw->flags = EGPR_SWITCH_GUEST_APX;
	sw->access = EGPR_SWITCH_ACCESS;
	sw->delay = delay;
}

static void make_regions(struct arm *a)
{
	unsigned int i;

	for (i = 0; i < MODEL_NR_PARTS; i++) {
		struct mca_region *r = &a->region[i];

		snprintf(r->name, sizeof(r->name), "%s/%s", a->row.id, part_names[i]);
		r->path[0] = &a->path[i == MODEL_ENTRY];
		r->path[1] = &a->path[1];
		r->n = i == MODEL_ROUND ? 2 : 1;
	}
}

static int make_arm(struct arm *a, const struct model_code *code, const struct egpr_strategy *s,
		    enum egpr_form form, unsigned int delay, struct data_error *e)
{
	static struct egpr_switch sw;
	char symbol[64];
	int half, ret;

	memset(a, 0, sizeof(*a));
	a->row.strategy = s;
	a->row.form = form;
	if (s->family == EGPR_FAMILY_DELAY)
		snprintf(a->row.id, sizeof(a->row.id), "%s-%u", s->id, delay);
	else
		snprintf(a->row.id, sizeof(a->row.id), "%s", s->id);
	make_regions(a);
	if (s->family == EGPR_FAMILY_OWN) {
		snprintf(a->row.reason, sizeof(a->row.reason),
			 "no sequence of the lab's: KVM switches by itself");
		return 0;
	}
	context(&sw, delay);
	for (half = 0; half < 2; half++) {
		model_symbol(s, form, half, symbol, sizeof(symbol));
		ret = model_path_follow(model_code_find(code, symbol), &sw, &a->path[half], e);
		if (ret == EGPR_SKIPPED)
			snprintf(a->row.reason, sizeof(a->row.reason), "%.300s", e->text);
		else if (ret)
			return ret;
	}
	return 0;
}

static int make_arms(struct arms *as, const struct model_code *code, const struct model_want *w,
		     enum egpr_form form, struct data_error *e)
{
	const struct egpr_strategy *s;
	unsigned int i, times;
	int ret = 0;

	as->n = 0;
	as->arm = calloc(EGPR_NR_STRATEGIES + w->nr_delays, sizeof(*as->arm));
	if (!as->arm)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	egpr_for_each_strategy(s) {
		times = s->family == EGPR_FAMILY_DELAY ? w->nr_delays : 1;
		for (i = 0; i < times && !ret; i++) {
			ret = make_arm(
				&as->arm[as->n], code, s, form,
				times == 1 && s->family != EGPR_FAMILY_DELAY ? 0 : w->delays[i], e);
			as->n += !ret;
		}
	}
	return ret;
}

/* The regions of the arms that have no reason yet, one behind the other. Return: how many. */
static size_t collect(const struct arm *arm, const struct model_row *rows, unsigned int n,
		      struct mca_region *regions)
{
	size_t asked = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (*rows[i].reason)
			continue;
		memcpy(regions + asked, arm[i].region, sizeof(arm[i].region));
		asked += MODEL_NR_PARTS;
	}
	return asked;
}

/* The other way round, with the figures. */
static void distribute(struct model_row *rows, unsigned int n, const struct mca_figures *got)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (*rows[i].reason)
			continue;
		memcpy(rows[i].part, got, sizeof(rows[i].part));
		got += MODEL_NR_PARTS;
	}
}

/* Return: 0, EGPR_SKIPPED with why llvm-mca refused, or a failure. */
static int question(const struct model_tools *t, const char *cpu, const struct mca_region *regions,
		    size_t n, struct mca_figures *got, struct data_error *e)
{
	char mcpu[96], *text = mca_question(regions, n);
	char *argv[] = { (char *)t->mca,
			 (char *)TRIPLE,
			 mcpu,
			 (char *)APX,
			 (char *)"-iterations=1",
			 (char *)"-json",
			 (char *)"-resource-pressure=false",
			 NULL };
	struct tool_said said;
	int ret;

	if (!text)
		return data_fail(e, EGPR_INTERNAL, "out of memory");
	snprintf(mcpu, sizeof(mcpu), "-mcpu=%s", cpu);
	ret = model_tool_run(argv, text, &said, e);
	if (!ret && said.stopped) {
		ret = data_fail(e, EGPR_SKIPPED,
				"llvm-mca does not end: it was stopped after %g s of CPU time",
				MODEL_TOOL_CPU_S);
	} else if (!ret && said.status) {
		mca_complaint(said.err, e->text, sizeof(e->text));
		ret = EGPR_SKIPPED;
	} else if (!ret) {
		ret = mca_answer(said.out, regions, n, got, e);
	}
	tool_said_free(&said);
	free(text);
	return ret;
}

/* Ask about all the parts of @n arms that may be asked about; their figures go to @rows. */
static int ask(const struct model_tools *t, const char *cpu, const struct arm *arm,
	       struct model_row *rows, unsigned int n, struct data_error *e)
{
	size_t room = (size_t)n * MODEL_NR_PARTS + 1, asked;
	struct mca_region *regions = calloc(room, sizeof(*regions));
	struct mca_figures *got = calloc(room, sizeof(*got));
	int ret = 0;

	if (regions && got) {
		asked = collect(arm, rows, n, regions);
		if (asked)
			ret = question(t, cpu, regions, asked, got, e);
		if (!ret)
			distribute(rows, n, got);
	} else {
		ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	free(got);
	free(regions);
	return ret;
}

/* All arms under one CPU: at once if that works, else one by one. */
static int ask_all(const struct model_tools *t, const char *cpu, const struct arms *as,
		   struct model_row *rows, struct data_error *e)
{
	unsigned int i;
	int ret = ask(t, cpu, as->arm, rows, as->n, e);

	for (i = 0; ret == EGPR_SKIPPED && i < as->n; i++) {
		if (*rows[i].reason)
			continue;
		ret = ask(t, cpu, &as->arm[i], &rows[i], 1, e);
		if (ret && ret != EGPR_SKIPPED)
			return ret;
		if (ret)
			snprintf(rows[i].reason, sizeof(rows[i].reason), "%.310s", e->text);
		ret = EGPR_SKIPPED;
	}
	return ret == EGPR_SKIPPED ? 0 : ret;
}

/* Every row gets the figures of `none` beside it; without them nothing is over anything. */
static void put_none(struct model_row *rows, unsigned int n)
{
	const struct model_row *none = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (rows[i].strategy == &egpr_strategies[EGPR_STRATEGY_none])
			none = &rows[i];
	}
	for (i = 0; i < n && none; i++) {
		if (*none->reason && !*rows[i].reason)
			snprintf(rows[i].reason, sizeof(rows[i].reason), "no baseline: %.290s",
				 none->reason);
		memcpy(rows[i].none, none->part, sizeof(rows[i].none));
	}
}

static int model_cpu(const struct model_tools *t, const char *help, const char *cpu,
		     const struct arms *as, struct model_rows *rows, struct data_error *e)
{
	struct model_row *row = rows->row + rows->n;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < as->n; i++) {
		row[i] = as->arm[i].row;
		row[i].cpu = cpu;
		if (!model_knows(help, cpu))
			snprintf(row[i].reason, sizeof(row[i].reason),
				 "llvm-mca of LLVM %s does not know this CPU", t->version);
	}
	if (model_knows(help, cpu))
		ret = ask_all(t, cpu, as, row, e);
	put_none(row, as->n);
	rows->n += as->n;
	return ret;
}

static int model_all(const struct model_tools *t, const char *help, const struct model_code *code,
		     const struct model_want *w, struct model_rows *rows, struct data_error *e)
{
	struct arms as[NR_MODEL_FORMS] = { { 0 } };
	unsigned int cpu;
	size_t f, room = 0;
	int ret = 0;

	for (f = 0; f < NR_MODEL_FORMS && !ret; f++) {
		ret = make_arms(&as[f], code, w, forms[f], e);
		room += as[f].n;
	}
	if (!ret) {
		rows->row = calloc(room * w->nr_cpus + 1, sizeof(*rows->row));
		if (!rows->row)
			ret = data_fail(e, EGPR_INTERNAL, "out of memory");
	}
	for (cpu = 0; cpu < w->nr_cpus && !ret && rows->row; cpu++) {
		for (f = 0; f < NR_MODEL_FORMS && !ret; f++)
			ret = model_cpu(t, help, w->cpus[cpu], &as[f], rows, e);
	}
	for (f = 0; f < NR_MODEL_FORMS; f++)
		free(as[f].arm);
	return ret;
}

int model_run(const struct model_tools *t, const struct model_want *w, struct model_rows *rows,
	      struct data_error *e)
{
	char *help = model_help(t, e);
	struct model_code code = { 0 };
	int ret;

	memset(rows, 0, sizeof(*rows));
	if (!help)
		return EGPR_UNAVAILABLE;
	ret = model_code_read(t, &code, e);
	if (!ret)
		ret = model_all(t, help, &code, w, rows, e);
	model_code_free(&code);
	free(help);
	return ret;
}

char *model_help(const struct model_tools *t, struct data_error *e)
{
	char *argv[] = { (char *)t->mca, (char *)TRIPLE, (char *)"-mcpu=help", NULL }, *help = NULL;
	struct tool_said said;

	if (!model_tool_run(argv, "", &said, e) &&
	    asprintf(&help, "%s\n%s", said.out, said.err) < 0)
		help = NULL; // cppcheck-suppress memleak ; there is none where asprintf failed
	tool_said_free(&said);
	return help;
}

/* Lines are "  znver3 - Select the znver3 processor." */
bool model_knows(const char *help, const char *cpu)
{
	size_t len = strlen(cpu);
	const char *at;

	for (at = strstr(help, cpu); at; at = strstr(at + 1, cpu)) {
		if (at > help && at[-1] == ' ' &&
		    !strncmp(at + len + strspn(at + len, " "), "- Select", 8))
			return true;
	}
	return false;
}
