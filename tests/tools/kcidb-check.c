// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds a document against KCIDB's schema 5.3, for the objects that the lab writes: checkouts, builds
 * and tests. Every property that the schema knows stands below with its type; any other is
 * refused, as there. tests/e2e/export.sh asks KCIDB's own package the same where it is installed.
 *
 * usage: kcidb-check FILE
 * Exit status: 0, or 65 with the first thing that is wrong on stderr.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <egpr/status.h>

#define MOST 16777216 /* bytes of a document */

/* X(SYM, regular expression): kinds of text. */
/* clang-format off */
#define TEXTS(X)									\
	X(TEXT, "")									\
	X(ID, "^[a-z0-9_]+:.*$")							\
	X(ORIGIN, "^[a-z0-9_]+$")							\
	X(URI, "^[a-z][a-z0-9+.-]*:.+$")						\
	X(REPOSITORY, "^https://.*$")							\
	X(COMMIT, "^[0-9a-f]{40}$")							\
	X(DIGEST, "^([0-9a-f]{64})?$")							\
	X(TIME, "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$") \
	X(ARCHITECTURE, "^[a-z0-9_]*$")							\
	X(STATUS, "^(FAIL|ERROR|MISS|PASS|DONE|SKIP)$")					\
	X(PATH, "^([a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*)?$")				\
	X(PREFIX, "^(metric|binary)$")							\
	X(FILE_NAME, "^[^/]+$")
/* clang-format on */

#define TEXT_KIND(SYM, expression) SYM,
enum kind {
	TEXTS(TEXT_KIND) NR_TEXTS,
	BOOL = NR_TEXTS,
	NUMBER,
	ANY_OBJECT,
	TEXT_LIST,
	RESOURCES,
	ENVIRONMENT,
	VALUE
};

#define EXPRESSION(SYM, expression) [SYM] = expression,
static const char *const expressions[NR_TEXTS] = { TEXTS(EXPRESSION) };

struct property {
	const char *name;
	enum kind kind;
	int required;
};

static const struct property resource[] = { { "name", FILE_NAME, 1 },
					    { "url", URI, 1 },
					    { NULL, TEXT, 0 } };
static const struct property environment[] = { { "comment", TEXT, 0 },
					       { "compatible", TEXT_LIST, 0 },
					       { "misc", ANY_OBJECT, 0 },
					       { NULL, TEXT, 0 } };
static const struct property value[] = {
	{ "value", NUMBER, 1 }, { "unit", TEXT, 0 }, { "prefix", PREFIX, 0 }, { NULL, TEXT, 0 }
};
static const struct property checkout[] = {
	{ "_timestamp", TIME, 0 },
	{ "id", ID, 1 },
	{ "origin", ORIGIN, 1 },
	{ "tree_name", TEXT, 0 },
	{ "git_repository_url", REPOSITORY, 0 },
	{ "git_commit_hash", COMMIT, 0 },
	{ "git_commit_name", TEXT, 0 },
	{ "git_commit_tags", TEXT_LIST, 0 },
	{ "git_commit_message", TEXT, 0 },
	{ "git_repository_branch", TEXT, 0 },
	{ "git_repository_branch_tip", BOOL, 0 },
	{ "patchset_files", RESOURCES, 0 },
	{ "patchset_hash", DIGEST, 0 },
	{ "message_id", TEXT, 0 },
	{ "comment", TEXT, 0 },
	{ "start_time", TIME, 0 },
	{ "origin_builds_finish_time", TIME, 0 },
	{ "origin_tests_finish_time", TIME, 0 },
	{ "log_url", URI, 0 },
	{ "log_excerpt", TEXT, 0 },
	{ "valid", BOOL, 0 },
	{ "misc", ANY_OBJECT, 0 },
	{ NULL, TEXT, 0 },
};
static const struct property build[] = {
	{ "_timestamp", TIME, 0 },
	{ "checkout_id", ID, 1 },
	{ "id", ID, 1 },
	{ "origin", ORIGIN, 1 },
	{ "comment", TEXT, 0 },
	{ "start_time", TIME, 0 },
	{ "duration", NUMBER, 0 },
	{ "architecture", ARCHITECTURE, 0 },
	{ "command", TEXT, 0 },
	{ "compiler", TEXT, 0 },
	{ "input_files", RESOURCES, 0 },
	{ "output_files", RESOURCES, 0 },
	{ "config_name", TEXT, 0 },
	{ "config_url", URI, 0 },
	{ "log_url", URI, 0 },
	{ "log_excerpt", TEXT, 0 },
	{ "status", STATUS, 0 },
	{ "misc", ANY_OBJECT, 0 },
	{ NULL, TEXT, 0 },
};
static const struct property test[] = {
	{ "_timestamp", TIME, 0 },
	{ "build_id", ID, 1 },
	{ "id", ID, 1 },
	{ "origin", ORIGIN, 1 },
	{ "environment", ENVIRONMENT, 0 },
	{ "path", PATH, 0 },
	{ "comment", TEXT, 0 },
	{ "log_url", URI, 0 },
	{ "log_excerpt", TEXT, 0 },
	{ "status", STATUS, 0 },
	{ "number", VALUE, 0 },
	{ "start_time", TIME, 0 },
	{ "duration", NUMBER, 0 },
	{ "input_files", RESOURCES, 0 },
	{ "output_files", RESOURCES, 0 },
	{ "misc", ANY_OBJECT, 0 },
	{ NULL, TEXT, 0 },
};

