// SPDX-License-Identifier: GPL-2.0-only
/*
 * Campaign files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "campaign.h"

#define SECTION_CAMPAIGN "campaign"
#define SECTION_KERNEL	 "kernel "

struct reading {
	struct campaign *c;
	char fault[200];
};

static int keep(struct reading *r, const char *name, char *to, size_t size, const char *value)
{
	if (snprintf(to, size, "%s", value) < (int)size)
		return 1;
	snprintf(r->fault, sizeof(r->fault), "%.40s is longer than %zu characters", name, size - 1);
	return 0;
}

static int count(struct reading *r, const char *name, unsigned int *to, const char *value,
		 unsigned long low, unsigned long high)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || n < low || n > high) {
		snprintf(r->fault, sizeof(r->fault),
			 "%.40s is '%.40s', not a number from %lu to %lu", name, value, low, high);
		return 0;
	}
	*to = (unsigned int)n;
	return 1;
}

#define TEXT(at, low, high)  keep(r, name, at, sizeof(at), value)
#define COUNT(at, low, high) count(r, name, &(at), value, low, high)

static int take_campaign(struct reading *r, const char *name, const char *value)
{
	struct campaign *c = r->c;

#define TAKE(key, TYPE, low, high, text) \
	if (!strcmp(name, #key))         \
		return TYPE(c->key, low, high);
	CAMPAIGN_KEYS(TAKE)
	snprintf(r->fault, sizeof(r->fault), "unknown key '%.60s' in [campaign]", name);
	return 0;
}

static struct campaign_kernel *kernel_named(struct reading *r, const char *name)
{
	struct campaign *c = r->c;
	unsigned int i;

	for (i = 0; i < c->nr_kernels; i++) {
		if (!strcmp(c->kernel[i].name, name))
			return &c->kernel[i];
	}
	/* It becomes the name of a link. */
	if (!*name || strlen(name) >= CAMPAIGN_NAME || strchr(name, '/') || *name == '.') {
		snprintf(r->fault, sizeof(r->fault), "'%.60s' is no name for a kernel", name);
		return NULL;
	}
	if (c->nr_kernels == CAMPAIGN_KERNELS) {
		snprintf(r->fault, sizeof(r->fault), "more than %d kernels", CAMPAIGN_KERNELS);
		return NULL;
	}
	snprintf(c->kernel[c->nr_kernels].name, CAMPAIGN_NAME, "%s", name);
	return &c->kernel[c->nr_kernels++];
}

static int take_kernel(struct reading *r, const char *kernel, const char *name, const char *value)
{
	struct campaign_kernel *k = kernel_named(r, kernel);

	if (!k)
		return 0;
#define TAKE_KERNEL(key, TYPE, low, high, text) \
	if (!strcmp(name, #key))                \
		return TYPE(k->key, low, high);
	CAMPAIGN_KERNEL_KEYS(TAKE_KERNEL)
	snprintf(r->fault, sizeof(r->fault), "unknown key '%.40s' in [kernel %.40s]", name, kernel);
	return 0;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	if (!strcmp(section, SECTION_CAMPAIGN))
		return take_campaign(r, name, value);
	if (!strncmp(section, SECTION_KERNEL, strlen(SECTION_KERNEL)))
		return take_kernel(r, section + strlen(SECTION_KERNEL), name, value);
	snprintf(r->fault, sizeof(r->fault),
		 "unknown section [%.40s]; there are [campaign] and [kernel NAME]", section);
	return 0;
}

static int check(const struct campaign *c, const char *path, struct data_error *e)
{
	unsigned int i;

	if (!*c->out)
		return data_fail(e, EGPR_USAGE, "%s: [campaign] needs `out`, a directory", path);
	if (c->nr_kernels < 2)
		return data_fail(e, EGPR_USAGE, "%s: a campaign needs two sections [kernel NAME]",
				 path);
	for (i = 0; i < c->nr_kernels; i++) {
		const struct campaign_kernel *k = &c->kernel[i];

		if (!*k->release)
			return data_fail(e, EGPR_USAGE, "%s: [kernel %s] needs `release`", path,
					 k->name);
		if (!*k->entry == !*k->boot)
			return data_fail(e, EGPR_USAGE,
					 "%s: [kernel %s] needs either `entry` or `boot`", path,
					 k->name);
		if (!*k->boot != !*c->kernel[0].boot)
			return data_fail(e, EGPR_USAGE,
					 "%s: all kernels have `entry`, or all have `boot`", path);
	}
	if (c->nr_kernels * (c->boots + c->failures + 1) > CAMPAIGN_BOOTS)
		return data_fail(e, EGPR_USAGE, "%s: more than %d boots", path, CAMPAIGN_BOOTS);
	return 0;
}

int campaign_read(const char *path, struct campaign *c, struct data_error *e)
{
	struct reading r = { .c = c };
	int line;

	*c = (struct campaign){ .boots = 4,
				.failures = 2,
				.timeout = 3600,
				.select = "grub-reboot \"$ENTRY\"",
				.reboot = "systemctl reboot" };
	errno = 0;
	line = ini_parse(path, take, &r);
	if (line < 0)
		return data_fail(e, EGPR_USAGE, "cannot read the campaign %s: %s", path,
				 strerror(errno));
	if (line)
		return data_fail(e, EGPR_USAGE, "%s line %d: %s", path, line,
				 *r.fault ? r.fault
					  : "not an INI line, or longer than 200 characters");
	return check(c, path, e);
}
