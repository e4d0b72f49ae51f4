// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doctor: the CPU. APX by CPUID, by XCR0 and by trying; counters; the TSC.
 */
#include <cpuid.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

#include <egpr/regs.h>

#include <emu/user/user.h>

#include "doctor.h"
#include <bench/host/core_type.h>
#include <bench/host/sysfile.h>

/* APX spec, CPUID leaf 7 sub-leaf 1; SDM vol. 1, XSAVE; SDM vol. 3, invariant TSC. */
#define CPUID_FEATURES_LEAF 7
#define CPUID_7_1_EDX_APX_F (1u << 21)
#define CPUID_1_ECX_OSXSAVE (1u << 27)
#define CPUID_POWER_LEAF    0x80000007u
#define CPUID_POWER_INV_TSC (1u << 8)

static int cpuid_apx(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(CPUID_FEATURES_LEAF, 1, &eax, &ebx, &ecx, &edx) &&
	       (edx & CPUID_7_1_EDX_APX_F);
}

static uint64_t host_xcr0(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & CPUID_1_ECX_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return (uint64_t)edx << 32 | eax;
}

static sigjmp_buf back;

static void on_sigill(int sig)
{
	siglongjmp(back, sig);
}

/* Does "mov %rax, %r16" (REX2) raise #UD? */
static int rex2_traps(void)
{
	struct sigaction sa = { .sa_handler = on_sigill }, old;
	volatile int trapped = 1;

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGILL, &sa, &old))
		return -1;
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile(".byte 0xd5, 0x18, 0x89, 0xc0");
		trapped = 0;
	}
	sigaction(SIGILL, &old, NULL);
	return trapped;
}

static void say_apx(struct doctor *d)
{
	int has = cpuid_apx();
	uint64_t xcr0 = host_xcr0();
	int enabled = xcr0 >> EGPR_XFEATURE & 1;
	int traps = rex2_traps();

	d->played = egpr_user_played();
	d->apx = has && enabled && !traps;
	if (d->apx) {
		doctor_say(d, "apx", DOCTOR_FINE, "", "",
			   "the CPU has APX, XCR0 is %#llx with bit %d set, REX2 executes",
			   (unsigned long long)xcr0, EGPR_XFEATURE);
		return;
	}
	if (d->played) {
		doctor_say(
			d, "apx", DOCTOR_LACK,
			"form hw is proved here as on a CPU with APX, and nothing is timed",
			"leave egprlab exec out to measure",
			"this CPU has no APX; egprlab exec plays one: REX2 executes in software");
		return;
	}
	doctor_say(
		d, "apx", has ? DOCTOR_MEND : DOCTOR_LACK,
		"nothing can be measured with provenance hw: times are those of stand-ins of the "
		"same length and shape (proxy), state is proved on software registers (emu)",
		has ? "a kernel of 6.16 or later enables APX" : "run the lab on a CPU with APX",
		"%s APX (CPUID 7.1:EDX[21]); XCR0 is %#llx, bit %d %s; the bytes d5 18 89 c0 "
		"(REX2) %s",
		has ? "the CPU has" : "no", (unsigned long long)xcr0, EGPR_XFEATURE,
		enabled ? "set" : "clear", traps ? "raise #UD" : "execute");
}

static void say_pmu(struct doctor *d)
{
	int forbidden;

	egpr_pmu_probe(&d->pmu);
	forbidden = d->pmu.err == -EACCES;
	if (d->pmu.hardware) {
		doctor_say(d, "pmu", DOCTOR_FINE, "", "", "hardware counters work%s%s",
			   *d->pmu.model ? "; libpfm4 calls the core " : "", d->pmu.model);
		return;
	}
	doctor_say(
		d, "pmu", forbidden ? DOCTOR_MEND : DOCTOR_LACK,
		"no core cycles and no instruction counts beside the TSC, so a change of the "
		"clock cannot be told from a change of the work; software events remain",
		forbidden
			? "run as root on the host itself, or as root: sysctl kernel.perf_event_paranoid=1"
		: strcmp(d->host.fact[EGPR_HOST_hypervisor], "none")
			? "have the hypervisor give this machine a virtual PMU, or use bare metal"
			: "turn the counters on in the firmware's settings",
		"core cycles are not available: %s", d->pmu.why);
}

