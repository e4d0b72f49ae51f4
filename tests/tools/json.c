// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests in shell: is stdin JSON, and what does it hold.
 *
 * usage: json [PATH]
 * PATH is made of keys and indices joined by "/": checks/0/id. Besides, "#" is the
 * number of members, "@" the name of the first key, and "each" goes on with every
 * member, one line for each: checks/each/id. Prints what it finds, strings without
 * quotes. Exit status: 0 found, 1 not there, 65 no JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define NOT_THERE 1
#define NO_JSON	  65

static int print(const cJSON *item)
{
	char *text;

	if (cJSON_IsString(item)) {
		puts(item->valuestring);
		return 0;
	}
	text = cJSON_PrintUnformatted(item);
	puts(text);
	free(text);
	return 0;
}

static int walk(const cJSON *item, const char *path)
{
	char step[64];
	size_t len = strcspn(path, "/");
	const char *rest = path[len] ? path + len + 1 : "";
	const cJSON *child;
	char *end;
	long index;
	int status = NOT_THERE;

	if (!item)
		return NOT_THERE;
	if (!*path)
		return print(item);
	snprintf(step, sizeof(step), "%.*s", (int)len, path);
	if (!strcmp(step, "#"))
		return printf("%d\n", cJSON_GetArraySize(item)) < 0;
	if (!strcmp(step, "@"))
		return item->child && item->child->string ? puts(item->child->string) < 0
							  : NOT_THERE;
	if (!strcmp(step, "each")) {
		cJSON_ArrayForEach(child, item) {
			status = walk(child, rest);
			if (status)
				break;
		}
		return status;
	}
	index = strtol(step, &end, 10);
	if (cJSON_IsArray(item) && !*end)
		return walk(cJSON_GetArrayItem(item, (int)index), rest);
	return walk(cJSON_GetObjectItemCaseSensitive(item, step), rest);
}

int main(int argc, char **argv)
{
	size_t size = 0, room = 65536, n;
	char *text = malloc(room), *bigger;
	const char *end = NULL;
	cJSON *item;
	int status;

	while (text && (n = fread(text + size, 1, room - size - 1, stdin)) > 0) {
		size += n;
		if (size < room - 1)
			continue;
		bigger = realloc(text, room *= 2);
		if (!bigger)
			free(text);
		text = bigger;
	}
	if (!text)
		return NO_JSON;
	text[size] = '\0';
	item = cJSON_ParseWithOpts(text, &end, 1);
	if (!item) {
		fprintf(stderr, "json: no JSON near: %.60s\n", end ? end : "");
		free(text);
		return NO_JSON;
	}
	status = walk(item, argc > 1 ? argv[1] : "#");
	cJSON_Delete(item);
	free(text);
	return status;
}
