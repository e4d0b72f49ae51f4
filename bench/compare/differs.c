// SPDX-License-Identifier: GPL-2.0-only
/*
 * What differs between runs: every fact of host, plan and versions that meta.json has, by its key.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define KEY_BYTES   160
#define VALUE_BYTES 1024
#define DEEPEST	    6
#define NOTHING	    "-"

/* Names of the host that follow from its facts, and what is another number in every run. */
static const char *const derived[] = { RUNDIR_HOST ".id", RUNDIR_HOST ".machine" };

/*
 * struct differing - the table being made
 * @same: facts that all runs have alike
 */
struct differing {
	const struct compare_run *run;
	unsigned int n;
	struct doc *d;
	size_t same;
};

/* The member at "host.kernel_release" and the like; NULL where a run has none. */
static const cJSON *member(const struct compare_run *r, const char *key)
{
	const cJSON *at = r->data.meta;
	char word[KEY_BYTES];

	while (at && *key) {
		size_t n = strcspn(key, ".");

		snprintf(word, sizeof(word), "%.*s", (int)n, key);
		at = cJSON_GetObjectItemCaseSensitive(at, word);
		key += n + (key[n] == '.');
	}
	return at;
}

static bool has_text(const cJSON *array, const char *text)
{
	const cJSON *i;

	cJSON_ArrayForEach(i, array) {
		const char *s = cJSON_GetStringValue(i);

		if (s && !strcmp(s, text))
			return true;
	}
	return false;
}

/* Members of a list of texts that not all runs have. */
static void own_members(const struct differing *x, const char *key, const cJSON *list, char *text)
{
	const cJSON *i;
	unsigned int r;

	*text = '\0';
	cJSON_ArrayForEach(i, list) {
		size_t used = strlen(text);

		for (r = 0; r < x->n; r++) {
			if (!has_text(member(&x->run[r], key), i->valuestring))
				break;
		}
		if (r < x->n)
			snprintf(text + used, VALUE_BYTES - used, "%s%s", used ? ", " : "",
				 i->valuestring);
	}
	if (!*text)
		snprintf(text, VALUE_BYTES, "%s", NOTHING);
}

static bool is_texts(const cJSON *o)
{
	const cJSON *i;

	cJSON_ArrayForEach(i, o) {
		if (!cJSON_IsString(i))
			return false;
	}
	return cJSON_IsArray(o) && cJSON_GetArraySize(o);
}

static void value(const struct differing *x, const char *key, const cJSON *o, char *text)
{
	char *json;

	if (!o) {
		snprintf(text, VALUE_BYTES, "%s", NOTHING);
	} else if (is_texts(o)) {
		own_members(x, key, o, text);
	} else if (cJSON_IsString(o)) {
		snprintf(text, VALUE_BYTES, "%s", o->valuestring);
	} else {
		json = cJSON_PrintUnformatted(o);
		snprintf(text, VALUE_BYTES, "%s", json ? json : "");
		free(json);
	}
}

static bool all_alike(const struct differing *x, const char *key)
{
	const cJSON *first = member(&x->run[0], key);
	unsigned int r;

	for (r = 1; r < x->n; r++) {
		const cJSON *o = member(&x->run[r], key);

		if (!first != !o || (first && !cJSON_Compare(first, o, true)))
			return false;
	}
	return true;
}

static void fact(struct differing *x, const char *key)
{
	char text[VALUE_BYTES];
	unsigned int r;

	if (all_alike(x, key)) {
		x->same++;
		return;
	}
	doc_cell(x->d, DOC_PLAIN, NULL, "%s", key);
	for (r = 0; r < x->n; r++) {
		value(x, key, member(&x->run[r], key), text);
		doc_cell(x->d, DOC_PLAIN, NULL, "%s", text);
	}
}

/* Facts of run @r below @o; those that a run before it has were seen with that one. */
static void walk(struct differing *x, unsigned int r, const char *key, const cJSON *o,
		 unsigned int depth)
{
	char inner[KEY_BYTES];
	unsigned int k;
	size_t i;
	const cJSON *m;

	for (i = 0; i < sizeof(derived) / sizeof(*derived); i++) {
		if (!strcmp(key, derived[i]))
			return;
	}
	if (cJSON_IsObject(o) && depth < DEEPEST) {
		cJSON_ArrayForEach(m, o) {
			snprintf(inner, sizeof(inner), "%.120s.%s", key, m->string);
			walk(x, r, inner, m, depth + 1);
		}
		return;
	}
	for (k = 0; k < r; k++) {
		if (member(&x->run[k], key))
			return;
	}
	fact(x, key);
}

void compare_differences(const struct compare_run *run, unsigned int n, struct doc *d)
{
	static const char *const parts[] = { RUNDIR_SCHEMA,  RUNDIR_NODE,   RUNDIR_HOST,
					     RUNDIR_BACKEND, RUNDIR_TSC_HZ, RUNDIR_VERSIONS,
					     RUNDIR_PLAN };
	struct doc_column columns[COMPARE_MOST + 1] = { { "fact", 0 } };
	struct differing x = { run, n, d, 0 };
	unsigned int r;
	size_t i;

	for (r = 0; r < n; r++)
		columns[r + 1] = (struct doc_column){ compare_letters[r], 0 };
	doc_table(d, "differences", columns, n + 1,
		  "What differs, as meta.json has it; of lists, what not all have.");
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		for (r = 0; r < n; r++) {
			const cJSON *o = member(&run[r], parts[i]);

			if (o)
				walk(&x, r, parts[i], o, 0);
		}
	}
	doc_para(d, "%zu other facts of host, plan and versions are alike.", x.same);
}
