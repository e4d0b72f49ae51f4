// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID of a guest: what this host's KVM gives, and APX. KVM itself was given the former when the VM was made.
 */
#include <unistd.h>

#include "processor.h"
#include "shim.h"

#define LEAF_EXTENDED	  7
#define LEAF_XSAVE	  0xd
#define LEAF_FEATURES_BIT 21 /* 7.1:EDX, APX_F */
#define MSR_IMM_BIT	  5  /* 7.1:ECX */
#define ENTRIES_ADDED	  2

/* The entry, made where there is none. */
static struct kvm_cpuid_entry2 *entry(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf)
{
	struct kvm_cpuid_entry2 *e = vmm_cpuid_leaf(c, leaf, subleaf);

	if (e)
		return e;
	e = &c->entries[c->nent++];
	memset(e, 0, sizeof(*e));
	e->function = leaf;
	e->index = subleaf;
	e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	return e;
}

static struct kvm_cpuid2 *played(int kvm)
{
	struct kvm_cpuid2 *real = vmm_supported_cpuid(kvm), *c = NULL;
	size_t bytes = 0;

	if (real) {
		bytes = sizeof(*c) + real->nent * sizeof(*c->entries);
		c = calloc(1, bytes + ENTRIES_ADDED * sizeof(*c->entries));
	}
	TEST_ASSERT(c, "KVM_GET_SUPPORTED_CPUID");
	memcpy(c, real, bytes);
	free(real);
	entry(c, LEAF_EXTENDED, 1)->edx |= 1u << LEAF_FEATURES_BIT;
	entry(c, LEAF_EXTENDED, 1)->ecx |= 1u << MSR_IMM_BIT;
	entry(c, LEAF_XSAVE, 0)->eax |= 1u << EGPR_XFEATURE;
	return c;
}

void shim_cpuid_open(struct kvm_vm *vm)
{
	vm->cpuid = played(vm->vmm->kvm);
}

uint64_t shim_cpuid_xcr0(const struct kvm_vm *vm)
{
	const struct kvm_cpuid_entry2 *e = vmm_cpuid_leaf(vm->cpuid, LEAF_XSAVE, 0);

	return e->eax | (uint64_t)e->edx << 32;
}

static uint32_t *word(struct kvm_cpuid2 *c, struct kvm_x86_cpu_feature f)
{
	struct kvm_cpuid_entry2 *e = vmm_cpuid_leaf(c, f.function, f.index);

	return e ? (uint32_t *[]){ &e->eax, &e->ebx, &e->ecx, &e->edx }[f.reg] : NULL;
}

bool kvm_cpu_has(struct kvm_x86_cpu_feature feature)
{
	struct kvm_cpuid2 *c;
	struct vmm_error e;
	const uint32_t *w;
	bool has;
	int kvm;

	shim_start();
	kvm = vmm_open_kvm(VMM_KVM_PATH, &e);
	TEST_ASSERT(kvm >= 0, "%s", e.reason);
	c = played(kvm);
	w = word(c, feature);
	has = w && *w >> feature.bit & 1;
	free(c);
	close(kvm);
	return has;
}

struct kvm_cpuid_entry2 *vcpu_get_cpuid_entry(struct kvm_vcpu *vcpu, uint32_t function)
{
	struct kvm_cpuid_entry2 *e = vmm_cpuid_leaf(vcpu->vm->cpuid, function, 0);

	TEST_ASSERT(e, "no CPUID leaf %#x", function);
	return e;
}

void vcpu_set_cpuid(struct kvm_vcpu *vcpu)
{
	shim_xsave_open(vcpu->vm);
}

void vcpu_clear_cpuid_feature(struct kvm_vcpu *vcpu, struct kvm_x86_cpu_feature feature)
{
	uint32_t *w = word(vcpu->vm->cpuid, feature);

	if (w)
		*w &= ~(1u << feature.bit);
	vcpu_set_cpuid(vcpu);
}
