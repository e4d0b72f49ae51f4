// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the first screen speaks of, and its words.
 *
 * The sentence says nothing that was not measured: what is missing is left out, in words.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include <bench/rundir/launches.h>
#include "screen.h"

#define MAX_KINDS 64
#define TEN	  10.0 /* core cycles of delay-10 */
#define TEN_ID	  "delay-10"
#define SHARP	  0.2 /* a delay whose interval is wider than this share of it converts nothing */

static const char *id_of(enum egpr_context context)
{
	return egpr_contexts[context].id;
}

const char *screen_strategy(const struct screen *s, unsigned int i)
{
	return csv_text(s->t, s->row[i], EGPR_COL_strategy);
}

static bool compares(const struct csv_table *t, const struct report_filter *f)
{
	size_t row;

	for (row = report_next(t, 0, f); row < t->rows; row = report_next(t, row + 1, f)) {
		if (report_is_switch(csv_text(t, row, EGPR_COL_strategy)) &&
		    !isnan(csv_real(t, row, EGPR_VERDICTS_diff)))
			return true;
	}
	return false;
}

/* Halves apart before anything else; then what the report answers with first. */
static bool pick_group(struct report *r, bool (*wants)(const struct report_group *g, void *arg),
		       void *arg, bool answers, struct report_group *g)
{
	const struct csv_table *t = &r->run->table[EGPR_CSV_VERDICTS];
	struct report_group groups[REPORT_MAX_GROUPS];
	unsigned int i, n = report_groups(r->run, groups), best = n;

	for (i = 0; i < n; i++) {
		struct report_filter f = report_filter_of(&groups[i]);
		bool apart = !strcmp(groups[i].context, id_of(EGPR_CONTEXT_APART));

		if ((answers && !report_answers(r->run, &groups[i])) || !compares(t, &f) ||
		    (wants && !wants(&groups[i], arg)))
			continue;
		if (best == n || (apart && strcmp(groups[best].context, groups[i].context)))
			best = i;
		if (apart)
			break;
	}
	if (best < n)
		*g = groups[best];
	return best < n;
}

/* The fastest exit kind, of the fastpath where one was measured. */
static const char *pick_kind(const struct csv_table *t, const struct report_filter *f)
{
	const char *kinds[MAX_KINDS], *best = NULL;
	unsigned int k, n = report_values(t, EGPR_COL_exit_kind, f, kinds, MAX_KINDS);
	bool best_fast = false;
	double least = INFINITY;

	for (k = 0; k < n; k++) {
		struct report_filter one = *f;
		bool fast;
		double p50;
		size_t row;

		one.exit_kind = kinds[k];
		if (!compares(t, &one))
			continue;
		row = report_next(t, 0, &one);
		fast = !strcmp(csv_text(t, row, EGPR_COL_path), egpr_paths[EGPR_PATH_FAST].id);
		p50 = csv_real(t, row, EGPR_VERDICTS_base_p50);
		if (fast > best_fast || (fast == best_fast && p50 < least)) {
			best_fast = fast;
			least = p50;
			best = kinds[k];
		}
	}
	return best;
}

static void sort_in(struct screen *s, size_t row)
{
	double diff = csv_real(s->t, row, EGPR_VERDICTS_diff);
	unsigned int i = s->n++;

	for (; i && csv_real(s->t, s->row[i - 1], EGPR_VERDICTS_diff) > diff; i--)
		s->row[i] = s->row[i - 1];
	s->row[i] = row;
}

/* The strategy with an id; where it was not measured, the cheapest of its family. */
static unsigned int pick(const struct screen *s, enum egpr_strategy_index index)
{
	const struct egpr_strategy *want = &egpr_strategies[index];
	unsigned int i, family = s->n;

	for (i = s->n; i-- > 0;) {
		const struct egpr_strategy *is = egpr_strategy_find(screen_strategy(s, i), NULL);

		if (is == want)
			return i;
		if (is && is->family == want->family)
			family = i;
	}
	return family;
}

bool screen_make(struct report *r, struct screen *s)
{
	return screen_make_where(r, NULL, NULL, s);
}

bool screen_make_where(struct report *r, bool (*wants)(const struct report_group *g, void *arg),
		       void *arg, struct screen *s)
{
	struct report_filter f;
	size_t row;

	memset(s, 0, sizeof(*s));
	s->r = r;
	s->t = &r->run->table[EGPR_CSV_VERDICTS];
	/* What several runs have in common may be a context that answers in none of them. */
	if (!pick_group(r, wants, arg, true, &s->g) &&
	    (!wants || !pick_group(r, wants, arg, false, &s->g)))
		return false;
	s->f = report_filter_of(&s->g);
	s->f.exit_kind = pick_kind(s->t, &s->f);
	s->f.state = report_main_state(s->t, &s->f);
	for (row = report_next(s->t, 0, &s->f); row < s->t->rows;
	     row = report_next(s->t, row + 1, &s->f)) {
		if (report_is_switch(csv_text(s->t, row, EGPR_COL_strategy)) &&
		    !isnan(csv_real(s->t, row, EGPR_VERDICTS_diff)) && s->n < SCREEN_STRATEGIES)
			sort_in(s, row);
	}
	f = s->f;
	f.margin = NULL;
	s->nmargins =
		report_values(s->t, EGPR_VERDICTS_margin_text, &f, s->margins, SCREEN_MARGINS);
	f = s->f;
	f.strategy = TEN_ID;
	s->ten = report_next(s->t, 0, &f);
	f.strategy = NULL;
	f.context = NULL;
	s->contexts[s->ncontexts++] = s->g.context;
	f.context = id_of(EGPR_CONTEXT_LEGACY_WARM);
	if (strcmp(s->g.context, f.context) && compares(s->t, &f))
		s->contexts[s->ncontexts++] = f.context;
	s->gated = pick(s, EGPR_STRATEGY_gated_mov);
	s->xsave = pick(s, EGPR_STRATEGY_xsave);
	return s->n > 0;
}

