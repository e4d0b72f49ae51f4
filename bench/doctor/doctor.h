/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the checks of `egprlab doctor` share.
 *
 * A check says one fact about the host. Where the fact is not as a measurement
 * wants it, it also says what that costs the user and how to mend it.
 */
#ifndef BENCH_DOCTOR_H
#define BENCH_DOCTOR_H

#include <vmm-mini/vmm.h>

#include <bench/base/cpuid.h>
#include <bench/host/host.h>
#include <bench/host/noise.h>
#include <bench/host/pmu.h>
#include <bench/host/tsc.h>

/* X(SYM, id, heading): how a fact stands to a measurement. */
/* clang-format off */
#define DOCTOR_LEVELS(X)							\
	X(MEND, "mend", "Wrong here, and how to mend it")			\
	X(LACK, "lack", "What this host does not have")				\
	X(FINE, "fine", "As it should be")
/* clang-format on */

#define DOCTOR_LEVEL_ENUM(SYM, id, heading) DOCTOR_##SYM,
enum doctor_level {
	DOCTOR_LEVELS(DOCTOR_LEVEL_ENUM) DOCTOR_NR_LEVELS
};

#define DOCTOR_TEXT_SIZE    1024
#define DOCTOR_FINDINGS_MAX 48

/**
 * struct doctor_finding - one fact
 * @id: short name
 * @level: MEND where the user can do something here, LACK where only another host
 *	or another configuration of it helps
 * @fact: what is
 * @cost: what the user pays for it; "" where it is fine
 * @fix: what to do about it; "" where it is fine
 */
struct doctor_finding {
	const char *id;
	enum doctor_level level;
	char fact[DOCTOR_TEXT_SIZE];
	char cost[DOCTOR_TEXT_SIZE];
	char fix[DOCTOR_TEXT_SIZE];
};

/**
 * struct doctor - the patient, and what was found
 * @root: directory that stands for "/", "" for this host
 * @cpu: the CPU to measure on
 * @seconds: length of the noise measurement
 * @host: stable facts
 * @kvm: what vmm_host_probe() found
 * @kvm_error: why it failed; status 0 if it did not
 * @apx: the CPU has APX and the kernel enabled it
 * @played: it has not, and `egprlab exec` plays one that has
 * @module: the lab's kernel module is loaded
 * @pmu: event counters
 * @tsc: rate of the TSC
 * @noise: the noise measurement; tsc_khz is 0 if it could not be made
 * @found: what the checks said
 * @nr_found: how many
 */
struct doctor {
	const char *root;
	int cpu;
	double seconds;
	struct egpr_host host;
	struct vmm_host kvm;
	struct vmm_error kvm_error;
	int apx;
	int played;
	int module;
	struct egpr_pmu_info pmu;
	struct tsc tsc;
	struct egpr_preflight noise;
	struct doctor_finding found[DOCTOR_FINDINGS_MAX];
	unsigned int nr_found;
};

/**
 * doctor_say - add a finding
 * @d: the doctor
 * @id: short name
 * @level: how the fact stands to a measurement
 * @cost: what the user pays, "" where fine
 * @fix: what to do, "" where fine
 * @fact: printf format
 */
void doctor_say(struct doctor *d, const char *id, enum doctor_level level, const char *cost,
		const char *fix, const char *fact, ...) __attribute__((format(printf, 6, 7)));

/* What can be learnt here, in one sentence. */
const char *doctor_verdict(const struct doctor *d);

/* Print every leaf and sub-leaf of CPUID, one a line. */
void doctor_cpuid(cpuid_fn cpuid);

/* The checks, by what they look at. Each adds its findings. */
void doctor_kvm(struct doctor *d);
void doctor_cpu(struct doctor *d);
void doctor_module(struct doctor *d);
void doctor_quiet(struct doctor *d);

#endif /* BENCH_DOCTOR_H */
