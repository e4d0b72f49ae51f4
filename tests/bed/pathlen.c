// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per exit under every strategy, where TSC counts instructions: Bochs, and QEMU
 * with -icount. Form proxy, which has the instruction count of the real form (PUSH2 and POP2
 * count one more each) and runs natively.
 *
 * usage: pathlen PAYLOADS HOST_ID MACHINE [KIND...]
 *
 * Prints the table results/reference/path-length.csv for this machine: the least TSC
 * difference that the guest saw around one exit, and the median of batches of the same.
 * These are instructions, never times. What cannot be measured here is named on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <egpr/sample.h>
#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include "../../bench/axis.h"
#include "../../bench/module.h"

/* Some batches as a whole take five instructions more each time on the way to user space: many, short ones. */
#define EXITS	16
#define BATCHES 16

/* What is measured unless the command line names kinds. */
static const char *const default_kinds[] = { "cpuid", "pio-out", "wrmsr-tsc-deadline",
					     "hlt",   "vmcall",	 "rdmsr",
					     "xsetbv" };

/**
 * struct cell - one exit kind on one vCPU
 * @kind: exit kind
 * @state: guest state
 * @least: of each batch, the least instructions per exit
 * @path: which path the exits took
 */
struct cell {
	struct module_session module;
	struct vmm *vm;
	const struct egpr_exit_kind *kind;
	enum egpr_guest_state state;
	uint64_t least[BATCHES];
	char path[16];
	char why[1200];
};

static enum egpr_path main_path(const struct egpr_counters *c)
{
	uint64_t by_path[EGPR_NR_PATHS] = { 0 };
	enum egpr_path best = EGPR_PATH_NONE;
	unsigned int i, p;

	for (i = 0; i < c->nr_reasons; i++) {
		for (p = 0; p < EGPR_NR_PATHS; p++)
			by_path[p] += c->reason[i].path[p];
	}
	for (p = 0; p < EGPR_NR_PATHS; p++) {
		if (by_path[p] > by_path[best])
			best = p;
	}
	return best;
}

static bool fail(struct cell *c, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	return false;
}

static bool batch(struct cell *c, uint64_t *least)
{
	static uint64_t stamps[EXITS];
	struct vmm_batch b = { .exits = EXITS, .guest_stamps = stamps };
	struct vmm_error v;
	int i;

	if (vmm_batch(c->vm, &b, &v))
		return fail(c, v.reason);
	for (i = 0; i < EXITS; i++) {
		if (stamps[i] < *least)
			*least = stamps[i];
	}
	return true;
}

static bool cell_open(struct cell *c, const struct vmm_host *h, const char *payloads)
{
	struct vmm_options o = { .no_hypercall_patch = true };
	uint64_t least = UINT64_MAX;
	struct data_error e;
	struct vmm_error v;

	if (module_open(&c->module, &e))
		return fail(c, e.text);
	if (vmm_open_kind(&c->vm, h, c->kind, &o, payloads, &v))
		return fail(c, v.reason);
	if (module_attach(&c->module, vmm_vcpu_fd(c->vm), &e))
		return fail(c, e.text);
	return batch(c, &least);
}

static bool measure(struct cell *c, const struct egpr_strategy *s)
{
	struct egpr_counters counters;
	struct data_error e;
	int i;

	if (module_configure(&c->module, module_configuration(s, EGPR_FORM_PROXY, c->state, 0, 0),
			     &e) ||
	    module_counters(&c->module, &counters, true, &e))
		return fail(c, e.text);
	for (i = 0; i < BATCHES; i++) {
		c->least[i] = UINT64_MAX;
		if (!batch(c, &c->least[i]))
			return false;
	}
	if (module_counters(&c->module, &counters, true, &e))
		return fail(c, e.text);
	snprintf(c->path, sizeof(c->path), "%s", egpr_paths[main_path(&counters)].id);
	if (counters.unseen > counters.exits)
		return fail(c, "this kernel fires no kvm_exit for its fastpath exits");
	if (counters.switched_out + counters.stayed < EXITS * BATCHES)
		return fail(c, "this CPU does not leave the guest for it");
	return true;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define COLUMN(column, TYPE, text) "," #column

static void header(void)
{
	static const char columns[] = EGPR_COLUMNS_IDENTITY(COLUMN)
		EGPR_COLUMNS_PATH_LENGTH(COLUMN);

	puts(columns + 1);
}

static void row(struct cell *c, const struct vmm_host *h, char **argv, const char *kernel,
		const struct egpr_strategy *s, bool ok)
{
	if (!ok) {
		fprintf(stderr, "pathlen: %s, %s, %s: %s\n", c->kind->id, s->id,
			egpr_guest_states[c->state].id, c->why);
		return;
	}
	qsort(c->least, BATCHES, sizeof(*c->least), compare);
	printf("path-length,%s,%s,no,model,kvm,%s,%s,%s%s,%s,%s,%s,%d,%llu,%llu\n", argv[2],
	       h->backend, c->kind->id, c->path, s->id, s->family == EGPR_FAMILY_DELAY ? "-0" : "",
	       egpr_guest_states[c->state].id, argv[3], kernel, EXITS * BATCHES,
	       (unsigned long long)c->least[0], (unsigned long long)c->least[BATCHES / 2]);
	fflush(stdout);
}

static void measure_kind(const char *id, const struct vmm_host *h, char **argv, const char *kernel)
{
	static const enum egpr_guest_state states[] = { EGPR_STATE_OFF, EGPR_STATE_DIRTY };
	struct cell c = { .module.fd = -1, .kind = egpr_exit_kind_find(id) };
	const struct egpr_strategy *s;
	bool open;
	size_t g;

	if (!c.kind) {
		fprintf(stderr, "pathlen: there is no exit kind '%s'\n", id);
		return;
	}
	open = cell_open(&c, h, argv[1]);
	for (g = 0; g < sizeof(states) / sizeof(*states); g++) {
		c.state = states[g];
		egpr_for_each_strategy(s)
			row(&c, h, argv, kernel, s, open && measure(&c, s));
	}
	module_close(&c.module);
	vmm_close(c.vm);
}

int main(int argc, char **argv)
{
	struct utsname u;
	struct vmm_host host;
	struct vmm_error v;
	size_t k;
	int a;

	if (argc < 4) {
		fprintf(stderr, "usage: pathlen PAYLOADS HOST_ID MACHINE [KIND...]\n");
		return EGPR_USAGE;
	}
	if (uname(&u) || vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "pathlen", &v);
		return EGPR_INTERNAL;
	}
	header();
	for (a = 4; a < argc; a++)
		measure_kind(argv[a], &host, argv, u.release);
	for (k = 0; argc == 4 && k < sizeof(default_kinds) / sizeof(*default_kinds); k++)
		measure_kind(default_kinds[k], &host, argv, u.release);
	return 0;
}
