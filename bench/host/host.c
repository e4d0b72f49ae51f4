// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts of the host and the id made of them.
 *
 * Long facts (kernel configuration, module parameters, mitigations) enter the
 * id as checksums; the lists themselves are kept, so that a reader of two runs
 * sees what differs and not only that something does.
 */
#include <cpuid.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <egpr/version.h>
#include <openssl/evp.h>

#include "core_type.h"
#include "host.h"
#include "sysfile.h"

#define KEY(key, text) #key,
const char *const egpr_host_keys[EGPR_NR_HOST_FACTS] = { EGPR_HOST_FACTS(KEY) };

#define UNKNOWN		       "unknown"
#define ANY_CORE	       "any" /* of a hybrid host: nothing was timed */
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_HYPERVISOR_LEAF  0x40000000u
#define HASH_HEX_CHARS	       16 /* of a long fact: 64 bits tell configurations apart */
#define LIST_BYTES	       65536

static void set(struct egpr_host *host, enum egpr_host_fact fact, const char *value)
{
	snprintf(host->fact[fact], sizeof(host->fact[fact]), "%s", *value ? value : UNKNOWN);
}

static void hex_of(const unsigned char *digest, char *out, size_t chars)
{
	size_t i;

	for (i = 0; i < chars; i += 2)
		snprintf(out + i, 3, "%02x", digest[i / 2]);
}

/* SHA-256 of @text as @chars hexadecimal digits. */
static void hash_text(const char *text, size_t size, char *out, size_t chars)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_Digest(text, size, digest, &n, EVP_sha256(), NULL) != 1) {
		snprintf(out, chars + 1, "%s", UNKNOWN);
		return;
	}
	hex_of(digest, out, chars);
}

/* Value behind "key<tabs>: " in the first paragraph of /proc/cpuinfo. */
static void cpuinfo_value(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);
	const char *line, *next, *value;

	out[0] = '\0';
	for (line = text; *line && *line != '\n'; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (strncmp(line, key, len) || (line[len] != '\t' && line[len] != ':'))
			continue;
		value = line + len + strspn(line + len, "\t: ");
		snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
		return;
	}
}

static void read_cpu(const char *root, struct egpr_host *host)
{
	static const struct {
		enum egpr_host_fact fact;
		const char *key;
	} keys[] = {
		{ EGPR_HOST_cpu_vendor, "vendor_id" }, { EGPR_HOST_cpu_family, "cpu family" },
		{ EGPR_HOST_cpu_model, "model" },      { EGPR_HOST_cpu_stepping, "stepping" },
		{ EGPR_HOST_cpu_name, "model name" },  { EGPR_HOST_microcode, "microcode" },
	};
	char text[EGPR_SYSFILE_MAX], value[EGPR_HOST_VALUE_SIZE];
	size_t i;

	egpr_sysfile_read(root, text, sizeof(text), "/proc/cpuinfo");
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		cpuinfo_value(text, keys[i].key, value, sizeof(value));
		set(host, keys[i].fact, value);
	}
	egpr_sysfile_read(root, value, sizeof(value), "/sys/devices/system/cpu/possible");
	set(host, EGPR_HOST_cpus, value);
	egpr_sysfile_read(root, value, sizeof(value), "/sys/devices/system/cpu/smt/active");
	set(host, EGPR_HOST_smt, value);
}

static void read_core_type(const char *root, int cpu, struct egpr_host *host)
{
	enum core_type type = core_type_of(root, cpu < 0 ? 0 : cpu);

	set(host, EGPR_HOST_core_type,
	    cpu < 0 && type != CORE_UNIFORM ? ANY_CORE : core_type_ids[type]);
}

static void read_hypervisor(struct egpr_host *host)
{
	unsigned int eax, ebx, ecx, edx;
	char signature[13] = "";

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_1_ECX_HYPERVISOR)) {
		set(host, EGPR_HOST_hypervisor, "none");
		return;
	}
	__cpuid(CPUID_HYPERVISOR_LEAF, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	set(host, EGPR_HOST_hypervisor, signature);
}

/* Whole file of any size into a checksum; "" if there is no such file. */
static void hash_file(const char *path, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md;
	char buf[EGPR_SYSFILE_MAX];
	unsigned int len = 0;
	size_t n;
	FILE *f;

	out[0] = '\0';
	f = fopen(path, "re");
	if (!f)
		return;
	md = EVP_MD_CTX_new();
	if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		goto out_free;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		EVP_DigestUpdate(md, buf, n);
	if (!ferror(f) && EVP_DigestFinal_ex(md, digest, &len) == 1)
		hex_of(digest, out, HASH_HEX_CHARS);
out_free:
	EVP_MD_CTX_free(md);
	fclose(f);
}

