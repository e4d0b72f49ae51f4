// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing and pinning the measuring CPU, and its clocks.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "core_type.h"
#include <bench/base/cpus.h>
#include "noise.h"
#include "sysfile.h"
#include <bench/stats/stats.h>

#define MAX_WATCHED   8 /* CPUs watched at most: the choice must not take longer than a cell */
#define HZ_SECONDS    0.02
#define CHAIN_ROUNDS  400 /* of CHAIN_ADDS additions each */
#define CHAIN_ADDS    64
#define CHAIN_REPEATS 15

#define CPU_DIR	   "/sys/devices/system/cpu"
#define LIST_SHOWN 160 /* of a list of CPUs, in a message */

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

/*
 * On a hybrid host the choice is among the CPUs of one kind, the first of the table that is
 * allowed, so that every launch of a run finds the same kind.
 */
static enum core_type preferred(const struct cpus *allowed)
{
	enum core_type best = CORE_NR_TYPES, type;
	int i;

	for (i = cpus_next(allowed, -1); i >= 0; i = cpus_next(allowed, i)) {
		type = core_type_of("", i);
		if (type < best)
			best = type;
		if (best <= CORE_PERFORMANCE)
			break;
	}
	return best;
}

static double quietest(const struct cpus *allowed, double seconds, int *cpu)
{
	enum core_type type = preferred(allowed);
	double best = -1;
	int i, watched = 0;

	for (i = cpus_next(allowed, -1); i >= 0 && watched < MAX_WATCHED;
	     i = cpus_next(allowed, i)) {
		struct egpr_preflight p;

		if (type != CORE_UNIFORM && core_type_of("", i) != type)
			continue;
		if (egpr_noise_preflight(i, seconds, &p))
			continue;
		watched++;
		/* Of equals the highest: interrupts and daemons favour the first CPU. */
		if (best < 0 || p.lost_pct <= best) {
			best = p.lost_pct;
			*cpu = i;
		}
	}
	return best;
}

/* The CPUs of one of the kernel's lists; empty where the kernel does not say. */
static void read_cpus(const char *root, const char *name, struct cpus *s)
{
	char text[EGPR_SYSFILE_MAX];

	egpr_sysfile_read(root, text, sizeof(text), CPU_DIR "/%s", name);
	cpus_parse(s, text);
}

/* How an offline CPU comes back: not by its own file while SMT as a whole is off. */
static void how_to_wake(const char *root, int cpu, char *text, size_t size)
{
	char smt[32];

	egpr_sysfile_read(root, smt, sizeof(smt), CPU_DIR "/smt/control");
	if (!strcmp(smt, "forceoff"))
		snprintf(text, size, "SMT was turned off at boot; boot without nosmt");
	else if (!strcmp(smt, "off"))
		snprintf(text, size, "as root: echo on > " CPU_DIR "/smt/control");
	else
		snprintf(text, size, "as root: echo 1 > " CPU_DIR "/cpu%d/online", cpu);
}

int cpu_check(const char *root, const struct cpus *allowed, int cpu, struct data_error *e)
{
	struct cpus present = { 0 }, online = { 0 };
	char list[LIST_SHOWN], fix[128];
	int ret = 0;

	read_cpus(root, "present", &present);
	read_cpus(root, "online", &online);
	if (cpus_last(&present) >= 0 && !cpus_has(&present, cpu)) {
		cpus_text(&present, list, sizeof(list));
		ret = data_fail(e, EGPR_USAGE, "CPU %d is not there; this host has CPUs %s", cpu,
				list);
	} else if (cpus_last(&online) >= 0 && !cpus_has(&online, cpu)) {
		cpus_text(&online, list, sizeof(list));
		how_to_wake(root, cpu, fix, sizeof(fix));
		ret = data_fail(e, EGPR_UNAVAILABLE,
				"CPU %d is offline; %s, or name one of CPUs %s", cpu, fix, list);
	} else if (!cpus_has(allowed, cpu)) {
		cpus_text(allowed, list, sizeof(list));
		ret = data_fail(e, EGPR_USAGE,
				"CPU %d is not there or not allowed for this process, which may "
				"use CPUs %s; see `taskset -p $$`",
				cpu, list);
	}
	cpus_free(&present);
	cpus_free(&online);
	return ret;
}

int cpu_choose(int wanted, double seconds, int *cpu, struct data_error *e)
{
	struct cpus allowed = { 0 };
	int err = cpus_allowed(&allowed), ret = 0;

	if (err) {
		ret = data_fail(e, EGPR_UNAVAILABLE, "cannot ask for the allowed CPUs: %s",
				strerror(-err));
	} else if (wanted >= 0) {
		*cpu = wanted;
		ret = cpu_check("", &allowed, wanted, e);
	} else if (quietest(&allowed, seconds, cpu) < 0) {
		ret = data_fail(e, EGPR_UNAVAILABLE, "no CPU can be pinned to");
	}
	cpus_free(&allowed);
	return ret;
}

static struct cpus before_pin;

void cpu_unpin(void)
{
	if (before_pin.set)
		cpus_allow(&before_pin);
	cpus_free(&before_pin);
}

int cpu_pin(int cpu, struct data_error *e)
{
	int err;

	if (!before_pin.set && cpus_allowed(&before_pin))
		cpus_free(&before_pin);
	err = cpus_move(cpu);
	if (err)
		return data_fail(e, EGPR_UNAVAILABLE, "cannot pin to CPU %d: %s", cpu,
				 strerror(-err));
	return 0;
}

static double raw_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cpu_tsc_hz(void)
{
	double t0 = raw_now(), t1;
	uint64_t c0 = tsc();

	do
		t1 = raw_now();
	while (t1 - t0 < HZ_SECONDS);
	return (double)(tsc() - c0) / (t1 - t0);
}

double cpu_tsc_per_core_cycle(void)
{
	double per[CHAIN_REPEATS];
	int i;

	for (i = 0; i < CHAIN_REPEATS; i++) {
		uint64_t rounds = CHAIN_ROUNDS, x = 1, t0 = tsc();

		__asm__ volatile("1:\n\t"
				 ".rept %c2\n\tadd %0, %0\n\t.endr\n\t"
				 "dec %1\n\tjnz 1b"
				 : "+r"(x), "+r"(rounds)
				 : "i"(CHAIN_ADDS));
		per[i] = (double)(tsc() - t0) / (CHAIN_ROUNDS * CHAIN_ADDS);
	}
	stats_sort(per, CHAIN_REPEATS);
	return stats_quantile(per, CHAIN_REPEATS, 0.5);
}
