// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the models of docs/models/ say of the families of strategies, asked when the lab was built:
 * which interleavings of guest, KVM, NMI, #MC and preemption each of them does not survive, and
 * the shortest way there.
 */
#include <stdio.h>
#include <string.h>

#include <egpr/model-answers.h>
#include <egpr/strategy.h>

#include "report.h"

struct name {
	const char *name;
	const char *text;
};

/* One question and its answer; no steps: the property holds. The last of a table has no assumption. */
struct answer {
	const char *mutant; /* "" for the model as it stands */
	const char *assumption;
	const char *strategy;
	const char *property;
	int steps;
	const char *trace;
};

#define NAME(name, text) { name, text },
#define ANSWER(mutant, assumption, strategy, property, steps, trace) \
	{ mutant, assumption, strategy, property, steps, trace },

static const struct name assumptions[] = { EGPR_MODEL_ASSUMPTIONS(NAME) };
static const struct name properties[] = { EGPR_MODEL_PROPERTIES(NAME) };
static const struct answer answers[] = { EGPR_MODEL_ANSWERS(ANSWER){ 0 } };
static const struct name xfd_assumptions[] = { EGPR_XFD_ASSUMPTIONS(NAME) };
static const struct name xfd_properties[] = { EGPR_XFD_PROPERTIES(NAME) };
static const struct answer xfd_answers[] = { EGPR_XFD_ANSWERS(ANSWER){ 0 } };

#define NR(array) (sizeof(array) / sizeof(*(array)))

/* The columns of the table of properties, and which strategies stand in them. */
static const struct {
	const char *name;
	enum egpr_family family;
	bool dual;
} columns[] = {
	{ "unconditional", EGPR_FAMILY_UNCOND, false },
	{ "XCR0-gated", EGPR_FAMILY_GATED, false },
	{ "dual entry", EGPR_FAMILY_GATED, true },
	{ "XSAVE", EGPR_FAMILY_XSAVE, false },
	{ "live", EGPR_FAMILY_LIVE, false },
	{ "outer loop", EGPR_FAMILY_OUTER, false },
};

static bool in_column(const struct answer *a, size_t column)
{
	const struct egpr_strategy *s = egpr_strategy_find(a->strategy, NULL);

	return s && s->family == columns[column].family &&
	       !(s->needs & EGPR_BIND_DUAL) == !columns[column].dual;
}

/* The first strategy of a column that loses @property, NULL where they all keep it. */
static const struct answer *lost(const char *assumption, const char *property, size_t column)
{
	const struct answer *a;

	for (a = answers; a->assumption; a++) {
		if (a->steps && !strcmp(a->assumption, assumption) &&
		    !strcmp(a->property, property) && in_column(a, column))
			return a;
	}
	return NULL;
}

static const struct answer *xfd_answer(const char *mutant, const char *assumption,
				       const char *property)
{
	const struct answer *a;

	for (a = xfd_answers; a->assumption; a++) {
		if (!strcmp(a->mutant, mutant) && !strcmp(a->assumption, assumption) &&
		    !strcmp(a->property, property))
			return a;
	}
	return NULL;
}

static void verdict(struct report *r, const char *assumption, size_t column)
{
	const struct answer *a;
	char text[256] = "";
	size_t i, used = 0;

	for (i = 0; i < NR(properties); i++) {
		a = lost(assumption, properties[i].name, column);
		if (a && used < sizeof(text))
			used += snprintf(text + used, sizeof(text) - used, "%s%s (%d steps)",
					 used ? ", " : "loses ", a->property, a->steps);
	}
	doc_cell(&r->doc, used ? DOC_BAD : DOC_GOOD, NULL, "%s [model: egpr.pml, %s]",
		 used ? text : "keeps all", assumption);
}

static void verdicts(struct report *r)
{
	struct doc_column head[1 + NR(columns)] = { { "assumption", DOC_WIDE } };
	size_t i, j;

	for (j = 0; j < NR(columns); j++)
		head[1 + j] = (struct doc_column){ columns[j].name, DOC_WIDE };
	doc_table(&r->doc, "models-table", head, NR(head),
		  "Each cell: which of the properties below are lost under the assumption of its "
		  "row, and in how many steps at least.");
	for (i = 0; i < NR(assumptions); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s: %s", assumptions[i].name,
			 assumptions[i].text);
		for (j = 0; j < NR(columns); j++)
			verdict(r, assumptions[i].name, j);
	}
}

/*
 * Whether the report has said this way already: what is lost under the first assumption is lost
 * under the others too, and two may lose a property in the same way.
 */
