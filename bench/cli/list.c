// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab list`: the tables, as text or JSON, so that scripts and readers
 * never need a second copy of them.
 *
 * Every object starts with "id"; a text row is the id and its description.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <egpr/axis.h>
#include <egpr/code.h>
#include <egpr/exit_kind.h>
#include <egpr/status.h>
#include <egpr/strategy.h>

#include <bench/plan/axis.h>
#include <bench/plan/context.h>
#include "command.h"
#include <bench/host/pmu.h>

static const char *const family_names[EGPR_NR_FAMILIES] = {
	[EGPR_FAMILY_BASE] = "base",
	[EGPR_FAMILY_DELAY] = "delay",
	[EGPR_FAMILY_UNCOND] = "unconditional",
	[EGPR_FAMILY_GATED] = "xcr0-gated",
	[EGPR_FAMILY_XSAVE] = "xsave",
	[EGPR_FAMILY_LIVE] = "live",
	[EGPR_FAMILY_OUTER] = "outer loop",
	[EGPR_FAMILY_OWN] = "kvm's own",
};

extern const struct egpr_command egpr_cmd_list;

struct flag_name {
	unsigned int flag;
	const char *name;
};

static const struct flag_name strategy_needs[] = {
	{ EGPR_NEEDS_XSAVE, "xsave" },
	{ EGPR_NEEDS_XSAVEOPT, "xsaveopt" },
	{ EGPR_NEEDS_XSAVEC, "xsavec" },
	{ EGPR_NEEDS_XSAVES, "xsaves" },
	{ EGPR_NEEDS_CPL0, "cpl0" },
	{ EGPR_NEEDS_XSETBV, "cpl0-if-xcr0-differs" },
	{ EGPR_NEEDS_KVM_APX, "kvm-that-offers-apx" },
	{ 0, NULL },
};

static const struct flag_name strategy_moves[] = {
	{ EGPR_MOVES_PAIRS, "pairs" },
	{ EGPR_MOVES_DISP8, "disp8" },
	{ EGPR_MOVES_FENCE, "fence" },
	{ 0, NULL },
};

static const struct flag_name exit_needs[] = {
	{ EGPR_EXIT_IRQCHIP, "irqchip" },
	{ EGPR_EXIT_NO_IRQCHIP, "no-irqchip" },
	{ EGPR_EXIT_TSC_DEADLINE, "tsc-deadline" },
	{ EGPR_EXIT_X2APIC, "x2apic" },
	{ EGPR_EXIT_MSR_IMM, "msr-imm" },
	{ EGPR_EXIT_EGPR, "apx" },
	{ EGPR_EXIT_XSAVE, "xsave" },
	{ EGPR_EXIT_NESTED, "nested" },
	{ EGPR_EXIT_TWICE, "two-exits" },
	{ EGPR_EXIT_MAY_NOT_EXIT, "cpu-decides" },
	{ 0, NULL },
};

static const struct flag_name cpl_names[] = {
	{ EGPR_CPL0, "0" },
	{ EGPR_CPL3, "3" },
	{ 0, NULL },
};

static void add_flags(cJSON *object, const char *key, unsigned int flags,
		      const struct flag_name *names)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);

	for (; names->name; names++) {
		if (flags & names->flag)
			cJSON_AddItemToArray(array, cJSON_CreateString(names->name));
	}
}

static cJSON *add_row(cJSON *array, const char *id, const char *text)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddStringToObject(row, "id", id);
	cJSON_AddStringToObject(row, "text", text);
	cJSON_AddItemToArray(array, row);
	return row;
}

#define FORM_ID(SYM, id, text) [EGPR_FORM_##SYM] = #id,
static const char *const form_ids[EGPR_NR_FORMS] = { EGPR_FORMS(FORM_ID) };

/* Bytes and instructions of one form; absent where the object files had none. */
static void add_code(cJSON *code, const struct egpr_strategy *s, enum egpr_form form)
{
	const struct egpr_code *at_exit = egpr_code_find(s, form, 0);
	const struct egpr_code *at_entry = egpr_code_find(s, form, 1);
	cJSON *o;

	if (!at_exit || !at_entry)
		return;
	o = cJSON_AddObjectToObject(code, form_ids[form]);
	cJSON_AddNumberToObject(o, "exit_bytes", at_exit->bytes);
	cJSON_AddNumberToObject(o, "exit_insns", at_exit->insns);
	cJSON_AddNumberToObject(o, "entry_bytes", at_entry->bytes);
	cJSON_AddNumberToObject(o, "entry_insns", at_entry->insns);
}

static void list_strategies(cJSON *array)
{
	const struct egpr_strategy *s;
	char text[256];

	egpr_for_each_strategy(s) {
		int delay = s->family == EGPR_FAMILY_DELAY;
		enum egpr_form form;
		cJSON *row, *code;

		snprintf(text, sizeof(text), "exit: %s / entry: %s", s->at_exit, s->at_entry);
		row = add_row(array, delay ? "delay-N" : s->id, text);
		cJSON_AddStringToObject(row, "family", family_names[s->family]);
		cJSON_AddStringToObject(row, "at_exit", s->at_exit);
		cJSON_AddStringToObject(row, "at_entry", s->at_entry);
		cJSON_AddStringToObject(row, "origin", s->origin);
		add_flags(row, "needs", s->needs, strategy_needs);
		add_flags(row, "moves", s->needs, strategy_moves);
		code = cJSON_AddObjectToObject(row, "code");
		for (form = 0; form < EGPR_NR_FORMS; form++)
			add_code(code, s, form);
	}
}

