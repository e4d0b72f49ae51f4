// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hard cases: what happens to attached vCPUs when the rest of the system moves.
 *
 * usage: hard DIR CASE...: state payloads in DIR; each case is a function below.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/kvm.h>

#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include "tap.h"

#define EXITS	    50
#define ROUNDS	    40	   /* batches of a thread */
#define MOVE_US	    3000   /* between two migrations */
#define KILL_AFTER  20000  /* microseconds a VMM lives before it is killed, on average */
#define STOPPED_US  100000 /* of a stopped VMM */
#define PATTERN	    0xa5a5000000000000ull
#define MODULE_NAME "egpr_switch"

static struct vmm_host host;
static const char *dir;

/**
 * struct worker - a thread with a guest
 * @id: strategy
 * @kind: exit kind
 * @ours: whether its vCPU is attached
 * @ok: everything held
 * @why: what did not
 */
struct worker {
	pthread_t thread;
	const char *id;
	const char *kind;
	bool ours;
	bool ok;
	char why[1200];
};

/* A guest that is none of ours: its register file holds a pattern that no one may touch. */
static bool run_other(struct guest *g)
{
	struct vmm_batch b = { .exits = EXITS };
	struct vmm_error v;
	int i, k;

	for (k = 0; k < EGPR_COUNT; k++)
		g->module.page->r[k] = PATTERN + (unsigned int)k;
	g->module.page->xcr0 &= ~(1ull << EGPR_XFEATURE);
	for (i = 0; i < ROUNDS; i++) {
		if (vmm_batch(g->vm, &b, &v))
			return guest_fail(g, "%s", v.reason);
	}
	for (k = 0; k < EGPR_COUNT; k++) {
		if (g->module.page->r[k] != PATTERN + (unsigned int)k)
			return guest_fail(g, "r%d of a vCPU that is not attached was changed",
					  EGPR_FIRST + k);
	}
	return true;
}

static bool run_ours(struct guest *g, const char *id)
{
	int i;

	if (!guest_configure(g, egpr_strategy_find(id, NULL), EGPR_STATE_DIRTY, 0, true))
		return false;
	for (i = 0; i < ROUNDS; i++) {
		if (!guest_batch(g, EXITS))
			return false;
	}
	return true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct guest g;

	w->ok = !guest_open(&g, &host, w->kind, dir, w->ours) &&
		(w->ours ? run_ours(&g, w->id) : run_other(&g));
	snprintf(w->why, sizeof(w->why), "%s", g.why);
	guest_close(&g);
	return NULL;
}

static void start(struct worker *w, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		pthread_create(&w[i].thread, NULL, work, &w[i]);
}

static void finish(struct worker *w, size_t n, const char *what)
{
	size_t i;

	for (i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		if (!tap_ok(w[i].ok, "%s: %s guest, %s, %s", what, w[i].ours ? "attached" : "other",
			    w[i].id, w[i].kind))
			tap_note("%s", w[i].why);
	}
}

static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(thread, sizeof(set), &set);
}

static long cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* Two vCPUs, moved to and fro between the CPUs. */
static void migrate(void)
{
	struct worker w[] = {
		{ .id = "gated-mov", .kind = "cpuid", .ours = true },
		{ .id = "uncond-push2", .kind = "pio-out", .ours = true },
	};
	unsigned int moves = 0;
	bool more = true;
	size_t i;

	if (cpus() < 2) {
		tap_skip("one CPU", "migration");
		return;
	}
	for (i = 0; i < 2; i++)
		pthread_create(&w[i].thread, NULL, work, &w[i]);
	while (more) {
		more = false;
		for (i = 0; i < 2; i++) {
			if (!w[i].thread)
				continue;
			if (!pthread_tryjoin_np(w[i].thread, NULL)) {
				w[i].thread = 0;
				continue;
			}
			more = true;
			pin(w[i].thread, (int)((moves + i) % 2));
		}
		moves++;
		usleep(MOVE_US);
	}
	for (i = 0; i < 2; i++) {
		if (!tap_ok(w[i].ok, "migration, %u moves: %s, %s", moves, w[i].id, w[i].kind))
			tap_note("%s", w[i].why);
	}
}

/* Three of ours on the CPUs beside one that is not. */
static void beside(void)
{
	struct worker w[] = {
		{ .id = "gated-push2", .kind = "cpuid", .ours = true },
		{ .id = "xsave", .kind = "pio-out", .ours = true },
		{ .id = "dual", .kind = "rdmsr", .ours = true },
		{ .id = "none", .kind = "cpuid", .ours = false },
	};

	start(w, sizeof(w) / sizeof(*w));
	finish(w, sizeof(w) / sizeof(*w), "three beside one");
}

