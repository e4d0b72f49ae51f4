// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-mini beside bare programs: one exit in its run loop, and a whole process.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <egpr/exit_kind.h>
#include <egpr/guest.h>
#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include <bench/host/clock.h>
#include "suite.h"

#define KIND	     "pio-out"
#define EXITS	     128 /* per sample: some milliseconds, much longer than a stamp */
#define EXIT_GOAL    1.02
#define PROCESS_GOAL 1.15
#define VMM_PROGRAM  "vmm-mini"
#define BARE_PROGRAM "bare-vm"

extern char **environ;
extern const struct speed_case speed_exit, speed_process;

static int refuse(const struct vmm_error *e, char *why)
{
	snprintf(why, SPEED_WHY_SIZE, "%.100s: %.380s", e->thing, e->reason);
	return e->status == EGPR_UNAVAILABLE ? EGPR_SKIPPED : e->status;
}

static int exit_open(void **context, char *why)
{
	const struct egpr_exit_kind *kind = egpr_exit_kind_find(KIND);
	struct vmm_options o = { .cpl = 0 };
	struct vmm_host host;
	struct vmm_error e;
	struct vmm *vm;

	if (vmm_host_probe(&host, NULL, &e) || vmm_open_kind(&vm, &host, kind, &o, NULL, &e))
		return refuse(&e, why);
	*context = vm;
	return 0;
}

static void exit_close(void *context)
{
	vmm_close(context);
}

/* A whole batch through the library: preparation, watchdog and counting included. */
static int exit_ours(void *context, double *cycles)
{
	struct vmm_batch b = { .exits = EXITS };
	struct vmm_error e;
	uint64_t begin = clock_tsc();

	if (vmm_batch(context, &b, &e))
		return -1;
	*cycles = (double)(clock_tsc() - begin) / EXITS;
	return 0;
}

/* The least that makes the same guest do the same: ioctl, look at the reason, again. */
static int exit_bare(void *context, double *cycles)
{
	struct egpr_mailbox *m = vmm_mailbox(context);
	struct kvm_run *run = vmm_run_page(context);
	int vcpu = vmm_vcpu_fd(context);
	uint64_t begin = clock_tsc();
	unsigned int left;

	m->iterations = EXITS;
	m->done = 0;
	for (left = EXITS + 1; left; left--) { /* the exits and the doorbell */
		if (ioctl(vcpu, KVM_RUN, 0) || run->exit_reason != KVM_EXIT_IO)
			return -1;
	}
	*cycles = (double)(clock_tsc() - begin) / EXITS;
	return m->done == EXITS ? 0 : -1;
}

const struct speed_case speed_exit = {
	.name = "vmm/exit/" KIND,
	.heading = "VMM",
	.text = "one " KIND " exit in vmm-mini's run loop, beside a bare KVM_RUN loop on the same "
		"guest",
	.kind = SPEED_RATIO,
	.goal = EXIT_GOAL,
	.units = EXITS,
	.open = exit_open,
	.ours = exit_ours,
	.bare = exit_bare,
	.close = exit_close,
};

struct process {
	char ours[PATH_MAX];
	char bare[PATH_MAX];
	char payload[PATH_MAX];
	posix_spawn_file_actions_t silent;
};

/* A file beside the running program. */
static void beside(const char *name, char *path)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	n = slash ? slash + 1 - path : 0;
	snprintf(path + n, (size_t)(PATH_MAX - n), "%s", name);
}

/* Run a program to its end. Return: 0 if it succeeded. */
static int spawn(const struct process *p, char *const *argv)
{
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], &p->silent, NULL, argv, environ))
		return -1;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static int process_ours(void *context, double *cycles)
{
	struct process *p = context;
	char *argv[] = { p->ours, "--exits", "1", p->payload, NULL };
	uint64_t begin = clock_tsc();

	if (spawn(p, argv))
		return -1;
	*cycles = (double)(clock_tsc() - begin);
	return 0;
}

static int process_bare(void *context, double *cycles)
{
	struct process *p = context;
	char *argv[] = { p->bare, p->payload, NULL };
	uint64_t begin = clock_tsc();

	if (spawn(p, argv))
		return -1;
	*cycles = (double)(clock_tsc() - begin);
	return 0;
}

static void process_close(void *context)
{
	struct process *p = context;

	posix_spawn_file_actions_destroy(&p->silent);
	free(p);
}

static int process_open(void **context, char *why)
{
	struct process *p = calloc(1, sizeof(*p));
	double cycles;

	if (!p)
		return EGPR_INTERNAL;
	beside(VMM_PROGRAM, p->ours);
	beside(BARE_PROGRAM, p->bare);
	beside("payloads/" KIND ".elf", p->payload);
	posix_spawn_file_actions_init(&p->silent);
	posix_spawn_file_actions_addopen(&p->silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&p->silent, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (process_ours(p, &cycles) || process_bare(p, &cycles)) {
		snprintf(why, SPEED_WHY_SIZE, "%.200s or %.200s does not end well here", p->ours,
			 p->bare);
		process_close(p);
		return EGPR_SKIPPED;
	}
	*context = p;
	return 0;
}

const struct speed_case speed_process = {
	.name = "vmm/process/" KIND,
	.heading = "VMM",
	.text = "a whole vmm-mini process (VM, payload, one exit, teardown), beside a bare program",
	.kind = SPEED_RATIO,
	.goal = PROCESS_GOAL,
	.units = 1,
	.open = process_open,
	.ours = process_ours,
	.bare = process_bare,
	.close = process_close,
};
