// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampling what disturbed a block.
 *
 * Files are opened once and read again in place: a block pays for the kernel's
 * own work only. Each source can be left out, because a block of microseconds
 * cannot afford /proc/interrupts.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "noise.h"
#include "pmu.h"

#define PROC_BUFFER_START 65536
#define PROC_BUFFER_MAX	  (16u << 20) /* /proc/interrupts of a very large host */
#define FREQUENCY_CHANGED 0.01

enum {
	MSR_SMI,
	MSR_APERF,
	MSR_MPERF,
	NR_MSRS
};
static const char *const msr_events[NR_MSRS] = { "msr/smi/", "msr/aperf/", "msr/mperf/" };

struct egpr_noise {
	int cpu;
	int interrupts_fd;
	int stat_fd;
	long ticks_per_s;
	char *buffer;
	size_t size;
	struct egpr_pmu *msr[NR_MSRS];
};

static int open_proc(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return open(full, O_RDONLY | O_CLOEXEC);
}

int egpr_noise_open(const char *root, int cpu, struct egpr_noise **out)
{
	struct egpr_noise *n = calloc(1, sizeof(*n));
	char why[EGPR_PMU_WHY_SIZE];
	int i;

	if (!n)
		return -ENOMEM;
	n->size = PROC_BUFFER_START;
	n->buffer = malloc(n->size);
	if (!n->buffer) {
		free(n);
		return -ENOMEM;
	}
	n->cpu = cpu;
	n->ticks_per_s = sysconf(_SC_CLK_TCK);
	n->interrupts_fd = open_proc(root, "/proc/interrupts");
	n->stat_fd = open_proc(root, "/proc/stat");
	for (i = 0; i < NR_MSRS; i++) {
		if (egpr_pmu_open(&msr_events[i], 1, &n->msr[i], why))
			n->msr[i] = NULL;
	}
	*out = n;
	return 0;
}

void egpr_noise_close(struct egpr_noise *n)
{
	int i;

	if (!n)
		return;
	for (i = 0; i < NR_MSRS; i++)
		egpr_pmu_close(n->msr[i]);
	if (n->interrupts_fd >= 0)
		close(n->interrupts_fd);
	if (n->stat_fd >= 0)
		close(n->stat_fd);
	free(n->buffer);
	free(n);
}

/* The whole file into the buffer, which grows with it. NULL if that fails. */
static const char *read_again(struct egpr_noise *n, int fd)
{
	size_t used = 0;
	ssize_t got;
	char *bigger;

	if (fd < 0)
		return NULL;
	for (;;) {
		got = pread(fd, n->buffer + used, n->size - 1 - used, (off_t)used);
		if (got < 0)
			return NULL;
		used += (size_t)got;
		if (!got)
			break;
		if (used < n->size - 1)
			continue;
		if (n->size >= PROC_BUFFER_MAX)
			return NULL;
		bigger = realloc(n->buffer, n->size * 2);
		if (!bigger)
			return NULL;
		n->buffer = bigger;
		n->size *= 2;
	}
	n->buffer[used] = '\0';
	return n->buffer;
}

/* Sum of the CPU's column in /proc/interrupts. Offline CPUs have no column. */
static int64_t irq_count(const char *text, int cpu)
{
	int64_t sum = 0;
	int column = 0, found = 0, i;
	char *next;

	for (text += strspn(text, " "); *text && *text != '\n'; text += strspn(text, " ")) {
		if (strncmp(text, "CPU", 3))
			return EGPR_NOISE_UNKNOWN;
		if (strtol(text + 3, &next, 10) == cpu) {
			found = 1;
			break;
		}
		text = next;
		column++;
	}
	if (!found)
		return EGPR_NOISE_UNKNOWN;
	while ((text = strchr(text, '\n')) && *++text) {
		const char *field = text + strcspn(text, ":\n");

		if (*field != ':')
			continue;
		field++;
		for (i = 0; i <= column; i++) {
			long long count = strtoll(field, &next, 10);

			if (next == field) /* ERR and MIS have one number for all CPUs */
				break;
			if (i == column)
				sum += count;
			field = next;
		}
	}
	return sum;
}

#define STEAL_FIELD 8 /* of a cpuN line: user nice system idle iowait irq softirq steal */

