// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's settings beside the quiet ones of bench/noise.table.
 *
 * A row's path may stand for many files ({sibling}, '*'): then the setting shows
 * the first file that disturbs. Rows about lists of CPUs are quiet when no list
 * has the measuring CPU or a sibling of it, whatever else it has.
 */
#include <glob.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <egpr/noise-table.h>

#include <bench/base/cpus.h>
#include "noise.h"
#include "sysfile.h"

struct row {
	const char *id;
	const char *path;
	const char *quiet;
	const char *cost;
};

#define ROW(id, path, quiet, cost) { id, path, quiet, cost },
static const struct row rows[] = { EGPR_NOISE_TABLE(ROW) };

#define LATENCY_FILE "/dev/cpu_dma_latency"

struct place {
	const char *root;
	int cpu;
	struct cpus core;		      /* the measuring CPU and its siblings */
	char others[EGPR_SETTING_VALUE_SIZE]; /* the other CPUs as the kernel writes lists */
};

static void find_place(const char *root, int cpu, struct place *p)
{
	struct cpus online = { 0 }, others = { 0 };
	char text[EGPR_SYSFILE_MAX];
	int i;

	memset(p, 0, sizeof(*p));
	p->root = root;
	p->cpu = cpu;
	egpr_sysfile_read(root, text, sizeof(text),
			  "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
	cpus_parse(&p->core, text);
	cpus_add(&p->core, cpu);
	egpr_sysfile_read(root, text, sizeof(text), "/sys/devices/system/cpu/online");
	cpus_parse(&online, text);
	for (i = cpus_next(&online, -1); i >= 0; i = cpus_next(&online, i)) {
		if (!cpus_has(&p->core, i))
			cpus_add(&others, i);
	}
	cpus_text(&others, p->others, sizeof(p->others));
	cpus_free(&others);
	cpus_free(&online);
}

/* Copy @text with @mark replaced by @value, or as it is without the mark. */
static void fill_in(const char *text, const char *mark, const char *value, char *out, size_t size)
{
	const char *at = strstr(text, mark);

	if (!at)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, "%.*s%s%s", (int)(at - text), text, value, at + strlen(mark));
}

static int touches_core(const struct place *p, const char *list)
{
	struct cpus set = { 0 };
	int cpu, touches = 0;

	cpus_parse(&set, list);
	for (cpu = cpus_next(&set, -1); cpu >= 0 && !touches; cpu = cpus_next(&set, cpu))
		touches = cpus_has(&p->core, cpu);
	cpus_free(&set);
	return touches;
}

static void name_file(struct egpr_setting *s, const char *path)
{
	snprintf(s->file, sizeof(s->file), "%.*s", (int)sizeof(s->file) - 1, path);
}

/* The latency bound that is in force: a binary number, not text. */
static void read_latency(const char *path, struct egpr_setting *s)
{
	FILE *f = fopen(path, "re");
	int32_t us;

	if (!f)
		return;
	if (fread(&us, sizeof(us), 1, f) == 1) {
		s->present = 1;
		name_file(s, LATENCY_FILE);
		snprintf(s->value, sizeof(s->value), "%d", us);
		s->quiet = !strcmp(s->value, s->wanted);
	}
	fclose(f);
}

static void read_one(const struct place *p, const struct row *row, const char *path,
		     struct egpr_setting *s)
{
	char value[EGPR_SYSFILE_MAX];
	int quiet;

	if (!strcmp(row->path, LATENCY_FILE)) {
		read_latency(path, s);
		return;
	}
	if (egpr_sysfile_read("", value, sizeof(value), "%s", path) < 0)
		return;
	egpr_sysfile_choice(value);
	if (strstr(row->quiet, "{others}"))
		quiet = !touches_core(p, value);
	else
		quiet = !strcmp(value, s->wanted);
	if (!s->present || (s->quiet && !quiet)) {
		name_file(s, path + strlen(p->root));
		snprintf(s->value, sizeof(s->value), "%.*s", (int)sizeof(s->value) - 1, value);
		s->quiet = quiet;
	}
	s->present = 1;
}

static void read_paths(const struct place *p, const struct row *row, const char *pattern,
		       struct egpr_setting *s)
{
	char full[PATH_MAX];
	glob_t found;
	size_t i;

	snprintf(full, sizeof(full), "%s%s", p->root, pattern);
	if (glob(full, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++)
		read_one(p, row, found.gl_pathv[i], s);
	globfree(&found);
}

static void read_setting(const struct place *p, const struct row *row, struct egpr_setting *s)
{
	char path[PATH_MAX], number[16];
	int i;

	fill_in(row->quiet, "{others}", p->others, s->wanted, sizeof(s->wanted));
	if (!*s->wanted) /* no CPU is left to take the work */
		return;
	if (!strstr(row->path, "{sibling}")) {
		snprintf(number, sizeof(number), "%d", p->cpu);
		fill_in(row->path, "{cpu}", number, path, sizeof(path));
		read_paths(p, row, path, s);
		return;
	}
	for (i = cpus_next(&p->core, -1); i >= 0; i = cpus_next(&p->core, i)) {
		if (i == p->cpu)
			continue;
		snprintf(number, sizeof(number), "%d", i);
		fill_in(row->path, "{sibling}", number, path, sizeof(path));
		read_paths(p, row, path, s);
	}
}

void egpr_noise_settings(const char *root, int cpu,
			 void (*fn)(void *context, const struct egpr_setting *setting),
			 void *context)
{
	struct place p;
	size_t i;

	find_place(root, cpu, &p);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct egpr_setting s = { .id = rows[i].id, .cost = rows[i].cost };

		read_setting(&p, &rows[i], &s);
		fn(context, &s);
	}
	cpus_free(&p.core);
}
