// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per exit under every strategy, where TSC counts instructions: Bochs, and QEMU
 * with -icount. Form proxy, which has the instruction count of the real form (PUSH2 and POP2
 * count one more each) and runs natively.
 *
 * usage: pathlen [--edited] [--place] [--only STRATEGY,...] PAYLOADS HOST_ID MACHINE [KIND...]
 *
 * --edited has the KVM of scripts/kvm-build loaded meanwhile, --place that too and the halves in its
 * vmenter.S: layer vmenter. --only measures no other strategies.
 *
 * Prints the table results/reference/path-length.csv for this machine: the least TSC
 * difference that the guest saw around one exit, and the median of batches of the same.
 * These are instructions, never times. What cannot be measured here is named on stderr, and if
 * that is all the exit status is 69.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <egpr/sample.h>
#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include <bench/plan/axis.h>
#include <bench/layer/edited.h>
#include <bench/plan/context.h>
#include <bench/layer/module.h>

/*
 * The kernel's path differs a little from one moment to the next, as its timers lie, and three
 * batches of four on VMX take five instructions more on the way to user space: many short batches,
 * and every cell has one in each round, so that all see the same moments.
 */
#define EXITS	8
#define BATCHES 64

/*
 * Guests that are there at once, of which the one with the longest exits is measured. Where SVM does not tell the next
 * instruction (QEMU: no NRIPS) KVM decodes the one that exited, out of a copy in a buffer of the vCPU's, and the
 * kernel's check of the copy (__check_object_size) takes an instruction less where the buffer lies in the first page of
 * a slab. So lie two of the slab's twelve, and a KVM that was just loaded gives guests that are there at once all of
 * one slab: of three, one at least is among the ten.
 */
#define GUESTS 3
#define TRIES  16 /* batches */

/* What is measured unless the command line names kinds. */
static const char *const default_kinds[] = { "cpuid", "pio-out", "wrmsr-tsc-deadline",
					     "hlt",   "vmcall",	 "rdmsr",
					     "xsetbv" };

static const enum egpr_guest_state states[] = { EGPR_STATE_OFF, EGPR_STATE_DIRTY };

/* Where the halves run. */
static enum egpr_layer layer = EGPR_LAYER_KVM;

/* Bit per strategy that is measured. */
static uint64_t chosen = ~0ULL;

static unsigned int rows; /* printed */

#define NR_STATES (sizeof(states) / sizeof(*states))
#define NR_CELLS  (NR_STATES * EGPR_NR_STRATEGIES)

/**
 * struct session - one exit kind on one vCPU
 * @module: the module, attached to the vCPU
 * @vm: the guest
 * @kind: exit kind
 */
struct session {
	struct module_session module;
	struct vmm *vm;
	const struct egpr_exit_kind *kind;
};

/**
 * struct cell - one strategy and guest state in a session
 * @strategy: strategy
 * @state: guest state
 * @least: of each batch, the least instructions per exit
 * @by_path: exits on each path
 * @exits: exits that the module saw
 * @unseen: and those that it did not
 * @switched: exits with the switch or without need of one
 * @left_out: not chosen, or KVM's own switch, which adds no instruction of the lab's
 * @failed: it cannot be measured
 * @why: the reason
 */
struct cell {
	const struct egpr_strategy *strategy;
	enum egpr_guest_state state;
	uint64_t least[BATCHES];
	uint64_t by_path[EGPR_NR_PATHS];
	uint64_t exits;
	uint64_t unseen;
	uint64_t switched;
	bool left_out;
	bool failed;
	char why[1200];
};