/* In a preemptible kernel: where kvm_exit has interrupts on, a refusal that says so; else a proof. */
static void preempt(void)
{
	const struct egpr_strategy *s = egpr_strategy_find("gated-mov", NULL);
	struct guest g;
	bool ok;

	if (!tap_ok(!guest_open(&g, &host, "cpuid", dir, true), "a guest under preempt=full"))
		tap_note("%s", g.why);
	tap_ok(g.module.query.features & EGPR_HAS_PREEMPTION, "the kernel is preemptible");
	ok = guest_configure(&g, s, EGPR_STATE_DIRTY, 0, true);
	if (ok) {
		guest_close(&g);
		tap_note("kvm_exit has interrupts off here: the strategy must hold");
		beside();
		migrate();
		return;
	}
	tap_note("%s", g.why);
	tap_ok(strstr(g.why, module_refusal(EGPR_REFUSED_IRQS_ON)) != NULL,
	       "refused, because kvm_exit has interrupts on");
	guest_close(&g);
}

static void child_loop(const char *id)
{
	struct guest g;

	if (guest_open(&g, &host, "pio-out", dir, true) ||
	    !guest_configure(&g, egpr_strategy_find(id, NULL), EGPR_STATE_DIRTY, 0, true))
		_exit(EGPR_INTERNAL);
	while (guest_batch(&g, EXITS))
		;
	_exit(EGPR_DATA);
}

static uint32_t sessions(void)
{
	struct module_session m;
	struct data_error e;
	uint32_t n = UINT32_MAX;

	if (!module_open(&m, &e))
		n = m.query.sessions;
	module_close(&m);
	return n;
}

static void kill_often(unsigned int times)
{
	const struct egpr_strategy *s = egpr_strategies;
	unsigned int i, killed = 0;
	int status;
	pid_t pid;

	for (i = 0; i < times; i++) {
		do { /* not the controls: their guest finds its registers lost and ends by itself */
			if (++s == egpr_strategies + EGPR_NR_STRATEGIES)
				s = egpr_strategies;
		} while (s->home == EGPR_HOME_HW || s->home == EGPR_HOME_KVM);
		pid = fork();
		if (!pid)
			child_loop(s->id);
		usleep(KILL_AFTER / 2 + (i * 7919) % KILL_AFTER);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	tap_ok(killed == times, "%u of %u VMMs died by SIGKILL and not before", killed, times);
	tap_ok(!sessions(), "no session outlived them (%u)", sessions());
}

static void kill100(void)
{
	kill_often(100);
}

static void kill10(void)
{
	kill_often(10);
}

/* rmmod while attached must be refused, and must not disturb. */
static void unload(void)
{
	struct guest g;
	long ret;

	tap_ok(!guest_open(&g, &host, "cpuid", dir, true) &&
		       guest_configure(&g, egpr_strategy_find("gated-mov", NULL), EGPR_STATE_DIRTY,
				       0, true) &&
		       guest_batch(&g, EXITS),
	       "a proof before rmmod");
	ret = syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK);
	tap_ok(ret < 0 && (errno == EWOULDBLOCK || errno == EBUSY),
	       "rmmod is refused while attached: %s", ret ? strerror(errno) : "it was not");
	if (!tap_ok(guest_batch(&g, EXITS), "the proof goes on"))
		tap_note("%s", g.why);
	guest_close(&g);
}

/* Closing the module's file while the vCPU is in KVM_RUN: undone when it comes out. */
static atomic_bool in_run;

static void *close_under(void *arg)
{
	struct module_session *m = arg;

	while (!in_run)
		;
	usleep(MOVE_US);
	module_close(m);
	return NULL;
}

/* In form proxy on a guest of its own: a shared register file would keep the session's file open. */
static int open_proxy(struct module_session *m, struct vmm **vm, char *why, size_t size)
{
	const struct egpr_strategy *s = egpr_strategy_find("gated-mov", NULL);
	struct vmm_options o = { 0 };
	struct vmm_batch b = { .exits = 1 };
	struct data_error e;
	struct vmm_error v;
	char payloads[4096];

	/* The plain payloads lie above those of the state proofs. */
	snprintf(payloads, sizeof(payloads), "%s/..", dir);
	if (vmm_open_kind(vm, &host, egpr_exit_kind_find("cpuid"), &o, payloads, &v)) {
		snprintf(why, size, "%s", v.reason);
		return -1;
	}
	snprintf(why, size, "the guest does not run");
	if (module_open(m, &e) || module_attach(m, vmm_vcpu_fd(*vm), &e) ||
	    vmm_batch(*vm, &b, &v) ||
	    module_configure(m, module_configuration(s, EGPR_FORM_PROXY, EGPR_STATE_DIRTY, 0, 0),
			     &e)) {
		snprintf(why, size, "%s", e.text);
		return -1;
	}
	return 0;
}

