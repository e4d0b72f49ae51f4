// SPDX-License-Identifier: GPL-2.0-only
/*
 * Profiles and the sum of the cost model.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "cost.h"
#include "../report.h"
#include <bench/base/share.h>

#define SECTION_PROFILE "profile"
#define SECTION_EXITS	"exits"
#define KEY_OTHER	"other"
#define PERCENT		100

/*
 * struct reading - state of reading a profile
 */
struct reading {
	struct cost_profile *p;
	char fault[200];
};

static int keep(char *to, size_t size, const char *value)
{
	return snprintf(to, size, "%s", value) < (int)size;
}

static int take_rate(struct reading *r, const char *name, const char *value)
{
	const struct egpr_exit_kind *k = egpr_exit_kind_find(name);
	char *end;
	double rate = strtod(value, &end);

	if (end == value || *end || !(rate >= 0) || !isfinite(rate)) {
		snprintf(r->fault, sizeof(r->fault),
			 "rate of %.40s is '%.40s', not exits per second", name, value);
		return 0;
	}
	if (!strcmp(name, KEY_OTHER)) {
		r->p->other = rate;
		return 1;
	}
	if (!k) {
		snprintf(r->fault, sizeof(r->fault),
			 "'%.60s' is not an exit kind; `egprlab list exits` shows them", name);
		return 0;
	}
	r->p->rate[k - egpr_exit_kinds] = rate;
	return 1;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	struct cost_profile *p = r->p;

	if (!strcmp(section, SECTION_EXITS))
		return take_rate(r, name, value);
	if (!strcmp(section, SECTION_PROFILE)) {
		if (!strcmp(name, "name"))
			return keep(p->name, sizeof(p->name), value);
		if (!strcmp(name, "kind"))
			return keep(p->kind, sizeof(p->kind), value);
		if (!strcmp(name, "text"))
			return keep(p->text, sizeof(p->text), value);
	}
	snprintf(r->fault, sizeof(r->fault), "unknown key '%.40s' in section [%.40s]", name,
		 section);
	return 0;
}

int cost_profile_read(const char *path, struct cost_profile *p, struct data_error *e)
{
	struct reading r = { .p = p };
	int line;

	memset(p, 0, sizeof(*p));
	line = ini_parse(path, take, &r);
	if (line < 0)
		return data_fail(e, EGPR_USAGE, "cannot read the profile %s: %s", path,
				 strerror(errno));
	if (line)
		return data_fail(e, EGPR_USAGE, "%s line %d: %s", path, line,
				 *r.fault ? r.fault : "not an INI line");
	if (!*p->name || (strcmp(p->kind, "example") && strcmp(p->kind, "measured")))
		return data_fail(e, EGPR_USAGE,
				 "%s: [profile] needs a name and a kind, example or measured",
				 path);
	return 0;
}

void cost_profile_print(const struct cost_profile *p, FILE *f)
{
	unsigned int i;

	fprintf(f,
		"[" SECTION_PROFILE "]\nname = %s\nkind = %s\ntext = %s\n\n[" SECTION_EXITS
		"]\n; exits per second and vCPU\n",
		p->name, p->kind, p->text);
	for (i = 0; i < EGPR_NR_EXIT_KINDS; i++) {
		if (p->rate[i] > 0)
			fprintf(f, "%s = %.6g\n", egpr_exit_kinds[i].id, p->rate[i]);
	}
	if (p->other > 0)
		fprintf(f, KEY_OTHER " = %.6g\n", p->other);
}

int cost_of(const struct rundir_data *run, const struct cost_profile *p,
	    const struct cost_source *s, double tsc_hz, struct cost *c)
{
	const struct csv_table *t = &run->table[EGPR_CSV_VERDICTS];
	double all = p->other, covered = 0;
	unsigned int i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < EGPR_NR_EXIT_KINDS; i++) {
		struct report_filter f = { .provenance = s->provenance,
					   .layer = s->layer,
					   .state = s->state,
					   .strategy = s->strategy,
					   .margin = s->margin,
					   .context = s->context,
					   .exit_kind = egpr_exit_kinds[i].id };
		size_t row = report_next(t, 0, &f);

		all += p->rate[i];
		if (row == t->rows) {
			f.exit_kind = "none";
			row = report_next(t, 0, &f);
		}
		if (row == t->rows || isnan(csv_real(t, row, EGPR_VERDICTS_diff)))
			continue;
		covered += p->rate[i];
		c->percent += p->rate[i] * csv_real(t, row, EGPR_VERDICTS_diff);
		c->low += p->rate[i] * csv_real(t, row, EGPR_VERDICTS_diff_low);
		c->high += p->rate[i] * csv_real(t, row, EGPR_VERDICTS_diff_high);
	}
	if (!(covered > 0))
		return -1;
	c->covered = covered / all;
	c->percent *= PERCENT / tsc_hz;
	c->low *= PERCENT / tsc_hz;
	c->high *= PERCENT / tsc_hz;
	return 0;
}

char *cost_profiles_dir(void)
{
	return share_dir(NULL, "profiles", "bench/report/cost/profiles");
}
