// SPDX-License-Identifier: GPL-2.0-only
/*
 * Noise: the kernel's counters are read from the right column, what is unknown
 * stays unknown, and settings are judged by bench/host/noise.table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <unistd.h>
#include <cjson/cJSON.h>

#include <bench/base/cpus.h>
#include <bench/host/noise.h>
#include "../fake_root.h"

#define STAT \
	"cpu  1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 11 9 10\ncpu12 1 2 3 4 5 6 7 13 9 10\nintr 5\n"

static struct egpr_noise *sampler(const struct fake_root *r, int cpu)
{
	struct egpr_noise *n;

	assert_int_equal(egpr_noise_open(r->path, cpu, &n), 0);
	return n;
}

static void columns(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_noise_counts c;
	struct egpr_noise *n;

	/* CPU 2 is offline and has no column. */
	fake_file(r, "/proc/interrupts",
		  "            CPU0       CPU1       CPU12\n"
		  "   0:         10        200       3000   IO-APIC    2-edge      timer 99\n"
		  "NMI:          1          2          3   Non-maskable interrupts\n"
		  "ERR:          7\n"
		  "LOC:          5         50        500   Local timer interrupts\n");
	fake_file(r, "/proc/stat", STAT);
	n = sampler(r, 12);
	egpr_noise_now(n, EGPR_NOISE_ALL, &c);
	assert_int_equal(c.irqs, 3503);
	assert_int_equal(c.steal_us, 13 * 1000000L / sysconf(_SC_CLK_TCK));
	assert_true(c.ctx_switches >= 0);
	egpr_noise_now(n, EGPR_NOISE_CTX, &c);
	assert_int_equal(c.irqs, EGPR_NOISE_UNKNOWN);
	assert_int_equal(c.steal_us, EGPR_NOISE_UNKNOWN);
	egpr_noise_close(n);

	n = sampler(r, 1);
	egpr_noise_now(n, EGPR_NOISE_ALL, &c);
	assert_int_equal(c.irqs, 252);
	egpr_noise_close(n);

	n = sampler(r, 2);
	egpr_noise_now(n, EGPR_NOISE_ALL, &c);
	assert_int_equal(c.irqs, EGPR_NOISE_UNKNOWN);
	assert_int_equal(c.steal_us, EGPR_NOISE_UNKNOWN);
	egpr_noise_close(n);
}

/* A file that grows while it is held open, beyond the first buffer. */
static void large_file(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_noise_counts c;
	struct egpr_noise *n;
	char path[128];
	FILE *f;
	int i;

	fake_file(r, "/proc/interrupts", "  CPU0\n  0: 1 x\n");
	n = sampler(r, 0);
	egpr_noise_now(n, EGPR_NOISE_IRQ, &c);
	assert_int_equal(c.irqs, 1);
	snprintf(path, sizeof(path), "%s/proc/interrupts", r->path);
	f = fopen(path, "a");
	assert_non_null(f);
	for (i = 0; i < 20000; i++)
		fprintf(f, "%d: 1 some device\n", i);
	fclose(f);
	egpr_noise_now(n, EGPR_NOISE_IRQ, &c);
	assert_int_equal(c.irqs, 20001);
	egpr_noise_close(n);
}

static void missing_files(void **state)
{
	const struct fake_root *r = *state;
	struct egpr_noise_counts c;
	struct egpr_noise *n = sampler(r, 0);

	assert_int_equal(egpr_noise_has(n) & (EGPR_NOISE_IRQ | EGPR_NOISE_STEAL), 0);
	egpr_noise_now(n, EGPR_NOISE_ALL, &c);
	assert_int_equal(c.irqs, EGPR_NOISE_UNKNOWN);
	assert_int_equal(c.steal_us, EGPR_NOISE_UNKNOWN);
	egpr_noise_close(n);
}

static void gains_and_causes(void **state)
{
	const struct egpr_noise_counts a = { 1, 10, -1, 5, 1000, 1000 };
	const struct egpr_noise_counts b = { 3, 10, 20, 6, 2100, 2000 };
	struct egpr_noise_counts g;
	char causes[EGPR_NOISE_CAUSES_SIZE];

	(void)state;
	egpr_noise_gain(&a, &b, &g);
	assert_int_equal(g.ctx_switches, 2);
	assert_int_equal(g.irqs, 0);
	assert_int_equal(g.steal_us, EGPR_NOISE_UNKNOWN);
	assert_int_equal(g.smis, 1);
	egpr_noise_causes(&g, 0, causes);
	assert_string_equal(causes, "ctx+smi");
	egpr_noise_causes(&g, 1.0, causes);
	assert_string_equal(causes, "ctx+smi+freq");
	egpr_noise_causes(&g, 1.1, causes);
	assert_string_equal(causes, "ctx+smi");
	g = (struct egpr_noise_counts){ 1, 1, 1, 1, 3, 1 };
	egpr_noise_causes(&g, 1.0, causes);
	assert_string_equal(causes, "ctx+irq+steal+smi+freq");
	g = (struct egpr_noise_counts){ -1, -1, -1, -1, -1, -1 };
	egpr_noise_causes(&g, 1.0, causes);
	assert_string_equal(causes, "");
}