static void fail(struct cell *c, const char *why)
{
	c->failed = true;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

static const char *main_path(const struct cell *c)
{
	enum egpr_path best = EGPR_PATH_NONE;
	unsigned int p;

	for (p = 0; p < EGPR_NR_PATHS; p++) {
		if (c->by_path[p] > c->by_path[best])
			best = p;
	}
	return egpr_paths[best].id;
}

static void count(struct cell *c, const struct egpr_counters *counters)
{
	unsigned int i, p;

	for (i = 0; i < counters->nr_reasons; i++) {
		for (p = 0; p < EGPR_NR_PATHS; p++)
			c->by_path[p] += counters->reason[i].path[p];
	}
	c->exits += counters->exits;
	c->unseen += counters->unseen;
	c->switched += counters->switched_out + counters->stayed;
}

static int batch(struct session *s, uint64_t *least, struct vmm_error *v)
{
	static uint64_t stamps[EXITS];
	struct vmm_batch b = { .exits = EXITS, .guest_stamps = stamps };
	int ret = vmm_batch(s->vm, &b, v);
	int i;

	*least = UINT64_MAX;
	for (i = 0; !ret && i < EXITS; i++) {
		if (stamps[i] < *least)
			*least = stamps[i];
	}
	return ret;
}

/* Of some guests the one with the longest exits: see GUESTS. */
static int open_longest(struct session *s, const struct vmm_host *h, const char *payloads,
			struct vmm_error *v)
{
	struct vmm_options o = { .no_hypercall_patch = true };
	struct vmm *guests[GUESTS] = { NULL };
	uint64_t longest = 0;
	int ret = 0, best = 0;
	int g, t;

	for (g = 0; !ret && g < GUESTS; g++)
		ret = vmm_open_kind(&guests[g], h, s->kind, &o, payloads, v);
	for (g = 0; !ret && g < GUESTS; g++) {
		uint64_t shortest = UINT64_MAX;

		s->vm = guests[g];
		for (t = 0; !ret && t < TRIES; t++) {
			uint64_t least;

			ret = batch(s, &least, v);
			if (least < shortest)
				shortest = least;
		}
		if (shortest > longest) {
			longest = shortest;
			best = g;
		}
	}
	s->vm = guests[best];
	for (g = 0; g < GUESTS; g++) {
		if (g != best)
			vmm_close(guests[g]);
	}
	return ret;
}

static void session_open(struct session *s, const struct vmm_host *h, const char *payloads,
			 struct cell *error)
{
	struct data_error e;
	struct vmm_error v;
	uint64_t least;

	if (module_open(&s->module, &e))
		fail(error, e.text);
	else if (open_longest(s, h, payloads, &v))
		fail(error, v.reason);
	else if (module_attach(&s->module, vmm_vcpu_fd(s->vm), &e))
		fail(error, e.text);
	else if (batch(s, &least, &v)) /* the first, which is not counted */
		fail(error, v.reason);
}

static void measure(struct session *s, struct cell *c, int round)
{
	struct egpr_counters counters;
	struct data_error e;
	struct vmm_error v;

	if (module_configure(
		    &s->module,
		    module_configuration(c->strategy, EGPR_FORM_PROXY, c->state, 0,
					 layer == EGPR_LAYER_VMENTER ? EGPR_CONF_PLACE : 0),
		    &e) ||
	    module_counters(&s->module, &counters, true, &e)) {
		fail(c, e.text);
	} else if (batch(s, &c->least[round], &v)) {
		fail(c, v.reason);
	} else if (module_counters(&s->module, &counters, true, &e)) {
		fail(c, e.text);
	} else {
		count(c, &counters);
	}
}

/* What the counters of all batches must say. */
static void judge(struct cell *c)
{
	if (c->failed)
		return;
	if (c->unseen > c->exits)
		fail(c, "this kernel fires no kvm_exit for its fastpath exits");
	else if (c->switched < EXITS * BATCHES)
		fail(c, "this CPU does not leave the guest for it");
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

static void row(struct cell *c, const struct egpr_exit_kind *kind, const struct vmm_host *h,
		char **argv, const char *kernel)
{
	const struct egpr_strategy *s = c->strategy;

	if (c->left_out)
		return;
	if (c->failed) {
		fprintf(stderr, "pathlen: %s, %s, %s: %s\n", kind->id, s->id,
			egpr_guest_states[c->state].id, c->why);
		return;
	}
	qsort(c->least, BATCHES, sizeof(*c->least), compare);
	printf("path-length,%s,%s,no,model,%s,%s,%s,%s%s,%s,%s,%s,%s,%d,%llu,%llu\n", argv[2],
	       h->backend, egpr_layers[layer].id, kind->id, main_path(c), s->id,
	       s->family == EGPR_FAMILY_DELAY ? "-0" : "", egpr_guest_states[c->state].id,
	       context_default(layer)->id, argv[3], kernel, EXITS * BATCHES,
	       (unsigned long long)c->least[0], (unsigned long long)c->least[BATCHES / 2]);
	fflush(stdout);
	rows++;
}

static void measure_kind(const char *id, const struct vmm_host *h, char **argv, const char *kernel)
{
	static struct cell cells[NR_CELLS];
	struct session s = { .module.fd = -1, .kind = egpr_exit_kind_find(id) };
	struct cell opening = { 0 };
	int round;
	size_t i;

	if (!s.kind) {
		fprintf(stderr, "pathlen: there is no exit kind '%s'\n", id);
		return;
	}
	session_open(&s, h, argv[1], &opening);
	for (i = 0; i < NR_CELLS; i++) {
		cells[i] = opening;
		cells[i].strategy = &egpr_strategies[i % EGPR_NR_STRATEGIES];
		cells[i].state = states[i / EGPR_NR_STRATEGIES];
		cells[i].left_out = cells[i].strategy->family == EGPR_FAMILY_OWN ||
				    !(chosen & 1ULL << (i % EGPR_NR_STRATEGIES));
	}
	for (round = 0; round < BATCHES; round++) {
		for (i = 0; i < NR_CELLS; i++) {
			if (!cells[i].failed && !cells[i].left_out)
				measure(&s, &cells[i], round);
		}
	}
	for (i = 0; i < NR_CELLS; i++) {
		judge(&cells[i]);
		row(&cells[i], s.kind, h, argv, kernel);
	}
	module_close(&s.module);
	vmm_close(s.vm);
}

/* Whether a list names strategies and nothing else. */
static bool choose(char *list)
{
	const struct egpr_strategy *s;
	char *id;

	for (chosen = 0; (id = strsep(&list, ","));) {
		s = egpr_strategy_find(id, NULL);
		if (!s)
			return false;
		chosen |= 1ULL << (s - egpr_strategies);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct utsname u;
	struct vmm_host host;
	struct data_error e;
	struct vmm_error v;
	bool edited = false;
	size_t k;
	int a;

	for (; argc > 1 && !strncmp(argv[1], "--", 2); argc--, argv++) {
		bool place = !strcmp(argv[1], "--place");

		if (!strcmp(argv[1], "--only") && argc > 2 && choose(argv[2])) {
			argc--;
			argv++;
			continue;
		}
		edited |= place || !strcmp(argv[1], "--edited");
		if (place)
			layer = EGPR_LAYER_VMENTER;
		else if (strcmp(argv[1], "--edited"))
			argc = 0;
	}
	if (argc < 4) {
		fprintf(stderr,
			"usage: pathlen [--edited] [--place] [--only STRATEGY,...] PAYLOADS HOST_ID MACHINE [KIND...]\n");
		return EGPR_USAGE;
	}
	if (edited_kvm_use(edited, &e)) {
		fprintf(stderr, "pathlen: %s\n", e.text);
		return EGPR_UNAVAILABLE;
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
	if (edited && edited_kvm_use(false, &e)) {
		fprintf(stderr, "pathlen: %s\n", e.text);
		return EGPR_INTERNAL;
	}
	return rows ? 0 : EGPR_UNAVAILABLE;
}
