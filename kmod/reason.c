// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware's exit reason, without KVM's private headers.
 *
 * On VMX the current VMCS tells. On SVM the VMCB does; its address is the first member
 * that kvm_amd puts behind the common vCPU, and is believed only while RIP and RSP in it are those
 * that KVM just copied out. What cannot be read is counted as unknown.
 */
#include <linux/mm.h>
#include <asm/asm.h>
#include <asm/processor.h>
#include <asm/svm.h>
#include <asm/vmx.h>

#include "egpr_switch.h"

#define VMX_BASIC_REASON 0xffff

static bool vmx_on(void)
{
	return __read_cr4() & X86_CR4_VMXE;
}

static bool svm_on(void)
{
	u32 lo, hi;

	if (!boot_cpu_has(X86_FEATURE_SVM))
		return false;
	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(MSR_EFER));
	return lo & EFER_SVME;
}

/* What runs guests on this CPU at this moment: EGPR_HAS_VMX, EGPR_HAS_SVM or 0. */
u32 egpr_backend(void)
{
	if (boot_cpu_has(X86_FEATURE_VMX) && vmx_on())
		return EGPR_HAS_VMX;
	return svm_on() ? EGPR_HAS_SVM : 0;
}

static u32 vmx_reason(void)
{
	unsigned long value = 0;
	bool failed = true;

	/* VMREAD without a current VMCS sets CF; outside VMX operation it is #UD. */
	asm volatile("1: vmread %[field], %[value]\n\t"
		     "setna %[failed]\n"
		     "2:\n" _ASM_EXTABLE(1b, 2b)
		     : [value] "=r"(value), [failed] "+qm"(failed)
		     : [field] "r"((unsigned long)VM_EXIT_REASON)
		     : "cc");
	return failed ? EGPR_REASON_UNKNOWN : value & VMX_BASIC_REASON;
}

static unsigned long vcpu_rip(const struct kvm_vcpu *vcpu)
{
#ifdef EGPR_HAVE_ARCH_RIP
	return vcpu->arch.rip;
#else
	return vcpu->arch.regs[VCPU_REGS_RIP];
#endif
}

static u32 svm_reason(struct kvm_vcpu *vcpu)
{
	const struct vmcb *vmcb = *(struct vmcb **)(vcpu + 1);

	if (!vmcb || !PAGE_ALIGNED(vmcb) || !virt_addr_valid(vmcb))
		return EGPR_REASON_UNKNOWN;
	if (vmcb->save.rip != vcpu_rip(vcpu) || vmcb->save.rsp != vcpu->arch.regs[VCPU_REGS_RSP])
		return EGPR_REASON_UNKNOWN;
	return vmcb->control.exit_code;
}

static u32 read_reason(struct kvm_vcpu *vcpu)
{
	switch (egpr_backend()) {
	case EGPR_HAS_VMX:
		return vmx_reason();
	case EGPR_HAS_SVM:
		return svm_reason(vcpu);
	}
	return EGPR_REASON_UNKNOWN;
}

/**
 * egpr_reason_row - the counters' row for the exit that just happened
 * @s: the session; called in its probes
 *
 * The last row takes what finds no place. Return: an index into counters.reason.
 */
int egpr_reason_row(struct egpr_session *s)
{
	struct egpr_counters *c = &s->counters;
	u32 code = read_reason(s->vcpu);
	int i;

	for (i = 0; i < c->nr_reasons; i++) {
		if (c->reason[i].code == code)
			return i;
	}
	if (i == EGPR_NR_REASONS)
		return EGPR_NR_REASONS - 1;
	if (i == EGPR_NR_REASONS - 1)
		code = EGPR_REASON_UNKNOWN;
	c->reason[i].code = code;
	c->nr_reasons++;
	return i;
}