static int64_t steal_count(const char *text, int cpu, long ticks_per_s)
{
	long long ticks = 0;
	char name[32], *next;
	int i;

	snprintf(name, sizeof(name), "cpu%d ", cpu);
	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, name, strlen(name)))
			continue;
		text += strlen(name);
		for (i = 0; i < STEAL_FIELD; i++) {
			ticks = strtoll(text, &next, 10);
			if (next == text)
				return EGPR_NOISE_UNKNOWN;
			text = next;
		}
		return ticks * 1000000 / ticks_per_s;
	}
	return EGPR_NOISE_UNKNOWN;
}

static int64_t msr_count(const struct egpr_noise *n, int msr)
{
	uint64_t count;

	if (!n->msr[msr] || egpr_pmu_read(n->msr[msr], &count))
		return EGPR_NOISE_UNKNOWN;
	return (int64_t)count;
}

unsigned int egpr_noise_has(const struct egpr_noise *n)
{
	return EGPR_NOISE_CTX | (n->interrupts_fd >= 0 ? EGPR_NOISE_IRQ : 0) |
	       (n->stat_fd >= 0 ? EGPR_NOISE_STEAL : 0) | (n->msr[MSR_SMI] ? EGPR_NOISE_SMI : 0) |
	       (n->msr[MSR_APERF] && n->msr[MSR_MPERF] ? EGPR_NOISE_FREQ : 0);
}

void egpr_noise_now(struct egpr_noise *n, unsigned int sources, struct egpr_noise_counts *now)
{
	struct rusage usage;
	const char *text;

	*now = (struct egpr_noise_counts){
		EGPR_NOISE_UNKNOWN, EGPR_NOISE_UNKNOWN, EGPR_NOISE_UNKNOWN,
		EGPR_NOISE_UNKNOWN, EGPR_NOISE_UNKNOWN, EGPR_NOISE_UNKNOWN,
	};
	if ((sources & EGPR_NOISE_CTX) && !getrusage(RUSAGE_THREAD, &usage))
		now->ctx_switches = usage.ru_nvcsw + usage.ru_nivcsw;
	if (sources & EGPR_NOISE_IRQ) {
		text = read_again(n, n->interrupts_fd);
		if (text)
			now->irqs = irq_count(text, n->cpu);
	}
	if (sources & EGPR_NOISE_STEAL) {
		text = read_again(n, n->stat_fd);
		if (text)
			now->steal_us = steal_count(text, n->cpu, n->ticks_per_s);
	}
	if (sources & EGPR_NOISE_SMI)
		now->smis = msr_count(n, MSR_SMI);
	if (sources & EGPR_NOISE_FREQ) {
		now->aperf = msr_count(n, MSR_APERF);
		now->mperf = msr_count(n, MSR_MPERF);
	}
}

static int64_t gained(int64_t before, int64_t after)
{
	return before < 0 || after < before ? EGPR_NOISE_UNKNOWN : after - before;
}

void egpr_noise_gain(const struct egpr_noise_counts *before, const struct egpr_noise_counts *after,
		     struct egpr_noise_counts *gain)
{
	gain->ctx_switches = gained(before->ctx_switches, after->ctx_switches);
	gain->irqs = gained(before->irqs, after->irqs);
	gain->steal_us = gained(before->steal_us, after->steal_us);
	gain->smis = gained(before->smis, after->smis);
	gain->aperf = gained(before->aperf, after->aperf);
	gain->mperf = gained(before->mperf, after->mperf);
}

static void add_cause(char *out, int holds, const char *cause)
{
	size_t used = strlen(out);

	if (holds)
		snprintf(out + used, EGPR_NOISE_CAUSES_SIZE - used, "%s%s", used ? "+" : "", cause);
}

static int frequency_changed(const struct egpr_noise_counts *gain, double nominal)
{
	double ratio;

	if (nominal <= 0 || gain->aperf < 0 || gain->mperf <= 0)
		return 0;
	ratio = (double)gain->aperf / (double)gain->mperf / nominal;
	return ratio < 1 - FREQUENCY_CHANGED || ratio > 1 + FREQUENCY_CHANGED;
}

void egpr_noise_causes(const struct egpr_noise_counts *gain, double nominal, char *out)
{
	out[0] = '\0';
	add_cause(out, gain->ctx_switches > 0, "ctx");
	add_cause(out, gain->irqs > 0, "irq");
	add_cause(out, gain->steal_us > 0, "steal");
	add_cause(out, gain->smis > 0, "smi");
	add_cause(out, frequency_changed(gain, nominal), "freq");
}
