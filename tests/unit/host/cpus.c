// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs beyond 1023, holes in their numbers, and CPUs that are offline. The kernel's answers
 * to sched_{get,set}affinity(2) are those of a host with CPUs 0-3, 1024-1031 and 1500.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <egpr/status.h>

#include <bench/host/cpu.h>
#include <bench/host/noise.h>
#include "../fake_root.h"

#define FAR	    1500
#define LIST	    "0-3,1024-1031,1500"
#define KERNEL_CPUS 2048 /* nr_cpu_ids: a smaller set is refused */

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

static struct cpus now; /* what the thread is allowed */
static int most_moves;	/* the highest CPU it was ever pinned to alone */

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	int cpu;

	assert_int_equal(pid, 0);
	if (size < KERNEL_CPUS / 8) {
		errno = EINVAL;
		return -1;
	}
	memset(set, 0, size);
	for (cpu = cpus_next(&now, -1); cpu >= 0; cpu = cpus_next(&now, cpu))
		CPU_SET_S((size_t)cpu, size, set);
	return 0;
}

/* The kernel takes the CPUs that are there, and refuses a set without any. */
int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	struct cpus there = { 0 }, next = { 0 };
	int cpu, n = 0;

	assert_int_equal(pid, 0);
	assert_int_equal(cpus_parse(&there, LIST), 0);
	for (cpu = cpus_next(&there, -1); cpu >= 0; cpu = cpus_next(&there, cpu)) {
		if ((size_t)cpu < size * 8 && CPU_ISSET_S((size_t)cpu, size, set)) {
			assert_int_equal(cpus_add(&next, cpu), 0);
			n++;
		}
	}
	cpus_free(&there);
	if (!n) {
		errno = EINVAL;
		return -1;
	}
	cpus_free(&now);
	now = next;
	if (n == 1 && cpus_last(&now) > most_moves)
		most_moves = cpus_last(&now);
	return 0;
}

static int setup(void **state)
{
	most_moves = -1;
	cpus_free(&now);
	return fake_root_setup(state) || cpus_parse(&now, LIST);
}

static int teardown(void **state)
{
	cpus_free(&now);
	return fake_root_teardown(state);
}

static void lists(void **state)
{
	static const char *const same[] = { "", "0", "0-3,1024-1031", "7,9-10", "1500,65535" };
	static const char *const wrong[] = {
		"x",	 "3-1", "1,,2", "0-",	 "1,",
		"65536", "-1",	"1 2",	"0-3:2", "99999999999999999999"
	};
	struct cpus s = { 0 };
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(cpus_parse(&s, same[i]), 0);
		cpus_text(&s, text, sizeof(text));
		assert_string_equal(text, same[i]);
		cpus_free(&s);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(cpus_parse(&s, wrong[i]), -EINVAL);
		cpus_free(&s);
	}
	assert_int_equal(cpus_parse(&s, "0-3,1024-1031"), 0);
	assert_true(cpus_has(&s, 1024) && cpus_has(&s, 1031) && cpus_has(&s, 3));
	assert_false(cpus_has(&s, 4) || cpus_has(&s, 1023) || cpus_has(&s, 1032));
	assert_false(cpus_has(&s, -1) || cpus_has(&s, 1 << 30));
	assert_int_equal(cpus_next(&s, 3), 1024);
	assert_int_equal(cpus_next(&s, 1031), -1);
	assert_int_equal(cpus_last(&s), 1031);
	cpus_text(&s, text, sizeof("0-3,...+"));
	assert_string_equal(text, "0-3,...");
	cpus_free(&s);
	assert_int_equal(cpus_last(&s), -1);
}

