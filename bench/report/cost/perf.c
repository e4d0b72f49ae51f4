// SPDX-License-Identifier: GPL-2.0-only
/*
 * A profile out of what `perf kvm stat report` prints: one line per exit reason,
 * its name first and its number of samples second.
 */
#include <stdlib.h>
#include <string.h>

#include "cost.h"

#define HEADER_VMX  "VM-EXIT"
#define HEADER_SVM  "Event name" /* newer perf */
#define LINE_BYTES  512
#define FIELD_BYTES 64

/*
 * Exit reasons as KVM's tracepoint names them, VMX and SVM. An MSR write is taken
 * for the slow path: perf does not tell the fastpath's MSRs from others.
 */
static const struct {
	const char *reason;
	enum egpr_exit_kind_index kind;
} reasons[] = {
	{ "CPUID", EGPR_EXIT_cpuid },
	{ "HLT", EGPR_EXIT_hlt },
	{ "VMCALL", EGPR_EXIT_vmcall },
	{ "MSR_READ", EGPR_EXIT_rdmsr },
	{ "MSR_WRITE", EGPR_EXIT_wrmsr },
	{ "IO_INSTRUCTION", EGPR_EXIT_pio_out },
	{ "EPT_MISCONFIG", EGPR_EXIT_mmio_write },
	{ "XSETBV", EGPR_EXIT_xsetbv },
	{ "CR_ACCESS", EGPR_EXIT_cr_access },
	{ "INVD", EGPR_EXIT_invd },
	{ "PAUSE_INSTRUCTION", EGPR_EXIT_pause },
	{ "cpuid", EGPR_EXIT_cpuid },
	{ "hlt", EGPR_EXIT_hlt },
	{ "vmmcall", EGPR_EXIT_vmcall },
	{ "msr", EGPR_EXIT_wrmsr },
	{ "io", EGPR_EXIT_pio_out },
	{ "npf", EGPR_EXIT_mmio_write },
	{ "xsetbv", EGPR_EXIT_xsetbv },
	{ "write_cr0", EGPR_EXIT_cr_access },
	{ "invd", EGPR_EXIT_invd },
	{ "pause", EGPR_EXIT_pause },
};

static double *rate_of(struct cost_profile *p, const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (!strcmp(reasons[i].reason, reason))
			return &p->rate[reasons[i].kind];
	}
	return &p->other;
}

int cost_profile_from_perf(FILE *f, const char *path, double seconds, double vcpus,
			   struct cost_profile *p, struct data_error *e)
{
	char line[LINE_BYTES], reason[FIELD_BYTES];
	unsigned int found = 0;
	double samples;
	int table = 0;

	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "imported");
	snprintf(p->kind, sizeof(p->kind), "measured");
	snprintf(p->text, sizeof(p->text), "from perf kvm stat, %g s, %g vCPUs", seconds, vcpus);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, HEADER_VMX) || strstr(line, HEADER_SVM))
			table = 1;
		else if (table && sscanf(line, " %63s %lf %*f%%", reason, &samples) == 2 &&
			 samples > 0) {
			*rate_of(p, reason) += samples / seconds / vcpus;
			found++;
		}
	}
	if (!found)
		return data_fail(e, EGPR_DATA,
				 "%s: no table of exits; give the output of `perf kvm stat report`",
				 path);
	return 0;
}
