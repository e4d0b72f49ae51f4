// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event counters: spellings, refusals in words, and a group that did not count
 * all the time is refused. The kernel's answer to read(2) is replaced for that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdarg.h>
#include <sys/syscall.h>

#include <bench/host/pmu.h>
#include "../fake_root.h"

ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);

static const uint64_t *answer;
static size_t answer_size;
static uint64_t step; /* by which the first count of an answer grows with each reading */
static uint64_t counted;

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	if (!answer)
		return __real_read(fd, buf, size);
	memcpy(buf, answer, answer_size);
	counted += step;
	if (step)
		memcpy((char *)buf + 3 * sizeof(counted), &counted, sizeof(counted));
	return (ssize_t)answer_size;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static int refusal; /* errno of perf_event_open(2) while it is not 0 */
static int dummy;   /* while set it gives a file, whatever the event */

long __wrap_syscall(long number, ...)
{
	long a[5];
	va_list ap;
	int i;

	assert_int_equal(number, SYS_perf_event_open);
	va_start(ap, number);
	for (i = 0; i < 5; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (refusal) {
		errno = refusal;
		return -1;
	}
	if (dummy)
		return open("/dev/zero", O_RDONLY | O_CLOEXEC);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

static const char *const software[] = { "page-faults", "context-switches:user" };

static void wrong_spellings(void **state)
{
	static const char *const wrong[] = {
		"",	    "no-such-event", "r",     "rxyz", "r1g", "cycles:nobody", "msr/none/",
		"nopmu/x/", "msr/../type/",  ":user", "/",
	};
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(egpr_pmu_open(&wrong[i], 1, &pmu, why), -EINVAL);
		assert_non_null(strstr(why, "no such event"));
	}
	assert_int_equal(egpr_pmu_open(software, 0, &pmu, why), -EINVAL);
	assert_int_equal(egpr_pmu_open(software, EGPR_PMU_EVENTS_MAX + 1, &pmu, why), -EINVAL);
}

/* Raw codes are accepted: what the host cannot count is another refusal. */
static void raw_codes(void **state)
{
	static const char *const raw[] = { "r01c2", "r01c2:user", "rC0:guest" };
	struct egpr_pmu_info info;
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	size_t i;

	(void)state;
	egpr_pmu_probe(&info);
	assert_int_equal(info.hardware, *info.why == 0);
	for (i = 0; i < sizeof(raw) / sizeof(*raw); i++) {
		int err = egpr_pmu_open(&raw[i], 1, &pmu, why);

		assert_int_not_equal(err, -EINVAL);
		if (!err)
			egpr_pmu_close(pmu);
		else
			assert_non_null(strstr(why, raw[i]));
	}
}

static void software_group(void **state)
{
	uint64_t before[2], after[2];
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	volatile char *page;

	(void)state;
	if (egpr_pmu_open(software, 2, &pmu, why)) {
		print_message("%s\n", why);
		skip();
	}
	assert_int_equal(egpr_pmu_read(pmu, before), 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	*page = 1;
	assert_int_equal(egpr_pmu_read(pmu, after), 0);
	assert_true(after[0] > before[0]);
	assert_true(after[1] >= before[1]);
	munmap((void *)page, 4096);
	egpr_pmu_close(pmu);
	egpr_pmu_close(NULL);
}

static void shared_counters(void **state)
{
	static const uint64_t all_the_time[] = { 2, 1000, 1000, 7, 8 };
	static const uint64_t half_the_time[] = { 2, 1000, 500, 7, 8 };
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu;
	uint64_t counts[2] = { 0, 0 };

	(void)state;
	if (egpr_pmu_open(software, 2, &pmu, why)) {
		print_message("%s\n", why);
		skip();
	}
	answer = all_the_time;
	answer_size = sizeof(all_the_time);
	assert_int_equal(egpr_pmu_read(pmu, counts), 0);
	assert_int_equal(counts[0], 7);
	assert_int_equal(counts[1], 8);
	answer = half_the_time;
	counts[0] = 0;
	assert_int_equal(egpr_pmu_read(pmu, counts), -EAGAIN);
	assert_int_equal(counts[0], 0);
	answer_size = 0; /* a group in error reads as end of file */
	assert_int_equal(egpr_pmu_read(pmu, counts), -EAGAIN);
	answer = NULL;
	egpr_pmu_close(pmu);
}

/* perf_event_paranoid as far as Debian's 3, and a container's filter: words with the cure. */
static void reasons(void **state)
{
	static const struct {
		const char *paranoid;
		int err, status;
		const char *words;
	} cases[] = {
		{ "3\n", -EACCES, -EACCES, "perf_event_paranoid is 3 (no event at all for users)" },
		{ "3\n", -EACCES, -EACCES, "sysctl kernel.perf_event_paranoid=1" },
		{ "2\n", -EACCES, -EACCES, "perf_event_paranoid is 2 (no kernel events" },
		{ "1\n", -EPERM, -EACCES, "seccomp filter" },
		{ "-1\n", -EPERM, -EACCES, "seccomp filter" },
		{ "2\n", -ENOENT, -ENODEV, "neither this CPU nor its kernel counts it" },
		{ "2\n", -ENOSYS, -ENODEV, "without CONFIG_PERF_EVENTS" },
		{ "2\n", -EMFILE, -EMFILE, "Too many open files" },
	};
	const struct fake_root *r = *state;
	char why[EGPR_PMU_WHY_SIZE];
	size_t i;

	assert_int_equal(egpr_pmu_explain(r->path, "cycles", -EACCES, why), -EACCES);
	assert_string_equal(why, "cycles: not permitted; run as root");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fake_file(r, "/proc/sys/kernel/perf_event_paranoid", cases[i].paranoid);
		assert_int_equal(egpr_pmu_explain(r->path, "cycles", cases[i].err, why),
				 cases[i].status);
		assert_non_null(strstr(why, cases[i].words));
		assert_int_equal(strncmp(why, "cycles: ", 8), 0);
	}
}

static unsigned int perfmon;

/* An Intel CPU with as many counters as leaf 0AH says. */
static void intel(unsigned int leaf, unsigned int sub, unsigned int *regs)
{
	(void)sub;
	memset(regs, 0, CPUID_REGS * sizeof(*regs));
	if (!leaf)
		regs[CPUID_EAX] = 0x10;
	if (leaf == 0xa)
		regs[CPUID_EAX] = perfmon;
}

#define EIGHT_COUNTERS 0x08300805 /* version 5, eight of 48 bits */

/* No core cycles is a reason, never a 0. */
static void no_core_cycles(void **state)
{
	static const uint64_t still[] = { 1, 1000, 1000, 0 };
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu = NULL;

	(void)state;
	perfmon = 0;
	assert_int_equal(egpr_pmu_open_cycles(intel, &pmu, why), -ENODEV);
	assert_string_equal(why, "CPUID reports no performance counters");
	perfmon = EIGHT_COUNTERS;
	refusal = EACCES;
	assert_int_equal(egpr_pmu_open_cycles(intel, &pmu, why), -EACCES);
	assert_non_null(strstr(why, "not permitted"));
	refusal = 0;
	dummy = 1;
	answer = still; /* a hypervisor's counter that can be opened and counts nothing */
	answer_size = sizeof(still);
	assert_int_equal(egpr_pmu_open_cycles(intel, &pmu, why), -ENODEV);
	assert_non_null(strstr(why, "stands still"));
	answer = NULL;
	dummy = 0;
	assert_null(pmu);
}

/* One that counts is taken: the same dummy, moving. */
static void core_cycles(void **state)
{
	static const uint64_t moving[] = { 1, 1000, 1000, 0 };
	char why[EGPR_PMU_WHY_SIZE];
	struct egpr_pmu *pmu = NULL;

	(void)state;
	perfmon = EIGHT_COUNTERS;
	dummy = 1;
	answer = moving;
	answer_size = sizeof(moving);
	step = 1000000;
	assert_int_equal(egpr_pmu_open_cycles(intel, &pmu, why), 0);
	egpr_pmu_close(pmu);
	step = 0;
	answer = NULL;
	dummy = 0;
}

struct seen {
	unsigned int n, cycles, faults;
	struct egpr_pmu_info info;
};

static void look(void *context, const struct egpr_counter *c)
{
	struct seen *seen = context;

	seen->n++;
	assert_true(*c->id && *c->text && *c->source);
	seen->faults += !strcmp(c->id, "page-faults");
	if (!strcmp(c->id, "cycles")) {
		seen->cycles++;
		assert_int_equal(*c->why == 0, seen->info.hardware);
	}
}

static void list(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	egpr_pmu_probe(&seen.info);
	egpr_pmu_list(look, &seen);
	assert_int_equal(seen.cycles, 1);
	assert_int_equal(seen.faults, 1);
	assert_true(seen.n >= 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_spellings),
		cmocka_unit_test(raw_codes),
		cmocka_unit_test(software_group),
		cmocka_unit_test(shared_counters),
		cmocka_unit_test_setup_teardown(reasons, fake_root_setup, fake_root_teardown),
		cmocka_unit_test(no_core_cycles),
		cmocka_unit_test(core_cycles),
		cmocka_unit_test(list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
