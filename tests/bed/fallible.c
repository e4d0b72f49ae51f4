// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory, at each place that asks for some: the call says ENOMEM, nothing is left behind, and the same
 * call succeeds when there is memory again.
 *
 * usage: fallible DIR: payloads in DIR, a test build of the module loaded, and KVM loaded anew since
 * the last attach
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <egpr/contract.h>
#include <egpr/standin.h>
#include <egpr/status.h>

#include <bench/layer/module_guest.h>
#include "tap.h"

#define FAIL_AT	   "/sys/module/egpr_switch/parameters/fail_at"
#define CALLS_MAX  20
#define VMALLOC	   "/proc/vmallocinfo"
#define LINE_BYTES 512

static struct vmm *vm;
static int fd = -1; /* of the operations on an open session */

/* Return: what @fail_at was, with @value there now. */
static int fail_at(int value)
{
	FILE *f = fopen(FAIL_AT, "r+");
	int was = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &was) != 1)
		was = -1;
	rewind(f);
	fprintf(f, "%d\n", value);
	fclose(f);
	return was;
}

/* Each returns 0 or the errno. */
static int op_open(void)
{
	int f = open(EGPR_DEVICE, O_RDWR | O_CLOEXEC), err = errno;

	if (f < 0)
		return err;
	close(f);
	return 0;
}

static uint32_t refusal; /* of the last attach */

static int op_attach(void)
{
	struct egpr_attach a = { .abi = EGPR_ABI_VERSION, .vcpu_fd = vmm_vcpu_fd(vm) };
	int err = ioctl(fd, EGPR_IOC_ATTACH, &a) ? errno : 0;

	refusal = a.refusal;
	if (err)
		return err;
	return ioctl(fd, EGPR_IOC_DETACH) ? errno : 0;
}

static int bench(unsigned int op)
{
	uint64_t out[4];
	struct egpr_bench b = {
		.abi = EGPR_ABI_VERSION,
		.op = op,
		.strategy = EGPR_STRATEGY_gated_mov,
		.form = EGPR_FORM_PROXY,
		.samples = sizeof(out) / sizeof(*out),
		.rounds = 1,
		.reg = EGPR_FIRST,
		.buffer = (uintptr_t)out,
	};

	return ioctl(fd, EGPR_IOC_BENCH, &b) ? errno : 0;
}

static int op_bench(void)
{
	return bench(EGPR_BENCH_SWITCH);
}

static int op_probe_none(void)
{
	return bench(EGPR_BENCH_PROBE_NONE);
}

/* What could not be ended goes on, and can be ended then. */
static int op_steps(void)
{
	static struct egpr_step step[EGPR_STEPS_MAX];
	struct egpr_steps begin = { .abi = EGPR_ABI_VERSION, .what = EGPR_STEPS_BEGIN };
	struct egpr_steps end = { .abi = EGPR_ABI_VERSION,
				  .what = EGPR_STEPS_END,
				  .buffer = (uintptr_t)step };

	int err;

	if (ioctl(fd, EGPR_IOC_STEPS, &begin))
		return errno;
	if (!ioctl(fd, EGPR_IOC_STEPS, &end))
		return 0;
	err = errno;
	return ioctl(fd, EGPR_IOC_STEPS, &end) ? EBUSY : err;
}

static int op_contract(void)
{
	static struct egpr_contract_image im;
	struct egpr_contract c = {
		.abi = EGPR_ABI_VERSION,
		.strategy = EGPR_STRATEGY_gated_mov,
		.form = EGPR_FORM_PROXY,
		.half = EGPR_RUN_EXIT,
		.image = (uintptr_t)&im,
	};
	uint32_t mxcsr = EGPR_MXCSR_DEFAULT;
	uint16_t cw = EGPR_CW_DEFAULT;

	memset(&im, 0, sizeof(im));
	memcpy(im.state.fx_in + EGPR_FX_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(im.state.fx_in + EGPR_FX_CW, &cw, sizeof(cw));
	return ioctl(fd, EGPR_IOC_CONTRACT, &c) ? errno : 0;
}

static const struct operation {
	const char *name;
	int (*run)(void);
	unsigned int least; /* calls that can fail, at least */
} operations[] = {
	{ "open", op_open, 3 },		{ "attach a vCPU", op_attach, 3 },
	{ "bench", op_bench, 3 },	{ "bench of the probes", op_probe_none, 7 },
	{ "contract", op_contract, 2 }, { "steps", op_steps, 2 },
};

/* Areas that the module holds now. */
static unsigned int held(void)
{
	char line[LINE_BYTES];
	unsigned int n = 0;
	FILE *f = fopen(VMALLOC, "r");

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "[egpr_switch]") && !strstr(line, "load_module");
	if (f)
		fclose(f);
	return n;
}

static void prove(const struct operation *o)
{
	unsigned int before, after, n;
	int err, left;

	err = o->run();
	if (!tap_ok(!err, "%s: with memory", o->name)) {
		tap_note("%s", strerror(err));
		return;
	}
	before = held();
	for (n = 1; n < CALLS_MAX; n++) {
		fail_at((int)n);
		err = o->run();
		left = fail_at(0);
		if (left > 0) /* it asks less often than this */
			break;
		after = held();
		if (!tap_ok(err == ENOMEM && before == after && !o->run(),
			    "%s: the %u. call fails: ENOMEM, nothing held, and then it works",
			    o->name, n))
			tap_note("%s; %u areas held, were %u", strerror(err), after, before);
	}
	tap_ok(!err && n > o->least, "%s: %u calls that can fail", o->name, n - 1);
}

/* The types of KVM's tracepoints are read once: the kernel's and KVM's, two calls after the argument's. */
static void prove_types(void)
{
	int n, err;

	for (n = 2; n <= 3; n++) {
		fail_at(n);
		err = op_attach();
		fail_at(0);
		tap_ok(err == ENOMEM && refusal == EGPR_REFUSED_NO_MEMORY,
		       "attach, no memory for types: %s: %s", strerror(err),
		       module_refusal(refusal));
	}
}

int main(int argc, char **argv)
{
	struct vmm_options options = { 0 };
	struct vmm_host host;
	struct vmm_error v;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: fallible DIR\n");
		return EGPR_USAGE;
	}
	if (fail_at(0) < 0) {
		fprintf(stderr, "fallible: %s: not there; load a test build of the module\n",
			FAIL_AT);
		return EGPR_UNAVAILABLE;
	}
	if (vmm_host_probe(&host, NULL, &v) ||
	    vmm_open_kind(&vm, &host, egpr_exit_kind_find("cpuid"), &options, argv[1], &v)) {
		vmm_error_print(stderr, "fallible", &v);
		return EGPR_INTERNAL;
	}
	fd = open(EGPR_DEVICE, O_RDWR | O_CLOEXEC);
	if (!tap_ok(fd >= 0, "open " EGPR_DEVICE))
		return tap_done();
	prove_types();
	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		prove(&operations[i]);
	close(fd);
	vmm_close(vm);
	return tap_done();
}
