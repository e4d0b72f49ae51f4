// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of vmm-mini, and its report on stdout.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define PROGRAM	  "vmm-mini"
#define TIMEOUT_S 60.0 /* egpr-endurance takes some seconds where CPL 0 is interpreted */

static const char help[] =
	"usage: vmm-mini [OPTION]... PAYLOAD.elf\n"
	"Run a payload in a 64-bit KVM guest: one batch of its loop.\n"
	"\n"
	"  --exits N       iterations of the payload's loop; 0: as the payload wants (0)\n"
	"  --cpl 0|3       privilege level of the loop (0)\n"
	"  --state S       guest EGPRs: off, init or dirty (off; with --emulate: dirty)\n"
	"  --emulate       act for the APX hardware that the CPU lacks\n"
	"  --footprint F   before every exit the guest walks a working set: 0, l1, l2, llc\n"
	"                  or dram (0)\n"
	"  --walk W        how: linear, random (loads) or code (linear)\n"
	"  --seed N        of the walk's order, 32 bits (0)\n"
	"  --irqchip       with the in-kernel local APIC\n"
	"  --no-patch      have KVM raise #UD instead of patching hypercall instructions\n"
	"  --timeout S     end it after S seconds (60)\n"
	"  --memory MIB    guest memory (4)\n"
	"  --kvm PATH      the KVM device (/dev/kvm)\n"
	"  --trace         one line on stderr per exit\n"
	"  --help          this text\n"
	"\n"
	"Exit status: 0 the payload is done; 64 usage; 65 a damaged payload, or one that\n"
	"faulted or found a register changed; 69 this host cannot run it, it did not end\n"
	"in time, or its standard output cannot be written; otherwise the status that the\n"
	"payload reported. SIGINT, SIGTERM and SIGHUP close the guest and end it.\n";

enum {
	OPT_EXITS = 1,
	OPT_CPL,
	OPT_STATE,
	OPT_EMULATE,
	OPT_FOOTPRINT,
	OPT_WALK,
	OPT_SEED,
	OPT_IRQCHIP,
	OPT_NO_PATCH,
	OPT_TIMEOUT,
	OPT_MEMORY,
	OPT_KVM,
	OPT_TRACE,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "exits", required_argument, NULL, OPT_EXITS },
	{ "cpl", required_argument, NULL, OPT_CPL },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "emulate", no_argument, NULL, OPT_EMULATE },
	{ "footprint", required_argument, NULL, OPT_FOOTPRINT },
	{ "walk", required_argument, NULL, OPT_WALK },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "irqchip", no_argument, NULL, OPT_IRQCHIP },
	{ "no-patch", no_argument, NULL, OPT_NO_PATCH },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "kvm", required_argument, NULL, OPT_KVM },
	{ "trace", no_argument, NULL, OPT_TRACE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

#define STATE_NAME(SYM, id, text) [EGPR_STATE_##SYM] = id,
static const char *const state_names[] = { EGPR_GUEST_STATES(STATE_NAME) };

static int usage(const char *what, const char *value)
{
	fprintf(stderr, PROGRAM ": %s%s%s\n" PROGRAM ": fix: see " PROGRAM " --help\n", what,
		value ? ": " : "", value ? value : "");
	return EGPR_USAGE;
}

static int parse_number(const char *text, uint32_t max, uint32_t *out)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || n > max)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int parse_seconds(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end == text || *end || !(*out > 0) || *out > UINT32_MAX ? -1 : 0;
}

/* Index of a word from @first on, or -1. */
static int parse_word(const char *text, const char *const *names, int first, int nr)
{
	int i;

	for (i = first; i < nr; i++) {
		if (!strcmp(text, names[i]))
			return i;
	}
	return -1;
}

int vmm_command_parse(struct vmm_command *c, int argc, char **argv)
{
	bool has_state = false;
	uint32_t n;
	int opt, word;

	memset(c, 0, sizeof(*c));
	c->options.timeout_s = TIMEOUT_S;
	c->walk = VMM_WALK_LINEAR;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_EXITS:
			if (parse_number(optarg, UINT32_MAX, &c->exits))
				return usage("--exits wants a number of 32 bits, not", optarg);
			break;
		case OPT_CPL:
			if (parse_number(optarg, 3, &n) || (n != 0 && n != 3))
				return usage("--cpl wants 0 or 3, not", optarg);
			c->options.cpl = n;
			break;
		case OPT_STATE:
			word = parse_word(optarg, state_names, 0, EGPR_NR_STATES);
			if (word < 0)
				return usage("--state wants off, init or dirty, not", optarg);
			c->options.state = word;
			has_state = true;
			break;
		case OPT_EMULATE:
			c->options.emulate = true;
			break;
		case OPT_FOOTPRINT:
			word = parse_word(optarg, vmm_footprint_names, 0, VMM_NR_FOOTPRINTS);
			if (word < 0)
				return usage("--footprint wants 0, l1, l2, llc or dram, not",
					     optarg);
			c->footprint = word;
			break;
		case OPT_WALK:
			word = parse_word(optarg, vmm_walk_names, VMM_WALK_LINEAR, VMM_NR_WALKS);
			if (word < 0)
				return usage("--walk wants linear, random or code, not", optarg);
			c->walk = word;
			break;
		case OPT_SEED:
			if (parse_number(optarg, UINT32_MAX, &c->seed))
				return usage("--seed wants a number of 32 bits, not", optarg);
			break;
		case OPT_IRQCHIP:
			c->options.irqchip = true;
			break;
		case OPT_NO_PATCH:
			c->options.no_hypercall_patch = true;
			break;
		case OPT_TIMEOUT:
			if (parse_seconds(optarg, &c->options.timeout_s))
				return usage("--timeout wants seconds above 0, not", optarg);
			break;
		case OPT_MEMORY:
			if (parse_number(optarg, 1023, &n) || n == 0)
				return usage("--memory wants an even number of MiB below 1024, not",
					     optarg);
			c->options.memory = (size_t)n << 20;
			break;
		case OPT_KVM:
			c->options.kvm_path = optarg;
			break;
		case OPT_TRACE:
			c->options.trace = true;
			break;
		case OPT_HELP:
			c->help = true;
			fputs(help, stdout);
			return 0;
		default:
			return usage("unknown option, or one without its value", argv[optind - 1]);
		}
	}
	if (optind != argc - 1)
		return usage(optind == argc ? "no payload named" : "more than one payload", NULL);
	c->payload = argv[optind];
	if (c->options.emulate && !has_state)
		c->options.state = EGPR_STATE_DIRTY;
	return 0;
}