static void close_running(void)
{
	struct vmm_batch b = { .exits = 20000 };
	struct module_session m = { .fd = -1 };
	struct vmm *vm = NULL;
	struct vmm_error v;
	pthread_t closer;
	char why[1200];
	int i, ret;

	if (open_proxy(&m, &vm, why, sizeof(why))) {
		tap_ok(false, "a guest whose session is closed under it: %s", why);
		return;
	}
	pthread_create(&closer, NULL, close_under, &m);
	in_run = true;
	ret = vmm_batch(vm, &b, &v);
	pthread_join(closer, NULL);
	if (!tap_ok(!ret, "a guest runs on when its session is closed under it"))
		tap_note("%s", v.reason);
	for (i = 0; i < 100 && sessions(); i++)
		usleep(MOVE_US);
	tap_ok(!sessions(), "the session ends once the vCPU is out of KVM_RUN");
	vmm_close(vm);
}

/*
 * Lending: in a test build form proxy lends the guest AVX. Each way of ending it must give the
 * guest's XCR0 back, which KVM_GET_XCRS reads where the module wrote.
 */
#define XCR0_X87_SSE 0x3ull
#define XCR0_AVX     0x4ull

static uint64_t guest_xcr0(const struct vmm *vm)
{
	struct kvm_xcrs x = { 0 };

	return ioctl(vmm_vcpu_fd(vm), KVM_GET_XCRS, &x) ? 0 : x.xcrs[0].value;
}

static bool set_guest_xcr0(const struct vmm *vm, uint64_t value)
{
	struct kvm_xcrs x = { .nr_xcrs = 1, .xcrs[0] = { .value = value } };

	return !ioctl(vmm_vcpu_fd(vm), KVM_SET_XCRS, &x);
}

static bool lend(struct module_session *m, enum egpr_guest_state state)
{
	const struct egpr_strategy *s = egpr_strategy_find("gated-mov", NULL);
	struct data_error e;

	return !module_configure(m, module_configuration(s, EGPR_FORM_PROXY, state, 0, 0), &e);
}

static bool lend_again(struct module_session *m, struct vmm *vm)
{
	struct vmm_batch b = { .exits = 1 };
	struct data_error e;
	struct vmm_error v;

	return !module_open(m, &e) && !module_attach(m, vmm_vcpu_fd(vm), &e) &&
	       !vmm_batch(vm, &b, &v) && lend(m, EGPR_STATE_DIRTY) &&
	       guest_xcr0(vm) == (XCR0_X87_SSE | XCR0_AVX);
}

/* Another process holds the session, and is killed. */
static bool lender_is_killed(struct vmm *vm)
{
	struct vmm_batch b = { .exits = 1 };
	int attached[2], ran[2], status, i;
	struct vmm_error v;
	bool held;
	pid_t pid;
	char c = 0;

	if (pipe(attached) || pipe(ran))
		return false;
	pid = fork();
	if (!pid) {
		struct module_session m;
		struct data_error e;

		if (module_open(&m, &e) || module_attach(&m, vmm_vcpu_fd(vm), &e) ||
		    write(attached[1], &c, 1) != 1 || read(ran[0], &c, 1) != 1 ||
		    !lend(&m, EGPR_STATE_DIRTY) || write(attached[1], &c, 1) != 1)
			_exit(EGPR_INTERNAL);
		for (;;)
			pause();
	}
	held = read(attached[0], &c, 1) == 1 && !vmm_batch(vm, &b, &v) &&
	       write(ran[1], &c, 1) == 1 && read(attached[0], &c, 1) == 1 &&
	       guest_xcr0(vm) == (XCR0_X87_SSE | XCR0_AVX) && !vmm_batch(vm, &b, &v);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (i = 0; i < 4; i++)
		close(i < 2 ? attached[i] : ran[i - 2]);
	return held;
}

