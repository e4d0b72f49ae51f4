// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host facts: read from the kernel's files, and the id changes with each of
 * them and with nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <cjson/cJSON.h>

#include <bench/host/host.h>
#include <bench/host/sysfile.h>
#include "../fake_root.h"

#define CONFIG_SUM "1208daf77220ffc2"

#define CPUINFO(stepping, mhz)                                                         \
	"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n" \
	"model name\t: A CPU @ 2.00GHz\nstepping\t: " stepping                         \
	"\nmicrocode\t: 0x2b0005c0\ncpu MHz\t\t: " mhz                                 \
	"\n\nprocessor\t: 1\nvendor_id\t: Other\nstepping\t: 77\n"

static void make_host(const struct fake_root *r)
{
	fake_file(r, "/proc/cpuinfo", CPUINFO("8", "1999.998"));
	fake_file(r, "/proc/sys/kernel/osrelease", "6.12.117+deb12-amd64\n");
	fake_file(r, "/boot/config-6.12.117+deb12-amd64", "CONFIG_KVM=m\n");
	fake_file(r, "/sys/devices/system/cpu/possible", "0-7\n");
	fake_file(r, "/sys/devices/system/cpu/smt/active", "0\n");
	fake_file(r, "/sys/module/kvm/parameters/halt_poll_ns", "200000\n");
	fake_file(r, "/sys/module/kvm_intel/parameters/ept", "Y\n");
	fake_file(r, "/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
}

static void facts(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_host h;

	make_host(r);
	assert_int_equal(egpr_host_read(r->path, 0, &h), 0);
	assert_string_equal(h.fact[EGPR_HOST_cpu_vendor], "GenuineIntel");
	assert_string_equal(h.fact[EGPR_HOST_cpu_family], "6");
	assert_string_equal(h.fact[EGPR_HOST_cpu_model], "143");
	assert_string_equal(h.fact[EGPR_HOST_cpu_name], "A CPU @ 2.00GHz");
	assert_string_equal(h.fact[EGPR_HOST_cpu_stepping], "8");
	assert_string_equal(h.fact[EGPR_HOST_microcode], "0x2b0005c0");
	assert_string_equal(h.fact[EGPR_HOST_cpus], "0-7");
	assert_string_equal(h.fact[EGPR_HOST_kernel_release], "6.12.117+deb12-amd64");
	/* SHA-256 of "CONFIG_KVM=m\n" by coreutils' sha256sum, its first 64 bits. */
	assert_string_equal(h.fact[EGPR_HOST_kernel_config], CONFIG_SUM);
	assert_string_equal(h.kvm_parameters, "kvm.halt_poll_ns=200000\nkvm_intel.ept=Y\n");
	assert_string_equal(h.mitigations, "l1tf: Not affected\n");
	assert_int_equal(strlen(h.id), EGPR_HOST_ID_CHARS);
	assert_int_equal(strspn(h.id, "0123456789abcdef"), EGPR_HOST_ID_CHARS);
	assert_string_not_equal(h.id, h.machine);
	egpr_host_free(&h);
}

static void id_of(const struct fake_root *r, char *id)
{
	struct egpr_host h;

	assert_int_equal(egpr_host_read(r->path, 0, &h), 0);
	memcpy(id, h.id, sizeof(h.id));
	egpr_host_free(&h);
}

static void id_follows_facts(void **state)
{
	static const struct {
		const char *path, *content;
	} changes[] = {
		{ "/proc/cpuinfo", CPUINFO("9", "1999.998") },
		{ "/proc/sys/kernel/osrelease", "6.12.118\n" },
		{ "/boot/config-6.12.117+deb12-amd64", "CONFIG_KVM=y\n" },
		{ "/sys/devices/system/cpu/smt/active", "1\n" },
		{ "/sys/module/kvm_intel/parameters/ept", "N\n" },
		{ "/sys/devices/system/cpu/vulnerabilities/l1tf", "Vulnerable\n" },
	};
	const struct fake_root *r = *state;
	char before[EGPR_HOST_ID_CHARS + 1], after[EGPR_HOST_ID_CHARS + 1];
	size_t i;

	make_host(r);
	id_of(r, before);
	id_of(r, after);
	assert_string_equal(before, after);
	fake_file(r, "/proc/cpuinfo", CPUINFO("8", "800.000"));
	id_of(r, after);
	assert_string_equal(before, after); /* a frequency is no fact */
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		make_host(r);
		fake_file(r, changes[i].path, changes[i].content);
		id_of(r, after);
		assert_string_not_equal(before, after);
	}
}

static void nothing_there(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_host h;

	assert_int_equal(egpr_host_read(r->path, 0, &h), 0);
	assert_string_equal(h.fact[EGPR_HOST_cpu_vendor], "unknown");
	assert_string_equal(h.fact[EGPR_HOST_kernel_config], "unknown");
	assert_string_equal(h.fact[EGPR_HOST_kvm_parameters], "unknown");
	assert_string_equal(h.kvm_parameters, "");
	egpr_host_free(&h);
}

static void json(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_host h;
	cJSON *o;

	make_host(r);
	assert_int_equal(egpr_host_read(r->path, 0, &h), 0);
	o = egpr_host_json(&h);
	assert_string_equal(cJSON_GetObjectItem(o, "id")->valuestring, h.id);
	assert_string_equal(cJSON_GetObjectItem(o, "cpu_model")->valuestring, "143");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "kvm_parameter_list")), 2);
	cJSON_Delete(o);
	egpr_host_free(&h);
}

static void sysfiles(void **state)
{
	const struct fake_root *r = *state;
	char text[8], choice[] = "always [madvise] never", plain[] = "performance";
	long n = 5;

	fake_file(r, "/n", "42\n");
	fake_file(r, "/word", "many\n");
	fake_file(r, "/long", "0123456789\n");
	fake_file(r, "/empty", "");
	assert_int_equal(egpr_sysfile_long(r->path, &n, "/%s", "n"), 0);
	assert_int_equal(n, 42);
	assert_int_equal(egpr_sysfile_long(r->path, &n, "/word"), -EINVAL);
	assert_int_equal(egpr_sysfile_long(r->path, &n, "/empty"), -EINVAL);
	assert_int_equal(egpr_sysfile_long(r->path, &n, "/none"), -ENOENT);
	assert_int_equal(n, 42);
	assert_int_equal(egpr_sysfile_read(r->path, text, sizeof(text), "/long"), 7);
	assert_string_equal(text, "0123456");
	assert_int_equal(egpr_sysfile_read(r->path, text, sizeof(text), "/none"), -ENOENT);
	assert_string_equal(text, "");
	egpr_sysfile_choice(choice);
	assert_string_equal(choice, "madvise");
	egpr_sysfile_choice(plain);
	assert_string_equal(plain, "performance");
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, fake_root_setup, fake_root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(facts), WITH_ROOT(id_follows_facts), WITH_ROOT(nothing_there),
		WITH_ROOT(json),  WITH_ROOT(sysfiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
