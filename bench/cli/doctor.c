// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab doctor`: what this host can do, what is wrong, how to fix it.
 *
 * The first line is the verdict in words. Then come the facts, worst first, each
 * with what it costs the user and what mends it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <egpr/status.h>

#include "command.h"
#include <bench/doctor/doctor.h>
#include <bench/base/cpus.h>
#include <bench/host/cpu.h>

#define WIDTH	      79
#define INDENT	      8
#define NOISE_SECONDS 1.0
#define NOISE_MOST    3600.0

extern const struct egpr_command egpr_cmd_doctor;

#define LEVEL_ID(SYM, id, heading)	[DOCTOR_##SYM] = id,
#define LEVEL_HEADING(SYM, id, heading) [DOCTOR_##SYM] = heading,
static const char *const level_ids[DOCTOR_NR_LEVELS] = { DOCTOR_LEVELS(LEVEL_ID) };
static const char *const level_headings[DOCTOR_NR_LEVELS] = { DOCTOR_LEVELS(LEVEL_HEADING) };

static void print_wrapped(int indent, const char *label, const char *text)
{
	int column = printf("%*s%s", indent, "", label);
	int margin = column;
	const char *word = text;

	while (*word) {
		int len = (int)strcspn(word, " ");

		if (column + 1 + len > WIDTH) {
			printf("\n%*s", margin, "");
			column = margin;
		}
		column += printf(" %.*s", len, word);
		word += len;
		word += strspn(word, " ");
	}
	putchar('\n');
}

/* Findings that --filter and --only leave. Return: 0, or EGPR_USAGE. */
static int choose(const struct doctor *d, bool *stays)
{
	static const struct doc_column columns[] = {
		{ "id", 0 }, { "level", 0 }, { "fact", 0 }, { "cost", 0 }, { "fix", 0 }
	};
	struct doc rows = { 0 };
	unsigned int i;
	int ret;

	doc_table(&rows, "checks", columns, sizeof(columns) / sizeof(*columns), "%s", "");
	for (i = 0; i < d->nr_found; i++) {
		const struct doctor_finding *f = &d->found[i];

		doc_cell(&rows, DOC_PLAIN, NULL, "%s", f->id);
		doc_cell(&rows, DOC_PLAIN, NULL, "%s", level_ids[f->level]);
		doc_cell(&rows, DOC_PLAIN, NULL, "%s", f->fact);
		doc_cell(&rows, DOC_PLAIN, NULL, "%s", f->cost);
		doc_cell(&rows, DOC_PLAIN, NULL, "%s", f->fix);
	}
	ret = egpr_command_choose(&egpr_cmd_doctor, &rows, stays);
	doc_free(&rows);
	return ret;
}

static void print_text(const struct doctor *d, const bool *stays)
{
	enum doctor_level level;
	char label[32];
	unsigned int i;

	print_wrapped(0, "Verdict:", doctor_verdict(d));
	putchar('\n');
	printf("Host %s: %s, family %s model %s stepping %s, microcode %s, Linux %s\n", d->host.id,
	       d->host.fact[EGPR_HOST_cpu_name], d->host.fact[EGPR_HOST_cpu_family],
	       d->host.fact[EGPR_HOST_cpu_model], d->host.fact[EGPR_HOST_cpu_stepping],
	       d->host.fact[EGPR_HOST_microcode], d->host.fact[EGPR_HOST_kernel_release]);
	for (level = 0; level < DOCTOR_NR_LEVELS; level++) {
		int any = 0;

		for (i = 0; i < d->nr_found; i++) {
			const struct doctor_finding *f = &d->found[i];

			if (f->level != level || !stays[i])
				continue;
			if (!any++)
				printf("\n%s\n", level_headings[level]);
			if (level == DOCTOR_FINE) {
				snprintf(label, sizeof(label), "%-18s", f->id);
				print_wrapped(2, label, f->fact);
				continue;
			}
			printf("  %s\n", f->id);
			print_wrapped(INDENT, "is:   ", f->fact);
			if (*f->cost)
				print_wrapped(INDENT, "costs:", f->cost);
			if (*f->fix)
				print_wrapped(INDENT, "mend: ", f->fix);
		}
	}
}

