// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that are not at hand: hybrid ones, and ones that do not state the rate of their TSC.
 * CPUID is answered from a table; the TSC itself is this host's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <bench/host/core_type.h>
#include <bench/host/cpu.h>
#include <bench/host/host.h>
#include <bench/host/tsc.h>
#include "../fake_root.h"

#define HYPERVISOR (1u << 31) /* ECX of leaf 1 */
#define HYBRID	   (1u << 15) /* EDX of leaf 7 */
#define MIXED	   (1u << 30) /* EAX of leaf 80000026H */

struct leaf {
	unsigned int leaf, regs[CPUID_REGS];
};

static struct leaf leaves[8];
static unsigned int nr_leaves;

/* What is not in the table reads as zero. */
static void fake_cpuid(unsigned int leaf, unsigned int sub, unsigned int *regs)
{
	unsigned int i;

	memset(regs, 0, CPUID_REGS * sizeof(*regs));
	for (i = 0; i < nr_leaves; i++) {
		if (leaves[i].leaf == leaf && !sub)
			memcpy(regs, leaves[i].regs, sizeof(leaves[i].regs));
	}
}

static void has(unsigned int leaf, unsigned int eax, unsigned int ebx, unsigned int ecx,
		unsigned int edx)
{
	assert_true(nr_leaves < sizeof(leaves) / sizeof(*leaves));
	leaves[nr_leaves++] = (struct leaf){ leaf, { eax, ebx, ecx, edx } };
}

static void new_cpu(unsigned int last_leaf)
{
	nr_leaves = 0;
	has(0, last_leaf, 0, 0, 0);
}

static enum core_type intel(unsigned int native)
{
	new_cpu(0x20);
	has(7, 0, 0, 0, HYBRID);
	has(0x1a, native, 0, 0, 0);
	return core_type_by_cpuid(fake_cpuid);
}

static enum core_type amd(unsigned int eax, unsigned int type)
{
	new_cpu(0x10);
	has(0x80000000u, 0x80000028u, 0, 0, 0);
	has(0x80000026u, eax, type << 28 | 4, 0, 0);
	return core_type_by_cpuid(fake_cpuid);
}

static void cores_by_cpuid(void **state)
{
	(void)state;
	assert_int_equal(intel(0x40000001), CORE_PERFORMANCE);
	assert_int_equal(intel(0x20000001), CORE_EFFICIENCY);
	assert_int_equal(intel(0x10000001), CORE_OTHER);
	new_cpu(0x20); /* the leaf without the bit says nothing */
	has(0x1a, 0x20000001, 0, 0, 0);
	assert_int_equal(core_type_by_cpuid(fake_cpuid), CORE_UNIFORM);
	new_cpu(0x19); /* nor does a leaf behind the last one */
	has(7, 0, 0, 0, HYBRID);
	has(0x1a, 0x20000001, 0, 0, 0);
	assert_int_equal(core_type_by_cpuid(fake_cpuid), CORE_UNIFORM);
	assert_int_equal(amd(MIXED, 0), CORE_PERFORMANCE);
	assert_int_equal(amd(MIXED, 1), CORE_EFFICIENCY);
	assert_int_equal(amd(MIXED, 7), CORE_OTHER);
	assert_int_equal(amd(0, 1), CORE_UNIFORM);
}

static void facts_of(const struct fake_root *r, int cpu, struct egpr_host *h)
{
	assert_int_equal(egpr_host_read(r->path, cpu, h), 0);
	egpr_host_free(h);
}

static void cores_by_kernel(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_host before, p, p2, e, low, none;

	facts_of(r, 0, &before);
	assert_int_equal(core_type_events(r->path, 0), 0);
	assert_string_equal(before.fact[EGPR_HOST_core_type], "uniform");
	fake_file(r, "/sys/devices/cpu_core/cpus", "0-11\n");
	fake_file(r, "/sys/devices/cpu_atom/cpus", "12-19,1024-1031\n");
	fake_file(r, "/sys/devices/cpu_lowpower/cpus", "20-21\n");
	facts_of(r, 0, &p);
	facts_of(r, 11, &p2);
	facts_of(r, 1030, &e);
	facts_of(r, 20, &low);
	facts_of(r, -1, &none);
	assert_string_equal(p.fact[EGPR_HOST_core_type], "performance");
	assert_string_equal(e.fact[EGPR_HOST_core_type], "efficiency");
	assert_string_equal(low.fact[EGPR_HOST_core_type], "low-power");
	assert_string_equal(none.fact[EGPR_HOST_core_type], "any");
	/* Two kinds are two hosts, with any version of the lab; two CPUs of a kind are one. */
	assert_string_equal(p.id, p2.id);
	assert_string_not_equal(p.id, e.id);
	assert_string_not_equal(p.machine, e.machine);
	assert_string_not_equal(e.machine, low.machine);
	assert_string_not_equal(before.id, p.id);
	assert_int_equal(core_type_of(r->path, 99), CORE_OTHER);
	fake_file(r, "/sys/devices/cpu_core/type", "4\n");
	fake_file(r, "/sys/devices/cpu_atom/type", "10\n");
	assert_int_equal(core_type_events(r->path, 3), 4);
	assert_int_equal(core_type_events(r->path, 1024), 10);
	assert_int_equal(core_type_events(r->path, 99), 0);
}