static void read_kernel(const char *root, struct egpr_host *host)
{
	char release[EGPR_HOST_VALUE_SIZE], path[PATH_MAX], hash[HASH_HEX_CHARS + 1];

	egpr_sysfile_read(root, release, sizeof(release), "/proc/sys/kernel/osrelease");
	set(host, EGPR_HOST_kernel_release, release);
	snprintf(path, sizeof(path), "%s/proc/config.gz", root);
	hash_file(path, hash);
	if (!*hash) {
		snprintf(path, sizeof(path), "%s/boot/config-%s", root, release);
		hash_file(path, hash);
	}
	set(host, EGPR_HOST_kernel_config, hash);
}

/*
 * Files of a pattern as "name<separator>content" lines in the pattern's order.
 * @with_module puts the name of the parameter's module in front.
 * Unreadable files (write-only parameters) are left out.
 */
static char *list_files(const char *root, const char *pattern, int with_module,
			const char *separator)
{
	char path[PATH_MAX], value[256];
	char *list = malloc(LIST_BYTES);
	size_t used = 0, i;
	glob_t found;

	if (!list)
		return NULL;
	list[0] = '\0';
	snprintf(path, sizeof(path), "%s%s", root, pattern);
	if (glob(path, 0, NULL, &found))
		return list;
	for (i = 0; i < found.gl_pathc; i++) {
		const char *file = found.gl_pathv[i];
		const char *name = strrchr(file, '/') + 1;
		const char *module = "";
		int module_len = 0, n;

		if (egpr_sysfile_read("", value, sizeof(value), "%s", file) < 0)
			continue;
		if (with_module) { /* .../module/<module>/parameters/<name> */
			const char *end = name - strlen("/parameters/");

			for (module = end; module[-1] != '/';)
				module--;
			module_len = (int)(end - module);
		}
		n = snprintf(list + used, LIST_BYTES - used, "%.*s%s%s%s%s\n", module_len, module,
			     module_len ? "." : "", name, separator, value);
		if (n < 0 || (size_t)n >= LIST_BYTES - used) {
			list[used] = '\0';
			break;
		}
		used += (size_t)n;
	}
	globfree(&found);
	return list;
}

static void set_list_hash(struct egpr_host *host, enum egpr_host_fact fact, const char *list)
{
	char hash[HASH_HEX_CHARS + 1];

	hash_text(list, strlen(list), hash, HASH_HEX_CHARS);
	set(host, fact, *list ? hash : "");
}

static void make_id(const struct egpr_host *host, int with_lab, char *id)
{
	char text[EGPR_NR_HOST_FACTS * (EGPR_HOST_VALUE_SIZE + 32)];
	size_t used = 0;
	int i;

	for (i = 0; i < EGPR_NR_HOST_FACTS; i++) {
		if (i == EGPR_HOST_lab && !with_lab)
			continue;
		if (i == EGPR_HOST_core_type && !strcmp(host->fact[i], core_type_ids[CORE_UNIFORM]))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s=%s\n",
					 egpr_host_keys[i], host->fact[i]);
	}
	hash_text(text, used, id, EGPR_HOST_ID_CHARS);
}

int egpr_host_read(const char *root, int cpu, struct egpr_host *host)
{
	memset(host, 0, sizeof(*host));
	read_cpu(root, host);
	read_core_type(root, cpu, host);
	read_hypervisor(host);
	read_kernel(root, host);
	host->kvm_parameters = list_files(root, "/sys/module/kvm*/parameters/*", 1, "=");
	host->mitigations = list_files(root, "/sys/devices/system/cpu/vulnerabilities/*", 0, ": ");
	if (!host->kvm_parameters || !host->mitigations) {
		egpr_host_free(host);
		return -ENOMEM;
	}
	set_list_hash(host, EGPR_HOST_kvm_parameters, host->kvm_parameters);
	set_list_hash(host, EGPR_HOST_mitigations, host->mitigations);
	set(host, EGPR_HOST_lab, EGPR_VERSION);
	make_id(host, 1, host->id);
	make_id(host, 0, host->machine);
	return 0;
}

void egpr_host_free(struct egpr_host *host)
{
	free(host->kvm_parameters);
	free(host->mitigations);
	host->kvm_parameters = NULL;
	host->mitigations = NULL;
}

static void add_lines(cJSON *object, const char *key, const char *lines)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);
	char line[512];
	size_t n;

	for (; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, lines);
		cJSON_AddItemToArray(array, cJSON_CreateString(line));
	}
}

cJSON *egpr_host_json(const struct egpr_host *host)
{
	cJSON *object = cJSON_CreateObject();
	int i;

	if (!object)
		return NULL;
	cJSON_AddStringToObject(object, "id", host->id);
	cJSON_AddStringToObject(object, "machine", host->machine);
	for (i = 0; i < EGPR_NR_HOST_FACTS; i++)
		cJSON_AddStringToObject(object, egpr_host_keys[i], host->fact[i]);
	add_lines(object, "kvm_parameter_list", host->kvm_parameters);
	add_lines(object, "mitigation_list", host->mitigations);
	return object;
}
