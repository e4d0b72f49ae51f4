// SPDX-License-Identifier: GPL-2.0-only
/*
 * One guest whose every exit the module counts, from the first entry of its vCPU to the
 * last exit; for scripts/perf-kvm-stat, which compares the counts with perf's.
 *
 * usage: exits PAYLOADS KIND EXITS STRATEGY...
 *
 * The vCPU is attached before it runs for the first time and is let go after the last time. All of
 * it happens in a process of its own: what finds out about this host's KVM runs a guest too,
 * whose exits are no business of the module. Prints `pid PID`, the vCPU's thread, and
 * lines `REASON COUNT`, with the names that the kernel's trace events have for reasons.
 * An exit is counted when the vCPU enters the guest again, as perf does: the last one is in neither count.
 * Exit status: 0, or an enum egpr_status with the reason on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h> /* the vectors that asm/svm.h names */
#include <asm/svm.h>
#include <asm/vmx.h>
#include <egpr/status.h>
#include <vmm-mini/vmm.h>

#include <bench/layer/module.h>

#define MIN_ARGUMENTS 5
#define NAME_UNKNOWN  "UNKNOWN" /* perf's word for a reason that its table lacks */
#define NAME_UNREAD   "unread"	/* the module could not read the reason */

struct reason_name {
	uint32_t code;
	const char *name;
};

static const struct reason_name svm_names[] = { SVM_EXIT_REASONS };
static const struct reason_name vmx_names[] = { VMX_EXIT_REASONS };

static const char *name_of(uint32_t code, const char *backend)
{
	bool svm = !strcmp(backend, "svm");
	const struct reason_name *names = svm ? svm_names : vmx_names;
	size_t n = svm ? sizeof(svm_names) / sizeof(*svm_names)
		       : sizeof(vmx_names) / sizeof(*vmx_names);
	size_t i;

	if (code == EGPR_REASON_UNKNOWN)
		return NAME_UNREAD;
	for (i = 0; i < n; i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	return NAME_UNKNOWN;
}

static int vmm_failed(const struct vmm_error *e)
{
	vmm_error_print(stderr, "exits", e);
	return e->status;
}

static int module_failed(int status, const struct data_error *e)
{
	fprintf(stderr, "exits: %s\n", e->text);
	return status;
}

/* What was counted; @c: the module's counters after the last exit. */
static int print_counts(const struct egpr_counters *c, const char *backend)
{
	unsigned int i, p;
	uint64_t n;

	if (c->unseen) {
		fprintf(stderr,
			"exits: this kernel fires no kvm_exit for its fastpath exits (%llu of "
			"%llu entries), so perf cannot see what the module counts; use a newer kernel, "
			"or another exit kind\n",
			(unsigned long long)c->unseen, (unsigned long long)c->entries);
		return EGPR_SKIPPED;
	}
	printf("pid %d\n", (int)getpid());
	for (i = 0; i < c->nr_reasons; i++) {
		n = c->reason[i].preempted;
		for (p = 0; p < EGPR_NR_PATHS; p++)
			n += c->reason[i].path[p];
		if (n)
			printf("%s %llu\n", name_of(c->reason[i].code, backend),
			       (unsigned long long)n);
	}
	return 0;
}

static int run_batches(struct vmm *vm, struct module_session *m, char **argv)
{
	struct vmm_batch b = { .exits = (uint32_t)strtoul(argv[3], NULL, 0) };
	const struct egpr_strategy *s;
	unsigned int delay;
	struct data_error d;
	struct vmm_error e;
	int ret;

	for (argv += MIN_ARGUMENTS - 1; *argv; argv++) {
		s = egpr_strategy_find(*argv, &delay);
		if (!s) {
			fprintf(stderr, "exits: there is no strategy '%s'\n", *argv);
			return EGPR_USAGE;
		}
		ret = module_configure(
			m, module_configuration(s, EGPR_FORM_PROXY, EGPR_STATE_DIRTY, delay, 0),
			&d);
		if (ret)
			return module_failed(ret, &d);
		if (vmm_batch(vm, &b, &e))
			return vmm_failed(&e);
	}
	return 0;
}

/* The whole life of the guest, in the calling process. */
static int count(const struct vmm_host *h, const struct egpr_exit_kind *kind, char **argv)
{
	struct vmm_options o = { .irqchip = kind->needs & EGPR_EXIT_IRQCHIP,
				 .no_hypercall_patch = true };
	struct module_session m = { .fd = -1 };
	struct egpr_counters c;
	struct vmm *vm = NULL;
	struct data_error d;
	struct vmm_error e;
	char payload[4096];
	int ret;

	snprintf(payload, sizeof(payload), "%s/%s.elf", argv[1], kind->id);
	ret = module_open(&m, &d);
	if (ret)
		return module_failed(ret, &d);
	if (vmm_kind_check(h, kind, &o, &e) || vmm_open(&vm, &o, &e)) {
		ret = vmm_failed(&e);
		goto out_close;
	}
	ret = module_attach(&m, vmm_vcpu_fd(vm), &d);
	if (ret) {
		module_failed(ret, &d);
		goto out_close;
	}
	if (vmm_load(vm, payload, &e) || vmm_start(vm, &e)) {
		ret = vmm_failed(&e);
		goto out_close;
	}
	ret = run_batches(vm, &m, argv);
	if (ret)
		goto out_close;
	ret = module_counters(&m, &c, false, &d);
	ret = ret ? module_failed(ret, &d) : print_counts(&c, h->backend);

out_close:
	module_close(&m);
	vmm_close(vm);
	return ret;
}

int main(int argc, char **argv)
{
	const struct egpr_exit_kind *kind;
	struct vmm_host host;
	struct vmm_error e;
	int status;
	pid_t pid;

	if (argc < MIN_ARGUMENTS) {
		fprintf(stderr, "usage: exits PAYLOADS KIND EXITS STRATEGY...\n");
		return EGPR_USAGE;
	}
	kind = egpr_exit_kind_find(argv[2]);
	if (!kind) {
		fprintf(stderr, "exits: there is no exit kind '%s'\n", argv[2]);
		return EGPR_USAGE;
	}
	if (vmm_host_probe(&host, NULL, &e))
		return vmm_failed(&e);
	pid = fork();
	if (!pid)
		return count(&host, kind, argv);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("exits: a process of its own");
		return EGPR_INTERNAL;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EGPR_INTERNAL;
}