size_t screen_in(const struct screen *s, unsigned int i, const char *context)
{
	struct report_filter f = s->f;

	f.strategy = screen_strategy(s, i);
	f.context = context;
	return report_next(s->t, 0, &f);
}

size_t screen_with(const struct screen *s, unsigned int i, const char *margin)
{
	struct report_filter f = s->f;

	f.strategy = screen_strategy(s, i);
	f.margin = margin;
	return report_next(s->t, 0, &f);
}

bool screen_has_halves(const struct screen *s)
{
	return !isnan(csv_real(s->t, s->row[0], EGPR_VERDICTS_exit_diff));
}

const char *screen_verdict(const char *verdict)
{
	static const char *const words[] = { "equal", "faster", "slower", "open" };

	return words[report_verdict_index(verdict) - 1];
}

__attribute__((format(printf, 2, 3))) static void say(char *text, const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, SCREEN_WORDS - n, fmt, ap);
	va_end(ap);
}

static void say_cost(const struct screen *s, char *text, size_t row)
{
	say(text, "%s TSC ticks %s", report_signed(csv_real(s->t, row, EGPR_VERDICTS_diff)),
	    report_interval(csv_real(s->t, row, EGPR_VERDICTS_diff_low),
			    csv_real(s->t, row, EGPR_VERDICTS_diff_high)));
}

/* The fastest fastpath exit of any layer, measured without a switch: its row of summary.csv. */
static size_t fastest_exit(const struct screen *s)
{
	const struct csv_table *t = &s->r->run->table[EGPR_CSV_SUMMARY];
	struct report_filter f = { .provenance = s->g.provenance,
				   .path = egpr_paths[EGPR_PATH_FAST].id,
				   .strategy = egpr_strategies[EGPR_STRATEGY_none].id };
	size_t row, best = t->rows;

	for (row = report_next(t, 0, &f); row < t->rows; row = report_next(t, row + 1, &f)) {
		double p50 = csv_real(t, row, EGPR_SUMMARY_p50);

		if (p50 > 0 && (best == t->rows || p50 < csv_real(t, best, EGPR_SUMMARY_p50)))
			best = row;
	}
	return best;
}

static void say_share(const struct screen *s, char *text, size_t row)
{
	const struct csv_table *t = &s->r->run->table[EGPR_CSV_SUMMARY];
	double diff = csv_real(s->t, row, EGPR_VERDICTS_diff);
	size_t fast;

	if (!strcmp(csv_text(s->t, row, EGPR_COL_path), egpr_paths[EGPR_PATH_FAST].id)) {
		say(text, "; that is %s %% of this fastest fastpath exit",
		    report_signed(csv_real(s->t, row, EGPR_VERDICTS_diff_pct)));
		return;
	}
	fast = fastest_exit(s);
	if (fast == t->rows) {
		say(text, "; its share of a fastpath exit was not measured");
		return;
	}
	say(text,
	    "; %s is %s %% of the fastest fastpath exit seen (%s, %s TSC ticks, layer %s, backend %s%s)",
	    s->ncontexts > 1 ? "the first" : "that",
	    report_number(100 * diff / csv_real(t, fast, EGPR_SUMMARY_p50)),
	    csv_text(t, fast, EGPR_COL_exit_kind),
	    report_number(csv_real(t, fast, EGPR_SUMMARY_p50)), csv_text(t, fast, EGPR_COL_layer),
	    csv_text(t, fast, EGPR_COL_backend),
	    strcmp(csv_text(t, fast, EGPR_COL_representative), "no") ? "" : ", not representative");
}

static void say_what(const struct screen *s, char *text)
{
	const char *kind = s->f.exit_kind;

	if (!strcmp(kind, "none"))
		say(text, "an exit and entry");
	else
		say(text, "an exit %s and entry", kind);
	say(text, " in context %s (layer %s%s)", s->g.context, s->g.layer,
	    strcmp(s->g.context, id_of(EGPR_CONTEXT_APART)) ? "; halves apart were not measured"
							    : "");
}

