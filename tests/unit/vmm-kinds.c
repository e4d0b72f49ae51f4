// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit kinds as the library offers them: rows match payloads, every kind that can run
 * here does what its row says, and every other one says why not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <cmocka.h>

#include <egpr/guest.h>

#include "../../vmm-mini/vmm.h"

#define EXITS	    24
#define PAYLOAD_SRC "asm/payload"
#define NOT_EXITED  0x1234
#define MCG_STORED  5

/* The tests run from the top of the tree, with the build directory in B. */
static const char *payloads(void)
{
	static char path[256];
	const char *b = getenv("B");

	snprintf(path, sizeof(path), "%s/payloads", b ? b : "build");
	return path;
}

static struct vmm_host host;
static bool have_kvm;

/* What the last execution leaves in rax, where the VMM or KVM decides that. */
static void check_result(const struct egpr_exit_kind *k, uint64_t result)
{
	if (!strcmp(k->id, "pio-in"))
		assert_int_equal(result & 0xff, EGPR_PIO_VALUE);
	else if (!strcmp(k->id, "mmio-read"))
		assert_true(result == EGPR_MMIO_VALUE);
	else if (!strcmp(k->id, "rdmsr"))
		assert_int_equal(result, MCG_STORED);
	else if (!strcmp(k->id, "vmcall"))
		assert_true((int64_t)result < 0);
}

static uint32_t user_reason(const struct egpr_exit_kind *k)
{
	if (!strncmp(k->id, "pio-", 4))
		return KVM_EXIT_IO;
	if (!strncmp(k->id, "mmio-", 5))
		return KVM_EXIT_MMIO;
	assert_string_equal(k->id, "hlt");
	return KVM_EXIT_HLT;
}

static void check_batch(const struct egpr_exit_kind *k, const struct vmm_batch *b)
{
	unsigned int doorbell = 1;
	uint32_t reason;

	assert_int_equal(b->done, EXITS);
	assert_true(b->host_cycles > 0 && b->guest_cycles > 0);
	if (k->path != EGPR_PATH_USER) {
		assert_int_equal(b->runs, 1);
		assert_int_equal(b->reasons[KVM_EXIT_IO], doorbell);
		return;
	}
	reason = user_reason(k);
	assert_int_equal(b->runs, EXITS);
	assert_int_equal(b->reasons[reason], EXITS + (reason == KVM_EXIT_IO ? doorbell : 0));
	if (reason != KVM_EXIT_IO)
		assert_int_equal(b->reasons[KVM_EXIT_IO], doorbell);
}

static void check_stamps(const uint64_t *stamps)
{
	int i;

	for (i = 0; i < EXITS; i++)
		assert_true(stamps[i] != NOT_EXITED && stamps[i] > 0);
}

static void run_kind(const struct egpr_exit_kind *k, unsigned int cpl)
{
	struct vmm_options o = { .cpl = cpl };
	uint64_t host_stamps[EXITS], guest_stamps[EXITS];
	struct vmm_batch b = { .exits = EXITS };
	struct vmm_error e = { 0 };
	struct vmm *vm;
	int ret, i;

	ret = vmm_open_kind(&vm, &host, k, &o, payloads(), &e);
	if (ret) {
		assert_int_equal(ret, EGPR_SKIPPED);
		assert_null(vm);
		assert_true(e.reason[0]);
		print_message("# %s at CPL %u: skipped: %s\n", k->id, cpl, e.reason);
		return;
	}
	for (i = 0; i < EXITS; i++)
		host_stamps[i] = guest_stamps[i] = NOT_EXITED;
	for (i = 0; i < 2; i++) {
		ret = vmm_batch(vm, &b, &e);
		if (ret)
			fail_msg("%s at CPL %u: %s", k->id, cpl, e.reason);
		check_batch(k, &b);
		check_result(k, b.result);
	}
	b.guest_stamps = guest_stamps;
	b.host_stamps = k->path == EGPR_PATH_USER ? host_stamps : NULL;
	assert_int_equal(vmm_batch(vm, &b, &e), 0);
	check_batch(k, &b);
	check_stamps(guest_stamps);
	if (b.host_stamps)
		check_stamps(host_stamps);
	vmm_close(vm);
}

static void test_every_kind(void **state)
{
	const struct egpr_exit_kind *k;

	(void)state;
	if (!have_kvm)
		skip();
	egpr_for_each_exit_kind(k) {
		run_kind(k, 0);
		run_kind(k, 3);
	}
}