static void say_msr(struct doctor *d)
{
	struct egpr_noise *noise;
	unsigned int has;

	if (egpr_noise_open(d->root, d->cpu, &noise))
		return;
	has = egpr_noise_has(noise);
	egpr_noise_close(noise);
	if ((has & EGPR_NOISE_SMI) && (has & EGPR_NOISE_FREQ))
		doctor_say(d, "msr", DOCTOR_FINE, "", "",
			   "SMIs and the clock's rate can be read per block (perf's msr PMU)");
	else
		doctor_say(d, "msr", DOCTOR_LACK,
			   "a block disturbed by an SMI or by a change of the clock is not marked",
			   "bare metal shows them; under a hypervisor they are not there",
			   "no access to model-specific registers: %s%s%s cannot be read per block",
			   has & EGPR_NOISE_SMI ? "" : "SMI count",
			   has & (EGPR_NOISE_SMI | EGPR_NOISE_FREQ) ? "" : " and ",
			   has & EGPR_NOISE_FREQ ? "" : "APERF/MPERF");
}

static void say_clock(struct doctor *d)
{
	unsigned int eax, ebx, ecx, edx;
	char source[64];
	int invariant = __get_cpuid(CPUID_POWER_LEAF, &eax, &ebx, &ecx, &edx) &&
			(edx & CPUID_POWER_INV_TSC);
	int tsc;

	egpr_sysfile_read(d->root, source, sizeof(source),
			  "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	tsc = !strcmp(source, "tsc") || !strcmp(source, "kvm-clock");
	if (invariant && tsc)
		doctor_say(d, "clocksource", DOCTOR_FINE, "", "",
			   "the TSC is invariant; the kernel's clocksource is %s", source);
	else
		doctor_say(d, "clocksource", DOCTOR_MEND,
			   invariant ? "the kernel does not trust this TSC: CPUs may disagree"
				     : "a tick of the TSC has no constant length",
			   invariant ? "look for 'clocksource' in dmesg; boot with tsc=reliable if "
				       "the TSC is known to be good"
				     : "measure on a CPU with an invariant TSC",
			   "the TSC is %sinvariant; the kernel's clocksource is %s",
			   invariant ? "" : "not ", *source ? source : "not known");
}

/* How fast it ticks, and who says so: everything in seconds hangs on it. */
static void say_tsc(struct doctor *d)
{
	char text[DOCTOR_TEXT_SIZE];

	tsc_find(d->root, cpuid_here, &d->tsc);
	tsc_text(&d->tsc, text, sizeof(text));
	if (d->tsc.refused != TSC_NR_SOURCES)
		doctor_say(d, "tsc", DOCTOR_LACK,
			   "a source of the TSC's rate is wrong here; the lab uses another",
			   "the owner of the hypervisor or the firmware can mend its number",
			   "the TSC ticks at %s", text);
	else
		doctor_say(d, "tsc", DOCTOR_FINE, "", "", "the TSC ticks at %s", text);
}

static void say_core_type(struct doctor *d)
{
	const char *type = d->host.fact[EGPR_HOST_core_type];

	if (!strcmp(type, core_type_ids[CORE_UNIFORM]))
		doctor_say(d, "core-type", DOCTOR_FINE, "", "", "all cores are of one kind");
	else
		doctor_say(d, "core-type", DOCTOR_LACK,
			   "runs on cores of different kinds do not compare: they are two hosts",
			   "give every run the same --cpu; without it the lab takes a performance "
			   "core",
			   "hybrid CPU: CPU %d is a core of type %s", d->cpu, type);
}

static void say_hypervisor(struct doctor *d)
{
	const char *name = d->host.fact[EGPR_HOST_hypervisor];

	if (!strcmp(name, "none"))
		doctor_say(d, "hypervisor", DOCTOR_FINE, "", "", "bare metal");
	else
		doctor_say(d, "hypervisor", DOCTOR_LACK,
			   "other guests and the hypervisor itself take time that nothing here can "
			   "stop; guests of the lab are nested",
			   "bare metal", "this host is a virtual machine itself (%s)", name);
}

void doctor_cpu(struct doctor *d)
{
	say_apx(d);
	say_pmu(d);
	say_msr(d);
	say_clock(d);
	say_tsc(d);
	say_core_type(d);
	say_hypervisor(d);
}
