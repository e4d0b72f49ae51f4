// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of event counters: names to perf_event_attr, opening, reading.
 *
 * The generic names and raw codes are encoded here, so that they work without
 * libpfm4 and on CPUs newer than it; every other name is libpfm4's.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef EGPR_HAVE_LIBPFM
#include <perfmon/pfmlib_perf_event.h>
#else
#include <linux/perf_event.h>
#endif

#include "core_type.h"
#include "pmu.h"
#include "sysfile.h"

#define EVENT_SOURCE "/sys/bus/event_source/devices"
#define NAME_SIZE    128
#define SOURCE_SHIFT 32 /* PERF_PMU_TYPE_SHIFT, which the header of older libpfm4 lacks */

/* X(name, type, config, text): the kernel's generic events, by perf's names. */
/* clang-format off */
#define GENERIC_EVENTS(X)								\
	X("cycles", HARDWARE, HW_CPU_CYCLES, "core cycles")				\
	X("instructions", HARDWARE, HW_INSTRUCTIONS, "instructions retired")		\
	X("ref-cycles", HARDWARE, HW_REF_CPU_CYCLES, "unhalted time in ticks at the TSC's rate")	\
	X("branches", HARDWARE, HW_BRANCH_INSTRUCTIONS, "branches retired")		\
	X("branch-misses", HARDWARE, HW_BRANCH_MISSES, "branches mispredicted")		\
	X("cache-references", HARDWARE, HW_CACHE_REFERENCES, "last-level references")	\
	X("cache-misses", HARDWARE, HW_CACHE_MISSES, "last-level misses")		\
	X("context-switches", SOFTWARE, SW_CONTEXT_SWITCHES, "times the thread was switched out") \
	X("cpu-migrations", SOFTWARE, SW_CPU_MIGRATIONS, "moves to another CPU")	\
	X("page-faults", SOFTWARE, SW_PAGE_FAULTS, "page faults")			\
	X("minor-faults", SOFTWARE, SW_PAGE_FAULTS_MIN, "page faults without I/O")	\
	X("major-faults", SOFTWARE, SW_PAGE_FAULTS_MAJ, "page faults with I/O")		\
	X("alignment-faults", SOFTWARE, SW_ALIGNMENT_FAULTS, "alignment faults")	\
	X("emulation-faults", SOFTWARE, SW_EMULATION_FAULTS, "instructions the kernel emulated") \
	X("task-clock", SOFTWARE, SW_TASK_CLOCK, "time on a CPU, ns")			\
	X("cpu-clock", SOFTWARE, SW_CPU_CLOCK, "time by the CPU's clock, ns")
/* clang-format on */

struct generic_event {
	const char *name;
	const char *text;
	uint32_t type;
	uint64_t config;
};

#define GENERIC_ROW(name, type, config, text) { name, text, PERF_TYPE_##type, PERF_COUNT_##config },
static const struct generic_event generic_events[] = { GENERIC_EVENTS(GENERIC_ROW) };
#define NR_GENERIC (sizeof(generic_events) / sizeof(*generic_events))

struct egpr_pmu {
	unsigned int n;
	int fd[EGPR_PMU_EVENTS_MAX];
};

/* Layout of read(2) for PERF_FORMAT_GROUP with both times. */
struct group_read {
	uint64_t n;
	uint64_t time_enabled;
	uint64_t time_running;
	uint64_t value[EGPR_PMU_EVENTS_MAX];
};

/* Whose instructions count, as the end of an event's spelling. */
static const struct {
	const char *suffix;
	unsigned int exclude_user : 1, exclude_kernel : 1, exclude_host : 1, exclude_guest : 1;
} sides[] = {
	{ ":user", 0, 1, 0, 1 },
	{ ":kernel", 1, 0, 0, 1 },
	{ ":guest", 0, 0, 1, 0 },
};

static int encode_raw(const char *name, struct perf_event_attr *attr)
{
	char *end;

	if (name[0] != 'r' || !isxdigit((unsigned char)name[1]))
		return -ENOENT;
	errno = 0;
	attr->config = strtoull(name + 1, &end, 16);
	if (*end || errno)
		return -ENOENT;
	attr->type = PERF_TYPE_RAW;
	return 0;
}