static void far_cpu(void **state)
{
	struct data_error e = { "" };
	struct egpr_preflight p;
	int cpu = -1;

	(void)state;
	assert_int_equal(cpu_choose(-1, 0.005, &cpu, &e), 0);
	assert_true(cpus_has(&now, cpu));
	assert_int_equal(egpr_noise_preflight(FAR, 0.005, &p), 0);
	assert_int_equal(p.cpu, FAR);
	assert_int_equal(most_moves, FAR);
	assert_int_equal(cpus_next(&now, FAR - 1), FAR); /* moved back: all of them */
	assert_int_equal(cpus_next(&now, 3), 1024);
	assert_true(egpr_noise_preflight(FAR + 1, 0.005, &p) < 0);
	assert_true(egpr_noise_preflight(-1, 0.005, &p) < 0);

	assert_int_equal(cpu_pin(FAR, &e), 0);
	assert_int_equal(cpus_next(&now, -1), FAR);
	assert_int_equal(cpu_pin(1024, &e), 0);
	cpu_unpin(); /* what it had before the first pin */
	assert_int_equal(cpus_next(&now, -1), 0);
	assert_int_equal(cpus_last(&now), FAR);
	assert_int_equal(cpu_pin(FAR - 1, &e), EGPR_UNAVAILABLE);
	assert_non_null(strstr(e.text, "1499"));
	cpu_unpin();
}

static void offline(void **state)
{
	static const struct {
		const char *smt, *fix;
	} fixes[] = {
		{ "on\n", "echo 1 > /sys/devices/system/cpu/cpu1030/online" },
		{ "notsupported\n", "echo 1 > /sys/devices/system/cpu/cpu1030/online" },
		{ "off\n", "echo on > /sys/devices/system/cpu/smt/control" },
		{ "forceoff\n", "boot without nosmt" },
	};
	const struct fake_root *r = *state;
	struct data_error e = { "" };
	size_t i;

	fake_file(r, "/sys/devices/system/cpu/present", LIST "\n");
	fake_file(r, "/sys/devices/system/cpu/online", "0-3,1024-1029,1500\n");
	for (i = 0; i < sizeof(fixes) / sizeof(*fixes); i++) {
		fake_file(r, "/sys/devices/system/cpu/smt/control", fixes[i].smt);
		assert_int_equal(cpu_check(r->path, &now, 1030, &e), EGPR_UNAVAILABLE);
		assert_non_null(strstr(e.text, "CPU 1030 is offline"));
		assert_non_null(strstr(e.text, fixes[i].fix));
		assert_non_null(strstr(e.text, "0-3,1024-1029,1500"));
	}
	assert_int_equal(cpu_check(r->path, &now, 1029, &e), 0);
	assert_int_equal(cpu_check(r->path, &now, FAR, &e), 0);
	assert_int_equal(cpu_check(r->path, &now, 4, &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, "CPU 4 is not there"));
	cpus_free(&now);
	assert_int_equal(cpus_parse(&now, "0-2"), 0);
	assert_int_equal(cpu_check(r->path, &now, 3, &e), EGPR_USAGE);
	assert_non_null(strstr(e.text, "not allowed for this process"));
	assert_non_null(strstr(e.text, "CPUs 0-2;"));
}

/* Settings of a core with a sibling far away. */
static int siblings_seen;

static void look(void *context, const struct egpr_setting *s)
{
	(void)context;
	if (!strcmp(s->id, "smt-sibling") && s->present && !s->quiet) {
		assert_string_equal(s->file, "/sys/devices/system/cpu/cpu1500/online");
		siblings_seen++;
	}
	if (!strcmp(s->id, "irq-affinity")) {
		assert_true(s->present && !s->quiet);
		assert_string_equal(s->wanted, "0-3,1025-1031");
		siblings_seen++;
	}
}

static void far_settings(void **state)
{
	const struct fake_root *r = *state;

	fake_file(r, "/sys/devices/system/cpu/online", LIST "\n");
	fake_file(r, "/sys/devices/system/cpu/cpu1024/topology/thread_siblings_list",
		  "1024,1500\n");
	fake_file(r, "/sys/devices/system/cpu/cpu1500/online", "1\n");
	fake_file(r, "/proc/irq/4/smp_affinity_list", "0-3\n");
	fake_file(r, "/proc/irq/5/smp_affinity_list", "1400-1600\n");
	siblings_seen = 0;
	egpr_noise_settings(r->path, 1024, look, NULL);
	assert_int_equal(siblings_seen, 2);
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(lists),
		WITH_ROOT(far_cpu),
		WITH_ROOT(offline),
		WITH_ROOT(far_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
