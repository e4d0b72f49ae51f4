// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit kinds: whether one can run here, and a VM that has proved it.
 *
 * CPUID and capabilities answer first. What they cannot know (a hypercall that KVM
 * patches for ever, an instruction that it cannot emulate) one exit under a short
 * watchdog finds out, so no backend's habits are written down here.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define PROBE_TIMEOUT_S 2.0
#define PAYLOAD_DIR	"payloads"

/* What EGPR_EXIT_* needs mean to the reader of a skipped row. */
static const struct {
	unsigned int need;
	const char *missing;
} needs[] = {
	{ EGPR_EXIT_IRQCHIP, "this KVM has no in-kernel irqchip" },
	{ EGPR_EXIT_TSC_DEADLINE, "this KVM gives a guest no TSC-deadline timer" },
	{ EGPR_EXIT_X2APIC, "this KVM gives a guest no x2APIC (CPUID.1:ECX[21])" },
	{ EGPR_EXIT_MSR_IMM, "this CPU or KVM has no RDMSR/WRMSRNS with immediate "
			     "(CPUID.7.1:ECX[5])" },
	{ EGPR_EXIT_EGPR, "this CPU or KVM has no APX (CPUID.7.1:EDX[21])" },
	{ EGPR_EXIT_XSAVE, "this KVM gives a guest no XSAVE (CPUID leaf 0xd)" },
	{ EGPR_EXIT_NESTED, "this KVM gives a guest no VMX and no SVM (parameter nested)" },
};

int vmm_kind_check(const struct vmm_host *h, const struct egpr_exit_kind *kind,
		   const struct vmm_options *o, struct vmm_error *e)
{
	unsigned int have = h->guest_needs;
	unsigned int i;

	if (!(kind->cpl & (1u << o->cpl)))
		return vmm_fail(e, EGPR_SKIPPED, kind->id, NULL,
				"the instruction cannot run at CPL %u", o->cpl);
	/* CPUID need not tell of it (Bochs does not): one exit finds out. */
	if (!(kind->needs & EGPR_EXIT_EGPR))
		have |= EGPR_EXIT_MSR_IMM;
	/* The emulator has both, wherever the guest raises #UD. */
	if (o->emulate)
		have |= EGPR_EXIT_MSR_IMM | EGPR_EXIT_EGPR;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if ((kind->needs & needs[i].need) && !(have & needs[i].need))
			return vmm_fail(e, EGPR_SKIPPED, kind->id, NULL, "%s", needs[i].missing);
	}
	if ((kind->needs & EGPR_EXIT_EGPR) && o->state == EGPR_STATE_OFF)
		return vmm_fail(e, EGPR_SKIPPED, kind->id, NULL,
				"its operand is one of r16..r31, which guest state off forbids");
	return 0;
}

/* Why a kind did not run whose instruction CPUID does not tell of, in plainer words than its exception's. */
static void name_missing(const struct vmm_host *h, const struct egpr_exit_kind *kind,
			 struct vmm_error *e)
{
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if ((kind->needs & ~h->guest_needs & needs[i].need) == EGPR_EXIT_MSR_IMM)
			vmm_fail(e, EGPR_SKIPPED, kind->id, NULL, "%s", needs[i].missing);
	}
}

static void default_directory(char *out, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = 0;
	slash = strrchr(exe, '/');
	if (slash)
		*slash = 0;
	snprintf(out, size, "%s/" PAYLOAD_DIR, exe[0] ? exe : ".");
}

/* One exit. Whatever stops it is the reason why the kind is skipped here. */
static int prove(struct vmm *vm, struct vmm_error *e)
{
	struct vmm_batch b = { .exits = 1 };
	double timeout = vm->o.timeout_s;
	int ret;

	if (vm->o.timeout_s > PROBE_TIMEOUT_S)
		vm->o.timeout_s = PROBE_TIMEOUT_S;
	ret = vmm_start(vm, e);
	if (!ret)
		ret = vmm_batch(vm, &b, e);
	vm->o.timeout_s = timeout;
	if (ret)
		e->status = EGPR_SKIPPED;
	return ret ? EGPR_SKIPPED : 0;
}

int vmm_open_kind(struct vmm **out, const struct vmm_host *h, const struct egpr_exit_kind *kind,
		  const struct vmm_options *o, const char *payloads, struct vmm_error *e)
{
	struct vmm_options options = *o;
	char directory[PATH_MAX + sizeof(PAYLOAD_DIR) + 1];
	char path[2 * PATH_MAX];
	struct vmm *vm;
	int ret;

	*out = NULL;
	ret = vmm_kind_check(h, kind, o, e);
	if (ret)
		return ret;
	if (!payloads) {
		default_directory(directory, sizeof(directory));
		payloads = directory;
	}
	snprintf(path, sizeof(path), "%s/%s.elf", payloads, kind->id);
	options.irqchip = kind->needs & EGPR_EXIT_IRQCHIP;
	ret = vmm_open(&vm, &options, e);
	if (ret)
		return ret;
	ret = vmm_load(vm, path, e);
	if (!ret)
		ret = prove(vm, e);
	if (ret) {
		vmm_close(vm);
		if (ret == EGPR_SKIPPED && !o->emulate)
			name_missing(h, kind, e);
		return ret;
	}
	*out = vm;
	return 0;
}