struct seen {
	struct egpr_setting s[32];
	unsigned int n;
};

static void remember(void *context, const struct egpr_setting *s)
{
	struct seen *seen = context;

	assert_true(seen->n < sizeof(seen->s) / sizeof(*seen->s));
	seen->s[seen->n++] = *s;
}

static const struct egpr_setting *find(const struct seen *seen, const char *id)
{
	unsigned int i;

	for (i = 0; i < seen->n; i++) {
		if (!strcmp(seen->s[i].id, id))
			return &seen->s[i];
	}
	fail_msg("no row %s", id);
	return NULL;
}

static void settings(void **state)
{
	const struct fake_root *r = *state;
	struct seen seen = { .n = 0 };

	fake_file(r, "/sys/devices/system/cpu/online", "0-3\n");
	fake_file(r, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1,3\n");
	fake_file(r, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
	fake_file(r, "/sys/devices/system/cpu/cpu3/online", "1\n");
	fake_file(r, "/proc/irq/4/smp_affinity_list", "0,2\n");
	fake_file(r, "/proc/irq/5/smp_affinity_list", "2-3\n");
	fake_file(r, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	fake_file(r, "/proc/sys/kernel/nmi_watchdog", "1\n");
	egpr_noise_settings(r->path, 1, remember, &seen);

	assert_string_equal(find(&seen, "governor")->value, "powersave");
	assert_false(find(&seen, "governor")->quiet);
	assert_string_equal(find(&seen, "governor")->wanted, "performance");
	assert_string_equal(find(&seen, "smt-sibling")->value, "1");
	assert_false(find(&seen, "smt-sibling")->quiet);
	assert_string_equal(find(&seen, "irq-affinity")->wanted, "0,2");
	assert_string_equal(find(&seen, "irq-affinity")->value, "2-3");
	assert_false(find(&seen, "irq-affinity")->quiet);
	assert_true(find(&seen, "thp")->quiet);
	assert_false(find(&seen, "nmi-watchdog")->quiet);
	assert_false(find(&seen, "ksm")->present);

	/* Mended. */
	fake_file(r, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
	fake_file(r, "/sys/devices/system/cpu/cpu3/online", "0\n");
	fake_file(r, "/proc/irq/5/smp_affinity_list", "2\n");
	seen.n = 0;
	egpr_noise_settings(r->path, 1, remember, &seen);
	assert_true(find(&seen, "governor")->quiet);
	assert_true(find(&seen, "smt-sibling")->quiet);
	assert_true(find(&seen, "irq-affinity")->quiet);
}

static void lone_cpu(void **state)
{
	const struct fake_root *r = *state;
	struct seen seen = { .n = 0 };

	fake_file(r, "/sys/devices/system/cpu/online", "0\n");
	fake_file(r, "/proc/irq/4/smp_affinity_list", "0\n");
	egpr_noise_settings(r->path, 0, remember, &seen);
	assert_false(find(&seen, "irq-affinity")->present); /* nowhere else to go */
}

static void preflight(void **state)
{
	struct egpr_preflight p;
	cpu_set_t before, after;
	cJSON *o;
	int cpu;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (cpu = 0; !CPU_ISSET(cpu, &before); cpu++)
		;
	assert_int_equal(egpr_noise_preflight(cpu, 0.05, &p), 0);
	assert_int_equal(p.cpu, cpu);
	assert_true(p.tsc_khz > 1e5 && p.tsc_khz < 1e8);
	assert_true(p.lost_pct >= 0);
	assert_true(p.gaps == 0 || p.worst_us >= EGPR_GAP_US * 0.9);
	assert_true(p.verdict < EGPR_NR_NOISE_VERDICTS);
	o = egpr_preflight_json(&p);
	assert_string_equal(cJSON_GetObjectItem(o, "verdict")->valuestring,
			    egpr_noise_verdict_ids[p.verdict]);
	cJSON_Delete(o);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	assert_true(egpr_noise_preflight(CPUS_MOST - 1, 0.05, &p) < 0);
	assert_true(egpr_noise_preflight(CPUS_MOST, 0.05, &p) < 0);
	assert_true(egpr_noise_preflight(-1, 0.05, &p) < 0);
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, fake_root_setup, fake_root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROOT(columns),	     WITH_ROOT(large_file),
		WITH_ROOT(missing_files),    cmocka_unit_test(gains_and_causes),
		WITH_ROOT(settings),	     WITH_ROOT(lone_cpu),
		cmocka_unit_test(preflight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