static void lending(void)
{
	struct vmm_batch b = { .exits = 20000 };
	struct module_session m = { .fd = -1 };
	struct vmm *vm = NULL;
	struct data_error e;
	struct vmm_error v;
	pthread_t closer;
	char why[1200];
	int i;

	if (open_proxy(&m, &vm, why, sizeof(why))) {
		tap_ok(false, "a guest to lend to: %s", why);
		return;
	}
	module_close(&m);
	/* Set here, because not every emulated CPU tells KVM of the guest's XSETBV. */
	tap_ok(set_guest_xcr0(vm, XCR0_X87_SSE | XCR0_AVX) && lend_again(&m, vm),
	       "a guest that has AVX by itself keeps it");
	tap_ok(!module_detach(&m, &e) && guest_xcr0(vm) == (XCR0_X87_SSE | XCR0_AVX),
	       "and nothing is taken from it");
	module_close(&m);

	tap_ok(set_guest_xcr0(vm, XCR0_X87_SSE) && lend_again(&m, vm),
	       "a guest without is lent it");
	tap_ok(lend(&m, EGPR_STATE_OFF) && guest_xcr0(vm) == XCR0_X87_SSE,
	       "state off takes it back");
	tap_ok(lend(&m, EGPR_STATE_DIRTY) && guest_xcr0(vm) != XCR0_X87_SSE &&
		       !module_detach(&m, &e) && guest_xcr0(vm) == XCR0_X87_SSE,
	       "detach takes it back");
	module_close(&m);

	in_run = false;
	if (tap_ok(lend_again(&m, vm), "lent once more")) {
		pthread_create(&closer, NULL, close_under, &m);
		in_run = true;
		if (!tap_ok(!vmm_batch(vm, &b, &v), "the guest runs on when its session is closed"))
			tap_note("%s", v.reason);
		pthread_join(closer, NULL);
		for (i = 0; i < 100 && sessions(); i++)
			usleep(MOVE_US);
	}
	tap_ok(guest_xcr0(vm) == XCR0_X87_SSE, "closed while it ran: taken back once it was out");

	tap_ok(lender_is_killed(vm), "lent by another process, which is killed");
	tap_ok(guest_xcr0(vm) == XCR0_X87_SSE && !sessions(), "its death took it back");
	vmm_close(vm);
}

static bool set_online(int cpu, bool on)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	f = fopen(path, "w");
	return f && fprintf(f, "%d\n", on) > 0 && !fclose(f);
}

/* CPU 1 goes and comes while guests run on both. */
static void hotplug(void)
{
	struct worker w[] = {
		{ .id = "gated-mov", .kind = "cpuid", .ours = true },
		{ .id = "xsave", .kind = "pio-out", .ours = true },
	};
	bool off = true, on = true;
	unsigned int i, rounds = 4;

	if (cpus() < 2) {
		tap_skip("one CPU", "CPU hotplug");
		return;
	}
	start(w, sizeof(w) / sizeof(*w));
	for (i = 0; i < rounds; i++) {
		usleep(MOVE_US * 10);
		off &= set_online(1, false);
		usleep(MOVE_US * 10);
		on &= set_online(1, true);
	}
	tap_ok(off && on, "CPU 1 went and came %u times", rounds);
	finish(w, sizeof(w) / sizeof(*w), "CPU hotplug");
}

/* A VMM that is stopped in the middle and continued. */
static void stop(void)
{
	int status = 0, i;
	pid_t pid = fork();

	if (!pid) {
		struct worker w = { .id = "gated-push2", .kind = "pio-out", .ours = true };

		work(&w);
		_exit(w.ok ? 0 : EGPR_DATA);
	}
	for (i = 0; i < 5; i++) {
		usleep(STOPPED_US / 2);
		kill(pid, SIGSTOP);
		usleep(STOPPED_US);
		kill(pid, SIGCONT);
	}
	waitpid(pid, &status, 0);
	tap_ok(WIFEXITED(status) && !WEXITSTATUS(status),
	       "a stopped and continued VMM loses nothing");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "migrate", migrate }, { "beside", beside },	    { "preempt", preempt },
	{ "kill100", kill100 }, { "kill10", kill10 },	    { "unload", unload },
	{ "lend", lending },	{ "close", close_running }, { "hotplug", hotplug },
	{ "stop", stop },
};

int main(int argc, char **argv)
{
	struct vmm_error v;
	int a;
	size_t i;

	if (argc < 3) {
		fprintf(stderr, "usage: hard DIR CASE...\n");
		return EGPR_USAGE;
	}
	dir = argv[1];
	if (vmm_host_probe(&host, NULL, &v)) {
		vmm_error_print(stderr, "hard", &v);
		return EGPR_INTERNAL;
	}
	for (a = 2; a < argc; a++) {
		for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			if (!strcmp(argv[a], cases[i].name))
				break;
		}
		if (i == sizeof(cases) / sizeof(*cases)) {
			fprintf(stderr, "hard: there is no case '%s'\n", argv[a]);
			return EGPR_USAGE;
		}
		cases[i].run();
	}
	return tap_done();
}