/* The plainest kinds have no excuse anywhere. */
static void test_never_skipped(void **state)
{
	static const char *const ids[] = { "pio-out", "pio-in", "mmio-read", "cpuid", "rdmsr" };
	struct vmm_options o = { 0 };
	struct vmm_error e;
	unsigned int i;

	(void)state;
	if (!have_kvm)
		skip();
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct vmm *vm;

		assert_int_equal(
			vmm_open_kind(&vm, &host, egpr_exit_kind_find(ids[i]), &o, payloads(), &e),
			0);
		vmm_close(vm);
	}
}

static void test_rows_are_files(void **state)
{
	const struct egpr_exit_kind *k;
	char path[256];
	struct dirent *d;
	DIR *dir;
	FILE *f;

	(void)state;
	if (access(PAYLOAD_SRC, R_OK)) /* in a machine that got only the build directory */
		skip();
	egpr_for_each_exit_kind(k) {
		snprintf(path, sizeof(path), PAYLOAD_SRC "/%s.S", k->id);
		f = fopen(path, "re");
		if (!f)
			fail_msg("%s: no payload %s", k->id, path);
		fclose(f);
	}
	dir = opendir(PAYLOAD_SRC);
	assert_non_null(dir);
	while ((d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (n < 3 || strcmp(d->d_name + n - 2, ".S"))
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)(n - 2), d->d_name);
		if (!egpr_exit_kind_find(path))
			fail_msg("%s/%s: no row", PAYLOAD_SRC, d->d_name);
	}
	closedir(dir);
}

static void count_entry(struct egpr_switch *sw)
{
	sw->delay++;
}

static void count_exit(struct egpr_switch *sw)
{
	sw->flags++;
	assert_int_equal(sw->flags, sw->delay);
}

/* Both hooks around every KVM_RUN, in turns: once per exit and once for the doorbell. */
static void test_hooks(void **state)
{
	static struct egpr_switch sw;
	const struct egpr_sequence hooks = { count_exit, count_entry };
	struct vmm_batch b = { .exits = EXITS, .hooks = &hooks, .sw = &sw };
	struct vmm_options o = { 0 };
	struct vmm_error e;
	struct vmm *vm;

	(void)state;
	if (!have_kvm)
		skip();
	assert_int_equal(
		vmm_open_kind(&vm, &host, egpr_exit_kind_find("pio-out"), &o, payloads(), &e), 0);
	assert_int_equal(vmm_batch(vm, &b, &e), 0);
	assert_int_equal(sw.flags, EXITS + 1);
	assert_int_equal(sw.delay, EXITS + 1);
	vmm_close(vm);
}

/* A kind's needs are answered from the host's answers, in words. */
static void test_needs(void **state)
{
	struct vmm_host h = { 0 };
	struct vmm_options o = { .state = EGPR_STATE_DIRTY };
	struct vmm_error e;

	(void)state;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsr-x2apic-icr"), &o, &e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "irqchip"));
	h.guest_needs = EGPR_EXIT_IRQCHIP;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsr-x2apic-icr"), &o, &e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "x2APIC"));
	h.guest_needs |= EGPR_EXIT_X2APIC;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsr-x2apic-icr"), &o, &e), 0);
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsrns-imm-x2apic-icr"), &o, &e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "immediate"));
	o.emulate = true;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsrns-imm-x2apic-icr"), &o, &e),
			 0);
	o.cpl = 3;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("hlt"), &o, &e), EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "CPL 3"));
	o.cpl = 0;
	o.state = EGPR_STATE_OFF;
	assert_int_equal(vmm_kind_check(&h, egpr_exit_kind_find("wrmsrns-imm-x2apic-icr"), &o, &e),
			 EGPR_SKIPPED);
	assert_non_null(strstr(e.reason, "off"));
}

static int probe(void **state)
{
	struct vmm_error e;

	(void)state;
	have_kvm = !vmm_host_probe(&host, NULL, &e);
	if (!have_kvm)
		print_message("# %s: %s\n", e.thing, e.reason);
	return 0;
}

static void test_host(void **state)
{
	struct vmm_host none;
	struct vmm_error e;

	(void)state;
	assert_int_equal(vmm_host_probe(&none, "/nonexistent/kvm", &e), EGPR_UNAVAILABLE);
	assert_false(none.representative);
	assert_true(none.why[0] && none.nop_cycles < 0);
	if (!have_kvm)
		skip();
	assert_true(host.nop_cycles > 0 && host.nr_caps > 0 && host.why[0]);
	assert_true(host.representative == (host.nop_cycles <= 100 && !host.emulator[0]));
	assert_string_not_equal(host.backend, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_files), cmocka_unit_test(test_needs),
		cmocka_unit_test(test_host),	       cmocka_unit_test(test_never_skipped),
		cmocka_unit_test(test_hooks),	       cmocka_unit_test(test_every_kind),
	};

	return cmocka_run_group_tests(tests, probe, NULL);
}