static void report(const struct vmm_batch *b)
{
	unsigned int i;

	printf("iterations %llu\n", (unsigned long long)b->done);
	printf("result 0x%llx\n", (unsigned long long)b->result);
	for (i = 0; i < VMM_EXIT_REASONS; i++) {
		if (b->reasons[i])
			printf("exits %s %llu\n", vmm_exit_name(i),
			       (unsigned long long)b->reasons[i]);
	}
	if (b->kernel_exits != VMM_UNKNOWN)
		printf("exits counted by KVM %llu\n", (unsigned long long)b->kernel_exits);
	if (b->walks)
		printf("walks %llu\nlines walked %llu\n", (unsigned long long)b->walks,
		       (unsigned long long)b->walked);
	if (b->emulated)
		printf("APX instructions emulated %llu\n", (unsigned long long)b->emulated);
}

/* The VM that a signal interrupts, and the signal that did. */
static struct vmm *volatile running;
static volatile sig_atomic_t ended_by;

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

#define NR_ENDING (sizeof(ending) / sizeof(ending[0]))

static void on_end(int sig)
{
	struct vmm *vm = running;

	ended_by = sig;
	if (vm)
		vmm_interrupt(vm);
}

static void take_signals(void)
{
	struct sigaction sa = { .sa_handler = on_end, .sa_flags = SA_ONSTACK }, was;
	unsigned int i;

	for (i = 0; i < NR_ENDING; i++) {
		if (!sigaction(ending[i], NULL, &was) && was.sa_handler != SIG_IGN)
			sigaction(ending[i], &sa, NULL);
	}
}

/* Say so, and die of it, as whoever sent it expects. */
static void die_of(int sig)
{
	fprintf(stderr, PROGRAM ": ended by SIG%s\n", sigabbrev_np(sig));
	signal(sig, SIG_DFL);
	raise(sig);
}

int vmm_command_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr,
		PROGRAM ": standard output: %s\n" PROGRAM
			": fix: redirect it to where there is room\n",
		strerror(errno));
	return EGPR_UNAVAILABLE;
}

/* The set, and unless the times would be an emulator's: what the levels around it cost here. */
static int set_footprint(struct vmm *vm, const struct vmm_command *c,
			 const struct vmm_caches *caches, struct vmm_error *e)
{
	struct vmm_ladder l;
	struct vmm_walk w;
	unsigned int i;
	int ret = vmm_footprint_walk(&w, caches, c->footprint, c->walk, c->seed, e);

	if (ret || w.kind == VMM_WALK_NONE)
		return ret;
	if (!c->options.emulate) {
		ret = vmm_footprint_measure(vm, caches, c->footprint, c->walk, c->seed, &l, e);
		if (ret)
			return ret;
		for (i = 0; i < VMM_NR_FOOTPRINTS; i++) {
			if (l.ticks[i] > 0)
				printf("TSC ticks per line, %s %.1f\n", vmm_footprint_names[i],
				       l.ticks[i]);
		}
		printf("footprint %s: %s\n", vmm_footprint_names[c->footprint],
		       vmm_footprint_confirm(&l, c->footprint, e) ? e->reason : "confirmed");
	}
	printf("working set %zu bytes, %s\n", w.bytes, vmm_walk_names[w.kind]);
	return vmm_walk_set(vm, &w, e);
}

int vmm_command_run(const struct vmm_command *c)
{
	struct vmm_options options = c->options;
	struct vmm_caches caches;
	struct vmm_batch batch = { .exits = c->exits,
				   .rotate = c->options.emulate &&
					     c->options.state == EGPR_STATE_DIRTY };
	struct vmm_error e;
	struct vmm *vm = NULL;
	int ret = 0;

	take_signals();
	if (c->footprint != VMM_FOOTPRINT_0) {
		ret = vmm_caches_read(&caches, "", sched_getcpu(), &e);
		options.walk_bytes = ret ? 0 : vmm_footprint_room(&caches, c->footprint, c->walk);
	}
	if (!ret)
		ret = vmm_open(&vm, &options, &e);
	if (!ret)
		running = vm;
	if (!ret && ended_by)
		vmm_interrupt(vm); /* it came while the VM was being made */
	if (!ret)
		ret = vmm_load(vm, c->payload, &e);
	if (!ret)
		ret = vmm_start(vm, &e);
	if (!ret && c->footprint != VMM_FOOTPRINT_0)
		ret = set_footprint(vm, c, &caches, &e);
	if (!ret)
		ret = vmm_batch(vm, &batch, &e);
	running = NULL;
	vmm_close(vm);
	if (ended_by)
		die_of(ended_by);
	if (ret)
		vmm_error_print(stderr, PROGRAM, &e);
	else
		report(&batch);
	return ret;
}
