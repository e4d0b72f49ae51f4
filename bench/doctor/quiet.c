// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: how quiet the measuring CPU is, and which settings keep it from being so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include <bench/host/clock.h>
#include <bench/host/contention.h>
#include <bench/host/cpu.h>
#include <bench/host/sysfile.h>

#define CONTENTION_PART 10.0 /* of the noise measurement's time, to learn and again to look */
#define CONTENTION_SEEN 0.02 /* share of probes from which it is worth a word */

/* Rows of the table that are about the clock of the CPU. */
static int about_clock(const char *id)
{
	return !strcmp(id, "governor") || !strcmp(id, "turbo") || !strcmp(id, "boost");
}

/**
 * struct settings - what say_setting() works on
 * @d: the doctor
 * @clocks: rows about the clock that this host has
 */
struct settings {
	struct doctor *d;
	unsigned int clocks;
};

static void say_setting(void *context, const struct egpr_setting *s)
{
	struct settings *settings = context;
	struct doctor *d = settings->d;
	char fix[128];

	if (!s->present)
		return;
	settings->clocks += (unsigned int)about_clock(s->id);
	if (s->quiet) {
		doctor_say(d, s->id, DOCTOR_FINE, "", "", "%s is %s", s->file, s->value);
		return;
	}
	snprintf(fix, sizeof(fix), "scripts/noise apply --cpu %d (and restore afterwards)", d->cpu);
	doctor_say(d, s->id, DOCTOR_MEND, s->cost, fix, "%s is %s; quiet would be %s", s->file,
		   s->value, s->wanted);
}

static void say_settings(struct doctor *d)
{
	struct settings settings = { .d = d };

	egpr_noise_settings(d->root, d->cpu, say_setting, &settings);
	if (settings.clocks)
		return;
	doctor_say(d, "governor", DOCTOR_LACK,
		   "whether the clock follows the load or boosts can be neither seen nor set: slow "
		   "drifts of it are in the data, and only the alternation of arms takes them out",
		   "bare metal with a cpufreq driver, or the owner of the hypervisor",
		   "no governor and no turbo setting: this kernel does not control the clock");
}

/* What shares the core, whether the topology says so or not. */
static void say_contention(struct doctor *d)
{
	double part = d->seconds / CONTENTION_PART, end, share;
	struct contention c;

	if (*d->root) /* a made-up host */
		return;
	contention_learn(&c, part);
	end = clock_now() + part;
	do {
		contention_now(&c);
	} while (clock_now() < end);
	share = (double)c.shifted / (double)c.probes;
	if (share <= CONTENTION_SEEN)
		doctor_say(d, "contention", DOCTOR_FINE, "", "",
			   "nothing shares the core's ports: %lu of %lu probes of two loops took "
			   "longer than %g times what they take here",
			   c.shifted, c.probes, CONTENTION_SHIFT);
	else
		doctor_say(d, "contention", DOCTOR_LACK,
			   "blocks beside which the core is shared are marked, kept and looked at "
			   "apart; intervals are wider for it",
			   "a core of its own: the sibling thread offline or idle, or a host "
			   "without other guests on the core",
			   "%.0f %% of %lu probes of two loops took longer than %g times what they "
			   "take here: another thread shares the core, or its clock moves",
			   100 * share, c.probes, CONTENTION_SHIFT);
}

static void say_smt(struct doctor *d)
{
	long active = 0;

	if (egpr_sysfile_long(d->root, &active, "/sys/devices/system/cpu/smt/active"))
		doctor_say(d, "smt", DOCTOR_FINE, "", "", "the kernel knows nothing of SMT");
	else if (!active)
		doctor_say(d, "smt", DOCTOR_FINE, "", "", "no sibling thread is active");
	else
		doctor_say(d, "smt", DOCTOR_FINE, "", "",
			   "active; what counts is the measuring CPU's sibling");
}

/* Is @cpu in a list of the kernel's? */
static bool list_has(const char *list, int cpu)
{
	struct cpus s = { 0 };
	bool has;

	cpus_parse(&s, list);
	has = cpus_has(&s, cpu);
	cpus_free(&s);
	return has;
}

static void say_isolation(struct doctor *d)
{
	char isolated[EGPR_SYSFILE_MAX], tickless[EGPR_SYSFILE_MAX];

	egpr_sysfile_read(d->root, isolated, sizeof(isolated), "/sys/devices/system/cpu/isolated");
	egpr_sysfile_read(d->root, tickless, sizeof(tickless), "/sys/devices/system/cpu/nohz_full");
	if (list_has(isolated, d->cpu) && list_has(tickless, d->cpu))
		doctor_say(d, "isolation", DOCTOR_FINE, "", "",
			   "CPU %d is isolated and runs without a tick", d->cpu);
	else
		doctor_say(
			d, "isolation", DOCTOR_MEND,
			"other tasks and the timer tick land in the measured batches",
			"keep the host idle, or boot with isolcpus=, nohz_full= and rcu_nocbs= of "
			"a CPU and measure there with --cpu",
			"CPU %d is %sisolated and %s a tick", d->cpu,
			list_has(isolated, d->cpu) ? "" : "not ",
			list_has(tickless, d->cpu) ? "runs without" : "has");
}

/* Offline, not there, or not allowed: said with what would help. */
static bool can_measure(struct doctor *d)
{
	struct cpus allowed = { 0 };
	struct data_error e = { "" };

	if (!cpus_allowed(&allowed) && cpu_check(d->root, &allowed, d->cpu, &e))
		doctor_say(d, "noise", DOCTOR_MEND, "nothing can be measured on that CPU",
			   "bring it online, or choose another with --cpu", "%s", e.text);
	cpus_free(&allowed);
	return !*e.text;
}

static void say_noise(struct doctor *d)
{
	struct egpr_preflight *p = &d->noise;
	int err;

	if (!can_measure(d))
		return;
	err = egpr_noise_preflight(d->cpu, d->seconds, p);
	if (err) {
		doctor_say(d, "noise", DOCTOR_MEND, "nothing can be measured on that CPU",
			   "choose another with --cpu", "CPU %d: %s", d->cpu, strerror(-err));
		return;
	}
	doctor_say(
		d, "noise", p->verdict == EGPR_NOISE_QUIET ? DOCTOR_FINE : DOCTOR_MEND,
		p->verdict == EGPR_NOISE_QUIET ? "" : egpr_noise_verdict_texts[p->verdict],
		p->verdict == EGPR_NOISE_QUIET ? ""
					       : "stop what else runs, and see the settings here",
		"CPU %d is %s: held up %llu times in %.2f s, %.3f %% of the time, at most %.0f us "
		"(%.0f kHz TSC)",
		d->cpu, egpr_noise_verdict_ids[p->verdict], (unsigned long long)p->gaps, p->seconds,
		p->lost_pct, p->worst_us, p->tsc_khz);
}

void doctor_quiet(struct doctor *d)
{
	say_noise(d);
	say_isolation(d);
	say_smt(d);
	say_contention(d);
	say_settings(d);
}
