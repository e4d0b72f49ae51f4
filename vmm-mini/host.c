// SPDX-License-Identifier: GPL-2.0-only
/*
 * What this host's KVM is: backend, emulator, capabilities, and whether its exits
 * say anything about hardware.
 *
 * The last is measured, never looked up: a backend that interprets CPL 0 code needs
 * hundreds of ticks for a NOP.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

#define NOP_CYCLES_INTERPRETED 100.0 /* above: KVM interprets CPL 0 code */
#define HYPERVISOR_LEAF	       0x40000000
#define TCG_SIGNATURE	       "TCGTCGTCGTCG"
#define ECX_VMX		       (1u << 5) /* CPUID.1 */
#define ECX_X2APIC	       (1u << 21)
#define ECX_HYPERVISOR	       (1u << 31)
#define LEAF_AMD	       0x80000001
#define ECX_SVM		       (1u << 2) /* CPUID.80000001h */
#define LEAF_STRUCTURED	       7
#define LEAF_XSAVE	       0xd
#define ECX_MSR_IMM	       (1u << 5)  /* CPUID.7.1 */
#define EDX_APX		       (1u << 21) /* CPUID.7.1 */
#define DMI_FILE	       "/sys/class/dmi/id/bios_vendor"
#define DMI_BOCHS	       "Bochs"

/* The ELF file of asm/payload/runtime/nops.S, linked in. */
extern const unsigned char vmm_nops_image[];
extern const uint64_t vmm_nops_image_size;

static bool is_module(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

/*
 * Several modules may be loaded; the CPU's own flag says which one can work. PVM
 * needs neither flag, so it is the backend where neither is there.
 */
static const char *backend(void)
{
	unsigned int a, b, c, d;

	if (is_module("kvm_intel") && __get_cpuid(1, &a, &b, &c, &d) && (c & ECX_VMX))
		return "vmx";
	if (is_module("kvm_amd") && __get_cpuid(LEAF_AMD, &a, &b, &c, &d) && (c & ECX_SVM))
		return "svm";
	if (is_module("kvm_pvm"))
		return "pvm";
	return "none";
}

static const char *emulator(void)
{
	unsigned int a, b, c, d;
	char text[64] = "";
	FILE *f;

	if (__get_cpuid(1, &a, &b, &c, &d) && (c & ECX_HYPERVISOR)) {
		__cpuid(HYPERVISOR_LEAF, a, b, c, d);
		memcpy(text, &b, 4);
		memcpy(text + 4, &c, 4);
		memcpy(text + 8, &d, 4);
		if (!strcmp(text, TCG_SIGNATURE))
			return "qemu-tcg";
	}
	f = fopen(DMI_FILE, "re");
	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		fclose(f);
		if (strstr(text, DMI_BOCHS) && !strstr(text, "QEMU"))
			return "bochs";
	}
	return "";
}

static void query_capabilities(struct vmm_host *h, int kvm)
{
	/* clang-format off */
	static const struct {
		int number;
		const char *name;
		const char *use;
		bool required;
	} wanted[] = {
#define CAP(name, required, use) { name, #name, use, required }
		CAP(KVM_CAP_USER_MEMORY, true, "guest memory"),
		CAP(KVM_CAP_IMMEDIATE_EXIT, true, "a watchdog that cannot miss"),
		CAP(KVM_CAP_SYNC_REGS, false, "emulating APX for the guest"),
		CAP(KVM_CAP_IRQCHIP, false, "wrmsr-tsc-deadline and wrmsr-x2apic-icr"),
		CAP(KVM_CAP_TSC_DEADLINE_TIMER, false, "wrmsr-tsc-deadline"),
		CAP(KVM_CAP_SET_TSS_ADDR, false, "old VMX hosts"),
		CAP(KVM_CAP_DISABLE_QUIRKS2, false, "a vmcall that KVM does not patch"),
		CAP(KVM_CAP_BINARY_STATS_FD, false, "KVM's own count of exits"),
		CAP(KVM_CAP_XSAVE2, false, "guest XSAVE state above 4 KiB"),
		CAP(KVM_CAP_EXIT_ON_EMULATION_FAILURE, false, "instruction bytes of exit 17"),
#undef CAP
	};
	/* clang-format on */
	unsigned int i;

	_Static_assert(sizeof(wanted) / sizeof(wanted[0]) <= VMM_NR_CAPABILITIES, "");
	h->nr_caps = sizeof(wanted) / sizeof(wanted[0]);
	for (i = 0; i < h->nr_caps; i++) {
		int value = ioctl(kvm, KVM_CHECK_EXTENSION, wanted[i].number);

		h->caps[i].name = wanted[i].name;
		h->caps[i].use = wanted[i].use;
		h->caps[i].required = wanted[i].required;
		h->caps[i].value = value < 0 ? 0 : value;
	}
}