static int encode_generic(const char *name, struct perf_event_attr *attr)
{
	size_t i;

	for (i = 0; i < NR_GENERIC; i++) {
		if (strcmp(generic_events[i].name, name))
			continue;
		attr->type = generic_events[i].type;
		attr->config = generic_events[i].config;
		if (attr->type == PERF_TYPE_HARDWARE)
			attr->config |= (uint64_t)core_type_events("", sched_getcpu())
					<< SOURCE_SHIFT;
		return 0;
	}
	return -ENOENT;
}

/* PMU/EVENT/: type and "event=0x.." from sysfs. Events of several terms are refused. */
static int encode_sysfs(const char *name, struct perf_event_attr *attr)
{
	char pmu[NAME_SIZE], event[NAME_SIZE], text[NAME_SIZE], *end;
	unsigned long long config;
	long type;

	if (sscanf(name, "%127[^/]/%127[^/]/", pmu, event) != 2 || name[strlen(name) - 1] != '/')
		return -ENOENT;
	if (strstr(pmu, "..") || strstr(event, ".."))
		return -EINVAL;
	if (egpr_sysfile_long("", &type, EVENT_SOURCE "/%s/type", pmu) ||
	    egpr_sysfile_read("", text, sizeof(text), EVENT_SOURCE "/%s/events/%s", pmu, event) < 0)
		return -EINVAL;
	if (strncmp(text, "event=", strlen("event=")))
		return -EINVAL;
	config = strtoull(text + strlen("event="), &end, 16);
	if (*end)
		return -EINVAL;
	attr->type = (uint32_t)type;
	attr->config = config;
	return 0;
}

#ifdef EGPR_HAVE_LIBPFM
static int encode_pfm(const char *name, struct perf_event_attr *attr)
{
	pfm_perf_encode_arg_t arg = { .attr = attr, .size = sizeof(arg) };
	pfm_err_t err;

	err = pfm_initialize();
	if (err == PFM_SUCCESS)
		err = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT_EXT,
						&arg);
	return err == PFM_SUCCESS ? 0 : -EINVAL;
}
#else
static int encode_pfm(const char *name, struct perf_event_attr *attr)
{
	(void)name;
	(void)attr;
	return -EINVAL;
}
#endif

static int encode(const char *spelling, struct perf_event_attr *attr)
{
	char name[NAME_SIZE];
	size_t len = strlen(spelling), i, side = sizeof(sides) / sizeof(*sides);
	int err;

	memset(attr, 0, sizeof(*attr));
	if (len >= sizeof(name) || !len)
		return -EINVAL;
	memcpy(name, spelling, len + 1);
	for (i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		size_t cut = strlen(sides[i].suffix);

		if (len > cut && !strcmp(name + len - cut, sides[i].suffix)) {
			name[len - cut] = '\0';
			side = i;
			break;
		}
	}
	err = encode_raw(name, attr);
	if (err == -ENOENT)
		err = encode_generic(name, attr);
	if (err == -ENOENT)
		err = encode_sysfs(name, attr);
	if (err == -ENOENT)
		err = encode_pfm(name, attr);
	if (err)
		return err;
	if (side < sizeof(sides) / sizeof(*sides)) {
		attr->exclude_user = sides[side].exclude_user;
		attr->exclude_kernel = sides[side].exclude_kernel;
		attr->exclude_host = sides[side].exclude_host;
		attr->exclude_guest = sides[side].exclude_guest;
		attr->exclude_hv = !sides[side].exclude_host;
	}
	attr->size = sizeof(*attr);
	return 0;
}

