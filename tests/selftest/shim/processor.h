/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's x86 processor.h, as far as apx_state_test.c goes. See shim.h. */
#ifndef SHIM_PROCESSOR_H
#define SHIM_PROCESSOR_H

#include "kvm_util.h"

enum shim_cpuid_register {
	SHIM_CPUID_EAX,
	SHIM_CPUID_EBX,
	SHIM_CPUID_ECX,
	SHIM_CPUID_EDX,
};

struct kvm_x86_cpu_feature {
	uint32_t function, index;
	enum shim_cpuid_register reg;
	unsigned int bit;
};
#define KVM_X86_CPU_FEATURE(function, index, reg, bit) \
	((struct kvm_x86_cpu_feature){ function, index, SHIM_CPUID_##reg, bit })

bool kvm_cpu_has(struct kvm_x86_cpu_feature feature);
struct kvm_cpuid_entry2 *vcpu_get_cpuid_entry(struct kvm_vcpu *vcpu, uint32_t function);
void vcpu_clear_cpuid_feature(struct kvm_vcpu *vcpu, struct kvm_x86_cpu_feature feature);
void vcpu_set_cpuid(struct kvm_vcpu *vcpu);

#define X86_CR4_OSXSAVE (1ul << 18)

static inline uint64_t get_cr4(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	return cr4;
}

/* OSXSAVE stays clear: so XSETBV and XGETBV raise #UD, and come to the emulator (vmm-mini/emulate.c). */
static inline void set_cr4(uint64_t cr4)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 & ~X86_CR4_OSXSAVE) : "memory");
}

static inline uint64_t xgetbv(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
	return low | (uint64_t)high << 32;
}

static inline void xsetbv(uint32_t index, uint64_t value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(index));
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr)
			 : "memory");
}

#endif /* SHIM_PROCESSOR_H */