/* What a guest here can be given: the EGPR_EXIT_* needs it satisfies. */
static void query_guest(struct vmm_host *h, int kvm)
{
	struct kvm_device_attr attr = { .attr = KVM_X86_XCOMP_GUEST_SUPP,
					.addr = (uintptr_t)&h->guest_xcr0 };
	struct kvm_cpuid2 *c = vmm_supported_cpuid(kvm);
	struct kvm_cpuid_entry2 *l;

	h->apx.told = !ioctl(kvm, KVM_GET_DEVICE_ATTR, &attr);
	if (!h->apx.told)
		h->guest_xcr0 = 0;
	h->apx.settable = h->guest_xcr0 >> EGPR_XFEATURE & 1;
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP) > 0)
		h->guest_needs |= EGPR_EXIT_IRQCHIP;
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		h->guest_needs |= EGPR_EXIT_TSC_DEADLINE;
	if (!c)
		return;
	l = vmm_cpuid_leaf(c, 1, 0);
	if (l && (l->ecx & ECX_X2APIC))
		h->guest_needs |= EGPR_EXIT_X2APIC;
	if (l && (l->ecx & ECX_VMX))
		h->guest_needs |= EGPR_EXIT_NESTED;
	l = vmm_cpuid_leaf(c, LEAF_AMD, 0);
	if (l && (l->ecx & ECX_SVM))
		h->guest_needs |= EGPR_EXIT_NESTED;
	l = vmm_cpuid_leaf(c, LEAF_XSAVE, 0);
	if (l && l->eax)
		h->guest_needs |= EGPR_EXIT_XSAVE;
	h->apx.component = l && (l->eax >> EGPR_XFEATURE & 1);
	l = vmm_cpuid_leaf(c, LEAF_XSAVE, EGPR_XFEATURE);
	h->apx.bytes = l ? l->eax : 0;
	l = vmm_cpuid_leaf(c, LEAF_STRUCTURED, 1);
	if (l && (l->ecx & ECX_MSR_IMM))
		h->guest_needs |= EGPR_EXIT_MSR_IMM;
	h->apx.flag = l && (l->edx & EDX_APX);
	if (h->apx.flag)
		h->guest_needs |= EGPR_EXIT_EGPR;
	free(c);
}

static int measure_nops(struct vmm_host *h, const char *kvm_path, struct vmm_error *e)
{
	struct vmm_options o = { .kvm_path = kvm_path };
	struct vmm_batch b = { .exits = 1 };
	struct vmm *vm;
	int ret;

	ret = vmm_open(&vm, &o, e);
	if (ret)
		return ret;
	ret = vmm_load_image(vm, "the NOP guest", vmm_nops_image, vmm_nops_image_size, e);
	if (!ret)
		ret = vmm_start(vm, e);
	if (!ret)
		ret = vmm_batch(vm, &b, e);
	if (!ret)
		h->nop_cycles = (double)b.guest_cycles / EGPR_GUEST_NOPS;
	vmm_close(vm);
	return ret;
}

static void judge(struct vmm_host *h)
{
	if (h->nop_cycles > NOP_CYCLES_INTERPRETED) {
		snprintf(h->why, sizeof(h->why),
			 "a CPL 0 NOP takes %.0f TSC ticks in a guest (10^4 measured): this KVM "
			 "interprets CPL 0 code, so an exit costs one interpreted instruction",
			 h->nop_cycles);
		return;
	}
	if (h->emulator[0]) {
		snprintf(h->why, sizeof(h->why),
			 "this host runs inside %s: its time is the emulator's", h->emulator);
		return;
	}
	h->representative = true;
	snprintf(h->why, sizeof(h->why),
		 "a CPL 0 NOP takes %.1f TSC ticks in a guest (10^4 measured): guest code runs on "
		 "the CPU",
		 h->nop_cycles);
}

int vmm_host_probe(struct vmm_host *h, const char *kvm_path, struct vmm_error *e)
{
	int kvm, ret;

	memset(h, 0, sizeof(*h));
	h->nop_cycles = -1;
	snprintf(h->backend, sizeof(h->backend), "%s", backend());
	snprintf(h->emulator, sizeof(h->emulator), "%s", emulator());
	snprintf(h->why, sizeof(h->why), "no guest could be run");
	if (!kvm_path)
		kvm_path = VMM_KVM_PATH;
	kvm = vmm_open_kvm(kvm_path, e);
	if (kvm < 0)
		return e->status;
	query_capabilities(h, kvm);
	query_guest(h, kvm);
	close(kvm);
	ret = measure_nops(h, kvm_path, e);
	if (!ret)
		judge(h);
	return ret;
}
