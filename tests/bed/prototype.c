// SPDX-License-Identifier: GPL-2.0-only
/*
 * A KVM whose tracepoints have another prototype than the module knows: it must refuse to attach.
 *
 * usage: prototype DIR: state payloads in DIR
 *
 * What the module knows of prototypes it reads from /sys/kernel/btf. Changed copies of those
 * files are mounted over them, one at a time, until the last: the true ones, which must do. The
 * module remembers that answer, so it must be freshly loaded, or KVM must be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include "tap.h"

#define BTF_DIR	   "/sys/kernel/btf/"
#define COPY	   "/tmp/btf"
#define BYTES_MAX  (16u << 20)
#define NAME(what) "btf_trace_" what

/**
 * struct plant - one lie
 * @text: what it amounts to
 * @file: which file is changed
 * @hide: a string of it that is to read otherwise, or NULL
 * @instead: a string of the same length that takes its place, or NULL
 * @parts: so many eighths of the file are left
 * @refusal: what the module must answer
 */
static const struct plant {
	const char *text;
	const char *file;
	const char *hide;
	const char *instead;
	unsigned int parts;
	enum egpr_refusal refusal;
} plants[] = {
	{ "kvm_entry has kvm_cpuid's prototype", "kvm", NAME("kvm_entry"), NAME("kvm_cpuid"), 8,
	  EGPR_REFUSED_PROTOTYPE },
	{ "kvm_exit has kvm_mmio's prototype", "kvm", NAME("kvm_exit"), NAME("kvm_mmio"), 8,
	  EGPR_REFUSED_PROTOTYPE },
	{ "no kvm_entry", "kvm", NAME("kvm_entry"), NULL, 8, EGPR_REFUSED_NO_BTF },
	{ "no kvm_exit", "kvm", NAME("kvm_exit"), NULL, 8, EGPR_REFUSED_NO_BTF },
	{ "half of kvm's types", "kvm", NULL, NULL, 4, EGPR_REFUSED_NO_BTF },
	{ "an empty file", "kvm", NULL, NULL, 0, EGPR_REFUSED_NO_BTF },
	{ "half of the kernel's types", "vmlinux", NULL, NULL, 4, EGPR_REFUSED_NO_BTF },
	{ "the true types", "kvm", NULL, NULL, 8, EGPR_REFUSED_NONE },
};

static char *read_btf(const char *name, size_t *size)
{
	char path[64], *data = malloc(BYTES_MAX);
	FILE *f;

	snprintf(path, sizeof(path), BTF_DIR "%s", name);
	f = fopen(path, "r");
	*size = f && data ? fread(data, 1, BYTES_MAX, f) : 0;
	if (f)
		fclose(f);
	return data;
}

/* The string with its terminator, where it stands in a blob; NULL if it does not. */
static char *find(char *data, size_t size, const char *string)
{
	return memmem(data, size, string, strlen(string) + 1);
}

/* Writes the changed copy. */
static bool make(const struct plant *p)
{
	char *hidden = NULL, *instead = NULL, *data;
	bool ok = false;
	size_t size;
	FILE *f;

	data = read_btf(p->file, &size);
	if (!size)
		goto out;
	if (p->hide) {
		hidden = find(data, size, p->hide);
		instead = p->instead ? find(data, size, p->instead) : NULL;
		if (!hidden || (p->instead && !instead))
			goto out;
		*hidden ^= 1;
		if (instead)
			memcpy(instead, p->hide, strlen(p->hide));
	}
	f = fopen(COPY, "w");
	if (!f)
		goto out;
	size = size * p->parts / 8;
	ok = fwrite(data, 1, size, f) == size;
	ok &= !fclose(f);
out:
	free(data);
	return ok;
}

static void plant(const struct plant *p, const struct vmm_host *h, const char *dir)
{
	struct guest g;
	char over[64];
	bool opened;

	snprintf(over, sizeof(over), BTF_DIR "%s", p->file);
	if (!make(p) || mount(COPY, over, NULL, MS_BIND, NULL)) {
		tap_ok(false, "%s: cannot be planted", p->text);
		return;
	}
	opened = !guest_open(&g, h, "cpuid", dir, true);
	if (p->refusal == EGPR_REFUSED_NONE)
		tap_ok(opened, "attached: %s", p->text);
	else
		tap_ok(!opened && strstr(g.why, module_refusal(p->refusal)), "refused: %s",
		       p->text);
	tap_note("%s", opened ? "attached" : g.why);
	guest_close(&g);
	umount(over);
}

int main(int argc, char **argv)
{
	struct vmm_host host;
	struct vmm_error v;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: prototype DIR\n");
		return EGPR_USAGE;
	}
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "prototype", &v);
		return EGPR_INTERNAL;
	}
	for (i = 0; i < sizeof(plants) / sizeof(*plants); i++)
		plant(&plants[i], &host, argv[1]);
	return tap_done();
}