/* "gated switch (gated-mov)", or what stands for it. */
static void say_name(const struct screen *s, char *text, unsigned int i)
{
	enum egpr_family family = egpr_strategy_find(screen_strategy(s, i), NULL)->family;

	if (family == EGPR_FAMILY_GATED)
		say(text, "a gated switch (%s)", screen_strategy(s, i));
	else if (family == EGPR_FAMILY_XSAVE)
		say(text, "XSAVE (%s)", screen_strategy(s, i));
	else
		say(text, "the cheapest switch measured (%s; no gated one was)",
		    screen_strategy(s, i));
}

static void say_provenance(const struct screen *s, char *text)
{
	struct data_error e;
	struct launches l;
	int i = axis_find(egpr_provenances, EGPR_NR_PROVENANCES, s->g.provenance);

	say(text, "%s, %s", s->g.provenance, i < 0 ? "" : egpr_provenances[i].text);
	if (i == EGPR_PROV_PROXY)
		say(text, ": an estimate by shape");
	if (!strcmp(csv_text(s->t, s->row[0], EGPR_COL_representative), "no"))
		say(text, "; backend %s is not representative",
		    csv_text(s->t, s->row[0], EGPR_COL_backend));
	if (!launch_read(s->r->run->meta, &l, &e) && l.n == 1)
		say(text, "; one launch, so no interval speaks of another");
}

const char *screen_words(const struct screen *s, char *text)
{
	unsigned int gated = s->gated < s->n ? s->gated : 0, x;

	*text = '\0';
	say(text, "On this host ");
	say_name(s, text, gated);
	say(text, " adds ");
	say_cost(s, text, s->row[gated]);
	say(text, " to ");
	say_what(s, text);
	/* There is one that can be the second: legacy-warm. */
	for (x = 1; x < s->ncontexts; x++) {
		size_t row = screen_in(s, gated, s->contexts[x]);

		if (row == s->t->rows)
			continue;
		say(text, ", and with the lines of r16-r31 in memory ");
		say_cost(s, text, row);
		say(text, " in context %s", s->contexts[x]);
	}
	say_share(s, text, s->row[gated]);
	if (s->xsave < s->n && s->xsave != gated) {
		say(text, "; ");
		say_name(s, text, s->xsave);
		say(text, " adds ");
		say_cost(s, text, s->row[s->xsave]);
	} else if (s->xsave == s->n) {
		say(text, "; XSAVE was not measured");
	}
	say(text, " (");
	say_provenance(s, text);
	say(text, ").");
	return text;
}

/* TSC ticks of a core cycle by the injected delay; NaN where it was not read sharply enough. */
static double ticks_per_cycle(const struct screen *s)
{
	double diff, low, high;

	if (s->ten == s->t->rows)
		return NAN;
	diff = csv_real(s->t, s->ten, EGPR_VERDICTS_diff);
	low = csv_real(s->t, s->ten, EGPR_VERDICTS_diff_low);
	high = csv_real(s->t, s->ten, EGPR_VERDICTS_diff_high);
	return high - low < SHARP * diff ? diff / TEN : NAN;
}

/* A cold context may lie on the other side of every line that a warm one lies below. */
static void say_place_in(const struct screen *s, char *text, const char *context, size_t row,
			 double rate)
{
	char as_ticks[256], as_cycles[256];
	double low, high;

	if (row == s->t->rows)
		return;
	low = csv_real(s->t, row, EGPR_VERDICTS_diff_low);
	high = csv_real(s->t, row, EGPR_VERDICTS_diff_high);
	field_place(low, high, as_ticks, sizeof(as_ticks));
	field_place(low / rate, high / rate, as_cycles, sizeof(as_cycles));
	say(text, " In context %s it lies %s", context, as_ticks);
	if (!isnan(rate) && strcmp(as_ticks, as_cycles))
		say(text, " if those are TSC ticks, and %s if they are core cycles", as_cycles);
	say(text, ".");
}

const char *screen_place(const struct screen *s, char *text)
{
	unsigned int gated = s->gated < s->n ? s->gated : 0, x;
	double low = csv_real(s->t, s->row[gated], EGPR_VERDICTS_diff_low);
	double high = csv_real(s->t, s->row[gated], EGPR_VERDICTS_diff_high);
	double rate = ticks_per_cycle(s);
	char as_ticks[256], as_cycles[256];

	*text = '\0';
	field_place(low, high, as_ticks, sizeof(as_ticks));
	field_place(low / rate, high / rate, as_cycles, sizeof(as_cycles));
	say(text, "%s in context %s lies %s", screen_strategy(s, gated), s->g.context, as_ticks);
	if (isnan(rate))
		say(text, ", if those are TSC ticks: no delay was read sharply enough to say what "
			  "a core cycle is in them.");
	else if (!strcmp(as_ticks, as_cycles))
		say(text,
		    ", be those TSC ticks or core cycles (10 of which were read as %s TSC ticks).",
		    report_number(TEN * rate));
	else
		say(text,
		    " if those are TSC ticks, and %s if they are core cycles (10 of which were "
		    "read as %s TSC ticks).",
		    as_cycles, report_number(TEN * rate));
	for (x = 1; x < s->ncontexts; x++)
		say_place_in(s, text, s->contexts[x], screen_in(s, gated, s->contexts[x]), rate);
	return text;
}