static bool said(size_t assumption, const struct answer *a, size_t column)
{
	const struct answer *before;
	size_t i;

	for (i = 0; i < assumption; i++) {
		before = lost(assumptions[i].name, a->property, column);
		if (before && (!i || !strcmp(before->trace, a->trace)))
			return true;
	}
	return false;
}

/* Names of the columns that lose a property as @first does, which must be the first of them. */
static const struct answer *same_way(size_t assumption, const char *property, size_t first,
				     char *names, size_t size)
{
	const struct answer *a = lost(assumptions[assumption].name, property, first), *b;
	size_t j, used = 0;

	if (!a || said(assumption, a, first))
		return NULL;
	for (j = 0; j < NR(columns) && used < size; j++) {
		b = lost(assumptions[assumption].name, property, j);
		if (!b || strcmp(a->trace, b->trace) || said(assumption, b, j))
			continue;
		if (j < first)
			return NULL;
		used += snprintf(names + used, size - used, "%s%s", used ? ", " : "",
				 columns[j].name);
	}
	return a;
}

static void traces(struct report *r)
{
	static const struct doc_column head[] = {
		{ "assumption", 0 }, { "lost", 0 }, { "by", 0 }, { "shortest way there", DOC_WIDE }
	};
	const struct answer *a;
	char names[128];
	size_t i, j, k;

	doc_table(&r->doc, "models-traces", head, NR(head),
		  "The shortest ways there; a way that an earlier row has said is not said again.");
	for (i = 0; i < NR(assumptions); i++) {
		for (k = 0; k < NR(properties) * NR(columns); k++) {
			j = k % NR(columns);
			a = same_way(i, properties[k / NR(columns)].name, j, names, sizeof(names));
			if (!a)
				continue;
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", a->assumption);
			doc_cell(&r->doc, DOC_BAD, NULL, "%s", a->property);
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", names);
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", a->trace);
		}
	}
}

/* The race of the post of 2026-01-15, with the fix that went in and without it. */
static void xfd(struct report *r)
{
	static const char *const mutants[] = { "", "NO_FIX" };
	static const struct doc_column head[] = { { "property", 0 },
						  { "assumption", 0 },
						  { "with the fix", 0 },
						  { "without", 0 },
						  { "how, with the fix", DOC_WIDE },
						  { "how, without", DOC_WIDE } };
	const struct answer *a[2];
	size_t i, j, k;

	doc_table(
		&r->doc, "models-xfd", head, NR(head),
		"The guest's XFD[18] against the host's XRSTOR, with and without \"x86/fpu: Clear "
		"XSTATE_BV[i] in guest XSAVE state whenever XFD[i]=1\" (docs/models/xfd.pml). Every row is a model finding; none was run "
		"on a CPU with AMX.");
	for (i = 0; i < NR(xfd_properties); i++) {
		for (j = 0; j < NR(xfd_assumptions); j++) {
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s: %s", xfd_properties[i].name,
				 xfd_properties[i].text);
			doc_cell(&r->doc, DOC_PLAIN, NULL, "%s: %s", xfd_assumptions[j].name,
				 xfd_assumptions[j].text);
			for (k = 0; k < 2; k++) {
				a[k] = xfd_answer(mutants[k], xfd_assumptions[j].name,
						  xfd_properties[i].name);
				doc_cell(&r->doc, a[k] && !a[k]->steps ? DOC_GOOD : DOC_BAD, NULL,
					 "%s",
					 !a[k]	       ? "not asked"
					 : a[k]->steps ? "lost"
						       : "holds");
			}
			for (k = 0; k < 2; k++)
				doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", a[k] ? a[k]->trace : "");
		}
	}
}

void report_models(struct report *r)
{
	static const struct doc_column head[] = { { "property", 0 }, { "what it asks for", 0 } };
	size_t i;

	doc_heading(&r->doc, 2, "models", "Models: interleavings that no run can force");
	if (!answers[0].assumption) {
		doc_para(&r->doc,
			 "Not asked: there was no spin where this egprlab was built. Install it "
			 "(scripts/deps check), make, and write the report again; "
			 "docs/models/README.md says what the models ask.");
		return;
	}
	doc_para(&r->doc,
		 "A model of KVM's entry and exit with every strategy of the table in it, searched "
		 "through all interleavings with NMI, #MC, preemption, VM-fail and changes of "
		 "XCR0.APX (docs/models/egpr.pml; its assumptions and what it cannot say are in "
		 "the README beside it). It argues from the sources of KVM, not from a run.");
	verdicts(r);
	doc_table(&r->doc, "models-properties", head, NR(head), "The properties.");
	for (i = 0; i < NR(properties); i++) {
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", properties[i].name);
		doc_cell(&r->doc, DOC_PLAIN, NULL, "%s", properties[i].text);
	}
	traces(r);
	xfd(r);
}