static int print_json(const struct doctor *d, const bool *stays)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *checks;
	unsigned int i;
	char *text;

	cJSON_AddStringToObject(object, "verdict", doctor_verdict(d));
	cJSON_AddItemToObject(object, "host", egpr_host_json(&d->host));
	cJSON_AddStringToObject(object, "backend", *d->kvm.backend ? d->kvm.backend : "none");
	cJSON_AddStringToObject(object, "emulator", d->kvm.emulator);
	cJSON_AddBoolToObject(object, "representative",
			      !d->kvm_error.status && d->kvm.representative);
	cJSON_AddBoolToObject(object, "apx", d->apx);
	cJSON_AddBoolToObject(object, "played", d->played);
	cJSON_AddBoolToObject(object, "pmu", d->pmu.hardware);
	cJSON_AddBoolToObject(object, "module", d->module);
	cJSON_AddItemToObject(object, "tsc", tsc_json(&d->tsc));
	if (d->noise.tsc_khz > 0)
		cJSON_AddItemToObject(object, "noise", egpr_preflight_json(&d->noise));
	checks = cJSON_AddArrayToObject(object, "checks");
	for (i = 0; i < d->nr_found; i++) {
		const struct doctor_finding *f = &d->found[i];
		cJSON *row;

		if (!stays[i])
			continue;
		row = cJSON_CreateObject();
		cJSON_AddStringToObject(row, "id", f->id);
		cJSON_AddStringToObject(row, "level", level_ids[f->level]);
		cJSON_AddStringToObject(row, "fact", f->fact);
		cJSON_AddStringToObject(row, "cost", f->cost);
		cJSON_AddStringToObject(row, "fix", f->fix);
		cJSON_AddItemToArray(checks, row);
	}
	text = cJSON_Print(object);
	cJSON_Delete(object);
	if (!text) {
		fputs("egprlab doctor: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	puts(text);
	free(text);
	return EGPR_DONE;
}

static int print(const struct doctor *d, bool json)
{
	bool stays[DOCTOR_FINDINGS_MAX];
	int ret = choose(d, stays);

	if (!ret && json)
		ret = print_json(d, stays);
	else if (!ret)
		print_text(d, stays);
	return ret;
}

/* The last CPU this process may run on: the first one serves most interrupts. */
static int default_cpu(void)
{
	struct cpus allowed = { 0 };
	int cpu = cpus_allowed(&allowed) ? -1 : cpus_last(&allowed);

	cpus_free(&allowed);
	return cpu < 0 ? 0 : cpu;
}

enum {
	OPTION_JSON,
	OPTION_CPU,
	OPTION_SECONDS,
	OPTION_ROOT,
	OPTION_CPUID
};
static const struct egpr_option doctor_options[] = {
	[OPTION_JSON] = { "json", NULL, "one object with every fact" },
	[OPTION_CPU] = { "cpu", "N", "the CPU to measure on (default: the last one)" },
	[OPTION_SECONDS] = { "seconds", "S", "how long to watch that CPU (default: 1)" },
	[OPTION_ROOT] = { "root", "DIR", "read /sys, /proc and /dev below DIR" },
	[OPTION_CPUID] = { "cpuid", NULL, "instead: every CPUID leaf of that CPU, in hexadecimal" },
	{ NULL, NULL, NULL },
};

static int read_option(struct doctor *d, int option, const char *value, int *json, int *cpuid)
{
	char *end;

	switch (option) {
	case OPTION_JSON:
		*json = 1;
		return 0;
	case OPTION_CPUID:
		*cpuid = 1;
		return 0;
	case OPTION_CPU:
		return egpr_command_cpu(&egpr_cmd_doctor, value, &d->cpu);
	case OPTION_SECONDS:
		d->seconds = strtod(value, &end);
		if (!*value || *end || !(d->seconds > 0) || d->seconds > NOISE_MOST)
			return egpr_command_usage(&egpr_cmd_doctor,
						  "'%s' is no number of seconds up to %.0f", value,
						  NOISE_MOST);
		return 0;
	default:
		d->root = value;
		return 0;
	}
}

static int print_cpuid(int cpu)
{
	struct data_error e;
	int ret = cpu_pin(cpu, &e);

	if (ret)
		fprintf(stderr, "egprlab doctor: %s\n", e.text);
	else
		doctor_cpuid(cpuid_here);
	return ret;
}

static int doctor_run(int argc, char **argv)
{
	struct doctor *d = calloc(1, sizeof(*d));
	const char *value;
	int json = 0, cpuid = 0, option, ret;

	if (!d) {
		fputs("egprlab doctor: out of memory\n", stderr);
		return EGPR_INTERNAL;
	}
	d->root = "";
	d->cpu = default_cpu();
	d->seconds = NOISE_SECONDS;
	ret = EGPR_USAGE;
	while ((option = egpr_command_option(&egpr_cmd_doctor, argc, argv, &value)) >= 0) {
		if (read_option(d, option, value, &json, &cpuid))
			goto out_free;
	}
	if (option == EGPR_OPTION_WRONG)
		goto out_free;
	if (argc != optind) {
		egpr_command_usage(&egpr_cmd_doctor, "'%s' is too much", argv[optind]);
		goto out_free;
	}
	if (cpuid) {
		ret = print_cpuid(d->cpu);
		goto out_free;
	}
	ret = EGPR_INTERNAL;
	if (egpr_host_read(d->root, d->cpu, &d->host)) {
		fputs("egprlab doctor: out of memory\n", stderr);
		goto out_free;
	}
	doctor_cpu(d);
	doctor_kvm(d);
	doctor_module(d);
	doctor_quiet(d);
	ret = print(d, json);
	egpr_host_free(&d->host);
out_free:
	free(d);
	return ret;
}

const struct egpr_command egpr_cmd_doctor = {
	.name = "doctor",
	.args = "",
	.text = "say what this host can do, what is wrong, and how to mend it",
	.options = doctor_options,
	.tables = 1,
	.run = doctor_run,
};