static int wrong(const char *where, const char *what)
{
	fprintf(stderr, "kcidb-check: %s: %s\n", where, what);
	return -1;
}

static int check_text(const cJSON *o, enum kind kind)
{
	static regex_t compiled[NR_TEXTS];
	static int ready[NR_TEXTS];

	if (!cJSON_IsString(o))
		return wrong(o->string, "is no text");
	if (!ready[kind] && regcomp(&compiled[kind], expressions[kind], REG_EXTENDED | REG_NOSUB))
		return wrong(expressions[kind], "is no expression");
	ready[kind] = 1;
	if (regexec(&compiled[kind], o->valuestring, 0, NULL, 0))
		return wrong(o->string ? o->string : "an element", o->valuestring);
	return 0;
}

static int check_object(const cJSON *o, const struct property *known);

static int check_list(const cJSON *list, const struct property *known)
{
	const cJSON *o;

	if (!cJSON_IsArray(list))
		return wrong(list->string, "is no array");
	cJSON_ArrayForEach(o, list) {
		if (known ? check_object(o, known) : check_text(o, TEXT))
			return -1;
	}
	return 0;
}

static int check(const cJSON *o, enum kind kind)
{
	switch (kind) {
	case BOOL:
		return cJSON_IsBool(o) ? 0 : wrong(o->string, "is neither true nor false");
	case NUMBER:
		return cJSON_IsNumber(o) ? 0 : wrong(o->string, "is no number");
	case ANY_OBJECT:
		return cJSON_IsObject(o) ? 0 : wrong(o->string, "is no object");
	case TEXT_LIST:
		return check_list(o, NULL);
	case RESOURCES:
		return check_list(o, resource);
	case ENVIRONMENT:
		return check_object(o, environment);
	case VALUE:
		return check_object(o, value);
	default:
		return check_text(o, kind);
	}
}

static int check_object(const cJSON *o, const struct property *known)
{
	const struct property *p;
	const cJSON *item;

	if (!cJSON_IsObject(o))
		return wrong(o->string ? o->string : "an element", "is no object");
	cJSON_ArrayForEach(item, o) {
		for (p = known; p->name && strcmp(p->name, item->string); p++)
			;
		if (!p->name)
			return wrong(item->string, "is not in the schema");
		if (check(item, p->kind))
			return -1;
	}
	for (p = known; p->name; p++) {
		if (p->required && !cJSON_GetObjectItemCaseSensitive(o, p->name))
			return wrong(p->name, "is missing");
	}
	return 0;
}

static int check_version(const cJSON *o)
{
	const cJSON *major = cJSON_GetObjectItemCaseSensitive(o, "major");
	const cJSON *minor = cJSON_GetObjectItemCaseSensitive(o, "minor");

	return cJSON_IsNumber(major) && major->valuedouble == 5 && cJSON_IsNumber(minor) &&
			       minor->valuedouble == 3 && cJSON_GetArraySize(o) == 2
		       ? 0
		       : wrong("version", "is not 5.3");
}

static int check_document(const cJSON *doc)
{
	static const struct {
		const char *name;
		const struct property *known;
	} lists[] = { { "checkouts", checkout }, { "builds", build }, { "tests", test } };
	const cJSON *o;
	size_t i;

	if (!cJSON_IsObject(doc))
		return wrong("the document", "is no JSON object");
	if (check_version(cJSON_GetObjectItemCaseSensitive(doc, "version")))
		return -1;
	cJSON_ArrayForEach(o, doc) {
		if (!strcmp(o->string, "version"))
			continue;
		for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
			if (!strcmp(o->string, lists[i].name))
				break;
		}
		if (i == sizeof(lists) / sizeof(*lists))
			return wrong(o->string, "is not in the schema, or not written by the lab");
		if (check_list(o, lists[i].known))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	char *text = malloc(MOST + 1);
	FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;
	cJSON *doc;
	int ret;

	if (!text || !f) {
		fputs("usage: kcidb-check FILE\n", stderr);
		return EGPR_USAGE;
	}
	text[fread(text, 1, MOST, f)] = '\0';
	fclose(f);
	doc = cJSON_Parse(text);
	ret = check_document(doc) ? EGPR_DATA : EGPR_DONE;
	cJSON_Delete(doc);
	free(text);
	return ret;
}