static void list_exits(cJSON *array)
{
	const struct egpr_exit_kind *k;

	egpr_for_each_exit_kind(k) {
		cJSON *row = add_row(array, k->id, k->text);

		cJSON_AddStringToObject(row, "path", egpr_paths[k->path].id);
		add_flags(row, "cpl", k->cpl, cpl_names);
		add_flags(row, "needs", k->needs, exit_needs);
	}
}

#define ADD_AXIS_ROW(SYM, id, text) add_row(array, id, text);

static void list_states(cJSON *array)
{
	EGPR_GUEST_STATES(ADD_AXIS_ROW)
}

static void list_layers(cJSON *array)
{
	EGPR_LAYERS(ADD_AXIS_ROW)
}

static void list_contexts(cJSON *array)
{
	unsigned int i, l;

	for (i = 0; i < EGPR_NR_CONTEXTS; i++) {
		cJSON *row = add_row(array, egpr_contexts[i].id, egpr_contexts[i].text);
		cJSON *layers = cJSON_AddArrayToObject(row, "layers");

		for (l = 0; l < EGPR_NR_LAYERS; l++) {
			if (egpr_contexts[i].layers & (1u << l))
				cJSON_AddItemToArray(layers, cJSON_CreateString(egpr_layers[l].id));
		}
		/* What it claims; nothing where it does not. */
		if (egpr_contexts[i].aa > 0)
			cJSON_AddNumberToObject(row, "aa_ticks", egpr_contexts[i].aa);
		else if (egpr_contexts[i].aa == EGPR_AA_PLAN)
			cJSON_AddStringToObject(row, "aa_ticks", "the plan's first margin");
		cJSON_AddBoolToObject(row, "finds_ten_cycles", egpr_contexts[i].ten);
	}
}

static void list_groups(cJSON *array)
{
	EGPR_GROUPS(ADD_AXIS_ROW)
}

static void add_counter(void *context, const struct egpr_counter *counter)
{
	cJSON *row = add_row(context, counter->id, counter->text);

	cJSON_AddStringToObject(row, "source", counter->source);
	cJSON_AddBoolToObject(row, "available", !*counter->why);
	cJSON_AddStringToObject(row, "reason", counter->why);
}

static void list_counters(cJSON *array)
{
	egpr_pmu_list(add_counter, array);
}

static const struct {
	const char *id;
	void (*fill)(cJSON *array);
} tables[] = {
	{ "strategies", list_strategies }, { "exits", list_exits },	  { "states", list_states },
	{ "layers", list_layers },	   { "contexts", list_contexts }, { "groups", list_groups },
	{ "counters", list_counters },
};

static int print_json(cJSON *array)
{
	char *text = cJSON_Print(array);

	if (!text) {
		fputs("egprlab list: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	puts(text);
	free(text);
	return EGPR_DONE;
}

/* Rows that --filter and --only leave: of the table as it is printed. Return: 0, or EGPR_USAGE. */
static int keep_rows(cJSON *array)
{
	static const struct doc_column columns[] = { { "id", 0 }, { "text", 0 } };
	bool *stays = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(*stays));
	struct doc d = { 0 };
	cJSON *row, *next;
	size_t i = 0;
	int ret;

	if (!stays) {
		fputs("egprlab list: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	doc_table(&d, "rows", columns, 2, "%s", "");
	cJSON_ArrayForEach(row, array) {
		doc_cell(&d, DOC_PLAIN, NULL, "%s", cJSON_GetObjectItem(row, "id")->valuestring);
		doc_cell(&d, DOC_PLAIN, NULL, "%s", cJSON_GetObjectItem(row, "text")->valuestring);
	}
	ret = egpr_command_choose(&egpr_cmd_list, &d, stays);
	for (row = array->child; row && !ret; row = next) {
		next = row->next;
		if (!stays[i++])
			cJSON_Delete(cJSON_DetachItemViaPointer(array, row));
	}
	doc_free(&d);
	free(stays);
	return ret;
}

static int print_text(const cJSON *array)
{
	const cJSON *row;
	size_t width = 0;

	cJSON_ArrayForEach(row, array) {
		size_t n = strlen(cJSON_GetObjectItem(row, "id")->valuestring);

		width = n > width ? n : width;
	}
	cJSON_ArrayForEach(row, array) {
		const cJSON *reason = cJSON_GetObjectItem(row, "reason");

		printf("%-*s  %s", (int)width, cJSON_GetObjectItem(row, "id")->valuestring,
		       cJSON_GetObjectItem(row, "text")->valuestring);
		if (reason && *reason->valuestring)
			printf(" [not here: %s]", reason->valuestring);
		putchar('\n');
	}
	return EGPR_DONE;
}

enum {
	OPTION_JSON
};
static const struct egpr_option list_options[] = {
	[OPTION_JSON] = { "json", NULL, "an array of objects, key \"id\" first" },
	{ NULL, NULL, NULL },
};

static int list_run(int argc, char **argv)
{
	const char *value, *table;
	cJSON *array;
	int json = 0, option, ret;
	size_t i;

	while ((option = egpr_command_option(&egpr_cmd_list, argc, argv, &value)) >= 0)
		json |= option == OPTION_JSON;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (argc - optind != 1)
		return egpr_command_usage(&egpr_cmd_list, "name one table");
	table = argv[optind];
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (strcmp(tables[i].id, table))
			continue;
		array = cJSON_CreateArray();
		tables[i].fill(array);
		ret = keep_rows(array);
		if (!ret)
			ret = json ? print_json(array) : print_text(array);
		cJSON_Delete(array);
		return ret;
	}
	return egpr_command_usage(&egpr_cmd_list, "'%s' is not a table", table);
}

const struct egpr_command egpr_cmd_list = {
	.name = "list",
	.args = "strategies|exits|states|layers|contexts|groups|counters",
	.text = "print a table of the lab",
	.options = list_options,
	.tables = 1,
	.run = list_run,
};