static int open_event(struct perf_event_attr *attr, int leader)
{
	long fd = syscall(SYS_perf_event_open, attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int egpr_pmu_open(const char *const *events, unsigned int n, struct egpr_pmu **out, char *why)
{
	struct perf_event_attr attr;
	struct egpr_pmu *pmu;
	int err;

	why[0] = '\0';
	*out = NULL;
	if (!n || n > EGPR_PMU_EVENTS_MAX) {
		snprintf(why, EGPR_PMU_WHY_SIZE, "a group has 1 to %d events", EGPR_PMU_EVENTS_MAX);
		return -EINVAL;
	}
	pmu = calloc(1, sizeof(*pmu));
	if (!pmu)
		return -ENOMEM;
	for (pmu->n = 0; pmu->n < n; pmu->n++) {
		const char *event = events[pmu->n];

		err = encode(event, &attr);
		if (err) {
			snprintf(why, EGPR_PMU_WHY_SIZE,
				 "%s: no such event here; see `egprlab list counters`", event);
			goto out_close;
		}
		attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
				   PERF_FORMAT_TOTAL_TIME_RUNNING;
		pmu->fd[pmu->n] = open_event(&attr, pmu->n ? pmu->fd[0] : -1);
		if (pmu->fd[pmu->n] < 0) {
			err = egpr_pmu_explain("", event, pmu->fd[pmu->n], why);
			goto out_close;
		}
	}
	*out = pmu;
	return 0;

out_close:
	egpr_pmu_close(pmu);
	return err;
}

int egpr_pmu_read(const struct egpr_pmu *pmu, uint64_t *counts)
{
	struct group_read got;
	ssize_t n = read(pmu->fd[0], &got, sizeof(got));

	if (n < 0)
		return -errno;
	if ((size_t)n < offsetof(struct group_read, value) + pmu->n * sizeof(*counts))
		return -EAGAIN; /* end of file: the group is in error, it never fitted */
	if (got.time_enabled != got.time_running)
		return -EAGAIN;
	memcpy(counts, got.value, pmu->n * sizeof(*counts));
	return 0;
}

void egpr_pmu_close(struct egpr_pmu *pmu)
{
	if (!pmu)
		return;
	while (pmu->n)
		close(pmu->fd[--pmu->n]);
	free(pmu);
}

/* CPUID bits: SDM vol. 2 leaf 0AH; APM vol. 3 leaves 80000001H, 80000022H. */
#define CPUID_PERFMON_LEAF     0x0a
#define CPUID_PERFMON_VERSION  0xff
#define CPUID_PERFMON_COUNTERS 0xff00
#define CPUID_AMD_EXT_LEAF     0x80000001u
#define CPUID_AMD_PERFCTR_EXT  (1u << 23) /* ECX */
#define CPUID_AMD_PERFMON_LEAF 0x80000022u
#define CPUID_AMD_PERFMON_V2   (1u << 0) /* EAX */
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_AUTH	       0x68747541u /* EBX of leaf 0: "Auth" of AuthenticAMD */
#define CPUID_HYGO	       0x6f677948u /* "Hygo" of HygonGenuine */

#define MOVE_TURNS 100000 /* of a loop whose turn takes a cycle at least */

static int cpuid_has_pmu(cpuid_fn cpuid)
{
	unsigned int r[CPUID_REGS];

	cpuid(0, 0, r);
	if (r[CPUID_EBX] != CPUID_AUTH && r[CPUID_EBX] != CPUID_HYGO) {
		if (!cpuid_has(cpuid, CPUID_PERFMON_LEAF))
			return 0;
		cpuid(CPUID_PERFMON_LEAF, 0, r);
		return (r[CPUID_EAX] & CPUID_PERFMON_VERSION) &&
		       (r[CPUID_EAX] & CPUID_PERFMON_COUNTERS);
	}
	if (cpuid_has(cpuid, CPUID_AMD_PERFMON_LEAF)) {
		cpuid(CPUID_AMD_PERFMON_LEAF, 0, r);
		if (r[CPUID_EAX] & CPUID_AMD_PERFMON_V2)
			return 1;
	}
	if (cpuid_has(cpuid, CPUID_AMD_EXT_LEAF)) {
		cpuid(CPUID_AMD_EXT_LEAF, 0, r);
		if (r[CPUID_ECX] & CPUID_AMD_PERFCTR_EXT)
			return 1;
	}
	/* The four legacy counters have no bit: sure to be there on bare metal only. */
	cpuid(1, 0, r);
	return !(r[CPUID_ECX] & CPUID_1_ECX_HYPERVISOR);
}

/* A virtual counter can be there and stand still: a loop that it must see. */
static int moves(const struct egpr_pmu *pmu)
{
	uint64_t before, after;
	volatile unsigned int turns;

	if (egpr_pmu_read(pmu, &before))
		return 0;
	for (turns = 0; turns < MOVE_TURNS;)
		turns++;
	return !egpr_pmu_read(pmu, &after) && after - before >= MOVE_TURNS / 2;
}

int egpr_pmu_open_cycles(cpuid_fn cpuid, struct egpr_pmu **out, char *why)
{
	static const char *const cycles[] = { "cycles" };
	struct egpr_pmu *pmu = NULL;
	int err;

	if (!cpuid_has_pmu(cpuid)) {
		snprintf(why, EGPR_PMU_WHY_SIZE, "CPUID reports no performance counters");
		return -ENODEV;
	}
	err = egpr_pmu_open(cycles, 1, &pmu, why);
	if (!pmu)
		return err;
	if (!moves(pmu)) {
		egpr_pmu_close(pmu);
		snprintf(why, EGPR_PMU_WHY_SIZE,
			 "cycles: the counter can be opened and stands still, or is shared with "
			 "somebody; end other users of the PMU, or the hypervisor's is a dummy");
		return -ENODEV;
	}
	*out = pmu;
	return 0;
}

#ifdef EGPR_HAVE_LIBPFM
/* A present PMU of libpfm4's that is the CPU's own, from @from on; PFM_PMU_MAX if none. */
static int pfm_core_pmu(int from, pfm_pmu_info_t *info)
{
	int pmu;

	if (pfm_initialize() != PFM_SUCCESS)
		return PFM_PMU_MAX;
	for (pmu = from; pmu < PFM_PMU_MAX; pmu++) {
		memset(info, 0, sizeof(*info));
		info->size = sizeof(*info);
		if (pfm_get_pmu_info((pfm_pmu_t)pmu, info) == PFM_SUCCESS && info->is_present &&
		    info->type == PFM_PMU_TYPE_CORE)
			return pmu;
	}
	return PFM_PMU_MAX;
}
#endif

void egpr_pmu_probe(struct egpr_pmu_info *info)
{
	struct egpr_pmu *pmu = NULL;

	memset(info, 0, sizeof(*info));
	info->err = egpr_pmu_open_cycles(cpuid_here, &pmu, info->why);
	if (info->err)
		return;
	egpr_pmu_close(pmu);
	info->hardware = 1;
#ifdef EGPR_HAVE_LIBPFM
	{
		pfm_pmu_info_t core;

		if (pfm_core_pmu(0, &core) < PFM_PMU_MAX)
			snprintf(info->model, sizeof(info->model), "%s", core.name);
	}
#endif
}

struct lister {
	void (*fn)(void *context, const struct egpr_counter *counter);
	void *context;
	struct egpr_pmu_info info;
};

static void list_one(const struct lister *l, const char *id, const char *text, const char *source,
		     int hardware)
{
	char why[EGPR_PMU_WHY_SIZE] = "";
	struct egpr_counter counter = { id, text, source, why };
	struct egpr_pmu *pmu;

	if (hardware && !l->info.hardware)
		counter.why = l->info.why;
	else if (!egpr_pmu_open(&id, 1, &pmu, why))
		egpr_pmu_close(pmu);
	l->fn(l->context, &counter);
}

static void list_sysfs(const struct lister *l, const char *pmu)
{
	char path[NAME_SIZE * 2], id[NAME_SIZE * 2 + 8];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), EVENT_SOURCE "/%s/events", pmu);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strchr(entry->d_name, '.')) /* ".", "..", and "event.unit" files */
			continue;
		snprintf(id, sizeof(id), "%s/%.120s/", pmu, entry->d_name);
		list_one(l, id, "model-specific register as a counter", pmu, 0);
	}
	closedir(dir);
}

