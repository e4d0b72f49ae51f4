/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which host this is: stable facts only, and the id made of them.
 *
 * Two runs may be compared where their host_id is the same. Nothing that changes
 * from minute to minute (frequency, load) is part of it; those belong to noise.h.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

struct cJSON;

/* X(key, text): the facts, in the order in which they are hashed. */
/* clang-format off */
#define EGPR_HOST_FACTS(X)								\
	X(cpu_vendor, "CPUID leaf 0")							\
	X(cpu_family, "as the kernel counts it")					\
	X(cpu_model, "as the kernel counts it")						\
	X(cpu_stepping, "as the kernel counts it")					\
	X(cpu_name, "model name")							\
	X(microcode, "revision of the first CPU")					\
	X(hypervisor, "CPUID leaf 0x40000000, none on bare metal")			\
	X(cpus, "CPUs that can be online")						\
	X(smt, "whether sibling threads are active")					\
	X(core_type, "of the measuring CPU; uniform where all cores are of one kind")	\
	X(kernel_release, "uname -r")							\
	X(kernel_config, "SHA-256 of the kernel's configuration file")			\
	X(kvm_parameters, "SHA-256 of the parameters of all kvm modules")		\
	X(mitigations, "SHA-256 of the kernel's list of vulnerabilities")		\
	X(lab, "git commit of the lab")
/* clang-format on */

#define EGPR_HOST_FACT_ENUM(key, text) EGPR_HOST_##key,
enum egpr_host_fact {
	EGPR_HOST_FACTS(EGPR_HOST_FACT_ENUM) EGPR_NR_HOST_FACTS
};

#define EGPR_HOST_ID_CHARS   12
#define EGPR_HOST_VALUE_SIZE 160

/**
 * struct egpr_host - facts and ids
 * @id: hex, made of all facts: the host_id column
 * @machine: hex, made of all facts but the lab's commit: the same host under
 *	another version of the lab
 * @fact: indexed by enum egpr_host_fact; "unknown" where the host does not say
 * @kvm_parameters: "module.parameter=value", one per line, or ""
 * @mitigations: "name: state", one per line, or ""
 */
struct egpr_host {
	char id[EGPR_HOST_ID_CHARS + 1];
	char machine[EGPR_HOST_ID_CHARS + 1];
	char fact[EGPR_NR_HOST_FACTS][EGPR_HOST_VALUE_SIZE];
	char *kvm_parameters;
	char *mitigations;
};

/* Keys as they are spelled in meta.json, indexed by enum egpr_host_fact. */
extern const char *const egpr_host_keys[EGPR_NR_HOST_FACTS];

/**
 * egpr_host_read - read the facts
 * @root: directory that stands for "/", "" for this host
 * @cpu: the measuring CPU, -1 where none is: matters on a hybrid host only
 * @host: receives them; release with egpr_host_free()
 *
 * A host whose cores are of one kind has the id that it had before the lab knew of kinds.
 *
 * Return: 0, or -ENOMEM.
 */
int egpr_host_read(const char *root, int cpu, struct egpr_host *host);

/**
 * egpr_host_free - release what egpr_host_read() allocated
 * @host: may be zeroed
 */
void egpr_host_free(struct egpr_host *host);

/**
 * egpr_host_json - the facts as a JSON object
 * @host: from egpr_host_read()
 *
 * Keys: "id", "machine", every fact, and the two lists as arrays of strings
 * ("kvm_parameter_list", "mitigation_list"). Return: the object, owned by the
 * caller, or NULL without memory.
 */
struct cJSON *egpr_host_json(const struct egpr_host *host);

#endif /* BENCH_HOST_H */