static double measured_hz(void)
{
	static double hz;

	if (!(hz > 0))
		hz = cpu_tsc_hz();
	return hz;
}

static struct tsc tsc_of(const struct fake_root *r)
{
	struct tsc t;

	tsc_find(r->path, fake_cpuid, &t);
	assert_true(t.measured_hz > 1e8 && fabs(t.measured_hz / measured_hz() - 1) < 0.01);
	assert_true(t.spread >= 0 && t.spread < 0.1);
	return t;
}

static void tsc_not_stated(void **state)
{
	struct tsc t;
	char text[512];
	cJSON *o;

	new_cpu(0x10); /* AMD: no leaf 15H */
	t = tsc_of(*state);
	assert_int_equal(t.source, TSC_CALIBRATED);
	assert_true(t.hz == t.measured_hz);
	tsc_text(&t, text, sizeof(text));
	assert_non_null(strstr(text, "calibrated: measured against CLOCK_MONOTONIC_RAW, spread"));
	o = tsc_json(&t);
	assert_string_equal(cJSON_GetObjectItem(o, "source")->valuestring, "calibrated");
	assert_true(cJSON_GetObjectItem(o, "measured_spread")->valuedouble == t.spread);
	assert_null(cJSON_GetObjectItem(o, "refused_source"));
	cJSON_Delete(o);
	new_cpu(0x16); /* leaf 15H is there and empty */
	assert_int_equal(tsc_of(*state).source, TSC_CALIBRATED);
}

static void tsc_by_cpuid(void **state)
{
	unsigned int mhz = (unsigned int)lround(measured_hz() / 1e6);
	struct tsc t;

	new_cpu(0x16);
	has(0x15, 2, mhz * 2, 1000000, 0);
	has(0x16, mhz, 0, 0, 0);
	t = tsc_of(*state);
	assert_int_equal(t.source, TSC_CPUID_15H);
	assert_true(t.hz == mhz * 1e6);
	new_cpu(0x16); /* a ratio and no crystal: Skylake */
	has(0x15, 2, 216, 0, 0);
	has(0x16, mhz, 0, 0, 0);
	t = tsc_of(*state);
	assert_int_equal(t.source, TSC_CPUID_16H);
	assert_true(t.hz == mhz * 1e6);
}

static void tsc_by_others(void **state)
{
	const struct fake_root *r = *state;
	unsigned int khz = (unsigned int)lround(measured_hz() / 1e3);
	char text[32];
	struct tsc t;

	new_cpu(0x10);
	has(0x40000000u, 0x40000010u, 0, 0, 0);
	has(0x40000010u, khz, 0, 0, 0);
	assert_int_equal(tsc_of(r).source, TSC_CALIBRATED); /* no hypervisor: no such leaf */
	has(1, 0, 0, HYPERVISOR, 0);
	t = tsc_of(r);
	assert_int_equal(t.source, TSC_HYPERVISOR);
	assert_true(t.hz == khz * 1e3);
	snprintf(text, sizeof(text), "%u\n", khz + 1);
	fake_file(r, "/sys/devices/system/cpu/cpu0/tsc_freq_khz", text);
	t = tsc_of(r);
	assert_int_equal(t.source, TSC_KERNEL);
	assert_true(t.hz == (khz + 1) * 1e3);
}

/* An emulator whose CPUID says what its TSC does not do. */
static void tsc_contradicted(void **state)
{
	char text[512];
	struct tsc t;
	cJSON *o;

	new_cpu(0x15);
	has(0x15, 1, 100, 1000000, 0);
	t = tsc_of(*state);
	assert_int_equal(t.source, TSC_CALIBRATED);
	assert_int_equal(t.refused, TSC_CPUID_15H);
	tsc_text(&t, text, sizeof(text));
	assert_non_null(strstr(text, "cpuid-15h says 100.000 MHz, which the measurement"));
	o = tsc_json(&t);
	assert_string_equal(cJSON_GetObjectItem(o, "refused_source")->valuestring, "cpuid-15h");
	cJSON_Delete(o);
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, fake_root_setup, fake_root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_by_cpuid), WITH_ROOT(cores_by_kernel),
		WITH_ROOT(tsc_not_stated),	  WITH_ROOT(tsc_by_cpuid),
		WITH_ROOT(tsc_by_others),	  WITH_ROOT(tsc_contradicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