#ifdef EGPR_HAVE_LIBPFM
static void list_pfm(const struct lister *l)
{
	pfm_pmu_info_t pmu;
	pfm_event_info_t event;
	char id[NAME_SIZE];
	int index, i;

	for (index = pfm_core_pmu(0, &pmu); index < PFM_PMU_MAX;
	     index = pfm_core_pmu(index + 1, &pmu)) {
		for (i = pmu.first_event; i >= 0; i = pfm_get_event_next(i)) {
			memset(&event, 0, sizeof(event));
			event.size = sizeof(event);
			if (pfm_get_event_info(i, PFM_OS_NONE, &event) != PFM_SUCCESS)
				continue;
			snprintf(id, sizeof(id), "%s::%s", pmu.name, event.name);
			list_one(l, id, event.desc ? event.desc : "", pmu.name, 1);
		}
	}
}
#endif

void egpr_pmu_list(void (*fn)(void *context, const struct egpr_counter *counter), void *context)
{
	struct lister l = { .fn = fn, .context = context };
	size_t i;

	egpr_pmu_probe(&l.info);
	for (i = 0; i < NR_GENERIC; i++) {
		int hardware = generic_events[i].type == PERF_TYPE_HARDWARE;

		list_one(&l, generic_events[i].name, generic_events[i].text,
			 hardware ? "hardware" : "software", hardware);
	}
	list_sysfs(&l, "msr");
#ifdef EGPR_HAVE_LIBPFM
	if (l.info.hardware)
		list_pfm(&l);
#endif
}
